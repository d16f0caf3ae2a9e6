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
mod large;
mod store;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bytes::{Bytes, BytesMut};
use stated_crypto::Hash;
use stated_object::message::BodyError;
use tokio::sync::{Semaphore, mpsc, oneshot};

pub(crate) use large::LargeBody;
use large::Spool;
use store::{Bounds, Store};

/// Bounds of the caches of one service.
const BOUNDS: Bounds = Bounds {
    bytes: 512 << 20,
    entries: 16_384,
    body_bytes: 128 << 20,
};
/// Bodies up to this size are read and written as a whole; larger ones a piece at a time.
const WHOLE_BYTES_MAX: usize = 1 << 20;
/// Larger bodies that are written at the same time; another one waits.
const SPOOLS_MAX: usize = 8;
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
    /// The body; empty where it is a [`LargeBody`].
    pub(crate) body: Bytes,
    /// When it was stored, in milliseconds since the Unix epoch.
    pub(crate) stored_ms: f64,
    /// When it may no longer be used.
    pub(crate) expires_ms: f64,
}

/// A response that was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) response: CachedResponse,
    /// Its body, if that is too large to be in memory.
    pub(crate) large: Option<LargeBody>,
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
    Get(Key, oneshot::Sender<Option<Found>>),
    Put(Key, CachedResponse, oneshot::Sender<bool>),
    /// A file for a large body.
    Spool(oneshot::Sender<Option<Spool>>),
    /// Keeps what was written into it.
    Adopt(Key, Spool, oneshot::Sender<bool>),
    Delete(Key, oneshot::Sender<bool>),
}

/// The caches of one service.
///
/// Those made by default have no folder, and keep nothing.
#[derive(Debug)]
pub struct Caches {
    folder: Option<PathBuf>,
    commands: OnceLock<Option<mpsc::Sender<Command>>>,
    spools: Semaphore,
}

impl Default for Caches {
    fn default() -> Self {
        Self {
            folder: None,
            commands: OnceLock::new(),
            spools: Semaphore::new(SPOOLS_MAX),
        }
    }
}

impl Caches {
    /// The caches of a service, below a folder for those of all services. Nothing is read or made
    /// before the first use.
    pub fn of_service(folder: &Path, service: &str) -> Self {
        Self {
            folder: Some(folder.join(Self::folder_name(service))),
            ..Self::default()
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
    pub(crate) async fn get(&self, key: Key) -> Option<Found> {
        self.ask(|reply| Command::Get(key, reply)).await.flatten()
    }

    /// Keeps a response in place of the former one. False when it is too large to be kept, or cannot
    /// be written. Dropping the future may leave either.
    pub(crate) async fn put(&self, key: Key, response: CachedResponse) -> bool {
        let kept = self.ask(|reply| Command::Put(key, response, reply)).await;
        kept.unwrap_or(false)
    }

    /// The same for a body that comes in pieces, of which only some are in memory at a time.
    ///
    /// # Errors
    /// That of the body; then nothing is kept, and the former response stays.
    pub(crate) async fn put_pieces(
        &self,
        key: Key,
        mut response: CachedResponse,
        mut next: impl AsyncFnMut() -> Option<Result<Bytes, BodyError>>,
    ) -> Result<bool, BodyError> {
        let mut first = BytesMut::new();
        while first.len() <= WHOLE_BYTES_MAX {
            match next().await {
                Some(piece) => first.extend_from_slice(&piece?),
                None => {
                    response.body = first.freeze();
                    return Ok(self.put(key, response).await);
                }
            }
        }
        let _place = self.spools.acquire().await.expect("it is never closed");
        let Some(mut spool) = self.ask(Command::Spool).await.flatten() else {
            return Ok(false);
        };
        let head = file::large_head(&key, &response, 0, 0);
        let mut written = spool.begin(head.len(), first.freeze()).await;
        while written && let Some(piece) = next().await {
            written = spool.add(piece?, BOUNDS.body_bytes as u64).await;
        }
        let (length, checksum) = spool.body();
        let head = file::large_head(&key, &response, length, checksum);
        if !written || !spool.finish(&head).await {
            return Ok(false);
        }
        let kept = self.ask(|reply| Command::Adopt(key, spool, reply)).await;
        Ok(kept.unwrap_or(false))
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
            Command::Spool(reply) => drop(reply.send(store.spool())),
            Command::Adopt(key, spool, reply) => drop(reply.send(store.adopt(&key, spool))),
            Command::Delete(key, reply) => drop(reply.send(store.delete(&key))),
        }
    }
}

#[cfg(test)]
mod tests {
    use stated_object::message::BodyStream;

    use super::*;

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
        assert!(Caches::default().get(key).await.is_none());
    }

    fn key(key: &str) -> Key {
        Key {
            cache: "default".to_owned(),
            key: key.to_owned(),
        }
    }

