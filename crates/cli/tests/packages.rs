//! npm packages as they are: two projects that use them, bundled, started, and asked over HTTP
//! and WebSocket. The table in docs/packages.md says the same.

use serde_json::{Value, json};
use stated_testkit::{Server, WebSocketClient, fixture};

fn start() -> Server {
    Server::start(fixture("packages"))
}

#[track_caller]
fn answer(server: &Server, path: &str) -> Value {
    let response = server.get(path);
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    response.json()
}

#[test]
fn itty_router_routes_with_parameters_queries_and_errors() {
    let server = start();

    assert_eq!(
        answer(&server, "/itty/ann?x=1"),
        json!({ "hello": "ann", "query": { "x": "1" } })
    );
    assert_eq!(
        server.get("/itty-error").status_and_text(),
        (418, r#"{"status":418,"error":"a teapot"}"#)
    );
    assert_eq!(
        server.get("/nowhere").status_and_text(),
        (404, r#"{"status":404,"error":"Not Found"}"#)
    );
}

#[test]
fn nanoid_makes_ids_of_the_asked_length_and_alphabet() {
    assert_eq!(
        answer(&start(), "/nanoid"),
        json!({ "length": 10, "unique": 1000, "alphabet": true })
    );
}

#[test]
fn zod_parses_and_tells_what_is_wrong() {
    assert_eq!(
        answer(&start(), "/zod"),
        json!({
            "parsed": { "name": "Ann", "age": 42, "tags": ["a"] },
            "issues": ["too_small name", "invalid_type age", "invalid_value tags.0"],
        })
    );
}

#[test]
fn date_fns_knows_months_locales_and_time_zones() {
    assert_eq!(
        answer(&start(), "/date-fns"),
        json!({
            "added": "2026-02-28T12:00:00.000Z",
            "distance": "29 days",
            "german": "Samstag, 31. Januar 2026",
            "hours": 23,
            "newYork": "2026-01-31 07:00 -05:00",
            "intl": "2026年1月31日土曜日",
        })
    );
}

#[test]
fn noble_hashes_agree_with_published_vectors() {
    assert_eq!(
        answer(&start(), "/noble-hashes"),
        json!({
            "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "blake3": "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            "hmac": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        })
    );
}

#[test]
fn jose_signs_and_seals_with_every_algorithm_and_refuses_what_is_forged() {
    assert_eq!(
        answer(&start(), "/jose"),
        json!({
            "token": "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYWRtaW4iLCJzdWIiOiJhbm4iLCJpYXQiOjE3MDAwMDAwMDB9\
                      .HnHLx9EssUuPI0QQU_ZHrQxfobnUH1iZZ-gbLIztInc",
            "header": { "alg": "HS256" },
            "payload": { "role": "admin", "sub": "ann", "iat": 1_700_000_000 },
            "decoded": "ann",
            "base64": "w6k",
            "refusals": [
                "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED", "ERR_JWT_EXPIRED",
                "ERR_JWT_CLAIM_VALIDATION_FAILED", "ERR_JOSE_ALG_NOT_ALLOWED",
            ],
            "signed": ["ann one ERR_JWS_SIGNATURE_VERIFICATION_FAILED"],
            "sealed": ["a message admin ERR_JWE_DECRYPTION_FAILED"],
        })
    );
}

#[test]
fn drizzle_migrates_joins_and_rolls_back_on_an_objects_storage() {
    let expected = |customers: Value, total: u32, orders: usize| {
        let order = |cents: u32| json!({ "name": "Ann", "cents": cents, "placed": "2023-11-14T22:13:20.000Z" });
        let joined: Vec<_> = [250, 150]
            .into_iter()
            .flat_map(|cents| vec![order(cents); orders])
            .collect();
        json!({ "joined": joined, "total": total, "customers": customers, "rolledBack": "TransactionRollbackError" })
    };
    let server = start();

    assert_eq!(
        answer(&server, "/drizzle"),
        expected(json!(["Ann"]), 400, 1)
    );

    // The migration is not run a second time.
    let server = server.kill_and_restart();
    assert_eq!(
        answer(&server, "/drizzle"),
        expected(json!(["Ann", "Ann"]), 800, 2)
    );
}

#[test]
fn kysely_builds_queries_for_an_objects_storage() {
    assert_eq!(
        answer(&start(), "/kysely"),
        json!({
            "adults": [{ "name": "Ann", "double": 80 }, { "name": "Cy", "double": 62 }],
            "columns": ["id", "name", "age"],
        })
    );
}

#[test]
fn a_partyserver_room_greets_broadcasts_and_counts() {
    let server = start();
    let mut ann = server.web_socket("/parties/party/lobby?_pk=ann");
    ann.expect_text("welcome to lobby");
    let mut bob = server.web_socket("/parties/party/lobby?_pk=bob");
    bob.expect_text("welcome to lobby");

    ann.send_text("hi");
    ann.expect_text("said");
    bob.expect_text("ann said hi (1)");
    ann.send_text("again");
    bob.expect_text("ann said again (2)");

    assert_eq!(
        answer(&server, "/parties/party/lobby"),
        json!({ "connections": 2 })
    );
    assert_eq!(
        answer(&server, "/parties/party/empty"),
        json!({ "connections": 0 })
    );
}

#[test]
fn yjs_clients_of_a_y_partyserver_document_converge() {
    let server = start();
    let expected = json!({ "same": true, "words": "before one two" });

    assert_eq!(answer(&server, "/yjs"), expected);
}

/// The next message of an agent's client that is a state.
#[track_caller]
fn next_state(client: &mut WebSocketClient) -> Value {
    loop {
        let message = client.next_json();
        if message["type"] == "cf_agent_state" {
            return message["state"].clone();
        }
    }
}

#[test]
fn an_agent_keeps_its_state_runs_its_schedule_and_tells_its_clients() {
    let server = Server::start(fixture("agents"));
    assert_eq!(
        answer(&server, "/agents/counter/one/add"),
        json!({ "count": 1, "scheduled": 0, "three": 3 })
    );
    let mut ann = server.web_socket("/agents/counter/one");
    let mut bob = server.web_socket("/agents/counter/one");
    assert_eq!(next_state(&mut ann), json!({ "count": 1 }));
    assert_eq!(next_state(&mut bob), json!({ "count": 1 }));

    ann.send_text(r#"{"type":"cf_agent_state","state":{"count":5}}"#);
    assert_eq!(next_state(&mut bob), json!({ "count": 5 }));

    assert_eq!(
        answer(&server, "/agents/counter/one/schedule"),
        json!({ "count": 5, "scheduled": 1, "three": 3 })
    );
    assert_eq!(next_state(&mut bob), json!({ "count": 15 }));

    let server = server.kill_and_restart();
    assert_eq!(
        answer(&server, "/agents/counter/one/get"),
        json!({ "count": 15, "scheduled": 0, "three": 3 })
    );
}
