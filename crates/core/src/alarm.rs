//! The one alarm of an object: when it fires, how often it is tried again, and when it is given up.
//!
//! [`Alarm`] follows the *committed* alarm: the owner reports each change when its transaction is
//! durable, so a roll-back never reaches this module. Two wake-ups lie outside of it: the wake-up
//! service, which holds the times of all objects and may wake one too early, and the storage, which
//! holds the time across restarts. [`delivery`] decides between them.
//!
//! Times are milliseconds since the Unix epoch. Source: reference 8.1 to 8.3.

use crate::limits;

/// What the handler is told about a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmInfo {
    /// The time the alarm was set for.
    pub scheduled_time_ms: i64,
    /// The counted retries made so far.
    pub retry_count: u32,
}

impl AlarmInfo {
    /// Tells whether the handler sees this run as a retry.
    pub fn is_retry(&self) -> bool {
        self.retry_count > 0
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The handler succeeded and its writes are durable.
    Succeeded,
    /// It failed.
    Failed(Counting),
    /// `ctx.abort()` ended it.
    Aborted(RetryAlarm),
    /// The class has no `alarm()`.
    NoHandler,
}

/// Whether a failure brings an alarm closer to being given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// The program is to blame: it threw, or met a limit.
    Counted,
    /// This system is to blame: the process was lost, or a commit failed.
    Uncounted,
}

/// The option of `ctx.abort()` about a running alarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetryAlarm {
    /// Run it again (the default).
    #[default]
    Yes,
    /// Give it up.
    No,
}

/// The retries of one alarm so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retries {
    counted: u32,
    exponent: u32,
    last: Option<Counting>,
}

/// What follows a failed run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Run it again after the delay.
    Retry {
        /// Milliseconds from the end of the failed run.
        delay_ms: u64,
        /// The state to give to the next failure.
        retries: Retries,
    },
    /// It has been retried often enough.
    Abandon,
}

impl Retries {
    /// Decides after a failure. `random` is any number; its bits choose the jitter evenly.
    ///
    /// The delay is 2 s doubled for every earlier failure, at most 1024 s, plus up to a quarter of
    /// itself. Uncounted failures are retried for ever; the first counted one after them starts
    /// over with the shortest delay.
    pub fn after_failure(self, counting: Counting, random: u32) -> Verdict {
        let mut next = self;
        if counting == Counting::Counted {
            if u64::from(self.counted) >= limits::ALARM_RETRIES.value {
                return Verdict::Abandon;
            }
            next.counted += 1;
            if self.last == Some(Counting::Uncounted) {
                next.exponent = 0;
            }
        }
        let delay_ms = delay_with_jitter_ms(next.exponent, random);
        next.exponent = next.exponent.saturating_add(1);
        next.last = Some(counting);
        Verdict::Retry {
            delay_ms,
            retries: next,
        }
    }

    /// Returns how many counted retries were decided.
    pub fn counted(&self) -> u32 {
        self.counted
    }
}

fn delay_with_jitter_ms(exponent: u32, random: u32) -> u64 {
    let exponent = u64::from(exponent).min(limits::ALARM_RETRY_EXPONENT.value);
    let delay_ms = limits::ALARM_RETRY_DELAY.value << exponent;
    let quarter_ms = delay_ms / 4;
    // random / u32::MAX, so that both ends of the range are reached.
    delay_ms + quarter_ms * u64::from(random) / u64::from(u32::MAX)
}

/// What to do when the wake-up service wakes an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Run the handler.
    Run,
    /// The alarm was moved or deleted since: end quietly.
    Cancelled,
    /// Wake it again at this time.
    Early {
        /// The time for which the alarm is stored.
        at_ms: i64,
    },
}

/// Decides about a wake-up for the alarm set for `woken_for_ms`, given the stored one.
///
/// A handler never runs before its time, and a wake-up for an alarm that is no longer the stored
/// one does nothing. A wake-up for an alarm moved *later* is cancelled too: the later one has a
/// wake-up of its own.
pub fn delivery(stored_ms: Option<i64>, woken_for_ms: i64, now_ms: i64) -> Delivery {
    match stored_ms {
        Some(at_ms) if at_ms != woken_for_ms => Delivery::Cancelled,
        Some(at_ms) if at_ms > now_ms => Delivery::Early { at_ms },
        Some(_) => Delivery::Run,
        None => Delivery::Cancelled,
    }
}

