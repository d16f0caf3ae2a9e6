//! Local secrets: `.dev.vars`, `.env`, and files in their format.
//!
//! `.dev.vars.<environment>` replaces `.dev.vars`; only where neither exists, `.env`, `.env.local`,
//! `.env.<environment>` and `.env.<environment>.local` are read, each overriding the ones before.
//! Files that the command line names replace all of these. `$NAME` and `${NAME}` are expanded in
//! `.env` files and not in `.dev.vars`. Source: users.md 2 and wrangler's documentation of
//! environment variables; the format is that of the `dotenv` package.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Severity};

/// References inside references that are followed, so that a loop ends.
const EXPANSION_DEPTH_MAX: usize = 16;

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    pub(crate) values: BTreeMap<String, Secret>,
    /// Every file that was looked for.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

#[derive(Debug)]
pub(crate) struct Secret {
    pub(crate) value: String,
    /// Its place among all that was read; one that is read again keeps it.
    pub(crate) position: usize,
    /// Points at the line, without text.
    pub(crate) template: Diagnostic,
}

/// Reads the files that belong to a project.
pub(crate) fn read(directory: &Path, environment: Option<&str>, named: &[PathBuf]) -> Secrets {
    let mut secrets = Secrets::default();
    if !named.is_empty() {
        for path in named {
            if !secrets.add_file(path) {
                let message = "the file does not exist";
                let error = Diagnostic::new(Severity::Error, path, message);
                secrets.diagnostics.push(error);
            }
        }
        secrets.expand();
        return secrets;
    }
    let specific = environment.map(|name| directory.join(format!(".dev.vars.{name}")));
    let general = directory.join(".dev.vars");
    for path in specific.into_iter().chain([general]) {
        if secrets.add_file(&path) {
            return secrets;
        }
    }
    let mut names = vec![".env".to_owned(), ".env.local".to_owned()];
    if let Some(environment) = environment {
        names.push(format!(".env.{environment}"));
        names.push(format!(".env.{environment}.local"));
    }
    for name in names {
        secrets.add_file(&directory.join(name));
    }
    secrets.expand();
    secrets
}

