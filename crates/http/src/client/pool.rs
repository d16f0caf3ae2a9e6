//! The client's connections: opened when needed, kept while idle, never more than allowed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::dial::Origin;
use super::error::FetchError;
use super::trust::Trust;
use crate::body::Outgoing;
use crate::limits::Limits;
use crate::stall::StallGuard;

/// The smallest read buffer hyper accepts.
const READ_BUFFER_MIN: usize = 8 * 1024;

/// All connections of one client.
#[derive(Debug)]
pub(crate) struct Pool {
    limits: Rc<Limits>,
    trust: Trust,
    http: http1::Builder,
    /// One permit per open connection, idle or not.
    places: Arc<Semaphore>,
    /// How many wait for a permit.
    waiting_count: Cell<usize>,
    idle: RefCell<Idle>,
}

#[derive(Debug, Default)]
struct Idle {
    /// The latest is last, and taken first: the oldest get to expire.
    origins: HashMap<Origin, Vec<Waiting>>,
    /// Whether the task that closes expired connections runs.
    swept: bool,
}

#[derive(Debug)]
struct Waiting {
    sender: SendRequest<Outgoing>,
    place: Rc<Place>,
    since: Instant,
}

/// A connection's place among those allowed; free when the last holder lets go.
#[derive(Debug)]
struct Place {
    _permit: OwnedSemaphorePermit,
}

/// A connection on loan. Dropping it closes the connection, unless it was given back.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) sender: SendRequest<Outgoing>,
    place: Rc<Place>,
    origin: Origin,
    pool: Weak<Pool>,
}

impl Lease {
    /// Makes the connection available to others. Its last response must have been read.
    pub(crate) fn give_back(self) {
        let Some(pool) = self.pool.upgrade() else {
            return;
        };
        if !self.sender.is_closed() {
            pool.keep(self);
        }
    }
}

impl Pool {
    pub(crate) fn new(limits: Rc<Limits>, trust: Trust) -> Self {
        let mut http = http1::Builder::new();
        http.max_buf_size(limits.client_head_bytes_max.max(READ_BUFFER_MIN))
            .max_header_size(limits.client_head_bytes_max);
        Self {
            places: Arc::new(Semaphore::new(limits.client_connection_count_max)),
            limits,
            trust,
            http,
            waiting_count: Cell::new(0),
            idle: RefCell::default(),
        }
    }

    /// Takes an idle connection that can be used at once.
    pub(crate) async fn idle(self: &Rc<Self>, origin: &Origin) -> Option<Lease> {
        if !self.idle.borrow().origins.contains_key(origin) {
            return None;
        }
        // Lets connections notice that their server hung up meanwhile: yielding polls the sockets
        // before it comes back here.
        tokio::task::yield_now().await;
        loop {
            let mut waiting = self.idle.borrow_mut().take_latest(origin)?;
            let is_fresh = waiting.since.elapsed() < self.limits.client_idle_timeout;
            // The response was read to its end, so this waits for the connection's task at most.
            if is_fresh && waiting.sender.ready().await.is_ok() {
                let Waiting { sender, place, .. } = waiting;
                return Some(Lease {
                    sender,
                    place,
                    origin: origin.clone(),
                    pool: Rc::downgrade(self),
                });
            }
        }
    }

    /// Opens a connection for requests.
    pub(crate) async fn open(self: &Rc<Self>, origin: &Origin) -> Result<Lease, FetchError> {
        let pool = Rc::downgrade(self);
        self.connect(origin, self.limits.response_stall_timeout, pool)
            .await
    }

    /// Opens a connection for a WebSocket; it is not kept, whatever the answer is.
    pub(crate) async fn open_for_socket(&self, origin: &Origin) -> Result<Lease, FetchError> {
        self.connect(origin, self.limits.socket_stall_timeout, Weak::new())
            .await
    }

    /// Opens a connection for bytes of any protocol, which is not kept. Without TLS at first.
    pub(crate) async fn open_for_bytes(
        &self,
        origin: &Origin,
    ) -> Result<(StallGuard, OwnedSemaphorePermit), FetchError> {
        let dialed = self.in_time(origin, async {
            let place = self.place().await;
            let stream = origin.dial_plain(self.limits.socket_stall_timeout).await?;
            Ok((stream, place))
        });
        dialed.await
    }

