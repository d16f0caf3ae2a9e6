//! Which of a shard's databases have a SQLite connection open, in the order of their last use.
//!
//! An open connection keeps pages, a compiled schema and statements in memory: 40 KB for a small
//! database, some megabytes for one that is read much. They are bounded for all objects of the process
//! together, by number and by bytes, and each shard has an equal part. What is over a bound is given back by whoever owns the databases,
//! least recently used first, at the end of a turn; a connection in the middle of something stays.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::commit::DatabaseKey;

/// SQLite connections that stay open at the end of a turn. Opening one takes a fraction of a
/// millisecond.
pub(crate) const CONNECTIONS_MAX: usize = 2000;
/// Bytes of memory that they keep together.
pub(crate) const CONNECTION_BYTES_MAX: usize = 256 << 20;
/// The part of a shard is that of one of so many at least, however many there are.
const SHARERS_MAX: usize = 20;

/// How many shards there are for whom [`CONNECTIONS_MAX`] is meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sharers(Arc<AtomicUsize>);

/// The open connections of one shard.
#[derive(Debug)]
pub(crate) struct OpenConnections {
    uses: Mutex<Uses>,
    sharers: Sharers,
}

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
    /// Those of another shard.
    pub(crate) fn new(sharers: &Sharers) -> Self {
        sharers.0.fetch_add(1, Relaxed);
        Self {
            uses: Mutex::default(),
            sharers: sharers.clone(),
        }
    }

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
        let sharers = self.sharers.0.load(Relaxed).clamp(1, SHARERS_MAX);
        let (count_max, bytes_max) = (CONNECTIONS_MAX / sharers, CONNECTION_BYTES_MAX / sharers);
        let mut uses = self.lock();
        let (mut count, mut bytes) = (uses.by_key.len(), uses.bytes);
        let mut surplus = Vec::new();
        for key in uses.by_time.values() {
            if count <= count_max && bytes <= bytes_max {
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
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenConnections {
    fn drop(&mut self) {
        self.sharers.0.fetch_sub(1, Relaxed);
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
        let connections = OpenConnections::new(&Sharers::default());
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
        let connections = OpenConnections::new(&Sharers::default());
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
    fn shards_have_equal_parts_of_the_bounds_and_more_when_one_of_them_ends() {
        let sharers = Sharers::default();
        let connections = OpenConnections::new(&sharers);
        let other = OpenConnections::new(&sharers);
        let keys = keys(CONNECTIONS_MAX / 2 + 1);
        for key in &keys {
            connections.used(*key, 0);
        }
        assert_eq!(connections.surplus(), [keys[0]]);
        assert_eq!(other.surplus(), []);

        drop(other);

        assert_eq!(connections.surplus(), []);
        let many: Vec<_> = (0..100).map(|_| OpenConnections::new(&sharers)).collect();
        let surplus = keys.len() - CONNECTIONS_MAX / SHARERS_MAX;
        assert_eq!(connections.surplus().len(), surplus);
        drop(many);
    }

    #[test]
    fn one_that_cannot_be_closed_does_not_stand_in_the_way_of_the_next() {
        let connections = OpenConnections::new(&Sharers::default());
        let keys = keys(CONNECTIONS_MAX + 1);
        for key in &keys {
            connections.used(*key, 0);
        }

        assert_eq!(connections.surplus(), [keys[0]]);
        assert_eq!(connections.surplus(), [keys[1]]);
    }
}
