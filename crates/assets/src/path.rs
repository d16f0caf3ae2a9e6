//! Paths of URLs and the names of files they stand for.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What `encodeURIComponent` leaves as it is, besides letters and digits.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// Decodes each segment of a URL's path, except for those that are not the encoding of any text; several slashes are one.
pub(crate) fn decode(path: &str) -> String {
    let segments: Vec<_> = path.split('/').map(decode_segment).collect();
    let joined = segments.join("/");
    let mut decoded = String::with_capacity(joined.len());
    for letter in joined.chars() {
        if letter != '/' || !decoded.ends_with('/') {
            decoded.push(letter);
        }
    }
    decoded
}

fn decode_segment(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let is_escape = |at: usize| {
        let digits = bytes.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let mut percents = (0..bytes.len()).filter(|at| bytes[*at] == b'%');
    let decoded = percent_decode_str(segment).decode_utf8();
    match decoded {
        Ok(text) if percents.all(is_escape) => text.into_owned(),
        Ok(_) | Err(_) => segment.to_owned(),
    }
}

/// Encodes each segment as `encodeURIComponent` does.
pub(crate) fn encode(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| utf8_percent_encode(segment, COMPONENT).to_string());
    segments.collect::<Vec<_>>().join("/")
}

/// The name of the file that a decoded path stands for, relative to the folder; None when no file can have it.
pub(crate) fn file_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix('/')?;
    let is_name = |segment: &str| !matches!(segment, "" | "." | "..");
    let possible = name.split('/').all(is_name) && !name.contains('\0');
    possible.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_decoded_where_they_encode_a_text() {
        for (path, expected) in [
            ("/", "/"),
            ("/a%20b", "/a b"),
            ("/%C3%A4/%c3%a4", "/\u{e4}/\u{e4}"),
            ("/a//b///c", "/a/b/c"),
            ("/a%2Fb", "/a/b"),
            ("/%2F%2Fhost", "/host"),
            ("/100%", "/100%"),
            ("/%zz%20", "/%zz%20"),
            ("/%ff/%20", "/%ff/ "),
            ("/a+b", "/a+b"),
        ] {
            assert_eq!(decode(path), expected, "{path}");
        }
    }

    #[test]
    fn segments_are_encoded_as_components() {
        assert_eq!(
            encode("/a b/@:$&+,;=?#/-_.!~*'()"),
            "/a%20b/%40%3A%24%26%2B%2C%3B%3D%3F%23/-_.!~*'()"
        );
        assert_eq!(encode("/\u{e4}"), "/%C3%A4");
    }

    #[test]
    fn paths_that_could_lead_elsewhere_name_no_file() {
        for path in ["", "a", "/", "/a/", "/..", "/a/../b", "/./a", "/a\0", "//a"] {
            assert_eq!(file_name(path), None, "{path}");
        }
        assert_eq!(file_name("/a/b.html"), Some("a/b.html"));
        assert_eq!(file_name("/..a/.b"), Some("..a/.b"));
    }
}
