//! What a crash may take away: nothing that was acknowledged.
//!
//! The server is killed with SIGKILL in the middle of its work and started again on the same data.
//! `STATED_PEER=wrangler` runs the same tests against wrangler.

use std::collections::HashSet;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stated_testkit::{EVENT_DEADLINE, Runtime, Server, example};

#[test]
fn a_crash_among_a_thousand_increments_loses_no_acknowledged_one() {
    let server = Server::start(example("counter"));
    let mut connection = server.http().connect();
    let (acknowledged, receive) = mpsc::channel();
    let client = thread::spawn(move || {
        for expected in 1..=1000_u64 {
            let request = b"GET /increment HTTP/1.1\r\nHost: counter\r\n\r\n";
            let answer = connection
                .try_send(request)
                .and_then(|()| connection.try_read_response("GET"));
            let Ok(answer) = answer else {
                return expected - 1;
            };
            assert_eq!(answer.json(), json!({ "count": expected }));
            acknowledged
                .send(expected)
                .expect("the receiver lives as long as the test");
        }
        1000
    });

    receive
        .iter()
        .find(|count| *count == 300)
        .expect("the client gets as far as 300");
    let launch = server.kill();
    let acknowledged = client.join().expect("every answer was the next number");
    let server = launch.start();

    assert!(
        (300..1000).contains(&acknowledged),
        "the crash came after {acknowledged}"
    );
    let kept = count(&server);
    // One increment may have been committed whose answer was still on its way.
    assert!(
        kept == acknowledged || kept == acknowledged + 1,
        "{acknowledged} became {kept}"
    );
    assert_eq!(
        server.get("/increment").json(),
        json!({ "count": kept + 1 })
    );
}

#[test]
fn three_crashes_under_concurrent_increments_lose_no_acknowledged_one() {
    const CLIENTS: u64 = 8;
    let mut server = Server::start(example("counter"));
    let mut seen = HashSet::new();

    for _ in 0..3 {
        let (acknowledged, receive) = mpsc::channel();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                let (mut connection, acknowledged) =
                    (server.http().connect(), acknowledged.clone());
                thread::spawn(move || {
                    let request = b"GET /increment HTTP/1.1\r\nHost: counter\r\n\r\n";
                    while connection.try_send(request).is_ok() {
                        let Ok(answer) = connection.try_read_response("GET") else {
                            return;
                        };
                        let count = answer.json()["count"]
                            .as_u64()
                            .expect("the answer has a count");
                        acknowledged
                            .send(count)
                            .expect("the receiver lives as long as the test");
                    }
                })
            })
            .collect();
        drop(acknowledged);

        seen.extend(receive.iter().take(100));
        let launch = server.kill();
        seen.extend(receive.iter());
        for client in clients {
            client.join().expect("every answer had a count");
        }
        server = launch.start();

        let kept = count(&server);
        let greatest = seen.iter().copied().max().expect("the clients got answers");
        assert!(
            kept >= greatest,
            "{greatest} was acknowledged and {kept} is kept"
        );
        // Every number was given to one client at most, and each round lost at most one answer
        // for each client.
        assert!(
            kept - seen.len() as u64 <= 3 * CLIENTS,
            "{} answers, {kept} kept",
            seen.len()
        );
    }
}

#[test]
fn a_crash_loses_none_of_many_objects() {
    let server = Server::start(example("counter-rpc"));
    for object in 0..100 {
        let answer = server.get(&format!("/increment?name=n{object}"));
        assert_eq!(
            answer.text(),
            format!("Durable Object 'n{object}' count: 1")
        );
    }

    let server = server.kill_and_restart();

    for object in 0..100 {
        let answer = server.get(&format!("/increment?name=n{object}"));
        assert_eq!(
            answer.text(),
            format!("Durable Object 'n{object}' count: 2")
        );
    }
}

