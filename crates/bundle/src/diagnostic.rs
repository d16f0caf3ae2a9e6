//! What a build has to say to its user: one problem, where it is, and what to do about it.
//!
//! Text only, no colour and no knowledge of the bundler; [`crate::report`] makes these.

use std::fmt;
use std::path::PathBuf;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// There is no bundle.
    Error,
    /// There is a bundle, and it may not do what was meant.
    Warning,
}

/// One problem of a project.
///
/// `Display` gives all of it over several lines, without a line feed at the end:
///
/// ```text
/// error: package `left-pad` is not in node_modules
///   --> src/a.ts:1:21
///    |
///  1 | import leftPad from "left-pad";
///    |                     ^^^^^^^^^^
///    = imported by src/index.ts -> src/a.ts
///    hint: run `npm install left-pad`
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// Whether the build failed because of it.
    pub severity: Severity,
    /// What is wrong: one line, lower case, without a full stop.
    pub message: String,
    /// Where it is wrong, when that is one place.
    pub location: Option<Location>,
    /// Facts that help to understand it, one line each.
    pub notes: Vec<String>,
    /// The next thing to do.
    pub hint: Option<String>,
}

/// A place in a source file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Location {
    /// Relative to the project directory, with forward slashes.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in UTF-16 code units, as editors and V8 count.
    pub column: u32,
    /// The text of the line.
    pub text: String,
    /// How many characters are meant, at least 1.
    pub length: u32,
}

impl Diagnostic {
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            location: None,
            notes: Vec::new(),
            hint: None,
        }
    }

    pub(crate) fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    pub(crate) fn at(mut self, location: Option<Location>) -> Self {
        self.location = location;
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Lines longer than this are cut around the place that is meant (minified packages have lines of
/// a megabyte).
const LINE_CHARS_MAX: usize = 120;

impl Location {
    /// Finds the byte `offset` of `source`; an offset past the end means the end.
    ///
    /// `length` is in bytes and is cut at the end of the line.
    pub(crate) fn of_span(file: String, source: &str, offset: usize, length: usize) -> Self {
        let mut offset = offset.min(source.len());
        while !source.is_char_boundary(offset) {
            offset -= 1;
        }
        let line_start = source[..offset].rfind('\n').map_or(0, |at| at + 1);
        let text = source[line_start..].lines().next().unwrap_or_default();
        let inside = offset - line_start;
        let line = source[..line_start].matches('\n').count() + 1;
        let meant = text.get(inside..).unwrap_or_default();
        let mut end = length.min(meant.len());
        while !meant.is_char_boundary(end) {
            end += 1;
        }
        Self {
            file,
            line: to_u32(line),
            column: to_u32(text.get(..inside).unwrap_or(text).encode_utf16().count() + 1),
            text: text.to_owned(),
            length: to_u32(meant[..end].chars().count().max(1)),
        }
    }

    /// Finds `line` (from 1) and `column` (from 0, UTF-16) of `source`, and marks the word there.
    pub(crate) fn of_position(file: String, source: &str, line: usize, column: usize) -> Self {
        let text = source
            .lines()
            .nth(line.saturating_sub(1))
            .unwrap_or_default();
        let start = byte_of_utf16(text, column);
        Self {
            file,
            line: to_u32(line),
            column: to_u32(column + 1),
            text: text.to_owned(),
            length: to_u32(word_length(&text[start..])),
        }
    }

    /// The line to print and how many characters stand before the mark in it.
    fn excerpt(&self) -> (String, usize) {
        let start = byte_of_utf16(&self.text, self.column.saturating_sub(1) as usize);
        let before: Vec<char> = self.text[..start].chars().collect();
        let after: Vec<char> = self.text[start..].chars().collect();
        let visible = |c: &char| if c.is_control() { ' ' } else { *c };
        if before.len() + after.len() <= LINE_CHARS_MAX {
            let line: String = before.iter().chain(&after).map(visible).collect();
            return (line, before.len());
        }
        let from = before.len().saturating_sub(LINE_CHARS_MAX / 2);
        let lead = if from > 0 { "..." } else { "" };
        let kept = before.len() - from;
        let room = LINE_CHARS_MAX - kept;
        let tail = if after.len() > room { "..." } else { "" };
        let line: String = before[from..]
            .iter()
            .chain(after.iter().take(room))
            .map(visible)
            .collect();
        (format!("{lead}{line}{tail}"), lead.len() + kept)
    }
}

fn to_u32(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn byte_of_utf16(text: &str, units: usize) -> usize {
    let mut seen = 0;
    for (at, c) in text.char_indices() {
        if seen >= units {
            return at;
        }
        seen += c.len_utf16();
    }
    text.len()
}

/// The length of the string or identifier at the start of `text`, else 1.
fn word_length(text: &str) -> usize {
    match text.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => text[1..]
            .find(quote)
            .map_or(1, |end| text[1..=end].chars().count() + 2),
        _ => text
            .chars()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '$' | '#'))
            .count(),
    }
    .max(1)
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}: {}", self.message)?;
        let mut width = 1;
        if let Some(location) = &self.location {
            let number = location.line.to_string();
            width = number.len();
            let (line, before) = location.excerpt();
            let most = line.chars().count().saturating_sub(before).max(1);
            let marks = "^".repeat((location.length as usize).min(most));
            let (file, column) = (&location.file, location.column);
            write!(f, "\n {:width$}--> {file}:{number}:{column}", "")?;
            write!(f, "\n {:width$} |", "")?;
            write!(f, "\n {number} | {line}")?;
            write!(f, "\n {:width$} | {:before$}{marks}", "", "")?;
        }
        for note in &self.notes {
            let mut lines = note.lines();
            write!(f, "\n {:width$} = {}", "", lines.next().unwrap_or_default())?;
            for line in lines {
                write!(f, "\n {:width$}   {line}", "")?;
            }
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n {:width$} hint: {hint}", "")?;
        }
        Ok(())
    }
}

