//! The files of a service's caches, and which of them was used when.
//!
//! What was not used for the longest time goes first. Across a restart, the time of a file's last
//! change is that of its last use.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{CachedResponse, Found, Key, Spool, file};

/// The file that is being written, and with a number those of large bodies; a crash leaves them behind.
const UNFINISHED: &str = "unfinished";
/// Digits of a file's name.
const NAME_DIGITS: usize = 64;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Bytes of all files.
    pub(super) bytes: u64,
    /// Responses.
    pub(super) entries: usize,
    /// Bytes of one body.
    pub(super) body_bytes: usize,
}

pub(super) struct Store {
    folder: PathBuf,
    bounds: Bounds,
    /// The size of each file, and its place in `by_use`.
    by_name: HashMap<String, (u64, u64)>,
    by_use: BTreeMap<u64, String>,
    last_use: u64,
    bytes: u64,
    spools: u64,
}

impl Store {
    /// Makes the folder, or finds what is in it.
    ///
    /// # Errors
    /// The folder can neither be made nor read.
    pub(super) fn open(folder: &Path, bounds: Bounds) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().into_string().unwrap_or_default();
            match entry.metadata() {
                Ok(metadata) if is_name(&name) && metadata.is_file() => {
                    let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    found.push((changed, name, metadata.len()));
                }
                Ok(_) if name.starts_with(UNFINISHED) => {
                    let _gone = fs::remove_file(entry.path());
                }
                Ok(_) | Err(_) => {}
            }
        }
        found.sort();
        let mut store = Self {
            folder: folder.to_owned(),
            bounds,
            by_name: HashMap::new(),
            by_use: BTreeMap::new(),
            last_use: 0,
            bytes: 0,
            spools: 0,
        };
        for (_, name, bytes) in found {
            store.insert(name, bytes);
        }
        store.make_room(0, 0);
        Ok(store)
    }

    /// The response under a key, which counts as a use.
    pub(super) fn get(&mut self, key: &Key) -> Option<Found> {
        let name = key.file_name();
        let bytes = self.forget(&name)?;
        let path = self.folder.join(&name);
        let opened = File::open(&path).ok();
        let Some(found) = opened.and_then(|opened| file::read(key, opened)) else {
            // Damaged, or taken away by somebody else.
            let _gone = fs::remove_file(&path);
            return None;
        };
        // Only the order after a restart depends on it.
        let _kept = File::open(&path).and_then(|file| used_now(&file));
        self.insert(name, bytes);
        Some(found)
    }

    /// A file for a body that is written elsewhere.
    pub(super) fn spool(&mut self) -> Option<Spool> {
        self.spools += 1;
        let name = format!("{UNFINISHED}-{}", self.spools);
        Spool::new(self.folder.join(name)).ok()
    }

    /// Keeps a response that was written into such a file. False when it is not kept.
    pub(super) fn adopt(&mut self, key: &Key, spool: Spool) -> bool {
        self.delete(key);
        let Ok(length) = fs::metadata(spool.path()).map(|metadata| metadata.len()) else {
            return false;
        };
        if length > self.bounds.bytes {
            return false;
        }
        self.make_room(length, 1);
        let name = key.file_name();
        let path = self.folder.join(&name);
        if fs::rename(spool.path(), &path).is_err() {
            return false;
        }
        spool.adopted();
        let _kept = File::open(&path).and_then(|file| used_now(&file));
        self.insert(name, length);
        true
    }

    /// Keeps a response in place of the former one. False when it is not kept.
    pub(super) fn put(&mut self, key: &Key, response: &CachedResponse) -> bool {
        self.delete(key);
        let bytes = file::encode(key, response);
        let length = bytes.len() as u64;
        if response.body.len() > self.bounds.body_bytes || length > self.bounds.bytes {
            return false;
        }
        self.make_room(length, 1);
        let (unfinished, name) = (self.folder.join(UNFINISHED), key.file_name());
        let written = write(&unfinished, &bytes)
            .and_then(|()| fs::rename(&unfinished, self.folder.join(&name)));
        if written.is_ok() {
            self.insert(name, length);
        }
        written.is_ok()
    }

    /// Forgets a response; whether there was one.
    pub(super) fn delete(&mut self, key: &Key) -> bool {
        let name = key.file_name();
        let known = self.forget(&name).is_some();
        known && fs::remove_file(self.folder.join(name)).is_ok()
    }

    fn make_room(&mut self, bytes: u64, entries: usize) {
        while self.bytes + bytes > self.bounds.bytes
            || self.by_name.len() + entries > self.bounds.entries
        {
            let Some((_, oldest)) = self.by_use.first_key_value() else {
                return;
            };
            let oldest = oldest.clone();
            self.forget(&oldest);
            let _gone = fs::remove_file(self.folder.join(oldest));
        }
    }

    fn insert(&mut self, name: String, bytes: u64) {
        self.last_use += 1;
        self.bytes += bytes;
        self.by_use.insert(self.last_use, name.clone());
        self.by_name.insert(name, (bytes, self.last_use));
    }

    /// Takes a file out of the account; how large it was.
    fn forget(&mut self, name: &str) -> Option<u64> {
        let (bytes, used) = self.by_name.remove(name)?;
        self.by_use.remove(&used);
        self.bytes -= bytes;
        Some(bytes)
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    used_now(&file)
}

/// Notes the time, more exactly than the file system does by itself.
fn used_now(file: &File) -> io::Result<()> {
    file.set_modified(SystemTime::now())
}

