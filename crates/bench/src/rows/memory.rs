//! Memory and descriptors: a process with objects against the same one before.

use std::thread;
use std::time::Duration;

use anyhow::Result;

use super::wake::{Each, each};
use crate::load::Clients;
use crate::process::{descriptors, memory_kib};
use crate::row::{Effort, Measure, MeasureTarget, Pace, Row, Unit};
use crate::target::Site;

/// Objects are put away after ten idle seconds; this is that and some more.
const UNTIL_PUT_AWAY: Duration = Duration::from_secs(14);
/// Objects give back what a next request would need after five idle seconds, and stay.
const UNTIL_AT_REST: Duration = Duration::from_secs(7);
/// Requests that bring a new process to its working size.
const WARM_UP: u64 = 500;

pub(super) fn objects() -> Vec<Row> {
    vec![
        Row {
            aim: Some(10.0),
            effort: Effort::OnceInFull,
            ..once(
                "memory-resident",
                "memory of a resident object, idle",
                "objects",
                resident_memory,
            )
        },
        Row {
            unit: Unit::DESCRIPTORS,
            effort: Effort::OnceInFull,
            ..once(
                "fds-resident",
                "descriptors of a resident object",
                "objects",
                resident_fds,
            )
        },
    ]
}

pub(super) fn sockets() -> Vec<Row> {
    let in_full = |row| Row {
        effort: Effort::OnceInFull,
        ..row
    };
    let object = "memory of a hibernated object with one socket";
    vec![
        in_full(once(
            "memory-socket",
            "memory of a hibernated socket",
            "sockets",
            socket,
        )),
        in_full(once(
            "memory-hibernated",
            object,
            "sockets",
            object_with_socket,
        )),
    ]
}

fn once(
    name: &'static str,
    title: &'static str,
    project: &'static str,
    measure: MeasureTarget,
) -> Row {
    Row {
        unit: Unit::KIB,
        effort: Effort::Once,
        ..Row::new(name, title, project, Measure::Own(measure))
    }
}

fn socket(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    hibernated(site, pace.objects, |_| format!("/hibernating/quiet-{run}"))
}

fn object_with_socket(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    let path = |number| format!("/hibernating/quiet-{run}-{number}");
    hibernated(site, pace.objects, path)
}

fn resident_memory(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    per_object(site, pace, run, memory_kib)
}

fn resident_fds(site: &Site, pace: &Pace, run: u64) -> Result<f64> {
    per_object(site, pace, run, descriptors)
}

/// What each object adds to a new process that has answered requests before.
fn per_object(site: &Site, pace: &Pace, run: u64, measure: fn(u32) -> Result<f64>) -> Result<f64> {
    let target = site.another().run();
    each(&target, &mut Each::new("kv", run, WARM_UP))?;
    thread::sleep(UNTIL_AT_REST);
    let before = measure(target.pid())?;
    // Other names than those of the warm-up.
    each(
        &target,
        &mut Each::new("kv", run + 1_000_000, pace.objects as u64),
    )?;
    thread::sleep(UNTIL_AT_REST);
    Ok((measure(target.pid())? - before) / pace.objects as f64)
}

/// What each socket adds, the kernel's part excluded, once its object is put away.
fn hibernated(site: &Site, count: usize, path: impl Fn(usize) -> String) -> Result<f64> {
    let target = site.another().run();
    let warm_up = |_| "/hibernating/warm-up".to_owned();
    let warm_up = Clients::connect_web_sockets(target.address(), 10, warm_up)?;
    let before = memory_kib(target.pid())?;
    let sockets = Clients::connect_web_sockets(target.address(), count, path)?;
    thread::sleep(UNTIL_PUT_AWAY);
    let after = memory_kib(target.pid())?;
    drop((warm_up, sockets));
    Ok((after - before) / count as f64)
}
