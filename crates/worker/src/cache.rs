//! The Cache API's store: one per service, shared by its shards, in memory and bounded.
//!
//! It holds whole responses under a cache's name and a key. Which responses may be kept, and for how
//! long, is decided by the library (js/cache.js); what was not used for the longest time goes first.
//!
//! Differs: Cloudflare's caches outlive the process; these do not.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// Bytes of all responses of a service.
pub(crate) const SERVICE_BYTES_MAX: usize = 64 << 20;
/// Bytes of one response.
pub(crate) const RESPONSE_BYTES_MAX: usize = 16 << 20;

/// A response that is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CachedResponse {
    /// The status.
    pub(crate) status: u16,
    /// The text of the status line.
    pub(crate) status_text: String,
    /// Names and values, one after the other.
    pub(crate) headers: Vec<String>,
    /// The body.
    pub(crate) body: Bytes,
    /// When it was stored, in milliseconds since the Unix epoch.
    pub(crate) stored_ms: f64,
    /// When it may no longer be used.
    pub(crate) expires_ms: f64,
}

impl CachedResponse {
    /// What it counts against the bounds.
    fn bytes(&self) -> usize {
        self.body.len()
            + self.status_text.len()
            + self.headers.iter().map(String::len).sum::<usize>()
    }
}

/// The caches of one service.
#[derive(Debug, Default)]
pub struct Caches(Mutex<Entries>);

type Key = (String, String);

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<Key, (u64, CachedResponse)>,
    /// By the time of the last use, in steps.
    by_use: BTreeMap<u64, Key>,
    last_use: u64,
    bytes: usize,
}

impl Caches {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        // No code that can panic runs while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The response under a key, which counts as a use.
    pub(crate) fn get(&self, cache: &str, key: &str) -> Option<CachedResponse> {
        let mut entries = self.entries();
        let response = entries.take(&(cache.to_owned(), key.to_owned()))?;
        entries.insert((cache.to_owned(), key.to_owned()), response.clone());
        Some(response)
    }

    /// Keeps a response in place of the former one. False when it is too large to be kept.
    pub(crate) fn put(&self, cache: &str, key: &str, response: CachedResponse) -> bool {
        let mut entries = self.entries();
        let key = (cache.to_owned(), key.to_owned());
        entries.take(&key);
        if response.bytes() > RESPONSE_BYTES_MAX {
            return false;
        }
        while entries.bytes + response.bytes() > SERVICE_BYTES_MAX {
            let Some((_, oldest)) = entries.by_use.first_key_value() else {
                break;
            };
            let oldest = oldest.clone();
            entries.take(&oldest);
        }
        entries.insert(key, response);
        true
    }

    /// Forgets a response; whether there was one.
    pub(crate) fn delete(&self, cache: &str, key: &str) -> bool {
        self.entries()
            .take(&(cache.to_owned(), key.to_owned()))
            .is_some()
    }
}

impl Entries {
    fn take(&mut self, key: &Key) -> Option<CachedResponse> {
        let (used, response) = self.by_key.remove(key)?;
        self.by_use.remove(&used);
        self.bytes -= response.bytes();
        Some(response)
    }

    fn insert(&mut self, key: Key, response: CachedResponse) {
        self.last_use += 1;
        self.bytes += response.bytes();
        self.by_use.insert(self.last_use, key.clone());
        self.by_key.insert(key, (self.last_use, response));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{CachedResponse, Caches, RESPONSE_BYTES_MAX, SERVICE_BYTES_MAX};

    fn response(bytes: usize) -> CachedResponse {
        CachedResponse {
            status: 200,
            status_text: String::new(),
            headers: Vec::new(),
            body: Bytes::from(vec![0; bytes]),
            stored_ms: 0.0,
            expires_ms: 1.0,
        }
    }

    #[test]
    fn a_response_is_found_under_its_cache_and_key_until_it_is_deleted() {
        let caches = Caches::default();
        assert!(caches.put("default", "a", response(1)));
        assert_eq!(caches.get("default", "a"), Some(response(1)));
        assert_eq!(caches.get("default", "b"), None);
        assert_eq!(caches.get("other", "a"), None);
        assert!(caches.delete("default", "a"));
        assert!(!caches.delete("default", "a"));
        assert_eq!(caches.get("default", "a"), None);
    }

    #[test]
    fn the_last_response_put_counts() {
        let caches = Caches::default();
        caches.put("default", "a", response(1));
        caches.put("default", "a", response(2));
        assert_eq!(caches.get("default", "a"), Some(response(2)));
        assert_eq!(caches.entries().bytes, 2);
    }

    #[test]
    fn a_response_may_have_its_limit_and_not_a_byte_more() {
        let caches = Caches::default();
        assert!(caches.put("default", "a", response(RESPONSE_BYTES_MAX)));
        assert!(!caches.put("default", "a", response(RESPONSE_BYTES_MAX + 1)));
        assert_eq!(caches.get("default", "a"), None);
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let caches = Caches::default();
        let fourth = SERVICE_BYTES_MAX / 4;
        for key in ["a", "b", "c", "d"] {
            caches.put("default", key, response(fourth));
        }
        assert_eq!(caches.entries().bytes, SERVICE_BYTES_MAX);
        caches.get("default", "a");
        caches.put("default", "e", response(1));
        assert!(caches.get("default", "a").is_some());
        assert!(caches.get("default", "b").is_none());
        assert!(caches.get("default", "c").is_some());
    }
}
