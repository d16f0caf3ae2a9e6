//! WebSocket ends that JavaScript has an id for, except hibernatable ones, which their object keeps.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use bytes::Bytes;
use stated_object::hibernation::ABNORMAL_CLOSE;
use stated_object::program::SocketEvent;
use stated_object::socket::{Outbox, SocketEnd, SocketMessage};
use tokio::sync::mpsc;

use crate::context::{Context, Hold};
use crate::progress::{Awaited, Pending};
use crate::worker::Worker;

/// The open ends of one shard.
#[derive(Default)]
pub(crate) struct Sockets(RefCell<HashMap<u64, Slot>>);

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
        outbox: Outbox,
        protocol: String,
        extensions: String,
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

    /// The queue of an accepted end.
    pub(crate) fn outbox(&self, id: u64) -> Option<Outbox> {
        match &self.0.borrow().get(&id)?.state {
            State::Accepted { outbox, .. } => Some(outbox.clone()),
            State::Idle(_) => None,
        }
    }

    /// `(protocol, extensions)`
    pub(crate) fn negotiated(&self, id: u64) -> Option<(String, String)> {
        Some(match &self.0.borrow().get(&id)?.state {
            State::Accepted {
                protocol,
                extensions,
                ..
            } => (protocol.clone(), extensions.clone()),
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
        let SocketEnd {
            outgoing,
            incoming,
            protocol,
            extensions,
        } = end;
        let outbox = Outbox::new(outgoing);
        let state = State::Accepted {
            outbox: outbox.clone(),
            protocol,
            extensions,
            _hold: context.hold(),
            _pending: Pending::new(self, &context, 0, Awaited::Recurring),
        };
        self.sockets.0.borrow_mut().insert(
            id,
            Slot {
                context: context.clone(),
                state,
                attachment,
            },
        );
        tokio::task::spawn_local(self.clone().read_socket(id, context, incoming, outbox));
    }

    async fn read_socket(
        self: Rc<Self>,
        id: u64,
        context: Rc<Context>,
        mut incoming: mpsc::Receiver<SocketMessage>,
        outbox: Outbox,
    ) {
        loop {
            let message = tokio::select! {
                message = incoming.recv() => message,
                () = context.ended() => break,
                () = outbox.was_cut() => None,
            };
            let (event, last) = match message {
                Some(SocketMessage::Text(text)) => (SocketEvent::Text(text), false),
                Some(SocketMessage::Binary(bytes)) => (SocketEvent::Binary(bytes), false),
                Some(SocketMessage::Close { code, reason }) => (
                    SocketEvent::Close {
                        code: code.unwrap_or(1005),
                        reason,
                        was_clean: true,
                    },
                    true,
                ),
                Some(SocketMessage::Error(message)) => (SocketEvent::Error(message), true),
                None => (
                    SocketEvent::Close {
                        code: 1006,
                        reason: ABNORMAL_CLOSE.to_owned(),
                        was_clean: false,
                    },
                    true,
                ),
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
            () = self.finish_socket(id, &outbox) => {}
            () = context.ended() => self.sockets.remove(id),
        }
    }

    /// Keeps an end whose peer has closed until this side has closed too.
    async fn finish_socket(&self, id: u64, outbox: &Outbox) {
        outbox.closed_or_abandoned().await;
        self.sockets.remove(id);
        outbox.finish();
    }
}
