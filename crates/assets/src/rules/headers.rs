//! `_headers`: fields that responses get or lose, by path.

use http::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::pattern::{Pattern, fill};
use super::target::{Allowed, normalize};
use super::{Warnings, lines};

/// Rules of one folder. Source: Cloudflare's limit.
const RULES_MAX: usize = 100;

/// The rules of a folder.
#[derive(Debug, Default)]
pub(crate) struct Headers(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    /// Texts that may have placeholders.
    set: Vec<(HeaderName, String)>,
    unset: Vec<HeaderName>,
}

/// A rule that is being read.
struct Begun {
    number: usize,
    path: String,
    set: Vec<(HeaderName, String)>,
    unset: Vec<HeaderName>,
}

impl Headers {
    pub(super) fn parse(text: &str, warnings: &mut Warnings) -> Self {
        let mut headers = Self::default();
        let mut begun: Option<Begun> = None;
        let mut skips = false;
        for (number, line) in lines(text, warnings) {
            if is_path(line) {
                headers.finish(begun.take(), warnings);
                if headers.0.len() >= RULES_MAX {
                    let text = format!(
                        "Maximum number of rules supported is {RULES_MAX}. Skipping remaining lines of file."
                    );
                    warnings.add(number, text);
                    return headers;
                }
                let path = normalize(line, Allowed::HostAndPath);
                match path.and_then(without_several_splats) {
                    Ok(path) => {
                        begun = Some(Begun {
                            number,
                            path,
                            set: Vec::new(),
                            unset: Vec::new(),
                        });
                    }
                    Err(error) => warnings.add(number, error),
                }
                skips = begun.is_none();
            } else if !skips && let Err(error) = field(line, begun.as_mut()) {
                warnings.add(number, error);
            }
        }
        headers.finish(begun, warnings);
        headers
    }

    fn finish(&mut self, begun: Option<Begun>, warnings: &mut Warnings) {
        let Some(begun) = begun else { return };
        if begun.set.is_empty() && begun.unset.is_empty() {
            warnings.add(begun.number, "No headers specified");
            return;
        }
        match Pattern::parse(&begun.path) {
            Some(pattern) => self.0.push(Rule {
                pattern,
                set: begun.set,
                unset: begun.unset,
            }),
            None => warnings.add(
                begun.number,
                format!("A placeholder is there twice. Skipping {}.", begun.path),
            ),
        }
    }

    /// Changes the fields of a response to a request for a URL.
    ///
    /// Of two rules with the same field, the second adds to the first.
    pub(crate) fn apply(&self, url: &Url, fields: &mut HeaderMap) {
        let host = url.host_str().unwrap_or_default();
        let mut set = Vec::new();
        for rule in &self.0 {
            let Some(captures) = rule.pattern.captures(host, url.path()) else {
                continue;
            };
            for name in &rule.unset {
                fields.remove(name);
            }
            for (name, text) in &rule.set {
                let Ok(value) = HeaderValue::try_from(fill(text, &captures)) else {
                    continue;
                };
                if set.contains(name) {
                    fields.append(name, value);
                } else {
                    fields.insert(name, value);
                    set.push(name.clone());
                }
            }
        }
    }
}

fn is_path(line: &str) -> bool {
    let scheme = line.split_once("://").map(|(scheme, _)| scheme);
    line.starts_with('/')
        || scheme.is_some_and(|scheme| !scheme.is_empty() && !scheme.contains(char::is_whitespace))
}

fn without_several_splats(path: String) -> Result<String, String> {
    let splats = path.matches('*').count();
    let named = path.match_indices(":splat").any(|(at, name)| {
        let after = path[at + name.len()..].chars().next();
        !after.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    });
    if splats > 1 {
        return Err(format!(
            "Only one wildcard is allowed per rule. Use a named placeholder (e.g. :project) instead. Skipping {path}."
        ));
    }
    if splats > 0 && named {
        return Err(format!(
            "Cannot combine a wildcard * with a :splat placeholder because wildcards are converted to :splat at runtime. \
             Skipping {path}."
        ));
    }
    Ok(path)
}

