//! The program behind `bin/crash`: kills the server at random moments and counts what is lost.

#[allow(dead_code, reason = "the tests use faults that rounds do not have")]
#[path = "../tests/crash/harness.rs"]
mod harness;

use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use harness::disk::MEMORY;
use harness::{DiskKind, Findings, Plan, ServerKind, run};

const USAGE: &str = "usage: bin/crash [--rounds N] [--jobs N] [--seed N] [--folder PATH] \
                     [--sound-disk] [--broken]";
/// How many rounds are between two lines of output, for each job.
const REPORT_ROUNDS: u64 = 10;

fn main() -> ExitCode {
    let Some((plan, jobs)) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    println!(
        "{} rounds, {jobs} at a time, seed {}",
        plan.rounds, plan.seed
    );
    let started = Instant::now();
    let findings = run_side_by_side(&plan, jobs);
    print(&findings);
    println!("{:.1} s", started.elapsed().as_secs_f64());
    match (plan.server, findings.faults.is_empty()) {
        (ServerKind::Real, true) | (ServerKind::Broken, false) => ExitCode::SUCCESS,
        (ServerKind::Real, false) => ExitCode::FAILURE,
        (ServerKind::Broken, true) => {
            println!("the broken server was not found out");
            ExitCode::FAILURE
        }
    }
}

/// Runs the rounds in shares, each with a server, a folder and a seed of its own.
fn run_side_by_side(plan: &Plan, jobs: u64) -> Findings {
    let (sender, reports) = mpsc::channel();
    let mut latest: Vec<Findings> = (0..jobs).map(|_| Findings::default()).collect();
    thread::scope(|scope| {
        for job in 0..jobs {
            let share = Plan {
                rounds: plan.rounds / jobs + u64::from(job < plan.rounds % jobs),
                seed: plan.seed + job,
                ..plan.clone()
            };
            let sender = sender.clone();
            scope.spawn(move || {
                let report = |findings: &Findings| drop(sender.send((job, findings.clone())));
                let findings = run(share, report);
                drop(sender.send((job, findings)));
            });
        }
        drop(sender);
        for (job, findings) in reports {
            let is_due = findings.rounds.is_multiple_of(REPORT_ROUNDS);
            let known = latest[job as usize].faults.len();
            let news = findings.faults.iter().skip(known);
            news.for_each(|fault| println!("{fault}"));
            latest[job as usize] = findings;
            if job == 0 && is_due {
                print(&latest.iter().cloned().sum());
            }
        }
    });
    latest.into_iter().sum()
}

fn print(findings: &Findings) {
    println!(
        "{} rounds, {} with a full or failing disk, {} recoveries killed, {} acknowledged writes \
         checked, {} unsynced changes taken away, {} losses",
        findings.rounds,
        findings.failures,
        findings.recoveries,
        findings.acknowledged,
        findings.changes_lost,
        findings.faults.len()
    );
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<(Plan, u64)> {
    let mut plan = Plan {
        rounds: 50,
        seed: u64::from(std::process::id()),
        // A round waits for the disk most of the time, and what its syncs promise is simulated.
        folder: Path::new(MEMORY).is_dir().then(|| MEMORY.into()),
        server: ServerKind::Real,
        disk: DiskKind::Failing,
    };
    let mut jobs = thread::available_parallelism().map_or(1, NonZero::get) as u64;
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => plan.rounds = arguments.next()?.parse().ok()?,
            "--jobs" => jobs = arguments.next()?.parse().ok().filter(|jobs| *jobs > 0)?,
            "--seed" => plan.seed = arguments.next()?.parse().ok()?,
            "--folder" => plan.folder = Some(arguments.next()?.into()),
            "--sound-disk" => plan.disk = DiskKind::Forgetful,
            "--broken" => plan.server = ServerKind::Broken,
            _ => return None,
        }
    }
    Some((plan, jobs))
}
