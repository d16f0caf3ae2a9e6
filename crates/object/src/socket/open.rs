//! An end in use by a program: what it sends never waits, what arrives comes as events.

use std::cell::Cell;
use std::future::poll_fn;

use super::{Refused, SocketEnd, SocketMessage, SocketReceiver, SocketSender};
use crate::program::SocketEvent;

/// The reason given when a connection ends without Close frame.
pub const ABNORMAL_CLOSE: &str = "WebSocket disconnected without sending Close frame.";

/// The code of such an end; no frame has it.
const ABNORMAL: u16 = 1006;
/// What a Close frame without a code is reported as.
const NO_STATUS: u16 = 1005;
/// What a peer that does not read is told, should it read again: "try again later".
const TOO_SLOW: u16 = 1013;
const TOO_SLOW_REASON: &str = "too many messages wait to be read";

/// An open WebSocket of a program.
#[derive(Debug)]
pub struct Socket {
    outgoing: SocketSender,
    incoming: SocketReceiver,
    /// The negotiated subprotocol, empty if none.
    pub protocol: String,
    /// The negotiated extensions, empty if none.
    pub extensions: String,
    /// Whether the end of the other direction has arrived.
    close_received: Cell<bool>,
    cut: Cell<bool>,
}

/// An event of a socket.
#[derive(Debug)]
pub struct Received {
    /// What happened.
    pub event: SocketEvent,
    /// Whether nothing comes after it.
    pub last: bool,
}

impl Socket {
    /// Takes an end into use.
    pub fn new(end: SocketEnd) -> Self {
        Self {
            outgoing: end.outgoing,
            incoming: end.incoming,
            protocol: end.protocol,
            extensions: end.extensions,
            close_received: Cell::new(false),
            cut: Cell::new(false),
        }
    }

    /// Sends a message; ignored after a Close or when the peer is gone.
    ///
    /// A peer that has left too much unread loses what is queued and is closed with 1013. For the
    /// program the connection is lost: the next event is a close with 1006.
    pub fn push(&self, message: SocketMessage) {
        let Err(Refused::Full { queued_bytes }) = self.outgoing.push(message) else {
            return;
        };
        tracing::warn!(
            queued_bytes,
            "WebSocket peer does not read; connection closed with {TOO_SLOW}"
        );
        self.outgoing.give_up(SocketMessage::Close {
            code: Some(TOO_SLOW),
            reason: TOO_SLOW_REASON.to_owned(),
        });
        self.incoming.close();
    }

    /// Waits for the next event; `None` once the socket was cut. Not called after the last event.
    pub async fn receive(&self) -> Option<Received> {
        let message = poll_fn(|cx| self.incoming.poll_recv(cx)).await;
        if self.cut.get() {
            return None;
        }
        let (event, last) = match message {
            Some(SocketMessage::Text(text)) => (SocketEvent::Text(text), false),
            Some(SocketMessage::Binary(bytes)) => (SocketEvent::Binary(bytes), false),
            Some(SocketMessage::Close { code, reason }) => {
                (closed(code.unwrap_or(NO_STATUS), reason, true), true)
            }
            Some(SocketMessage::Error(message)) => (SocketEvent::Error(message), true),
            None => (closed(ABNORMAL, ABNORMAL_CLOSE.to_owned(), false), true),
        };
        self.close_received.set(last);
        Some(Received { event, last })
    }

    /// The WHATWG ready state: 1 open, 2 closing, 3 closed.
    pub fn ready_state(&self) -> u8 {
        match (self.close_sent(), self.close_received.get()) {
            (true, true) => 3,
            (false, false) => 1,
            _ => 2,
        }
    }

    /// Whether a Close was sent.
    pub fn close_sent(&self) -> bool {
        self.outgoing.has_ended()
    }

    /// Ends the connection without Close frame, losing what is queued; no event follows.
    pub fn cut(&self) {
        self.cut.set(true);
        self.outgoing.abort();
        self.incoming.close();
    }

    /// Lets the connection end after what is queued.
    pub fn finish(&self) {
        self.outgoing.finish();
    }

    /// Waits until a Close was sent or the peer is gone.
    pub async fn closed_or_abandoned(&self) {
        self.outgoing.ended_or_closed().await;
    }
}

fn closed(code: u16, reason: String, was_clean: bool) -> SocketEvent {
    SocketEvent::Close {
        code,
        reason,
        was_clean,
    }
}
