//! Transcripts as files: `== name of the case`, its lines, an empty line.

use std::fmt;
use std::path::Path;

/// What a program wrote, case by case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Transcript {
    /// Name and lines, in the program's order.
    pub(crate) cases: Vec<(String, String)>,
}

impl Transcript {
    /// Reads a file's text.
    pub(crate) fn parse(text: &str) -> Self {
        let mut cases: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix("== "), cases.last_mut()) {
                (Some(name), _) => cases.push((name.to_owned(), String::new())),
                (None, Some((_, lines))) if !line.is_empty() => {
                    lines.push_str(line);
                    lines.push('\n');
                }
                _ => {}
            }
        }
        Self { cases }
    }

    /// Compares with what is expected and panics with every case that differs.
    #[track_caller]
    pub(crate) fn assert_is(&self, expected: &Self, program: &str) {
        let names = |transcript: &Self| -> Vec<String> {
            transcript
                .cases
                .iter()
                .map(|(name, _)| name.clone())
                .collect()
        };
        assert_eq!(names(self), names(expected), "the cases of `{program}`");

        let mut report = String::new();
        for ((name, written), (_, expected)) in self.cases.iter().zip(&expected.cases) {
            if written != expected {
                report.push_str(&format!(
                    "== {name}\nexpected:\n{expected}written:\n{written}\n"
                ));
            }
        }
        assert!(report.is_empty(), "`{program}` differs in\n{report}");
    }
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, lines) in &self.cases {
            writeln!(f, "== {name}\n{lines}")?;
        }
        Ok(())
    }
}

/// The cases in which stated writes something else than workerd, and why.
///
/// A file like a transcript's; the lines of a case that begin with `# ` are its reason.
pub(crate) struct Differences {
    cases: Vec<(String, String)>,
}

impl Differences {
    /// Reads a file; without one there are no differences.
    ///
    /// # Panics
    /// When a difference gives no reason.
    #[track_caller]
    pub(crate) fn read(path: &Path) -> Self {
        Self::parse(&std::fs::read_to_string(path).unwrap_or_default())
    }

    #[track_caller]
    fn parse(text: &str) -> Self {
        let cases = Transcript::parse(text)
            .cases
            .into_iter()
            .map(|(name, lines)| {
                let is_reason = |line: &&str| line.starts_with("# ");
                assert!(
                    lines.lines().any(|line| is_reason(&line)),
                    "`{name}` differs without a reason"
                );
                let written = lines.lines().filter(|line| !is_reason(line));
                (name, written.map(|line| format!("{line}\n")).collect())
            });
        Self {
            cases: cases.collect(),
        }
    }

    /// Returns what stated is expected to write.
    ///
    /// # Panics
    /// When a difference names no case or is none.
    #[track_caller]
    pub(crate) fn apply(self, mut expected: Transcript) -> Transcript {
        for (name, written) in self.cases {
            let case = expected.cases.iter_mut().find(|(case, _)| *case == name);
            let (_, lines) =
                case.unwrap_or_else(|| panic!("there is no case `{name}` to differ in"));
            assert_ne!(*lines, written, "`{name}` no longer differs");
            *lines = written;
        }
        expected
    }
}

/// Encodes a case's name as one segment of a path.
pub(crate) fn percent_encoded(name: &str) -> String {
    name.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[test]
fn a_transcript_reads_as_it_was_written() {
    let transcript = Transcript {
        cases: vec![
            ("one".into(), "a: 1\nb: 2\n".into()),
            ("none".into(), String::new()),
        ],
    };

    assert_eq!(Transcript::parse(&transcript.to_string()), transcript);
}

#[test]
#[should_panic(expected = "`one` no longer differs")]
fn a_difference_that_is_none_is_refused() {
    let expected = Transcript::parse("== one\na: 1\n");

    Differences::parse("== one\n# for a reason\na: 1\n").apply(expected);
}

#[test]
#[should_panic(expected = "`one` differs without a reason")]
fn a_difference_needs_a_reason() {
    Differences::parse("== one\na: 1\n");
}
