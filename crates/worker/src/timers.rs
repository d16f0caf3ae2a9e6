//! Timers: each fires through the input gate of its context, in the order in which they are due.
//!
//! One task per shard waits for the earliest. What is due when it wakes, after a long turn perhaps many timers of many
//! contexts, asks for its gates in the order of time, and in the order in which it was set where the times are equal.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::{Rc, Weak};
use std::time::Duration;

use rustc_hash::FxHashMap;
use stated_engine::FrameInfo;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::context::{Context, Hold, Left};
use crate::progress::{Awaited, Pending};
use crate::worker::Worker;

/// The shortest time between two runs of an interval. Differs: workerd has none, so that one of 0 ms keeps its thread busy.
const PERIOD_MIN: Duration = Duration::from_millis(1);

/// The pending timers of one shard.
#[derive(Default)]
pub(crate) struct Timers {
    by_id: RefCell<FxHashMap<u64, Timer>>,
    /// Those whose time has not come. Ids grow, so they tell which of two was set first.
    waiting: RefCell<BTreeSet<(Instant, u64)>>,
    /// Told when another timer has become the earliest.
    earlier: Rc<Notify>,
    /// Whether the task that waits for the earliest runs.
    runs: Cell<bool>,
}

struct Timer {
    context: Rc<Context>,
    frame: FrameInfo,
    due: Instant,
    /// Of one that fires again: how long after its due time.
    period: Option<Duration>,
    /// What waits at the gate, once it was due.
    task: Option<AbortHandle>,
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

impl Drop for Timers {
    fn drop(&mut self) {
        // The task that keeps the time finds no worker, and ends.
        self.earlier.notify_one();
    }
}

impl Timers {
    fn wait_until(&self, due: Instant, id: u64) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.insert((due, id));
        if waiting.first() == Some(&(due, id)) {
            self.earlier.notify_one();
        }
    }

    /// Takes the earliest timer if it is due, or says when it will be.
    fn take_due(&self, now: Instant) -> Result<u64, Option<Instant>> {
        let mut waiting = self.waiting.borrow_mut();
        match waiting.first().copied() {
            Some((due, id)) if due <= now => {
                waiting.pop_first();
                Ok(id)
            }
            Some((due, _)) => Err(Some(due)),
            None => Err(None),
        }
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
        let due = Instant::now() + delay;
        context.timers.set(context.timers.get() + 1);
        context.note_left(Left::Timers);
        let (period, awaited) = match repeat {
            Repeat::Once => (None, Awaited::Timer),
            Repeat::Always => (Some(delay.max(PERIOD_MIN)), Awaited::Recurring),
        };
        let timer = Timer {
            context: context.clone(),
            frame,
            due,
            period,
            task: None,
            _hold: context.hold_for_operation(),
            _pending: Pending::new(self, context, frame.section, awaited),
        };
        self.timers.by_id.borrow_mut().insert(id, timer);
        self.timers.wait_until(due, id);
        if !self.timers.runs.replace(true) {
            let earlier = self.timers.earlier.clone();
            tokio::task::spawn_local(keep_time(Rc::downgrade(self), earlier));
        }
        id
    }

    /// Has a timer that is due ask for the gate of its context, and fire behind it.
    fn let_fire(self: &Rc<Self>, id: u64) {
        let mut timers = self.timers.by_id.borrow_mut();
        let Some(timer) = timers.get_mut(&id) else {
            return;
        };
        let (worker, context, frame) = (self.clone(), timer.context.clone(), timer.frame);
        let task = tokio::task::spawn_local(async move {
            let entered = tokio::select! {
                entered = context.enter(frame.section) => entered,
                () = context.ended() => return,
            };
            let Ok(permit) = entered else { return };
            let Some(once) = worker.take_once(id) else {
                return;
            };
            worker.fire_timer(&context, frame, id);
            drop(permit);
            if !once {
                worker.wait_again(id);
            }
        });
        timer.task = Some(task.abort_handle());
    }

    /// Forgets a timer that fires once. Says whether it does; none if it was stopped while it waited for the gate.
    fn take_once(&self, id: u64) -> Option<bool> {
        let mut timers = self.timers.by_id.borrow_mut();
        let once = timers.get(&id)?.period.is_none();
        let fired = if once { timers.remove(&id) } else { None };
        drop(timers);
        drop(fired);
        Some(once)
    }

    /// An interval that fell behind does not try to catch up.
    fn wait_again(&self, id: u64) {
        let due = {
            let mut timers = self.timers.by_id.borrow_mut();
            let Some(timer) = timers.get_mut(&id) else {
                return;
            };
            let Some(period) = timer.period else { return };
            timer.task = None;
            timer.due = (timer.due + period).max(Instant::now());
            timer.due
        };
        self.timers.wait_until(due, id);
    }

    /// Stops a timer; unknown ones are ignored.
    pub(crate) fn stop_timer(&self, id: u64) {
        let timer = self.timers.by_id.borrow_mut().remove(&id);
        if let Some(timer) = timer {
            self.timers.waiting.borrow_mut().remove(&(timer.due, id));
            if let Some(task) = &timer.task {
                task.abort();
            }
        }
    }

    /// Stops the timers of a context that has ended.
    pub(crate) fn stop_timers_of(&self, context: u64) {
        let ids: Vec<u64> = self
            .timers
            .by_id
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

/// Lets the timers of a worker fire when they are due, for as long as it exists.
async fn keep_time(worker: Weak<Worker>, earlier: Rc<Notify>) {
    loop {
        let next = {
            let Some(worker) = worker.upgrade() else {
                return;
            };
            let now = Instant::now();
            loop {
                match worker.timers.take_due(now) {
                    Ok(id) => worker.let_fire(id),
                    Err(next) => break next,
                }
            }
        };
        match next {
            Some(due) => tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = earlier.notified() => {}
            },
            None => earlier.notified().await,
        }
    }
}
