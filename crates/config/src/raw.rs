//! One tree for both syntaxes: every key and value with the bytes it was read from.
//!
//! No key is known here; nothing is checked but the syntax. Values of variables are masked in the
//! source as soon as they are known, so that no later message can show them.

mod jsonc;
mod toml;

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Source;

/// A value and the bytes it was read from.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Range<usize>,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    String(String),
    /// A TOML date or time, as written.
    Date(String),
    Array(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key with its value; tables keep the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) node: Node,
}

impl Node {
    /// Returns the entries of a table; no entries for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Table(entries) => entries,
            _ => &[],
        }
    }

    /// Returns the entry of a table. Of a repeated key the last counts; `null` counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries()
            .iter()
            .rev()
            .find(|entry| entry.key == key)
            .filter(|entry| !matches!(entry.node.value, Value::Null))
    }

    /// Returns the kind of the value with its article, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Date(_) => "a date",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
        }
    }

    /// Returns the value as JSON; dates become strings.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(value) => value.clone().into(),
            Value::String(value) | Value::Date(value) => value.clone().into(),
            Value::Array(items) => items.iter().map(Self::to_json).collect(),
            Value::Table(entries) => serde_json::Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.to_json()))
                    .collect(),
            ),
        }
    }
}

/// Parses the text by the ending of the file's name: `.toml`, or JSON with comments.
///
/// # Errors
/// One diagnostic for the first syntax error, or for a file that holds no table.
pub(crate) fn parse(source: &mut Source) -> Result<Node, Box<Diagnostic>> {
    let is_toml = source
        .path
        .extension()
        .is_some_and(|ending| ending == "toml");
    let parsed = match is_toml {
        true => toml::parse(&source.text),
        false => jsonc::parse(&source.text),
    };
    match parsed {
        Ok(root) if matches!(root.value, Value::Table(_)) => {
            hide_variables(source, &root);
            Ok(root)
        }
        Ok(root) => {
            let message = format!("the file must hold a table, but holds {}", root.kind());
            Err(source
                .diagnostic(Severity::Error, root.span.start, "", message)
                .into())
        }
        Err(error) => {
            hide_variables_roughly(source);
            let message = format!("syntax error: {}", error.message);
            Err(source
                .diagnostic(Severity::Error, error.offset, "", message)
                .into())
        }
    }
}

/// A syntax error before it has a place.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) offset: usize,
    pub(crate) message: String,
}

fn hide_variables(source: &mut Source, root: &Node) {
    let environments = root.get("env").map_or(&[][..], |env| env.node.entries());
    let scopes = std::iter::once(root).chain(environments.iter().map(|entry| &entry.node));
    for vars in scopes
        .flat_map(|scope| scope.entries())
        .filter(|entry| entry.key == "vars")
    {
        match &vars.node.value {
            Value::Table(entries) => {
                for entry in entries {
                    source.hide(entry.node.span.clone());
                }
            }
            _ => source.hide(vars.node.span.clone()),
        }
    }
}

/// Masks what may be the value of a variable in a text that does not parse.
///
/// Rather too much than too little: from the first place that names `vars` on, everything behind
/// the first `=` or `:` of a line is masked, and everything in lines that have neither.
fn hide_variables_roughly(source: &mut Source) {
    let Some(first) = source.text.find("vars") else {
        return;
    };
    let mut hidden = Vec::new();
    let mut start = source.text[..first].rfind('\n').map_or(0, |at| at + 1);
    for line in source.text[start..].split_inclusive('\n') {
        let is_header = line.trim_start().starts_with('[') && line.trim_end().ends_with(']');
        if !is_header {
            let value = line.find(['=', ':']).map_or(0, |at| at + 1);
            hidden.push(start + value..start + line.trim_end().len());
        }
        start += line.len();
    }
    for range in hidden {
        source.hide(range);
    }
}

#[cfg(test)]
mod tests;
