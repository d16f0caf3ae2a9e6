//! Why a fetch has no response, in words for the program that made it.
//!
//! The texts name the host of the URL, if anything, and nothing that the program did not write
//! itself: no address, no path of this machine.

use std::error::Error;

use stated_object::message::BodyError;

use super::dial::Origin;

/// Why a fetch has no response.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL cannot be parsed. A `TypeError` in JavaScript.
    #[error("Invalid URL: {url}")]
    InvalidUrl {
        /// The URL as it was given.
        url: String,
    },
    /// The URL's scheme is not `http` or `https`. A `TypeError` in JavaScript.
    #[error("Fetch API cannot load: {url}")]
    UnsupportedScheme {
        /// The URL as it was given.
        url: String,
    },
    /// The request's redirect mode is "error" and the response is a redirect. A `TypeError`.
    #[error("fetch(): the response is a redirect and the redirect mode is \"error\"")]
    RedirectRefused,
    /// The `Location` of a redirect is not a URL that can be fetched. A `TypeError`.
    #[error("fetch(): the redirect's Location cannot be fetched: {location}")]
    RedirectInvalid {
        /// The field as the server sent it.
        location: String,
    },
    /// A redirect asks for the body again, which was a stream. A `TypeError`.
    #[error(
        "fetch(): a redirect asks for the request body again, but it was a stream; \
         make the request from a string or buffer"
    )]
    RedirectNeedsBody,
    /// More redirects than the limit. A `TypeError`.
    #[error("fetch(): too many redirects; the limit is {limit}")]
    TooManyRedirects {
        /// [`Limits::client_redirect_count_max`](crate::Limits::client_redirect_count_max).
        limit: usize,
    },
    /// The name of the host has no address.
    #[error("fetch(): host `{host}` cannot be resolved")]
    Unresolved {
        /// The host of the URL.
        host: String,
    },
    /// Nobody listens there, or a firewall says so. The text is Cloudflare's; the log names the host.
    #[error("Network connection lost.")]
    Refused {
        /// Host and port of the URL.
        authority: String,
    },
    /// The network does not lead there.
    #[error("fetch(): `{authority}` is unreachable")]
    Unreachable {
        /// Host and port of the URL.
        authority: String,
    },
    /// No connection in time.
    #[error("fetch(): no connection to `{authority}` within {timeout_ms} ms")]
    ConnectTimeout {
        /// Host and port of the URL.
        authority: String,
        /// [`Limits::client_connect_timeout`](crate::Limits::client_connect_timeout).
        timeout_ms: u128,
    },
    /// The server's certificate is not trusted, or TLS failed otherwise.
    #[error("fetch(): TLS with `{authority}`: {reason}")]
    Tls {
        /// Host and port of the URL.
        authority: String,
        /// What is wrong, from the TLS library.
        reason: String,
    },
    /// The connection broke while it was used.
    #[error("Network connection lost.")]
    Lost,
    /// What came back is not HTTP.
    #[error("fetch(): `{authority}` did not answer in valid HTTP")]
    NotHttp {
        /// Host and port of the URL.
        authority: String,
    },
    /// The request's own body failed.
    #[error("{0}")]
    RequestBody(BodyError),
    /// A WebSocket was asked for and the server answered with another status than 101.
    #[error(
        "Failed to establish the WebSocket connection: expected server to reply with HTTP status \
         code 101 (switching protocols), but received {status} instead."
    )]
    NotSwitched {
        /// The status the server answered with.
        status: u16,
    },
    /// A WebSocket handshake went wrong otherwise.
    #[error("Failed to establish the WebSocket connection: {reason}.")]
    Handshake {
        /// What is wrong.
        reason: &'static str,
    },
}

impl FetchError {
    /// Whether JavaScript sees a `TypeError`: the request cannot succeed as it is.
    pub fn is_type_error(&self) -> bool {
        match self {
            Self::InvalidUrl { .. }
            | Self::UnsupportedScheme { .. }
            | Self::RedirectRefused
            | Self::RedirectInvalid { .. }
            | Self::RedirectNeedsBody
            | Self::TooManyRedirects { .. } => true,
            Self::Unresolved { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::Lost
            | Self::NotHttp { .. }
            | Self::RequestBody(_)
            | Self::NotSwitched { .. }
            | Self::Handshake { .. } => false,
        }
    }

    /// The code of the system or of TLS that programs written for Node know it by.
    pub fn system_code(&self) -> Option<&'static str> {
        match self {
            Self::Unresolved { .. } => Some("ENOTFOUND"),
            Self::Refused { .. } => Some("ECONNREFUSED"),
            Self::Unreachable { .. } => Some("ENETUNREACH"),
            Self::ConnectTimeout { .. } => Some("ETIMEDOUT"),
            Self::Tls { reason, .. } => Some(tls_code(reason)),
            Self::Lost | Self::RequestBody(_) => Some("ECONNRESET"),
            Self::NotHttp { .. } => Some("HPE_INVALID_CONSTANT"),
            _ => None,
        }
    }

    /// Whether the same request may succeed later: the error's `retryable` in JavaScript.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Lost
                | Self::Refused { .. }
                | Self::Unreachable { .. }
                | Self::ConnectTimeout { .. }
        )
    }

    pub(crate) fn from_hyper(error: &hyper::Error, origin: &Origin) -> Self {
        if error.is_user()
            && let Some(body) = error
                .source()
                .and_then(|source| source.downcast_ref::<BodyError>())
        {
            return Self::RequestBody(body.clone());
        }
        if error.is_parse() {
            return Self::NotHttp {
                authority: origin.authority(),
            };
        }
        Self::Lost
    }
}

/// OpenSSL's name for what rustls says of a certificate, or a failed handshake.
fn tls_code(reason: &str) -> &'static str {
    [
        ("Expired", "CERT_HAS_EXPIRED"),
        ("not valid yet", "CERT_NOT_YET_VALID"),
        ("NotValidYet", "CERT_NOT_YET_VALID"),
        ("not valid for name", "ERR_TLS_CERT_ALTNAME_INVALID"),
        ("NotValidForName", "ERR_TLS_CERT_ALTNAME_INVALID"),
        ("UnknownIssuer", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ("Revoked", "CERT_REVOKED"),
        ("BadSignature", "CERT_SIGNATURE_FAILURE"),
    ]
    .into_iter()
    .find(|(words, _)| reason.contains(words))
    .map_or("EPROTO", |(_, code)| code)
}

#[cfg(test)]
mod tests {
    use super::{FetchError, tls_code};

    #[test]
    fn failures_have_the_codes_of_node() {
        let authority = || "a:1".to_owned();
        let refused = FetchError::Refused {
            authority: authority(),
        };
        let unresolved = FetchError::Unresolved { host: authority() };
        let codes = [refused, unresolved, FetchError::Lost].map(|error| error.system_code());

        assert_eq!(
            codes,
            [Some("ECONNREFUSED"), Some("ENOTFOUND"), Some("ECONNRESET")]
        );
        assert_eq!(FetchError::RedirectRefused.system_code(), None);
    }

    #[test]
    fn certificates_that_are_refused_have_the_names_of_openssl() {
        for (reason, code) in [
            ("invalid peer certificate: Expired", "CERT_HAS_EXPIRED"),
            (
                "invalid peer certificate: UnknownIssuer",
                "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"a\"",
                "ERR_TLS_CERT_ALTNAME_INVALID",
            ),
            (
                "received corrupt message of type InvalidContentType",
                "EPROTO",
            ),
        ] {
            assert_eq!(tls_code(reason), code);
        }
    }
}
