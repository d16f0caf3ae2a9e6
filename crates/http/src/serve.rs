//! The accept loop: from a listening socket to connections, and to an orderly end.
//!
//! One loop per shard. It owns the tasks of its connections, so that ending it ends them.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use stated_object::message::{FetchRequest, FetchResponse};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::connection::Shared;
use crate::forwarded::TrustedProxies;
use crate::limits::{Limits, SocketRules};

/// The pause after the process ran out of file descriptors or memory for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What answers requests.
///
/// Implemented for functions from [`FetchRequest`] to a future of [`FetchResponse`].
pub trait Handler: 'static {
    /// Answers one request.
    ///
    /// The future is dropped when the client goes away before the response began; later the client's
    /// departure shows as the body's receiver being dropped. A response with `socket` accepts the
    /// client's WebSocket, and is replaced by an error when the client did not ask for one.
    fn handle(&self, request: FetchRequest) -> impl Future<Output = FetchResponse>;

    /// The rules of the WebSockets that it accepts; asked at each.
    fn socket_rules(&self) -> SocketRules {
        SocketRules::default()
    }
}

impl<F, R> Handler for F
where
    F: Fn(FetchRequest) -> R + 'static,
    R: Future<Output = FetchResponse>,
{
    fn handle(&self, request: FetchRequest) -> impl Future<Output = FetchResponse> {
        self(request)
    }
}

/// The Close frame for WebSockets that a shutdown ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Farewell {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

/// Begins a shutdown; may be used from any thread.
#[derive(Debug)]
pub struct ShutdownTrigger(watch::Sender<Option<Farewell>>);

/// The listener's side of a [`ShutdownTrigger`]; one per [`serve`] call, by cloning.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<Option<Farewell>>);

impl Shutdown {
    /// Returns both sides. Dropping the trigger unused means that no shutdown will come.
    pub fn new() -> (ShutdownTrigger, Self) {
        let (sender, receiver) = watch::channel(None);
        (ShutdownTrigger(sender), Self(receiver))
    }

    /// Waits for the shutdown.
    pub(crate) async fn begun(&mut self) -> Farewell {
        match self.0.wait_for(Option::is_some).await {
            Ok(farewell) => farewell.clone().expect("wait_for saw a value"),
            Err(_) => std::future::pending().await,
        }
    }
}

impl ShutdownTrigger {
    /// Makes every [`serve`] stop accepting, finish what it has, and return.
    ///
    /// `code` and `reason` (at most 123 bytes) are the Close frame that WebSockets get: 1001 when
    /// the service goes away, 1012 when it restarts. Only the first call counts.
    pub fn begin(&self, code: u16, reason: impl Into<String>) {
        let reason = reason.into();
        self.0.send_if_modified(|farewell| {
            let first = farewell.is_none();
            farewell.get_or_insert(Farewell { code, reason });
            first
        });
    }
}

/// How [`serve`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Connections that did not end within `shutdown_timeout` and were cut.
    pub cut_count: usize,
}

/// Serves the connections of `listener` until the shutdown is through.
///
/// Requests from `proxies` have the address and scheme that these say, all others those of their connection.
///
/// Must run inside a `LocalSet`. After the shutdown began: no new connection is accepted, idle ones
/// close at once, requests in flight and WebSockets have `limits.shutdown_timeout` to finish, and
/// the rest is cut. Dropping the future cuts everything at once.
pub async fn serve<H: Handler>(
    listener: TcpListener,
    handler: Rc<H>,
    limits: &Limits,
    proxies: &TrustedProxies,
    mut shutdown: Shutdown,
) -> Served {
    let shared = Rc::new(Shared::new(handler, limits.clone(), proxies.clone()));
    let places = Arc::new(Semaphore::new(limits.connection_count_max));
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            // A flood of connections must neither delay the shutdown nor let finished tasks pile up.
            biased;
            _ = shutdown.begun() => break,
            Some(ended) = tasks.join_next() => report(ended),
            (place, accepted) = accept(&listener, &places) => match accepted {
                Ok((stream, peer)) => {
                    // In boxes, so that the task is no larger than what runs in it at the time.
                    let http = Box::pin(Rc::clone(&shared).serve(stream, peer, shutdown.clone()));
                    tasks.spawn_local(async move {
                        let socket = http.await;
                        if let Some(socket) = socket {
                            socket.await;
                        }
                        drop(place);
                    });
                }
                Err(error) => pause_after(&error).await,
            },
        }
    }
    drop(listener);
    let finished = tokio::time::timeout(limits.shutdown_timeout, async {
        while let Some(ended) = tasks.join_next().await {
            report(ended);
        }
    });
    let _ = finished.await;
    let cut_count = tasks.len();
    tasks.shutdown().await;
    Served { cut_count }
}

/// Waits for a free place first, so that a full server leaves clients in the kernel's queue.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (
    tokio::sync::OwnedSemaphorePermit,
    io::Result<(tokio::net::TcpStream, std::net::SocketAddr)>,
) {
    let place = Arc::clone(places)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    (place, listener.accept().await)
}

/// A connection that broke before it was accepted is its own affair; anything else would repeat at
/// once, so it gets a log line and a pause.
async fn pause_after(error: &io::Error) {
    if !matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    ) {
        tracing::error!(%error, "accept connection");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "connection task ended abnormally");
    }
}
