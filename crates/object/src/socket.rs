//! WebSocket connections as a pair of message queues.
//!
//! A [`SocketEnd`] is one end. Its peer may be a network connection, the other half of a
//! `WebSocketPair`, or a test; nobody on either side can tell which. Frames, masking, pings and
//! compression belong to the network edge and never appear here.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

/// Messages that may wait between the two ends before the sender is held back.
pub const SOCKET_QUEUE_MAX: usize = 64;

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

/// One end of a connection.
#[derive(Debug)]
pub struct SocketEnd {
    /// Messages to the peer. Dropping it without sending `Close` is an abnormal disconnect.
    pub outgoing: mpsc::Sender<SocketMessage>,
    /// Messages from the peer; its end is the peer's disconnect.
    pub incoming: mpsc::Receiver<SocketMessage>,
    /// The negotiated subprotocol, empty if none.
    pub protocol: String,
    /// The negotiated extensions, empty if none.
    pub extensions: String,
}

/// Returns the two ends of a new connection.
pub fn socket_pair() -> (SocketEnd, SocketEnd) {
    let (left_out, right_in) = mpsc::channel(SOCKET_QUEUE_MAX);
    let (right_out, left_in) = mpsc::channel(SOCKET_QUEUE_MAX);
    let end = |outgoing, incoming| SocketEnd {
        outgoing,
        incoming,
        protocol: String::new(),
        extensions: String::new(),
    };
    (end(left_out, left_in), end(right_out, right_in))
}

/// Bytes that may be queued for a peer that does not read before the connection is cut.
pub const OUTBOX_BYTES_MAX: usize = 64 << 20;

/// Messages on their way to a peer: never blocks the sender, keeps order, is bounded.
///
/// Clones share the queue. A peer that stops reading is cut when [`OUTBOX_BYTES_MAX`] is exceeded.
#[derive(Clone, Debug)]
pub struct Outbox {
    inner: Rc<OutboxInner>,
}

#[derive(Debug)]
struct OutboxInner {
    direct: RefCell<Option<mpsc::Sender<SocketMessage>>>,
    queue: RefCell<VecDeque<SocketMessage>>,
    queued_bytes: Cell<usize>,
    draining: Cell<bool>,
    close_sent: watch::Sender<bool>,
    cut: watch::Sender<bool>,
}

impl Outbox {
    /// An outbox that writes to the sender of a [`SocketEnd`].
    pub fn new(outgoing: mpsc::Sender<SocketMessage>) -> Self {
        Self {
            inner: Rc::new(OutboxInner {
                direct: RefCell::new(Some(outgoing)),
                queue: RefCell::default(),
                queued_bytes: Cell::new(0),
                draining: Cell::new(false),
                close_sent: watch::Sender::new(false),
                cut: watch::Sender::new(false),
            }),
        }
    }

    /// Queues a message; ignored after a Close or when the peer is gone.
    pub fn push(&self, message: SocketMessage) {
        let inner = &self.inner;
        if self.close_sent() {
            return;
        }
        if matches!(message, SocketMessage::Close { .. }) {
            inner.close_sent.send_replace(true);
        }
        let Some(direct) = inner.direct.borrow().clone() else {
            return;
        };
        let message = if inner.queue.borrow().is_empty() && !inner.draining.get() {
            match direct.try_send(message) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Closed(_)) => return,
                Err(mpsc::error::TrySendError::Full(message)) => message,
            }
        } else {
            message
        };
        let bytes = message_bytes(&message);
        if inner.queued_bytes.get() + bytes > OUTBOX_BYTES_MAX {
            tracing::warn!(
                queued_bytes = inner.queued_bytes.get(),
                "WebSocket peer does not read; connection cut"
            );
            self.cut();
            return;
        }
        inner.queued_bytes.set(inner.queued_bytes.get() + bytes);
        inner.queue.borrow_mut().push_back(message);
        if !inner.draining.replace(true) {
            tokio::task::spawn_local(self.clone().drain(direct));
        }
    }

    async fn drain(self, direct: mpsc::Sender<SocketMessage>) {
        loop {
            let message = self.inner.queue.borrow_mut().pop_front();
            let Some(message) = message else { break };
            let bytes = message_bytes(&message);
            if direct.send(message).await.is_err() {
                self.inner.queue.borrow_mut().clear();
                break;
            }
            self.inner
                .queued_bytes
                .set(self.inner.queued_bytes.get().saturating_sub(bytes));
        }
        self.inner.draining.set(false);
    }

    /// Whether a Close was queued.
    pub fn close_sent(&self) -> bool {
        *self.inner.close_sent.borrow()
    }

    /// Ends the connection without Close frame, losing what is queued.
    pub fn cut(&self) {
        self.inner.queue.borrow_mut().clear();
        self.inner.direct.borrow_mut().take();
        self.inner.cut.send_replace(true);
    }

    /// Lets the connection end after what is queued.
    pub fn finish(&self) {
        self.inner.direct.borrow_mut().take();
    }

    /// Waits until a Close was queued or the peer is gone.
    pub async fn closed_or_abandoned(&self) {
        let direct = self.inner.direct.borrow().clone();
        let Some(direct) = direct else { return };
        let mut close_sent = self.inner.close_sent.subscribe();
        tokio::select! {
            _ = close_sent.wait_for(|sent| *sent) => {}
            () = direct.closed() => {}
        }
    }

    /// Waits until [`Outbox::cut`] is called.
    pub async fn was_cut(&self) {
        let mut cut = self.inner.cut.subscribe();
        // The sender lives in self, so this ends only by a cut.
        let _unused = cut.wait_for(|cut| *cut).await;
    }
}

fn message_bytes(message: &SocketMessage) -> usize {
    match message {
        SocketMessage::Text(text) | SocketMessage::Error(text) => text.len(),
        SocketMessage::Binary(bytes) => bytes.len(),
        SocketMessage::Close { reason, .. } => reason.len(),
    }
}
