//! The HTTP part of a WebSocket: RFC 6455, section 4.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::digest;
use ring::rand::{SecureRandom, SystemRandom};

use super::deflate::{self, Terms};
use crate::limits::SocketRules;
use crate::refusal::Refusal;

/// The only version there is.
const VERSION: &str = "13";

/// Appended to the key before hashing.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What the headers of a request that wants an upgrade ask for.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Whether the upgrade is to WebSocket.
    websocket: bool,
    /// Whether the version is the one there is.
    version: bool,
    /// The answer to the key, where there is a valid key.
    accept: Option<HeaderValue>,
    deflate: Option<Terms>,
}

impl Asked {
    /// Reads a request's headers without judging them: most upgrades are never accepted.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
        let key = match (keys.next(), keys.next()) {
            (Some(key), None) => Some(key.as_bytes().trim_ascii()),
            _ => None,
        };
        Self {
            websocket: has_token(headers, UPGRADE, "websocket"),
            version: headers
                .get(SEC_WEBSOCKET_VERSION)
                .is_some_and(|value| value == VERSION),
            accept: key.filter(|key| is_key(key)).map(accept_for),
            deflate: headers
                .get_all(SEC_WEBSOCKET_EXTENSIONS)
                .iter()
                .find_map(|field| deflate::choose(field.to_str().ok()?)),
        }
    }

    /// Completes the headers of a response that accepts the WebSocket.
    ///
    /// `asked` comes with whatever the caller needs for the upgrade; it is absent when the request
    /// had no upgrade. `protocol` is used where the response does not name one.
    ///
    /// # Errors
    /// [`Refusal`] for a request that cannot become a WebSocket: it does not ask for one, or in
    /// another version, or its key is missing or malformed.
    pub(crate) fn accept<T>(
        asked: Option<(T, Self)>,
        rules: SocketRules,
        headers: &mut HeaderMap,
        protocol: &str,
    ) -> Result<(T, Option<Terms>), Refusal> {
        let Some((upgrade, asked)) = asked.filter(|(_, asked)| asked.websocket) else {
            return Err(Refusal::NeedsUpgrade(
                "this endpoint needs a WebSocket: send `Upgrade: websocket`",
            ));
        };
        if !asked.version {
            return Err(Refusal::NeedsUpgrade("Sec-WebSocket-Version must be 13"));
        }
        let Some(accept) = asked.accept else {
            return Err(Refusal::Malformed(
                "Sec-WebSocket-Key must be 16 bytes in base64",
            ));
        };
        crate::reply::strip_hop_by_hop(headers);
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        if !headers.contains_key(SEC_WEBSOCKET_PROTOCOL)
            && !protocol.is_empty()
            && let Ok(protocol) = HeaderValue::from_str(protocol)
        {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        // Whatever the program wrote: it is this side that compresses.
        headers.remove(SEC_WEBSOCKET_EXTENSIONS);
        let deflate = asked.deflate.filter(|_| rules.compression);
        if deflate.is_some() {
            headers.insert(
                SEC_WEBSOCKET_EXTENSIONS,
                HeaderValue::from_static(deflate::ANSWER),
            );
        }
        Ok((upgrade, deflate))
    }
}

