//! From an origin to a connection: name lookup, TCP, TLS.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::HeaderValue;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use url::{Host, Url};

use super::error::FetchError;
use super::trust::Trust;
use crate::listen;
use crate::stall::StallGuard;

/// The head start of an address over the next one of the same host (RFC 8305, 5).
const NEXT_ADDRESS_DELAY: Duration = Duration::from_millis(250);

/// Who a connection leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    secure: bool,
    host: Host<String>,
    port: u16,
}

impl Origin {
    pub(crate) fn of(url: &Url) -> Result<Self, FetchError> {
        match (url.host(), url.port_or_known_default()) {
            (Some(host), Some(port)) => Ok(Self {
                secure: url.scheme() == "https",
                host: host.to_owned(),
                port,
            }),
            _ => Err(FetchError::InvalidUrl {
                url: url.to_string(),
            }),
        }
    }

    /// A host and a port that a program named. The host is a name or an address, with or without
    /// the brackets of IPv6.
    pub(crate) fn of_host(host: &str, port: u16, secure: bool) -> Result<Self, FetchError> {
        let bracketed = format!("[{host}]");
        let is_address = host.contains(':') && !host.starts_with('[');
        let host = Host::parse(if is_address { &bracketed } else { host });
        let host = host.map_err(|_| FetchError::InvalidUrl {
            url: format!("{bracketed}:{port}"),
        })?;
        Ok(Self { secure, host, port })
    }

    /// Host and port, for messages.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The value of the `Host` field: without the scheme's own port.
    pub(crate) fn host_field(&self) -> HeaderValue {
        let mut field = self.host.to_string();
        if self.port != if self.secure { 443 } else { 80 } {
            let _ = write!(field, ":{}", self.port);
        }
        HeaderValue::try_from(field).expect("a parsed host is visible ASCII")
    }

    async fn addresses(&self) -> Result<Vec<SocketAddr>, FetchError> {
        match &self.host {
            Host::Ipv4(ip) => Ok(vec![SocketAddr::from((*ip, self.port))]),
            Host::Ipv6(ip) => Ok(vec![SocketAddr::from((*ip, self.port))]),
            Host::Domain(name) => {
                let found = lookup_host((name.as_str(), self.port))
                    .await
                    .map(Iterator::collect);
                found
                    .ok()
                    .filter(|addresses: &Vec<_>| !addresses.is_empty())
                    .ok_or_else(|| FetchError::Unresolved { host: name.clone() })
            }
        }
    }

    /// Opens a connection. The caller bounds the time.
    pub(crate) async fn dial(
        &self,
        trust: &Trust,
        stall_timeout: Duration,
    ) -> Result<Stream, FetchError> {
        let stream = self.dial_plain(stall_timeout).await?;
        if !self.secure {
            return Ok(Stream::Plain(stream));
        }
        self.secure(stream, trust.config(), None).await
    }

    /// The same without TLS, whatever the scheme is.
    pub(crate) async fn dial_plain(
        &self,
        stall_timeout: Duration,
    ) -> Result<StallGuard, FetchError> {
        let addresses = self.addresses().await?;
        let (stream, peer) = connect_any(&addresses)
            .await
            .map_err(|error| self.refusal(&error))?;
        // Without these, only latency and the discovery of dead peers suffer.
        let _ = stream.set_nodelay(true);
        let _ = socket2::SockRef::from(&stream).set_tcp_keepalive(&listen::keepalive());
        Ok(StallGuard::new(stream, peer, stall_timeout))
    }

    /// Starts TLS. The certificate must be for `expected` or, without one, for the host.
    pub(crate) async fn secure(
        &self,
        stream: StallGuard,
        config: Arc<ClientConfig>,
        expected: Option<String>,
    ) -> Result<Stream, FetchError> {
        let name = match (expected, &self.host) {
            (Some(name), _) => {
                ServerName::try_from(name).map_err(|error| self.tls(error.to_string()))?
            }
            (None, Host::Domain(name)) => {
                ServerName::try_from(name.clone()).map_err(|error| self.tls(error.to_string()))?
            }
            (None, Host::Ipv4(ip)) => ServerName::from(std::net::IpAddr::from(*ip)),
            (None, Host::Ipv6(ip)) => ServerName::from(std::net::IpAddr::from(*ip)),
        };
        let connector = TlsConnector::from(config);
        match connector.connect(name, stream).await {
            Ok(stream) => Ok(Stream::Secure(Box::new(stream))),
            Err(error) => Err(
                match error
                    .get_ref()
                    .and_then(|e| e.downcast_ref::<rustls::Error>())
                {
                    Some(reason) => self.tls(reason.to_string()),
                    None => FetchError::Lost,
                },
            ),
        }
    }

    fn tls(&self, reason: String) -> FetchError {
        FetchError::Tls {
            authority: self.authority(),
            reason,
        }
    }

    fn refusal(&self, error: &io::Error) -> FetchError {
        let authority = self.authority();
        match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => {
                tracing::info!(%authority, "fetch(): the connection was refused");
                FetchError::Refused { authority }
            }
            _ => FetchError::Unreachable { authority },
        }
    }
}

/// Connects to the first address that answers. Each has a head start over the next, so that a
/// family that leads nowhere costs little.
async fn connect_any(addresses: &[SocketAddr]) -> io::Result<(TcpStream, SocketAddr)> {
    use futures_util::stream::{FuturesUnordered, StreamExt};

    let mut attempts = FuturesUnordered::new();
    let mut rest = addresses.iter();
    let mut last_error = None;
    loop {
        if let Some(&address) = rest.next() {
            attempts.push(async move {
                TcpStream::connect(address)
                    .await
                    .map(|stream| (stream, address))
            });
        }
        let ended = if rest.len() == 0 {
            attempts.next().await
        } else {
            match tokio::time::timeout(NEXT_ADDRESS_DELAY, attempts.next()).await {
                Ok(ended) => ended,
                Err(_) => continue,
            }
        };
        match ended {
            Some(Ok(connected)) => return Ok(connected),
            Some(Err(error)) => last_error = Some(error),
            None if rest.len() == 0 => {
                return Err(last_error.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()));
            }
            None => {}
        }
    }
}

/// A connection, with or without TLS.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(StallGuard),
    Secure(Box<TlsStream<StallGuard>>),
}

macro_rules! forward {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Stream::Plain($stream) => $call,
            Stream::Secure($stream) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        forward!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Secure(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
