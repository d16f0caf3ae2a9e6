//! Random crashes under load, with a disk that forgets what was not synced.

mod harness;

use harness::disk::{Disk, Fault};
use harness::{DiskKind, Plan, ServerKind, run};
use serde_json::json;
use stated_testkit::{Launch, Runtime, fixture};
use tempfile::TempDir;

#[test]
fn no_acknowledged_write_is_lost_when_the_power_fails_at_random_moments() {
    let findings = run(
        Plan {
            rounds: 5,
            seed: 5,
            folder: None,
            server: ServerKind::Real,
            disk: DiskKind::Forgetful,
        },
        |_| (),
    );

    assert!(findings.faults.is_empty(), "{:?}", findings.faults);
    assert_eq!(findings.rounds, 5);
    assert!(findings.acknowledged >= findings.rounds, "{findings:?}");
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
            folder: None,
            server: ServerKind::Real,
            disk: DiskKind::Failing,
        },
        |_| (),
    );

    assert!(findings.faults.is_empty(), "{:?}", findings.faults);
    assert!(findings.failures > 2, "{findings:?}");
}

#[test]
fn a_program_is_told_that_the_disk_is_full_and_goes_on_when_it_is_not() {
    let folder = TempDir::with_prefix("stated-crash-").expect("the temporary folder is writable");
    let data = folder.path().join("data");
    let disk = Disk::new(folder.path());
    let launch = Launch::of(Runtime::Stated, fixture("history")).persist_to(&data);
    let server = disk.attach(&launch, &data).start();
    let call = |method: &str, arguments: &str| server.post(method, arguments).json();
    let keys = || call("/all", "[]")["keys"].clone();
    call("/put", r#"["a", 1]"#);

    disk.fail(&Fault::Full);
    let refused = call("/put", r#"["a", 2]"#);
    assert_eq!(refused["error"], "database or disk is full: SQLITE_FULL");
    assert_eq!(keys(), json!({ "a": 1 }), "reads go on");

    disk.heal();
    assert!(call("/put", r#"["a", 3]"#).is_null());
    assert_eq!(keys(), json!({ "a": 3 }));
}

/// The checks would be worth nothing if they could not see the fault they are there for.
#[test]
fn a_server_that_answers_before_the_sync_is_found_out() {
    let findings = run(
        Plan {
            rounds: 15,
            seed: 7,
            folder: None,
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
