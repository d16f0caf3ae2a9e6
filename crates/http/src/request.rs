//! From a request on a connection to a [`FetchRequest`], or to the reason why it is none.
//!
//! What hyper refuses by itself (syntax, header size and count) does not get here.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use http::header::{CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Version};
use http_body::Body as HttpBody;
use hyper::body::Incoming;
use stated_object::message::{Body, BodyError, FetchRequest};
use tokio::sync::oneshot;

use crate::body::{Ended, Intake};
use crate::forwarded::{TrustedProxies, scheme};
use crate::host::{Scheme, request_url};
use crate::limits::Limits;
use crate::refusal::Refusal;

const CF_CONNECTING_IP: HeaderName = HeaderName::from_static("cf-connecting-ip");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// What all requests of one connection have in common.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The peer's address, IPv4 also where the listener speaks IPv6.
    ip: IpAddr,
    /// The same as a header value.
    ip_value: HeaderValue,
    /// Our own address, the host of requests that name none.
    local: SocketAddr,
    /// Set when the peer is one of them.
    proxies: Option<TrustedProxies>,
}

/// A request that a handler may see.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) request: FetchRequest,
    /// Told when the client resets the connection while its body arrives. Nothing else notices that before bytes are
    /// written to it.
    pub(crate) reset: Option<oneshot::Receiver<()>>,
}

impl Origin {
    pub(crate) fn new(peer: SocketAddr, local: SocketAddr, proxies: &TrustedProxies) -> Self {
        let ip = peer.ip().to_canonical();
        Self {
            ip,
            ip_value: value_of(ip),
            local,
            proxies: proxies.include(ip).then(|| proxies.clone()),
        }
    }

    /// Turns a request into what handlers take.
    ///
    /// # Errors
    /// [`Refusal`] for a request that no handler should see.
    pub(crate) async fn admit(
        &self,
        mut head: Parts,
        incoming: Incoming,
        limits: &Limits,
    ) -> Result<Admitted, Refusal> {
        let (ip, ip_value, scheme) = match &self.proxies {
            None => (self.ip, self.ip_value.clone(), Scheme::Http),
            Some(proxies) => {
                let client = proxies.client(&head.headers, self.ip);
                (client, value_of(client), scheme(&head.headers))
            }
        };
        let url = self.url(&head, scheme)?;
        // All that is known here of what Cloudflare's network says: where a client is, nobody tells.
        let cf = match head.version {
            Version::HTTP_10 => r#"{"httpProtocol":"HTTP/1.0"}"#,
            _ => r#"{"httpProtocol":"HTTP/1.1"}"#,
        };
        let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
        if !codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
            return Err(Refusal::Coding);
        }
        if incoming.size_hint().lower() > limits.request_body_bytes_max {
            return Err(Refusal::BodyTooLarge(limits.request_body_bytes_max));
        }
        // The client's own claims about its address go, whatever they say.
        head.headers.insert(CF_CONNECTING_IP, ip_value.clone());
        head.headers.insert(X_REAL_IP, ip_value);
        let (body, reset) = take_body(&head, incoming, limits).await;
        let request = FetchRequest {
            method: head.method,
            url,
            headers: head.headers,
            body,
            peer: Some(ip),
            cf: Some(Cow::Borrowed(cf)),
        };
        Ok(Admitted { request, reset })
    }

    fn url(&self, head: &Parts, scheme: Scheme) -> Result<String, Refusal> {
        if head.method == Method::CONNECT {
            return Err(Refusal::Tunnel);
        }
        let mut hosts = head.headers.get_all(HOST).iter();
        let host = match (hosts.next(), hosts.next()) {
            (Some(host), None) => Some(host),
            (None, _) => None,
            (Some(_), Some(_)) => {
                return Err(Refusal::Malformed("more than one Host header field"));
            }
        };
        if host.is_none() && head.version == Version::HTTP_11 {
            return Err(Refusal::Malformed("Host header field is missing"));
        }
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let url = match (head.uri.authority(), host) {
            // The target is absolute: it wins over the Host header field (RFC 9112, 3.2.2).
            (Some(_), _) if head.uri.scheme_str() != Some("http") => None,
            (Some(authority), _) => join(scheme, authority.as_str(), target),
            (None, Some(host)) => host
                .to_str()
                .ok()
                .and_then(|host| join(scheme, host, target)),
            (None, None) => join(scheme, &self.local.to_string(), target),
        };
        url.ok_or(Refusal::Malformed(
            "request target or Host header field is not valid",
        ))
    }
}

fn value_of(ip: IpAddr) -> HeaderValue {
    HeaderValue::try_from(ip.to_string()).expect("an address is visible ASCII")
}

/// Also for `OPTIONS *`, whose target has no slash.
fn join(scheme: Scheme, authority: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        request_url(scheme, authority, target)
    } else {
        request_url(scheme, authority, &format!("/{target}"))
    }
}

/// The body, and where it is still arriving, who tells that the client resets the connection.
async fn take_body(
    head: &Parts,
    incoming: Incoming,
    limits: &Limits,
) -> (Body, Option<oneshot::Receiver<()>>) {
    if incoming.is_end_stream() {
        let body = if head.headers.contains_key(CONTENT_LENGTH) {
            Body::Bytes(bytes::Bytes::new())
        } else {
            Body::None
        };
        return (body, None);
    }
    let intake = Intake {
        inline_bytes_max: limits.body_inline_bytes_max,
        bytes_max: limits.request_body_bytes_max,
        read_timeout: Some(limits.body_read_timeout),
        reset: BodyError::Reset,
    };
    let (resets, reset) = oneshot::channel();
    let ended = |how| {
        if how == Ended::Reset {
            // Nobody listens when the answer is there already.
            let _unused = resets.send(());
        }
    };
    // Looking at the body is what makes hyper send `100 Continue`; leave that to the reader.
    let body = if head.headers.contains_key(EXPECT) {
        intake.stream(incoming, bytes::Bytes::new(), ended)
    } else {
        intake.take(incoming, ended).await
    };
    let reset = matches!(body, Body::Stream(_)).then_some(reset);
    (body, reset)
}
