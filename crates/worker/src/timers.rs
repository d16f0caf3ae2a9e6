//! Timers: each fires through the input gate of its context.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use rustc_hash::FxHashMap;
use stated_engine::FrameInfo;
use tokio::task::AbortHandle;

use crate::context::{Context, Hold, Left};
use crate::progress::{Awaited, Pending};
use crate::worker::Worker;

/// The pending timers of one shard.
#[derive(Default)]
pub(crate) struct Timers(RefCell<FxHashMap<u64, Timer>>);

struct Timer {
    context: Rc<Context>,
    task: AbortHandle,
    _hold: Option<Hold>,
    _pending: Pending,
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.context.timers.set(self.context.timers.get() - 1);
        self.context
            .timers_finished
            .set(self.context.timers_finished.get() + 1);
    }
}

/// When a timer fires again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    Once,
    Always,
}

impl Worker {
    /// Starts a timer of the context.
    pub(crate) fn start_timer(
        self: &Rc<Self>,
        context: &Rc<Context>,
        frame: FrameInfo,
        delay: Duration,
        repeat: Repeat,
    ) -> u64 {
        let id = self.numbers().next();
        let worker = self.clone();
        let owner = context.clone();
        let mut due = tokio::time::Instant::now();
        let task = tokio::task::spawn_local(async move {
            loop {
                due += delay;
                tokio::select! {
                    () = tokio::time::sleep_until(due) => {}
                    () = owner.ended() => return,
                }
                let Ok(permit) = owner.enter(frame.section).await else {
                    return;
                };
                if repeat == Repeat::Once && worker.timers.0.borrow_mut().remove(&id).is_none() {
                    // It was stopped while it waited for the gate.
                    drop(permit);
                    return;
                }
                worker.fire_timer(&owner, frame, id);
                drop(permit);
                if repeat == Repeat::Once {
                    return;
                }
                // An interval that fell behind does not try to catch up.
                due = due.max(tokio::time::Instant::now() - delay);
            }
        });
        context.timers.set(context.timers.get() + 1);
        context.note_left(Left::Timers);
        let awaited = match repeat {
            Repeat::Once => Awaited::Timer,
            Repeat::Always => Awaited::Recurring,
        };
        let timer = Timer {
            context: context.clone(),
            task: task.abort_handle(),
            _hold: context.hold_for_operation(),
            _pending: Pending::new(self, context, frame.section, awaited),
        };
        self.timers.0.borrow_mut().insert(id, timer);
        id
    }

    /// Stops a timer; unknown ones are ignored.
    pub(crate) fn stop_timer(&self, id: u64) {
        let timer = self.timers.0.borrow_mut().remove(&id);
        if let Some(timer) = timer {
            timer.task.abort();
        }
    }

    /// Stops the timers of a context that has ended.
    pub(crate) fn stop_timers_of(&self, context: u64) {
        let ids: Vec<u64> = self
            .timers
            .0
            .borrow()
            .iter()
            .filter(|(_, timer)| timer.context.id == context)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.stop_timer(id);
        }
    }
}
