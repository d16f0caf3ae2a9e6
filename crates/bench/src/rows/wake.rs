//! Objects that are on disk and not in memory.

use std::borrow::Cow;

use anyhow::{Result, ensure};

use crate::load::http::HttpLoad;
use crate::load::{Clients, LONG, closed};
use crate::row::{CONNECTIONS, Effort, Measure, Pace, Row};
use crate::target::{Site, Target, get};
use crate::workload::Workload;

pub(super) fn rows() -> Vec<Row> {
    let title = "wake an object from disk";
    vec![Row {
        effort: Effort::OnceIfQuick,
        ..Row::new("wake", title, "objects", Measure::Own(wake))
    }]
}

/// Creates objects, restarts the process, and calls each object once.
fn wake(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    let count = pace.objects as u64 / 2;
    let target = site.another().run();
    each(&target, &mut Each::new("kv", run, count))?;
    let target = target.kill().run();
    // Compiles the code that all requests run.
    for _ in 0..200 {
        get(&target.client(), "/get/warm-up")?;
    }
    each(&target, &mut Each::new("get", run, count))
}

/// Calls every object once; returns how many a second.
pub(super) fn each(target: &Target, objects: &mut Each) -> Result<f64> {
    let mut clients = Clients::connect(target.address(), CONNECTIONS)?;
    let count = objects.count;
    let mut load = HttpLoad::new(objects, CONNECTIONS);
    let outcome = closed(&mut clients, &mut load, LONG)?;
    ensure!(
        outcome.answers == count,
        "{} objects answered",
        outcome.answers
    );
    Ok(outcome.per_second)
}

/// A request for each of some objects; each has, or gets, a count of 1.
pub(super) struct Each {
    what: &'static str,
    run: u64,
    count: u64,
}

impl Each {
    pub(super) fn new(what: &'static str, run: u64, count: u64) -> Self {
        Self { what, run, count }
    }
}

impl Workload for Each {
    fn path(&self, number: u64) -> Cow<'static, str> {
        format!("/{}/each-{}-{number}", self.what, self.run).into()
    }

    fn requests_max(&self) -> Option<u64> {
        Some(self.count)
    }

    fn check(&mut self, _number: u64, answer: &[u8]) -> Result<()> {
        ensure!(answer == b"1", "the count is not 1");
        Ok(())
    }
}
