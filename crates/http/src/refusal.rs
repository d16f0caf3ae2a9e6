//! The answers this crate gives by itself, to requests that no handler can answer.

use http::header::{CONNECTION, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderValue, StatusCode};
use stated_object::message::FetchResponse;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request cannot be understood; the text says what about it.
    Malformed(&'static str),
    /// The method is CONNECT.
    Tunnel,
    /// The body has a transfer coding besides `chunked`.
    Coding,
    /// The declared body is larger than this.
    BodyTooLarge(u64),
    /// The handler wants a WebSocket and the client does not, or in another version.
    NeedsUpgrade(&'static str),
}

impl Refusal {
    /// Whether the connection ends with it: what follows on it may not be a request.
    pub(crate) fn ends_connection(self) -> bool {
        match self {
            Self::Malformed(_) | Self::Tunnel | Self::Coding | Self::BodyTooLarge(_) => true,
            Self::NeedsUpgrade(_) => false,
        }
    }

    /// The response that tells the client.
    pub(crate) fn into_response(self) -> FetchResponse {
        let (status, text) = match self {
            Self::Malformed(text) => (StatusCode::BAD_REQUEST, text.to_owned()),
            Self::Tunnel => (
                StatusCode::NOT_IMPLEMENTED,
                "method CONNECT is not supported".to_owned(),
            ),
            Self::Coding => (
                StatusCode::NOT_IMPLEMENTED,
                "no transfer coding but chunked is supported".to_owned(),
            ),
            Self::BodyTooLarge(limit) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("request body is larger than the limit of {limit} bytes"),
            ),
            Self::NeedsUpgrade(text) => (StatusCode::UPGRADE_REQUIRED, text.to_owned()),
        };
        let mut response = FetchResponse::text(status, text);
        let mut set = |name, value| {
            response
                .headers
                .insert(name, HeaderValue::from_static(value))
        };
        if self.ends_connection() {
            set(CONNECTION, "close");
        } else {
            set(CONNECTION, "Upgrade");
            set(UPGRADE, "websocket");
            set(SEC_WEBSOCKET_VERSION, "13");
        }
        response
    }
}
