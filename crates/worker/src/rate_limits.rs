//! The counts behind rate limiting bindings, shared by all services and shards of a node.
//!
//! Bindings of one namespace and period share their counts, whichever service they belong to. The counts are gone
//! when the process ends: a window is a minute long at most.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use stated_core::rate_limit::RateLimit;

/// The counts by namespace and period. Only the configuration makes namespaces, and there are two periods.
#[derive(Debug, Default)]
pub struct RateLimits {
    /// Keyed at random, so that nobody can choose keys that collide.
    hasher: RandomState,
    counts: Mutex<HashMap<(String, u64), RateLimit>>,
}

impl RateLimits {
    /// Counts one use of a key; returns whether it is within `limit` uses per `period` seconds.
    pub(crate) fn allows(
        &self,
        namespace: &str,
        key: &str,
        limit: u32,
        period: u64,
        now_ms: i64,
    ) -> bool {
        let key = self.hasher.hash_one(key);
        let period_ms = i64::try_from(period.max(1)).unwrap_or(i64::MAX / 1000) * 1000;
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = counts.entry((namespace.to_owned(), period)).or_default();
        counts.allows(key, limit, period_ms, now_ms)
    }
}
