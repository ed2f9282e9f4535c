//! Listens, answers, runs what is due, and stops without cutting anybody off.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Reach, router};
use crate::app::App;
use crate::domain::id::RunId;
use crate::sync::schedule::Timer;

/// How long answers under way may take once the server stops.
const STOP_TIME_MAX: Duration = Duration::from_secs(10);

/// Why it does not serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("cannot listen on {listen}: {reason}; choose another with --listen")]
    Listen {
        /// What was asked for.
        listen: SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// The network broke down.
    #[error("the server could not go on: {0}")]
    Serve(std::io::Error),
}

/// What was left when it stopped.
#[derive(Debug)]
pub struct Served {
    /// Runs that were cut off; triggering their syncs goes on with them.
    pub interrupted: Vec<RunId>,
}

/// Serves until `stop` completes; `ready` is told the address that was taken.
pub async fn serve(
    app: App,
    mut reach: Reach,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Served, Error> {
    let cannot = |reason| Error::Listen { listen: reach.listen, reason };
    let listener = TcpListener::bind(reach.listen).await.map_err(cannot)?;
    reach.listen = listener.local_addr().map_err(cannot)?;
    ready(reach.listen);
    let (stopping, stopped) = oneshot::channel();
    let stop = async move {
        stop.await;
        // Nobody listens any more when the server has ended by itself.
        let _ = stopping.send(());
    };
    let timer = tokio::spawn(Timer::new(app.engine.clone()).keep_looking());
    let service = router(app.clone(), reach).into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(stop);
    let too_long = async {
        match stopped.await {
            Ok(()) => tokio::time::sleep(STOP_TIME_MAX).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        served = serving => served.map_err(Error::Serve)?,
        () = too_long => tracing::warn!("answers that took too long were cut off"),
    }
    timer.abort();
    let interrupted = app.engine.interrupt_all().await;
    Ok(Served { interrupted })
}

/// Completes when the operator stops the program: Ctrl-C, or what service managers send.
pub async fn asked_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without signals, the program ends when it is killed.
    if interrupted.await.is_err() {
        std::future::pending::<()>().await;
    }
}
