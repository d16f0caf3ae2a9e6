//! What a message refers to besides its bytes: targets of a context, objects, entrypoints, streams.
//!
//! A capability is an ordinary value: it moves with the message that holds it, through any channel
//! to any thread, and whoever has it may use it. A [`Target`] is counted. When the last reference is
//! dropped, wherever that happens (disposed by a program, left in the table of a context that ended,
//! inside a message that never arrived), its home hears of it by [`Releases`]. So nothing has to be
//! cleaned up by hand on any path, and a stub passed on needs nobody in between.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use stated_core::id::ObjectId;
use tokio::sync::Notify;

use crate::message::BodyStream;

/// Arguments or a result: a serialized value and what it refers to, by position.
#[derive(Debug, Default)]
pub struct Message {
    /// The value, in the format of the worker's library.
    pub bytes: Bytes,
    /// What it refers to.
    pub capabilities: Vec<Capability>,
}

impl Message {
    /// Another message with the same bytes and further references to the same things; None if it
    /// carries a stream, of which there is only one.
    pub fn duplicate(&self) -> Option<Self> {
        let capabilities = self.capabilities.iter().map(Capability::duplicate);
        Some(Self {
            bytes: self.bytes.clone(),
            capabilities: capabilities.collect::<Option<_>>()?,
        })
    }
}

/// Something that a message can refer to.
#[derive(Debug)]
pub enum Capability {
    /// A function, an `RpcTarget` or the like that lives in some context.
    Target(Target),
    /// A Durable Object.
    Object(ObjectRef),
    /// A stateless entrypoint.
    Service(ServiceRef),
    /// Bytes that are still arriving.
    Stream(BodyStream),
}

impl Capability {
    /// Another reference to the same; None for a stream.
    pub fn duplicate(&self) -> Option<Self> {
        match self {
            Self::Target(target) => Some(Self::Target(target.clone())),
            Self::Object(object) => Some(Self::Object(object.for_another())),
            Self::Service(service) => Some(Self::Service(service.clone())),
            Self::Stream(_) => None,
        }
    }
}

/// A Durable Object, as any service can address it.
#[derive(Clone, Debug)]
pub struct ObjectRef {
    /// The service that its class belongs to.
    pub service: usize,
    /// The class's place in that service's list of namespaces.
    pub namespace: usize,
    /// The object.
    pub id: ObjectId,
    /// The name that the id was made from, if known.
    pub name: Option<String>,
    /// The life that its calls are for.
    pub life: Life,
}

impl ObjectRef {
    /// The same object for another holder, whose calls are for the life that is known by now.
    pub fn for_another(&self) -> Self {
        Self {
            life: Life::of(self.life.generation()),
            ..self.clone()
        }
    }
}

/// Which life of an object the calls of a stub are for: the one in which the first of them arrived.
///
/// A stub that saw its object break stays broken, so all its calls carry this. It is shared by the
/// calls of a stub that are sent before an answer has said which life it is.
#[derive(Clone, Debug)]
pub enum Life {
    /// The generation, as an answer said; 0 for a call that is alone and the first.
    Known(u64),
    /// What the calls that are under way share; 0 until the first of them has arrived.
    Shared(Arc<AtomicU64>),
}

impl Life {
    /// A life that an answer has told of.
    pub fn of(generation: u64) -> Self {
        Self::Known(generation)
    }

    /// Makes copies from now on share what the first of them learns.
    pub fn share(&mut self) {
        if let Self::Known(generation) = *self {
            *self = Self::Shared(Arc::new(AtomicU64::new(generation)));
        }
    }

    /// The generation, or 0 when it is not known yet.
    pub fn generation(&self) -> u64 {
        match self {
            Self::Known(generation) => *generation,
            Self::Shared(shared) => shared.load(Ordering::Acquire),
        }
    }

    /// Notes where a call has arrived. Only the shard that owns the object does.
    pub(crate) fn bind(&self, generation: u64) {
        if let Self::Shared(shared) = self {
            shared.store(generation, Ordering::Release);
        }
    }
}

impl From<u64> for Life {
    fn from(generation: u64) -> Self {
        Self::of(generation)
    }
}

/// A stateless entrypoint, as any service can address it.
#[derive(Clone, Debug)]
pub struct ServiceRef {
    /// The service.
    pub service: usize,
    /// "default" or the name of an export.
    pub entrypoint: Arc<str>,
    /// What the entrypoint finds in `ctx.props`; an empty object if absent.
    pub props: Option<Props>,
}

