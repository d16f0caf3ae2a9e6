//! The stored alarm of one object, and what the alarm index must say about it.
//!
//! The alarm is a row of the object's own database, so it is part of the running transaction and is
//! rolled back with it. The alarm index of the namespace repeats it, so that due alarms are found
//! without opening objects. The index may be early (the object is woken and finds nothing due), but
//! never late: [`AlarmLedger`] keeps it at or before every alarm that a crash could bring back.
//!
//! When an alarm fires, is retried or is given up is not decided here.
//!
//! Source: reference sections 8.1, 8.4 and 13.2.

use rusqlite::OptionalExtension;
use rusqlite::types::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::alarm_index::AlarmIndex;
use crate::commit::CommitPosition;
use crate::database::Database;
use crate::error::StorageError;

const ALARM_KEY: i64 = 1;
const NANOS_PER_MS: i64 = 1_000_000;

impl Database {
    /// Returns the stored alarm in milliseconds since the Unix epoch, uncommitted changes included.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn alarm(&mut self) -> Result<Option<i64>, StorageError> {
        self.check()?;
        if let Some(known) = self.alarm_known {
            return Ok(known);
        }
        let value: Option<Value> = match self.metadata_for_read()? {
            None => None,
            Some(sqlite) => sqlite
                .prepare_cached("SELECT value FROM _cf_METADATA WHERE key = ?")
                .and_then(|mut statement| {
                    statement
                        .query_row([ALARM_KEY], |row| row.get(0))
                        .optional()
                })
                .map_err(|error| self.failed(error.into()))?,
        };
        let alarm = match value {
            Some(Value::Integer(nanos)) => Some(ms_from_nanos(nanos)),
            _ => None,
        };
        self.alarm_known = Some(alarm);
        Ok(alarm)
    }

    /// Sets the alarm to `at` milliseconds since the Unix epoch, or removes it with `None`.
    ///
    /// Part of the running transaction. Times past the year 2262, which the file format cannot
    /// hold, become the last one it can.
    ///
    /// # Errors
    /// A critical error of this turn, or SQLite's.
    pub fn set_alarm(&mut self, at: Option<i64>) -> Result<(), StorageError> {
        if self.alarm()? == at.map(representable) {
            return Ok(());
        }
        let sqlite = self.metadata_for_write()?;
        sqlite
            .prepare_cached("INSERT OR REPLACE INTO _cf_METADATA (key, value) VALUES (?, ?)")
            .and_then(|mut statement| statement.execute((ALARM_KEY, at.map(nanos_from_ms))))
            .map_err(|error| self.failed(error.into()))?;
        self.alarm_known = Some(at.map(representable));
        self.alarm_changed = true;
        Ok(())
    }
}

pub(crate) fn ms_from_nanos(nanos: i64) -> i64 {
    // Upwards: an alarm written by another program with a fraction must not fire before its time.
    let whole = nanos.div_euclid(NANOS_PER_MS);
    if nanos.rem_euclid(NANOS_PER_MS) == 0 {
        whole
    } else {
        whole + 1
    }
}

pub(crate) fn nanos_from_ms(ms: i64) -> i64 {
    ms.saturating_mul(NANOS_PER_MS)
}

/// The time as it will be read back.
fn representable(ms: i64) -> i64 {
    ms_from_nanos(nanos_from_ms(ms))
}

/// Who an object is for its namespace's alarm index.
#[derive(Clone, Debug)]
pub struct AlarmIdentity {
    /// The index of the object's namespace.
    pub index: Arc<AlarmIndex>,
    /// The object id, 64 lower-case hexadecimal digits.
    pub id: Arc<str>,
    /// The name the id was made from, if known.
    pub name: Option<Arc<str>>,
}

/// The connection between one object's commits and the alarm index.
#[derive(Debug)]
pub(crate) struct AlarmLink {
    identity: AlarmIdentity,
    /// Held while the index is written, so that the two threads' writes cannot swap.
    ledger: Mutex<AlarmLedger>,
}

impl AlarmLink {
    pub(crate) fn new(identity: AlarmIdentity) -> Self {
        let ledger = AlarmLedger {
            index: identity.index.time_of(&identity.id),
            ..AlarmLedger::default()
        };
        Self {
            identity,
            ledger: Mutex::new(ledger),
        }
    }

    /// Tells the alarm found in the database at open, and corrects the index if a crash or a refused
    /// commit left it different.
    pub(crate) fn opened(&self, stored: Option<i64>) -> Result<(), StorageError> {
        let mut ledger = self.lock();
        let change = ledger.opened(stored);
        match self.write(&mut ledger, change) {
            // A full disk must not keep anybody from reading. The index names an alarm that nobody has
            // stored, which costs one idle wake-up.
            Err(error) if stored.is_none() && error.is_disk_full() => {
                tracing::debug!(%error, object_id = %self.identity.id, "alarm index keeps an old time");
                Ok(())
            }
            result => result,
        }
    }

    /// Must be called before the commit that makes `alarm` the stored one.
    pub(crate) fn before_commit(&self, alarm: Option<i64>) -> Result<(), StorageError> {
        let mut ledger = self.lock();
        let change = ledger.before_commit(alarm);
        self.write(&mut ledger, change)
    }

    /// Must be called after that commit.
    pub(crate) fn committed(&self, position: CommitPosition, alarm: Option<i64>) {
        self.lock().committed(position, alarm);
    }

    /// Everything up to the position is durable: moves the index to a later time or clears it.
    pub(crate) fn settle(&self, position: CommitPosition) {
        let mut ledger = self.lock();
        let change = ledger.durable(position);
        if let Err(error) = self.write(&mut ledger, change) {
            // The index stays early, which costs one idle wake-up.
            tracing::warn!(%error, object_id = %self.identity.id, "alarm index keeps an old time");
        }
    }

