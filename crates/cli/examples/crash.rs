//! The program behind `bin/crash`: kills the server at random moments and counts what is lost.

#[path = "../tests/crash/harness.rs"]
mod harness;

use std::process::ExitCode;
use std::time::Instant;

use harness::{DiskKind, Findings, Plan, ServerKind, run};

const USAGE: &str = "usage: bin/crash [--rounds N] [--seed N] [--sound-disk] [--broken]";

fn main() -> ExitCode {
    let Some(plan) = parse(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    println!("{} rounds, seed {}", plan.rounds, plan.seed);
    let started = Instant::now();
    let findings = run(plan, |findings| {
        if findings.rounds.is_multiple_of(10) {
            print(findings);
        }
    });
    print(&findings);
    findings.faults.iter().for_each(|fault| println!("{fault}"));
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

fn print(findings: &Findings) {
    println!(
        "{} rounds, {} with a full or failing disk, {} acknowledged writes checked, {} unsynced \
         changes taken away, {} losses",
        findings.rounds,
        findings.failures,
        findings.acknowledged,
        findings.changes_lost,
        findings.faults.len()
    );
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Plan> {
    let mut plan = Plan {
        rounds: 50,
        seed: u64::from(std::process::id()),
        server: ServerKind::Real,
        disk: DiskKind::Failing,
    };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rounds" => plan.rounds = arguments.next()?.parse().ok()?,
            "--seed" => plan.seed = arguments.next()?.parse().ok()?,
            "--sound-disk" => plan.disk = DiskKind::Forgetful,
            "--broken" => plan.server = ServerKind::Broken,
            _ => return None,
        }
    }
    Some(plan)
}
