//! Prints how many durable commits per second one object reaches, next to what the disk allows.
//!
//! ```text
//! cargo run --release -p stated-storage --example commit_rate -- [FOLDER] [SECONDS]
//! ```
//!
//! Three numbers: a bare loop of append and fdatasync; one object that waits for each commit, as a
//! client that sends one request after the other sees it; and one object that goes on committing
//! while earlier commits become durable, as an object with many clients does.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::Result;
use stated_storage::{
    Backend, CommitPosition, Committer, Database, DatabaseOptions, DurableReport, SqlValue,
};

/// Commits that may be on their way to the disk at once.
const IN_FLIGHT_MAX: u64 = 1000;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let folder = tempfile::tempdir_in(folder)?;
    let duration = Duration::from_secs(seconds);

    let bare = append_and_sync(&folder.path().join("log"), duration)?;
    println!("append 4 KiB and fdatasync   {bare:>9.0} per second");
    let waiting = commit(&folder.path().join("a.sqlite"), duration, 1)?;
    println!("commit, wait for each        {waiting:>9.0} per second");
    let pipelined = commit(&folder.path().join("b.sqlite"), duration, IN_FLIGHT_MAX)?;
    println!("commit, {IN_FLIGHT_MAX} on their way      {pipelined:>9.0} per second");
    Ok(())
}

fn append_and_sync(path: &Path, duration: Duration) -> Result<f64> {
    let mut file = File::create(path)?;
    let start = Instant::now();
    let mut appended = 0;
    while start.elapsed() < duration {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        appended += 1;
    }
    Ok(f64::from(appended) / start.elapsed().as_secs_f64())
}

fn commit(path: &Path, duration: Duration, in_flight_max: u64) -> Result<f64> {
    let (sender, reports) = channel();
    let committer = Committer::spawn(move |report| drop(sender.send(report)))?;
    let options = DatabaseOptions {
        backend: Backend::Sqlite { sql_enabled: true },
        alarm: None,
    };
    let mut database = Database::open(path, options, &committer.lane())?;
    database.sql_exec(
        "CREATE TABLE counter (id INTEGER PRIMARY KEY, value); INSERT INTO counter VALUES (1, 0)",
        &[],
    )?;
    let mut last = database.end_turn()?.unwrap_or_default();
    let mut durable = CommitPosition::default();
    let start = Instant::now();
    while start.elapsed() < duration {
        database.sql_exec(
            "UPDATE counter SET value = value + ? WHERE id = 1",
            &[SqlValue::Real(1.0)],
        )?;
        last = database.end_turn()?.unwrap_or(last);
        while last.value() - durable.value() >= in_flight_max {
            durable = next_durable(&reports)?;
        }
    }
    while durable < last {
        durable = next_durable(&reports)?;
    }
    let rate = durable.value() as f64 / start.elapsed().as_secs_f64();
    database.close()?;
    Ok(rate)
}

fn next_durable(reports: &Receiver<DurableReport>) -> Result<CommitPosition> {
    let report = reports.recv()?;
    report.result?;
    Ok(report.position)
}
