//! Prints what durable commits cost with a lane and without, for one object and for many.
//!
//! ```text
//! cargo run --release -p stated-storage --example lane_rate -- [FOLDER] [SECONDS] [LOAD]
//! ```
//!
//! Each line is one load, of those whose text contains LOAD: objects take turns, each with one increment, and a turn is waited for
//! when the window of commits on their way is full. "Resident" objects stay open, "resting" ones give
//! their connections back after each commit, and "new" ones are made for one commit and dropped. The first lines are the disk itself, with the same bytes.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::Result;
use stated_storage::{
    Backend, CommitPosition, Committer, DataFolder, Database, DatabaseKey, DatabaseOptions,
    DurableReport, Lane, SqlValue,
};

/// Commits that may be on their way at once, as with so many clients.
const WINDOW: usize = 64;
/// What a commit of one page adds to a lane.
const COMMIT_BYTES: usize = 4304;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let wanted = arguments.next().unwrap_or_default();
    let duration = Duration::from_secs(seconds);
    let folder = tempfile::tempdir_in(folder)?;

    for batch in [1, WINDOW] {
        let rate = append_and_sync(&folder.path().join("log"), batch, duration)?;
        println!("disk: fdatasync per {batch:>2} appended commits {rate:>9.0} commits/s");
    }
    println!(
        "{:38} {:>9} {:>9} {:>9} {:>9}",
        "", "commits/s", "p50 ms", "p99 ms", "bytes"
    );
    for durability in [Durability::Lane, Durability::Files] {
        for (objects, window, reach) in [
            (1, 1, Reach::Resident),
            (1, WINDOW, Reach::Resident),
            (1_000, 1, Reach::Resident),
            (1_000, WINDOW, Reach::Resident),
            (10_000, WINDOW, Reach::Resting),
            (100_000, WINDOW, Reach::New),
        ] {
            let place = tempfile::tempdir_in(folder.path())?;
            let load = Load {
                durability,
                objects,
                window,
                reach,
            };
            if load.label().contains(&wanted) {
                load.run(place.path(), duration)?;
            }
        }
    }
    Ok(())
}

fn append_and_sync(path: &Path, batch: usize, duration: Duration) -> Result<f64> {
    let file = File::create(path)?;
    file.write_all_at(&vec![0; 64 << 20], 0)?;
    file.sync_all()?;
    let bytes = vec![1; COMMIT_BYTES * batch];
    let start = Instant::now();
    let mut written = 0;
    while start.elapsed() < duration {
        file.write_all_at(&bytes, written as u64 * bytes.len() as u64 % (32 << 20))?;
        file.sync_data()?;
        written += 1;
    }
    Ok((written * batch) as f64 / start.elapsed().as_secs_f64())
}

#[derive(Clone, Copy, Debug)]
enum Durability {
    Lane,
    Files,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Resident,
    /// Objects stay, and give their connections back after each commit.
    Resting,
    /// Each commit creates an object, which is dropped when it is durable.
    New,
}

#[derive(Debug)]
struct Load {
    durability: Durability,
    objects: usize,
    window: usize,
    reach: Reach,
}

impl Load {
    fn label(&self) -> String {
        format!(
            "{:?}: {} {:?}, {} on their way",
            self.durability, self.objects, self.reach, self.window
        )
    }

