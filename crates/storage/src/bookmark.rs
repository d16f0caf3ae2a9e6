//! Bookmarks: strings that order the states of one object in time.
//!
//! Locally a bookmark is only a counter that grows with each question; nothing can be restored from
//! it. The text has Cloudflare's shape, so programs that parse it keep working.
//!
//! Source: reference section 7.1.

use rusqlite::OptionalExtension;
use rusqlite::types::Value;

use crate::database::Database;
use crate::error::StorageError;

const BOOKMARK_KEY: i64 = 2;

impl Database {
    /// Returns a bookmark greater than every one returned before, in plain string order.
    ///
    /// Counting is a write like any other: part of the running transaction.
    ///
    /// # Errors
    /// [`StorageError::BookmarkCorrupt`], a critical error of this turn, or SQLite's.
    pub fn current_bookmark(&mut self) -> Result<String, StorageError> {
        let sqlite = self.metadata_for_write()?;
        let last: Option<Value> = sqlite
            .prepare_cached("SELECT value FROM _cf_METADATA WHERE key = ?")
            .and_then(|mut statement| {
                statement
                    .query_row([BOOKMARK_KEY], |row| row.get(0))
                    .optional()
            })
            .map_err(|error| self.failed(error.into()))?;
        let next = match last {
            None | Some(Value::Null) => 0,
            Some(Value::Integer(last)) if (0..i64::MAX).contains(&last) => last + 1,
            Some(_) => return Err(StorageError::BookmarkCorrupt),
        };
        sqlite
            .prepare_cached("INSERT OR REPLACE INTO _cf_METADATA (key, value) VALUES (?, ?)")
            .and_then(|mut statement| statement.execute((BOOKMARK_KEY, next)))
            .map_err(|error| self.failed(error.into()))?;
        Ok(print(next))
    }
}

fn print(counter: i64) -> String {
    let word = i64::from(u32::MAX);
    format!(
        "{:08x}-{:08x}-{:08x}-{:032x}",
        counter / word,
        counter % word,
        0,
        0
    )
}

#[cfg(test)]
mod tests {
    use super::print;

    #[test]
    fn the_counter_fills_the_second_word_and_then_the_first() {
        let zeros = "00000000-00000000000000000000000000000000";

        assert_eq!(print(0), format!("00000000-00000000-{zeros}"));
        assert_eq!(print(0xffff_fffe), format!("00000000-fffffffe-{zeros}"));
        assert_eq!(print(0xffff_ffff), format!("00000001-00000000-{zeros}"));
    }
}
