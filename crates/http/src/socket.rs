//! WebSockets at the network edge (RFC 6455, RFC 7692): between a connection and a [`SocketEnd`].
//!
//! Why the frames are read here and not by a library: the program decides when a Close is answered
//! (compatibility flag `web_socket_auto_reply_to_close`) and may go on sending until then, also
//! after the peer's Close. Of the maintained crates, `fastwebsockets`, `tungstenite` and
//! `tokio-websockets` have no compression; `soketto` inflates without a bound and cannot keep the
//! window of a client; `ratchet` and `yawc` have both, but answer Close by themselves before the
//! application sees it. An idle hibernating connection must also hold no buffer and no compression
//! state. What is left of a WebSocket after taking these decisions out is a header of two to
//! fourteen bytes; compression itself is `flate2`'s.
//!
//! Layers, each pure but the last: `frame` reads and writes headers, `deflate` negotiates and
//! (de)compresses, `assemble` turns bytes into messages, `encode` messages into bytes, `handshake`
//! is the HTTP part, and `pump` moves everything.
//!
//! [`SocketEnd`]: stated_object::socket::SocketEnd

use std::borrow::Cow;

pub(crate) mod assemble;
pub(crate) mod deflate;
pub(crate) mod encode;
pub(crate) mod frame;
pub(crate) mod handshake;
pub mod probe;
pub(crate) mod pump;

/// What fits a Close frame beside the code.
const REASON_BYTES_MAX: usize = 123;

/// Which side of the connection this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Sends masked frames, expects plain ones.
    Client,
    /// Sends plain frames, expects masked ones.
    Server,
}

/// Why a connection must be failed: the code of our Close frame and its reason.
///
/// The reasons are workerd's where it fails the connection too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) code: u16,
    pub(crate) reason: Cow<'static, str>,
}

impl Violation {
    pub(crate) fn protocol(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: 1002,
            reason: reason.into(),
        }
    }

    /// A message of `bytes`, or of more than that.
    pub(crate) fn too_large(bytes: u64, bytes_max: usize) -> Self {
        Self {
            code: 1009,
            reason: format!("Message is too large: {bytes} > {bytes_max}").into(),
        }
    }

    /// What the program is told.
    pub(crate) fn text(&self) -> String {
        format!(
            "WebSocket protocol error; protocolError.statusCode = {}; protocolError.description = {}",
            self.code, self.reason
        )
    }

    /// The reason as a Close frame can hold it.
    pub(crate) fn close_reason(&self) -> &str {
        &self.reason[..self.reason.floor_char_boundary(REASON_BYTES_MAX)]
    }

    pub(crate) const NOT_UTF8: Self = Self {
        code: 1007,
        reason: Cow::Borrowed("text is not valid UTF-8"),
    };
    pub(crate) const BAD_DEFLATE: Self = Self {
        code: 1007,
        reason: Cow::Borrowed("compressed data is not valid"),
    };
    pub(crate) const UNFINISHED: Self = Self {
        code: 1008,
        reason: Cow::Borrowed("message was not finished in time"),
    };
}
