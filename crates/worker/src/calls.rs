//! Handlers that have been started and not answered yet.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use stated_core::error::Failure;
use stated_object::program::{Answer, AnswerReceiver};
use tokio::sync::oneshot;

use crate::context::Context;

struct Call {
    context: Rc<Context>,
    answer: oneshot::Sender<Result<Answer, Failure>>,
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
        self.0.borrow_mut().insert(id, Call { context, answer });
        receiver
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