impl Secrets {
    /// Reads one file over what is there; returns whether it exists.
    fn add_file(&mut self, path: &Path) -> bool {
        self.files.push(path.to_owned());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return false,
            Err(error) => {
                let message = format!("read the file: {error}");
                self.diagnostics
                    .push(Diagnostic::new(Severity::Error, path, message));
                return true;
            }
        };
        for line in parse(&text) {
            // The source line is never shown: it holds the value.
            let template = |message: String| Diagnostic::new(Severity::Warning, path, message);
            match line {
                Line::Assignment { name, value } => {
                    let mut at = template(String::new());
                    at.key = name.clone();
                    let known = self.values.get(&name);
                    let position = known.map_or(self.values.len(), |known| known.position);
                    let secret = Secret {
                        value,
                        position,
                        template: at,
                    };
                    self.values.insert(name, secret);
                }
                Line::Malformed { number } => {
                    let message = format!("line {number} is no assignment and is ignored");
                    let hint = "write NAME=value, with the value in quotes if it spans lines";
                    self.diagnostics.push(template(message).with_hint(hint));
                }
            }
        }
        true
    }

    fn expand(&mut self) {
        let raw: BTreeMap<String, String> = self
            .values
            .iter()
            .map(|(name, secret)| (name.clone(), secret.value.clone()))
            .collect();
        for secret in self.values.values_mut() {
            secret.value = expand(&secret.value, &raw, EXPANSION_DEPTH_MAX);
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Assignment {
        name: String,
        value: String,
    },
    /// Counted from 1.
    Malformed {
        number: usize,
    },
}

/// Splits a file into assignments; blank lines and comments are no lines here.
fn parse(text: &str) -> Vec<Line> {
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    let mut lines = Vec::new();
    let (mut rest, mut number) = (text.as_str(), 1);
    while !rest.is_empty() {
        let (line, used) = next_line(rest, number);
        lines.extend(line);
        number += rest[..used].matches('\n').count();
        rest = &rest[used..];
    }
    lines
}

/// Reads what starts at the beginning of `text`; returns how many bytes it took.
fn next_line(text: &str, number: usize) -> (Option<Line>, usize) {
    let end = text.find('\n').map_or(text.len(), |at| at + 1);
    let line = text[..end].trim();
    if line.is_empty() || line.starts_with('#') {
        return (None, end);
    }
    let Some((name, value_at)) = read_name(&text[..end]) else {
        return (Some(Line::Malformed { number }), end);
    };
    let value = &text[value_at..];
    let blank = value.len() - value.trim_start_matches([' ', '\t']).len();
    let value = &value[blank..];
    for quote in ['\'', '"', '`'] {
        if let Some((inner, length)) = read_quoted(value, quote) {
            let after = value_at + blank + length;
            let tail = text[after..]
                .find('\n')
                .map_or(text.len(), |at| after + at + 1);
            let trailing = text[after..tail].trim();
            if trailing.is_empty() || trailing.starts_with('#') {
                let value = match quote {
                    '"' => inner.replace("\\n", "\n").replace("\\r", "\r"),
                    _ => inner.to_owned(),
                };
                return (Some(Line::Assignment { name, value }), tail);
            }
        }
    }
    let bare = value[..value.find('\n').unwrap_or(value.len())]
        .split('#')
        .next()
        .unwrap_or_default()
        .trim();
    let value = bare.to_owned();
    (Some(Line::Assignment { name, value }), end)
}

/// Reads `NAME=` or `NAME: `, perhaps after `export`; returns the name and where the value starts.
fn read_name(line: &str) -> Option<(String, usize)> {
    let start = line.len() - line.trim_start().len();
    let body = &line[start..];
    let exported = body
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map_or(body, str::trim_start);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let length = exported.find(|c| !is_name(c))?;
    let (name, rest) = exported.split_at(length);
    let rest_at = line.len() - rest.len();
    let separator = rest.trim_start_matches([' ', '\t']);
    let separator_at = rest_at + rest.len() - separator.len();
    let assigns = separator.starts_with('=')
        || (separator_at == rest_at
            && separator.starts_with(':')
            && separator[1..].starts_with([' ', '\t']));
    (assigns && !name.is_empty()).then(|| (name.to_owned(), separator_at + 1))
}

/// Reads a quoted value, which may span lines; returns what is inside and the length with quotes.
fn read_quoted(text: &str, quote: char) -> Option<(&str, usize)> {
    let inner = text.strip_prefix(quote)?;
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if c == quote && !escaped {
            return Some((&inner[..at], at + 2));
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// Replaces `$NAME`, `${NAME}` and `${NAME:-default}`; `\$` stays a dollar sign.
fn expand(value: &str, names: &BTreeMap<String, String>, depth: usize) -> String {
    let mut expanded = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        if rest[..at].ends_with('\\') {
            expanded.push_str(&rest[..at - 1]);
            expanded.push('$');
            rest = &rest[at + 1..];
            continue;
        }
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let (name, default, used) = read_reference(rest);
        if name.is_empty() {
            expanded.push('$');
            continue;
        }
        rest = &rest[used..];
        let replacement = names.get(name).filter(|value| !value.is_empty());
        let replacement = replacement.map_or(default, String::as_str);
        if depth > 0 {
            expanded.push_str(&expand(replacement, names, depth - 1));
        }
    }
    expanded.push_str(rest);
    expanded
}

/// Reads what follows a dollar sign: the name, its default, and how many bytes both took.
fn read_reference(text: &str) -> (&str, &str, usize) {
    let name_end = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    let Some(braced) = text.strip_prefix('{') else {
        let end = name_end(text);
        return (&text[..end], "", end);
    };
    let Some(close) = braced.find('}') else {
        return ("", "", 0);
    };
    let inner = &braced[..close];
    let (name, rest) = inner.split_at(name_end(inner));
    match (
        rest.is_empty(),
        rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-')),
    ) {
        (true, _) => (name, "", close + 2),
        (false, Some(default)) => (name, default, close + 2),
        (false, None) => ("", "", 0),
    }
}

#[cfg(test)]
mod tests;
