//! From nothing to the first answer.

use std::time::Instant;

use anyhow::Result;

use crate::process::memory_kib;
use crate::row::{Effort, Measure, Pace, Row, Unit};
use crate::target::{Site, get};

pub(super) fn rows() -> Vec<Row> {
    let memory_title = "memory of the process after one answer";
    vec![
        Row {
            unit: Unit::MS,
            ..Row::new(
                "start",
                "start-up to the first answer",
                "hello",
                Measure::Own(start),
            )
        },
        Row {
            unit: Unit::KIB,
            effort: Effort::Once,
            ..Row::new(
                "memory-process",
                memory_title,
                "hello",
                Measure::Own(memory),
            )
        },
    ]
}

/// stated bundles the project in this time; workerd gets it bundled.
fn start(site: &Site, _pace: &Pace, _run: u64) -> Result<f64> {
    let launch = site.another().run().kill();
    let begun = Instant::now();
    let started = launch.run();
    get(&started.client(), "/")?;
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}

fn memory(site: &Site, _pace: &Pace, _run: u64) -> Result<f64> {
    let another = site.another().run();
    get(&another.client(), "/")?;
    memory_kib(another.pid())
}