/// A build that gave no bundle, with everything that was wrong at once.
///
/// `Display` prints every diagnostic, separated by empty lines, and counts the errors when there
/// are several.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BundleFailure {
    /// At least one error; warnings may stand beside it.
    pub diagnostics: Vec<Diagnostic>,
    /// Absolute paths, sorted, of what was read until then and of where what is missing would
    /// appear: a change to one of them is worth another try.
    pub watch_files: Vec<PathBuf>,
}

impl BundleFailure {
    pub(crate) fn new(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: vec![diagnostic],
            watch_files: Vec::new(),
        }
    }
}

impl fmt::Display for BundleFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        let errors = self
            .diagnostics
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .count();
        if errors > 1 {
            write!(f, "\n\n{errors} errors")?;
        }
        Ok(())
    }
}

impl std::error::Error for BundleFailure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_prints_its_line_and_marks_the_place() {
        let source = "const a = 1;\nimport leftPad from \"left-pad\";\n";
        let at = source.find("\"left-pad\"").expect("it is in the source");
        let diagnostic = Diagnostic::error("package `left-pad` is not in node_modules")
            .at(Some(Location::of_span("src/a.ts".into(), source, at, 10)))
            .note("imported by src/index.ts -> src/a.ts")
            .hint("run `npm install left-pad`");

        assert_eq!(
            diagnostic.to_string(),
            "error: package `left-pad` is not in node_modules
  --> src/a.ts:2:21
   |
 2 | import leftPad from \"left-pad\";
   |                     ^^^^^^^^^^
   = imported by src/index.ts -> src/a.ts
   hint: run `npm install left-pad`"
        );
    }

    #[test]
    fn columns_count_utf16_units_and_marks_count_characters() {
        let location = Location::of_position("a.ts".into(), "x = \"😀\"; nope", 1, 10);

        assert_eq!((location.column, location.length), (11, 4));
        let printed = Diagnostic::error("e").at(Some(location)).to_string();
        assert!(
            printed.ends_with(" 1 | x = \"😀\"; nope\n   |          ^^^^"),
            "{printed}"
        );
    }

    #[test]
    fn a_line_of_120_characters_is_whole_and_one_of_121_is_cut() {
        let whole = Location::of_position("a".into(), &"x".repeat(120), 1, 0);
        let cut = Location::of_position("a".into(), &"x".repeat(121), 1, 0);

        assert_eq!(whole.excerpt(), ("x".repeat(120), 0));
        assert_eq!(cut.excerpt(), (format!("{}...", "x".repeat(120)), 0));
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides_of_the_mark() {
        let source = format!("{}bad{}", " ".repeat(500), "y".repeat(500));
        let location = Location::of_span("a".into(), &source, 500, 3);
        let (line, before) = location.excerpt();

        assert_eq!(line.len(), 126);
        assert_eq!(&line[before..before + 3], "bad");
    }

    #[test]
    fn an_offset_past_the_end_means_the_end() {
        let location = Location::of_span("a".into(), "ab\ncd", 99, 1);

        assert_eq!((location.line, location.column, location.length), (2, 3, 1));
    }

    #[test]
    fn a_failure_prints_all_and_counts_the_errors() {
        let failure = BundleFailure {
            diagnostics: vec![
                Diagnostic::error("one"),
                Diagnostic::warning("two"),
                Diagnostic::error("three"),
            ],
            watch_files: Vec::new(),
        };

        assert_eq!(
            failure.to_string(),
            "error: one\n\nwarning: two\n\nerror: three\n\n2 errors"
        );
        assert_eq!(
            BundleFailure::new(Diagnostic::error("one")).to_string(),
            "error: one"
        );
    }
}
