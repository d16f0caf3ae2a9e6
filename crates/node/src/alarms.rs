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
/// Due alarms that are looked at together: those that are running, those that wait to be tried
/// again, and new ones. With more of the second kind than this, new ones wait until some are given up.
const DUE_MAX: usize = 10_000;
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
    retries: HashMap<Key, Retry>,
    /// More are due than were looked at or could be woken.
    is_behind: bool,
}

/// A wake-up in place of the one in the index. It holds only while the index still has the alarm
/// it was decided for: an alarm that is set meanwhile fires at its own time.
struct Retry {
    indexed_ms: i64,
    at_ms: i64,
}

/// The end of one wake-up.
struct Finished {
    key: Key,
    indexed_ms: i64,
    again_at_ms: Option<i64>,
}

impl Alarms {
    pub(crate) fn new(
        service: usize,
        topology: Topology,
        indices: Vec<Arc<AlarmIndex>>,
        nudge: Arc<Notify>,
    ) -> Self {
        Self {
            service,
            topology,
            indices,
            nudge,
            running: HashSet::new(),
            retries: HashMap::new(),
            is_behind: false,
        }
    }

    /// Runs until the task is dropped.
    pub(crate) async fn run(mut self) {
        let (done, mut finished) = mpsc::channel(RUNNING_MAX);
        let mut looked_ms = wall_ms();
        let mut look = true;
        loop {
            let now_ms = wall_ms();
            if std::mem::replace(&mut look, true) {
                looked_ms = now_ms;
                self.wake_due(now_ms, &done);
            }
            let sleep = self.sleep(looked_ms, now_ms);
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = self.nudge.notified() => {}
                Some(first) = finished.recv() => {
                    look = self.finish(first, now_ms);
                    while let Ok(another) = finished.try_recv() {
                        look |= self.finish(another, now_ms);
                    }
                }
            }
        }
    }

    fn wake_due(&mut self, now_ms: i64, done: &mpsc::Sender<Finished>) {
        self.is_behind = false;
        for (namespace, index) in self.indices.clone().iter().enumerate() {
            let due = index.due(now_ms, DUE_MAX);
            self.is_behind |= due.len() == DUE_MAX;
            for entry in due {
                if self.running.len() >= RUNNING_MAX {
                    self.is_behind = true;
                    return;
                }
                let key = (namespace, entry.id.clone());
                let later = self
                    .retries
                    .get(&key)
                    .is_some_and(|retry| retry.indexed_ms == entry.at && retry.at_ms > now_ms);
                if !later && self.running.insert(key.clone()) {
                    self.wake(key, &entry, done.clone());
                }
            }
        }
        // Those that are due were woken or have lost their alarm; kept, they would be due for ever.
        self.retries.retain(|_, retry| retry.at_ms > now_ms);
    }

    fn wake(&self, key: Key, entry: &AlarmEntry, done: mpsc::Sender<Finished>) {
        let Some(id) = ObjectId::from_hex(&entry.id) else {
            tracing::error!(id = %entry.id, "the alarm index has a row whose id is not one");
            return;
        };
        let sender = self
            .topology
            .sender(self.service, self.topology.owner(self.service, &id))
            .clone();
        let (reply, answer) = oneshot::channel();
        let name = entry.name.as_ref().map(ToString::to_string);
        let command = Command::Wake {
            namespace: key.0,
            id,
            name,
            at_ms: entry.at,
            reply,
        };
        let indexed_ms = entry.at;
        tokio::task::spawn_local(async move {
            let again_at_ms = match sender.send(command).await {
                Ok(()) => answer.await.ok().flatten(),
                Err(_) => return,
            };
            let _unused = done
                .send(Finished {
                    key,
                    indexed_ms,
                    again_at_ms,
                })
                .await;
        });
    }

    /// Notes the end of a wake-up; returns whether to look for due alarms at once.
    fn finish(
        &mut self,
        Finished {
            key,
            indexed_ms,
            again_at_ms,
        }: Finished,
        now_ms: i64,
    ) -> bool {
        self.running.remove(&key);
        let may_wake = self.is_behind && self.running.len() <= RUNNING_MAX / 2;
        // An alarm that was set while this one ran, and is due already, was passed over.
        let is_due_again = match again_at_ms {
            Some(at_ms) => {
                self.retries.insert(key, Retry { indexed_ms, at_ms });
                at_ms <= now_ms
            }
            None => {
                self.retries.remove(&key);
                let indexed = self.indices[key.0].time_of(&key.1);
                indexed.is_some_and(|at_ms| at_ms <= now_ms)
            }
        };
        may_wake || is_due_again
    }

    /// How long nothing can become due that was not looked at; zero when something has.
    ///
    /// It counts from the last look: an alarm that became due since then is in the index only.
    fn sleep(&self, looked_ms: i64, now_ms: i64) -> Duration {
        if self.running.len() >= RUNNING_MAX {
            return SLEEP_MAX;
        }
        let from_indices = self
            .indices
            .iter()
            .filter_map(|index| index.next_after(looked_ms));
        let from_retries = self.retries.values().map(|retry| retry.at_ms);
        let next = from_indices.chain(from_retries).min();
        let Some(next) = next else { return SLEEP_MAX };
        let wait_ms = u64::try_from(next - now_ms).unwrap_or(0);
        Duration::from_millis(wait_ms).min(SLEEP_MAX)
    }
}
