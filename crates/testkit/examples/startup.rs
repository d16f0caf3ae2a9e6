//! How long `stated dev` takes until it is ready and until an edit runs, and its memory when idle.
//! The program behind `bin/startup`.
//!
//! The project is `bench/hono`, in a copy that is edited. The first round warms the page cache and
//! is not counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use stated_testkit::project::benchmark;
use stated_testkit::{Launch, Runtime, Server};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(60);
/// Edits of each round.
const EDITS: usize = 3;
/// Nobody edits faster, and `stated dev` uses the time in between.
const BETWEEN_EDITS: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = match arguments.as_slice() {
        [] => Some(10),
        [name, number] if name == "--rounds" => number.parse().ok().filter(|&rounds| rounds > 0),
        _ => None,
    };
    let Some(rounds) = rounds else {
        eprintln!("usage: bin/startup [--rounds 10]");
        return ExitCode::from(2);
    };
    let project = Project::copy();
    project.round();
    let measured: Vec<Round> = (0..rounds).map(|_| project.round()).collect();
    let of = |each: fn(&Round) -> Vec<f64>| measured.iter().flat_map(each).collect();
    print(
        "start until the ready line",
        "ms",
        of(|round| vec![round.ready_ms]),
    );
    print(
        "edit until the new code runs",
        "ms",
        of(|round| round.edits_ms.clone()),
    );
    print(
        "  of it, as stated says",
        "ms",
        of(|round| round.told_ms.clone()),
    );
    print("memory, idle", "MiB", of(|round| vec![round.idle_mib]));
    print(
        "memory after the edits",
        "MiB",
        of(|round| vec![round.edited_mib]),
    );
    ExitCode::SUCCESS
}

fn print(what: &str, unit: &str, mut values: Vec<f64>) {
    values.sort_by(f64::total_cmp);
    let (least, most) = (values[0], values[values.len() - 1]);
    let median = values[values.len() / 2];
    println!("{what:32} {median:7.1} {unit}  ({least:.1} to {most:.1})");
}

struct Round {
    ready_ms: f64,
    idle_mib: f64,
    edits_ms: Vec<f64>,
    told_ms: Vec<f64>,
    edited_mib: f64,
}

struct Project {
    folder: TempDir,
    main: PathBuf,
    source: String,
}

impl Project {
    fn copy() -> Self {
        let origin = benchmark("hono");
        let folder = tempfile::tempdir().expect("the temporary folder is writable");
        let main = folder.path().join("src/index.js");
        let source = fs::read_to_string(origin.join("src/index.js")).expect("the project is there");
        fs::create_dir(folder.path().join("src")).expect("the folder is ours");
        fs::write(&main, &source).expect("the folder is ours");
        fs::copy(
            origin.join("wrangler.toml"),
            folder.path().join("wrangler.toml"),
        )
        .expect("the folder is ours");
        std::os::unix::fs::symlink(
            origin.join("node_modules"),
            folder.path().join("node_modules"),
        )
        .expect("the folder is ours");
        Self {
            folder,
            main,
            source,
        }
    }

    fn round(&self) -> Round {
        fs::write(&self.main, &self.source).expect("the folder is ours");
        let launch = Launch::of(Runtime::Stated, self.folder.path());
        let begun = Instant::now();
        let server = launch.start();
        let ready_ms = milliseconds(begun);
        assert_eq!(server.get("/api/users/1").status, 200);
        let idle_mib = memory_mib(&server);
        let (mut edits_ms, mut told_ms) = (Vec::new(), Vec::new());
        for edit in 1..=EDITS {
            std::thread::sleep(BETWEEN_EDITS);
            let begun = Instant::now();
            fs::write(&self.main, format!("{}\n// edit {edit}\n", self.source))
                .expect("the folder is ours");
            let line = server
                .output()
                .wait_for_occurrence("Reloaded in", edit, DEADLINE);
            edits_ms.push(milliseconds(begun));
            let told = line.split_whitespace().nth(2).map(str::parse);
            told_ms.push(told.and_then(Result::ok).unwrap_or(f64::NAN));
        }
        let edited_mib = memory_mib(&server);
        server.terminate();
        Round {
            ready_ms,
            idle_mib,
            edits_ms,
            told_ms,
            edited_mib,
        }
    }
}

fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

/// Resident memory: what the kernel calls `VmRSS`.
fn memory_mib(server: &Server) -> f64 {
    let status = fs::read_to_string(
        Path::new("/proc")
            .join(server.pid().to_string())
            .join("status"),
    )
    .expect("the process is alive");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.expect("the kernel says it") / 1024.0
}
