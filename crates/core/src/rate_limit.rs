//! How often something may be done: counts by key in windows of a fixed length.
//!
//! Windows begin at multiples of their length since the Unix epoch, for all keys together, as in Cloudflare's development
//! server. Memory is bounded: a key is kept as a number, and past [`limits::RATE_LIMIT_KEYS`] keys in one
//! window new ones are not counted and succeed, since a rate limit errs on the side of service.

use std::collections::HashMap;

use crate::limits;

/// The counts of one limit, all of whose windows are equally long.
#[derive(Debug, Default)]
pub struct RateLimit {
    window: i64,
    counts: HashMap<u64, u32>,
}

impl RateLimit {
    /// Counts one use of a key; returns whether it is within `limit` uses per `period_ms`, which must be above 0.
    ///
    /// `key` is a hash of the key; keys of one hash share their count. A refused use is not counted.
    pub fn allows(&mut self, key: u64, limit: u32, period_ms: i64, now_ms: i64) -> bool {
        let window = now_ms.div_euclid(period_ms);
        if window != self.window {
            self.window = window;
            self.counts.clear();
        }
        let has_room = limits::RATE_LIMIT_KEYS.allows(self.counts.len() as u64 + 1);
        match self.counts.get_mut(&key) {
            Some(count) if *count >= limit => return false,
            Some(count) => *count += 1,
            None if limit == 0 => return false,
            None if has_room => _ = self.counts.insert(key, 1),
            None => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_allowed_so_often_in_each_window() {
        let mut limit = RateLimit::default();
        let mut allows = |key, now_ms| limit.allows(key, 2, 10_000, now_ms);

        assert!(allows(1, 5_000));
        assert!(allows(1, 9_999));
        assert!(!allows(1, 9_999));
        assert!(allows(2, 9_999));
        assert!(allows(1, 10_000));
    }

    #[test]
    fn a_limit_of_zero_allows_nothing() {
        assert!(!RateLimit::default().allows(1, 0, 10_000, 0));
    }

    #[test]
    fn keys_beyond_the_bound_are_not_counted_and_allowed() {
        let mut limit = RateLimit::default();
        let max = limits::RATE_LIMIT_KEYS.value;
        for key in 0..max {
            assert!(limit.allows(key, 1, 10_000, 0));
        }

        assert!(limit.allows(max, 1, 10_000, 0));
        assert!(limit.allows(max, 1, 10_000, 0));
        assert!(!limit.allows(max - 1, 1, 10_000, 0));
        assert!(limit.allows(max, 1, 10_000, 10_000));
        assert!(!limit.allows(max, 1, 10_000, 10_000));
    }
}
