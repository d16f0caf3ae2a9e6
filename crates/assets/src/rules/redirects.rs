//! `_redirects`: paths that lead elsewhere.

use std::collections::{HashMap, HashSet};

use http::StatusCode;
use url::Url;

use super::pattern::{Pattern, fill, is_dynamic};
use super::target::{Allowed, has_host, normalize};
use super::{Warnings, lines};
use crate::html::HtmlHandling;

/// Rules for one path each. Source: Cloudflare's limit.
const STATIC_MAX: usize = 2000;
/// Rules with a splat or placeholders, and those after the first of them. Source: Cloudflare's limit.
const DYNAMIC_MAX: usize = 100;

/// The rules of a folder.
#[derive(Debug, Default)]
pub(crate) struct Redirects {
    by_path: HashMap<String, Rule>,
    patterns: Vec<(Pattern, Rule)>,
}

#[derive(Clone, Debug)]
struct Rule {
    to: String,
    status: u16,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Redirect {
    /// The client is sent there.
    Moved(StatusCode, String),
    /// It is answered as if it were for this path.
    Rewritten(String),
}

impl Redirects {
    pub(super) fn parse(text: &str, html: HtmlHandling, warnings: &mut Warnings) -> Self {
        let mut redirects = Self::default();
        let mut seen = HashSet::new();
        let (mut static_count, mut dynamic_count) = (0, 0);
        for (number, line) in lines(text, warnings) {
            let tokens = tokens(line);
            let (from, to, status) = match tokens[..] {
                [from, to] => (from, to, "302"),
                [from, to, status] => (from, to, status),
                _ => {
                    let count = tokens.len();
                    warnings.add(
                        number,
                        format!(
                            "Expected exactly 2 or 3 whitespace-separated tokens. Got {count}."
                        ),
                    );
                    continue;
                }
            };
            let from = match normalize(from, Allowed::Path) {
                Ok(from) => from,
                Err(error) => {
                    warnings.add(number, error);
                    continue;
                }
            };
            let is_static = dynamic_count == 0 && !is_dynamic(&from);
            if is_static {
                static_count += 1;
            } else {
                dynamic_count += 1;
            }
            if static_count > STATIC_MAX {
                static_count = STATIC_MAX;
                warnings.add(
                    number,
                    format!(
                        "Maximum number of static rules supported is {STATIC_MAX}. Skipping line."
                    ),
                );
                continue;
            }
            if dynamic_count > DYNAMIC_MAX {
                warnings.add(
                    number,
                    format!("Maximum number of dynamic rules supported is {DYNAMIC_MAX}. Skipping remaining lines of file."),
                );
                break;
            }
            let rule = match rule(&from, to, status, html) {
                Ok(rule) => rule,
                Err(error) => {
                    warnings.add(number, error);
                    continue;
                }
            };
            if !seen.insert(from.clone()) {
                warnings.add(number, format!("Ignoring duplicate rule for path {from}."));
                continue;
            }
            if is_static {
                redirects.by_path.insert(from, rule);
            } else if let Some(pattern) = Pattern::parse(&from) {
                redirects.patterns.push((pattern, rule));
            } else {
                warnings.add(
                    number,
                    format!("A placeholder is there twice. Skipping {from}."),
                );
            }
        }
        redirects
    }

    /// Follows the first rule for a request's URL.
    pub(crate) fn follow(&self, url: &Url) -> Option<Redirect> {
        let path = url.path();
        let (to, status) = match self.by_path.get(path) {
            Some(rule) => (rule.to.clone(), rule.status),
            None => self.patterns.iter().find_map(|(pattern, rule)| {
                let captures = pattern.captures(url.host_str().unwrap_or_default(), path)?;
                let to = fill(&rule.to, &captures);
                let to = to.trim();
                let to = if has_scheme(to) {
                    to.to_owned()
                } else {
                    without_repeated_slashes(to)
                };
                Some((to, rule.status))
            })?,
        };
        let mut target = url.join(&to).ok()?;
        if status == StatusCode::OK {
            return Some(Redirect::Rewritten(target.path().to_owned()));
        }
        if target.query().is_none_or(str::is_empty) {
            target.set_query(url.query());
        }
        let location = if target.origin() == url.origin() {
            target[url::Position::BeforePath..].to_owned()
        } else {
            target.to_string()
        };
        Some(Redirect::Moved(
            StatusCode::from_u16(status).ok()?,
            location,
        ))
    }
}

/// The words of a line, without a comment at its end.
fn tokens(line: &str) -> Vec<&str> {
    let words = line.split_whitespace();
    words.take_while(|word| !word.starts_with('#')).collect()
}

fn rule(from: &str, to: &str, status: &str, html: HtmlHandling) -> Result<Rule, String> {
    let to = normalize(to, Allowed::Anything)?;
    let code = status
        .parse()
        .ok()
        .filter(|code| matches!(code, 200 | 301 | 302 | 303 | 307 | 308));
    let Some(status) = code else {
        return Err(format!(
            "Valid status codes are 200, 301, 302 (default), 303, 307, or 308. Got {status}."
        ));
    };
    let to_index = to.ends_with("/index") || to.ends_with("/index.html");
    let from_folder = from.ends_with('/') && html != HtmlHandling::None;
    if !has_host(&to) && to_index && (from.ends_with("/*") || from_folder) {
        return Err("Infinite loop detected in this rule and has been ignored. This will cause a redirect to strip \
                    `.html` or `/index` and end up triggering this rule again. Please fix or remove this rule to silence \
                    this warning."
            .to_owned());
    }
    if status == 200 && has_host(&to) {
        return Err(format!(
            "Proxy (200) redirects can only point to relative paths. Got {to}"
        ));
    }
    Ok(Rule { to, status })
}

fn has_scheme(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        !scheme.is_empty()
            && scheme
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    })
}

fn without_repeated_slashes(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter != '/' || !result.ends_with('/') {
            result.push(letter);
        }
    }
    result
}

#[cfg(test)]
mod tests;
