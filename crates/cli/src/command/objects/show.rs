//! Objects, keys and rows as people read them.

use serde_json::Value;

use crate::moment;
use crate::printer;

/// A list of objects, one a line.
pub(super) fn list(objects: &[Value]) {
    let row = |object: &Value| {
        [
            word(&object["class"]),
            word(&object["name"]),
            word(&object["id"]),
            size(&object["bytes"]),
            time(&object["lastWriteMs"]),
            time(&object["alarmMs"]),
            word(&object["sockets"]),
        ]
    };
    let head = [
        "CLASS",
        "NAME",
        "ID",
        "SIZE",
        "LAST WRITE",
        "ALARM",
        "SOCKETS",
    ]
    .map(str::to_owned);
    table(
        std::iter::once(head)
            .chain(objects.iter().map(row))
            .map(Vec::from)
            .collect(),
    );
}

/// The states of an object, oldest first.
pub(super) fn bookmarks(found: &Value) {
    let commits = found["commits"].as_array().into_iter().flatten();
    let row = |commit: &Value| vec![time(&commit["timeMs"]), word(&commit["bookmark"])];
    let head = ["TIME", "BOOKMARK"].map(str::to_owned).to_vec();
    let oldest = vec!["oldest".to_owned(), word(&found["oldest"])];
    table([head, oldest].into_iter().chain(commits.map(row)).collect());
}

/// Everything about one facet.
pub(super) fn facet(facts: &Value) {
    fields(&[
        ("facet", path(facts)),
        ("number", word(&facts["number"])),
        ("files", size(&facts["bytes"])),
        ("database", size(&facts["databaseSize"])),
        ("tables", or_dash(&each(&facts["tables"], word))),
    ]);
}

/// Everything about one object.
pub(super) fn object(facts: &Value) {
    let with_size = |facet: &Value| format!("{} ({})", path(facet), size(&facet["bytes"]));
    fields(&[
        ("class", word(&facts["class"])),
        ("name", word(&facts["name"])),
        ("id", word(&facts["id"])),
        ("files", size(&facts["bytes"])),
        ("database", size(&facts["databaseSize"])),
        ("tables", or_dash(&each(&facts["tables"], word))),
        ("facets", or_dash(&each(&facts["facets"], with_size))),
        ("last write", time(&facts["lastWriteMs"])),
        ("alarm", time(&facts["alarmMs"])),
        ("running", word(&facts["running"])),
        ("sockets", word(&facts["sockets"])),
    ]);
}

fn fields(fields: &[(&str, String)]) {
    let line = |(name, value): &(&str, String)| vec![(*name).to_owned(), value.clone()];
    table(fields.iter().map(line).collect());
}

fn each(list: &Value, show: impl Fn(&Value) -> String) -> Vec<String> {
    list.as_array().into_iter().flatten().map(show).collect()
}

/// The names that lead to a facet.
fn path(facet: &Value) -> String {
    each(&facet["path"], word).join("/")
}

fn or_dash(words: &[String]) -> String {
    if words.is_empty() {
        return "-".to_owned();
    }
    words.join(", ")
}

/// Keys with their values.
pub(super) fn keys(entries: &[Value]) {
    let row = |entry: &Value| {
        let value = match entry["error"].as_str() {
            Some(error) => format!("({error})"),
            None => entry["value"].to_string(),
        };
        vec![word(&entry["key"]), value]
    };
    table(entries.iter().map(row).collect());
}

/// The rows of a query under the names of their columns.
pub(super) fn rows(result: &Value) {
    let head: Vec<String> = result["columns"]
        .as_array()
        .into_iter()
        .flatten()
        .map(word)
        .collect();
    if head.is_empty() {
        return printer::line(&format!("{} rows written", result["meta"]["rows_written"]));
    }
    let rows = result["rows"].as_array().into_iter().flatten();
    let rows = rows.map(|row| row.as_array().into_iter().flatten().map(word).collect());
    table(std::iter::once(head).chain(rows).collect());
}

/// Prints rows with aligned columns.
fn table(rows: Vec<Vec<String>>) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    for row in &rows {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        printer::line(cells.join("  ").trim_end());
    }
}

/// Text without quotation marks; nothing is a dash. Control characters would move the cursor.
fn word(value: &Value) -> String {
    let text = match value {
        Value::Null => return "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars()
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

fn time(value: &Value) -> String {
    value
        .as_i64()
        .map_or_else(|| "-".to_owned(), moment::format)
}

fn size(value: &Value) -> String {
    let Some(bytes) = value.as_u64() else {
        return "-".to_owned();
    };
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
