//! When scheduled events are due: cron expressions as Cloudflare reads them, and which of an expression's
//! occurrences runs.
//!
//! Five fields in UTC: minute, hour, day of the month, month, day of the week (1 is Sunday). Each takes `*`,
//! values, ranges, steps and lists, months and weekdays also names; days take `L`, `W` and `#` as in Quartz. When both days are
//! restricted, either is enough.
//!
//! Source: <https://developers.cloudflare.com/workers/configuration/cron-triggers/> and the grammar of Cloudflare's parser
//! `saffron`, which is not used itself: its ranges that wrap around are off by one or panic.

mod calendar;
mod parse;

use std::fmt;
use std::str::FromStr;

pub use parse::CronError;

use crate::limits;
use calendar::{DAY_MS, Date, HOUR_MS, MINUTE_MS};
use parse::{Days, Weekdays};

/// No expression needs a longer search: a fifth weekday in February recurs within 40 years at the latest.
const SEARCH_MONTHS: u32 = 41 * 12;

/// A cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    text: String,
    /// Bit n is minute n.
    minutes: u64,
    hours: u64,
    days: Days,
    months: u64,
    weekdays: Weekdays,
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        parse::parse(text)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Cron {
    /// Returns the expression as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the first occurrence after a time, both in milliseconds since the Unix epoch; none if there is none within 41
    /// years.
    pub fn next_after(&self, after_ms: i64) -> Option<i64> {
        let first_ms = (after_ms.div_euclid(MINUTE_MS) + 1) * MINUTE_MS;
        let first = Date::of_day(first_ms.div_euclid(DAY_MS));
        let (mut year, mut month) = (first.year, first.month);
        for _ in 0..SEARCH_MONTHS {
            if self.months & (1 << month) != 0 {
                let from_day = if (year, month) == (first.year, first.month) {
                    first.day
                } else {
                    1
                };
                let found = self.in_month(year, month, from_day, first_ms);
                if found.is_some() {
                    return found;
                }
            }
            (year, month) = if month == 12 {
                (year + 1, 1)
            } else {
                (year, month + 1)
            };
        }
        None
    }

    /// The first occurrence of a month that is not before `first_ms`.
    fn in_month(&self, year: i64, month: u32, from_day: u32, first_ms: i64) -> Option<i64> {
        (from_day..=calendar::days_in_month(year, month))
            .map(|day| Date { year, month, day })
            .filter(|date| self.has_day(*date))
            .find_map(|date| self.in_day(date.start_ms(), first_ms))
    }

    fn in_day(&self, day_ms: i64, first_ms: i64) -> Option<i64> {
        let times = (0..24)
            .filter(|hour| self.hours & (1 << hour) != 0)
            .flat_map(|hour| (0..60).map(move |minute| (hour, minute)))
            .filter(|(_, minute)| self.minutes & (1 << minute) != 0)
            .map(|(hour, minute)| day_ms + hour * HOUR_MS + minute * MINUTE_MS);
        let mut times = times.skip_while(|at_ms| *at_ms < first_ms);
        times.next()
    }

    fn has_day(&self, date: Date) -> bool {
        match (&self.days, &self.weekdays) {
            (Days::Every, weekdays) => weekdays.has(date),
            (days, Weekdays::Every) => days.has(date),
            (days, weekdays) => days.has(date) || weekdays.has(date),
        }
    }

    /// Returns the occurrence to run at `now_ms` when the last one that ran, or the time since when the expression counts, was
    /// `last_ms`.
    ///
    /// Of several that are overdue it is the latest alone, and none that is late by more than
    /// [`limits::CRON_LATE`].
    pub fn due(&self, last_ms: i64, now_ms: i64) -> Option<i64> {
        let late_ms = limits::CRON_LATE.value as i64;
        let mut at_ms = last_ms.max(now_ms - late_ms - 1);
        let mut due = None;
        // An occurrence a minute at most, so the loop is as bounded as the lateness.
        while let Some(next_ms) = self.next_after(at_ms)
            && next_ms <= now_ms
        {
            due = Some(next_ms);
            at_ms = next_ms;
        }
        due
    }
}

/// What becomes of occurrences that passed while the process was down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The latest runs when the process starts, unless it is too late ([`limits::CRON_LATE`]).
    Run,
    /// None runs.
    Skip,
}

impl Missed {
    /// Returns since when an expression counts at a start, given the occurrence that is recorded as its last one.
    ///
    /// An expression without a record is new and counts from now. So does one whose record lies further in the future than a
    /// clock is set back for good reason: the clock was wrong when it was written.
    pub fn since(self, recorded_ms: Option<i64>, now_ms: i64) -> i64 {
        let trusted_ms = now_ms + limits::CRON_CLOCK_BACK.value as i64;
        match (recorded_ms, self) {
            (None, _) => now_ms,
            (Some(recorded_ms), _) if recorded_ms > trusted_ms => now_ms,
            (Some(recorded_ms), Self::Run) => recorded_ms,
            (Some(recorded_ms), Self::Skip) => recorded_ms.max(now_ms),
        }
    }
}

#[cfg(test)]
mod tests;
