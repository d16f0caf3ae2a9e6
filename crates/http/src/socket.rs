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

pub(crate) mod assemble;
pub(crate) mod deflate;
pub(crate) mod encode;
pub(crate) mod frame;
pub(crate) mod handshake;
pub mod probe;
pub(crate) mod pump;

/// Which side of the connection this process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Sends masked frames, expects plain ones.
    Client,
    /// Sends plain frames, expects masked ones.
    Server,
}

/// Why a connection must be failed: the code of our Close frame and its reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) code: u16,
    pub(crate) reason: &'static str,
}

impl Violation {
    pub(crate) const fn protocol(reason: &'static str) -> Self {
        Self { code: 1002, reason }
    }

    pub(crate) const NOT_UTF8: Self = Self {
        code: 1007,
        reason: "text is not valid UTF-8",
    };
    pub(crate) const BAD_DEFLATE: Self = Self {
        code: 1007,
        reason: "compressed data is not valid",
    };
    pub(crate) const UNFINISHED: Self = Self {
        code: 1008,
        reason: "message was not finished in time",
    };
    pub(crate) const TOO_LARGE: Self = Self {
        code: 1009,
        reason: "message is too large",
    };
}
