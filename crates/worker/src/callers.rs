//! Callers that leave: whoever waits for a response may go away before it has all of it.
//!
//! A program learns of it by `request.signal`, and is told in a turn of its own. Nothing is kept for a call
//! whose program never asks for the signal. A response that is complete has no caller any more that could leave.

use std::future::poll_fn;
use std::rc::Rc;

use stated_engine::{Persistent, Thrown};
use tokio::task::AbortHandle;

use crate::context::{Context, Hold};
use crate::worker::Worker;

/// What JavaScript wants to be called when the caller leaves.
pub(crate) struct Listener {
    context: Rc<Context>,
    function: Persistent,
}

/// A task that waits for the caller to leave; it ends when this is dropped.
pub(crate) struct Watch {
    listener: Rc<Listener>,
    task: AbortHandle,
}

impl Watch {
    pub(crate) fn listener(&self) -> Rc<Listener> {
        self.listener.clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether the one who waits for a response is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// It has gone before it had everything.
    Left,
    /// It waits, or it has everything.
    Stays,
}

impl Caller {
    /// `closed` is whether nobody receives any more.
    pub(crate) fn of(closed: bool) -> Self {
        if closed { Self::Left } else { Self::Stays }
    }
}

impl Worker {
    /// Calls a function when the caller of a fetch leaves before it has the whole response.
    ///
    /// The function is not called when the caller has left already, or has everything. A stateless context
    /// lives until the function has run, and no longer for its sake.
    pub(crate) fn watch_caller(self: &Rc<Self>, call: u64, function: Persistent) -> Caller {
        if let Some((context, caller)) = self.calls.caller(call) {
            if caller == Caller::Stays {
                let worker = self.clone();
                let left = async move { poll_fn(|cx| worker.calls.poll_left(call, cx)).await };
                let watch = self.watch(Rc::new(Listener { context, function }), left);
                self.calls.set_watch(call, watch);
            }
            return caller;
        }
        let Some((body, context, caller)) = self.bodies.response_of(call) else {
            return Caller::Stays;
        };
        if caller == Caller::Stays {
            self.watch_reader(body, Rc::new(Listener { context, function }));
        }
        caller
    }

    /// A call is answered with a body that may still be written: its caller may leave until that has ended.
    pub(crate) fn response_is_body(self: &Rc<Self>, call: u64, body: u64) {
        self.bodies.note_response(body, call);
        if let Some(listener) = self.calls.listener(call) {
            self.watch_reader(body, listener);
        }
    }

    fn watch_reader(self: &Rc<Self>, body: u64, listener: Rc<Listener>) {
        if let Some((writer, _)) = self.bodies.writer(body) {
            let watch = self.watch(listener, async move { writer.closed().await });
            self.bodies.set_watch(body, watch);
        }
    }

    fn watch(
        self: &Rc<Self>,
        listener: Rc<Listener>,
        left: impl Future<Output = ()> + 'static,
    ) -> Watch {
        let worker = self.clone();
        let told = listener.clone();
        let hold = listener.context.hold();
        let task = tokio::task::spawn_local(async move {
            left.await;
            worker.tell_listener(&told, hold).await;
        });
        Watch {
            listener,
            task: task.abort_handle(),
        }
    }

    async fn tell_listener(self: &Rc<Self>, listener: &Listener, hold: Hold) {
        let Ok(permit) = listener.context.enter(0).await else {
            return;
        };
        self.run(&listener.context, 0, |scope| {
            let function = scope.local(&listener.function);
            if let Err(Thrown::Value(error)) = scope.call(function, &[]) {
                self.report(scope, error);
            }
        });
        drop(permit);
        drop(hold);
    }
}
