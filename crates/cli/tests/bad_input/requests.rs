//! Requests that no good client sends.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::json;
use stated_testkit::runtime::stated_binary;
use stated_testkit::{HttpClient, fixture};

use crate::{hostile, hostile_in_stated, serves_and_remembers};

#[test]
fn what_is_not_http_gets_400_and_a_closed_connection() {
    let mut server = hostile_in_stated();
    let client_hello = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03";

    for bytes in [
        &b"GARBAGE\r\n\r\n"[..],
        b"\r\n\r\n\0\0\0\0\r\n\r\n",
        b"GET /ok\r\n\r\n",
        b"GET /ok HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /ok with spaces HTTP/1.1\r\nHost: a\r\n\r\n",
        client_hello,
    ] {
        refused(&server, bytes, "HTTP/1.1 400 Bad Request\r\n");
    }

    serves_and_remembers(&mut server);
}

#[test]
fn a_malformed_head_gets_400_and_a_closed_connection() {
    let mut server = hostile_in_stated();

    for fields in [
        "",
        "Host: a\r\nHost: b\r\n",
        "Host: a\r\nX-Test : 1\r\n",
        "Host: a\r\nX Test: 1\r\n",
        "Host: a\r\nX-Test: \0\r\n",
        "Host: a\r\nno colon\r\n",
        "Host: a\r\nContent-Length: abc\r\n",
        "Host: a\r\nContent-Length: -1\r\n",
        "Host: a\r\nContent-Length: 99999999999999999999999999\r\n",
        "Host: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        "Host: a\r\nTransfer-Encoding: chunked, gzip\r\n",
        "Host: a/../b\r\n",
    ] {
        let request = format!("GET /ok HTTP/1.1\r\n{fields}\r\n");
        refused(&server, request.as_bytes(), "HTTP/1.1 400 Bad Request\r\n");
    }

    serves_and_remembers(&mut server);
}

