//! The commands: each is parse, call, print.

pub(crate) mod dev;
pub(crate) mod serve;
pub(crate) mod check;
pub(crate) mod types;
pub(crate) mod objects;
pub(crate) mod internal;
pub(crate) mod takeover;
pub(crate) mod project;

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Runs a command on a runtime of this thread.
pub(crate) fn run(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("start a runtime: {error}")))?;
    tokio::task::LocalSet::new().block_on(&runtime, command)
}

/// Ctrl-C and SIGTERM. From its creation on neither ends the process by itself, and none is missed.
pub(crate) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Takes the signals over; to be called before anybody is told that the server is ready.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::new(format!("listen for signals: {error}")))
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits until one of them has come, also when it came earlier.
    pub(crate) async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
