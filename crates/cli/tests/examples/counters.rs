//! The counters and the smallest project.

use stated_testkit::{Server, example};

#[test]
fn the_starter_says_hello_from_a_new_object() {
    let server = Server::start(example("starter"));

    assert_eq!(server.get("/").status_and_text(), (200, "Hello World"));
    assert_eq!(
        server.get("/any/path").status_and_text(),
        (200, "Hello World")
    );
}

#[test]
fn the_counter_counts_and_keeps_its_count_over_a_crash() {
    let server = Server::start(example("counter"));

    assert_eq!(
        server.get("/").status_and_text(),
        (200, "Try /increment or /get\n")
    );
    assert_eq!(
        server.get("/get").status_and_text(),
        (200, r#"{"count":0}"#)
    );
    assert_eq!(
        server.get("/increment").status_and_text(),
        (200, r#"{"count":1}"#)
    );
    assert_eq!(
        server.post("/increment", "").status_and_text(),
        (200, r#"{"count":2}"#)
    );
    assert_eq!(
        server.get("/get").status_and_text(),
        (200, r#"{"count":2}"#)
    );
    assert_eq!(server.get("/other").status_and_text(), (404, "Not found"));

    let server = server.kill_and_restart();

    assert_eq!(
        server.get("/get").status_and_text(),
        (200, r#"{"count":2}"#)
    );
}

#[test]
fn a_response_made_of_a_string_is_plain_text() {
    let server = Server::start(example("counter"));

    let response = server.get("/get");

    assert_eq!(
        response.header("content-type"),
        Some("text/plain;charset=UTF-8")
    );
    assert_eq!(response.header("content-length"), Some("11"));
}

#[test]
fn one_connection_carries_many_requests() {
    let server = Server::start(example("counter"));
    let mut connection = server.http().connect();

    for count in 1..=10 {
        let response = connection.request("GET", "/increment", &[], b"");
        assert_eq!(response.text(), format!(r#"{{"count":{count}}}"#));
    }
}

#[test]
fn the_global_counter_answers_json() {
    let server = Server::start(example("counter-global"));

    let response = server.get("/increment");

    assert_eq!(response.status_and_text(), (200, r#"{"count":1}"#));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(
        server.get("/get").status_and_text(),
        (200, r#"{"count":1}"#)
    );
    assert_eq!(server.get("/reset").status_and_text(), (404, "Not found"));
}

#[test]
fn the_counter_with_reset_starts_again_at_one() {
    let server = Server::start(example("counter-reset"));

    assert_eq!(
        server.post("/counters/apples/increment", "").text(),
        r#"{"count":1}"#
    );
    assert_eq!(
        server.post("/counters/apples/increment", "").text(),
        r#"{"count":2}"#
    );
    assert_eq!(server.get("/counters/pears").text(), r#"{"count":0}"#);
    assert_eq!(
        server.post("/counters/apples/reset", "").text(),
        r#"{"count":0}"#
    );
    assert_eq!(server.get("/counters/apples").text(), r#"{"count":0}"#);
    assert_eq!(
        server.post("/counters/apples/increment", "").text(),
        r#"{"count":1}"#
    );
    assert_eq!(server.get("/").status_and_text(), (404, "404 Not Found"));
}

#[test]
fn the_counter_in_memory_forgets_at_a_restart() {
    let server = Server::start(example("counter-memory"));

    assert_eq!(server.get("/?name=A").text(), "Counter incremented to 1");
    assert_eq!(server.get("/?name=A").text(), "Counter incremented to 2");
    assert_eq!(server.get("/?name=B").text(), "Counter incremented to 1");

    let server = server.kill_and_restart();

    assert_eq!(server.get("/?name=A").text(), "Counter incremented to 1");
}

#[test]
fn the_rpc_counter_keeps_one_count_for_each_name() {
    let server = Server::start(example("counter-rpc"));

    assert_eq!(
        server.get("/").status_and_text(),
        (
            200,
            "Select a Durable Object to contact by using the `name` URL query string parameter, \
             for example, ?name=A"
        )
    );
    assert_eq!(
        server.get("/increment?name=A").text(),
        "Durable Object 'A' count: 1"
    );
    assert_eq!(
        server.get("/increment?name=A").text(),
        "Durable Object 'A' count: 2"
    );
    assert_eq!(
        server.get("/increment?name=B").text(),
        "Durable Object 'B' count: 1"
    );
    assert_eq!(
        server.get("/other?name=A").status_and_text(),
        (404, "Not found")
    );

    let server = server.kill_and_restart();

    assert_eq!(
        server.get("/increment?name=A").text(),
        "Durable Object 'A' count: 3"
    );
}

#[test]
fn the_sql_counter_keeps_its_row_over_a_crash() {
    let server = Server::start(example("counter-sql"));

    assert_eq!(server.get("/").status_and_text(), (200, "Count: 1"));
    assert_eq!(server.get("/").status_and_text(), (200, "Count: 2"));

    let server = server.kill_and_restart();

    assert_eq!(server.get("/").status_and_text(), (200, "Count: 3"));
}

#[test]
fn the_hono_counter_counts_both_ways() {
    let server = Server::start(example("counter-hono"));

    assert_eq!(server.get("/card-1/value").text(), r#"{"value":0}"#);
    assert_eq!(
        server.post("/card-1/increment", "").text(),
        r#"{"value":1}"#
    );
    assert_eq!(
        server.post("/card-1/increment", "").text(),
        r#"{"value":2}"#
    );
    assert_eq!(
        server.post("/card-2/decrement", "").text(),
        r#"{"value":-1}"#
    );
    assert_eq!(server.get("/card-1/value").text(), r#"{"value":2}"#);
    assert_eq!(server.get("/card-1/increment").status, 404);

    let page = server.get("/");
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=UTF-8")
    );
    assert!(
        page.text().contains(r#"<section data-name="card-2">"#),
        "{}",
        page.text()
    );
}

#[test]
fn the_hono_counter_refuses_the_twenty_first_write_of_an_address() {
    let server = Server::start(example("counter-hono"));

    for value in 1..=20 {
        let response = server.post("/card-1/increment", "");
        assert_eq!(response.text(), format!(r#"{{"value":{value}}}"#));
    }
    let refused = server.post("/card-2/increment", "");

    assert_eq!(
        refused.status_and_text(),
        (429, r#"{"error":"Too many requests"}"#)
    );
    let wait_s: u64 = refused
        .header("retry-after")
        .expect("a refusal says when")
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait_s), "retry-after is {wait_s}");
    assert_eq!(server.get("/card-1/value").text(), r#"{"value":20}"#);
}
