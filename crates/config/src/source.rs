//! The text of a file, and what of it may be shown.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Place, Severity};

/// Characters of a source line that a diagnostic shows; a longer line is cut around the spot.
const SHOWN_CHARS_MAX: usize = 120;

/// A file's text with its name and the byte ranges that no message may show.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    hidden: Vec<Range<usize>>,
}

impl Source {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is not UTF-8.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<Diagnostic>> {
        let failed = |message: String| Box::new(Diagnostic::new(Severity::Error, path, message));
        let bytes =
            std::fs::read(path).map_err(|error| failed(format!("read the file: {error}")))?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let at = error.valid_up_to();
            failed(format!("the file is not UTF-8: byte {at} is none of it"))
        })?;
        Ok(Self::new(path.to_owned(), text))
    }

    /// Takes over a file's text; a byte order mark is dropped.
    pub(crate) fn new(path: PathBuf, text: &str) -> Self {
        Self {
            path,
            text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
            hidden: Vec::new(),
        }
    }

    /// Masks a range of bytes in every place shown from now on.
    pub(crate) fn hide(&mut self, range: Range<usize>) {
        self.hidden.push(range);
    }

    /// Makes a diagnostic that points at a byte of the text.
    pub(crate) fn diagnostic(
        &self,
        severity: Severity,
        offset: usize,
        key: &str,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            place: Some(self.place(offset)),
            key: key.to_owned(),
            ..Diagnostic::new(severity, &self.path, message)
        }
    }

    fn place(&self, offset: usize) -> Place {
        let offset = self.text.floor_char_boundary(offset);
        let start = self.text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = self.text[offset..]
            .find('\n')
            .map_or(self.text.len(), |at| offset + at);
        let column = self.text[start..offset].chars().count();
        let shown: Vec<char> = self.text[start..end]
            .trim_end_matches('\r')
            .char_indices()
            .map(|(at, c)| if self.is_hidden(start + at) { '*' } else { c })
            .collect();
        let (source_line, caret) = cut(&shown, column);
        Place {
            line: self.text[..start].matches('\n').count() + 1,
            column: column + 1,
            source_line,
            caret,
        }
    }

    fn is_hidden(&self, offset: usize) -> bool {
        self.hidden.iter().any(|range| range.contains(&offset))
    }
}

/// Returns the part of a line around a column, and where the column is in it.
fn cut(line: &[char], column: usize) -> (String, usize) {
    if line.len() <= SHOWN_CHARS_MAX {
        return (line.iter().collect(), column);
    }
    let start = column.saturating_sub(SHOWN_CHARS_MAX / 2);
    let end = (start + SHOWN_CHARS_MAX).min(line.len());
    let part: String = line[start.min(end)..end].iter().collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if end < line.len() { "…" } else { "" };
    let caret = column - start + before.chars().count();
    (format!("{before}{part}{after}"), caret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, offset: usize) -> Place {
        Source::new("w".into(), text).place(offset)
    }

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let place = place("a\r\néé = 1\r\n", "a\r\néé ".len());

        assert_eq!((place.line, place.column, place.caret), (2, 4, 3));
        assert_eq!(place.source_line, "éé = 1");
    }

    #[test]
    fn the_end_of_the_text_is_a_place() {
        let place = place("a = ", 4);

        assert_eq!((place.line, place.column), (1, 5));
        assert_eq!(place.source_line, "a = ");
    }

    #[test]
    fn an_offset_past_the_end_points_at_the_end() {
        assert_eq!(place("ab", 99).column, 3);
    }

    #[test]
    fn hidden_bytes_are_masked_and_keep_their_width() {
        let mut source = Source::new("w".into(), "KEY = \"geheim\" # é");
        source.hide(6..14);

        assert_eq!(source.place(0).source_line, "KEY = ******** # é");
    }

    #[test]
    fn a_long_line_is_cut_around_the_column() {
        let line = format!("{}X{}", "a".repeat(500), "b".repeat(500));

        let place = place(&line, 500);

        assert_eq!(place.column, 501);
        assert_eq!(place.source_line.chars().nth(place.caret), Some('X'));
        assert_eq!(place.source_line.chars().count(), SHOWN_CHARS_MAX + 2);
        assert!(place.source_line.starts_with('…') && place.source_line.ends_with('…'));
    }

    #[test]
    fn a_line_of_120_characters_is_whole_and_one_of_121_is_cut() {
        assert_eq!(place(&"a".repeat(120), 0).source_line, "a".repeat(120));
        assert_eq!(
            place(&"a".repeat(121), 0).source_line,
            format!("{}…", "a".repeat(120))
        );
    }

    #[test]
    fn a_byte_order_mark_is_not_a_column() {
        assert_eq!(place("\u{feff}ab", 1).column, 2);
    }
}