#[test]
fn a_malformed_chunk_fails_the_body_and_not_the_server() {
    let mut server = hostile_in_stated();
    let request = b"POST /length HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n";

    let answer = server.http().raw(request);

    let answer = String::from_utf8_lossy(&answer);
    let status = answer.get(9..12);
    assert!(matches!(status, Some("400" | "500")), "{answer}");
    serves_and_remembers(&mut server);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_body_does_no_harm() {
    let mut server = hostile();

    for _ in 0..20 {
        let mut connection = server.http().connect();
        connection.send(b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
    }

    serves_and_remembers(&mut server);
}

#[test]
fn a_head_that_is_too_large_gets_431() {
    let mut server = hostile_in_stated();
    let one_field = format!("X-Bomb: {}\r\n", "a".repeat(200 * 1024));
    let many_fields: String = (0..10_000).map(|i| format!("X-{i}: {i}\r\n")).collect();
    let target = "a".repeat(200 * 1024);

    for request in [
        format!("GET /ok HTTP/1.1\r\nHost: a\r\n{one_field}\r\n"),
        format!("GET /ok HTTP/1.1\r\nHost: a\r\n{many_fields}\r\n"),
        format!("GET /ok?{target} HTTP/1.1\r\nHost: a\r\n\r\n"),
    ] {
        let answer = server.http().raw(request.as_bytes());
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n")
                || answer.starts_with("HTTP/1.1 414 URI Too Long\r\n"),
            "{answer}"
        );
    }

    serves_and_remembers(&mut server);
}

#[test]
fn a_body_of_a_hundred_mebibytes_is_echoed() {
    const LENGTH: usize = 100 * 1024 * 1024;
    let mut server = hostile_in_stated();
    let mut connection = server.http().connect();
    let mut sender = connection.sender();
    let block: Vec<u8> = (0..1024 * 1024_u32).map(|i| (i % 251) as u8).collect();

    let to_send = block.clone();
    let writer = thread::spawn(move || {
        let head = format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {LENGTH}\r\n\r\n");
        sender.write_all(head.as_bytes())?;
        (0..100).try_for_each(|_| sender.write_all(&to_send))
    });
    let echo = connection.read_response("POST");

    writer
        .join()
        .expect("the writer does not panic")
        .expect("the server reads all of it");
    assert_eq!((echo.status, echo.body.len()), (200, LENGTH));
    assert!(
        echo.body.chunks(block.len()).all(|part| part == block),
        "the echo differs"
    );
    serves_and_remembers(&mut server);
}

#[test]
fn a_body_of_more_than_a_hundred_mebibytes_gets_413() {
    let mut server = hostile_in_stated();
    let length = 100 * 1024 * 1024 + 1;

    let mut connection = server.http().connect();
    connection.send(
        format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n").as_bytes(),
    );
    let refused = connection.read_response("POST");

    assert_eq!(refused.status, 413);
    assert_eq!(
        refused.text(),
        "request body is larger than the limit of 104857600 bytes"
    );
    serves_and_remembers(&mut server);
}

#[test]
fn invalid_utf8_in_a_body_becomes_replacement_characters() {
    let mut server = hostile();

    let text = server.http().request("POST", "/text", &[], b"a\xFF\xC3");
    let json = server
        .http()
        .request("POST", "/json", &[], b"{\"a\":\"\xFF\"}");

    assert_eq!(text.json(), json!([0x61, 0xFFFD, 0xFFFD]));
    assert_eq!(json.json(), json!({ "value": { "a": "\u{FFFD}" } }));
    serves_and_remembers(&mut server);
}

#[test]
fn invalid_utf8_in_a_header_becomes_replacement_characters() {
    let mut server = hostile();

    let mut connection = server.http().connect();
    connection.send(b"GET /header HTTP/1.1\r\nHost: a\r\nX-Test: \xFF\xC3\xA9\r\n\r\n");
    let answer = connection.read_response("GET");

    assert_eq!(answer.status_and_text(), (200, "[65533,233]"));
    serves_and_remembers(&mut server);
}

#[test]
fn percent_escapes_that_are_no_utf8_reach_the_program_as_they_are() {
    let mut server = hostile();

    assert_eq!(
        server.get("/search?q=%ff%41").status_and_text(),
        (200, "?q=%ff%41")
    );
    serves_and_remembers(&mut server);
}

#[test]
fn a_json_body_that_breaks_off_is_a_syntax_error_of_the_program() {
    let mut server = hostile();

    let answer = server.post("/json", r#"{"a":"#);

    assert_eq!(answer.json()["name"], json!("SyntaxError"));
    serves_and_remembers(&mut server);
}

#[test]
fn an_upgrade_that_is_no_websocket_handshake_is_an_ordinary_request() {
    let mut server = hostile();

    let answer = server.http().request(
        "GET",
        "/ok",
        &[("Connection", "Upgrade"), ("Upgrade", "h2c, nonsense")],
        b"",
    );

    assert_eq!(answer.status_and_text(), (200, "ok"));
    serves_and_remembers(&mut server);
}

#[track_caller]
fn refused(server: &stated_testkit::Server, request: &[u8], start: &str) {
    let answer = server.http().raw(request);
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.starts_with(start),
        "`{}` was answered with `{answer}`",
        String::from_utf8_lossy(request)
    );
}

#[test]
fn a_reader_of_the_log_that_stops_reading_does_not_stop_the_server() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(stated_binary());
    command
        .args([
            "serve",
            "--port",
            "0",
            "--internal-port",
            "0",
            "--shards",
            "1",
        ])
        .arg("--persist-to")
        .arg(data.path())
        .arg(fixture("hostile"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = log.find_map(|line| {
        line.unwrap()
            .strip_prefix("Ready on http://")
            .map(str::to_owned)
    });
    let client = HttpClient::new(ready.unwrap().parse().unwrap());

    // Several times what a pipe holds.
    let path = format!("/ok?{}", "x".repeat(8000));
    for _ in 0..50 {
        let answer = client.request("GET", &path, &[], b"");
        assert_eq!(answer.status_and_text(), (200, "ok"));
    }

    let read = log
        .by_ref()
        .take(50)
        .filter(|line| line.as_ref().unwrap().starts_with("GET /ok"));
    assert_eq!(read.count(), 50);
    child.kill().unwrap();
    child.wait().unwrap();
}
