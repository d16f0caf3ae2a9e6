//! A run: every row on both runtimes in turn, several rounds, with the machine's limit beside it.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use stated_testkit::{Workerd, project};

use crate::load::http::HttpLoad;
use crate::load::{Clients, Outcome, closed, open};
use crate::machine::{disk, hyper_server, web_socket_server};
use crate::process::written_bytes;
use crate::results::{HalfPeak, Measured, RowResult};
use crate::row::{CONNECTIONS, Effort, Limit, MakeWorkload, Measure, Pace, Row};
use crate::rows::sockets::echo_rate;
use crate::target::{Site, Target, Which};

/// Connections for requests that are due at fixed times: enough that one is free when another is
/// slow.
const OPEN_CONNECTIONS: usize = 2 * CONNECTIONS;

/// Whether the latencies of the main rows are taken, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Latencies {
    Measured,
    LeftOut,
}

/// What a run has found out.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) results: Vec<RowResult>,
    /// The names of rows that could not be measured.
    pub(crate) failed: Vec<&'static str>,
}

/// The machine's part of a run, and a number for every measurement.
pub(crate) struct Bench {
    pace: Pace,
    latencies: Latencies,
    hyper: SocketAddr,
    web_socket: SocketAddr,
    runtimes: Vec<Which>,
    measurements: Cell<u64>,
}

impl Bench {
    pub(crate) fn new(pace: Pace, latencies: Latencies) -> Result<Self> {
        let mut runtimes = vec![Which::Stated];
        if Workerd::is_installed() {
            runtimes.push(Which::Workerd);
        }
        Ok(Self {
            pace,
            latencies,
            hyper: hyper_server::start()?,
            web_socket: web_socket_server::start()?,
            runtimes,
            measurements: Cell::new(0),
        })
    }

    /// Measures rows, each project started once, and hands each result over when it is complete. A row that cannot be
    /// measured is reported at once; the others go on.
    pub(crate) fn run(&self, rows: &[Row], mut done: impl FnMut(&RowResult)) -> Run {
        let mut run = Run::default();
        for group in rows.chunk_by(|one, next| one.project == next.project) {
            let folder = project::benchmark(group[0].project);
            let sites: Vec<_> = self
                .runtimes
                .iter()
                .map(|which| Site::open(*which, &folder))
                .collect();
            for row in group {
                match self.row(row, &sites) {
                    Ok(result) => {
                        done(&result);
                        run.results.push(result);
                    }
                    Err(error) => {
                        println!("{}: {error:#}", row.title);
                        run.failed.push(row.name);
                    }
                }
            }
        }
        run
    }

    fn row(&self, row: &Row, sites: &[Site]) -> Result<RowResult> {
        let mut result = RowResult::of(row);
        for _ in 0..self.pace.rounds_of(row) {
            let mut commit_bytes = None;
            for site in sites {
                let measured = self.measure(row, site)?;
                if site.which == Which::Stated {
                    commit_bytes = measured.written_per_answer;
                }
                result.samples(site.which).push(measured.value);
            }
            if let Some(limit) = row.limit {
                let value = self.limit(row, limit, commit_bytes)?;
                result.limit_samples.push(value);
            }
        }
        if self.latencies == Latencies::Measured
            && let (Effort::Main, Measure::Requests(_, workload)) = (row.effort, &row.measure)
        {
            result.half_peaks = self.half_peaks(*workload, sites, &result)?;
        }
        Ok(result)
    }

    fn measure(&self, row: &Row, site: &Site) -> Result<Measured> {
        let context = || format!("{} is measured", site.which.name());
        match &row.measure {
            Measure::Own(measure) => {
                let value = measure(site, &self.pace, self.next()).with_context(context)?;
                Ok(Measured::value(value))
            }
            Measure::Requests(connections, workload) => {
                let written = written_bytes(site.target.pid())?;
                let outcome = self
                    .requests(&site.target, *workload, |load, address| {
                        let mut clients = Clients::connect(address, *connections)?;
                        closed(&mut clients, load, self.pace.duration)
                    })
                    .with_context(context)?;
                let written = written_bytes(site.target.pid())? - written;
                Ok(Measured {
                    value: outcome.per_second,
                    written_per_answer: Some(written as f64 / outcome.answers.max(1) as f64),
                })
            }
        }
    }

    /// Prepares a workload, has its requests made, and verifies what they left behind.
    fn requests(
        &self,
        target: &Target,
        workload: MakeWorkload,
        make: impl FnOnce(&mut HttpLoad<'_>, SocketAddr) -> Result<Outcome>,
    ) -> Result<Outcome> {
        let mut workload = workload(self.next());
        workload.prepare(&target.client())?;
        let mut load = HttpLoad::new(workload.as_mut(), OPEN_CONNECTIONS);
        let outcome = make(&mut load, target.address())?;
        ensure!(outcome.answers > 0, "there is no answer");
        workload.verify(&target.client())?;
        Ok(outcome)
    }

    fn limit(&self, row: &Row, limit: Limit, commit_bytes: Option<f64>) -> Result<f64> {
        let duration = self.pace.duration / 2;
        match (limit, &row.measure) {
            (Limit::Hyper, Measure::Requests(connections, workload)) => {
                let mut workload = workload(self.next());
                let mut load = HttpLoad::new(workload.as_mut(), *connections);
                let mut clients = Clients::connect(self.hyper, *connections)?;
                Ok(closed(&mut clients, &mut load, duration)?.per_second)
            }
            (Limit::Hyper, Measure::Own(_)) => unreachable!("hyper answers requests"),
            (Limit::WebSocket, _) => echo_rate(self.web_socket, "/", &self.pace),
            // Every connection has one commit on its way, so no more can share a sync.
            (Limit::Disk, _) => {
                let bytes = commit_bytes.unwrap_or(4096.0) as usize;
                disk::commits_per_second(bytes, CONNECTIONS, duration)
            }
        }
    }

    /// Latencies at half of what workerd reached, on both; and at half of what stated reached.
    fn half_peaks(
        &self,
        workload: MakeWorkload,
        sites: &[Site],
        result: &RowResult,
    ) -> Result<Vec<HalfPeak>> {
        let mut half_peaks = Vec::new();
        for peak_of in self.runtimes.iter().rev() {
            let per_second = result.median(*peak_of).unwrap_or_default() / 2.0;
            for site in sites {
                // What is half of stated's peak would only show that workerd cannot do it.
                if *peak_of == Which::Stated && site.which == Which::Workerd {
                    continue;
                }
                let mut rounds = Vec::new();
                for _ in 0..self.pace.latency_rounds {
                    rounds.push(self.open(workload, site, per_second)?);
                }
                half_peaks.push(HalfPeak::median(*peak_of, site.which, per_second, &rounds));
            }
        }
        Ok(half_peaks)
    }

    fn open(&self, workload: MakeWorkload, site: &Site, per_second: f64) -> Result<[f64; 3]> {
        let duration = self.pace.duration.max(Duration::from_secs(1));
        let outcome = self.requests(&site.target, workload, |load, address| {
            let mut clients = Clients::connect(address, OPEN_CONNECTIONS)?;
            open(&mut clients, load, per_second, duration)
        })?;
        Ok(outcome.latencies.shares_ms())
    }

    fn next(&self) -> u64 {
        let number = self.measurements.get() + 1;
        self.measurements.set(number);
        number
    }
}
