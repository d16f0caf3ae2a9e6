//! Patterns of paths: `*` stands for anything and is called `splat`, `:name` for one segment.

use regex::Regex;

/// A pattern, possibly with a host.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    has_host: bool,
}

/// What the placeholders of a pattern stood for: names and texts.
pub(super) type Captures = Vec<(String, String)>;

impl Pattern {
    /// Reads a path, or a URL that begins with `https://`; None if a placeholder is there twice.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let has_host = text.starts_with("https://");
        let host_end = if has_host {
            let path = text["https://".len()..].find('/');
            path.map_or(text.len(), |at| at + "https://".len())
        } else {
            0
        };
        let mut regex = String::from("^");
        let mut at = 0;
        while let Some(letter) = text[at..].chars().next() {
            let name = placeholder(&text[at..]);
            match (letter, name) {
                ('*', _) => regex.push_str("(?<splat>.*)"),
                (_, Some(name)) => {
                    let part = if at < host_end { "[^/.]" } else { "[^/]" };
                    regex.push_str(&format!("(?<{name}>{part}+)"));
                    at += name.len();
                }
                _ => regex.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
            }
            at += letter.len_utf8();
        }
        regex.push('$');
        let regex = Regex::new(&regex).ok()?;
        Some(Self { regex, has_host })
    }

    /// Compares with a request's host and path; returns what the placeholders stand for.
    pub(super) fn captures(&self, host: &str, path: &str) -> Option<Captures> {
        let url;
        let text = if self.has_host {
            url = format!("https://{host}{path}");
            &url
        } else {
            path
        };
        let captures = self.regex.captures(text)?;
        let names = self.regex.capture_names().flatten();
        let found = names.filter_map(|name| {
            let value = captures.name(name)?.as_str();
            Some((name.to_owned(), value.to_owned()))
        });
        Some(found.collect())
    }
}

/// The name of the placeholder at the start of a text, without its colon.
pub(super) fn placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix(':')?;
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let end = name.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    Some(&name[..end.unwrap_or(name.len())])
}

/// Whether a text has a `*` or a placeholder.
pub(super) fn is_dynamic(text: &str) -> bool {
    text.contains('*')
        || (0..text.len()).any(|at| text.is_char_boundary(at) && placeholder(&text[at..]).is_some())
}

/// Puts what the placeholders stood for into a text.
pub(super) fn fill(text: &str, captures: &Captures) -> String {
    captures
        .iter()
        .fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!(":{name}"), value)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captures(pattern: &str, host: &str, path: &str) -> Option<String> {
        let captures = Pattern::parse(pattern)?.captures(host, path)?;
        let shown = captures
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        Some(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_pattern_takes_a_path_apart() {
        for (pattern, path, expected) in [
            ("/a.b", "/a.b", Some("")),
            ("/a.b", "/axb", None),
            ("/blog/*", "/blog/", Some("splat=")),
            ("/blog/*", "/blog/a/b", Some("splat=a/b")),
            ("/:year/:post_1", "/2025/x.y", Some("year=2025 post_1=x.y")),
            ("/:year/:post", "/2025/", None),
            ("/:year/:post", "/2025/a/b", None),
            ("/:1", "/:1", Some("")),
            ("/x:id.html", "/x5.html", Some("id=5")),
        ] {
            assert_eq!(
                captures(pattern, "host", path).as_deref(),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn a_pattern_may_have_a_host() {
        let found = captures("https://:project.pages.dev/*", "a.pages.dev", "/x");
        assert_eq!(found.as_deref(), Some("project=a splat=x"));
        assert_eq!(
            captures("https://:project.pages.dev/*", "a.b.pages.dev", "/x"),
            None
        );
        assert_eq!(captures("https://host/x", "other", "/x"), None);
    }

    #[test]
    fn a_placeholder_that_is_there_twice_is_no_pattern() {
        assert!(Pattern::parse("/:a/:a").is_none());
        assert!(Pattern::parse("/*/*").is_none());
    }

    #[test]
    fn what_was_found_is_put_into_texts() {
        let captures = vec![
            ("a".to_owned(), "1".to_owned()),
            ("splat".to_owned(), "x/y".to_owned()),
        ];

        assert_eq!(fill("/:a/:splat?:a", &captures), "/1/x/y?1");
    }
}
