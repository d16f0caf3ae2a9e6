//! Redirects, as the fetch standard follows them. Pure: decides, sends nothing.

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_TYPE, COOKIE, LOCATION, PROXY_AUTHORIZATION,
};
use http::{HeaderMap, Method, StatusCode};
use stated_object::message::{Body, BodyStream, FetchRequest, FetchResponse};
use url::Url;

use super::error::FetchError;
use super::parse_url;

/// What happens to a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectMode {
    /// It is followed.
    Follow,
    /// It is an error.
    Error,
    /// It is the response.
    Manual,
}

/// One request of a chain of redirects.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Path and query, where they are sent as somebody else has written them.
    pub(crate) verbatim: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Replay,
}

/// A body that may be needed again.
#[derive(Debug)]
pub(crate) enum Replay {
    None,
    Bytes(Bytes),
    Stream(BodyStream),
    /// A stream that was sent.
    Spent,
}

impl Replay {
    /// The body for the next sending.
    pub(crate) fn take(&mut self) -> Body {
        match std::mem::replace(self, Self::Spent) {
            Self::None => {
                *self = Self::None;
                Body::None
            }
            Self::Bytes(bytes) => {
                *self = Self::Bytes(bytes.clone());
                Body::Bytes(bytes)
            }
            Self::Stream(stream) => Body::Stream(stream),
            Self::Spent => Body::None,
        }
    }
}

/// What to do with a response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Give it to the program.
    Answer,
    /// Go on to this URL.
    Follow(Url),
}

/// Decides what to do with a response to `hop`.
pub(crate) fn next(
    hop: &Hop,
    mode: RedirectMode,
    response: &FetchResponse,
) -> Result<Step, FetchError> {
    if !matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(Step::Answer);
    }
    match mode {
        RedirectMode::Manual => return Ok(Step::Answer),
        RedirectMode::Error => return Err(FetchError::RedirectRefused),
        RedirectMode::Follow => {}
    }
    let Some(location) = response.headers.get(LOCATION) else {
        return Ok(Step::Answer);
    };
    let text = String::from_utf8_lossy(location.as_bytes());
    let invalid = || FetchError::RedirectInvalid {
        location: text.clone().into_owned(),
    };
    let joined = hop.url.join(&text).map_err(|_| invalid())?;
    parse_url(joined.as_str())
        .map(Step::Follow)
        .map_err(|_| invalid())
}

impl Hop {
    /// The first one.
    pub(crate) fn new(request: FetchRequest) -> Result<Self, FetchError> {
        let body = match request.body {
            Body::None => Replay::None,
            Body::Bytes(bytes) => Replay::Bytes(bytes),
            Body::Stream(stream) => Replay::Stream(stream),
        };
        Ok(Self {
            method: request.method,
            url: parse_url(&request.url)?,
            verbatim: None,
            headers: request.headers,
            body,
        })
    }

    /// One whose path and query, after the authority, are sent as they are.
    pub(crate) fn verbatim(request: FetchRequest) -> Result<Self, FetchError> {
        let url = &request.url;
        let authority = url.find("://").map_or(0, |colon| colon + "://".len());
        let end = url[authority..].find(['/', '?']);
        let end = end.map_or(url.len(), |length| authority + length);
        let (origin, target) = url.split_at(end);
        let slash = if target.starts_with('/') { "" } else { "/" };
        let verbatim = format!("{slash}{target}");
        let url = format!("{origin}/");
        Ok(Self {
            verbatim: Some(verbatim),
            ..Self::new(FetchRequest { url, ..request })?
        })
    }

    /// Becomes the request that follows a redirect of `status` to `location`.
    pub(crate) fn follow(&mut self, status: StatusCode, location: Url) -> Result<(), FetchError> {
        let becomes_get = match status.as_u16() {
            301 | 302 => self.method == Method::POST,
            303 => !matches!(self.method, Method::GET | Method::HEAD),
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = Replay::None;
            for name in [
                CONTENT_ENCODING,
                CONTENT_LANGUAGE,
                CONTENT_LENGTH,
                CONTENT_LOCATION,
                CONTENT_TYPE,
            ] {
                self.headers.remove(name);
            }
        } else if matches!(self.body, Replay::Spent) {
            return Err(FetchError::RedirectNeedsBody);
        }
        // What proves who the program is to one origin is nothing to another.
        if location.origin() != self.url.origin() {
            for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION] {
                self.headers.remove(name);
            }
        }
        self.url = location;
        self.verbatim = None;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn hop(method: Method, url: &str, body: Body) -> Hop {
        let mut headers = HeaderMap::new();
        for name in [AUTHORIZATION, COOKIE, CONTENT_TYPE, http::header::ACCEPT] {
            headers.insert(name, HeaderValue::from_static("x"));
        }
        Hop::new(FetchRequest {
            method,
            url: url.into(),
            headers,
            body,
            peer: None,
            cf: None,
        })
        .unwrap()
    }

