use std::borrow::Cow;

use anyhow::{Result, ensure};

use super::*;

struct Abc;

impl Workload for Abc {
    fn path(&self, number: u64) -> Cow<'static, str> {
        format!("/abc/{number}").into()
    }

    fn check(&mut self, _number: u64, answer: &[u8]) -> Result<()> {
        ensure!(answer == b"abc", "it is not abc");
        Ok(())
    }
}

fn receive(answer: &str) -> Result<Received> {
    let mut abc = Abc;
    HttpLoad::new(&mut abc, 1).receive(0, answer.as_bytes())
}

#[test]
fn an_answer_ends_with_its_last_byte() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";

    assert_eq!(receive(answer).unwrap(), Received::Answer(answer.len()));
    for end in 0..answer.len() {
        assert_eq!(receive(&answer[..end]).unwrap(), Received::Part, "{end}");
    }
}

#[test]
fn a_chunked_answer_ends_with_its_last_chunk() {
    let answer =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";

    assert_eq!(receive(answer).unwrap(), Received::Answer(answer.len()));
    for end in 0..answer.len() {
        assert_eq!(receive(&answer[..end]).unwrap(), Received::Part, "{end}");
    }
}

#[test]
fn what_follows_an_answer_is_left_alone() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcHTTP/1.1";

    assert_eq!(receive(answer).unwrap(), Received::Answer(answer.len() - 8));
}

#[test]
fn a_wrong_answer_is_named_with_its_path() {
    let error = receive("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabd").unwrap_err();

    assert_eq!(
        format!("{error:#}"),
        "/abc/0 is answered with `abd`: it is not abc"
    );
}

#[test]
fn an_error_status_is_a_wrong_answer() {
    let error = receive("HTTP/1.1 500 No\r\ncontent-length: 3\r\n\r\nabc").unwrap_err();

    assert_eq!(
        format!("{error:#}"),
        "/abc/0 is answered with `abc`: the status is 500"
    );
}

#[test]
fn requests_are_numbered_in_the_order_of_sending() {
    let mut abc = Abc;
    let mut load = HttpLoad::new(&mut abc, 2);
    let mut outbox = Vec::new();

    assert!(load.begin(1, &mut outbox));
    assert!(load.begin(0, &mut outbox));

    let sent =
        "GET /abc/0 HTTP/1.1\r\nhost: bench\r\n\r\nGET /abc/1 HTTP/1.1\r\nhost: bench\r\n\r\n";
    assert_eq!(String::from_utf8(outbox).unwrap(), sent);
}
