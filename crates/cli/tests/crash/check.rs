//! What must be true after a crash.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stated_testkit::Server;
use stated_testkit::http::Response;
use tempfile::TempDir;

use crate::harness::load::{Acknowledged, METHODS, OBJECTS};

/// Returns what SQLite finds wrong with the databases in the folder. The server must be gone.
///
/// Each is checked on a copy: recovery changes files, and the server must find them as they are.
pub(crate) fn databases(data: &Path) -> Vec<String> {
    let beside = data.parent().expect("the folder is in one of the harness");
    let copies = TempDir::with_prefix_in("copies-", beside).expect("the folder is ours");
    let mut faults = Vec::new();
    for path in database_files(&data.join("do")) {
        let name = path.file_name().expect("a file has a name");
        let copy = copies.path().join(name);
        fs::copy(&path, &copy).expect("the file can be copied");
        let wal = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
        if wal(&path).exists() {
            fs::copy(wal(&path), wal(&copy)).expect("the file can be copied");
        }
        let result = rusqlite::Connection::open(&copy).and_then(|sqlite| {
            sqlite.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))
        });
        match result {
            Ok(verdict) if verdict == "ok" => {}
            Ok(verdict) => faults.push(format!("{}: integrity_check: {verdict}", path.display())),
            Err(error) => faults.push(format!("{}: integrity_check: {error}", path.display())),
        }
    }
    faults
}

fn database_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                database_files(&path)
            } else {
                vec![path]
            }
        })
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "sqlite")
        })
        .collect()
}

/// How often an object is asked again that is reset while it answers, because somebody writes to it,
/// or whose alarm is about to run and so is not set any more.
const READS_MAX: u32 = 50;

/// Asks a restarted server for every object and returns what is missing or in pieces.
pub(crate) fn objects(server: &Server, acknowledged: &Acknowledged) -> Vec<String> {
    let mut connection = server.http().connect();
    let mut faults = Vec::new();
    for object in 0..OBJECTS {
        let request = format!("GET /o{object}/state HTTP/1.1\r\nHost: crash\r\n\r\n");
        let mut ask = || {
            connection
                .try_send(request.as_bytes())
                .and_then(|()| connection.try_read_response("GET"))
        };
        let mut answer = ask();
        for _ in 0..READS_MAX {
            let passing = |answer: &Response| {
                answer.status == 500 || (answer.status == 200 && has_lost_alarm(&answer.json()))
            };
            if !answer.as_ref().is_ok_and(passing) {
                break;
            }
            answer = ask();
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                faults.push(format!(
                    "o{object}: no answer: {error}\n{}",
                    server.output().describe()
                ));
                break;
            }
        };
        if answer.status != 200 {
            faults.push(format!("o{object}: {} {}", answer.status, answer.text()));
            continue;
        }
        let state = answer.json();
        let left = number(&state["batch"][0]);
        for method in METHODS {
            let greatest = acknowledged.greatest(object, method);
            let left = if method == "batch" {
                left
            } else {
                number(&state[method])
            };
            if left < greatest {
                faults.push(format!(
                    "o{object}: {method} {greatest} was acknowledged, {left} is left"
                ));
            }
        }
        let batch = state["batch"].as_array().expect("a batch is a list");
        if batch.iter().any(|each| number(each) != left) {
            faults.push(format!(
                "o{object}: a batch is in pieces: {}",
                state["batch"]
            ));
        }
        if state["integrity"] != "ok" {
            faults.push(format!("o{object}: quick_check: {}", state["integrity"]));
        }
        if has_lost_alarm(&state) {
            faults.push(format!(
                "o{object}: an alarm was neither kept nor fired: {state}"
            ));
        }
    }
    faults
}

fn has_lost_alarm(state: &Value) -> bool {
    number(&state["arm"]) > number(&state["fired"]) && state["alarm"].is_null()
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("the program counts in whole numbers")
}
