//! From a [`FetchResponse`] to the response hyper writes.
//!
//! Framing belongs to the connection: fields by which a program could contradict the body it
//! returned, or speak for the connection, are dropped here.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, Method, Response, StatusCode};
use hyper::ext::ReasonPhrase;
use stated_object::message::{Body, FetchResponse};

use crate::body::Outgoing;

/// Fields that concern one connection only (RFC 9110, 7.6.1).
const HOP_BY_HOP: [HeaderName; 5] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Removes the fields that concern one connection only.
pub(crate) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// Turns a handler's response into one that can be written in answer to `method`.
///
/// A status that HTTP cannot finish a request with becomes a 500 and a log line.
pub(crate) fn write(mut response: FetchResponse, method: &Method) -> Response<Outgoing> {
    if response.status.is_informational() {
        tracing::error!(
            status = response.status.as_u16(),
            "handler answered with an interim status"
        );
        response = FetchResponse::text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    }
    strip_hop_by_hop(&mut response.headers);
    finish(response, method)
}

/// The same for a response this crate made, whose `Connection` field is meant.
pub(crate) fn write_own(response: FetchResponse, method: &Method) -> Response<Outgoing> {
    finish(response, method)
}

fn finish(response: FetchResponse, method: &Method) -> Response<Outgoing> {
    let FetchResponse {
        status,
        status_text,
        mut headers,
        body,
        ..
    } = response;
    // The declared length of a body that is not sent may stay: it describes the same resource.
    let describes_other = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    if !(describes_other && matches!(body, Body::None)) {
        headers.remove(CONTENT_LENGTH);
    }
    let mut reply = Response::new(Outgoing::from(body));
    *reply.status_mut() = status;
    if !status_text.is_empty() && Some(status_text.as_str()) != status.canonical_reason() {
        // A phrase with a line end or beyond Latin-1 cannot be sent; the usual one takes its place.
        if let Ok(phrase) = ReasonPhrase::try_from(status_text) {
            reply.extensions_mut().insert(phrase);
        }
    }
    *reply.headers_mut() = headers;
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use http::HeaderValue;

    fn response(
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: Body,
    ) -> FetchResponse {
        let mut response = FetchResponse::text(StatusCode::from_u16(status).unwrap(), "");
        response.headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        response.body = body;
        response
    }

    #[test]
    fn fields_of_the_connection_are_dropped() {
        let fields = [
            "connection",
            "keep-alive",
            "proxy-connection",
            "transfer-encoding",
            "upgrade",
        ]
        .map(|n| (n, "x"));

        let reply = write(response(200, &fields, Body::None), &Method::GET);

        assert!(reply.headers().is_empty());
    }

    #[test]
    fn a_length_that_contradicts_the_body_is_dropped() {
        let body = Body::Bytes(Bytes::from_static(b"abc"));

        let reply = write(
            response(200, &[("content-length", "99")], body),
            &Method::GET,
        );

        assert!(!reply.headers().contains_key("content-length"));
    }

    #[test]
    fn the_answer_to_head_keeps_its_length() {
        let reply = write(
            response(200, &[("content-length", "99")], Body::None),
            &Method::HEAD,
        );

        assert_eq!(reply.headers()["content-length"], "99");
    }

    #[test]
    fn an_interim_status_becomes_500() {
        let reply = write(response(103, &[], Body::None), &Method::GET);

        assert_eq!(reply.status(), 500);
    }

    #[test]
    fn a_reason_phrase_that_cannot_be_sent_is_left_out() {
        let mut bad = response(200, &[], Body::None);
        bad.status_text = "a\r\nb".into();

        let reply = write(bad, &Method::GET);

        assert!(reply.extensions().get::<ReasonPhrase>().is_none());
    }
}
