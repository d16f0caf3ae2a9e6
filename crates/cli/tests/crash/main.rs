//! Random crashes under load, with a disk that forgets what was not synced.

mod harness;

use harness::disk::{Disk, Fault};
use harness::{DiskKind, Plan, ServerKind, run};
use serde_json::{Value, json};
use stated_testkit::{Launch, Runtime, Server, fixture, stated};
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
    assert_eq!(findings.failures, 5);
}

/// With this seed a new object has often set its first alarm when the disk is full.
#[test]
fn an_object_whose_first_alarm_a_full_disk_has_refused_is_read() {
    for _ in 0..3 {
        let findings = run(
            Plan {
                rounds: 1,
                seed: 4004,
                folder: None,
                server: ServerKind::Real,
                disk: DiskKind::Full,
            },
            |_| (),
        );

        assert!(findings.faults.is_empty(), "{:?}", findings.faults);
    }
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

/// Megabytes in one call of the program, less than a commit may have.
const FILLER: u64 = 4_000_000;
/// So many calls fill a segment of the lane.
const FILLERS: u64 = 5;

#[test]
fn an_object_whose_file_cannot_be_written_fails_alone_and_is_put_back() {
    fails_alone_and_is_put_back(&[], Fault::File);
}

#[test]
fn an_object_whose_file_cannot_be_written_is_put_back_without_a_history() {
    fails_alone_and_is_put_back(&["--history-days", "0"], Fault::File);
}

#[test]
fn an_object_whose_file_cannot_be_opened_fails_alone_and_is_put_back() {
    for arguments in [&[][..], &["--history-days", "0"]] {
        fails_alone_and_is_put_back(arguments, Fault::Forbidden);
    }
}

fn fails_alone_and_is_put_back(arguments: &[&str], fault: impl Fn(String) -> Fault) {
    let folder = TempDir::with_prefix("stated-crash-").expect("the temporary folder is writable");
    let data = folder.path().join("data");
    let disk = Disk::new(folder.path());
    let launch = Launch::of(Runtime::Stated, fixture("crash"))
        .persist_to(&data)
        .argument("--shards")
        .argument("1");
    let launch = arguments
        .iter()
        .fold(launch, |launch, argument| launch.argument(*argument));
    let launch = disk.attach(&launch, &data);
    let objects = |arguments: &[&str]| {
        let mut all = vec!["objects"];
        all.extend_from_slice(arguments);
        let data = data.to_str().expect("a temporary path is text");
        all.extend(["--json", "--persist-to", data]);
        let exit = stated(folder.path(), &all);
        assert_eq!(exit.code, Some(0), "{}", exit.stderr);
        serde_json::from_str::<Value>(&exit.stdout).unwrap_or_default()
    };
    let put_back = || {
        let listed = objects(&["bookmarks", "Ledger", "large", "--limit", "1"]);
        let latest = listed["commits"][0]["bookmark"].as_str();
        objects(&["restore", "Ledger", "large", latest.expect("there is one")]);
    };
    let damaged = |server: &Server| {
        let answer = server.get("/large/state");
        let reason = match fault(String::new()) {
            Fault::Forbidden(_) => "its file cannot be opened: Permission denied (os error 13)",
            _ => "its file cannot be written: Input/output error (os error 5)",
        };
        let advice = "other objects are not concerned. Put it back to an earlier state with `stated \
                      objects restore`, or put a copy in its place with `stated objects import`";
        assert_eq!(answer.status, 500);
        server.wait_for_output(&format!("is damaged: {reason}; {advice}"));
    };
    let server = launch.start();
    assert_eq!(server.get(&format!("/large/fill/{FILLER}")).json(), 1);
    assert_eq!(server.get("/large/add").json(), 1);
    server.terminate();
    let listed = objects(&["list", "Ledger"]);
    let id = listed[0]["id"].as_str().expect("there is one");
    let file = fault(format!("{id}.sqlite"));

    // What a crash has left is recovered.
    let server = launch.start();
    assert_eq!(server.get("/large/add").json(), 2);
    server.kill();
    disk.fail(&file);
    let server = launch.start();
    damaged(&server);
    assert_eq!(server.get("/small/add").json(), 1);
    disk.heal();
    put_back();
    assert_eq!(server.get("/large/add").json(), 3);
    server.terminate();

    // A full segment is settled.
    let server = launch.start();
    assert_eq!(server.get("/large/add").json(), 4);
    if matches!(file, Fault::Forbidden(_)) {
        objects(&["evict", "Ledger", "large"]);
    }
    disk.fail(&file);
    for call in 1..=FILLERS {
        assert_eq!(server.get(&format!("/other/fill/{FILLER}")).json(), call);
    }
    server.wait_for_output("an object is damaged");
    damaged(&server);
    assert_eq!(server.get("/small/add").json(), 2);
    disk.heal();
    put_back();
    assert_eq!(server.get("/large/add").json(), 5);
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

    // What was acknowledged is not there; or not even the beginning of a lane is, whose name is, and
    // the server refuses to go on without it.
    let is_loss = |fault: &String| {
        fault.contains("was acknowledged") || fault.contains(".lane` is damaged at byte 0")
    };
    assert!(findings.faults.iter().any(is_loss), "{findings:?}");
}
