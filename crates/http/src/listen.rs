//! Opening the port.
//!
//! Several shards listen on one address: each binds its own socket with `SO_REUSEPORT` and the
//! kernel spreads new connections over them. Options that accepted sockets inherit (no Nagle
//! delay, keep-alive probes) are set here once instead of on every connection.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use tokio::net::TcpListener;

/// Connections that may wait in the kernel before they are accepted.
const BACKLOG: i32 = 4096;

/// The silence after which the kernel asks whether a peer still exists.
const KEEPALIVE_TIME: Duration = Duration::from_secs(60);

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address}: {}{}", reason(.source), hint(.source))]
pub struct ListenError {
    /// The address that was asked for.
    pub address: SocketAddr,
    /// What the operating system answered.
    #[source]
    pub source: io::Error,
}

/// Opens a listening socket on `address`.
///
/// Port 0 lets the kernel choose; `local_addr` of the result tells which. Another process of this
/// user may share the port, that is the price of `SO_REUSEPORT`; a socket without the option makes
/// the call fail. Must run inside a tokio runtime.
///
/// # Errors
/// [`ListenError`], whose text names the address and, where there is one, a way out.
pub fn listen(address: SocketAddr) -> Result<TcpListener, ListenError> {
    open(address).map_err(|source| ListenError { address, source })
}

fn open(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    if address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&keepalive())?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The probes that find out about peers that vanished without a word.
pub(crate) fn keepalive() -> TcpKeepalive {
    TcpKeepalive::new().with_time(KEEPALIVE_TIME)
}

fn reason(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::AddrInUse => "address already in use".into(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => source.to_string(),
    }
}

fn hint(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => "\nhint: choose another port with --port",
        io::ErrorKind::PermissionDenied => {
            "\nhint: ports below 1024 need a privilege; choose another port with --port"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[tokio::test]
    async fn port_zero_becomes_a_real_port() {
        let listener = listen(loopback(0)).unwrap();

        assert_ne!(listener.local_addr().unwrap().port(), 0);
    }

    #[tokio::test]
    async fn two_shards_share_one_port() {
        let first = listen(loopback(0)).unwrap();

        let second = listen(first.local_addr().unwrap()).unwrap();

        assert_eq!(first.local_addr().unwrap(), second.local_addr().unwrap());
    }

    #[tokio::test]
    async fn a_taken_port_is_reported_with_a_way_out() {
        let taken = std::net::TcpListener::bind(loopback(0)).unwrap();
        let port = taken.local_addr().unwrap().port();

        let error = listen(loopback(port)).unwrap_err();

        assert_eq!(
            error.to_string(),
            format!(
                "listen on 127.0.0.1:{port}: address already in use\n\
                 hint: choose another port with --port"
            )
        );
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_reported() {
        let error = listen(SocketAddr::from(([203, 0, 113, 7], 0))).unwrap_err();

        assert_eq!(
            error.to_string(),
            "listen on 203.0.113.7:0: this machine has no such address"
        );
    }

    #[tokio::test]
    async fn accepted_connections_have_no_nagle_delay() {
        let listener = listen(loopback(0)).unwrap();
        let _client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();

        let (accepted, _) = listener.accept().await.unwrap();

        assert!(accepted.nodelay().unwrap());
    }
}
