//! Names of hosts: what the system's resolver says, and what name servers do.

use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use crate::op::{Op, OpError, OpResult};
use crate::settled::{Settled, Unsettled};

/// Addresses of one answer: what does not fit is not given.
const ADDRESSES_MAX: usize = 256;

/// `dnsLookup`: resolves to the addresses of a host, one in a line, in the resolver's order.
///
/// # Errors
/// What the resolver says, which is that there is none, or that it could not be asked.
pub(crate) fn lookup<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.require_network()?;
    let host = op.text(0)?;
    let context = op.context()?;
    op.promise(async move {
        // The name leaves the machine.
        context.until_durable().await?;
        let found = tokio::net::lookup_host((host.as_str(), 0))
            .await
            .map_err(|error| Unsettled::Error("Error", error.to_string()))?;
        let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        addresses.dedup();
        addresses.truncate(ADDRESSES_MAX);
        let lines: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
        Ok(Settled::Bytes(lines.join("\n").into_bytes()))
    })
}

/// Where the system's name servers are written down.
const SERVERS_FILE: &str = "/etc/resolv.conf";
/// Bytes of it that are read, and servers that are taken.
const SERVERS_BYTES_MAX: u64 = 64 << 10;
const SERVERS_MAX: usize = 16;
/// The port of name servers.
const PORT: u16 = 53;
/// How long one question may wait for its answer.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Bytes of an answer by UDP, where the question announces no more.
const DATAGRAM_BYTES_MAX: usize = 4096;
/// In the third byte of a message: it is an answer, and it is not complete.
const ANSWER: u8 = 0x80;
const TRUNCATED: u8 = 0x02;

/// `dnsServers`: the addresses of the system's name servers, one in a line.
pub(crate) fn servers<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let mut text = String::new();
    // Without the file, or with one that cannot be read, it is the one of this machine, as for libc.
    let _ = std::fs::File::open(SERVERS_FILE)
        .and_then(|file| file.take(SERVERS_BYTES_MAX).read_to_string(&mut text));
    let lines: Vec<String> = servers_of(&text).iter().map(IpAddr::to_string).collect();
    Ok(op.scope.string(&lines.join("\n")))
}

/// The servers that a file like resolv.conf names.
fn servers_of(text: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter_map(|address| address.parse().ok())
        .take(SERVERS_MAX)
        .collect();
    if found.is_empty() {
        found.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    found
}

/// `dnsQuery`: sends a question to a server and resolves to its answer, by UDP, and by TCP when it does not fit.
///
/// # Errors
/// `ETIMEOUT` when there is no answer within the time, `ECONNREFUSED` when nobody listens or the connection fails.
pub(crate) fn query<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    op.require_network()?;
    let server = op.text(0)?;
    let server = server
        .parse::<SocketAddr>()
        .or_else(|_| server.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT)))
        .map_err(|_| OpError::type_error(format!("not the address of a name server: {server}")))?;
    let question = op.bytes(1);
    let wait = Duration::from_millis(op.uint(2)).min(WAIT_MAX);
    let context = op.context()?;
    op.promise(async move {
        // The name leaves the machine.
        context.until_durable().await?;
        let failed = |code, text: String| Unsettled::System {
            code,
            text,
            retryable: false,
        };
        match tokio::time::timeout(wait, ask(server, &question)).await {
            Ok(Ok(answer)) => Ok(Settled::Bytes(answer)),
            Ok(Err(error)) => Err(failed("ECONNREFUSED", error.to_string())),
            Err(_) => Err(failed("ETIMEOUT", "no answer in time".to_owned())),
        }
    })
}

async fn ask(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let answer = ask_by_udp(server, question).await?;
    if answer[2] & TRUNCATED == 0 {
        return Ok(answer);
    }
    ask_by_tcp(server, question).await
}

/// Any number of datagrams that answer something else are passed over; the caller bounds the time.
async fn ask_by_udp(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(question).await?;
    let mut bytes = [0; DATAGRAM_BYTES_MAX];
    loop {
        let count = socket.recv(&mut bytes).await?;
        if answers(&bytes[..count], question) {
            return Ok(bytes[..count].to_vec());
        }
    }
}

async fn ask_by_tcp(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    // In one segment, as RFC 7766 asks for.
    let framed = [&length.to_be_bytes()[..], question].concat();
    stream.write_all(&framed).await?;
    let mut answer = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut answer).await?;
    if !answers(&answer, question) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(answer)
}

/// Whether a message answers a question: it has its number.
fn answers(message: &[u8], question: &[u8]) -> bool {
    message.len() > 2
        && message[..2] == question[..2.min(question.len())]
        && message[2] & ANSWER != 0
}

#[cfg(test)]
mod tests {
    use super::{answers, ask, servers_of};
    use std::net::{IpAddr, SocketAddr};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, UdpSocket};

    #[test]
    fn servers_are_the_addresses_behind_their_word() {
        let ips = |text: &str| {
            let found = servers_of(text);
            found.iter().map(IpAddr::to_string).collect::<Vec<_>>()
        };

        let text = "# nameserver 9.9.9.9\nsearch a\nnameserver 1.2.3.4\n  nameserver ::1 # b\nnameserver no\n";
        assert_eq!(ips(text), ["1.2.3.4", "::1"]);
        assert_eq!(ips(""), ["127.0.0.1"]);
    }

    #[test]
    fn an_answer_has_the_number_of_its_question() {
        assert!(answers(&[1, 2, 0x80], &[1, 2, 0]));
        assert!(!answers(&[1, 3, 0x80], &[1, 2, 0]));
        assert!(!answers(&[1, 2, 0], &[1, 2, 0]));
        assert!(!answers(&[1, 2], &[1, 2, 0]));
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_is_asked_for_by_tcp() {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server: SocketAddr = tcp.local_addr().unwrap();
        let udp = UdpSocket::bind(server).await.unwrap();
        let serve = async {
            let mut bytes = [0; 64];
            let (count, from) = udp.recv_from(&mut bytes).await.unwrap();
            assert_eq!(&bytes[..count], [1, 2, 0, 9]);
            // What answers something else is passed over.
            udp.send_to(&[7, 7, 0x80], from).await.unwrap();
            udp.send_to(&[1, 2, 0x82], from).await.unwrap();
            let (mut stream, _) = tcp.accept().await.unwrap();
            let mut asked = [0; 6];
            stream.read_exact(&mut asked).await.unwrap();
            assert_eq!(asked, [0, 4, 1, 2, 0, 9]);
            stream.write_all(&[0, 4, 1, 2, 0x80, 5]).await.unwrap();
        };

        let (answer, ()) = tokio::join!(ask(server, &[1, 2, 0, 9]), serve);

        assert_eq!(answer.unwrap(), [1, 2, 0x80, 5]);
    }
}
