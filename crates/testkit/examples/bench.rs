//! The benchmark behind `bin/bench`: stated and workerd on the same project, one after the other.
//!
//! Both serve `examples/counter` on this machine, with the load generator beside them, so the
//! numbers compare the two and say little about other machines. Each workload is measured in
//! rounds that alternate between the runtimes, and the median of the rounds is printed.

use std::net::SocketAddr;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use stated_testkit::{HttpClient, Launch, Runtime, Server, Workerd, example};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 3;

/// What is asked, and what it exercises.
const WORKLOADS: [(&str, &str); 3] = [
    ("stateless hello", "/"),
    ("object read", "/get"),
    ("increment of one hot object", "/increment"),
];

fn main() -> ExitCode {
    let seconds = match std::env::args().nth(1).as_deref() {
        None => 5,
        Some("--quick") => 1,
        Some(_) => {
            eprintln!("usage: bin/bench [--quick]");
            return ExitCode::from(2);
        }
    };
    let load = if have_wrk() { Load::Wrk } else { Load::BuiltIn };
    // As it is run for users, with one shard: the load has the other core of a small machine.
    let stated = [
        "--internal-port",
        "0",
        "--shards",
        "1",
        "--log-level",
        "warn",
    ]
    .into_iter()
    .fold(
        Launch::of(Runtime::Stated, example("counter")).command("serve"),
        Launch::argument,
    )
    .start();
    let mut targets = vec![Target {
        name: "stated",
        address: stated.address(),
        _runs: Runs::Stated(stated),
    }];
    targets.extend(start_workerd());

    println!(
        "{} connections, {ROUNDS} rounds of {seconds} s each, load from {}, all on this machine",
        CONNECTIONS,
        load.name()
    );
    println!(
        "{:<30}{:<10}{:>12}{:>12}{:>12}",
        "workload", "runtime", "requests/s", "p50 ms", "p99 ms"
    );
    for (workload, path) in WORKLOADS {
        for (target, result) in targets.iter().zip(measure(&targets, load, path, seconds)) {
            println!(
                "{workload:<30}{:<10}{:>12.0}{:>12.2}{:>12.2}",
                target.name, result.requests_per_s, result.p50_ms, result.p99_ms
            );
        }
    }
    ExitCode::SUCCESS
}

/// A runtime that serves.
struct Target {
    name: &'static str,
    address: SocketAddr,
    _runs: Runs,
}

/// Keeps the process and its data until the end.
enum Runs {
    Stated(#[expect(dead_code, reason = "kept for its drop")] Server),
    Workerd(#[expect(dead_code, reason = "kept for its drop")] Workerd),
}

/// Starts plain workerd, without wrangler's proxy, or says why not.
fn start_workerd() -> Option<Target> {
    if !Workerd::is_installed() {
        eprintln!("workerd is not installed; run `npm ci` in conformance/ to compare with it");
        return None;
    }
    let workerd = Workerd::start(&example("counter"));
    Some(Target {
        name: "workerd",
        address: workerd.http().address(),
        _runs: Runs::Workerd(workerd),
    })
}

/// One measurement.
#[derive(Clone, Copy)]
struct Measurement {
    requests_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// Measures all targets in turn, [`ROUNDS`] times, and returns the median of each.
fn measure(targets: &[Target], load: Load, path: &str, seconds: u64) -> Vec<Measurement> {
    let mut rounds: Vec<Vec<Measurement>> = vec![Vec::new(); targets.len()];
    for _ in 0..ROUNDS {
        for (target, results) in targets.iter().zip(&mut rounds) {
            results.push(load.run(target.address, path, seconds));
        }
    }
    rounds.into_iter().map(median).collect()
}

/// The round with the median throughput; its latencies belong to it.
fn median(mut rounds: Vec<Measurement>) -> Measurement {
    rounds.sort_by(|a, b| a.requests_per_s.total_cmp(&b.requests_per_s));
    rounds[rounds.len() / 2]
}

/// Who makes the requests.
#[derive(Clone, Copy)]
enum Load {
    /// The `wrk` program.
    Wrk,
    /// Threads of this program: slower than wrk, and present everywhere.
    BuiltIn,
}

impl Load {
    fn name(self) -> &'static str {
        match self {
            Self::Wrk => "wrk",
            Self::BuiltIn => "the built-in client",
        }
    }

    fn run(self, address: SocketAddr, path: &str, seconds: u64) -> Measurement {
        let warm_up = HttpClient::new(address).request("GET", path, &[], b"");
        assert_eq!(warm_up.status, 200, "{address}{path} answers");
        match self {
            Self::Wrk => run_wrk(address, path, seconds),
            Self::BuiltIn => run_built_in(address, path, Duration::from_secs(seconds)),
        }
    }
}

fn have_wrk() -> bool {
    // wrk prints its version with exit code 1.
    Command::new("wrk").arg("--version").output().is_ok()
}

fn run_wrk(address: SocketAddr, path: &str, seconds: u64) -> Measurement {
    let output = Command::new("wrk")
        .args([
            "--latency",
            "-t1",
            &format!("-c{CONNECTIONS}"),
            &format!("-d{seconds}s"),
        ])
        .arg(format!("http://{address}{path}"))
        .output()
        .expect("wrk was found before");
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(
        !report.contains("Non-2xx"),
        "every answer is a success:\n{report}"
    );
    let field = |name: &str| {
        let line = report
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        line.and_then(|line| line.split_whitespace().last())
            .unwrap_or_else(|| panic!("wrk reports `{name}`:\n{report}"))
    };
    Measurement {
        requests_per_s: field("Requests/sec:").parse().expect("wrk prints a number"),
        p50_ms: milliseconds(field("50%")),
        p99_ms: milliseconds(field("99%")),
    }
}

/// Reads wrk's `812.00us`, `3.41ms` and `1.20s`.
fn milliseconds(text: &str) -> f64 {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().expect("wrk prints a number with a unit");
    match &text[digits.len()..] {
        "us" => number / 1000.0,
        "ms" => number,
        "s" => number * 1000.0,
        unit => panic!("wrk prints us, ms or s, not `{unit}`"),
    }
}

fn run_built_in(address: SocketAddr, path: &str, duration: Duration) -> Measurement {
    let end = Instant::now() + duration;
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let path = path.to_owned();
            thread::spawn(move || {
                let mut connection = HttpClient::new(address).connect();
                let mut latencies_ms = Vec::new();
                while Instant::now() < end {
                    let start = Instant::now();
                    let answer = connection.request("GET", &path, &[], b"");
                    assert_eq!(answer.status, 200, "every answer is a success");
                    latencies_ms.push(start.elapsed().as_secs_f64() * 1000.0);
                }
                latencies_ms
            })
        })
        .collect();
    let mut latencies_ms: Vec<f64> = clients
        .into_iter()
        .flat_map(|client| client.join().expect("no request fails"))
        .collect();
    latencies_ms.sort_by(f64::total_cmp);
    let at = |part: usize| latencies_ms[(latencies_ms.len() - 1) * part / 100];
    Measurement {
        requests_per_s: latencies_ms.len() as f64 / duration.as_secs_f64(),
        p50_ms: at(50),
        p99_ms: at(99),
    }
}
