//! Every bound of the two edges, with its unit and its reason.
//!
//! A plain value: it reads no file and no environment. The composition root builds one, from the
//! configuration, and hands copies to [`serve`](crate::serve::serve) and
//! [`Client::new`](crate::client::Client::new).

use std::time::Duration;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The bounds of the listener, the client and their WebSockets.
///
/// The default is what a production server uses; tests make values small to reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections one listener serves at a time, WebSockets included.
    ///
    /// Further ones wait in the kernel's backlog until one ends.
    pub connection_count_max: usize,

    /// The time a client may take to send a request head, counted from the moment the connection
    /// is ready for one. It also ends idle keep-alive connections.
    pub head_read_timeout: Duration,

    /// Bytes of a request head: request line and header fields. More are answered with 431.
    ///
    /// At least 1 KiB. Cloudflare allows 128 KiB of header fields.
    pub head_bytes_max: usize,

    /// Header fields of one request. More are answered with 431.
    ///
    /// 100 is also what the parser keeps on its stack: another value costs an allocation per
    /// request.
    pub header_count_max: usize,

    /// Bytes of a request body. A larger `Content-Length` is answered with 413 before the handler
    /// runs; a chunked body that grows larger ends with an error in the middle.
    pub request_body_bytes_max: u64,

    /// The time without a byte after which a request body that is being read counts as broken.
    ///
    /// Response bodies that the client reads have no such bound: an event stream may be silent.
    pub body_read_timeout: Duration,

    /// Bodies up to this size that have arrived already are handed over whole instead of as a
    /// stream.
    pub body_inline_bytes_max: usize,

    /// The time a peer may leave our bytes unread, with its window full, before it is cut.
    pub response_stall_timeout: Duration,

    /// The time that requests in flight, and WebSockets that were told to close, get after a
    /// shutdown began.
    pub shutdown_timeout: Duration,

    /// Bytes of one WebSocket message, before and after decompression. More fail the connection
    /// with 1009.
    ///
    /// Source: Cloudflare Workers, 32 MiB.
    pub socket_message_bytes_max: usize,

    /// The same where [`SocketRules::large_messages`] is set.
    ///
    /// Source: workerd, 128 MiB.
    pub socket_large_message_bytes_max: usize,

    /// Bytes of outgoing frames that are gathered for one write.
    pub socket_write_bytes: usize,

    /// The time a WebSocket peer may leave our bytes unread before it is cut.
    pub socket_stall_timeout: Duration,

    /// The time without a byte after which a WebSocket peer that has begun a message, and so holds
    /// memory, is closed with 1008. A peer that is silent between messages has no limit.
    pub socket_message_timeout: Duration,

    /// The time without a byte from the peer after which a connection on which we sent Close is
    /// dropped.
    pub socket_close_timeout: Duration,

    /// Outgoing messages smaller than this are not compressed.
    pub socket_deflate_bytes_min: usize,

    /// Outgoing messages larger than this are not compressed, since compression holds the thread.
    pub socket_deflate_bytes_max: usize,

    /// Connections the client has open at a time, idle ones included.
    pub client_connection_count_max: usize,

    /// Idle connections the client keeps for one origin.
    pub client_idle_count_max: usize,

    /// The time after which the client closes an idle connection.
    pub client_idle_timeout: Duration,

    /// The time the client spends on one connection: waiting for a free place, name lookup, TCP
    /// and TLS together.
    ///
    /// The response itself has no time limit: the program aborts what takes it too long.
    pub client_connect_timeout: Duration,

    /// Bytes of the head of a response to the client.
    pub client_head_bytes_max: usize,

    /// Redirects the client follows for one fetch.
    ///
    /// Source: the fetch standard, 20.
    pub client_redirect_count_max: usize,
}

/// What the program of a service wants of its WebSockets, which may change while the service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketRules {
    /// Whether compression is offered and accepted.
    pub compression: bool,
    /// Whether peers may send messages of up to [`Limits::socket_large_message_bytes_max`].
    pub large_messages: bool,
}

impl Default for SocketRules {
    /// Those of a program of today: compressed messages of ordinary size.
    fn default() -> Self {
        Self {
            compression: true,
            large_messages: false,
        }
    }
}

impl Limits {
    /// Bytes of one message by these rules.
    pub(crate) fn message_bytes_max(&self, rules: SocketRules) -> usize {
        if rules.large_messages {
            self.socket_large_message_bytes_max
        } else {
            self.socket_message_bytes_max
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connection_count_max: 65_536,
            head_read_timeout: Duration::from_secs(30),
            head_bytes_max: 128 * KIB,
            header_count_max: 100,
            request_body_bytes_max: 100 * MIB as u64,
            body_read_timeout: Duration::from_secs(120),
            body_inline_bytes_max: 64 * KIB,
            response_stall_timeout: Duration::from_secs(120),
            shutdown_timeout: Duration::from_secs(30),
            socket_message_bytes_max: 32 * MIB,
            socket_large_message_bytes_max: 128 * MIB,
            socket_write_bytes: 64 * KIB,
            socket_stall_timeout: Duration::from_secs(30),
            socket_message_timeout: Duration::from_secs(120),
            socket_close_timeout: Duration::from_secs(30),
            socket_deflate_bytes_min: 256,
            socket_deflate_bytes_max: MIB,
            client_connection_count_max: 1024,
            client_idle_count_max: 64,
            client_idle_timeout: Duration::from_secs(60),
            client_connect_timeout: Duration::from_secs(15),
            client_head_bytes_max: 256 * KIB,
            client_redirect_count_max: 20,
        }
    }
}
