//! State of one user, and a list over many.

use serde_json::json;
use stated_testkit::{Server, example};

#[test]
fn a_session_is_read_back_and_kept_over_a_crash() {
    let server = Server::start(example("user-session"));

    assert_eq!(server.get("/session?id=s1").status_and_text(), (200, "{}"));
    let login = server.post(
        "/login?id=s1",
        r#"{"userId":"ann","data":{"theme":"dark"}}"#,
    );
    assert_eq!(login.status_and_text(), (200, "Logged in"));
    let expected = r#"{"userId":"ann","data":{"theme":"dark"}}"#;
    assert_eq!(server.get("/session?id=s1").text(), expected);
    assert_eq!(server.get("/session?id=s2").text(), "{}");
    assert_eq!(
        server.get("/logout?id=s1").status_and_text(),
        (404, "Not found")
    );

    let server = server.kill_and_restart();

    assert_eq!(server.get("/session?id=s1").text(), expected);
}

#[test]
fn the_visits_of_an_address_are_counted() {
    let server = Server::start(example("visits"));

    assert_eq!(server.get("/").text(), r#"{"visits":0}"#);
    assert_eq!(server.get("/").text(), r#"{"visits":1}"#);

    let server = server.kill_and_restart();

    assert_eq!(server.get("/").text(), r#"{"visits":2}"#);
}

#[test]
fn the_leaderboard_keeps_the_best_score_and_sorts() {
    let server = Server::start(example("leaderboard"));

    assert_eq!(server.get("/").text(), "[]");
    server.post("/", r#"{"userId":"ann","score":7}"#);
    server.post("/", r#"{"userId":"bob","score":9}"#);
    server.post("/", r#"{"userId":"cid","score":8}"#);
    server.post("/", r#"{"userId":"bob","score":3}"#);

    assert_eq!(
        server.get("/").json(),
        json!([
            { "userId": "bob", "score": 9 },
            { "userId": "cid", "score": 8 },
            { "userId": "ann", "score": 7 },
        ])
    );
    assert_eq!(
        server.get("/?limit=1").text(),
        r#"[{"userId":"bob","score":9}]"#
    );
}

#[test]
fn the_leaderboard_shows_ten_players_unless_asked_for_more() {
    let server = Server::start(example("leaderboard"));

    for score in 1..=11 {
        server.post("/", &format!(r#"{{"userId":"p{score}","score":{score}}}"#));
    }

    assert_eq!(server.get("/").json().as_array().map(Vec::len), Some(10));
    assert_eq!(
        server.get("/?limit=11").json().as_array().map(Vec::len),
        Some(11)
    );
}

#[test]
fn a_setting_is_read_from_the_cache_and_after_a_crash_from_storage() {
    let server = Server::start(example("user-data"));

    assert_eq!(server.get("/ann/theme").text(), r#"{"theme":null}"#);
    let put = server
        .http()
        .request("PUT", "/ann/theme", &[], br#""dark""#);
    assert_eq!(put.status_and_text(), (200, r#"{"theme":"dark"}"#));
    assert_eq!(server.get("/ann/theme").text(), r#"{"theme":"dark"}"#);
    assert_eq!(server.get("/bob/theme").text(), r#"{"theme":null}"#);

    let server = server.kill_and_restart();

    assert_eq!(server.get("/ann/theme").text(), r#"{"theme":"dark"}"#);
}

#[test]
fn objects_use_a_package_for_database_events_and_ai() {
    let server = Server::start(example("platform-services"));

    assert_eq!(
        server.get("/users/ann").text(),
        r#"{"id":"ann","name":"Person ann"}"#
    );
    assert_eq!(
        server.get("/users/ann").text(),
        r#"{"id":"ann","name":"Person ann"}"#
    );
    assert_eq!(
        server.post("/orders/7", r#"{"item":"pen"}"#).json(),
        json!({ "order": { "item": "pen" }, "status": "pending" })
    );
    server.wait_for_output(r#"send Order.created {"item":"pen"}"#);
    assert_eq!(server.post("/conversations/a", "hello").text(), "1: hello");
    assert_eq!(server.post("/conversations/a", "again").text(), "3: again");
    // The second look at the user came from the object's storage.
    let printed = server.output().describe();
    assert_eq!(printed.matches("db.get Person ann").count(), 1, "{printed}");
}
