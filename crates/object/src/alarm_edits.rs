//! The changes of an object's alarm that its running transaction has made.
//!
//! A program sees them at once; the alarm's state machine follows what is committed, so that a
//! `setAlarm` that is rolled back inside a running `alarm()` neither replaces the retry nor fires.

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AlarmEdit {
    /// `setAlarm` with this time.
    Set(i64),
    /// `deleteAlarm`, or `deleteAll` that takes the alarm along.
    Delete,
}

/// The uncommitted changes, in order, and where the open savepoints began.
#[derive(Debug, Default)]
pub(crate) struct AlarmEdits {
    edits: Vec<AlarmEdit>,
    savepoints: Vec<usize>,
}

impl AlarmEdits {
    /// Notes a change.
    pub(crate) fn push(&mut self, edit: AlarmEdit) {
        self.edits.push(edit);
    }

    /// Notes a change that an operation may have made.
    pub(crate) fn extend(&mut self, edit: Option<AlarmEdit>) {
        self.edits.extend(edit);
    }

    /// Notes the beginning of a savepoint.
    pub(crate) fn begin(&mut self) {
        self.savepoints.push(self.edits.len());
    }

    /// Notes the end of the innermost savepoint, whose changes stay.
    pub(crate) fn keep(&mut self) {
        self.savepoints.pop();
    }

    /// Notes the end of the innermost savepoint, whose changes are undone.
    pub(crate) fn roll_back(&mut self) {
        if let Some(length) = self.savepoints.pop() {
            self.edits.truncate(length);
        }
    }

    /// The last change.
    pub(crate) fn last(&self) -> Option<AlarmEdit> {
        self.edits.last().copied()
    }

    /// Takes the changes when they are committed; none while a savepoint is open.
    pub(crate) fn take_committed(&mut self) -> Vec<AlarmEdit> {
        if self.savepoints.is_empty() {
            std::mem::take(&mut self.edits)
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::AlarmEdit::{Delete, Set};
    use super::AlarmEdits;

    #[test]
    fn changes_are_committed_in_order_and_once() {
        let mut edits = AlarmEdits::default();
        edits.push(Set(1));
        edits.push(Delete);

        assert_eq!(edits.take_committed(), [Set(1), Delete]);
        assert_eq!(edits.take_committed(), []);
    }

    #[test]
    fn a_rolled_back_change_never_happened() {
        let mut edits = AlarmEdits::default();
        edits.push(Set(1));
        edits.begin();
        edits.push(Set(2));
        edits.begin();
        edits.push(Delete);
        assert_eq!(edits.last(), Some(Delete));

        edits.roll_back();
        assert_eq!(edits.last(), Some(Set(2)));
        edits.roll_back();

        assert_eq!(edits.take_committed(), [Set(1)]);
    }

    #[test]
    fn a_kept_inner_change_shares_the_fate_of_the_outer_savepoint() {
        let mut edits = AlarmEdits::default();
        edits.begin();
        edits.begin();
        edits.push(Set(1));
        edits.keep();
        assert_eq!(edits.take_committed(), [], "the outer savepoint is open");

        edits.roll_back();

        assert_eq!(edits.take_committed(), []);
    }
}
