//! The URL standard: parsing and setters. The library cuts the parts out of the href itself.

use ada_url::Url;

use crate::op::{Op, OpError, OpResult};

/// The longest text that is parsed. Escaping can make it three times as long, which is still a
/// string and still fits the 32-bit offsets.
///
/// Differs: the standard knows no bound; a longer text is no URL here.
const TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// `urlParse`: the href and the places of its parts, or null.
pub(crate) fn parse<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let input = op.text(0)?;
    let base = op.optional_text(1)?;
    parts(op, parsed(&input, base.as_deref()))
}

/// `urlSet`: the same after one setter, or null when nothing changed.
pub(crate) fn set<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let href = op.text(0)?;
    let part = op.text(1)?;
    let value = op.text(2)?;
    let setter = setter(&part)
        .ok_or_else(|| OpError::type_error(format!("a URL has no part `{part}` to set")))?;
    parts(op, changed(&href, setter, &value))
}

fn parts<'s>(op: &mut Op<'_, 's>, url: Option<Url>) -> OpResult<'s> {
    let Some(url) = url else {
        return Ok(op.scope.null());
    };
    let href = op.scope.string(url.href());
    let mut parts = vec![href];
    parts.extend(offsets(&url).map(|offset| op.scope.number(offset)));
    Ok(op.scope.array(&parts))
}

/// The numbers of `urlParse` after the href. An href is ASCII, so bytes are code units.
fn offsets(url: &Url) -> [f64; 8] {
    let parts = url.components();
    let optional = |offset: Option<u32>| offset.map_or(-1.0, f64::from);
    [
        f64::from(parts.protocol_end),
        f64::from(parts.username_end),
        f64::from(parts.host_start),
        f64::from(parts.host_end),
        optional(parts.port),
        optional(parts.pathname_start),
        optional(parts.search_start),
        optional(parts.hash_start),
    ]
}

fn parsed(input: &str, base: Option<&str>) -> Option<Url> {
    let too_long = |text: &str| text.len() > TEXT_BYTES_MAX;
    if too_long(input) || base.is_some_and(too_long) {
        return None;
    }
    Url::parse(input, base).ok()
}

/// Runs one setter. A refused value leaves the href as it was, so the result adds nothing.
type Setter = fn(&mut Url, &str) -> Result<(), ()>;

fn setter(part: &str) -> Option<Setter> {
    Some(match part {
        "href" => |url, value| url.set_href(value),
        "protocol" => |url, value| url.set_protocol(value),
        "username" => |url, value| url.set_username(Some(value)),
        "password" => |url, value| url.set_password(Some(value)),
        "host" => |url, value| url.set_host(Some(value)),
        "hostname" => |url, value| url.set_hostname(Some(value)),
        "port" => |url, value| url.set_port(Some(value)),
        "pathname" => |url, value| url.set_pathname(Some(value)),
        "search" => |url, value| {
            url.set_search(Some(value));
            Ok(())
        },
        "hash" => |url, value| {
            url.set_hash(Some(value));
            Ok(())
        },
        _ => return None,
    })
}

