//! The absolute URL of a request, from its Host and its target.
//!
//! The result is serialized as the URL standard prescribes. Most requests have a host and a path
//! that are in that form already, so those are only checked and joined; everything else goes
//! through the full parser.

use std::net::Ipv4Addr;

use url::Url;

/// How the client reaches us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    /// Over TLS, which ends in a proxy.
    Https,
}

impl Scheme {
    fn prefix(self) -> &'static str {
        match self {
            Self::Http => "http://",
            Self::Https => "https://",
        }
    }

    /// The port that a serialized URL does not name.
    fn port(self) -> &'static str {
        match self {
            Self::Http => "80",
            Self::Https => "443",
        }
    }
}

/// Returns `<scheme>://<authority><target>` as the URL standard serializes it.
///
/// `target` begins with a slash. `None` when the authority is not a host with an optional port.
pub(crate) fn request_url(scheme: Scheme, authority: &str, target: &str) -> Option<String> {
    let prefix = scheme.prefix();
    if is_serialized_authority(scheme, authority) && is_serialized_target(target) {
        let mut url = String::with_capacity(prefix.len() + authority.len() + target.len());
        url.push_str(prefix);
        url.push_str(authority);
        url.push_str(target);
        return Some(url);
    }
    // A slash, question mark or number sign would end the authority early, an at sign would hide
    // the host behind a user name, and the parser drops tabs and line ends.
    let confusing = |byte: u8| matches!(byte, b'/' | b'\\' | b'?' | b'#' | b'@') || byte <= b' ';
    if authority.is_empty() || authority.bytes().any(confusing) {
        return None;
    }
    Url::parse(&format!("{prefix}{authority}{target}"))
        .ok()
        .map(String::from)
}

/// Whether parsing and serializing leaves the authority as it is.
fn is_serialized_authority(scheme: Scheme, authority: &str) -> bool {
    let (host, port) = match authority.split_once(':') {
        None => (authority, None),
        Some((host, port)) => (host, Some(port)),
    };
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    if host.is_empty() || !host.bytes().all(plain) || host.contains("xn--") {
        return false;
    }
    let port_is_serialized = port.is_none_or(|port| {
        port != scheme.port()
            && !port.starts_with('0')
            && port.parse::<u16>().is_ok_and(|n| n.to_string() == port)
    });
    let last_label = host.rsplit('.').next().unwrap_or("");
    let name_or_address = match last_label.as_bytes().first() {
        None => false,
        Some(b'0'..=b'9') => host.parse::<Ipv4Addr>().is_ok(),
        Some(_) => true,
    };
    port_is_serialized && name_or_address
}

/// Whether parsing and serializing leaves path and query as they are; errs towards "no".
fn is_serialized_target(target: &str) -> bool {
    let bytes = target.as_bytes();
    let mut before = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        let kept = match byte {
            b'.' => before != b'/',
            b'%' => {
                bytes.get(index + 1) != Some(&b'2')
                    || !matches!(bytes.get(index + 2), Some(b'e' | b'E'))
            }
            _ => byte.is_ascii_alphanumeric() || b"-_~!$&()*+,;=:@/?[]|".contains(&byte),
        };
        if !kept {
            return false;
        }
        before = byte;
    }
    bytes.first() == Some(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_urls_equal_parsed_ones() {
        for authority in [
            "a",
            "localhost:8787",
            "a-b.example.com",
            "127.0.0.1:1",
            "a:65535",
        ] {
            for target in [
                "/",
                "/a/b.c?x=1&y=%20",
                "/%41",
                "/a//b",
                "/?a/b",
                "/x[1]|2?[]|",
            ] {
                for scheme in [Scheme::Http, Scheme::Https] {
                    assert!(is_serialized_authority(scheme, authority), "{authority}");
                    assert!(is_serialized_target(target), "{target}");
                    let url = format!("{}{authority}{target}", scheme.prefix());
                    let parsed = Url::parse(&url).unwrap();
                    assert_eq!(
                        request_url(scheme, authority, target).unwrap(),
                        parsed.as_str()
                    );
                }
            }
        }
    }

    #[test]
    fn other_urls_are_serialized_by_the_standard() {
        let cases = [
            ("LOCALHOST", "/", "http://localhost/"),
            ("a:80", "/", "http://a/"),
            ("a:080", "/", "http://a/"),
            ("a:0081", "/", "http://a:81/"),
            ("127.1", "/", "http://127.0.0.1/"),
            ("0x7f.1", "/", "http://127.0.0.1/"),
            ("[::1]:8787", "/", "http://[::1]:8787/"),
            ("b\u{fc}cher.example", "/", "http://xn--bcher-kva.example/"),
            ("a", "/x/../y", "http://a/y"),
            ("a", "/x/%2e%2E/y", "http://a/y"),
            ("a", "/\"<>", "http://a/%22%3C%3E"),
            ("a", "/x\\y", "http://a/x/y"),
            ("a", "/?'", "http://a/?%27"),
        ];
        for (authority, target, expected) in cases {
            assert_eq!(
                request_url(Scheme::Http, authority, target).as_deref(),
                Some(expected),
                "{authority}{target}"
            );
        }
    }

    #[test]
    fn the_port_that_goes_without_saying_is_the_schemes() {
        for (scheme, authority, expected) in [
            (Scheme::Http, "a:80", "http://a/"),
            (Scheme::Http, "a:443", "http://a:443/"),
            (Scheme::Https, "a:443", "https://a/"),
            (Scheme::Https, "a:80", "https://a:80/"),
        ] {
            assert_eq!(
                request_url(scheme, authority, "/").as_deref(),
                Some(expected)
            );
        }
    }

    #[test]
    fn an_authority_that_is_no_host_is_refused() {
        for authority in [
            "",
            "a b",
            "user@a",
            "a/b",
            "a?b",
            "a#b",
            "a:65536",
            "a:x",
            "256.0.0.1",
            "a\\b",
            "[::1",
            ":80",
        ] {
            assert_eq!(
                request_url(Scheme::Http, authority, "/"),
                None,
                "{authority}"
            );
        }
    }
}
