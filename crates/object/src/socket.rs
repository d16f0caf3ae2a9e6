//! WebSocket connections as two queues of messages.
//!
//! A [`SocketEnd`] is one end. Its peer may be a network connection, the other half of a
//! `WebSocketPair`, or a test; nobody on either side can tell which. Frames, masking, pings and
//! compression belong to the network edge and never appear here. A program uses an end as a
//! [`Socket`].

mod open;
mod queue;

use bytes::Bytes;

pub use open::{ABNORMAL_CLOSE, Received, Socket};
pub use queue::{
    QUEUE_BYTES_MAX, READ_AHEAD_BYTES, READ_AHEAD_MESSAGES, Refused, SocketReceiver, SocketSender,
};

/// What one end tells the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketMessage {
    /// A text message; the edge has checked that it is UTF-8.
    Text(String),
    /// A binary message.
    Binary(Bytes),
    /// The Close frame: its code (`None` when the frame was empty) and reason. The last message.
    Close {
        /// The status code of the frame.
        code: Option<u16>,
        /// The reason, at most 123 bytes.
        reason: String,
    },
    /// The connection broke with a protocol or transport error described here. The last message.
    ///
    /// A connection that ends without Close and without error just ends the queue.
    Error(String),
}

/// One end of a connection. It may go to another thread until somebody uses it.
#[derive(Debug)]
pub struct SocketEnd {
    /// Messages to the peer. Dropping it without sending `Close` is an abnormal disconnect.
    pub outgoing: SocketSender,
    /// Messages from the peer; its end is the peer's disconnect.
    pub incoming: SocketReceiver,
    /// The negotiated subprotocol, empty if none.
    pub protocol: String,
    /// The negotiated extensions, empty if none.
    pub extensions: String,
}

/// Returns the two ends of a new connection.
pub fn socket_pair() -> (SocketEnd, SocketEnd) {
    let (left_out, right_in) = queue::queue();
    let (right_out, left_in) = queue::queue();
    let end = |outgoing, incoming| SocketEnd {
        outgoing,
        incoming,
        protocol: String::new(),
        extensions: String::new(),
    };
    (end(left_out, left_in), end(right_out, right_in))
}
