//! From the tree of a project file to checked values.
//!
//! A [`Checker`] collects everything that is wrong instead of stopping at the first thing; a value
//! that is wrong reads as absent, so one mistake gives one message.

mod bindings;
mod bundle;
mod settings;

#[cfg(test)]
pub(crate) use bindings::product_kinds;
pub(crate) use bindings::{
    Found, Reference, ReferenceKind, binding_names, check_bindings, check_unique,
};
pub(crate) use bundle::{check_assets, check_build, check_bundle};
pub(crate) use settings::{
    check_compatibility, check_cpu_ms, check_crons, check_dev, check_main, check_name,
    check_secret_names,
};

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Severity};
use crate::env::suggestion;
use crate::raw::{Entry, Node, Value};
use crate::source::Source;

/// A value with its dotted path.
#[derive(Clone, Debug)]
pub(crate) struct Field<'a> {
    pub(crate) path: String,
    /// Where a message about the key itself points.
    pub(crate) offset: usize,
    pub(crate) node: &'a Node,
}

impl<'a> Field<'a> {
    /// A key of the top level.
    pub(crate) fn top(entry: &'a Entry) -> Self {
        Self {
            path: entry.key.clone(),
            offset: entry.key_span.start,
            node: &entry.node,
        }
    }

    /// A key of the table at `path`.
    pub(crate) fn inside(path: &str, entry: &'a Entry) -> Self {
        Self {
            path: format!("{path}.{}", entry.key),
            ..Self::top(entry)
        }
    }

    /// A key of this table.
    pub(crate) fn child(&self, key: &str) -> Option<Self> {
        self.node
            .get(key)
            .map(|entry| Self::inside(&self.path, entry))
    }

    /// An item of this array.
    fn item(&self, index: usize, node: &'a Node) -> Self {
        Self {
            path: format!("{}[{index}]", self.path),
            offset: node.span.start,
            node,
        }
    }
}

