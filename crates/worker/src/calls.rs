//! Handlers that have been started and not answered yet.

use std::cell::RefCell;
use std::collections::HashMap;

use stated_core::error::Failure;
use stated_object::program::{Answer, AnswerReceiver};
use tokio::sync::oneshot;

struct Call {
    context: u64,
    answer: oneshot::Sender<Result<Answer, Failure>>,
}

/// The open calls of one shard, by number.
#[derive(Default)]
pub(crate) struct Calls(RefCell<HashMap<u64, Call>>);

impl Calls {
    /// Opens a call.
    pub(crate) fn open(&self, id: u64, context: u64) -> AnswerReceiver {
        let (answer, receiver) = oneshot::channel();
        self.0.borrow_mut().insert(id, Call { context, answer });
        receiver
    }

    /// Answers a call; ignored when it is closed already or nobody waits.
    pub(crate) fn answer(&self, id: u64, answer: Result<Answer, Failure>) {
        let call = self.0.borrow_mut().remove(&id);
        if let Some(call) = call {
            let _unused = call.answer.send(answer);
        }
    }

    /// Fails every open call of a context.
    pub(crate) fn fail_context(&self, context: u64, failure: &Failure) {
        let ids: Vec<u64> = self
            .0
            .borrow()
            .iter()
            .filter(|(_, call)| call.context == context)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.answer(id, Err(failure.clone()));
        }
    }
}
