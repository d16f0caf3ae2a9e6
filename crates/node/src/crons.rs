//! Running scheduled events when their cron expressions say so.
//!
//! One task for all services sleeps until the next occurrence. Which occurrence is due is decided in `core`
//! ([`stated_core::cron`]); here it is recorded on the disk before it runs, so that no occurrence runs twice, whatever
//! happens to the process. One that was recorded and then cut off by a crash is not run again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stated_config::Config;
use stated_core::cron::{Cron, Missed};
use stated_core::error::Failure;
use stated_object::clock::wall_ms;
use stated_object::program::{Answer, Event, Scheduled, ScheduledRun};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::data::{DataError, read_record, write_record};
use crate::log::{Log, ScheduledLine};
use crate::topology::{Command, Topology, ask};

/// The file that remembers which occurrence of each expression ran last.
const RECORD: &str = "crons.json";
/// Scheduled events that may run at once; more wait for one to finish.
const RUNNING_MAX: usize = 256;
/// The longest sleep, so that a jump of the system's clock is noticed.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// Milliseconds since the Unix epoch by service and expression.
type Record = BTreeMap<String, BTreeMap<String, i64>>;

/// One expression of one service.
struct Trigger {
    service: usize,
    service_name: Arc<str>,
    cron: Cron,
    /// The occurrence that ran last, or since when the expression counts.
    last_ms: i64,
}

/// The scheduler.
pub(crate) struct Crons {
    triggers: Vec<Trigger>,
    record: PathBuf,
    topology: Topology,
    log: Arc<dyn Log>,
    running: JoinSet<()>,
    /// Events that were started, by which shards are chosen in turn.
    started: usize,
}

impl Crons {
    /// Reads the record and notes expressions that are new in it.
    pub(crate) fn open(
        data: &Path,
        services: &[Config],
        missed: Missed,
        topology: Topology,
        log: Arc<dyn Log>,
    ) -> Result<Self, DataError> {
        let record = data.join(RECORD);
        let known: Record = read_record(&record)?;
        let now_ms = wall_ms();
        let mut triggers = Vec::new();
        for (service, config) in services.iter().enumerate() {
            let recorded = known.get(&config.name);
            for cron in &config.crons {
                let recorded = recorded.and_then(|all| all.get(cron.as_str()).copied());
                triggers.push(Trigger {
                    service,
                    service_name: Arc::from(config.name.as_str()),
                    cron: cron.clone(),
                    last_ms: missed.since(recorded, now_ms),
                });
            }
        }
        let crons = Self {
            triggers,
            record,
            topology,
            log,
            running: JoinSet::new(),
            started: 0,
        };
        if crons.record() != known {
            write_record(&crons.record, &crons.record())?;
        }
        Ok(crons)
    }

    fn record(&self) -> Record {
        let mut record = Record::new();
        for trigger in &self.triggers {
            let service = record.entry(trigger.service_name.to_string()).or_default();
            service.insert(trigger.cron.to_string(), trigger.last_ms);
        }
        record
    }

    /// Runs until asked to stop, then lets running events finish for at most `patience`.
    pub(crate) async fn run(mut self, mut stop: oneshot::Receiver<()>, patience: Duration) {
        loop {
            let sleep = self.start_due(wall_ms());
            tokio::select! {
                _ = &mut stop => break,
                () = tokio::time::sleep(sleep) => {}
                Some(_) = self.running.join_next() => {}
            }
        }
        let finished = async { while self.running.join_next().await.is_some() {} };
        let _unused = tokio::time::timeout(patience, finished).await;
    }

    /// Starts what is due; returns how long nothing more can become due.
    fn start_due(&mut self, now_ms: i64) -> Duration {
        let room = RUNNING_MAX - self.running.len();
        let due: Vec<(usize, i64)> = self
            .triggers
            .iter()
            .enumerate()
            .filter_map(|(index, it)| Some((index, it.cron.due(it.last_ms, now_ms)?)))
            .take(room)
            .collect();
        let before: Vec<i64> = self.triggers.iter().map(|it| it.last_ms).collect();
        for (index, at_ms) in &due {
            self.triggers[*index].last_ms = *at_ms;
        }
        if !due.is_empty()
            && let Err(error) = write_record(&self.record, &self.record())
        {
            tracing::error!(%error, "scheduled events wait until they can be recorded");
            for (trigger, last_ms) in self.triggers.iter_mut().zip(before) {
                trigger.last_ms = last_ms;
            }
            return SLEEP_MAX;
        }
        for (index, at_ms) in due {
            self.start(index, at_ms);
        }
        if self.running.len() >= RUNNING_MAX {
            return SLEEP_MAX;
        }
        self.sleep(now_ms)
    }

