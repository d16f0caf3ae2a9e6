//! Rounds of load, crash and check: what was acknowledged must survive a crash at any moment.
//!
//! A round starts the server on the data of the round before, lets clients write, kills the server
//! with SIGKILL after a random number of answers, perhaps after its disk was full or failed, takes
//! away what a power failure would have taken ([`disk`]), and then asks SQLite and the restarted server what is left ([`check`]).
//! `bin/crash` runs many rounds, the tests a few.

#[path = "check.rs"]
mod check;
#[path = "disk.rs"]
pub(crate) mod disk;
#[path = "load.rs"]
mod load;
#[path = "random.rs"]
mod random;

use std::time::Duration;

use stated_testkit::{Launch, Runtime, Server, fixture};
use tempfile::TempDir;

use check::{databases, objects};
use disk::{Disk, Fault, Syncs};
use load::{Acknowledged, Heard, Load};
use random::Random;

/// The most acknowledged writes of a round before the server is killed.
const ANSWERS_MAX: u64 = 400;
/// How late the syncs of a broken disk are.
const SYNC_DELAY: Duration = Duration::from_millis(50);

/// What is run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: u64,
    pub(crate) seed: u64,
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
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) rounds: u64,
    /// Acknowledged writes, each of which was looked for.
    pub(crate) acknowledged: u64,
    /// Unsynced changes of files that were taken away.
    pub(crate) changes_lost: usize,
    /// Rounds in which the disk was full or failed.
    pub(crate) failures: u64,
    /// What was missing or in pieces, one text each.
    pub(crate) faults: Vec<String>,
}

/// Runs the rounds; `report` is called after each. Stops after the first round with a fault.
pub(crate) fn run(plan: Plan, mut report: impl FnMut(&Findings)) -> Findings {
    let mut random = Random::new(plan.seed);
    let folder = TempDir::with_prefix("stated-crash-").expect("the temporary folder is writable");
    let data = folder.path().join("data");
    let disk = Disk::new();
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
        let server = launch.start();
        findings.faults.extend(objects(&server, &acknowledged));
        let load = Load::start(server.http(), &acknowledged, &mut random);
        load.wait_for_answers(1 + random.below(ANSWERS_MAX));
        if let Some(fault) = plan.disk.fault(&mut random) {
            findings.failures += 1;
            let faults = live_through(fault, &disk, &server, &load, &acknowledged);
            findings.faults.extend(faults);
        }
        server.kill();
        disk.heal();
        findings.acknowledged += load.end();
        findings.changes_lost += disk.lose_power(&data, syncs, &mut random);
        findings.faults.extend(databases(&data));
        findings.rounds += 1;
        report(&findings);
    }
    if findings.faults.is_empty() {
        findings
            .faults
            .extend(objects(&launch.start(), &acknowledged));
    }
    findings
}

impl DiskKind {
    /// What goes wrong in a round.
    fn fault(self, random: &mut Random) -> Option<Fault> {
        match (self, random.below(6)) {
            (Self::Forgetful, _) | (_, 0 | 1) => None,
            (Self::Failing, 2 | 3) => Some(Fault::Full),
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
    disk.fail(fault);
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
