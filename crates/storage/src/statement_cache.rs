//! Compiled statements, and those that wait to be used again.
//!
//! A statement borrows from its connection and its rows borrow from the statement; both chains are
//! held together by `self_cell`, so this crate needs no unsafe code for them. A statement in use is
//! not in the cache, so the same text run twice at once is compiled twice.
//!
//! Source: reference section 5.3.

use rusqlite::{Connection, Rows, Statement};
use self_cell::{MutBorrow, self_cell};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::rc::Rc;

use crate::counters::Program;

/// Bytes of SQL text the cache keeps, all statements together.
const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Statements the cache keeps. Differs: the reference bounds only the text, which would allow some
/// hundred megabytes of short statements per object.
const STATEMENTS_MAX: usize = 256;

self_cell!(
    struct StatementCell {
        owner: Rc<Connection>,
        #[covariant]
        dependent: Statement,
    }
);

self_cell!(
    struct RowsCell {
        owner: MutBorrow<Prepared>,
        #[covariant]
        dependent: Rows,
    }
);

/// A compiled statement of a program.
pub(crate) struct Prepared {
    cell: StatementCell,
    pub(crate) program: Rc<Program>,
}

impl Prepared {
    /// Compiles the text, which holds one statement.
    pub(crate) fn new(sqlite: &Rc<Connection>, text: &str) -> rusqlite::Result<Self> {
        Ok(Self {
            cell: StatementCell::try_new(Rc::clone(sqlite), |sqlite| sqlite.prepare(text))?,
            program: Rc::new(Program::new(text)),
        })
    }

    /// Whether the text had nothing to compile. SQLite gives no statement then, which must not be run.
    pub(crate) fn is_nothing(&self) -> bool {
        let statement = self.statement();
        statement.readonly() && statement.column_count() == 0 && statement.expanded_sql().is_none()
    }

    pub(crate) fn statement(&self) -> &Statement<'_> {
        self.cell.borrow_dependent()
    }

    pub(crate) fn with_statement<T>(&mut self, use_it: impl FnOnce(&mut Statement<'_>) -> T) -> T {
        self.cell
            .with_dependent_mut(|_, statement| use_it(statement))
    }

    /// Starts the statement with the values already bound; the first row is not fetched yet.
    pub(crate) fn into_rows(self) -> LiveRows {
        LiveRows(RowsCell::new(MutBorrow::new(self), |prepared| {
            let prepared = prepared.borrow_mut();
            prepared
                .cell
                .with_dependent_mut(|_, statement| statement.raw_query())
        }))
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prepared").field(&self.program).finish()
    }
}

/// A statement that is being stepped.
pub(crate) struct LiveRows(RowsCell);

impl LiveRows {
    pub(crate) fn with_rows<T>(&mut self, use_it: impl FnOnce(&mut Rows<'_>) -> T) -> T {
        self.0.with_dependent_mut(|_, rows| use_it(rows))
    }

    pub(crate) fn statement(&self) -> Option<&Statement<'_>> {
        self.0.borrow_dependent().as_ref()
    }

    /// Resets the statement and hands it back.
    pub(crate) fn into_prepared(self) -> Prepared {
        self.0.into_owner().into_inner()
    }
}

impl fmt::Debug for LiveRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LiveRows")
    }
}

/// Statements not in use, by text; the least recently used go first.
#[derive(Debug, Default)]
pub(crate) struct StatementCache {
    by_text: HashMap<Rc<str>, (Prepared, u64)>,
    by_use: BTreeMap<u64, Rc<str>>,
    text_bytes: usize,
    uses: u64,
}

impl StatementCache {
    /// Removes the statement from the cache for use.
    pub(crate) fn take(&mut self, text: &str) -> Option<Prepared> {
        let (text, (prepared, used)) = self.by_text.remove_entry(text)?;
        self.by_use.remove(&used);
        self.text_bytes -= text.len();
        Some(prepared)
    }

    /// Keeps the statement for the next use of the same text.
    pub(crate) fn put(&mut self, text: Rc<str>, mut prepared: Prepared) {
        // The other run of the same text came back first; one of them is enough.
        if self.by_text.contains_key(&text) {
            return;
        }
        prepared.with_statement(|statement| statement.clear_bindings());
        self.uses += 1;
        self.text_bytes += text.len();
        self.by_use.insert(self.uses, Rc::clone(&text));
        self.by_text.insert(text, (prepared, self.uses));
        while self.text_bytes > TEXT_BYTES_MAX || self.by_text.len() > STATEMENTS_MAX {
            let Some((_, oldest)) = self.by_use.pop_first() else {
                return;
            };
            self.text_bytes -= oldest.len();
            self.by_text.remove(&oldest);
        }
    }

    /// Returns how many statements wait.
    pub(crate) fn len(&self) -> usize {
        self.by_text.len()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(sqlite: &Rc<Connection>, text: &str) -> Prepared {
        Prepared::new(sqlite, text).unwrap()
    }

    fn connection() -> Rc<Connection> {
        Rc::new(Connection::open_in_memory().unwrap())
    }

    #[test]
    fn a_statement_in_use_is_not_in_the_cache() {
        let sqlite = connection();
        let mut cache = StatementCache::default();
        cache.put("SELECT 1".into(), prepared(&sqlite, "SELECT 1"));

        assert!(cache.take("SELECT 1").is_some());
        assert!(cache.take("SELECT 1").is_none());
        assert_eq!(cache.text_bytes, 0);
    }

    #[test]
    fn the_least_recently_used_goes_when_there_are_too_many() {
        let sqlite = connection();
        let mut cache = StatementCache::default();
        for number in 0..STATEMENTS_MAX {
            let text = format!("SELECT {number}");
            cache.put(text.as_str().into(), prepared(&sqlite, &text));
        }
        let first = cache.take("SELECT 0").unwrap();
        cache.put("SELECT 0".into(), first);

        cache.put("SELECT -1".into(), prepared(&sqlite, "SELECT -1"));

        assert_eq!(cache.by_text.len(), STATEMENTS_MAX);
        assert!(cache.take("SELECT 0").is_some());
        assert!(cache.take("SELECT 1").is_none());
    }

    #[test]
    fn the_text_may_be_a_mebibyte_and_no_more() {
        let sqlite = connection();
        let mut cache = StatementCache::default();
        let long = |letter: &str| format!("SELECT '{}'", letter.repeat(TEXT_BYTES_MAX / 2 - 9));
        for letter in ["a", "b"] {
            cache.put(long(letter).into(), prepared(&sqlite, &long(letter)));
        }
        assert_eq!(cache.text_bytes, TEXT_BYTES_MAX);

        cache.put("SELECT 1".into(), prepared(&sqlite, "SELECT 1"));

        assert!(cache.take(&long("a")).is_none());
        assert!(cache.take(&long("b")).is_some());
    }
}
