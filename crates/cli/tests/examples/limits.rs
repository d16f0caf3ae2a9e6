//! The rate limiters.

use stated_testkit::{Server, example};

#[test]
fn the_rate_limiter_lets_a_hundred_requests_through_and_refuses_the_next() {
    let server = Server::start(example("rate-limiter"));
    let mut connection = server.http().connect();

    for remaining in (0..100).rev() {
        let response = connection.request("GET", "/api/hello", &[], b"");
        assert_eq!(response.status_and_text(), (200, "Hello"));
        assert_eq!(response.header("x-ratelimit-limit"), Some("100"));
        assert_eq!(
            response.header("x-ratelimit-remaining"),
            Some(&*remaining.to_string())
        );
    }
    let refused = connection.request("GET", "/api/hello", &[], b"");

    assert_eq!(
        refused.status_and_text(),
        (429, r#"{"error":"Rate limit exceeded"}"#)
    );
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
    let wait_s: u64 = refused
        .header("retry-after")
        .expect("a refusal says when")
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait_s), "retry-after is {wait_s}");
    assert_eq!(server.get("/other").status, 404);
}

#[test]
fn the_rate_limiter_remembers_over_a_crash() {
    let server = Server::start(example("rate-limiter"));
    assert_eq!(
        server.get("/api/hello").header("x-ratelimit-remaining"),
        Some("99")
    );

    let server = server.kill_and_restart();

    assert_eq!(
        server.get("/api/hello").header("x-ratelimit-remaining"),
        Some("98")
    );
}

#[test]
fn the_rate_limiter_called_by_rpc_counts_each_user_alone() {
    let server = Server::start(example("rate-limiter-rpc"));

    for _ in 0..3 {
        assert_eq!(server.get("/?user=ann").status_and_text(), (200, "OK"));
    }
    assert_eq!(
        server.get("/?user=ann").status_and_text(),
        (429, "Rate limit exceeded")
    );
    assert_eq!(server.get("/?user=bob").status_and_text(), (200, "OK"));
}
