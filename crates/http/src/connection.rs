//! One accepted connection: HTTP requests one after the other, then perhaps a WebSocket.
//!
//! The whole life of a connection is one task, which holds a box with the HTTP machinery and then one
//! with the WebSocket pump. Nothing of the former is left when the latter runs, so a WebSocket that is
//! silent for days costs little.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use stated_object::socket::SocketEnd;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::body::Outgoing;
use crate::forwarded::TrustedProxies;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::reply;
use crate::request::{Admitted, Origin};
use crate::serve::{Handler, Shutdown};
use crate::socket::Role;
use crate::socket::handshake::Asked;
use crate::socket::pump::{Agreed, Pump};
use crate::stall::StallGuard;

/// The smallest read buffer hyper accepts.
const READ_BUFFER_MIN: usize = 8 * 1024;

/// How long, and for how many bytes, a refused upload is still read, so that the client sees the
/// refusal instead of a reset.
const LINGER_TIME: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// What the connections of one listener share.
pub(crate) struct Shared<H> {
    handler: Rc<H>,
    limits: Limits,
    proxies: TrustedProxies,
    http: http1::Builder,
}

/// A connection that has become a WebSocket, to be run to its end.
pub(crate) type WebSocket = Pin<Box<dyn Future<Output = ()>>>;

/// What the requests of one connection share.
struct Connection<H> {
    shared: Rc<Shared<H>>,
    origin: Origin,
    /// Set by the response that accepts a WebSocket; taken when the HTTP part has ended.
    accepted: RefCell<Option<Accepted>>,
    /// Whether a request was refused whose body is still on its way.
    refused: Cell<bool>,
}

/// A WebSocket between its 101 response and its pump.
struct Accepted {
    upgrade: OnUpgrade,
    end: SocketEnd,
    deflate: Option<crate::socket::deflate::Terms>,
    message_bytes_max: usize,
}

impl<H: Handler> Shared<H> {
    pub(crate) fn new(handler: Rc<H>, limits: Limits, proxies: TrustedProxies) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.head_read_timeout)
            .max_buf_size(limits.head_bytes_max.max(READ_BUFFER_MIN))
            .max_header_size(limits.head_bytes_max)
            // Seen: with it, hyper buffers a streamed body without any bound.
            .pipeline_flush(false);
        // Setting it, even to the same number, moves the parser's table to the heap.
        if limits.header_count_max != 100 {
            http.max_headers(limits.header_count_max);
        }
        Self {
            handler,
            limits,
            proxies,
            http,
        }
    }

    /// Serves one connection to its end, or until it is a WebSocket: then returns what is left to run,
    /// which needs nothing of what the HTTP part needed.
    pub(crate) async fn serve(
        self: Rc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        mut shutdown: Shutdown,
    ) -> Option<WebSocket> {
        let local = stream.local_addr().ok()?;
        let connection = Rc::new(Connection {
            origin: Origin::new(peer, local, &self.proxies),
            accepted: RefCell::new(None),
            refused: Cell::new(false),
            shared: Rc::clone(&self),
        });
        Box::pin(connection.serve_http(stream, peer, &mut shutdown)).await;
        let accepted = connection.accepted.take();
        drop(connection);
        let (pump, first) = Box::pin(accepted?.start(&self.limits)).await?;
        Some(Box::pin(pump.run(first, Some(shutdown))))
    }
}

impl Accepted {
    /// Takes the connection over from HTTP, with the bytes that came after the request.
    async fn start(self, limits: &Limits) -> Option<(Box<Pump<StallGuard>>, Bytes)> {
        let parts = self
            .upgrade
            .await
            .ok()?
            .downcast::<Guarded>()
            .expect("connections of this module are upgraded from this type");
        let mut io = parts.io.into_inner();
        io.set_timeout(limits.socket_stall_timeout);
        let agreed = Agreed {
            deflate: self.deflate,
            message_bytes_max: self.message_bytes_max,
        };
        let pump = Pump::new(io, Role::Server, agreed, self.end, limits);
        Some((Box::new(pump), parts.read_buf))
    }
}

type Guarded = TokioIo<StallGuard>;

impl<H: Handler> Connection<H> {
    async fn serve_http(
        self: &Rc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        shutdown: &mut Shutdown,
    ) {
        let limits = &self.shared.limits;
        let io = TokioIo::new(StallGuard::new(stream, peer, limits.response_stall_timeout));
        let service = service_fn(|request| {
            let this = Rc::clone(self);
            async move { Ok::<_, Infallible>(this.answer(request).await) }
        });
        let mut http = Box::pin(
            self.shared
                .http
                .serve_connection(io, service)
                .with_upgrades(),
        );
        let result = tokio::select! {
            biased;
            result = http.as_mut() => result,
            _ = shutdown.begun() => {
                http.as_mut().graceful_shutdown();
                http.as_mut().await
            }
        };
        let io = Pin::into_inner(http)
            .into_parts()
            .map(|parts| parts.io.into_inner());
        match (result, io) {
            // The response broke off. Where its end is the end of the connection (HTTP/1.0), only a
            // reset tells the client.
            (Err(error), Some(io)) if error.is_user() => io.reset_on_close(),
            (Err(error), _) => tracing::debug!(%peer, %error, "connection ended"),
            (Ok(()), Some(io)) if self.refused.get() => linger(io).await,
            (Ok(()), _) => {}
        }
    }

    /// Answers one request; every way out of this function is a response.
    async fn answer(&self, request: Request<Incoming>) -> Response<Outgoing> {
        let limits = &self.shared.limits;
        let (mut head, incoming) = request.into_parts();
        let method = head.method.clone();
        let upgrade = head.extensions.remove::<OnUpgrade>();
        let asked = upgrade.map(|upgrade| (upgrade, Asked::read(&head.headers)));
        let Admitted { request, reset } = match self.origin.admit(head, incoming, limits).await {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refuse(refusal, &method),
        };
        let answer = self.shared.handler.handle(request);
        let mut response = match reset {
            None => answer.await,
            Some(reset) => tokio::select! {
                biased;
                response = answer => response,
                // Dropping the answer tells the handler that the client has left.
                Ok(()) = reset => return Response::new(Outgoing::Empty),
            },
        };
        let Some(end) = response.socket.take() else {
            return reply::write(response, &method);
        };
        let rules = self.shared.handler.socket_rules();
        match Asked::accept(asked, rules, &mut response.headers, &end.protocol) {
            Ok((upgrade, deflate)) => {
                self.accepted.replace(Some(Accepted {
                    upgrade,
                    end,
                    deflate,
                    message_bytes_max: limits.message_bytes_max(rules),
                }));
                reply::write_own(response, &method)
            }
            Err(refusal) => self.refuse(refusal, &method),
        }
    }

    fn refuse(&self, refusal: Refusal, method: &Method) -> Response<Outgoing> {
        self.refused
            .set(self.refused.get() || refusal.ends_connection());
        reply::write_own(refusal.into_response(), method)
    }
}

/// Reads and drops what the client still sends, within bounds. The write side is closed already.
async fn linger(mut io: StallGuard) {
    let mut sink = vec![0; 16 * 1024];
    let drain = pin!(async {
        let mut rest = LINGER_BYTES;
        while let Ok(count @ 1..) = io.read(&mut sink).await {
            let Some(less) = rest.checked_sub(count) else {
                return;
            };
            rest = less;
        }
    });
    let _ = tokio::time::timeout(LINGER_TIME, drain).await;
}
