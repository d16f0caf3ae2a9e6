//! Clients of databases as they are on npm, over TCP: `pg` and `ioredis` and `redis` by Node's `net`, `postgres` by
//! `cloudflare:sockets`. The servers are imitations that know a handful of messages.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};
use stated_testkit::{Server, fixture};

/// Serves every connection with `serve`, for as long as the test runs; returns the port.
fn imitate(serve: fn(TcpStream) -> std::io::Result<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is no matter.
            thread::spawn(move || serve(stream).ok());
        }
    });
    port
}

/// A server of PostgreSQL's protocol that trusts everybody and knows two queries.
///
/// Source: <https://www.postgresql.org/docs/current/protocol-message-formats.html>
fn postgres(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    startup(&mut reader)?;
    let mut out = message(b'R', &0_i32.to_be_bytes());
    out.extend(message(b'S', b"server_version\x0017.0\0"));
    out.extend(message(b'K', &[0; 8]));
    out.extend(message(b'Z', b"I"));
    stream.write_all(&out)?;
    let mut query = Vec::new();
    loop {
        let mut kind = [0];
        reader.read_exact(&mut kind)?;
        let body = body(&mut reader)?;
        let known = |query: &[u8]| query.windows(6).any(|part| part == b"answer");
        let out = match kind[0] {
            b'Q' => [description(), result(known(&body)), message(b'Z', b"I")].concat(),
            b'P' => {
                query = body;
                message(b'1', b"")
            }
            b'B' => message(b'2', b""),
            b'D' if body[0] == b'S' => [message(b't', &[0, 0]), description()].concat(),
            b'D' => description(),
            b'E' => result(known(&query)),
            b'S' => message(b'Z', b"I"),
            b'X' => return Ok(()),
            _ => Vec::new(),
        };
        stream.write_all(&out)?;
    }
}

/// The first message has no kind. A wish for TLS would come before it.
fn startup(reader: &mut impl Read) -> std::io::Result<()> {
    body(reader).map(drop)
}

fn body(reader: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    let mut body = vec![0; length.saturating_sub(4)];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("it is short");
    [&[kind], &length.to_be_bytes()[..], body].concat()
}

/// One column, `answer`, of type int4 as text.
fn description() -> Vec<u8> {
    let rest = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4, 0xff, 0xff, 0xff, 0xff, 0, 0,
    ];
    message(b'T', &[&[0, 1], &b"answer\0"[..], &rest].concat())
}

/// One row with 42, or an error.
fn result(known: bool) -> Vec<u8> {
    if known {
        [
            message(b'D', &[&[0, 1, 0, 0, 0, 2], &b"42"[..]].concat()),
            message(b'C', b"SELECT 1\0"),
        ]
        .concat()
    } else {
        message(
            b'E',
            b"SERROR\0VERROR\0C42703\0Mcolumn \"nothing\" does not exist\0\0",
        )
    }
}

/// A server of Redis's protocol that knows SET and GET, and agrees to anything else.
fn redis(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut kept = HashMap::new();
    loop {
        let count = number(&mut reader)?;
        let mut words = Vec::new();
        for _ in 0..count {
            let mut word = vec![0; number(&mut reader)? + 2];
            reader.read_exact(&mut word)?;
            word.truncate(word.len() - 2);
            words.push(word);
        }
        let out = match (words[0].to_ascii_uppercase().as_slice(), words.get(1)) {
            (b"SET", Some(key)) => {
                kept.insert(key.clone(), words[2].clone());
                b"+OK\r\n".to_vec()
            }
            (b"GET", Some(key)) => match kept.get(key) {
                Some(value) => {
                    let head = format!("${}\r\n", value.len());
                    [head.as_bytes(), value, b"\r\n"].concat()
                }
                None => b"$-1\r\n".to_vec(),
            },
            _ => b"+OK\r\n".to_vec(),
        };
        stream.write_all(&out)?;
    }
}

/// The number in a line like `*3` or `$5`.
fn number(reader: &mut impl BufRead) -> std::io::Result<usize> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let digits = line.get(1..).map(str::trim);
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| std::io::ErrorKind::UnexpectedEof.into())
}

#[track_caller]
fn answer(server: &Server, client: &str, port: u16) -> Value {
    let response = server.get(&format!("/{client}/{port}"));
    assert_eq!(response.status, 200, "{client}: {}", response.text());
    response.json()
}

#[test]
fn clients_of_databases_connect_ask_and_end() {
    let server = Server::start(fixture("databases"));
    let (postgres, redis) = (imitate(postgres), imitate(redis));

    for client in ["pg", "postgres"] {
        assert_eq!(
            answer(&server, client, postgres),
            json!({ "rows": [{ "answer": 42 }], "refused": ["42703", "column \"nothing\" does not exist"] }),
            "{client}"
        );
    }
    for client in ["ioredis", "redis"] {
        assert_eq!(
            answer(&server, client, redis),
            json!(["a value", null]),
            "{client}"
        );
    }
}