    fn run(&self, folder: &Path, duration: Duration) -> Result<()> {
        let data = DataFolder::open(folder)?;
        let (sender, reports) = channel();
        let report = move |report| drop(sender.send(report));
        let committer = match self.durability {
            Durability::Lane => Committer::spawn_with_log(data.lane("0-0")?, report)?,
            Durability::Files => Committer::spawn(report)?,
        };
        let mut flight = Flight::new(reports);
        let mut resident = HashMap::new();
        if self.reach != Reach::New {
            let before = process()?;
            for object in 0..self.objects {
                let mut database = open(folder, object, &committer.lane())?;
                if self.reach == Reach::Resting {
                    flight.commit(&mut database, self.window)?;
                    database.rest();
                }
                resident.insert(object, database);
            }
            if self.reach == Reach::Resident {
                for database in resident.values_mut() {
                    flight.commit(database, self.window)?;
                }
            }
            flight.land(0)?;
            let after = process()?;
            let each = |before: u64, after: u64| (after - before) as f64 / self.objects as f64;
            if self.objects > 1 {
                println!(
                    "    per object: {:.1} KiB, {:.1} descriptors",
                    each(before.0, after.0) / 1024.0,
                    each(before.1, after.1)
                );
            }
        }
        let written_before = bytes_written()?;
        flight.latencies.clear();
        let start = Instant::now();
        let mut commits = 0;
        let mut dropped = VecDeque::new();
        while start.elapsed() < duration && (commits < self.objects || self.reach != Reach::New) {
            match resident.get_mut(&(commits % self.objects)) {
                Some(database) => {
                    flight.commit(database, self.window)?;
                    if self.reach == Reach::Resting {
                        database.rest();
                    }
                }
                None => {
                    let mut database = open(folder, commits, &committer.lane())?;
                    flight.commit(&mut database, self.window)?;
                    dropped.push_back(database);
                    if dropped.len() > self.window {
                        dropped.pop_front();
                    }
                }
            }
            commits += 1;
        }
        flight.land(0)?;
        let elapsed = start.elapsed();
        drop((resident, dropped));
        drop(committer);
        let written = bytes_written()? - written_before;
        flight.latencies.sort_unstable();
        let percentile = |share: f64| {
            let place = (flight.latencies.len() as f64 * share) as usize;
            flight.latencies[place].as_secs_f64() * 1000.0
        };
        println!(
            "{:<38} {:>9.0} {:>9.2} {:>9.2} {:>9}",
            self.label(),
            commits as f64 / elapsed.as_secs_f64(),
            percentile(0.5),
            percentile(0.99),
            written / commits as u64,
        );
        Ok(())
    }
}

/// Commits on their way to the disk, oldest first.
struct Flight {
    reports: Receiver<DurableReport>,
    durable: HashMap<DatabaseKey, CommitPosition>,
    waiting: VecDeque<(DatabaseKey, CommitPosition, Instant)>,
    latencies: Vec<Duration>,
}

impl Flight {
    fn new(reports: Receiver<DurableReport>) -> Self {
        Self {
            reports,
            durable: HashMap::new(),
            waiting: VecDeque::new(),
            latencies: Vec::new(),
        }
    }

    fn commit(&mut self, database: &mut Database, window: usize) -> Result<()> {
        database.sql_exec(
            "INSERT INTO counter VALUES (1, ?) ON CONFLICT DO UPDATE SET value = value + 1",
            &[SqlValue::Real(1.0)],
        )?;
        let position = database.end_turn()?.unwrap_or_default();
        self.waiting
            .push_back((database.key(), position, Instant::now()));
        self.land(window - 1)
    }

    /// Waits until at most so many are on their way.
    fn land(&mut self, left: usize) -> Result<()> {
        while let Ok(report) = self.reports.try_recv() {
            self.note(report)?;
        }
        while self.waiting.len() > left {
            let report = self.reports.recv()?;
            self.note(report)?;
        }
        Ok(())
    }

    fn note(&mut self, report: DurableReport) -> Result<()> {
        report.result?;
        self.durable.insert(report.database, report.position);
        let is_durable = |(key, position, _): &(_, _, _)| self.durable.get(key) >= Some(position);
        for place in (0..self.waiting.len()).rev() {
            if is_durable(&self.waiting[place])
                && let Some((_, _, start)) = self.waiting.remove(place)
            {
                self.latencies.push(start.elapsed());
            }
        }
        Ok(())
    }
}

fn open(folder: &Path, object: usize, lane: &Lane) -> Result<Database> {
    let options = DatabaseOptions {
        backend: Backend::Sqlite { sql_enabled: true },
        alarm: None,
    };
    let path = folder.join("do").join(format!("{object:064x}.sqlite"));
    let mut database = Database::open(&path, options, lane)?;
    database.sql_exec(
        "CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY, value)",
        &[],
    )?;
    Ok(database)
}

/// Resident bytes and open descriptors of this process.
fn process() -> io::Result<(u64, u64)> {
    let pages = fs::read_to_string("/proc/self/statm")?;
    let pages = pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    let descriptors = fs::read_dir("/proc/self/fd")?.count() as u64;
    Ok((pages.unwrap_or(0) * 4096, descriptors))
}

/// What this process has caused to be written to the disk.
fn bytes_written() -> io::Result<u64> {
    let counters = fs::read_to_string("/proc/self/io")?;
    let line = counters
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.and_then(|bytes| bytes.parse().ok()).unwrap_or(0))
}
