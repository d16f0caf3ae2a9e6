//! Hibernatable WebSockets of one object: they outlive the instance.
//!
//! Each has a task that reads one message at a time and delivers it as an event, so that events of
//! one socket are strictly serial; an exact match of the auto-response is answered right there,
//! without waking the object.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use bytes::Bytes;

use crate::clock::wall_ms;
use crate::namespace::{Entry, Namespace};
use crate::program::SocketEvent;
use crate::socket::{Received, Socket, SocketMessage};

/// Names a socket on its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// The hibernatable sockets of one object.
#[derive(Debug, Default)]
pub struct Hibernation {
    attached: RefCell<Attached>,
    auto_response: RefCell<Option<(String, String)>>,
    event_timeout_ms: Cell<Option<u32>>,
}

/// The sockets by id and in order of acceptance.
#[derive(Debug, Default)]
struct Attached {
    places: HashMap<SocketId, u64>,
    in_order: BTreeMap<u64, Rc<HibernatedSocket>>,
    accepted: u64,
}

/// One attached socket.
#[derive(Debug)]
pub struct HibernatedSocket {
    /// Its name.
    pub id: SocketId,
    /// In the order given, without duplicates.
    pub tags: Vec<String>,
    /// The connection.
    pub socket: Socket,
    attachment: RefCell<Option<Bytes>>,
    auto_response_ms: Cell<Option<i64>>,
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
}

impl Hibernation {
    /// How many are attached.
    pub fn len(&self) -> usize {
        self.attached.borrow().in_order.len()
    }

    /// Whether none is attached.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows the attached sockets: newest first, or those with the tag in order of acceptance.
    ///
    /// None may be attached meanwhile.
    pub fn for_each(&self, tag: Option<&str>, mut show: impl FnMut(&HibernatedSocket)) {
        let attached = self.attached.borrow();
        let sockets = attached.in_order.values();
        match tag {
            None => sockets.rev().for_each(|socket| show(socket)),
            Some(tag) => sockets
                .filter(|socket| socket.tags.iter().any(|own| own == tag))
                .for_each(|socket| show(socket)),
        }
    }

    /// An attached socket.
    pub fn get(&self, id: SocketId) -> Option<Rc<HibernatedSocket>> {
        let attached = self.attached.borrow();
        let place = attached.places.get(&id)?;
        attached.in_order.get(place).cloned()
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
        let attached = std::mem::take(&mut *self.attached.borrow_mut());
        for socket in attached.in_order.values() {
            socket.socket.cut();
        }
    }

    fn attach(&self, socket: Rc<HibernatedSocket>) {
        let mut attached = self.attached.borrow_mut();
        attached.accepted += 1;
        let place = attached.accepted;
        attached.places.insert(socket.id, place);
        attached.in_order.insert(place, socket);
    }

    fn detach(&self, id: SocketId) {
        let mut attached = self.attached.borrow_mut();
        if let Some(place) = attached.places.remove(&id) {
            attached.in_order.remove(&place);
        }
    }
}

impl Namespace {
    /// Attaches a socket to an object; its events are delivered from now on.
    pub fn attach_socket(
        self: &Rc<Self>,
        entry: &Rc<Entry>,
        id: SocketId,
        socket: Socket,
        tags: Vec<String>,
    ) {
        let socket = Rc::new(HibernatedSocket {
            id,
            tags,
            socket,
            attachment: RefCell::default(),
            auto_response_ms: Cell::default(),
        });
        entry.sockets.attach(socket.clone());
        let reader = Reader {
            namespace: self.clone(),
            entry: entry.clone(),
            socket,
        };
        tokio::task::spawn_local(reader.run());
    }
}

/// Reads one socket until it ends.
struct Reader {
    namespace: Rc<Namespace>,
    entry: Rc<Entry>,
    socket: Rc<HibernatedSocket>,
}

impl Reader {
    async fn run(self) {
        while let Some(Received { event, last }) = self.socket.socket.receive().await {
            if matches!(&event, SocketEvent::Text(text) if self.answered(text)) {
                continue;
            }
            // Apart, so that a socket that waits for its next message is not as large as a delivery.
            let delivery = self
                .namespace
                .deliver_socket_event(&self.entry, self.socket.id, event);
            if let Err(failure) = Box::pin(delivery).await {
                tracing::debug!(%failure, object_id = %self.entry.id, "WebSocket handler failed");
            }
            if last {
                break;
            }
        }
        self.entry.sockets.detach(self.socket.id);
        self.socket.socket.finish();
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
            .socket
            .push(SocketMessage::Text(response.clone()));
        self.socket.auto_response_ms.set(Some(wall_ms()));
        true
    }
}
