//! The way of one event through an object. **Read this file first.**
//!
//! ```text
//! admit -> start if inactive -> input gate -> JavaScript (one turn) -> answer -> output gate -> caller
//! ```

use std::rc::Rc;

use stated_core::error::{ErrorCode, Failure};
use tokio::sync::oneshot;

use crate::instance::Instance;
use crate::namespace::{Entry, Namespace};
use crate::program::{Answer, Event};

impl Namespace {
    /// Delivers an event to an object of this namespace and waits for its answer.
    ///
    /// `generation` is 0 for a stub's first call and otherwise what its last answer carried: a stub
    /// that saw the object break stays broken. The answer leaves only when everything it may depend
    /// on is durable. Dropping the future does not stop a handler that has started.
    ///
    /// # Errors
    /// What the handler threw, why the object broke, or why the event was not admitted.
    pub async fn deliver(
        self: &Rc<Self>,
        entry: &Rc<Entry>,
        generation: u64,
        event: Event,
    ) -> Result<(u64, Answer), Failure> {
        entry.check_generation(generation)?;
        let size = event.size();
        entry.admit(size)?;
        let _backlog = Backlogged { entry: entry.clone(), size };
        let instance = self.running(entry)?;
        let current = entry.generation();
        let answer = instance.deliver(event).await.map_err(|failure| failure.seen_through_stub(Some(entry.id)))?;
        Ok((current, answer))
    }

    /// The running instance, started if the object is inactive.
    pub(crate) fn running(self: &Rc<Self>, entry: &Rc<Entry>) -> Result<Rc<Instance>, Failure> {
        if let Some(instance) = entry.instance() {
            return Ok(instance);
        }
        let instance = self.new_instance(entry)?;
        entry.set_instance(&instance);
        // The constructor's turn is the first of the gate; the event that caused it enters next.
        if let Some(permit) = instance.try_enter() {
            let constructed = self.program().construct(&instance);
            if let Err(failure) = constructed {
                instance.break_with(failure.resetting());
            }
            drop(permit);
        }
        Ok(instance)
    }
}

impl Instance {
    /// Runs the event's handler and waits until its answer may leave.
    async fn deliver(self: &Rc<Self>, event: Event) -> Result<Answer, Failure> {
        let _active = self.active();
        let answer = {
            let _turn = self.enter(None).await?;
            self.program().start(self, event)
        };
        let answer = self.unless_broken(answer).await?;
        self.until_durable().await?;
        answer
    }

    /// Waits for the answer, or for the break of the instance.
    async fn unless_broken<T>(&self, answer: oneshot::Receiver<T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            answer = answer => answer.map_err(|_| self.reason().unwrap_or_else(|| Failure::new(ErrorCode::CallCanceled))),
            reason = self.broken() => Err(reason),
        }
    }
}

/// Counts an event as waiting until it is answered or given up.
struct Backlogged {
    entry: Rc<Entry>,
    size: u64,
}

impl Drop for Backlogged {
    fn drop(&mut self) {
        self.entry.release(self.size);
    }
}