fn is_name(name: &str) -> bool {
    name.len() == NAME_DIGITS && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tempfile::TempDir;

    use super::*;

    const WIDE: Bounds = Bounds {
        bytes: 1 << 20,
        entries: 100,
        body_bytes: 1 << 20,
    };

    fn key(key: &str) -> Key {
        Key {
            cache: "default".to_owned(),
            key: key.to_owned(),
        }
    }

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

    /// The size of the file of `response(bytes)` under a key of one letter.
    fn size(bytes: usize) -> u64 {
        file::encode(&key("a"), &response(bytes)).len() as u64
    }

    fn opened(bounds: Bounds) -> (TempDir, Store) {
        let folder = TempDir::new().unwrap();
        let store = Store::open(&folder.path().join("of/a/service"), bounds).unwrap();
        (folder, store)
    }

    fn found(store: &mut Store, key: &Key) -> Option<CachedResponse> {
        store.get(key).map(|found| found.response)
    }

    fn kept(store: &mut Store, keys: &[&str]) -> Vec<bool> {
        let kept = keys.iter().map(|name| store.get(&key(name)).is_some());
        kept.collect()
    }

    #[test]
    fn a_response_is_found_under_its_cache_and_key_until_it_is_deleted() {
        let (_folder, mut store) = opened(WIDE);
        let other = Key {
            cache: "other".to_owned(),
            ..key("a")
        };
        assert!(store.put(&key("a"), &response(1)));
        assert_eq!(found(&mut store, &key("a")), Some(response(1)));
        assert_eq!(found(&mut store, &key("b")), None);
        assert_eq!(found(&mut store, &other), None);
        assert!(store.delete(&key("a")));
        assert!(!store.delete(&key("a")));
        assert_eq!(found(&mut store, &key("a")), None);
    }

    #[test]
    fn the_last_response_put_counts() {
        let (_folder, mut store) = opened(WIDE);
        store.put(&key("a"), &response(1));
        store.put(&key("a"), &response(2));
        assert_eq!(found(&mut store, &key("a")), Some(response(2)));
        assert_eq!(store.bytes, size(2));
    }

    #[test]
    fn a_body_may_have_its_limit_and_not_a_byte_more() {
        let (_folder, mut store) = opened(Bounds {
            body_bytes: 10,
            ..WIDE
        });
        assert!(store.put(&key("a"), &response(10)));
        assert!(!store.put(&key("a"), &response(11)));
        assert_eq!(found(&mut store, &key("a")), None);
    }

    #[test]
    fn a_response_may_take_all_the_room_and_not_a_byte_more() {
        let (_folder, mut store) = opened(Bounds {
            bytes: size(10),
            ..WIDE
        });
        assert!(store.put(&key("a"), &response(10)));
        assert!(!store.put(&key("b"), &response(11)));
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room_for_bytes() {
        let (_folder, mut store) = opened(Bounds {
            bytes: 3 * size(10),
            ..WIDE
        });
        for name in ["a", "b", "c"] {
            store.put(&key(name), &response(10));
        }
        assert_eq!(kept(&mut store, &["b", "c", "a"]), [true, true, true]);
        store.put(&key("d"), &response(11));
        assert_eq!(
            kept(&mut store, &["a", "b", "c", "d"]),
            [true, false, false, true]
        );
    }

    #[test]
    fn so_many_responses_are_kept_and_no_more() {
        let (_folder, mut store) = opened(Bounds { entries: 2, ..WIDE });
        for name in ["a", "b"] {
            store.put(&key(name), &response(1));
        }
        assert_eq!(kept(&mut store, &["a", "b"]), [true, true]);
        store.put(&key("c"), &response(1));
        assert_eq!(kept(&mut store, &["a", "b", "c"]), [false, true, true]);
    }

    #[test]
    fn what_is_kept_and_the_order_of_its_use_outlive_the_store() {
        let (folder, mut store) = opened(WIDE);
        for name in ["a", "b", "c"] {
            store.put(&key(name), &response(1));
        }
        assert!(store.get(&key("a")).is_some());
        let path = folder.path().join("of/a/service");
        drop(store);
        fs::write(path.join(UNFINISHED), "torn").unwrap();

        let mut store = Store::open(&path, Bounds { entries: 2, ..WIDE }).unwrap();

        assert_eq!(kept(&mut store, &["a", "b", "c"]), [true, false, true]);
        assert_eq!(store.bytes, 2 * size(1));
        assert!(store.put(&key("d"), &response(1)));
    }

    #[test]
    fn a_damaged_file_is_not_there_and_goes() {
        let (folder, mut store) = opened(WIDE);
        store.put(&key("a"), &response(1));
        let path = folder
            .path()
            .join("of/a/service")
            .join(key("a").file_name());
        fs::write(&path, "something else").unwrap();

        assert_eq!(found(&mut store, &key("a")), None);
        assert!(!path.exists());
        assert_eq!(store.bytes, 0);
        assert!(store.put(&key("a"), &response(2)));
        assert_eq!(found(&mut store, &key("a")), Some(response(2)));
    }

    #[test]
    fn a_file_that_somebody_took_away_is_not_there() {
        let (folder, mut store) = opened(WIDE);
        store.put(&key("a"), &response(1));
        fs::remove_dir_all(folder.path().join("of")).unwrap();

        assert_eq!(found(&mut store, &key("a")), None);
        assert!(!store.put(&key("a"), &response(1)));
    }
}
