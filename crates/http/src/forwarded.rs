//! What reverse proxies say of a request: the client's address and whether it came over TLS.
//!
//! Anybody can send these fields, so they count only on connections from an address that was named as a proxy's.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

use crate::host::Scheme;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Addresses with a common prefix, written `10.0.0.0/8`, or a single one, written `10.1.2.3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

/// A text is no [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a network is written as an address, or as an address and the length of its prefix: 10.0.0.0/8"
)]
pub struct NotANetwork;

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self(address.to_canonical().into()));
        }
        text.parse().map(Self).map_err(|_| NotANetwork)
    }
}

/// The proxies whose word is taken; none by default. Clones share the list.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[Network]>);

impl FromIterator<Network> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl TrustedProxies {
    /// Whether the address is a proxy's. It is in its canonical form: IPv4 where it is one.
    pub(crate) fn include(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.0.contains(&address))
    }

    /// The client's address: the last of `X-Forwarded-For` that is no proxy's, since each proxy appends who it was asked
    /// by. When all are proxies', the first one; when an entry is no address, the one after it, or else `peer`.
    pub(crate) fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut client = peer;
        let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
        for entry in lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b',')) {
            let Some(address) = address(entry) else { break };
            client = address;
            if !self.include(address) {
                break;
            }
        }
        client
    }
}

/// What the nearest proxy says of the client's connection: the last of `X-Forwarded-Proto`.
pub(crate) fn scheme(headers: &HeaderMap) -> Scheme {
    let last = headers.get_all(X_FORWARDED_PROTO).iter().next_back();
    let last = last.and_then(|line| line.as_bytes().rsplit(|&byte| byte == b',').next());
    match last.map(<[u8]>::trim_ascii) {
        Some(name) if name.eq_ignore_ascii_case(b"https") || name.eq_ignore_ascii_case(b"wss") => {
            Scheme::Https
        }
        _ => Scheme::Http,
    }
}

/// Some proxies add the port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry.trim_ascii()).ok()?;
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>().ok();
    address
        .or_else(|| text.parse::<SocketAddr>().ok().map(|both| both.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str]) -> TrustedProxies {
        networks.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn fields(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_network_is_an_address_or_a_prefix() {
        let all = proxies(&["10.0.0.0/8", "192.168.1.1", "fd00::/8", "::ffff:1.2.3.4"]);
        for (address, included) in [
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("192.168.1.1", true),
            ("192.168.1.2", false),
            ("fdff::1", true),
            ("fe00::1", false),
            ("1.2.3.4", true),
        ] {
            assert_eq!(all.include(address.parse().unwrap()), included, "{address}");
        }
        assert!(!TrustedProxies::default().include("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/",
            "::/129",
            "10.0.0.1:80",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
        assert_eq!(
            NotANetwork.to_string(),
            "a network is written as an address, or as an address and the length of its prefix: 10.0.0.0/8"
        );
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxys() {
        let all = proxies(&["10.0.0.0/8", "fd00::1"]);
        let peer = "10.0.0.1".parse().unwrap();
        for (lines, client) in [
            (&[][..], "10.0.0.1"),
            (&["1.2.3.4"], "1.2.3.4"),
            (&["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            (&["6.6.6.6, 1.2.3.4,10.0.0.2 , fd00::1"], "1.2.3.4"),
            (&["6.6.6.6", "1.2.3.4", "10.0.0.2"], "1.2.3.4"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["1.2.3.4:5678"], "1.2.3.4"),
            (&["[2001:db8::1]:5678"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["::ffff:1.2.3.4"], "1.2.3.4"),
            (&["6.6.6.6, unknown"], "10.0.0.1"),
            (&["6.6.6.6, , 10.0.0.2"], "10.0.0.2"),
            (&[""], "10.0.0.1"),
        ] {
            let headers = fields(X_FORWARDED_FOR, lines);
            assert_eq!(all.client(&headers, peer).to_string(), client, "{lines:?}");
        }
    }

    #[test]
    fn the_scheme_is_what_the_nearest_proxy_says() {
        for (lines, expected) in [
            (&[][..], Scheme::Http),
            (&["https"], Scheme::Https),
            (&["HTTPS"], Scheme::Https),
            (&["wss"], Scheme::Https),
            (&["http"], Scheme::Http),
            (&["ftp"], Scheme::Http),
            (&["http, https"], Scheme::Https),
            (&["https", "http"], Scheme::Http),
            (&[""], Scheme::Http),
        ] {
            assert_eq!(
                scheme(&fields(X_FORWARDED_PROTO, lines)),
                expected,
                "{lines:?}"
            );
        }
    }
}