    /// What certificates are believed.
    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Bounds the time of a connection's beginning.
    pub(crate) async fn in_time<T>(
        &self,
        origin: &Origin,
        begin: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let limit = self.limits.client_connect_timeout;
        tokio::time::timeout(limit, begin)
            .await
            .unwrap_or_else(|_| {
                Err(FetchError::ConnectTimeout {
                    authority: origin.authority(),
                    timeout_ms: limit.as_millis(),
                })
            })
    }

    async fn connect(
        &self,
        origin: &Origin,
        stall_timeout: Duration,
        pool: Weak<Self>,
    ) -> Result<Lease, FetchError> {
        let connected = self.in_time(origin, async {
            let place = self.place().await;
            let stream = origin.dial(&self.trust, stall_timeout).await?;
            self.http
                .handshake(TokioIo::new(stream))
                .await
                .map(|(sender, connection)| (place, sender, connection))
                .map_err(|_| FetchError::Lost)
        });
        let (place, sender, connection) = connected.await?;
        let place = Rc::new(Place { _permit: place });
        let held = Rc::clone(&place);
        // Ends when the server closes, or when the last sender and response are dropped.
        tokio::task::spawn_local(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "outgoing connection ended");
            }
            drop(held);
        });
        Ok(Lease {
            sender,
            place,
            origin: origin.clone(),
            pool,
        })
    }

    /// Waits for a place; an idle connection gives way.
    async fn place(&self) -> OwnedSemaphorePermit {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return place;
        }
        self.idle.borrow_mut().drop_oldest();
        let _waiting = Waiter::count(&self.waiting_count);
        Arc::clone(&self.places)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    fn keep(self: &Rc<Self>, lease: Lease) {
        // Whoever waits for a place gets this one: dropping the lease closes the connection.
        if self.waiting_count.get() > 0 {
            return;
        }
        let mut idle = self.idle.borrow_mut();
        let of_origin = idle.origins.entry(lease.origin).or_default();
        if of_origin.len() >= self.limits.client_idle_count_max {
            of_origin.remove(0);
        }
        of_origin.push(Waiting {
            sender: lease.sender,
            place: lease.place,
            since: Instant::now(),
        });
        if !idle.swept {
            idle.swept = true;
            tokio::task::spawn_local(sweep(Rc::downgrade(self), self.limits.client_idle_timeout));
        }
    }
}

/// Counts a waiter for as long as it waits, also when its future is dropped.
struct Waiter<'a>(&'a Cell<usize>);

impl<'a> Waiter<'a> {
    fn count(waiting: &'a Cell<usize>) -> Self {
        waiting.set(waiting.get() + 1);
        Self(waiting)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Idle {
    fn take_latest(&mut self, origin: &Origin) -> Option<Waiting> {
        let of_origin = self.origins.get_mut(origin)?;
        let latest = of_origin.pop();
        if of_origin.is_empty() {
            self.origins.remove(origin);
        }
        latest
    }

    fn drop_oldest(&mut self) {
        let oldest = self
            .origins
            .iter()
            .filter_map(|(origin, waiting)| Some((waiting.first()?.since, origin.clone())))
            .min_by_key(|(since, _)| *since);
        if let Some((_, origin)) = oldest
            && let Some(of_origin) = self.origins.get_mut(&origin)
        {
            of_origin.remove(0);
            if of_origin.is_empty() {
                self.origins.remove(&origin);
            }
        }
    }

    fn drop_expired(&mut self, idle_timeout: Duration) {
        self.origins.retain(|_, of_origin| {
            of_origin.retain(|waiting| {
                waiting.since.elapsed() < idle_timeout && !waiting.sender.is_closed()
            });
            !of_origin.is_empty()
        });
    }
}

/// Closes expired connections for as long as there are idle ones.
async fn sweep(pool: Weak<Pool>, idle_timeout: Duration) {
    loop {
        tokio::time::sleep(idle_timeout).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle.borrow_mut();
        idle.drop_expired(idle_timeout);
        if idle.origins.is_empty() {
            idle.swept = false;
            return;
        }
    }
}
