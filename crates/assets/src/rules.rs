//! What the files `_headers`, `_redirects` and `.assetsignore` in a folder say.
//!
//! Lines that mean nothing are left out, each with a warning, as wrangler does.

pub(crate) mod headers;
pub(crate) mod ignored;
mod pattern;
pub(crate) mod redirects;
mod target;

use crate::html::HtmlHandling;

pub(crate) const HEADERS: &str = "_headers";
pub(crate) const REDIRECTS: &str = "_redirects";
pub(crate) const IGNORED: &str = ".assetsignore";

/// Characters of one line.
const LINE_MAX: usize = 2000;

/// All rules of a folder.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) headers: headers::Headers,
    pub(crate) redirects: redirects::Redirects,
    pub(crate) ignored: ignored::Ignored,
}

impl Rules {
    /// Reads the texts of the three files; warnings begin with the name of the file and the line.
    pub(crate) fn parse(
        headers: &str,
        redirects: &str,
        ignored: &str,
        html: HtmlHandling,
    ) -> (Self, Vec<String>) {
        let mut warnings = Warnings {
            file: HEADERS,
            texts: Vec::new(),
        };
        let headers = headers::Headers::parse(headers, &mut warnings);
        warnings.file = REDIRECTS;
        let redirects = redirects::Redirects::parse(redirects, html, &mut warnings);
        warnings.file = IGNORED;
        let ignored = ignored::Ignored::parse(ignored, &mut warnings);
        let rules = Self {
            headers,
            redirects,
            ignored,
        };
        (rules, warnings.texts)
    }
}

/// What is odd about the files.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    file: &'static str,
    texts: Vec<String>,
}

impl Warnings {
    fn add(&mut self, line_number: usize, text: impl AsRef<str>) {
        let text = text.as_ref();
        self.texts
            .push(format!("{}:{line_number}: {text}", self.file));
    }
}

/// The lines that mean something, trimmed, with their numbers; those that are too long are left out.
fn lines<'a>(text: &'a str, warnings: &mut Warnings) -> Vec<(usize, &'a str)> {
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.chars().count() > LINE_MAX {
            let text = format!("the line has more than {LINE_MAX} characters and is ignored");
            warnings.add(index + 1, text);
            continue;
        }
        lines.push((index + 1, line));
    }
    lines
}
