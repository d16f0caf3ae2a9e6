//! The table on the terminal, line by line while the run goes on.

use super::number;
use crate::load::latencies::SHARES;
use crate::results::{RowResult, median};
use crate::target::Which;

/// Prints the head of the table.
pub(crate) fn print_head() {
    println!(
        "{:<46}{:>10}{:>10} {:<4}{:>7}{:>6}  machine's limit",
        "", "stated", "workerd", "", "ratio", "aim"
    );
}

/// Prints one row.
pub(crate) fn print_row(row: &RowResult) {
    let value = |which| row.median(which).map_or_else(|| "-".to_owned(), number);
    let times =
        |times: Option<f64>| times.map_or_else(String::new, |times| format!("{}x", number(times)));
    let aim = row.aim.map_or_else(String::new, |aim| format!("{aim}x"));
    println!(
        "{:<46}{:>10}{:>10} {:<4}{:>7}{:>6}  {}",
        row.title,
        value(Which::Stated),
        value(Which::Workerd),
        row.unit.name,
        times(row.ratio()),
        aim,
        limit(row)
    );
}

fn limit(row: &RowResult) -> String {
    let (Some(limit), Some(most), Some(part)) =
        (row.limit, median(&row.limit_samples), row.of_limit())
    else {
        return String::new();
    };
    format!(
        "{:.0}% of {} ({})",
        part * 100.0,
        number(most),
        limit.title()
    )
}

/// Prints the latencies of the rows that have them.
pub(crate) fn print_latencies(rows: &[RowResult]) {
    if rows.iter().all(|row| row.half_peaks.is_empty()) {
        return;
    }
    let [p50, p99, p999] = SHARES.map(|(name, _)| name);
    println!(
        "\n{:<46}{:>10}{:>10}{:>10}{:>10}",
        "latency in ms", "requests/s", p50, p99, p999
    );
    for row in rows {
        for half in &row.half_peaks {
            let title = format!(
                "{}: {} at half of {}'s peak",
                row.name,
                half.which.name(),
                half.peak_of.name()
            );
            let [p50, p99, p999] = half.ms.map(number);
            println!(
                "{title:<46}{:>10}{p50:>10}{p99:>10}{p999:>10}",
                number(half.per_second)
            );
        }
    }
}
