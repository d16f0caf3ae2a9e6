//! Prints what an object takes in memory, step by step, from the growth of this process.
//!
//! ```text
//! cargo run --release -p stated-storage --example memory -- [FOLDER] [OBJECTS]
//! ```
//!
//! Each step is done with every object before the next one begins. Memory that was freed and is not
//! used again counts, as it does for the process.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

use anyhow::{Context, Result};
use stated_storage::{
    Backend, Committer, DataFolder, Database, DatabaseOptions, DurableReport, SqlValue,
};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let objects = arguments.next().map_or(Ok(1000), |text| text.parse())?;
    let folder = tempfile::tempdir_in(folder)?;
    let data = DataFolder::open(folder.path())?;
    let (sender, reports) = channel();
    let report = move |report| drop(sender.send(report));
    let committer = Committer::spawn_with_log(data.lane("0-0")?, report)?;
    let open = |number: usize| {
        let options = DatabaseOptions {
            backend: Backend::Sqlite { sql_enabled: true },
            alarm: None,
        };
        let path = folder
            .path()
            .join("do")
            .join(format!("{number:064x}.sqlite"));
        Database::open(&path, options, &committer.lane())
    };
    // Threads, the directory, code and tables of SQLite.
    let mut first = open(0)?;
    increment(&mut first, &reports)?;

    let mut growth = Growth::begin(objects)?;
    let mut databases = Vec::with_capacity(objects);
    for number in 1..=objects {
        databases.push(open(number)?);
    }
    growth.step("opened, nothing stored")?;
    for database in &mut databases {
        increment(database, &reports)?;
    }
    growth.step("a key read and written, durable, connection open")?;
    for database in &mut databases {
        increment(database, &reports)?;
    }
    growth.step("another commit")?;
    for database in &mut databases {
        database.sql_exec("CREATE TABLE t (id INTEGER PRIMARY KEY, value)", &[])?;
        for value in 0..10 {
            database.sql_exec(
                "INSERT INTO t (value) VALUES (?)",
                &[SqlValue::Integer(value)],
            )?;
        }
        database.sql_exec("SELECT * FROM t", &[])?;
        wait(database, &reports)?;
    }
    growth.step("a table, three statements")?;
    databases.clear();
    Growth::begin(objects)?;

    let mut growth = Growth::begin(objects)?;
    for number in objects + 1..=2 * objects {
        let mut database = open(number)?;
        increment(&mut database, &reports)?;
        database.rest();
        databases.push(database);
    }
    growth.step("another object, resting")?;
    Ok(())
}

fn increment(database: &mut Database, reports: &Receiver<DurableReport>) -> Result<()> {
    let count = database.kv_get("count")?.map_or(0, |bytes| bytes[0]);
    database.kv_put("count", &[count + 1])?;
    wait(database, reports)
}

fn wait(database: &mut Database, reports: &Receiver<DurableReport>) -> Result<()> {
    let position = database.end_turn()?.context("something was written")?;
    loop {
        let report = reports.recv()?;
        report.result?;
        if report.database == database.key() && report.position >= position {
            return Ok(());
        }
    }
}

struct Growth {
    objects: usize,
    bytes: u64,
}

impl Growth {
    fn begin(objects: usize) -> Result<Self> {
        let bytes = resident()?;
        Ok(Self { objects, bytes })
    }

    fn step(&mut self, what: &str) -> Result<()> {
        let bytes = resident()?;
        let growth = (bytes as f64 - self.bytes as f64) / self.objects as f64 / 1024.0;
        println!("{growth:>7.1} KiB  {what}");
        self.bytes = bytes;
        Ok(())
    }
}

/// Resident bytes of this process.
fn resident() -> Result<u64> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let pages = pages.split(' ').nth(1).context("the second number")?;
    Ok(pages.parse::<u64>()? * 4096)
}