    fn response(status: u16, location: Option<&'static str>) -> FetchResponse {
        let mut response = FetchResponse::text(StatusCode::from_u16(status).unwrap(), "");
        if let Some(location) = location {
            response
                .headers
                .insert(LOCATION, HeaderValue::from_static(location));
        }
        response
    }

    fn step(
        mode: RedirectMode,
        status: u16,
        location: Option<&'static str>,
    ) -> Result<Step, String> {
        let hop = hop(Method::GET, "http://a/b/c?d", Body::None);
        next(&hop, mode, &response(status, location)).map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_five_statuses_with_a_location_are_followed() {
        for status in 200..=599 {
            let is_redirect = [301, 302, 303, 307, 308].contains(&status);
            let followed = step(RedirectMode::Follow, status, Some("/x")) != Ok(Step::Answer);

            assert_eq!(followed, is_redirect, "{status}");
            assert_eq!(
                step(RedirectMode::Follow, status, None),
                Ok(Step::Answer),
                "{status}"
            );
        }
    }

    #[test]
    fn locations_are_relative_to_the_request() {
        for (location, expected) in [
            ("/x", "http://a/x"),
            ("x", "http://a/b/x"),
            ("?x", "http://a/b/c?x"),
            ("//b/x", "http://b/x"),
            ("https://b/", "https://b/"),
        ] {
            let expected = Step::Follow(Url::parse(expected).unwrap());
            assert_eq!(
                step(RedirectMode::Follow, 302, Some(location)),
                Ok(expected)
            );
        }
    }

    #[test]
    fn the_other_modes_do_not_follow() {
        assert_eq!(
            step(RedirectMode::Manual, 302, Some("/x")),
            Ok(Step::Answer)
        );
        assert_eq!(
            step(RedirectMode::Error, 302, Some("/x")),
            Err("fetch(): the response is a redirect and the redirect mode is \"error\"".into())
        );
    }

    #[test]
    fn a_location_that_cannot_be_fetched_is_named() {
        for location in ["ftp://a/", "http://a:x/", "mailto:a"] {
            let text = format!("fetch(): the redirect's Location cannot be fetched: {location}");
            assert_eq!(step(RedirectMode::Follow, 302, Some(location)), Err(text));
        }
    }

    #[test]
    fn methods_are_rewritten_as_the_standard_says() {
        let cases = [
            (301, Method::POST, Method::GET),
            (302, Method::POST, Method::GET),
            (303, Method::POST, Method::GET),
            (303, Method::PUT, Method::GET),
            (303, Method::HEAD, Method::HEAD),
            (301, Method::PUT, Method::PUT),
            (302, Method::HEAD, Method::HEAD),
            (307, Method::POST, Method::POST),
            (308, Method::POST, Method::POST),
        ];
        for (status, before, after) in cases {
            let mut hop = hop(
                before.clone(),
                "http://a/",
                Body::Bytes(Bytes::from_static(b"x")),
            );

            hop.follow(
                StatusCode::from_u16(status).unwrap(),
                Url::parse("http://a/2").unwrap(),
            )
            .unwrap();

            assert_eq!(hop.method, after, "{status} {before}");
            assert_eq!(
                matches!(hop.body, Replay::None),
                before != after,
                "{status} {before}"
            );
            assert_eq!(
                hop.headers.contains_key(CONTENT_TYPE),
                before == after,
                "{status} {before}"
            );
        }
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        for (location, kept) in [
            ("http://a/2", true),
            ("http://a:81/", false),
            ("https://a/", false),
            ("http://b/", false),
        ] {
            let mut hop = hop(Method::GET, "http://a/", Body::None);

            hop.follow(StatusCode::FOUND, Url::parse(location).unwrap())
                .unwrap();

            assert_eq!(hop.headers.contains_key(AUTHORIZATION), kept, "{location}");
            assert_eq!(hop.headers.contains_key(COOKIE), kept, "{location}");
            assert!(hop.headers.contains_key(http::header::ACCEPT), "{location}");
        }
    }

    #[test]
    fn a_stream_that_was_sent_cannot_be_sent_again() {
        let follow = |status, method| {
            let (_writer, stream) = stated_object::message::body_stream(None);
            let mut hop = hop(method, "http://a/", Body::Stream(stream));
            hop.body.take();
            hop.follow(status, Url::parse("http://a/2").unwrap())
                .map_err(|error| error.to_string())
        };

        assert_eq!(follow(StatusCode::FOUND, Method::POST), Ok(()));
        assert_eq!(
            follow(StatusCode::TEMPORARY_REDIRECT, Method::POST),
            Err(
                "fetch(): a redirect asks for the request body again, but it was a stream; \
                 make the request from a string or buffer"
                    .into()
            )
        );
    }
}