fn is_key(key: &[u8]) -> bool {
    key.len() == 24 && BASE64.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

fn accept_for(key: &[u8]) -> HeaderValue {
    // The standard fixes SHA-1; it proves nothing but that the server read the key.
    let mut hash = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    hash.update(key);
    hash.update(KEY_SUFFIX);
    HeaderValue::try_from(BASE64.encode(hash.finish())).expect("base64 is visible ASCII")
}

/// Whether a list of tokens has this one, in any case.
fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Whether a request's headers ask for a WebSocket.
pub(crate) fn is_websocket(headers: &HeaderMap) -> bool {
    has_token(headers, UPGRADE, "websocket")
}

/// The client's half of a handshake.
#[derive(Debug)]
pub(crate) struct Asking {
    accept: HeaderValue,
    /// Whether compression was offered.
    offered: bool,
}

impl Asking {
    /// Adds the fields of a request for a WebSocket to `headers`, replacing what is there.
    pub(crate) fn begin(headers: &mut HeaderMap, rules: SocketRules) -> Self {
        let mut key = [0; 16];
        SystemRandom::new()
            .fill(&mut key)
            .expect("the operating system gives random bytes");
        let key = BASE64.encode(key);
        let accept = accept_for(key.as_bytes());
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
        headers.insert(
            SEC_WEBSOCKET_KEY,
            HeaderValue::try_from(key).expect("base64 is visible ASCII"),
        );
        headers.remove(SEC_WEBSOCKET_EXTENSIONS);
        if rules.compression {
            headers.insert(
                SEC_WEBSOCKET_EXTENSIONS,
                HeaderValue::from_static(deflate::OFFER),
            );
        }
        Self {
            accept,
            offered: rules.compression,
        }
    }

    /// Checks a 101 response. The error says which field is wrong.
    pub(crate) fn finish(self, headers: &HeaderMap) -> Result<Option<Terms>, &'static str> {
        if !is_websocket(headers) || !has_token(headers, CONNECTION, "upgrade") {
            return Err("the server's answer is not an upgrade to WebSocket");
        }
        if headers.get(SEC_WEBSOCKET_ACCEPT) != Some(&self.accept) {
            return Err("the server's Sec-WebSocket-Accept does not match the key");
        }
        let extensions = headers
            .get(SEC_WEBSOCKET_EXTENSIONS)
            .map_or(Ok(""), HeaderValue::to_str);
        extensions
            .ok()
            .and_then(|extensions| deflate::confirm(extensions).ok())
            .filter(|terms| terms.is_none() || self.offered)
            .ok_or("the server's Sec-WebSocket-Extensions were not offered")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    const GOOD: [(&str, &str); 3] = [
        ("upgrade", "h2c, WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn accepted(fields: &[(&'static str, &'static str)]) -> Result<HeaderMap, Refusal> {
        let mut out = HeaderMap::new();
        let asked = Some(((), Asked::read(&headers(fields))));
        Asked::accept(asked, SocketRules::default(), &mut out, "chat").map(|_| out)
    }

    fn accept(request: &HeaderMap, rules: SocketRules, response: &mut HeaderMap) {
        Asked::accept(Some(((), Asked::read(request))), rules, response, "").unwrap();
    }

    const PLAIN: SocketRules = SocketRules {
        compression: false,
        large_messages: false,
    };

    #[test]
    fn compression_that_one_half_does_not_want_is_not_agreed_on() {
        for (client, server) in [
            (PLAIN, SocketRules::default()),
            (SocketRules::default(), PLAIN),
        ] {
            let mut request = headers(&[("sec-websocket-extensions", "permessage-deflate")]);
            let asking = Asking::begin(&mut request, client);
            let mut response = HeaderMap::new();
            accept(&request, server, &mut response);

            assert_eq!(
                request.contains_key(SEC_WEBSOCKET_EXTENSIONS),
                client.compression
            );
            assert!(!response.contains_key(SEC_WEBSOCKET_EXTENSIONS));
            assert_eq!(asking.finish(&response), Ok(None));
        }
    }

    #[test]
    fn compression_that_was_not_offered_is_refused() {
        let mut request = HeaderMap::new();
        let asking = Asking::begin(&mut request, PLAIN);
        let mut response = HeaderMap::new();
        accept(&request, PLAIN, &mut response);
        response.insert(
            SEC_WEBSOCKET_EXTENSIONS,
            HeaderValue::from_static(deflate::ANSWER),
        );

        assert_eq!(
            asking.finish(&response),
            Err("the server's Sec-WebSocket-Extensions were not offered")
        );
    }

    #[test]
    fn the_sample_key_of_the_standard_gets_its_answer() {
        let out = accepted(&GOOD).unwrap();

        assert_eq!(out[SEC_WEBSOCKET_ACCEPT], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(out[CONNECTION], "Upgrade");
        assert_eq!(out[UPGRADE], "websocket");
        assert_eq!(out[SEC_WEBSOCKET_PROTOCOL], "chat");
        assert!(!out.contains_key(SEC_WEBSOCKET_EXTENSIONS));
    }

    #[test]
    fn compression_is_agreed_on_where_it_is_offered() {
        let out = accepted(
            &[
                &GOOD[..],
                &[("sec-websocket-extensions", "permessage-deflate")],
            ]
            .concat(),
        )
        .unwrap();

        assert_eq!(
            out[SEC_WEBSOCKET_EXTENSIONS],
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        );
    }

    #[test]
    fn requests_that_cannot_become_a_websocket_are_refused() {
        let without =
            |name: &str| -> Vec<_> { GOOD.into_iter().filter(|(n, _)| *n != name).collect() };
        let with =
            |name: &'static str, value: &'static str| [without(name), vec![(name, value)]].concat();
        let ask =
            Refusal::NeedsUpgrade("this endpoint needs a WebSocket: send `Upgrade: websocket`");
        let key = Refusal::Malformed("Sec-WebSocket-Key must be 16 bytes in base64");
        let version = Refusal::NeedsUpgrade("Sec-WebSocket-Version must be 13");
        let cases = [
            (without("upgrade"), ask),
            (with("upgrade", "h2c"), ask),
            (without("sec-websocket-version"), version),
            (with("sec-websocket-version", "8"), version),
            (without("sec-websocket-key"), key),
            (with("sec-websocket-key", "c2hvcnQ="), key),
            (with("sec-websocket-key", "!!!!!!!!!!!!!!!!!!!!!!=="), key),
            (
                [
                    with("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                    vec![GOOD[2]],
                ]
                .concat(),
                key,
            ),
        ];
        for (fields, refusal) in cases {
            assert_eq!(accepted(&fields), Err(refusal), "{fields:?}");
        }
    }

    #[test]
    fn both_halves_agree_with_each_other() {
        let mut request = HeaderMap::new();
        let asking = Asking::begin(&mut request, SocketRules::default());
        let mut response = HeaderMap::new();

        accept(&request, SocketRules::default(), &mut response);

        assert_eq!(
            asking.finish(&response),
            Ok(Some(Terms {
                peer_keeps_window: false
            }))
        );
    }

    #[test]
    fn a_wrong_answer_of_a_server_is_named() {
        let finish = |change: fn(&mut HeaderMap)| {
            let mut request = HeaderMap::new();
            let asking = Asking::begin(&mut request, SocketRules::default());
            let mut response = HeaderMap::new();
            accept(&request, SocketRules::default(), &mut response);
            change(&mut response);
            asking.finish(&response).unwrap_err()
        };

        assert_eq!(
            finish(|h| drop(h.remove(UPGRADE))),
            "the server's answer is not an upgrade to WebSocket"
        );
        assert_eq!(
            finish(|h| drop(h.insert(SEC_WEBSOCKET_ACCEPT, HeaderValue::from_static("x")))),
            "the server's Sec-WebSocket-Accept does not match the key"
        );
        assert_eq!(
            finish(|h| drop(h.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static("x")))),
            "the server's Sec-WebSocket-Extensions were not offered"
        );
    }
}