fn changed(href: &str, set: Setter, value: &str) -> Option<Url> {
    if value.len() > TEXT_BYTES_MAX {
        return None;
    }
    let mut url = parsed(href, None)?;
    let _unused = set(&mut url, value);
    (url.href() != href).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets_of(input: &str) -> [f64; 8] {
        offsets(&parsed(input, None).unwrap())
    }

    fn href_after(href: &str, part: &str, value: &str) -> Option<String> {
        changed(href, setter(part).unwrap(), value).map(|url| url.href().to_owned())
    }

    #[test]
    fn offsets_of_a_url_with_every_part() {
        let offsets = offsets_of("https://user:pass@example.com:1234/foo/bar?baz#quux");

        assert_eq!(offsets, [6.0, 12.0, 17.0, 29.0, 1234.0, 34.0, 42.0, 46.0]);
    }

    #[test]
    fn absent_parts_are_minus_one() {
        assert_eq!(
            offsets_of("http://a/"),
            [5.0, 7.0, 7.0, 8.0, -1.0, 8.0, -1.0, -1.0]
        );
    }

    #[test]
    fn a_default_port_is_absent() {
        assert_eq!(offsets_of("https://a:443/")[4], -1.0);
        assert_eq!(offsets_of("https://a:444/")[4], 444.0);
    }

    #[test]
    fn without_an_authority_the_host_is_empty_after_the_protocol() {
        assert_eq!(
            offsets_of("data:text/plain,x"),
            [5.0, 5.0, 5.0, 5.0, -1.0, 5.0, -1.0, -1.0]
        );
    }

    #[test]
    fn a_user_without_password_ends_where_the_host_starts() {
        assert_eq!(
            offsets_of("http://u@h/"),
            [5.0, 8.0, 8.0, 10.0, -1.0, 10.0, -1.0, -1.0]
        );
    }

    #[test]
    fn hosts_and_paths_become_ascii() {
        let url = parsed("https://b\u{fc}cher.example/\u{e4}?\u{f6}#\u{fc}", None).unwrap();

        assert_eq!(
            url.href(),
            "https://xn--bcher-kva.example/%C3%A4?%C3%B6#%C3%BC"
        );
    }

    #[test]
    fn a_relative_url_needs_a_valid_base() {
        assert!(parsed("/a", None).is_none());
        assert!(parsed("/a", Some("b")).is_none());
        assert_eq!(
            parsed("../a", Some("http://h/b/c/d")).unwrap().href(),
            "http://h/b/a"
        );
    }

    #[test]
    fn a_text_of_the_largest_length_is_parsed_and_a_longer_one_is_not() {
        let path = "a".repeat(TEXT_BYTES_MAX - "x:".len());

        assert!(parsed(&format!("x:{path}"), None).is_some());
        assert!(parsed(&format!("x:{path}a"), None).is_none());
        assert!(parsed("y:", Some(&format!("x:{path}a"))).is_none());
        assert!(href_after("x:b", "hash", &format!("{path}aaa")).is_none());
    }

    #[test]
    fn each_setter_changes_its_part() {
        let href = "http://u:p@h:81/p?s#f";
        let changes = [
            ("href", "ftp://x/", "ftp://x/"),
            ("protocol", "https", "https://u:p@h:81/p?s#f"),
            ("username", "v", "http://v:p@h:81/p?s#f"),
            ("password", "q", "http://u:q@h:81/p?s#f"),
            ("host", "i:82", "http://u:p@i:82/p?s#f"),
            ("hostname", "i", "http://u:p@i:81/p?s#f"),
            ("port", "82", "http://u:p@h:82/p?s#f"),
            ("pathname", "q", "http://u:p@h:81/q?s#f"),
            ("search", "t", "http://u:p@h:81/p?t#f"),
            ("hash", "g", "http://u:p@h:81/p?s#g"),
        ];
        for (part, value, expected) in changes {
            assert_eq!(
                href_after(href, part, value).as_deref(),
                Some(expected),
                "{part}"
            );
        }
    }

    #[test]
    fn an_empty_value_removes_what_may_be_absent() {
        let href = "http://u:p@h:81/p?s#f";

        assert_eq!(
            href_after(href, "username", "").as_deref(),
            Some("http://:p@h:81/p?s#f")
        );
        assert_eq!(
            href_after(href, "password", "").as_deref(),
            Some("http://u@h:81/p?s#f")
        );
        assert_eq!(
            href_after(href, "port", "").as_deref(),
            Some("http://u:p@h/p?s#f")
        );
        assert_eq!(
            href_after(href, "search", "").as_deref(),
            Some("http://u:p@h:81/p#f")
        );
        assert_eq!(
            href_after(href, "hash", "").as_deref(),
            Some("http://u:p@h:81/p?s")
        );
        assert_eq!(href_after(href, "host", ""), None);
    }

    #[test]
    fn a_refused_or_equal_value_changes_nothing() {
        assert_eq!(href_after("http://h/", "protocol", "x"), None);
        assert_eq!(href_after("http://h/", "port", "99999"), None);
        assert_eq!(href_after("http://h/", "hostname", "a b"), None);
        assert_eq!(href_after("http://h/", "href", "nonsense"), None);
        assert_eq!(href_after("http://h/p", "pathname", "/p"), None);
        assert_eq!(href_after("mailto:a", "username", "b"), None);
    }

    #[test]
    fn an_unknown_part_has_no_setter() {
        assert!(setter("origin").is_none());
    }
}
