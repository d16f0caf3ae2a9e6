//! What travels between a caller and the code that answers it: requests, responses and bodies.
//!
//! These are the only shapes that cross threads on the request path. They hold no engine value and
//! no server type, so a request can come from the network, from another object, or from a test.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::borrow::Cow;
use std::net::IpAddr;
use tokio::sync::mpsc;

use crate::socket::SocketEnd;

/// Chunks that may wait in a streamed body before its producer is held back.
pub const BODY_CHUNKS_MAX: usize = 16;

/// A request on its way to a handler.
#[derive(Debug)]
pub struct FetchRequest {
    /// The method, in the spelling the caller used.
    pub method: Method,
    /// The absolute URL, already serialized as the URL standard prescribes.
    pub url: String,
    /// Field names in lower case, values as the bytes received.
    pub headers: HeaderMap,
    /// The body, possibly still arriving.
    pub body: Body,
    /// The address of the peer, for requests that came from the network.
    pub peer: Option<IpAddr>,
    /// What `request.cf` is, as JSON: what is known of a request that came from the network, else what the program that
    /// sent it had.
    pub cf: Option<Cow<'static, str>>,
}

/// A response on its way to the caller.
#[derive(Debug)]
pub struct FetchResponse {
    /// 101 if and only if `socket` is present.
    pub status: StatusCode,
    /// The reason phrase; empty means the usual one.
    pub status_text: String,
    /// Field names in lower case; a field may occur several times (`set-cookie`).
    pub headers: HeaderMap,
    /// The body, possibly still being produced.
    pub body: Body,
    /// The caller's end of an accepted WebSocket.
    pub socket: Option<SocketEnd>,
    /// The final URL after redirects; empty for a response made by a handler.
    pub url: String,
    /// Whether at least one redirect was followed.
    pub redirected: bool,
}

impl FetchResponse {
    /// Returns a response with the status and a plain text body, as the runtime itself answers.
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("text/plain;charset=UTF-8"),
        );
        Self {
            status,
            status_text: String::new(),
            headers,
            body: Body::Bytes(Bytes::from(text.into())),
            socket: None,
            url: String::new(),
            redirected: false,
        }
    }
}

/// The bytes of a request or response.
#[derive(Debug, Default)]
pub enum Body {
    /// There is no body, which differs from an empty one.
    #[default]
    None,
    /// All of it is here.
    Bytes(Bytes),
    /// It arrives in chunks.
    Stream(BodyStream),
}

/// The reading end of a streamed body.
#[derive(Debug)]
pub struct BodyStream {
    /// The total size, where the producer declared it.
    pub length: Option<u64>,
    /// The chunks; an error is the last item, the end of the channel is the end of the body.
    pub chunks: mpsc::Receiver<Result<Bytes, BodyError>>,
}

/// The writing end of a streamed body. Dropping it ends the body.
pub type BodyWriter = mpsc::Sender<Result<Bytes, BodyError>>;

/// Returns both ends of a streamed body.
pub fn body_stream(length: Option<u64>) -> (BodyWriter, BodyStream) {
    let (writer, chunks) = mpsc::channel(BODY_CHUNKS_MAX);
    (writer, BodyStream { length, chunks })
}

/// Why a body ended early.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BodyError {
    /// The other side went away before the end.
    #[error("Network connection lost.")]
    Disconnected,
    /// The client broke its connection off while it sent the body of a request.
    #[error("Can't read from request stream because client disconnected.")]
    Reset,
    /// The body is larger than the configured limit.
    #[error("request body is larger than the limit of {limit_bytes} bytes")]
    TooLarge {
        /// The limit that was exceeded.
        limit_bytes: u64,
    },
    /// A reader wanted all of it at once, and there is no memory for so much.
    #[error("Memory limit exceeded before EOF.")]
    Unbuffered,
    /// The bytes are not what their content coding says.
    #[error("{0}")]
    Undecodable(&'static str),
    /// The producer failed with a message of its own.
    #[error("{0}")]
    Failed(String),
}
