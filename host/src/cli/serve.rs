//! `serve`: the API, the trigger of syncs, the pages.

use std::net::SocketAddr;

use crate::app::{App, Settings};
use crate::http::{self, Reach};
use crate::store::Access;

use super::output::print;
use super::{COMPLETED, Usage, open};

/// Where it listens unless told otherwise: this machine only.
pub(super) const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address and port. Anything but loopback is reachable by others: put TLS in front of it.
    #[arg(long, env = "OURWATER_LISTEN", default_value = DEFAULT_LISTEN)]
    listen: String,
    /// A name people reach it by, besides localhost and addresses. May be given again.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
}

impl Serve {
    pub(super) async fn run(self, settings: &Settings) -> anyhow::Result<u8> {
        let app = open(settings, Access::Write).await?;
        serve(app, &self.listen, self.hosts).await?;
        Ok(COMPLETED)
    }
}

pub(super) async fn serve(app: App, listen: &str, hosts: Vec<String>) -> anyhow::Result<()> {
    let listen: SocketAddr =
        listen.parse().map_err(|_| Usage(format!("--listen {listen:?}: write address:port")))?;
    let ready = move |address: SocketAddr| {
        let whom = if address.ip().is_loopback() { "this machine only" } else { "others too" };
        print(&format!("listening on http://{address} (reachable by {whom}); Ctrl-C stops it"));
    };
    // What dead processes left half written goes now.
    app.store.sweep_blobs(&app.blobs).await?;
    app.store.sweep_copies().await?;
    let reach = Reach { listen, hosts };
    let served = http::serve(app, reach, ready, http::asked_to_stop()).await?;
    for run in served.interrupted {
        print(&format!(
            "{run} was interrupted; the next server goes on with it, or whoever triggers its sync"
        ));
    }
    Ok(())
}
