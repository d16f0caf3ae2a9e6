//! Handlers that have been started and not answered yet.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{self, Poll};

use rustc_hash::FxHashMap;
use stated_core::error::Failure;
use stated_object::program::{Answer, AnswerReceiver};
use tokio::sync::oneshot;

use crate::callers::{Caller, Listener, Watch};
use crate::context::Context;

struct Call {
    context: Rc<Context>,
    answer: oneshot::Sender<Result<Answer, Failure>>,
    /// Present once the program has asked for the signal of the request.
    watch: Option<Watch>,
}

/// The open calls of one shard, by number.
#[derive(Default)]
pub(crate) struct Calls(RefCell<FxHashMap<u64, Call>>);

impl Calls {
    /// Opens a call.
    pub(crate) fn open(&self, id: u64, context: &Rc<Context>) -> AnswerReceiver {
        let (answer, receiver) = oneshot::channel();
        context.open_calls.set(context.open_calls.get() + 1);
        let context = context.clone();
        let call = Call {
            context,
            answer,
            watch: None,
        };
        self.0.borrow_mut().insert(id, call);
        receiver
    }

    /// The context of a call that is open, and whether its caller is there.
    pub(crate) fn caller(&self, id: u64) -> Option<(Rc<Context>, Caller)> {
        let calls = self.0.borrow();
        let call = calls.get(&id)?;
        Some((call.context.clone(), Caller::of(call.answer.is_closed())))
    }

    /// Ready when the one who waits for the answer has left; never for a call that is not open.
    pub(crate) fn poll_left(&self, id: u64, cx: &mut task::Context<'_>) -> Poll<()> {
        match self.0.borrow_mut().get_mut(&id) {
            Some(call) => call.answer.poll_closed(cx),
            None => Poll::Pending,
        }
    }

    /// Keeps a watch on the caller until the call is answered.
    pub(crate) fn set_watch(&self, id: u64, watch: Watch) {
        if let Some(call) = self.0.borrow_mut().get_mut(&id) {
            call.watch = Some(watch);
        }
    }

    /// Who wants to know that the caller leaves.
    pub(crate) fn listener(&self, id: u64) -> Option<Rc<Listener>> {
        let calls = self.0.borrow();
        calls.get(&id)?.watch.as_ref().map(Watch::listener)
    }

    /// Answers a call; ignored when it is closed already or nobody waits.
    pub(crate) fn answer(&self, id: u64, answer: Result<Answer, Failure>) {
        let call = self.0.borrow_mut().remove(&id);
        if let Some(call) = call {
            let open = &call.context.open_calls;
            open.set(open.get() - 1);
            let _unused = call.answer.send(answer);
        }
    }

    /// Fails every open call of a context.
    pub(crate) fn fail_context(&self, context: u64, failure: &Failure) {
        let ids: Vec<u64> = self
            .0
            .borrow()
            .iter()
            .filter(|(_, call)| call.context.id == context)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.answer(id, Err(failure.clone()));
        }
    }
}
