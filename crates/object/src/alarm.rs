//! Waking an object for its alarm: deliver, count, retry, give up.
//!
//! The rules are `stated_core::alarm`. The stored alarm stays stored while the handler runs and is
//! removed only after it succeeded and its writes are durable, so a crash in between runs it again.

use std::cell::RefCell;
use std::rc::Rc;

use stated_core::alarm::{AfterRun, Alarm, Counting, Delivery, Outcome, RetryAlarm, delivery};
use stated_core::error::{ErrorCode, Failure};

use crate::clock::wall_ms;
use crate::namespace::{Entry, Namespace};
use crate::program::Event;
use crate::storage::storage_failure;

/// The alarm of one object between its wake-ups.
#[derive(Debug, Default)]
pub struct AlarmState {
    machine: RefCell<Option<Alarm>>,
    /// What `ctx.abort()` said about a running alarm.
    abort: RefCell<Option<RetryAlarm>>,
}

impl AlarmState {
    /// Whether a run or a retry is in progress.
    pub(crate) fn is_engaged(&self) -> bool {
        self.machine.borrow().is_some()
    }
}

impl Entry {
    /// Notes a committed `setAlarm(at_ms)`.
    pub(crate) fn alarm_was_set(&self, at_ms: i64) {
        if let Some(machine) = self.alarm.machine.borrow_mut().as_mut() {
            machine.set(at_ms);
        }
    }

    /// Notes a committed `deleteAlarm()`.
    pub(crate) fn alarm_was_deleted(&self) {
        if let Some(machine) = self.alarm.machine.borrow_mut().as_mut() {
            machine.delete();
        }
    }

    /// What `getAlarm()` answers when the storage holds `stored`: while the handler runs, only an
    /// alarm that was set meanwhile.
    pub(crate) fn visible_alarm(&self, stored: Option<i64>) -> Option<i64> {
        match self.alarm.machine.borrow().as_ref() {
            Some(machine) if machine.is_running() => machine.visible_ms(),
            _ => stored,
        }
    }

    /// Makes a waiting retry due now, as an operator or a test asks for.
    pub fn alarm_retry_is_due(&self) {
        if let Some(machine) = self.alarm.machine.borrow_mut().as_mut() {
            machine.fire_now(wall_ms());
        }
    }

    /// Forgets runs and retries: the stored alarm is no longer the one they were about.
    pub(crate) fn forget_alarm(&self) {
        *self.alarm.machine.borrow_mut() = None;
    }

    /// Notes that `ctx.abort()` ended the instance; it counts if an alarm is running.
    pub fn alarm_was_aborted(&self, retry: RetryAlarm) {
        *self.alarm.abort.borrow_mut() = Some(retry);
    }
}

impl Namespace {
    /// Wakes an object for the alarm that the index holds at `woken_for_ms`.
    ///
    /// Returns when to wake the object again although the index says otherwise (a retry, or a
    /// wake-up that was too early); None when the index is right.
    pub async fn wake(self: &Rc<Self>, entry: &Rc<Entry>, woken_for_ms: i64) -> Option<i64> {
        match self.start_alarm(entry, woken_for_ms).await {
            Ok(Started::Run(info)) => {
                let outcome = self.run_alarm(entry, info).await;
                self.finish_alarm(entry, outcome).await
            }
            Ok(Started::Later(ms)) => Some(ms),
            Ok(Started::Cancelled) => None,
            Err(failure) => {
                tracing::warn!(%failure, object_id = %entry.id, "wake the object for its alarm");
                Some(wall_ms() + 2_000)
            }
        }
    }

