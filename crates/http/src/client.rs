//! The way out: `fetch()` and outgoing WebSockets.
//!
//! A [`Client`] belongs to one shard: it keeps that shard's idle connections. It follows the fetch
//! standard where a server program can see it (redirects, which fields are dropped when), and
//! leaves everything a browser adds (cookies, CORS, caching, an `accept-encoding` of its own) out.
//! Bodies arrive as the origin encoded them.
//!
//! Dropping a future of this module aborts what it does, down to the connection.

mod dial;
mod error;
mod pool;
mod redirect;
mod tcp;
mod trust;

use std::rc::Rc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use stated_object::message::{Body, BodyError, FetchRequest, FetchResponse};
use stated_object::socket::{SocketEnd, socket_pair};
use url::{Position, Url};

pub use error::FetchError;
pub use redirect::RedirectMode;
pub use tcp::{Connection, Control};
pub use trust::Trust;

use crate::body::{Ended, Intake, Outgoing};
use crate::limits::{Limits, SocketRules};
use crate::reply::strip_hop_by_hop;
use crate::socket::Role;
use crate::socket::handshake::{Asking, is_websocket};
use crate::socket::pump::{Agreed, Pump};
use dial::Origin;
use pool::{Lease, Pool};
use redirect::{Hop, Replay, Step};

/// Makes outgoing requests; cheap to clone, clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Rc<Pool>,
    limits: Rc<Limits>,
    rules: SocketRules,
}

impl Client {
    /// Returns a client without connections. `trust` says which certificates it believes.
    pub fn new(limits: &Limits, trust: Trust) -> Self {
        let limits = Rc::new(limits.clone());
        Self {
            pool: Rc::new(Pool::new(Rc::clone(&limits), trust)),
            limits,
            rules: SocketRules::default(),
        }
    }

    /// Returns one whose WebSockets have these rules, with the same connections.
    pub fn with_socket_rules(&self, rules: SocketRules) -> Self {
        Self {
            rules,
            ..self.clone()
        }
    }

    /// Sends a request and returns the response as soon as its head is here.
    ///
    /// The URL must be absolute, `http` or `https`; a fragment and credentials in it are not sent.
    /// Fields that belong to the connection, `host` and `content-length` are replaced or dropped. A request with `upgrade: websocket` whose server agrees resolves to a
    /// response with `socket`; its messages flow from then on.
    ///
    /// Must run inside a `LocalSet`. Dropping the future aborts the request; dropping the response
    /// body aborts the rest of it.
    ///
    /// # Errors
    /// [`FetchError`]; an HTTP error status is not one. When an idle connection turns out to be
    /// closed, the request is sent again on a new one if no byte of it went out, or if it is a GET,
    /// HEAD or OPTIONS without a body.
    ///
    /// Source: the fetch standard, "HTTP-redirect fetch", and RFC 9110, 9.2.2.
    pub async fn fetch(
        &self,
        request: FetchRequest,
        redirect: RedirectMode,
    ) -> Result<FetchResponse, FetchError> {
        let mut hop = Hop::new(request)?;
        let mut redirect_count = 0;
        loop {
            let mut response = self.send(&mut hop).await?;
            match redirect::next(&hop, redirect, &response)? {
                Step::Answer => {
                    response.url = String::from(&hop.url[..Position::AfterQuery]);
                    response.redirected = redirect_count > 0;
                    return Ok(response);
                }
                Step::Follow(location)
                    if redirect_count < self.limits.client_redirect_count_max =>
                {
                    redirect_count += 1;
                    hop.follow(response.status, location)?;
                }
                Step::Follow(_) => {
                    return Err(FetchError::TooManyRedirects {
                        limit: self.limits.client_redirect_count_max,
                    });
                }
            }
        }
    }