/// Reads a line that is no path.
fn field(line: &str, rule: Option<&mut Begun>) -> Result<(), String> {
    let Some((name, value)) = line.split_once(':') else {
        let Some(rule) = rule else {
            return Err("Expected a path beginning with at least one forward-slash".to_owned());
        };
        let Some(name) = line.strip_prefix("! ") else {
            return Err("Expected a colon-separated header pair (e.g. name: value)".to_owned());
        };
        let name =
            HeaderName::try_from(name.trim()).map_err(|_| "Header name is not valid".to_owned())?;
        rule.unset.push(name);
        return Ok(());
    };
    let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
    if name.contains(' ') {
        return Err("Header name cannot include spaces".to_owned());
    }
    if name.is_empty() {
        return Err("No header name specified".to_owned());
    }
    if value.is_empty() {
        return Err("No header value specified".to_owned());
    }
    let Some(rule) = rule else {
        return Err(format!("Path should come before header ({name}: {value})"));
    };
    let name = HeaderName::try_from(name).map_err(|_| "Header name is not valid".to_owned())?;
    HeaderValue::from_str(value).map_err(|_| "Header value is not valid".to_owned())?;
    match rule.set.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = format!("{known}, {value}"),
        None => rule.set.push((name, value.to_owned())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Headers, Vec<String>) {
        let mut warnings = Warnings {
            file: "_headers",
            ..Warnings::default()
        };
        let headers = Headers::parse(text, &mut warnings);
        (headers, warnings.texts)
    }

    fn applied(text: &str, url: &str) -> String {
        let (headers, warnings) = parse(text);
        assert_eq!(warnings, Vec::<String>::new(), "{text}");
        let mut fields = HeaderMap::new();
        fields.insert("etag", HeaderValue::from_static("\"1\""));
        headers.apply(&Url::parse(url).unwrap(), &mut fields);
        let mut shown: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        shown.sort();
        shown.join("; ")
    }

    #[test]
    fn fields_are_set_added_and_taken_away_by_path() {
        let text = "# all\n/*\n  X-All: 1\n  Cache-Control: public\n  Cache-Control: max-age=5\n\n\
                    /a/:name\n  X-All: 2\n  X-Name: it is :name\n  ! ETag\n\n\
                    https://:sub.example.com/*\n  X-Sub: :sub :splat\n";

        assert_eq!(
            applied(text, "http://h/"),
            "cache-control: public, max-age=5; etag: \"1\"; x-all: 1"
        );
        assert_eq!(
            applied(text, "http://h/a/b"),
            "cache-control: public, max-age=5; x-all: 1; x-all: 2; x-name: it is b"
        );
        assert_eq!(
            applied(text, "http://www.example.com/x/y"),
            "cache-control: public, max-age=5; etag: \"1\"; x-all: 1; x-sub: www x/y"
        );
    }

    #[test]
    fn a_line_that_means_nothing_is_ignored_and_says_why() {
        for (text, expected) in [
            ("a: b", "_headers:1: Path should come before header (a: b)"),
            (
                "a",
                "_headers:1: Expected a path beginning with at least one forward-slash",
            ),
            (
                "/a\n b",
                "_headers:2: Expected a colon-separated header pair (e.g. name: value)",
            ),
            (
                "/a\n b c: d",
                "_headers:2: Header name cannot include spaces",
            ),
            ("/a\n : d", "_headers:2: No header name specified"),
            ("/a\n b:", "_headers:2: No header value specified"),
            ("/a\n b@: c", "_headers:2: Header name is not valid"),
            ("/a\n b: \u{1}", "_headers:2: Header value is not valid"),
            (
                "http://host/a\n b: c",
                "_headers:1: URLs should either be relative (e.g. begin with a forward-slash), or use HTTPS (e.g. begin with \"https://\").",
            ),
            (
                "https://host:80/a\n b: c",
                "_headers:1: Specifying ports is not supported. Skipping absolute URL https://host:80/a.",
            ),
            (
                "/*/*\n b: c",
                "_headers:1: Only one wildcard is allowed per rule. Use a named placeholder (e.g. :project) instead. Skipping /*/*.",
            ),
            (
                "/:splat/*\n b: c",
                "_headers:1: Cannot combine a wildcard * with a :splat placeholder because wildcards are converted to :splat at runtime. Skipping /:splat/*.",
            ),
            (
                "/:a/:a\n b: c",
                "_headers:1: A placeholder is there twice. Skipping /:a/:a.",
            ),
        ] {
            let warnings = parse(text).1;
            assert_eq!(
                warnings.first().map(String::as_str),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(
            parse("/a\n/b\n c: d").1,
            ["_headers:1: No headers specified"]
        );
    }

    #[test]
    fn a_hundred_rules_are_allowed_and_one_more_is_not() {
        let rules = |count: usize| {
            (0..count)
                .map(|n| format!("/{n}\n  a: b\n"))
                .collect::<String>()
        };

        assert_eq!(parse(&rules(100)).1, Vec::<String>::new());
        assert_eq!(
            parse(&rules(101)).1,
            [
                "_headers:201: Maximum number of rules supported is 100. Skipping remaining lines of file."
            ]
        );
    }
}
