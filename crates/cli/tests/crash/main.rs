//! Random crashes under load, with a disk that forgets what was not synced.

mod harness;

use harness::{DiskKind, Plan, ServerKind, run};

#[test]
fn no_acknowledged_write_is_lost_when_the_power_fails_at_random_moments() {
    let findings = run(
        Plan {
            rounds: 5,
            seed: 5,
            server: ServerKind::Real,
            disk: DiskKind::Forgetful,
        },
        |_| (),
    );

    assert!(findings.faults.is_empty(), "{:?}", findings.faults);
    assert_eq!(findings.rounds, 5);
    assert!(findings.acknowledged > 100, "{findings:?}");
    assert!(
        findings.changes_lost > 0,
        "the disk forgot nothing, so nothing was tested: {findings:?}"
    );
}

#[test]
fn no_acknowledged_write_is_lost_when_the_disk_is_full_or_fails() {
    let findings = run(
        Plan {
            rounds: 6,
            seed: 11,
            server: ServerKind::Real,
            disk: DiskKind::Failing,
        },
        |_| (),
    );

    assert!(findings.faults.is_empty(), "{:?}", findings.faults);
    assert!(findings.failures > 2, "{findings:?}");
}

/// The checks would be worth nothing if they could not see the fault they are there for.
#[test]
fn a_server_that_answers_before_the_sync_is_found_out() {
    let findings = run(
        Plan {
            rounds: 5,
            seed: 7,
            server: ServerKind::Broken,
            disk: DiskKind::Forgetful,
        },
        |_| (),
    );

    let lost = findings
        .faults
        .iter()
        .any(|fault| fault.contains("was acknowledged"));
    assert!(lost, "{findings:?}");
}