    /// Sends a request whose path and query are not those of the URL standard, as they are, and returns the response, which may
    /// be a redirect. Otherwise as [`Client::fetch`].
    ///
    /// What no request line may have must be escaped in them: controls, spaces, and `<`, `>`, `"` and `` ` ``.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub async fn fetch_verbatim(&self, request: FetchRequest) -> Result<FetchResponse, FetchError> {
        let url = request.url.clone();
        let mut hop = Hop::verbatim(request)?;
        let mut response = self.send(&mut hop).await?;
        response.url = url;
        Ok(response)
    }

    /// Opens a WebSocket, as `new WebSocket(url, protocols)` does.
    ///
    /// `url` has the scheme `ws`, `wss`, `http` or `https`. Redirects are not followed.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::NotSwitched`] when the server answered with another status.
    pub async fn connect(&self, url: &str, protocols: &[String]) -> Result<SocketEnd, FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::UPGRADE, HeaderValue::from_static("websocket"));
        if !protocols.is_empty() {
            let list = HeaderValue::try_from(protocols.join(", "))
                .map_err(|_| FetchError::InvalidUrl { url: url.into() })?;
            headers.insert(SEC_WEBSOCKET_PROTOCOL, list);
        }
        let url = match url.split_once(':') {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http:{rest}"),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => format!("https:{rest}"),
            _ => url.to_owned(),
        };
        let request = FetchRequest {
            method: Method::GET,
            url,
            headers,
            body: Body::None,
            peer: None,
            cf: None,
        };
        let response = self.fetch(request, RedirectMode::Manual).await?;
        let status = response.status.as_u16();
        let end = response.socket.ok_or(FetchError::NotSwitched { status })?;
        if !end.protocol.is_empty() && !protocols.contains(&end.protocol) {
            return Err(FetchError::Handshake {
                reason: "the server chose a protocol that was not offered",
            });
        }
        Ok(end)
    }

    /// Sends one hop: on an idle connection if there is one, and again if that one was dead.
    async fn send(&self, hop: &mut Hop) -> Result<FetchResponse, FetchError> {
        let origin = Origin::of(&hop.url)?;
        if is_websocket(&hop.headers) {
            return self.open_socket(hop, &origin).await;
        }
        let can_repeat = hop.is_safe() && matches!(hop.body, Replay::None);
        let mut request = hop.next_request(&origin)?;
        loop {
            let (mut lease, reused) = match self.pool.idle(&origin).await {
                Some(lease) => (lease, true),
                None => (self.pool.open(&origin).await?, false),
            };
            let mut failure = match lease.sender.try_send_request(request).await {
                Ok(response) => return Ok(self.answer(&hop.method, response, lease).await),
                Err(failure) => failure,
            };
            request = match failure.take_message() {
                Some(unsent) if reused => unsent,
                None if reused && can_repeat => hop.next_request(&origin)?,
                _ => return Err(FetchError::from_hyper(failure.error(), &origin)),
            };
        }
    }

    async fn answer(
        &self,
        method: &Method,
        response: Response<Incoming>,
        lease: Lease,
    ) -> FetchResponse {
        let (head, incoming) = response.into_parts();
        let is_bodyless = *method == Method::HEAD
            || matches!(
                head.status,
                StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
            );
        let intake = Intake {
            inline_bytes_max: self.limits.body_inline_bytes_max,
            bytes_max: u64::MAX,
            read_timeout: None,
            reset: BodyError::Disconnected,
        };
        let body = intake
            .take(incoming, move |ended| {
                if ended == Ended::Whole {
                    lease.give_back();
                }
            })
            .await;
        FetchResponse {
            status: head.status,
            status_text: reason_phrase(&head.extensions, head.status),
            headers: head.headers,
            body: if is_bodyless { Body::None } else { body },
            socket: None,
            url: String::new(),
            redirected: false,
        }
    }

    async fn open_socket(
        &self,
        hop: &mut Hop,
        origin: &Origin,
    ) -> Result<FetchResponse, FetchError> {
        if hop.method != Method::GET {
            return Err(FetchError::Handshake {
                reason: "a WebSocket needs the method GET",
            });
        }
        let mut request = hop.next_request(origin)?;
        let asking = Asking::begin(request.headers_mut(), self.rules);
        let mut lease = self.pool.open_for_socket(origin).await?;
        let mut response = lease
            .sender
            .send_request(request)
            .await
            .map_err(|error| FetchError::from_hyper(&error, origin))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(self.answer(&hop.method, response, lease).await);
        }
        let deflate = asking
            .finish(response.headers())
            .map_err(|reason| FetchError::Handshake { reason })?;
        let agreed = Agreed {
            deflate,
            message_bytes_max: self.limits.message_bytes_max(self.rules),
        };
        let upgraded = hyper::upgrade::on(&mut response)
            .await
            .map_err(|error| FetchError::from_hyper(&error, origin))?;
        let (mut ours, theirs) = socket_pair();
        ours.protocol = field(response.headers(), SEC_WEBSOCKET_PROTOCOL);
        ours.extensions = field(response.headers(), http::header::SEC_WEBSOCKET_EXTENSIONS);
        let pump = Box::new(Pump::new(
            TokioIo::new(upgraded),
            Role::Client,
            agreed,
            theirs,
            &self.limits,
        ));
        tokio::task::spawn_local(async move {
            pump.run(Bytes::new(), None).await;
            // The connection's place is free only now.
            drop(lease);
        });
        let (head, _) = response.into_parts();
        Ok(FetchResponse {
            status: head.status,
            status_text: reason_phrase(&head.extensions, head.status),
            headers: head.headers,
            body: Body::None,
            socket: Some(ours),
            url: String::new(),
            redirected: false,
        })
    }
}

impl Hop {
    /// Whether sending it twice does no harm.
    fn is_safe(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }

    /// The request of this hop as it goes over the wire. A streamed body is taken out.
    fn next_request(&mut self, origin: &Origin) -> Result<Request<Outgoing>, FetchError> {
        let body = self.body.take();
        let mut headers = self.headers.clone();
        strip_hop_by_hop(&mut headers);
        headers.remove(CONTENT_LENGTH);
        let is_empty = match &body {
            // The fetch standard: these two tell that there is nothing.
            Body::None => matches!(self.method, Method::POST | Method::PUT),
            Body::Bytes(bytes) => bytes.is_empty(),
            Body::Stream(_) => false,
        };
        if is_empty {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        headers.insert(HOST, origin.host_field());
        let standard = &self.url[Position::BeforePath..Position::AfterQuery];
        let target = self.verbatim.as_deref().unwrap_or(standard);
        let invalid = || FetchError::InvalidUrl {
            url: format!("{}{target}", &self.url[..Position::BeforePath]),
        };
        let mut request = Request::new(Outgoing::from(body));
        *request.uri_mut() = target.parse::<Uri>().map_err(|_| invalid())?;
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = headers;
        Ok(request)
    }
}

fn field(headers: &HeaderMap, name: http::HeaderName) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_owned()
}

fn reason_phrase(extensions: &http::Extensions, status: StatusCode) -> String {
    match extensions.get::<hyper::ext::ReasonPhrase>() {
        Some(phrase) => phrase
            .as_bytes()
            .iter()
            .map(|&byte| char::from(byte))
            .collect(),
        None => status.canonical_reason().unwrap_or("").to_owned(),
    }
}

/// The URL of a request, if it is one that can be fetched.
fn parse_url(text: &str) -> Result<Url, FetchError> {
    let url = Url::parse(text).map_err(|_| FetchError::InvalidUrl { url: text.into() })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(FetchError::UnsupportedScheme { url: text.into() }),
    }
}