/// The alarm of one object, as far as it is committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarm {
    /// The alarm that waits; during a run, one that was set meanwhile.
    pending: Option<Pending>,
    running: Option<Running>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pending {
    scheduled_time_ms: i64,
    fire_at_ms: i64,
    retries: Retries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Running {
    scheduled_time_ms: i64,
    retries: Retries,
    on_failure: OnFailure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnFailure {
    Retry,
    /// `deleteAlarm()` or `setAlarm()` was called during the run.
    Forget,
}

/// What the owner does after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterRun {
    /// Remove the stored alarm, unless the run or another event set a new one.
    Done,
    /// Keep the stored alarm and wake the object at this time.
    RetryAt {
        /// When the next run is due.
        ms: i64,
    },
    /// The retries are used up: remove the stored alarm and say so in the log.
    Abandoned,
    /// A newer alarm takes its place: wake the object at this time.
    Replaced {
        /// When the newer alarm is due.
        ms: i64,
    },
}

impl Alarm {
    /// Restores the alarm found in storage when an object starts, with fresh retries.
    pub fn stored(scheduled_time_ms: Option<i64>) -> Self {
        let mut alarm = Self::default();
        if let Some(at_ms) = scheduled_time_ms {
            alarm.set(at_ms);
        }
        alarm
    }

    /// Notes a committed `setAlarm`. It replaces the waiting alarm and its retries; during a run,
    /// it also replaces the retry of a failing one.
    pub fn set(&mut self, at_ms: i64) {
        self.pending = Some(Pending {
            scheduled_time_ms: at_ms,
            fire_at_ms: at_ms,
            retries: Retries::default(),
        });
        self.forget_running();
    }

    /// Notes a committed `deleteAlarm`: nothing waits any more. A run goes on, but is not retried.
    pub fn delete(&mut self) {
        self.pending = None;
        self.forget_running();
    }

    fn forget_running(&mut self) {
        if let Some(running) = &mut self.running {
            running.on_failure = OnFailure::Forget;
        }
    }

    /// Makes the waiting alarm due at `now_ms`, keeping its scheduled time and retries.
    pub fn fire_now(&mut self, now_ms: i64) {
        if let Some(pending) = &mut self.pending {
            pending.fire_at_ms = pending.fire_at_ms.min(now_ms);
        }
    }

    /// Returns what `getAlarm()` answers: none during a run, unless a new alarm was set meanwhile.
    pub fn visible_ms(&self) -> Option<i64> {
        self.pending.map(|pending| pending.scheduled_time_ms)
    }

    /// Returns when the object must be woken; none while nothing waits or a run is in progress.
    pub fn wake_at_ms(&self) -> Option<i64> {
        match self.running {
            Some(_) => None,
            None => self.pending.map(|pending| pending.fire_at_ms),
        }
    }

    /// Tells whether a run is in progress; there are never two.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Starts the run that is due, if one is.
    pub fn start(&mut self, now_ms: i64) -> Option<AlarmInfo> {
        if self.wake_at_ms()? > now_ms {
            return None;
        }
        let pending = self.pending.take()?;
        self.running = Some(Running {
            scheduled_time_ms: pending.scheduled_time_ms,
            retries: pending.retries,
            on_failure: OnFailure::Retry,
        });
        Some(AlarmInfo {
            scheduled_time_ms: pending.scheduled_time_ms,
            retry_count: pending.retries.counted(),
        })
    }

    /// Ends the run. `random` is any number; its bits choose the jitter of a retry.
    ///
    /// # Panics
    /// In debug builds, without a run in progress.
    pub fn finish(&mut self, outcome: Outcome, now_ms: i64, random: u32) -> AfterRun {
        debug_assert!(self.running.is_some(), "only a run can end");
        let running = self.running.take();
        if let Some(newer) = self.pending {
            return AfterRun::Replaced {
                ms: newer.fire_at_ms,
            };
        }
        let (Some(running), Some(counting)) = (running, outcome.retried_as()) else {
            return AfterRun::Done;
        };
        if running.on_failure == OnFailure::Forget {
            return AfterRun::Done;
        }
        match running.retries.after_failure(counting, random) {
            Verdict::Abandon => AfterRun::Abandoned,
            Verdict::Retry { delay_ms, retries } => {
                let delay_ms = i64::try_from(delay_ms).expect("a delay is at most 1280 seconds");
                let ms = now_ms.saturating_add(delay_ms);
                self.pending = Some(Pending {
                    scheduled_time_ms: running.scheduled_time_ms,
                    fire_at_ms: ms,
                    retries,
                });
                AfterRun::RetryAt { ms }
            }
        }
    }
}

impl Outcome {
    /// Returns how the outcome is retried, or none if it is not.
    pub fn retried_as(self) -> Option<Counting> {
        match self {
            Self::Failed(counting) => Some(counting),
            Self::Aborted(RetryAlarm::Yes) => Some(Counting::Counted),
            Self::Succeeded | Self::Aborted(RetryAlarm::No) | Self::NoHandler => None,
        }
    }
}

/// Reads the argument of `setAlarm` at the time `now_ms`.
///
/// A fraction is cut off and a time in the past becomes now, which fires at once.
///
/// # Errors
/// [`InvalidAlarmTime`] for a number that is not above 0 and for one that is no number.
pub fn alarm_time_ms(argument: f64, now_ms: i64) -> Result<i64, InvalidAlarmTime> {
    // Written so that NaN is refused as well.
    if argument.trunc() > 0.0 {
        Ok((argument as i64).max(now_ms))
    } else {
        Err(InvalidAlarmTime)
    }
}

/// The argument of `setAlarm` is no time; becomes a JavaScript `TypeError` with this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setAlarm() cannot be called with an alarm time <= 0")]
pub struct InvalidAlarmTime;

#[cfg(test)]
mod tests;
