//! The URLs in rules: paths, or absolute ones with `https`.

use url::Url;

/// Which URLs a place allows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Allowed {
    /// A path alone.
    Path,
    /// A path, or a host with a path.
    HostAndPath,
    /// Either with a query and a fragment.
    Anything,
}

/// The host of an absolute URL, and what follows it.
fn split_host(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("https://")?.trim_start_matches('/');
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    (!host.is_empty()).then_some((host, path))
}

/// Whether it leads to a host.
pub(super) fn has_host(text: &str) -> bool {
    split_host(text).is_some()
}

/// Writes a URL as URLs are written, with what the place allows.
///
/// # Errors
/// Why it is none, as wrangler says it.
pub(super) fn normalize(text: &str, allowed: Allowed) -> Result<String, String> {
    if let Some((host, path)) = split_host(text) {
        let port = host.rsplit_once(':').map(|(_, port)| port);
        let has_port = port
            .is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
        return match allowed {
            Allowed::Path => Err(format!(
                "Only relative URLs are allowed. Skipping absolute URL {text}."
            )),
            Allowed::HostAndPath if has_port => Err(format!(
                "Specifying ports is not supported. Skipping absolute URL {text}."
            )),
            Allowed::HostAndPath | Allowed::Anything => {
                let path = path_of(path, allowed);
                Ok(format!(
                    "https://{host}{}",
                    path.ok_or_else(|| unreadable(text))?
                ))
            }
        };
    }
    if text.starts_with('/') || allowed == Allowed::Path {
        return path_of(text, allowed).ok_or_else(|| unreadable(text));
    }
    Err(
        "URLs should either be relative (e.g. begin with a forward-slash), or use HTTPS (e.g. begin with \"https://\")."
            .to_owned(),
    )
}

fn unreadable(text: &str) -> String {
    format!("Error parsing URL segment {text}. Skipping.")
}

fn path_of(text: &str, allowed: Allowed) -> Option<String> {
    let slash = if text.starts_with('/') { "" } else { "/" };
    let url = Url::parse(&format!("relative://host{slash}{text}")).ok()?;
    let mut path = url.path().to_owned();
    if allowed == Allowed::Anything {
        if let Some(query) = url.query().filter(|query| !query.is_empty()) {
            path = format!("{path}?{query}");
        }
        if let Some(fragment) = url.fragment().filter(|fragment| !fragment.is_empty()) {
            path = format!("{path}#{fragment}");
        }
    }
    Some(path)
}
