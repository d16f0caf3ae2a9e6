//! Whether anything can still happen that code waits for.
//!
//! A promise that nobody will settle cannot be told from one that somebody will, except by what is
//! left to happen: operations of the host, timers, sockets, targets that others may call. All of it
//! is counted here. Two things are decided by the counts.
//!
//! - A stateless event with an unfinished call is *hung* when nothing of its own is left to happen
//!   and no other code of the shard, whose heap it shares, is about to run either: a request may wait
//!   for a promise that another one resolves. It is cancelled then. What waits for a call on the same
//!   shard is not about to run for that, nor for its timers, which mostly limit the wait.
//! - A critical section of an object is *deadlocked* when nothing that belongs to it is left to
//!   happen: everything else waits for its end. The object is reset then.
//!
//! What cannot be counted (the library has none) would have to be an operation first.
//!
//! Source: reference sections 3.3 and 10.3.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use stated_core::error::{ErrorCode, Failure};

use crate::context::Context;
use crate::worker::{ConsoleLine, Level, Worker};

/// What is left to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// The end of an operation. Any code may depend on what runs then.
    Operation,
    /// A timer that fires once.
    Timer,
    /// The answer of a stateless event on this shard, which is counted itself.
    LocalCall,
    /// Something that can come again and again without anything new: an interval, a socket. Only its
    /// own context waits for it.
    Recurring,
}

/// The counts of one shard.
#[derive(Default)]
pub(crate) struct Progress {
    operations: Cell<u64>,
    /// Those of contexts that do not wait for a call on this shard.
    timers: Cell<u64>,
    looking: Cell<bool>,
}

impl Progress {
    /// Whether code is about to run on which other contexts may depend.
    fn goes_on(&self) -> bool {
        self.operations.get() > 0 || self.timers.get() > 0
    }
}

/// The counts of one context.
#[derive(Default)]
pub(crate) struct PendingCounts {
    all: Cell<u32>,
    in_sections: Cell<u32>,
    timers: Cell<u64>,
    local_calls: Cell<u32>,
}

impl PendingCounts {
    fn is_zero(&self) -> bool {
        self.all.get() == 0
    }
}

/// Something of a context that is left to happen, while it exists.
pub(crate) struct Pending {
    /// Weak, because tables of the worker own these.
    worker: Weak<Worker>,
    context: Rc<Context>,
    awaited: Awaited,
    in_section: bool,
}

impl Pending {
    /// Counts something that belongs to a section (0 for none) of the context.
    pub(crate) fn new(
        worker: &Rc<Worker>,
        context: &Rc<Context>,
        section: u32,
        awaited: Awaited,
    ) -> Self {
        let pending = Self {
            worker: Rc::downgrade(worker),
            context: context.clone(),
            awaited,
            in_section: section != 0,
        };
        pending.count(&worker.progress, 1);
        pending
    }

    /// Adds to all counts that this belongs to.
    fn count(&self, progress: &Progress, change: i32) {
        let own = &self.context.pending;
        own.all.set(own.all.get().wrapping_add_signed(change));
        if self.in_section {
            own.in_sections
                .set(own.in_sections.get().wrapping_add_signed(change));
        }
        let change64 = i64::from(change);
        match self.awaited {
            Awaited::Operation => progress
                .operations
                .set(progress.operations.get().wrapping_add_signed(change64)),
            Awaited::Timer => {
                own.timers
                    .set(own.timers.get().wrapping_add_signed(change64));
                if own.local_calls.get() == 0 {
                    progress
                        .timers
                        .set(progress.timers.get().wrapping_add_signed(change64));
                }
            }
            Awaited::LocalCall => {
                let before = own.local_calls.get();
                let after = before.wrapping_add_signed(change);
                own.local_calls.set(after);
                if before == 0 {
                    progress
                        .timers
                        .set(progress.timers.get() - own.timers.get());
                }
                if after == 0 {
                    progress
                        .timers
                        .set(progress.timers.get() + own.timers.get());
                }
            }
            Awaited::Recurring => {}
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.upgrade() {
            self.count(&worker.progress, -1);
            worker.look_for_stuck(&self.context);
        }
    }
}

impl Worker {
    /// Looks, after what is happening now, whether anything waits for nothing.
    fn look_for_stuck(self: &Rc<Self>, context: &Rc<Context>) {
        if context.instance().is_some() && context.pending.in_sections.get() == 0 {
            self.look_for_deadlock(context);
        }
        if self.progress.goes_on() || self.progress.looking.replace(true) {
            return;
        }
        let worker = self.clone();
        tokio::task::spawn_local(async move {
            tokio::task::yield_now().await;
            worker.progress.looking.set(false);
            worker.cancel_hung();
        });
    }

    /// Called at the end of every turn.
    pub(crate) fn turn_ended(self: &Rc<Self>, context: &Rc<Context>, section: u32) {
        let waits = match context.instance() {
            None => context.pending.is_zero() && context.is_unfinished(),
            Some(_) => section != 0 && context.pending.in_sections.get() == 0,
        };
        if waits {
            self.look_for_stuck(context);
        }
    }

    fn cancel_hung(self: &Rc<Self>) {
        if self.progress.goes_on() {
            return;
        }
        for context in self.stateless_contexts() {
            let may_go_on = !context.pending.is_zero()
                || context.has_ended()
                || !context.is_unfinished()
                || self.capabilities.may_be_called(context.id);
            if !may_go_on {
                self.cancel(&context);
            }
        }
    }

    fn cancel(self: &Rc<Self>, context: &Rc<Context>) {
        let failure = Failure::new(ErrorCode::Hung);
        if context.open_calls.get() > 0 {
            self.console(ConsoleLine {
                level: Level::Uncaught,
                text: format!("Error: {}", failure.message),
                object: None,
            });
        }
        self.calls.fail_context(context.id, &failure);
        self.bodies.fail_context(context.id, &failure.message);
        context.end();
    }

    fn look_for_deadlock(self: &Rc<Self>, context: &Rc<Context>) {
        let held = |context: &Context| {
            let instance = context.instance();
            instance.is_some_and(|instance| instance.is_in_section())
        };
        // A socket that is open may be what the section waits for.
        if !held(context) || self.sockets.has_accepted(context.id) {
            return;
        }
        let context = context.clone();
        tokio::task::spawn_local(async move {
            tokio::task::yield_now().await;
            let Some(instance) = context.instance() else {
                return;
            };
            if context.pending.in_sections.get() == 0 && instance.is_held_by_section() {
                instance.break_with(Failure::new(ErrorCode::CriticalSectionDeadlock));
            }
        });
    }
}
