//! Rounds of load, crash and check: what was acknowledged must survive a crash at any moment.
//!
//! A round starts the server on the data of the round before, lets clients write, kills the server
//! with SIGKILL after a random number of answers, perhaps after its disk was full or failed, takes
//! away what a power failure would have taken ([`disk`]), and then asks SQLite and the restarted
//! server what is left ([`check`]). In between the folder may be recovered by a command that is
//! killed at one of its writes, on the same disk. `bin/crash` runs many rounds, the tests a few.

#[path = "check.rs"]
mod check;
#[path = "disk.rs"]
pub(crate) mod disk;
#[path = "load.rs"]
mod load;
#[path = "random.rs"]
mod random;

use std::iter::Sum;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use stated_testkit::runtime::stated_binary;
use stated_testkit::{Launch, Runtime, Server, fixture};
use tempfile::TempDir;

use check::{databases, objects};
use disk::{Disk, Fault, Syncs};
use load::{Acknowledged, Heard, Load};
use random::Random;

/// The server is killed after at most 256 acknowledged writes; as often after a few, where most of
/// the code for first commits is, as after many.
const ANSWERS_POWERS: u64 = 9;
/// A recovery is killed at one of its first 128 writes.
const CHANGES_POWERS: u64 = 8;
/// The most recoveries of a round that are killed.
const RECOVERIES_MAX: u64 = 2;
/// How late the syncs of a broken disk are.
const SYNC_DELAY: Duration = Duration::from_millis(50);

/// What is run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: u64,
    pub(crate) seed: u64,
    /// Where the data and the disk's journal are kept, if not where temporary files are.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) server: ServerKind,
    pub(crate) disk: DiskKind,
}

/// The disk under the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskKind {
    /// It forgets what was not synced.
    Forgetful,
    /// In two of three rounds it is also full for a while, or fails a write or a sync.
    Failing,
    /// In every round it is also full for a while.
    Full,
}

/// The server under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// As it is.
    Real,
    /// As if its output gate opened before the sync, which the checks must notice.
    Broken,
}

/// What all rounds found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) rounds: u64,
    /// Acknowledged writes, each of which was looked for.
    pub(crate) acknowledged: u64,
    /// Unsynced changes of files that were taken away.
    pub(crate) changes_lost: usize,
    /// Rounds in which the disk was full or failed.
    pub(crate) failures: u64,
    /// Recoveries that were killed at one of their writes.
    pub(crate) recoveries: u64,
    /// What was missing or in pieces, one text each.
    pub(crate) faults: Vec<String>,
}

impl Sum for Findings {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, each| {
            sum.rounds += each.rounds;
            sum.acknowledged += each.acknowledged;
            sum.changes_lost += each.changes_lost;
            sum.failures += each.failures;
            sum.recoveries += each.recoveries;
            sum.faults.extend(each.faults);
            sum
        })
    }
}

/// Runs the rounds; `report` is called after each. Stops after the first round with a fault.
pub(crate) fn run(plan: Plan, mut report: impl FnMut(&Findings)) -> Findings {
    let mut random = Random::new(plan.seed);
    // Others than those that are asked for as often as the moment of a crash makes it necessary, so
    // that a seed has the same faults each time.
    let mut choice = Random::new(!plan.seed);
    let parent = plan.folder.clone().unwrap_or_else(std::env::temp_dir);
    let folder = TempDir::with_prefix_in("stated-crash-", parent).expect("the folder is writable");
    let data = folder.path().join("data");
    let disk = Disk::new(folder.path());
    let launch = Launch::of(Runtime::Stated, fixture("crash"))
        .persist_to(&data)
        .argument("--shards")
        .argument("2");
    let launch = disk.attach(&launch, &data);
    let syncs = match plan.server {
        ServerKind::Real => Syncs::Real,
        ServerKind::Broken => Syncs::Late(SYNC_DELAY),
    };
    let acknowledged = Acknowledged::default();
    let mut findings = Findings::default();
    while findings.rounds < plan.rounds && findings.faults.is_empty() {
        let server = match launch.try_start() {
            Ok(server) => server,
            Err(refusal) => {
                findings.faults.push(refusal);
                return findings;
            }
        };
        findings.faults.extend(objects(&server, &acknowledged));
        let load = Load::start(server.http(), &acknowledged, &mut random);
        load.wait_for_answers(random.power(ANSWERS_POWERS));
        if let Some(fault) = plan.disk.fault(&mut choice) {
            findings.failures += 1;
            let faults = live_through(fault, &disk, &server, &load, &acknowledged);
            findings.faults.extend(faults);
        }
        server.kill();
        disk.heal();
        findings.acknowledged += load.end();
        findings.changes_lost += disk.lose_power(&data, syncs, &mut random);
        findings.faults.extend(databases(&data));
        let recoveries = match plan.server {
            ServerKind::Real => random.below(RECOVERIES_MAX + 1),
            ServerKind::Broken => 0,
        };
        for _ in 0..recoveries {
            let change = random.power(CHANGES_POWERS);
            let killed = disk.kill_at(list_objects(&data), &data, change);
            findings.recoveries += u64::from(killed);
            findings.changes_lost += disk.lose_power(&data, syncs, &mut random);
            findings.faults.extend(databases(&data));
        }
        findings.rounds += 1;
        report(&findings);
    }
    if findings.faults.is_empty() {
        findings.faults.extend(match launch.try_start() {
            Ok(server) => objects(&server, &acknowledged),
            Err(refusal) => vec![refusal],
        });
    }
    findings
}

/// A command that recovers a folder and does nothing else with it.
fn list_objects(data: &Path) -> Command {
    let mut command = Command::new(stated_binary());
    command
        .args(["objects", "list", "Ledger", "--json", "--persist-to"])
        .arg(data);
    command
}

impl DiskKind {
    /// What goes wrong in a round.
    fn fault(self, random: &mut Random) -> Option<Fault> {
        match (self, random.below(6)) {
            (Self::Forgetful, _) | (Self::Failing, 0 | 1) => None,
            (Self::Full, _) | (Self::Failing, 2 | 3) => Some(Fault::Full),
            (Self::Failing, 4) => Some(Fault::Write),
            (Self::Failing, _) => Some(Fault::Sync),
        }
    }
}

/// Refused writes that show that the disk is full.
const REFUSALS: u64 = 20;
/// Answers after a fault before the round goes on.
const ANSWERS_AFTER_FAULT: u64 = 40;

/// Lets the disk fail under load. A full one refuses writes, not reads, and takes writes again when
/// there is space, without a restart. After a failed write or sync the server may refuse more.
fn live_through(
    fault: Fault,
    disk: &Disk,
    server: &Server,
    load: &Load,
    acknowledged: &Acknowledged,
) -> Vec<String> {
    load.allow_refusals();
    disk.fail(&fault);
    if fault == Fault::Full {
        load.wait_for(REFUSALS, |heard| heard == Heard::Refused);
        let faults = objects(server, &acknowledged.snapshot());
        disk.heal();
        load.wait_for_answers(ANSWERS_AFTER_FAULT);
        return faults;
    }
    while disk.is_failing() {
        load.wait_for(1, |_| true);
    }
    load.wait_for(ANSWERS_AFTER_FAULT, |_| true);
    Vec::new()
}