    fn write(
        &self,
        ledger: &mut AlarmLedger,
        change: Option<Option<i64>>,
    ) -> Result<(), StorageError> {
        let AlarmIdentity { index, id, name } = &self.identity;
        match change {
            None => return Ok(()),
            Some(Some(at)) => index.set(id, name.as_deref(), at)?,
            Some(None) => index.delete(id)?,
        }
        ledger.index = change.flatten();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, AlarmLedger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which alarms a crash could bring back, and what the index therefore has to say.
///
/// Invariant: `index` is at or before every alarm in `durable` and `pending`.
#[derive(Debug, Default)]
struct AlarmLedger {
    /// What the index says.
    index: Option<i64>,
    /// The alarm of the last durable commit.
    durable: Option<i64>,
    /// The alarms of commits that are not known to be durable, oldest first; only changes.
    pending: VecDeque<(CommitPosition, Option<i64>)>,
}

impl AlarmLedger {
    fn opened(&mut self, stored: Option<i64>) -> Option<Option<i64>> {
        self.durable = stored;
        (self.index != stored).then_some(stored)
    }

    fn before_commit(&self, alarm: Option<i64>) -> Option<Option<i64>> {
        let at = alarm?;
        self.index.is_none_or(|index| at < index).then_some(alarm)
    }

    fn committed(&mut self, position: CommitPosition, alarm: Option<i64>) {
        let last = self.pending.back().map_or(self.durable, |&(_, last)| last);
        if last != alarm {
            self.pending.push_back((position, alarm));
        }
    }

    fn durable(&mut self, position: CommitPosition) -> Option<Option<i64>> {
        while let Some(&(pending, alarm)) = self.pending.front()
            && pending <= position
        {
            self.durable = alarm;
            self.pending.pop_front();
        }
        let possible = self.pending.iter().map(|&(_, alarm)| alarm);
        let earliest = possible.chain([self.durable]).flatten().min();
        (self.index != earliest).then_some(earliest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(position: u64) -> CommitPosition {
        CommitPosition(position)
    }

    #[test]
    fn an_earlier_alarm_reaches_the_index_before_the_commit() {
        let ledger = AlarmLedger {
            index: Some(200),
            durable: Some(200),
            ..AlarmLedger::default()
        };

        assert_eq!(ledger.before_commit(Some(100)), Some(Some(100)));
        assert_eq!(ledger.before_commit(Some(200)), None);
        assert_eq!(ledger.before_commit(Some(300)), None);
        assert_eq!(ledger.before_commit(None), None);
    }

    #[test]
    fn a_later_alarm_reaches_the_index_when_its_commit_is_durable() {
        let mut ledger = AlarmLedger {
            index: Some(100),
            durable: Some(100),
            ..AlarmLedger::default()
        };
        ledger.committed(at(1), Some(200));

        assert_eq!(ledger.durable(at(0)), None);
        assert_eq!(ledger.durable(at(1)), Some(Some(200)));
    }

    #[test]
    fn a_deleted_alarm_leaves_the_index_when_its_commit_is_durable() {
        let mut ledger = AlarmLedger {
            index: Some(100),
            durable: Some(100),
            ..AlarmLedger::default()
        };
        ledger.committed(at(1), None);

        assert_eq!(ledger.durable(at(1)), Some(None));
    }

    #[test]
    fn settling_an_old_commit_does_not_undo_a_newer_earlier_alarm() {
        let mut ledger = AlarmLedger {
            index: Some(100),
            durable: Some(100),
            ..AlarmLedger::default()
        };
        ledger.committed(at(1), Some(200));
        ledger.committed(at(2), Some(150));

        assert_eq!(ledger.durable(at(1)), Some(Some(150)));
    }

    #[test]
    fn a_fraction_of_a_millisecond_is_rounded_up() {
        assert_eq!(ms_from_nanos(1_000_000), 1);
        assert_eq!(ms_from_nanos(1_000_001), 2);
        assert_eq!(ms_from_nanos(-1), 0);
    }

    #[test]
    fn a_time_past_the_format_becomes_the_last_one() {
        let last = representable(i64::MAX);

        assert_eq!(nanos_from_ms(i64::MAX), i64::MAX);
        assert_eq!(representable(last), last);
    }

    proptest! {
        /// Whatever the order of commits and reports, no state that a crash can leave is missed.
        #[test]
        fn the_index_is_never_late(
            steps in prop::collection::vec(
                prop_oneof![
                    prop::option::of(1i64..5).prop_map(Ok),
                    (0u64..4).prop_map(Err),
                ],
                1..60,
            )
        ) {
            let mut ledger = AlarmLedger::default();
            let mut commits = vec![None];
            let mut durable = 0;
            for step in steps {
                let change = match step {
                    Ok(alarm) => {
                        let change = ledger.before_commit(alarm);
                        ledger.index = change.unwrap_or(ledger.index);
                        ledger.committed(at(commits.len() as u64), alarm);
                        commits.push(alarm);
                        None
                    }
                    Err(more) => {
                        durable = (durable + more as usize).min(commits.len() - 1);
                        ledger.durable(at(durable as u64))
                    }
                };
                ledger.index = change.unwrap_or(ledger.index);

                for alarm in commits[durable..].iter().flatten() {
                    prop_assert!(ledger.index.is_some_and(|index| index <= *alarm));
                }
            }
            let change = ledger.durable(at(commits.len() as u64));
            prop_assert_eq!(change.unwrap_or(ledger.index), *commits.last().unwrap());
        }
    }
}
