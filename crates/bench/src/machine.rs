//! The machine's own limits: the same load on the least that could serve it.

pub(crate) mod disk;
pub(crate) mod hyper_server;
pub(crate) mod web_socket_server;

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

/// Runs a server on a thread of its own until the process ends; returns where it listens.
fn serve<F>(server: fn(TcpListener) -> F) -> Result<SocketAddr>
where
    F: Future<Output = ()> + 'static,
{
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        LocalSet::new().block_on(&runtime, async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            if sender.send(listener.local_addr()?).is_ok() {
                server(listener).await;
            }
            std::io::Result::Ok(())
        })
    })?;
    receiver.recv().context("a bare server does not start")
}