#[test]
fn a_crash_leaves_a_transaction_whole() {
    let server = Server::start(example("inventory"));
    server.post("/restock", r#"{"ink":100000,"pen":100000}"#);
    let mut connection = server.http().connect();
    let (acknowledged, receive) = mpsc::channel();
    let client = thread::spawn(move || {
        let request =
            b"POST /purchase HTTP/1.1\r\nHost: shop\r\nContent-Length: 13\r\n\r\n[\"pen\",\"ink\"]";
        while connection.try_send(request).is_ok() {
            let Ok(answer) = connection.try_read_response("POST") else {
                return;
            };
            acknowledged
                .send(answer.json())
                .expect("the receiver lives as long as the test");
        }
    });

    let at_the_crash = receive
        .iter()
        .nth(100)
        .expect("the client makes a hundred purchases");
    let launch = server.kill();
    client.join().expect("every answer was JSON");
    let server = launch.start();

    let stock = server.get("/").json();
    assert_eq!(stock["stock:pen"], stock["stock:ink"]);
    assert!(
        stock["stock:pen"].as_u64() <= at_the_crash["stock:pen"].as_u64(),
        "{stock}"
    );
}

#[test]
fn a_message_that_was_heard_is_in_the_history_after_a_crash() {
    let server = Server::start(example("chat-room-hibernation"));
    let mut ann = server.web_socket("/rooms/lobby/websocket?user=ann");
    ann.next_json();
    ann.next_json();

    for number in 0..50 {
        ann.send_text(&json!({ "type": "message", "content": number.to_string() }).to_string());
    }
    let heard: Vec<Value> = (0..20).map(|_| ann.next_json()).collect();
    let server = server.kill_and_restart();

    let history = server.get("/rooms/lobby/history").json();
    let history = history.as_array().expect("the history is a list");
    assert!(
        history.len() >= heard.len(),
        "{} heard, {} kept",
        heard.len(),
        history.len()
    );
    assert_eq!(history[..heard.len()], heard);
}

#[test]
fn an_alarm_that_comes_due_while_the_server_is_down_fires_after_the_restart() {
    let server = Server::start(example("reminder"));
    let due = Instant::now() + Duration::from_secs(2);
    server.post("/", r#"{"message":"tea","delayMs":2000}"#);

    let launch = server.kill();
    let_pass(due);
    let server = launch.start();

    server.wait_for_output("Reminder: tea");
}

#[test]
fn an_alarm_that_is_not_yet_due_fires_once_after_a_crash() {
    let server = Server::start(example("reminder"));
    server.post("/", r#"{"message":"tea","delayMs":3000}"#);

    let server = server.kill_and_restart();
    server.wait_for_output("Reminder: tea");
    server.post("/", r#"{"message":"cake","delayMs":500}"#);
    server.wait_for_output("Reminder: cake");

    let printed = server.output().describe();
    assert_eq!(printed.matches("Reminder: tea").count(), 1, "{printed}");
}

#[test]
fn an_alarm_that_has_fired_does_not_fire_again_after_a_crash() {
    let server = Server::start(example("reminder"));
    server.post("/", r#"{"message":"tea","delayMs":10}"#);
    server.wait_for_output("Reminder: tea");
    // An answer of the server after the handler gives the end of the alarm time to be stored.
    server.post("/", r#"{"message":"cake","delayMs":500}"#);
    server.wait_for_output("Reminder: cake");

    let server = server.kill_and_restart();
    server.post("/", r#"{"message":"pie","delayMs":500}"#);
    server.wait_for_output("Reminder: pie");

    let printed = server.output().describe();
    assert_eq!(printed.matches("Reminder: tea").count(), 0, "{printed}");
}

#[test]
fn a_terminated_server_ends_well_and_keeps_everything() {
    let server = Server::start(example("counter"));
    server.get("/increment");
    server.get("/increment");

    let launch = server.launch();
    let exit = server.terminate();
    let server = launch.start();

    // Wrangler's wrapper reports the signal in its own way.
    if Runtime::selected() == Runtime::Stated {
        assert_eq!(exit.code, Some(0), "{}", exit.stderr);
    }
    assert_eq!(count(&server), 2);
}

#[track_caller]
fn count(server: &Server) -> u64 {
    let answer = server.get("/get").json();
    answer["count"]
        .as_u64()
        .unwrap_or_else(|| panic!("no count in {answer}"))
}

/// Waits for a time rather than an event: here the passing of time is the event.
fn let_pass(until: Instant) {
    let wait = until.saturating_duration_since(Instant::now());
    assert!(wait < EVENT_DEADLINE, "{wait:?} is too long for a test");
    let (_nobody_sends, receive) = mpsc::channel::<()>();
    let _timed_out = receive.recv_timeout(wait);
}
