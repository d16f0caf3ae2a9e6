//! Waking objects when their alarms are due.
//!
//! One task per service looks at the alarm indices of its namespaces; it sleeps until the earliest
//! due time and is nudged when an alarm is set. The object's shard decides whether a wake-up is
//! right and runs the handler.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use stated_core::id::ObjectId;
use stated_object::clock::wall_ms;
use stated_storage::{AlarmEntry, AlarmIndex};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::topology::{Command, Topology};

/// Alarms of one service that may be running at once; more wait for one to finish.
const RUNNING_MAX: usize = 1024;
/// The longest sleep, so that a jump of the system's clock is noticed.
const SLEEP_MAX: Duration = Duration::from_secs(30);

type Key = (usize, Arc<str>);

/// The scheduler of one service.
pub(crate) struct Alarms {
    service: usize,
    topology: Topology,
    indices: Vec<Arc<AlarmIndex>>,
    nudge: Arc<Notify>,
    running: HashSet<Key>,
    /// Objects to wake at another time than the index says.
    retries: HashMap<Key, i64>,
}

impl Alarms {
    pub(crate) fn new(service: usize, topology: Topology, indices: Vec<Arc<AlarmIndex>>, nudge: Arc<Notify>) -> Self {
        Self { service, topology, indices, nudge, running: HashSet::new(), retries: HashMap::new() }
    }

    /// Runs until the task is dropped.
    pub(crate) async fn run(mut self) {
        let (done, mut finished) = mpsc::channel(RUNNING_MAX);
        loop {
            let now_ms = wall_ms();
            self.wake_due(now_ms, &done);
            let sleep = self.sleep(wall_ms());
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.nudge.notified() => {}
                Some((key, again)) = finished.recv() => self.finish(key, again),
            }
        }
    }

    fn wake_due(&mut self, now_ms: i64, done: &mpsc::Sender<(Key, Option<i64>)>) {
        for (namespace, index) in self.indices.clone().iter().enumerate() {
            for entry in index.due(now_ms) {
                if self.running.len() >= RUNNING_MAX {
                    return;
                }
                let key = (namespace, entry.id.clone());
                let later = self.retries.get(&key).is_some_and(|at| *at > now_ms);
                if !later && self.running.insert(key.clone()) {
                    self.wake(key, &entry, done.clone());
                }
            }
        }
    }

    fn wake(&self, key: Key, entry: &AlarmEntry, done: mpsc::Sender<(Key, Option<i64>)>) {
        let Some(id) = ObjectId::from_hex(&entry.id) else {
            tracing::error!(id = %entry.id, "the alarm index has a row whose id is not one");
            return;
        };
        let sender = self.topology.sender(self.service, self.topology.owner(self.service, &id)).clone();
        let (reply, answer) = oneshot::channel();
        let name = entry.name.as_ref().map(ToString::to_string);
        let command = Command::Wake { namespace: key.0, id, name, at_ms: entry.at, reply };
        tokio::task::spawn_local(async move {
            let again = match sender.send(command).await {
                Ok(()) => answer.await.ok().flatten(),
                Err(_) => return,
            };
            let _unused = done.send((key, again)).await;
        });
    }

    fn finish(&mut self, key: Key, again: Option<i64>) {
        self.running.remove(&key);
        match again {
            Some(at_ms) => self.retries.insert(key, at_ms),
            None => self.retries.remove(&key),
        };
    }

    /// How long nothing can become due.
    fn sleep(&self, now_ms: i64) -> Duration {
        if self.running.len() >= RUNNING_MAX {
            return SLEEP_MAX;
        }
        let from_indices = self.indices.iter().filter_map(|index| index.next_after(now_ms));
        let from_retries = self.retries.values().copied();
        let next = from_indices.chain(from_retries).min();
        let Some(next) = next else { return SLEEP_MAX };
        let wait_ms = u64::try_from(next - now_ms).unwrap_or(0);
        Duration::from_millis(wait_ms).min(SLEEP_MAX)
    }
}
