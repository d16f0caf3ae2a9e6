//! Hibernatable WebSockets of one object: they outlive the instance.
//!
//! Each has a task that reads one message at a time and delivers it as an event, so that events of
//! one socket are strictly serial; an exact match of the auto-response is answered right there,
//! without waking the object.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::clock::wall_ms;
use crate::namespace::{Entry, Namespace};
use crate::program::{Event, SocketEvent};
use crate::socket::{Outbox, SocketEnd, SocketMessage};

/// Names a socket on its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// The reason given when a connection ends without Close frame.
pub const ABNORMAL_CLOSE: &str = "WebSocket disconnected without sending Close frame.";

/// The hibernatable sockets of one object.
#[derive(Debug, Default)]
pub struct Hibernation {
    sockets: RefCell<Vec<Rc<HibernatedSocket>>>,
    auto_response: RefCell<Option<(String, String)>>,
    event_timeout_ms: Cell<Option<u32>>,
}

/// One attached socket.
#[derive(Debug)]
pub struct HibernatedSocket {
    /// Its name.
    pub id: SocketId,
    /// In the order given, without duplicates.
    pub tags: Vec<String>,
    /// The negotiated subprotocol.
    pub protocol: String,
    /// The negotiated extensions.
    pub extensions: String,
    /// Messages to the peer.
    pub outbox: Outbox,
    attachment: RefCell<Option<Bytes>>,
    auto_response_ms: Cell<Option<i64>>,
    close_received: Cell<bool>,
}

impl HibernatedSocket {
    /// The serialized attachment.
    pub fn attachment(&self) -> Option<Bytes> {
        self.attachment.borrow().clone()
    }

    /// Replaces the attachment.
    pub fn set_attachment(&self, bytes: Bytes) {
        *self.attachment.borrow_mut() = Some(bytes);
    }

    /// When the runtime last answered for the object, in milliseconds since the epoch.
    pub fn auto_response_ms(&self) -> Option<i64> {
        self.auto_response_ms.get()
    }

    /// The WHATWG ready state: 1 open, 2 closing, 3 closed.
    pub fn ready_state(&self) -> u8 {
        match (self.outbox.close_sent(), self.close_received.get()) {
            (true, true) => 3,
            (false, false) => 1,
            _ => 2,
        }
    }
}

impl Hibernation {
    /// How many are attached.
    pub fn len(&self) -> usize {
        self.sockets.borrow().len()
    }

    /// Whether none is attached.
    pub fn is_empty(&self) -> bool {
        self.sockets.borrow().is_empty()
    }

    /// The attached sockets: newest first, or those with the tag in order of acceptance.
    pub fn list(&self, tag: Option<&str>) -> Vec<SocketId> {
        let sockets = self.sockets.borrow();
        match tag {
            None => sockets.iter().rev().map(|socket| socket.id).collect(),
            Some(tag) => sockets
                .iter()
                .filter(|socket| socket.tags.iter().any(|own| own == tag))
                .map(|socket| socket.id)
                .collect(),
        }
    }

    /// An attached socket.
    pub fn get(&self, id: SocketId) -> Option<Rc<HibernatedSocket>> {
        self.sockets
            .borrow()
            .iter()
            .find(|socket| socket.id == id)
            .cloned()
    }

    /// The pair that the runtime answers by itself.
    pub fn auto_response(&self) -> Option<(String, String)> {
        self.auto_response.borrow().clone()
    }

    /// Sets or removes that pair.
    pub fn set_auto_response(&self, pair: Option<(String, String)>) {
        *self.auto_response.borrow_mut() = pair;
    }

    /// The time limit of one socket event.
    pub fn event_timeout_ms(&self) -> Option<u32> {
        self.event_timeout_ms.get()
    }

    /// Sets or removes that limit.
    pub fn set_event_timeout_ms(&self, ms: Option<u32>) {
        self.event_timeout_ms.set(ms);
    }

    /// Disconnects all, as when the instance broke.
    pub(crate) fn cut_all(&self) {
        for socket in self.sockets.borrow_mut().drain(..) {
            socket.outbox.cut();
        }
    }

    fn detach(&self, id: SocketId) {
        self.sockets.borrow_mut().retain(|socket| socket.id != id);
    }
}

impl Namespace {
    /// Attaches a socket to an object; its events are delivered from now on.
    pub fn attach_socket(
        self: &Rc<Self>,
        entry: &Rc<Entry>,
        id: SocketId,
        end: SocketEnd,
        outbox: Outbox,
        tags: Vec<String>,
    ) {
        let socket = Rc::new(HibernatedSocket {
            id,
            tags,
            protocol: end.protocol,
            extensions: end.extensions,
            outbox,
            attachment: RefCell::default(),
            auto_response_ms: Cell::default(),
            close_received: Cell::default(),
        });
        entry.sockets.sockets.borrow_mut().push(socket.clone());
        let reader = Reader {
            namespace: self.clone(),
            entry: entry.clone(),
            socket,
            incoming: end.incoming,
        };
        tokio::task::spawn_local(reader.run());
    }
}

/// Reads one socket until it ends.
struct Reader {
    namespace: Rc<Namespace>,
    entry: Rc<Entry>,
    socket: Rc<HibernatedSocket>,
    incoming: mpsc::Receiver<SocketMessage>,
}

impl Reader {
    async fn run(mut self) {
        loop {
            let message = tokio::select! {
                message = self.incoming.recv() => message,
                () = self.socket.outbox.was_cut() => return,
            };
            let (event, last) = match message {
                Some(SocketMessage::Text(text)) => {
                    if self.answered(&text) {
                        continue;
                    }
                    (SocketEvent::Text(text), false)
                }
                Some(SocketMessage::Binary(bytes)) => (SocketEvent::Binary(bytes), false),
                Some(SocketMessage::Close { code, reason }) => {
                    self.socket.close_received.set(true);
                    (
                        SocketEvent::Close {
                            code: code.unwrap_or(1005),
                            reason,
                            was_clean: true,
                        },
                        true,
                    )
                }
                Some(SocketMessage::Error(message)) => (SocketEvent::Error(message), true),
                None => {
                    let reason = ABNORMAL_CLOSE.to_owned();
                    self.socket.close_received.set(true);
                    (
                        SocketEvent::Close {
                            code: 1006,
                            reason,
                            was_clean: false,
                        },
                        true,
                    )
                }
            };
            let event = Event::Socket {
                socket: self.socket.id,
                event,
            };
            if let Err(failure) = self.namespace.deliver(&self.entry, 0, event).await {
                tracing::debug!(%failure, object_id = %self.entry.id, "WebSocket handler failed");
            }
            if last {
                self.entry.sockets.detach(self.socket.id);
                self.socket.outbox.finish();
                return;
            }
        }
    }

    fn answered(&self, text: &str) -> bool {
        let pair = self.entry.sockets.auto_response.borrow();
        let Some((request, response)) = pair.as_ref() else {
            return false;
        };
        if request != text {
            return false;
        }
        self.socket
            .outbox
            .push(SocketMessage::Text(response.clone()));
        self.socket.auto_response_ms.set(Some(wall_ms()));
        true
    }
}
