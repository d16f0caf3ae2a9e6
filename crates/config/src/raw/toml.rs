//! TOML into the common tree.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Entry, Node, SyntaxError, Value};

pub(super) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let table = DeTable::parse(text).map_err(|error| SyntaxError {
        offset: error.span().map_or(0, |span| span.start),
        message: error.message().to_owned(),
    })?;
    let span = table.span();
    Ok(Node {
        span: span.clone(),
        value: convert_table(table.get_ref()),
    })
}

fn convert(value: &Spanned<DeValue<'_>>) -> Node {
    let span = value.span();
    let value = match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Value::Number(number.into()),
            Err(_) => float(integer.as_str()),
        },
        DeValue::Float(number) => float(number.as_str()),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(items) => Value::Array(items.iter().map(convert).collect()),
        DeValue::Table(table) => convert_table(table),
    };
    Node { span, value }
}

/// Infinity and not-a-number become null, as they do in JSON.
fn float(text: &str) -> Value {
    text.parse()
        .ok()
        .and_then(serde_json::Number::from_f64)
        .map_or(Value::Null, Value::Number)
}

/// The parser sorts keys by name; the file's order is restored by position.
fn convert_table(table: &DeTable<'_>) -> Value {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: key.span(),
            node: convert(value),
        })
        .collect();
    entries.sort_by_key(|entry| start(&entry.key_span));
    Value::Table(entries)
}

fn start(span: &Range<usize>) -> usize {
    span.start
}