/// Collects diagnostics about one file.
pub(crate) struct Checker<'s> {
    source: &'s Source,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<'s> Checker<'s> {
    pub(crate) fn new(source: &'s Source) -> Self {
        Self {
            source,
            diagnostics: Vec::new(),
        }
    }

    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn push(
        &mut self,
        severity: Severity,
        offset: usize,
        key: &str,
        message: String,
    ) -> &mut Diagnostic {
        let diagnostic = self.source.diagnostic(severity, offset, key, message);
        self.diagnostics.push(diagnostic);
        self.diagnostics.last_mut().expect("one was just pushed")
    }

    /// Reports an error at a key.
    pub(crate) fn error(
        &mut self,
        field: &Field<'_>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Severity::Error, field.offset, &field.path, message.into())
    }

    /// Reports an error at a value.
    pub(crate) fn value_error(
        &mut self,
        field: &Field<'_>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(
            Severity::Error,
            field.node.span.start,
            &field.path,
            message.into(),
        )
    }

    /// Reports a warning at a key.
    pub(crate) fn warning(
        &mut self,
        field: &Field<'_>,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(Severity::Warning, field.offset, &field.path, message.into())
    }

    /// Reports a key that has no meaning.
    pub(crate) fn unknown_key(&mut self, field: &Field<'_>, hint: String) {
        let message = format!("`{}` is not a key of a project file", field.path);
        self.warning(field, message).hint = hint;
    }

    /// Makes an error about the file as a whole.
    pub(crate) fn file_error(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, &self.source.path, message)
    }

    /// Makes a warning about the file as a whole.
    pub(crate) fn file_warning(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, &self.source.path, message)
    }

    /// Makes a diagnostic to be completed later, pointing at a key.
    pub(crate) fn template(&self, field: &Field<'_>) -> Diagnostic {
        self.source
            .diagnostic(Severity::Error, field.offset, &field.path, "")
    }

    fn wrong_type(&mut self, field: &Field<'_>, wanted: &str) {
        let message = format!(
            "`{}` must be {wanted}, but is {}",
            field.path,
            field.node.kind()
        );
        let is_date = matches!(field.node.value, Value::Date(_));
        let diagnostic = self.value_error(field, message);
        if is_date && wanted == "a string" {
            diagnostic.hint = "write the date in quotes".to_owned();
        }
    }

    /// Reads a table.
    pub(crate) fn table<'a>(&mut self, field: &Field<'a>) -> Option<&'a [Entry]> {
        match &field.node.value {
            Value::Table(entries) => Some(entries),
            _ => {
                self.wrong_type(field, "a table");
                None
            }
        }
    }

    /// Reads a string.
    pub(crate) fn string<'a>(&mut self, field: &Field<'a>) -> Option<&'a str> {
        match &field.node.value {
            Value::String(text) => Some(text),
            _ => {
                self.wrong_type(field, "a string");
                None
            }
        }
    }

    /// Reads a boolean.
    pub(crate) fn boolean(&mut self, field: &Field<'_>) -> Option<bool> {
        match field.node.value {
            Value::Bool(value) => Some(value),
            _ => {
                self.wrong_type(field, "a boolean");
                None
            }
        }
    }

    /// Reads an integer between two bounds, both included.
    pub(crate) fn integer(
        &mut self,
        field: &Field<'_>,
        min: u64,
        max: u64,
        unit: &str,
    ) -> Option<u64> {
        let Value::Number(number) = &field.node.value else {
            self.wrong_type(field, "a number");
            return None;
        };
        let value = number.as_u64().filter(|value| (min..=max).contains(value));
        if value.is_none() {
            let message = format!(
                "`{}` is {number}; it must be a whole number from {min} to {max}{unit}",
                field.path
            );
            self.value_error(field, message);
        }
        value
    }

    /// Reads an array.
    pub(crate) fn array<'a>(&mut self, field: &Field<'a>) -> Option<Vec<Field<'a>>> {
        match &field.node.value {
            Value::Array(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| field.item(index, item))
                    .collect(),
            ),
            _ => {
                self.wrong_type(field, "an array");
                None
            }
        }
    }

    /// Reads an array of strings; items of another type are reported and left out.
    pub(crate) fn strings(&mut self, field: &Field<'_>) -> Option<Vec<String>> {
        let items = self.array(field)?;
        Some(
            items
                .iter()
                .filter_map(|item| self.string(item).map(str::to_owned))
                .collect(),
        )
    }

    /// Reads a table whose values are strings.
    pub(crate) fn string_map(&mut self, field: &Field<'_>) -> Option<BTreeMap<String, String>> {
        let entries = self.table(field)?;
        let mut map = BTreeMap::new();
        for entry in entries {
            if let Some(text) = self.string(&Field::inside(&field.path, entry)) {
                map.insert(entry.key.clone(), text.to_owned());
            }
        }
        Some(map)
    }

    /// Reads a string that is one of a few.
    pub(crate) fn choice(&mut self, field: &Field<'_>, choices: &[&str]) -> Option<String> {
        let text = self.string(field)?;
        if choices.contains(&text) {
            return Some(text.to_owned());
        }
        let quoted: Vec<_> = choices.iter().map(|choice| format!("{choice:?}")).collect();
        let message = format!(
            "`{}` is {text:?}; it must be one of {}",
            field.path,
            quoted.join(", ")
        );
        self.value_error(field, message).hint = suggestion(text, choices);
        None
    }

    /// Warns about keys of a table that are not among `known`.
    pub(crate) fn only_keys(&mut self, field: &Field<'_>, known: &[&str]) {
        for entry in field.node.entries() {
            if !known.contains(&entry.key.as_str()) {
                let hint = suggestion(&entry.key, known);
                self.unknown_key(&Field::inside(&field.path, entry), hint);
            }
        }
    }
}
