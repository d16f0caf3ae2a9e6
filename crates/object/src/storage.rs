//! What a running program does to its object's storage beyond the database itself: the alarm's
//! changes follow the transaction, and what went wrong inside is not told.

use std::hash::{BuildHasher, Hasher, RandomState};

use stated_core::error::Failure;
use stated_storage::{AlarmFate, Confirmation, Database, SavepointEnd, StorageError};

use crate::alarm_edits::AlarmEdit;
use crate::instance::Instance;

/// An operation's own result, inside whether the storage is there at all.
type Stored<T> = Result<Result<T, StorageError>, Failure>;

impl Instance {
    /// Sets the alarm in the current transaction.
    ///
    /// # Errors
    /// As [`Instance::with_database`]; inside, storage's.
    pub fn set_alarm(&self, at_ms: i64, confirmation: Confirmation) -> Stored<()> {
        let set = self.with_database(|database| {
            database.confirming(confirmation, |database| database.set_alarm(Some(at_ms)))
        })?;
        Ok(set.map(|()| self.alarm_edits.borrow_mut().push(AlarmEdit::Set(at_ms))))
    }

    /// Removes the alarm in the current transaction.
    ///
    /// # Errors
    /// As [`Instance::with_database`]; inside, storage's.
    pub fn delete_alarm(&self, confirmation: Confirmation) -> Stored<()> {
        let deleted = self.with_database(|database| {
            database.confirming(confirmation, |database| database.set_alarm(None))
        })?;
        Ok(deleted.map(|()| self.alarm_edits.borrow_mut().push(AlarmEdit::Delete)))
    }

    /// What `getAlarm()` answers: while the handler runs, only an alarm that was set meanwhile.
    ///
    /// # Errors
    /// As [`Instance::with_database`]; inside, storage's.
    pub fn alarm(&self) -> Stored<Option<i64>> {
        let stored = self.with_database(Database::alarm)?;
        let edited = self.alarm_edits.borrow().last();
        Ok(stored.map(|stored| match edited {
            Some(AlarmEdit::Set(at_ms)) => Some(at_ms),
            Some(AlarmEdit::Delete) => None,
            None => self.entry.visible_alarm(stored),
        }))
    }

    /// Removes everything, and commits that at once.
    ///
    /// # Errors
    /// As [`Instance::with_database`]; inside, storage's.
    pub fn delete_all(&self, fate: AlarmFate) -> Stored<()> {
        let deleted = self.with_database(|database| database.delete_all(fate))?;
        Ok(deleted.map(|_| {
            if fate == AlarmFate::Delete {
                self.alarm_edits.borrow_mut().push(AlarmEdit::Delete);
            }
        }))
    }

    /// Begins a savepoint and returns the new depth.
    ///
    /// # Errors
    /// As [`Instance::with_database`]; inside, storage's.
    pub fn savepoint_begin(&self) -> Stored<u32> {
        let begun = self.with_database(Database::savepoint_begin)?;
        Ok(begun.inspect(|_| self.alarm_edits.borrow_mut().begin()))
    }

    /// Ends the innermost savepoint.
    ///
    /// # Errors
    /// As [`Instance::with_database`]; inside, storage's. The savepoint has ended all the same.
    pub fn savepoint_end(&self, end: SavepointEnd) -> Stored<()> {
        let ended = self.with_database(|database| database.savepoint_end(end))?;
        let mut edits = self.alarm_edits.borrow_mut();
        match end {
            SavepointEnd::Commit if ended.is_ok() => edits.keep(),
            SavepointEnd::Commit | SavepointEnd::RollBack => edits.roll_back(),
        }
        Ok(ended)
    }

    /// Tells the alarm's state machine what a transaction has committed.
    pub(crate) fn alarm_edits_committed(&self) {
        for edit in self.alarm_edits.borrow_mut().take_committed() {
            match edit {
                AlarmEdit::Set(at_ms) => self.entry.alarm_was_set(at_ms),
                AlarmEdit::Delete => self.entry.alarm_was_deleted(),
            }
        }
    }
}

/// Hides an error that is not the program's business, and logs it under a reference that the
/// program is told.
///
/// The operating system's errors name files of the host; all others are meant for programs.
pub fn hidden(error: &StorageError) -> Option<Failure> {
    if !matches!(error, StorageError::File { .. }) {
        return None;
    }
    // Any number will do that is unlikely to come twice in one log.
    let reference = format!("{:016x}", RandomState::new().build_hasher().finish());
    tracing::error!(%error, reference, "storage");
    Some(Failure::internal(&reference))
}

/// The failure of an object whose storage failed.
pub(crate) fn storage_failure(error: &StorageError) -> Failure {
    hidden(error).unwrap_or_else(|| Failure::storage_failed(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use super::*;

    #[test]
    fn an_error_of_the_operating_system_is_not_told() {
        let error = StorageError::File {
            action: "create database",
            path: "/srv/secret/object.sqlite".into(),
            source: Arc::new(io::Error::other("no")),
        };

        let message = hidden(&error).expect("it is hidden").message.to_string();

        let reference = message
            .strip_prefix("internal error; reference = ")
            .expect("the text is Cloudflare's");
        assert_eq!(reference.len(), 16, "{message}");
        assert!(
            reference.chars().all(|digit| digit.is_ascii_hexdigit()),
            "{message}"
        );
    }

    #[test]
    fn an_error_of_the_program_is_told_as_it_is() {
        assert!(hidden(&StorageError::NoStatement).is_none());
    }
}
