//! `serve`: the API, the trigger of syncs, the pages.

use std::net::SocketAddr;

use anyhow::Context as _;

use crate::app::{App, Settings};
use crate::store::Access;

use super::output::Output;
use super::{COMPLETED, open};

/// Where it listens unless told otherwise: this machine only.
pub(super) const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address and port. Anything but loopback is reachable by others: put TLS in front of it.
    #[arg(long, default_value = DEFAULT_LISTEN)]
    listen: String,
}

impl Serve {
    pub(super) async fn run(self, settings: &Settings, output: &Output) -> anyhow::Result<u8> {
        let app = open(settings, Access::Write).await?;
        serve(app, &self.listen, output).await?;
        Ok(COMPLETED)
    }
}

pub(super) async fn serve(app: App, listen: &str, output: &Output) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}: choose another with --listen"))?;
    let address: SocketAddr = listener.local_addr()?;
    let whom = if address.ip().is_loopback() { "this machine only" } else { "others too" };
    output.raw(&format!("listening on http://{address} (reachable by {whom}); Ctrl-C stops it"))?;
    drop((app, listener));
    Ok(())
}
