//! WebSocket ends that JavaScript has an id for, except hibernatable ones, which their object keeps.

use std::cell::RefCell;
use std::rc::Rc;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use stated_object::socket::{Received, Socket, SocketEnd, SocketMessage};

use crate::context::{Context, Hold, Left};
use crate::progress::{Awaited, Pending};
use crate::worker::Worker;

/// RFC 6455's registry: "service restart".
const SERVICE_RESTART: u16 = 1012;
const SERVICE_RESTART_REASON: &str = "the code was updated";

/// The open ends of one shard.
#[derive(Default)]
pub(crate) struct Sockets(RefCell<FxHashMap<u64, Slot>>);

struct Slot {
    context: Rc<Context>,
    state: State,
    attachment: Option<Bytes>,
}

enum State {
    /// Not accepted; may still be returned in a response.
    Idle(SocketEnd),
    /// Accepted with `accept()`.
    Accepted {
        socket: Rc<Socket>,
        _hold: Hold,
        _pending: Pending,
    },
}

impl Sockets {
    /// Registers an end and returns its id.
    pub(crate) fn insert(&self, id: u64, context: &Rc<Context>, end: SocketEnd) -> u64 {
        let slot = Slot {
            context: context.clone(),
            state: State::Idle(end),
            attachment: None,
        };
        context.note_left(Left::Sockets);
        self.0.borrow_mut().insert(id, slot);
        id
    }

    /// Takes an end that was not accepted, to move it elsewhere; its attachment goes along.
    pub(crate) fn take(&self, id: u64) -> Option<(SocketEnd, Option<Bytes>)> {
        let mut sockets = self.0.borrow_mut();
        match sockets.remove(&id)? {
            Slot {
                state: State::Idle(end),
                attachment,
                ..
            } => Some((end, attachment)),
            slot => {
                sockets.insert(id, slot);
                None
            }
        }
    }

    /// An accepted end.
    pub(crate) fn accepted(&self, id: u64) -> Option<Rc<Socket>> {
        match &self.0.borrow().get(&id)?.state {
            State::Accepted { socket, .. } => Some(socket.clone()),
            State::Idle(_) => None,
        }
    }

    /// `(protocol, extensions)`
    pub(crate) fn negotiated(&self, id: u64) -> Option<(String, String)> {
        Some(match &self.0.borrow().get(&id)?.state {
            State::Accepted { socket, .. } => (socket.protocol.clone(), socket.extensions.clone()),
            State::Idle(end) => (end.protocol.clone(), end.extensions.clone()),
        })
    }

    /// Whether an end is open whose events the context gets.
    pub(crate) fn has_accepted(&self, context: u64) -> bool {
        self.0
            .borrow()
            .values()
            .any(|slot| slot.context.id == context && matches!(slot.state, State::Accepted { .. }))
    }

    pub(crate) fn attachment(&self, id: u64) -> Option<Bytes> {
        self.0.borrow().get(&id)?.attachment.clone()
    }

    pub(crate) fn set_attachment(&self, id: u64, bytes: Bytes) {
        if let Some(slot) = self.0.borrow_mut().get_mut(&id) {
            slot.attachment = Some(bytes);
        }
    }

    /// Drops what a context left open: unsent messages still go out.
    pub(crate) fn end_context(&self, context: u64) {
        let mut left = Vec::new();
        let mut sockets = self.0.borrow_mut();
        let ids: Vec<u64> = sockets
            .iter()
            .filter(|(_, slot)| slot.context.id == context)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            left.extend(sockets.remove(&id));
        }
        drop(sockets);
        drop(left);
    }

    /// Says Close to the peer of every accepted end, as before new code takes over. Those that
    /// hibernate are not here.
    pub(crate) fn close_accepted(&self, code: u16, reason: &str) {
        for slot in self.0.borrow().values() {
            if let State::Accepted { socket, .. } = &slot.state {
                socket.push(SocketMessage::Close {
                    code: Some(code),
                    reason: reason.to_owned(),
                });
            }
        }
    }

    fn remove(&self, id: u64) {
        let slot = self.0.borrow_mut().remove(&id);
        drop(slot);
    }
}

impl Worker {
    /// Accepts an end: its events are dispatched to the JavaScript object from now on.
    pub(crate) fn accept_socket(self: &Rc<Self>, id: u64) {
        let Some((end, attachment)) = self.sockets.take(id) else {
            return;
        };
        let Some(context) = self.context_of_frame() else {
            return;
        };
        let socket = Rc::new(Socket::new(end));
        let state = State::Accepted {
            socket: socket.clone(),
            _hold: context.hold(),
            _pending: Pending::new(self, &context, 0, Awaited::Recurring),
        };
        context.note_left(Left::Sockets);
        self.sockets.0.borrow_mut().insert(
            id,
            Slot {
                context: context.clone(),
                state,
                attachment,
            },
        );
        tokio::task::spawn_local(self.clone().read_socket(id, context, socket));
    }

    /// Closes what cannot hibernate, since the code that it talks to is about to be replaced.
    pub fn close_sockets_for_restart(&self) {
        self.sockets
            .close_accepted(SERVICE_RESTART, SERVICE_RESTART_REASON);
    }

    async fn read_socket(self: Rc<Self>, id: u64, context: Rc<Context>, socket: Rc<Socket>) {
        loop {
            let received = tokio::select! {
                received = socket.receive() => received,
                () = context.ended() => break,
            };
            let Some(Received { event, last }) = received else {
                break;
            };
            let Ok(permit) = context.enter(0).await else {
                break;
            };
            self.refill(&context);
            self.dispatch_socket_event(&context, id, event);
            drop(permit);
            if last {
                break;
            }
        }
        tokio::select! {
            // Until this side has closed too.
            () = socket.closed_or_abandoned() => {}
            () = context.ended() => {}
        }
        self.sockets.remove(id);
        socket.finish();
    }
}
