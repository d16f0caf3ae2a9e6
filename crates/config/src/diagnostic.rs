//! What is wrong or odd in a project, and where.

use std::fmt;
use std::path::PathBuf;

/// Whether a project can be used in spite of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It can; something is probably not as intended.
    Warning,
    /// It cannot.
    Error,
}

/// One error or warning.
///
/// `Display` prints `path:line:column: message`, the source line with a caret under the column, and
/// `hint: …`; the parts that are absent are left out. Control characters are replaced, so that a
/// project file cannot write to the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the project.
    pub severity: Severity,
    /// The file, or the folder when no file was found.
    pub path: PathBuf,
    /// The spot in the file; absent when the matter is something that is not there.
    pub place: Option<Place>,
    /// The dotted path of the key, such as `durable_objects.bindings[0].name`; empty if there is
    /// none.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it; empty if that is obvious.
    pub hint: String,
}

/// A spot in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The character in the line, counted from 1.
    pub column: usize,
    /// The line without its end; values of variables are masked, and a long line is cut.
    pub source_line: String,
    /// The character of `source_line` that the column points at, counted from 0.
    pub caret: usize,
}

impl Diagnostic {
    /// Makes a diagnostic without place, key and hint.
    pub fn new(severity: Severity, path: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self {
            severity,
            path: path.into(),
            place: None,
            key: String::new(),
            message: message.into(),
            hint: String::new(),
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inside = self.path.strip_prefix(".").ok();
        let inside = inside.filter(|path| !path.as_os_str().is_empty());
        let path = inside.unwrap_or(&self.path);
        let path = printable(&path.to_string_lossy());
        match &self.place {
            Some(place) => write!(f, "{path}:{}:{}: ", place.line, place.column)?,
            None => write!(f, "{path}: ")?,
        }
        f.write_str(&printable(&self.message))?;
        if let Some(place) = &self.place {
            let before = place.source_line.chars().take(place.caret);
            let indent: String = before.map(|c| if c == '\t' { c } else { ' ' }).collect();
            write!(f, "\n  {}\n  {indent}^", printable(&place.source_line))?;
        }
        if !self.hint.is_empty() {
            write!(f, "\nhint: {}", printable(&self.hint))?;
        }
        Ok(())
    }
}

fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\t' => c,
            _ if c.is_control() => char::REPLACEMENT_CHARACTER,
            _ => c,
        })
        .collect()
}

/// Returns the candidate most like `word`, if any is close enough to be what was meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let distance_max = (word.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= distance_max)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_without_the_folder_it_is_in_unless_it_is_that() {
        let shown = |path| Diagnostic::new(Severity::Error, path, "x").to_string();
        assert_eq!(
            [shown("./a/b"), shown("."), shown("/c")],
            ["a/b: x", ".: x", "/c: x"]
        );
    }

    fn at(line: &str, caret: usize) -> Diagnostic {
        Diagnostic {
            place: Some(Place {
                line: 12,
                column: 8,
                source_line: line.to_owned(),
                caret,
            }),
            ..Diagnostic::new(Severity::Error, "wrangler.toml", "`name` must be a string")
        }
    }

    #[test]
    fn a_diagnostic_prints_place_message_line_caret_and_hint() {
        let shown = at("name = 5", 7)
            .with_hint("write it in quotes")
            .to_string();

        assert_eq!(
            shown,
            "wrangler.toml:12:8: `name` must be a string\n  name = 5\n         ^\nhint: write it in quotes"
        );
    }

    #[test]
    fn the_caret_stays_under_its_character_behind_tabs() {
        let shown = at("\tname = 5", 8).to_string();

        assert_eq!(
            shown,
            "wrangler.toml:12:8: `name` must be a string\n  \tname = 5\n  \t       ^"
        );
    }

    #[test]
    fn without_place_and_hint_one_line_is_printed() {
        let shown = Diagnostic::new(Severity::Error, "./app/wrangler.toml", "no `main`");

        assert_eq!(shown.to_string(), "app/wrangler.toml: no `main`");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        let shown = Diagnostic::new(Severity::Error, "w\u{7}", "a\u{1b}[2Jb").to_string();

        assert_eq!(shown, "w\u{fffd}: a\u{fffd}[2Jb");
    }

    #[test]
    fn the_nearest_word_is_found_only_when_it_is_near() {
        let keys = ["main", "name", "migrations"];

        assert_eq!(nearest("mian", keys), Some("main"));
        assert_eq!(nearest("migratons", keys), Some("migrations"));
        assert_eq!(nearest("database", keys), None);
        assert_eq!(nearest("x", keys), None);
    }
}
