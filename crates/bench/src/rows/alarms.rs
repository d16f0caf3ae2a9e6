//! Alarms that are due at nearly the same time.

use std::borrow::Cow;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail, ensure};

use crate::load::http::HttpLoad;
use crate::load::{Clients, LONG, Latencies, closed};
use crate::row::{CONNECTIONS, Effort, Measure, Pace, Row, Unit};
use crate::target::{Site, Target, get};
use crate::workload::{Workload, number};

const ALARMS: u64 = 1000;
/// How long setting all of them may take; the longer time is tried when the shorter was too short.
const AHEAD: [Duration; 2] = [Duration::from_secs(8), Duration::from_secs(60)];
/// How long an alarm may be late before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn rows() -> Vec<Row> {
    let title = "1,000 alarms in one second: lateness p99";
    vec![Row {
        unit: Unit::MS,
        effort: Effort::OnceInFull,
        ..Row::new("alarms", title, "objects", Measure::Own(lateness))
    }]
}

/// Sets an alarm for every millisecond of one second, waits, and asks how late each came.
fn lateness(site: &Site, _pace: &Pace, run: u64) -> Result<f64> {
    for (attempt, ahead) in AHEAD.into_iter().enumerate() {
        if let Some(lateness) = lateness_of(site, &format!("{run}-{attempt}"), ahead)? {
            return Ok(lateness);
        }
    }
    bail!("setting {ALARMS} alarms takes longer than {AHEAD:?}");
}

/// None when setting the alarms took until the first was due.
fn lateness_of(site: &Site, run: &str, ahead: Duration) -> Result<Option<f64>> {
    let start = SystemTime::now() + ahead;
    let start_ms = start.duration_since(UNIX_EPOCH)?.as_millis() as u64;
    let target = &site.target;
    let mut clients = Clients::connect(target.address(), CONNECTIONS)?;
    let mut remind = Remind { run, start_ms };
    closed(
        &mut clients,
        &mut HttpLoad::new(&mut remind, CONNECTIONS),
        LONG,
    )?;
    let Ok(left) = start.duration_since(SystemTime::now()) else {
        return Ok(None);
    };
    thread::sleep(left + Duration::from_secs(1));
    let mut latenesses = Latencies::default();
    let end = SystemTime::now() + PATIENCE;
    for alarm in 0..ALARMS {
        latenesses.record(late(target, run, alarm, end)?);
    }
    Ok(Some(latenesses.ms(0.99)))
}

fn late(target: &Target, run: &str, alarm: u64, end: SystemTime) -> Result<Duration> {
    loop {
        let answer = get(&target.client(), &format!("/late/reminder-{run}-{alarm}"))?;
        if answer != b"-1" {
            return Ok(Duration::from_millis(number(&answer)?));
        }
        ensure!(SystemTime::now() < end, "alarm {alarm} did not come");
        thread::sleep(Duration::from_millis(50));
    }
}

struct Remind<'a> {
    run: &'a str,
    start_ms: u64,
}

impl Workload for Remind<'_> {
    fn path(&self, number: u64) -> Cow<'static, str> {
        let due = self.start_ms + number;
        format!("/remind/reminder-{}-{number}?due={due}", self.run).into()
    }

    fn requests_max(&self) -> Option<u64> {
        Some(ALARMS)
    }

    fn check(&mut self, _number: u64, answer: &[u8]) -> Result<()> {
        ensure!(answer == b"set", "the alarm was not set");
        Ok(())
    }
}
