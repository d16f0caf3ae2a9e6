//! `.assetsignore`: files that are not served, in the syntax of `.gitignore`.
//!
//! Differs from Git in that case does not matter, as in the library that wrangler uses.

use regex::Regex;

use super::{HEADERS, IGNORED, REDIRECTS, Warnings};

/// Which files are not served.
#[derive(Debug, Default)]
pub(crate) struct Ignored(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    regex: Regex,
    /// Whether it takes back what rules before it say.
    keeps: bool,
    folders_only: bool,
}

impl Ignored {
    pub(super) fn parse(text: &str, warnings: &mut Warnings) -> Self {
        let own = [IGNORED, REDIRECTS, HEADERS].map(|name| format!("/{name}"));
        let mut ignored = Self::default();
        ignored.0.extend(own.iter().filter_map(|line| rule(line)));
        for (index, line) in text.lines().enumerate() {
            let line = trimmed(line);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match rule(line) {
                Some(rule) => ignored.0.push(rule),
                None => warnings.add(index + 1, format!("`{line}` is no pattern")),
            }
        }
        ignored
    }

    /// Whether a file is not served. `name` is relative to the folder.
    ///
    /// What is in a folder that is ignored is ignored, too, whatever else is said about it.
    pub(crate) fn has(&self, name: &str) -> bool {
        let mut folders = name.match_indices('/').map(|(at, _)| &name[..at]);
        folders.any(|folder| self.says(folder, true)) || self.says(name, false)
    }

    /// The last rule that fits decides.
    fn says(&self, name: &str, is_folder: bool) -> bool {
        let mut rules = self.0.iter().rev();
        let fits = |rule: &&Rule| (is_folder || !rule.folders_only) && rule.regex.is_match(name);
        rules.find(fits).is_some_and(|rule| !rule.keeps)
    }
}

/// Spaces at the end mean nothing, unless the last is escaped.
fn trimmed(line: &str) -> &str {
    let line = line.trim_end_matches(['\r', '\t']);
    let end = line.trim_end_matches(' ');
    let escaped = end.ends_with('\\') && end.len() < line.len();
    if escaped { &line[..end.len() + 1] } else { end }
}

fn rule(line: &str) -> Option<Rule> {
    let (pattern, keeps) = match line.strip_prefix('!') {
        Some(pattern) => (pattern, true),
        None => (line, false),
    };
    let (pattern, folders_only) = match pattern.strip_suffix('/') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    if pattern.is_empty() {
        return None;
    }
    // With a slash that is not at its end, it is relative to the folder; otherwise it fits at any depth.
    let anchor = if pattern.contains('/') {
        ""
    } else {
        "(?:.*/)?"
    };
    let body = translated(pattern.strip_prefix('/').unwrap_or(pattern));
    let regex = Regex::new(&format!("(?is)^{anchor}{body}$")).ok()?;
    Some(Rule {
        regex,
        keeps,
        folders_only,
    })
}

/// A glob as a regular expression.
fn translated(glob: &str) -> String {
    let mut regex = String::new();
    let mut rest = glob;
    while let Some(letter) = rest.chars().next() {
        let at_start = rest.len() == glob.len();
        let mut used = letter.len_utf8();
        if at_start && rest.starts_with("**/") {
            regex.push_str("(?:.*/)?");
            used = 3;
        } else if rest.starts_with("/**/") {
            regex.push_str("/(?:.*/)?");
            used = 4;
        } else if rest == "/**" {
            regex.push_str("/.+");
            used = 3;
        } else if letter == '*' {
            regex.push_str("[^/]*");
        } else if letter == '?' {
            regex.push_str("[^/]");
        } else if letter == '\\' && rest.len() > 1 {
            let escaped = rest[1..].chars().next().unwrap_or(letter);
            regex.push_str(&regex::escape(escaped.encode_utf8(&mut [0; 4])));
            used += escaped.len_utf8();
        } else if let Some((class, length)) = class(rest) {
            regex.push_str(&class);
            used = length;
        } else {
            regex.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4])));
        }
        rest = &rest[used..];
    }
    regex
}

/// The class of letters at the start of a glob, as a regular expression, and its length in the glob.
fn class(glob: &str) -> Option<(String, usize)> {
    let inside = glob.strip_prefix('[')?;
    let (inside, negated) = match inside.strip_prefix(['!', '^']) {
        Some(inside) => (inside, true),
        None => (inside, false),
    };
    // A bracket that comes first is a letter.
    let first = inside.chars().next()?;
    let end = inside[first.len_utf8()..].find(']')? + first.len_utf8();
    let letters = inside[..end]
        .replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]");
    let letters = letters
        .replace('&', "\\&")
        .replace('~', "\\~")
        .replace('^', "\\^");
    let not = if negated { "^/" } else { "" };
    Some((
        format!("[{not}{letters}]"),
        glob.len() - inside.len() + end + 1,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ignored_is_said_as_in_gitignore() {
        let text = "# secrets\n*.map\n!keep.map\nprivate/\n/only-here.txt\n";
        let ignored = Ignored::parse(text, &mut Warnings::default());

        for name in [
            "a.map",
            "x/y/a.map",
            "private/a",
            "x/private/a",
            "only-here.txt",
            "_headers",
            "_redirects",
            ".assetsignore",
        ] {
            assert!(ignored.has(name), "{name}");
        }
        for name in [
            "keep.map",
            "x/keep.map",
            "a.js",
            "x/only-here.txt",
            "private",
            "x/_headers",
            ".well-known/a",
        ] {
            assert!(!ignored.has(name), "{name}");
        }
    }

    #[test]
    fn globs_fit_as_git_says() {
        for (pattern, fits, does_not) in [
            ("*.txt", "x/a.TXT", "a.txt2"),
            ("a?c", "abc", "a/c"),
            ("/a", "a", "x/a"),
            ("a/b", "a/b", "x/a/b"),
            ("**/a", "x/y/a", "ab"),
            ("**/a", "a", "b"),
            ("a/**", "a/b/c", "a"),
            ("a/**/b", "a/b", "a/xb"),
            ("a/**/b", "a/x/y/b", "b"),
            ("[a-c].js", "b.js", "d.js"),
            ("[!a-c].js", "d.js", "b.js"),
            ("\\#a", "#a", "a"),
            ("a\\*", "a*", "ab"),
            ("x[", "x[", "x"),
            ("dir/", "y/dir/a", "dir"),
            ("a b  ", "a b", "a b  "),
        ] {
            let ignored = Ignored::parse(pattern, &mut Warnings::default());
            assert!(ignored.has(fits), "{pattern} {fits}");
            assert!(!ignored.has(does_not), "{pattern} {does_not}");
        }
    }

    #[test]
    fn a_file_in_an_ignored_folder_cannot_be_kept() {
        let ignored = Ignored::parse("dir/\n!dir/a\n*.x\n!b.x\n", &mut Warnings::default());

        assert!(ignored.has("dir/a"));
        assert!(!ignored.has("b.x"));
    }

    #[test]
    fn a_pattern_of_nothing_is_a_warning() {
        let mut warnings = Warnings::default();

        Ignored::parse("a\n!\n/\n", &mut warnings);

        assert_eq!(
            warnings.texts,
            [":2: `!` is no pattern", ":3: `/` is no pattern"]
        );
    }
}
