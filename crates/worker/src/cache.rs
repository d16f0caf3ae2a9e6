//! The Cache API's store: one per service, shared by its shards, in files of the data folder and
//! bounded.
//!
//! It holds whole responses under a cache's name and a key. Which responses may be kept, and for how
//! long, is decided by the library (js/cache.js). Reading and writing are done by a thread of its own,
//! which starts with the first use, so no shard waits for the disk.
//!
//! What is kept outlives the process. It is no promise: nothing is synced, and what cannot be written
//! or read is not there.

mod file;
mod store;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bytes::Bytes;
use stated_crypto::Hash;
use tokio::sync::{mpsc, oneshot};

use store::{Bounds, Store};

/// Bounds of the caches of one service.
const BOUNDS: Bounds = Bounds {
    bytes: 512 << 20,
    entries: 16_384,
    body_bytes: 16 << 20,
};
/// Commands that may wait for the thread; who has another one waits for room.
const COMMANDS_MAX: usize = 64;

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

/// What a response is kept under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The name of the cache.
    pub(crate) cache: String,
    /// The library's name for the request.
    pub(crate) key: String,
}

impl Key {
    /// The name of its file.
    fn file_name(&self) -> String {
        let mut text = self.cache.len().to_le_bytes().to_vec();
        text.extend_from_slice(self.cache.as_bytes());
        text.extend_from_slice(self.key.as_bytes());
        hex(&Hash::Sha256.digest(&text))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

enum Command {
    Get(Key, oneshot::Sender<Option<CachedResponse>>),
    Put(Key, CachedResponse, oneshot::Sender<bool>),
    Delete(Key, oneshot::Sender<bool>),
}

/// The caches of one service.
///
/// Those made by default have no folder, and keep nothing.
#[derive(Debug, Default)]
pub struct Caches {
    folder: Option<PathBuf>,
    commands: OnceLock<Option<mpsc::Sender<Command>>>,
}

impl Caches {
    /// The caches of a service, below a folder for those of all services. Nothing is read or made
    /// before the first use.
    pub fn of_service(folder: &Path, service: &str) -> Self {
        Self {
            folder: Some(folder.join(Self::folder_name(service))),
            commands: OnceLock::new(),
        }
    }

    /// The name of the folder of a service, whatever its characters.
    pub fn folder_name(service: &str) -> String {
        hex(&Hash::Sha256.digest(service.as_bytes())[..16])
    }

    fn commands(&self) -> Option<&mpsc::Sender<Command>> {
        let start = || {
            let folder = self.folder.clone()?;
            let (commands, received) = mpsc::channel(COMMANDS_MAX);
            std::thread::Builder::new()
                .name("caches".to_owned())
                .spawn(move || obey(&folder, received))
                .ok()
                .map(|_| commands)
        };
        self.commands.get_or_init(start).as_ref()
    }

    async fn ask<R>(&self, command: impl FnOnce(oneshot::Sender<R>) -> Command) -> Option<R> {
        let (reply, answer) = oneshot::channel();
        self.commands()?.send(command(reply)).await.ok()?;
        answer.await.ok()
    }

    /// The response under a key, which counts as a use.
    pub(crate) async fn get(&self, key: Key) -> Option<CachedResponse> {
        self.ask(|reply| Command::Get(key, reply)).await.flatten()
    }

    /// Keeps a response in place of the former one. False when it is too large to be kept, or cannot
    /// be written. Dropping the future may leave either.
    pub(crate) async fn put(&self, key: Key, response: CachedResponse) -> bool {
        let kept = self.ask(|reply| Command::Put(key, response, reply)).await;
        kept.unwrap_or(false)
    }

    /// Forgets a response; whether there was one.
    pub(crate) async fn delete(&self, key: Key) -> bool {
        let deleted = self.ask(|reply| Command::Delete(key, reply)).await;
        deleted.unwrap_or(false)
    }
}

/// Does what it is told until nobody is left who could tell it anything.
fn obey(folder: &Path, mut commands: mpsc::Receiver<Command>) {
    let Ok(mut store) = Store::open(folder, BOUNDS) else {
        return;
    };
    while let Some(command) = commands.blocking_recv() {
        // Whoever asked may be gone.
        match command {
            Command::Get(key, reply) => drop(reply.send(store.get(&key))),
            Command::Put(key, response, reply) => drop(reply.send(store.put(&key, &response))),
            Command::Delete(key, reply) => drop(reply.send(store.delete(&key))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Caches, Key};

    #[test]
    fn keys_of_other_caches_are_others_whatever_their_characters() {
        let name = |cache: &str, key: &str| {
            let key = Key {
                cache: cache.to_owned(),
                key: key.to_owned(),
            };
            key.file_name()
        };

        assert_eq!(name("a", "b"), name("a", "b"));
        assert_ne!(name("a", "bc"), name("ab", "c"));
        assert_eq!(name("../..", "\0/").len(), 64);
        assert_ne!(Caches::folder_name("a"), Caches::folder_name("b"));
    }

    #[tokio::test]
    async fn without_a_folder_nothing_is_kept() {
        let key = Key {
            cache: String::new(),
            key: String::new(),
        };
        assert_eq!(Caches::default().get(key).await, None);
    }
}
