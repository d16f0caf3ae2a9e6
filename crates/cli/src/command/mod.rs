//! The commands: each is parse, call, print.

pub(crate) mod dev;
pub(crate) mod serve;
pub(crate) mod objects;
pub(crate) mod internal;
pub(crate) mod takeover;
pub(crate) mod project;

use std::future::Future;

use crate::failure::Failure;

/// Runs a command on a runtime of this thread.
pub(crate) fn run(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("start a runtime: {error}")))?;
    tokio::task::LocalSet::new().block_on(&runtime, command)
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => if interrupted.is_err() {
            std::future::pending::<()>().await;
        },
    }
}
