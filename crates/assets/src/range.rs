//! Which part of a file a request asks for.
//!
//! One range of bytes is served; a request for several gets the whole, as RFC 9110 allows, and so does one whose `Range`
//! means nothing.
//!
//! Differs: wrangler serves files whole; on Cloudflare the network in front of them cuts.
//!
//! Source: RFC 9110, 13.1.5 and 14.

use http::header::{IF_RANGE, RANGE};
use http::{HeaderMap, Method};

/// What to send of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// From byte `first` to byte `last`, both included.
    Bytes { first: u64, last: u64 },
    /// Nothing: it asks for what is not there.
    Unsatisfiable,
}

impl Part {
    /// What a request asks for of a file of `size` bytes with this (strong) tag.
    pub(crate) fn wanted(method: &Method, headers: &HeaderMap, etag: &str, size: u64) -> Self {
        let mut ranges = headers.get_all(RANGE).iter();
        let (Some(range), None, &Method::GET) = (ranges.next(), ranges.next(), method) else {
            return Self::Whole;
        };
        // A date is no match: files have none here.
        if headers.get(IF_RANGE).is_some_and(|given| given != etag) {
            return Self::Whole;
        }
        let range = range.to_str().ok().and_then(|text| parse(text, size));
        range.unwrap_or(Self::Whole)
    }
}

/// None for what is no single range of bytes.
fn parse(text: &str, size: u64) -> Option<Part> {
    let (unit, range) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let (first, last) = (position(first)?, position(last)?);
    let end = size.checked_sub(1);
    let (first, last) = match (first, last, end) {
        (None, None, _) => return None,
        (Some(first), Some(last), _) if last < first => return None,
        (_, _, None) | (None, Some(0), _) => return Some(Part::Unsatisfiable),
        (None, Some(count), Some(end)) => ((end + 1).saturating_sub(count), end),
        (Some(first), last, Some(end)) => (first, last.map_or(end, |last| last.min(end))),
    };
    Some(match first < size {
        true => Part::Bytes { first, last },
        false => Part::Unsatisfiable,
    })
}

/// A number, or nothing; None for anything else. Numbers past all sizes are the largest.
fn position(text: &str) -> Option<Option<u64>> {
    let text = text.trim();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((!text.is_empty()).then(|| text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wanted(range: &str, size: u64) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_str(range).unwrap());
        Part::wanted(&Method::GET, &headers, "\"tag\"", size)
    }

    #[test]
    fn a_range_is_cut_at_the_end_of_the_file() {
        for (range, first, last) in [
            ("bytes=0-0", 0, 0),
            ("bytes=2-4", 2, 4),
            ("bytes=2-", 2, 9),
            ("bytes=0-9", 0, 9),
            ("bytes=0-10", 0, 9),
            ("bytes=9-99999999999999999999999", 9, 9),
            ("bytes=-1", 9, 9),
            ("bytes=-10", 0, 9),
            ("bytes=-11", 0, 9),
            ("Bytes = 2 - 4", 2, 4),
        ] {
            assert_eq!(wanted(range, 10), Part::Bytes { first, last }, "{range}");
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_sent() {
        for range in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert_eq!(wanted(range, 10), Part::Unsatisfiable, "{range}");
        }
        assert_eq!(wanted("bytes=0-0", 0), Part::Unsatisfiable);
        assert_eq!(wanted("bytes=-1", 0), Part::Unsatisfiable);
    }

    #[test]
    fn what_is_no_single_range_gets_the_whole() {
        for range in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=4-2",
            "bytes=0-1,3-4",
            "bytes=1",
            "items=0-1",
            "bytes=+1-2",
            "bytes=0x1-2",
        ] {
            assert_eq!(wanted(range, 10), Part::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_gets_the_whole() {
        let ask = |given: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RANGE, HeaderValue::from_static("bytes=0-0"));
            headers.insert(IF_RANGE, HeaderValue::from_str(given).unwrap());
            Part::wanted(&Method::GET, &headers, "\"tag\"", 10)
        };

        assert_eq!(ask("\"tag\""), Part::Bytes { first: 0, last: 0 });
        for other in ["\"other\"", "W/\"tag\"", "Sun, 29 Nov 2026 16:00:00 GMT"] {
            assert_eq!(ask(other), Part::Whole, "{other}");
        }
    }

    #[test]
    fn only_one_field_of_a_get_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static("bytes=0-0"));
        assert_eq!(
            Part::wanted(&Method::HEAD, &headers, "\"tag\"", 10),
            Part::Whole
        );
        headers.append(RANGE, HeaderValue::from_static("bytes=1-1"));
        assert_eq!(
            Part::wanted(&Method::GET, &headers, "\"tag\"", 10),
            Part::Whole
        );
    }
}