    fn response() -> CachedResponse {
        CachedResponse {
            status: 200,
            status_text: String::new(),
            headers: vec!["x".to_owned(), "y".to_owned()],
            body: Bytes::new(),
            stored_ms: 0.0,
            expires_ms: 1.0,
        }
    }

    /// `count` pieces of 1 MiB, each with another byte.
    fn pieces(count: u8) -> impl AsyncFnMut() -> Option<Result<Bytes, BodyError>> {
        let mut next = 0;
        async move || {
            next += 1;
            (next <= count).then(|| Ok(Bytes::from(vec![next; 1 << 20])))
        }
    }

    /// Puts a response of so many mebibytes.
    async fn keep(caches: &Caches, count: u8) {
        let kept = caches.put_pieces(key("a"), response(), pieces(count));
        assert!(kept.await.unwrap());
    }

    async fn all(mut stream: BodyStream) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        while let Some(piece) = stream.chunks.recv().await {
            all.extend_from_slice(&piece.map_err(|error| error.to_string())?);
        }
        Ok(all)
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        tokio::task::LocalSet::new().block_on(&runtime, future)
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let service = folder.join(Caches::folder_name("service"));
        let files = std::fs::read_dir(service).unwrap();
        files.map(|file| file.unwrap().path()).collect()
    }

    #[test]
    fn a_large_body_comes_back_whole_and_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        run(async {
            let caches = Caches::of_service(folder.path(), "service");
            keep(&caches, 3).await;

            let found = caches.get(key("a")).await.unwrap();
            assert_eq!(found.response, response());
            let large = found.large.unwrap();
            assert_eq!(large.length(), 3 << 20);
            let body = all(large.stream(0, 3 << 20)).await.unwrap();
            assert_eq!(
                (body.len(), body[0], body[1 << 20], body[(3 << 20) - 1]),
                (3 << 20, 1, 2, 3)
            );

            let large = caches.get(key("a")).await.unwrap().large.unwrap();
            let part = all(large.stream((1 << 20) - 1, 2)).await.unwrap();
            assert_eq!(part, [1, 2]);
        });
        assert_eq!(files(folder.path()).len(), 1);
    }

    #[test]
    fn a_body_that_fails_leaves_the_former_response_and_no_file() {
        let folder = tempfile::tempdir().unwrap();
        run(async {
            let caches = Caches::of_service(folder.path(), "service");
            keep(&caches, 2).await;
            let mut good = pieces(2);
            let failing = async || match good().await {
                Some(piece) => Some(piece),
                None => Some(Err(BodyError::Disconnected)),
            };

            assert!(
                caches
                    .put_pieces(key("a"), response(), failing)
                    .await
                    .is_err()
            );

            assert_eq!(
                caches.get(key("a")).await.unwrap().large.unwrap().length(),
                2 << 20
            );
        });
        assert_eq!(files(folder.path()).len(), 1);
    }

    #[test]
    fn damage_of_a_large_body_shows_when_it_is_read_and_any_other_at_once() {
        let folder = tempfile::tempdir().unwrap();
        run(async {
            let caches = Caches::of_service(folder.path(), "service");
            keep(&caches, 2).await;
            let path = files(folder.path()).remove(0);
            let mut bytes = std::fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            std::fs::write(&path, &bytes).unwrap();

            let large = caches.get(key("a")).await.unwrap().large.unwrap();
            let read = all(large.stream(0, 2 << 20)).await;
            assert_eq!(read, Err("the cached body is damaged".to_owned()));

            bytes.pop();
            std::fs::write(&path, &bytes).unwrap();
            assert!(caches.get(key("a")).await.is_none());
        });
        assert!(files(folder.path()).is_empty());
    }

    #[test]
    fn a_large_body_may_have_its_limit_and_not_a_byte_more() {
        let folder = tempfile::tempdir().unwrap();
        run(async {
            for (limit, kept) in [(10, true), (9, false)] {
                let path = folder.path().join("unfinished-1");
                let mut spool = Spool::new(path.clone()).unwrap();
                assert!(spool.begin(4, Bytes::from_static(b"12345")).await);
                assert_eq!(spool.add(Bytes::from_static(b"67890"), limit).await, kept);
                drop(spool);
                assert!(!path.exists());
            }
        });
    }

    #[test]
    fn what_a_crash_left_behind_goes_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        run(async {
            let caches = Caches::of_service(folder.path(), "service");
            keep(&caches, 2).await;
        });
        let service = folder.path().join(Caches::folder_name("service"));
        std::fs::write(service.join("unfinished-7"), "torn").unwrap();

        run(async {
            let caches = Caches::of_service(folder.path(), "service");
            assert!(caches.get(key("a")).await.is_some());
        });
        assert_eq!(files(folder.path()).len(), 1);
    }
}