/// Where a stub leads, in names that mean the same after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A stateless entrypoint; its props go beside this.
    Entrypoint {
        /// The service's name.
        service: String,
        /// "default" or the name of an export.
        entrypoint: String,
    },
    /// A Durable Object.
    Object {
        /// The name of the service that its class belongs to.
        service: String,
        /// The class.
        class: String,
        /// The object.
        id: ObjectId,
        /// The name that the id was made from, if known.
        name: Option<String>,
    },
}

/// The `ctx.props` of an entrypoint.
#[derive(Clone, Debug)]
pub enum Props {
    /// From the configuration.
    Json(Arc<str>),
    /// From a program. It refers to objects and entrypoints only.
    Value(Arc<Message>),
}

/// The shard that a context is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Home {
    /// The service.
    pub service: usize,
    /// The shard's place among that service's.
    pub shard: usize,
}

/// Where a target lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TargetAddress {
    /// The shard.
    pub home: Home,
    /// The context on that shard; numbers of contexts are never used twice there.
    pub context: u64,
    /// The number that the context's code knows it by, never used twice in the context.
    pub target: u64,
}

/// One reference to a target; cloning makes another.
#[derive(Clone, Debug)]
pub struct Target(Arc<Lease>);

/// A reference that does not count.
#[derive(Debug)]
pub struct WeakTarget(Weak<Lease>);

#[derive(Debug)]
struct Lease {
    address: TargetAddress,
    releases: Arc<Releases>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.releases.add(self.address);
    }
}

impl Target {
    /// Makes the first reference. `releases` belongs to the target's home.
    pub fn new(address: TargetAddress, releases: Arc<Releases>) -> Self {
        Self(Arc::new(Lease { address, releases }))
    }

    /// Where it lives.
    pub fn address(&self) -> TargetAddress {
        self.0.address
    }

    /// A reference that does not keep the target.
    pub fn downgrade(&self) -> WeakTarget {
        WeakTarget(Arc::downgrade(&self.0))
    }
}

impl WeakTarget {
    /// Tells whether a reference is left.
    pub fn is_referenced(&self) -> bool {
        self.0.strong_count() > 0
    }
}

/// The targets of one shard that nobody refers to any more, until the shard takes note.
///
/// Bounded by the number of targets: each is added at most once.
#[derive(Debug, Default)]
pub struct Releases {
    waiting: Mutex<Vec<TargetAddress>>,
    notify: Notify,
}

impl Releases {
    fn add(&self, address: TargetAddress) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(address);
        self.notify.notify_one();
    }

    /// Waits for targets to be released and takes them, in the order of their release.
    ///
    /// For one waiter. Dropping the future loses nothing.
    pub async fn next(&self) -> Vec<TargetAddress> {
        loop {
            let released =
                std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !released.is_empty() {
                return released;
            }
            self.notify.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: TargetAddress = TargetAddress {
        home: Home {
            service: 0,
            shard: 1,
        },
        context: 2,
        target: 3,
    };

    fn released(releases: &Releases) -> Vec<TargetAddress> {
        std::mem::take(&mut *releases.waiting.lock().unwrap())
    }

    #[test]
    fn a_target_is_released_with_its_last_reference() {
        let releases = Arc::new(Releases::default());
        let first = Target::new(ADDRESS, releases.clone());
        let second = first.clone();
        let weak = first.downgrade();

        drop(first);
        assert_eq!(released(&releases), []);
        assert!(weak.is_referenced());

        drop(second);
        assert_eq!(released(&releases), [ADDRESS]);
        assert!(!weak.is_referenced());
    }

    #[test]
    fn a_message_that_never_arrives_releases_what_it_holds() {
        let releases = Arc::new(Releases::default());
        let target = Target::new(ADDRESS, releases.clone());
        let message = Message {
            bytes: Bytes::new(),
            capabilities: vec![Capability::Target(target)],
        };

        std::thread::spawn(move || drop(message)).join().unwrap();

        assert_eq!(released(&releases), [ADDRESS]);
    }

    #[tokio::test]
    async fn releases_are_awaited_and_taken_in_order() {
        let releases = Arc::new(Releases::default());
        let later = TargetAddress {
            target: 4,
            ..ADDRESS
        };
        let [first, second] =
            [ADDRESS, later].map(|address| Target::new(address, releases.clone()));
        let thread = std::thread::spawn(move || {
            drop(first);
            drop(second);
        });

        let mut taken = releases.next().await;
        while taken.len() < 2 {
            taken.extend(releases.next().await);
        }

        assert_eq!(taken, [ADDRESS, later]);
        thread.join().unwrap();
    }
}
