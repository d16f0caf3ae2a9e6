//! Which of a shard's databases have a SQLite connection open, in the order of their last use.
//!
//! An open connection keeps pages, a compiled schema and statements in memory: 50 KB for a small
//! database, some megabytes for one that is read much. They are bounded for all objects of a shard
//! together, by number and by bytes. What is over a bound is given back by whoever owns the databases,
//! least recently used first, at the end of a turn; a connection in the middle of something stays.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::commit::DatabaseKey;

/// SQLite connections that stay open at the end of a turn. Opening one takes a fraction of a
/// millisecond.
pub(crate) const CONNECTIONS_MAX: usize = 1000;
/// Bytes of memory that they keep together: 128 MiB, as much as the programs' heap.
pub(crate) const CONNECTION_BYTES_MAX: usize = 128 << 20;

/// The open connections of one shard.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections(Mutex<Uses>);

#[derive(Debug, Default)]
struct Uses {
    by_key: HashMap<DatabaseKey, Use>,
    by_time: BTreeMap<u64, DatabaseKey>,
    bytes: usize,
    last: u64,
}

#[derive(Clone, Copy, Debug)]
struct Use {
    time: u64,
    bytes: usize,
}

impl OpenConnections {
    /// The connection of a database was opened or used; it keeps so many bytes.
    pub(crate) fn used(&self, key: DatabaseKey, bytes: usize) {
        self.lock().note(key, bytes);
    }

    /// It was closed.
    pub(crate) fn closed(&self, key: DatabaseKey) {
        self.lock().forget(key);
    }

    /// Returns the databases, least recently used first, whose connections must be closed to keep the
    /// bounds. They count as just used then, so that one which cannot be closed now does not stand in
    /// the way of others.
    pub(crate) fn surplus(&self) -> Vec<DatabaseKey> {
        let mut uses = self.lock();
        let (mut count, mut bytes) = (uses.by_key.len(), uses.bytes);
        let mut surplus = Vec::new();
        for key in uses.by_time.values() {
            if count <= CONNECTIONS_MAX && bytes <= CONNECTION_BYTES_MAX {
                break;
            }
            count -= 1;
            bytes -= uses.by_key[key].bytes;
            surplus.push(*key);
        }
        for key in &surplus {
            let bytes = uses.by_key[key].bytes;
            uses.note(*key, bytes);
        }
        surplus
    }

    fn lock(&self) -> MutexGuard<'_, Uses> {
        // Nothing under the lock panics.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Uses {
    fn note(&mut self, key: DatabaseKey, bytes: usize) {
        self.forget(key);
        self.last += 1;
        let time = self.last;
        self.by_key.insert(key, Use { time, bytes });
        self.by_time.insert(time, key);
        self.bytes += bytes;
    }

    fn forget(&mut self, key: DatabaseKey) {
        if let Some(known) = self.by_key.remove(&key) {
            self.by_time.remove(&known.time);
            self.bytes -= known.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: usize) -> Vec<DatabaseKey> {
        std::iter::repeat_with(DatabaseKey::next)
            .take(count)
            .collect()
    }

    #[test]
    fn as_many_connections_as_the_bound_stay_open_and_one_more_closes_the_least_recently_used() {
        let connections = OpenConnections::default();
        let keys = keys(CONNECTIONS_MAX + 1);
        for key in &keys[..CONNECTIONS_MAX] {
            connections.used(*key, 1);
        }
        connections.used(keys[0], 1);
        assert_eq!(connections.surplus(), []);

        connections.used(keys[CONNECTIONS_MAX], 1);

        assert_eq!(connections.surplus(), [keys[1]]);
        connections.closed(keys[1]);
        assert_eq!(connections.surplus(), []);
    }

    #[test]
    fn as_many_bytes_as_the_bound_stay_and_one_more_closes_the_least_recently_used() {
        let connections = OpenConnections::default();
        let keys = keys(3);
        connections.used(keys[0], CONNECTION_BYTES_MAX - 2);
        connections.used(keys[1], 1);
        connections.used(keys[2], 1);
        assert_eq!(connections.surplus(), []);

        connections.used(keys[2], 2);
        assert_eq!(connections.surplus(), [keys[0]]);
        connections.closed(keys[0]);
        connections.used(keys[1], CONNECTION_BYTES_MAX + 1);

        assert_eq!(connections.surplus(), [keys[2], keys[1]]);
    }

    #[test]
    fn one_that_cannot_be_closed_does_not_stand_in_the_way_of_the_next() {
        let connections = OpenConnections::default();
        let keys = keys(CONNECTIONS_MAX + 1);
        for key in &keys {
            connections.used(*key, 0);
        }

        assert_eq!(connections.surplus(), [keys[0]]);
        assert_eq!(connections.surplus(), [keys[1]]);
    }
}
