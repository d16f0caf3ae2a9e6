//! The benchmark suite behind `bin/bench`.
//!
//! Every row runs stated and workerd in turn on the same project, in one run, and the machine's own
//! limit beside them. The load comes from one thread of this process, so on two cores the server
//! has the other one. An answer that is not the right one ends the run: a rate of wrong answers is
//! none. What the figures say about one machine says little about another; the ratios say more.

mod arguments;
mod compare;
mod load;
mod machine;
mod process;
mod report;
mod results;
mod row;
mod rows;
mod run;
mod target;
mod workload;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use stated_testkit::{Workerd, project::repository};

use arguments::{Arguments, USAGE};
use compare::Kept;
use report::{chart, json, table};
use results::RowResult;
use row::{Pace, Row};
use run::{Bench, Latencies, Run};

/// The exit code that says that a row is slower than it was, and nothing else.
const FALLEN: u8 = 3;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode> {
    let kept = arguments.compare.as_deref().map(Kept::read).transpose()?;
    let rows = chosen(arguments, kept.as_ref())?;
    if arguments.list {
        rows.iter()
            .for_each(|row| println!("{:<20}{}", row.name, row.title));
        return Ok(ExitCode::SUCCESS);
    }
    let pace = if arguments.quick {
        Pace::QUICK
    } else {
        Pace::FULL
    };
    allow_many_sockets()?;
    if !Workerd::is_installed() {
        eprintln!("workerd is not installed; run `npm ci` in conformance/ to compare with it");
    }
    println!(
        "{} connections, {} rounds of {} ms in turn, medians; load from one thread of this machine",
        row::CONNECTIONS,
        pace.rounds,
        pace.duration.as_millis()
    );
    let latencies = match kept {
        Some(_) => Latencies::LeftOut,
        None => Latencies::Measured,
    };
    let bench = Bench::new(pace, latencies)?;
    table::print_head();
    let Run { results, failed } = bench.run(&rows, table::print_row);
    table::print_latencies(&results);
    let folder = arguments
        .out
        .clone()
        .unwrap_or_else(|| repository().join("target/bench"));
    write(&folder, &pace, &results)?;
    ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    match kept {
        Some(kept) => compare(&kept, rows, &results),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// The rows that are asked for.
fn chosen(arguments: &Arguments, kept: Option<&Kept>) -> Result<Vec<Row>> {
    let mut rows = rows::all();
    for name in &arguments.rows {
        let known = rows.iter().any(|row| row.name == name);
        ensure!(known, "there is no row `{name}`; --list prints all");
    }
    let named = |row: &Row| arguments.rows.iter().any(|name| row.name == name);
    rows.retain(|row| arguments.rows.is_empty() || named(row));
    rows.retain(|row| kept.is_none_or(|kept| kept.has(row.name)));
    Ok(rows)
}

fn write(folder: &Path, pace: &Pace, results: &[RowResult]) -> Result<()> {
    fs::create_dir_all(folder)?;
    json::write_results(&folder.join("results.json"), pace, results)?;
    json::write_ratios(&folder.join("ratios.json"), results)?;
    fs::write(folder.join("chart.svg"), chart::svg(results))?;
    println!(
        "\nresults.json, ratios.json and chart.svg are in {}",
        folder.display()
    );
    Ok(())
}

/// Measures what has fallen once more, in full rounds whatever the first were, and fails when it is
/// still low.
fn compare(kept: &Kept, mut rows: Vec<Row>, results: &[RowResult]) -> Result<ExitCode> {
    if results.iter().all(|row| row.ratio().is_none()) {
        println!("no ratio was measured, so there is nothing to compare");
        return Ok(ExitCode::SUCCESS);
    }
    let falls = kept.falls(results);
    if falls.is_empty() {
        println!("no ratio has fallen by more than 15%");
        return Ok(ExitCode::SUCCESS);
    }
    rows.retain(|row| falls.iter().any(|fall| fall.name == row.name));
    println!("\nonce more, because the ratio is more than 15% below the kept one:");
    let bench = Bench::new(Pace::FULL, Latencies::LeftOut)?;
    let again = kept.falls(&bench.run(&rows, table::print_row).results);
    for fall in &again {
        println!(
            "{}: the ratio was {:.2} and is {:.2} in two runs",
            fall.name, fall.before, fall.now
        );
    }
    Ok(if again.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FALLEN)
    })
}

/// Raises the limit of descriptors as far as the system lets us; the servers inherit it.
fn allow_many_sockets() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            ..limit
        },
    )?;
    Ok(())
}
