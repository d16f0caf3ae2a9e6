//! Which shard has what: the senders of all shards, and the choice of one.

use std::sync::Arc;

use stated_core::error::{ErrorCode, Failure};
use stated_core::id::ObjectId;
use stated_object::capability::{Life, Props, TargetAddress};
use stated_object::program::{Answer, Event};
use stated_worker::Source;
use tokio::sync::{mpsc, oneshot};

use crate::plan::ServicePlan;

/// Commands that may wait for a shard before their senders are held back.
pub(crate) const COMMANDS_MAX: usize = 4096;

/// What one shard can be asked from another thread.
pub(crate) enum Command {
    /// Deliver an event to an object.
    Deliver {
        namespace: usize,
        id: ObjectId,
        name: Option<String>,
        life: Life,
        event: Event,
        reply: oneshot::Sender<Result<(u64, Answer), Failure>>,
    },
    /// Run an event of a stateless entrypoint.
    Service {
        entrypoint: Arc<str>,
        props: Option<Props>,
        event: Event,
        reply: oneshot::Sender<Result<Answer, Failure>>,
    },
    /// Call a target that a context of the shard has exported.
    Target {
        address: TargetAddress,
        event: Event,
        reply: oneshot::Sender<Result<Answer, Failure>>,
    },
    /// Wake an object for its alarm; the reply is when to wake it again, if not by the index.
    Wake {
        namespace: usize,
        id: ObjectId,
        name: Option<String>,
        at_ms: i64,
        reply: oneshot::Sender<Option<i64>>,
    },
    /// Carry out an operator's wish; the task answers by itself.
    Operate {
        namespace: usize,
        task: crate::objects::Task,
    },
    /// Load new code beside what runs, with a new plan if the project file changed; the reply is the text of the error.
    Stage {
        source: Arc<Source>,
        source_map: Arc<stated_bundle::SourceMap>,
        plan: Option<Arc<ServicePlan>>,
        reply: oneshot::Sender<Result<(), String>>,
    },
    /// Go on with the code that was loaded last.
    Activate { reply: oneshot::Sender<()> },
    /// Forget the code that was loaded last.
    Discard,
    /// Finish and end the thread.
    Stop,
}

/// The shards of all services.
#[derive(Clone)]
pub(crate) struct Topology {
    services: Arc<Vec<Vec<mpsc::Sender<Command>>>>,
}

impl Topology {
    pub(crate) fn new(services: Vec<Vec<mpsc::Sender<Command>>>) -> Self {
        Self {
            services: Arc::new(services),
        }
    }

    /// The shard of a service that owns an object.
    pub(crate) fn owner(&self, service: usize, id: &ObjectId) -> usize {
        // The first half of an id is random or a MAC; its first bytes spread evenly.
        let bytes = id.as_bytes();
        let head = u64::from_le_bytes(bytes[..8].try_into().expect("an id has 32 bytes"));
        (head % self.services[service].len() as u64) as usize
    }

    pub(crate) fn shard_count(&self, service: usize) -> usize {
        self.services[service].len()
    }

    pub(crate) fn sender(&self, service: usize, shard: usize) -> &mpsc::Sender<Command> {
        &self.services[service][shard]
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &mpsc::Sender<Command>> {
        self.services.iter().flatten()
    }
}

/// The failure of a call whose shard is gone.
pub(crate) fn shard_gone() -> Failure {
    Failure::new(ErrorCode::NetworkLost)
}

/// Sends a command to another shard and waits for the reply.
pub(crate) async fn ask<T>(
    shard: mpsc::Sender<Command>,
    command: impl FnOnce(oneshot::Sender<Result<T, Failure>>) -> Command,
) -> Result<T, Failure> {
    let (reply, answer) = oneshot::channel();
    shard.send(command(reply)).await.map_err(|_| shard_gone())?;
    answer.await.map_err(|_| shard_gone())?
}