    async fn start_alarm(
        self: &Rc<Self>,
        entry: &Rc<Entry>,
        woken_for_ms: i64,
    ) -> Result<Started, Failure> {
        if entry
            .alarm
            .machine
            .borrow()
            .as_ref()
            .is_some_and(Alarm::is_running)
        {
            return Ok(Started::Cancelled);
        }
        let stored = match entry.instance() {
            Some(instance) => instance.with_database(|database| database.alarm())?,
            None => self
                .new_instance(entry)?
                .with_database(|database| database.alarm())?,
        };
        let stored = stored.map_err(|error| storage_failure(&error))?;
        let now_ms = wall_ms();
        match delivery(stored, woken_for_ms, now_ms) {
            Delivery::Cancelled => {
                *entry.alarm.machine.borrow_mut() = None;
                Ok(Started::Cancelled)
            }
            Delivery::Early { at_ms } => Ok(Started::Later(at_ms)),
            Delivery::Run => {
                let mut machine = entry.alarm.machine.borrow_mut();
                let machine = machine.get_or_insert_with(|| Alarm::stored(stored));
                Ok(match machine.start(now_ms) {
                    Some(info) => Started::Run(info),
                    None => machine
                        .wake_at_ms()
                        .map_or(Started::Cancelled, Started::Later),
                })
            }
        }
    }

    async fn run_alarm(
        self: &Rc<Self>,
        entry: &Rc<Entry>,
        info: stated_core::alarm::AlarmInfo,
    ) -> Outcome {
        *entry.alarm.abort.borrow_mut() = None;
        if !self.parts.program.has_alarm_handler(&entry.class_name) {
            tracing::warn!(
                object_id = %entry.id,
                "Attempted to run a scheduled alarm without a handler, did you remember to export an alarm() function?"
            );
            return Outcome::NoHandler;
        }
        match self.deliver(entry, 0, Event::Alarm(info)).await {
            Ok(_) => Outcome::Succeeded,
            Err(failure) => {
                tracing::warn!(%failure, object_id = %entry.id, retry_count = info.retry_count, "alarm handler failed");
                match failure.code {
                    ErrorCode::Aborted => {
                        Outcome::Aborted(entry.alarm.abort.borrow_mut().take().unwrap_or_default())
                    }
                    ErrorCode::Internal
                    | ErrorCode::StorageFailed
                    | ErrorCode::StorageTimeLimit
                    | ErrorCode::CodeUpdated => Outcome::Failed(Counting::Uncounted),
                    _ => Outcome::Failed(Counting::Counted),
                }
            }
        }
    }

    async fn finish_alarm(self: &Rc<Self>, entry: &Rc<Entry>, outcome: Outcome) -> Option<i64> {
        let after = {
            let mut machine = entry.alarm.machine.borrow_mut();
            machine.as_mut()?.finish(outcome, wall_ms(), jitter())
        };
        match after {
            AfterRun::RetryAt { ms } => return Some(ms),
            AfterRun::Replaced { ms } => {
                *entry.alarm.machine.borrow_mut() = None;
                return Some(ms);
            }
            AfterRun::Abandoned => {
                tracing::error!(object_id = %entry.id, "alarm abandoned: its handler failed in every retry");
            }
            AfterRun::Done => {}
        }
        let replaced = entry
            .alarm
            .machine
            .borrow_mut()
            .take()
            .and_then(|machine| machine.visible_ms());
        if replaced.is_some() {
            return replaced;
        }
        match self.remove_alarm(entry).await {
            Ok(()) => None,
            Err(failure) => {
                tracing::warn!(%failure, object_id = %entry.id, "remove a finished alarm");
                Some(wall_ms() + 2_000)
            }
        }
    }

    /// Removes the stored alarm in a turn of its own and waits until that is durable.
    async fn remove_alarm(self: &Rc<Self>, entry: &Rc<Entry>) -> Result<(), Failure> {
        // One that was evicted meanwhile is started again: two open databases of one object are not
        // possible.
        let instance = self.running(entry)?;
        let _active = instance.active();
        {
            let _turn = instance.enter(None).await?;
            instance
                .with_database(|database| database.set_alarm(None))?
                .map_err(|error| storage_failure(&error))?;
        }
        instance.until_durable().await
    }
}

enum Started {
    Run(stated_core::alarm::AlarmInfo),
    Later(i64),
    Cancelled,
}

/// Any number will do: it spreads retries of many objects.
fn jitter() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    let hash = std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish();
    (hash >> 32) as u32
}
