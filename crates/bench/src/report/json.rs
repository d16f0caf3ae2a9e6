//! The results as files for programs: everything, and the few ratios that are kept and compared.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::load::latencies::SHARES;
use crate::results::RowResult;
use crate::row::Pace;
use crate::target::Which;

/// Writes all samples, in the order in which they were taken.
pub(crate) fn write_results(path: &Path, pace: &Pace, rows: &[RowResult]) -> Result<()> {
    let results = json!({
        "machine": {
            "kernel": read("/proc/sys/kernel/osrelease"),
            "cpu": cpu(),
            "cores": std::thread::available_parallelism().map_or(1, usize::from),
        },
        "quick": pace.quick,
        "measurement_ms": pace.duration.as_millis() as u64,
        "rows": rows.iter().map(row).collect::<Vec<_>>(),
    });
    Ok(fs::write(
        path,
        serde_json::to_string_pretty(&results)? + "\n",
    )?)
}

fn row(row: &RowResult) -> Value {
    json!({
        "name": row.name,
        "title": row.title,
        "unit": row.unit.name,
        "stated": row.all(Which::Stated),
        "workerd": row.all(Which::Workerd),
        "ratio": row.ratio(),
        "aim": row.aim,
        "limit": row.limit.map(|limit| json!({
            "what": limit.title(),
            "samples": row.limit_samples,
            "part": row.of_limit(),
        })),
        "latencies_ms": row.half_peaks.iter().map(|half| {
            let mut shares: Map<String, Value> = SHARES
                .iter()
                .zip(half.ms)
                .map(|((name, _), ms)| ((*name).to_owned(), ms.into()))
                .collect();
            shares.insert("runtime".into(), half.which.name().into());
            shares.insert("half_of".into(), half.peak_of.name().into());
            shares.insert("requests_per_second".into(), half.per_second.into());
            Value::Object(shares)
        }).collect::<Vec<_>>(),
    })
}

/// Writes the ratio of every main row.
pub(crate) fn write_ratios(path: &Path, rows: &[RowResult]) -> Result<()> {
    let ratios: Map<String, Value> = rows
        .iter()
        .filter(|row| row.main)
        .filter_map(|row| Some((row.name.to_owned(), rounded(row.ratio()?).into())))
        .collect();
    Ok(fs::write(
        path,
        serde_json::to_string_pretty(&ratios)? + "\n",
    )?)
}

fn rounded(ratio: f64) -> f64 {
    (ratio * 100.0).round() / 100.0
}

fn read(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| String::new(), |text| text.trim().to_owned())
}

fn cpu() -> String {
    let text = read("/proc/cpuinfo");
    let line = text.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": "))
        .map_or_else(String::new, |(_, name)| name.to_owned())
}