    fn sleep(&self, now_ms: i64) -> Duration {
        let next = self
            .triggers
            .iter()
            .filter_map(|it| it.cron.next_after(it.last_ms.max(now_ms)));
        let wait_ms = next.min().map(|next_ms| next_ms - now_ms);
        let wait_ms = wait_ms.and_then(|wait_ms| u64::try_from(wait_ms).ok());
        wait_ms.map_or(SLEEP_MAX, |wait_ms| {
            Duration::from_millis(wait_ms).min(SLEEP_MAX)
        })
    }

    fn start(&mut self, index: usize, at_ms: i64) {
        let trigger = &self.triggers[index];
        let shard = self.started % self.topology.shard_count(trigger.service);
        self.started = self.started.wrapping_add(1);
        let sender = self.topology.sender(trigger.service, shard).clone();
        let scheduled = Scheduled {
            at_ms,
            cron: trigger.cron.to_string(),
        };
        let (service, log) = (trigger.service_name.clone(), self.log.clone());
        self.running.spawn_local(async move {
            let started = Instant::now();
            let event = Event::Scheduled(scheduled.clone());
            let answer = ask(sender, move |reply| Command::Service {
                entrypoint: Arc::from("default"),
                props: None,
                event,
                reply,
            });
            report(&*log, &service, &scheduled, started, &run_of(answer.await));
        });
    }
}

/// How a scheduled event ended.
pub(crate) fn run_of(answer: Result<Answer, Failure>) -> ScheduledRun {
    let result = match answer {
        Ok(Answer::Scheduled(run)) => return run,
        Ok(_) => Ok(()),
        Err(failure) => Err(failure),
    };
    ScheduledRun {
        result,
        task_failed: false,
        no_retry: false,
    }
}

/// Logs the end of a scheduled event.
pub(crate) fn report(
    log: &dyn Log,
    service: &str,
    scheduled: &Scheduled,
    started: Instant,
    run: &ScheduledRun,
) {
    log.scheduled(&ScheduledLine {
        service,
        cron: &scheduled.cron,
        at_ms: scheduled.at_ms,
        outcome: run.outcome(),
        elapsed_ms: started.elapsed().as_secs_f64() * 1000.0,
        error: run.result.as_ref().err().map(|failure| &*failure.message),
    });
}

#[cfg(test)]
mod tests {
    use stated_worker::ConsoleLine;
    use tokio::sync::mpsc;
    use tokio::task::LocalSet;

    use super::*;
    use crate::log::RequestLine;

    const NOW_MS: i64 = 1_800_000_000_000;

    struct Silent;

    impl Log for Silent {
        fn wants_requests(&self) -> bool {
            false
        }
        fn request(&self, _: &RequestLine<'_>) {}
        fn scheduled(&self, _: &ScheduledLine<'_>) {}
        fn console(&self, _: &str, _: &ConsoleLine) {}
    }

    /// A scheduler with expressions that are all due, and what it asks of its one shard.
    fn all_due(count: usize, folder: &Path) -> (Crons, mpsc::Receiver<Command>) {
        let (sender, commands) = mpsc::channel(2 * RUNNING_MAX);
        let trigger = |_| Trigger {
            service: 0,
            service_name: Arc::from("a"),
            cron: "* * * * *".parse().expect("it is an expression"),
            last_ms: NOW_MS - 120_000,
        };
        let crons = Crons {
            triggers: (0..count).map(trigger).collect(),
            record: folder.join(RECORD),
            topology: Topology::new(vec![vec![sender]]),
            log: Arc::new(Silent),
            running: JoinSet::new(),
            started: 0,
        };
        (crons, commands)
    }

    #[test]
    fn so_many_events_run_at_once_and_one_more_waits_until_one_has_finished() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, async {
            let (mut crons, mut commands) = all_due(RUNNING_MAX + 1, folder.path());

            let sleep = crons.start_due(NOW_MS);
            assert_eq!((crons.running.len(), sleep), (RUNNING_MAX, SLEEP_MAX));
            crons.start_due(NOW_MS);
            assert_eq!(crons.running.len(), RUNNING_MAX);

            let Some(Command::Service { reply, .. }) = commands.recv().await else {
                panic!("an event is started");
            };
            assert!(reply.send(Ok(Answer::Done)).is_ok());
            crons.running.join_next().await;
            crons.start_due(NOW_MS);
            assert_eq!(crons.running.len(), RUNNING_MAX);
            let ran = |trigger: &Trigger| trigger.last_ms > NOW_MS - 120_000;
            assert!(crons.triggers.iter().all(ran));
        });
    }
}
