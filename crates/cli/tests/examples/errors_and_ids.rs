//! Errors caught on both sides, and the ways to make an id.

use serde_json::{Value, json};
use stated_testkit::{Server, example};

#[test]
fn an_error_of_the_object_reaches_the_caller_as_an_error() {
    let server = Server::start(example("safe-errors"));

    assert_eq!(
        server.get("/opera").status_and_text(),
        (200, r#"{"success":true}"#)
    );
    assert_eq!(
        server.get("/opera").status_and_text(),
        (200, r#"{"success":true}"#)
    );
    assert_eq!(
        server.get("/opera").status_and_text(),
        (502, r#"{"error":"Sold out"}"#)
    );
    assert_eq!(
        server.get("/cinema").status_and_text(),
        (200, r#"{"success":true}"#)
    );
    server.wait_for_output("DO call failed:");
}

#[test]
fn a_name_gives_the_same_id_for_ever() {
    let server = Server::start(example("id-strategies"));

    let first = server.get("/user").json();
    let again = server.get("/user").json();
    let room = server.get("/rooms/lobby").json();

    // Derived from the worker's name, the class and the object's name, as in wrangler.
    let user_id = "6e1929cbca6940b411f5ca888084221ec108db3914bf96fdd872cd9503123fb0";
    assert_eq!(
        first,
        json!({ "id": user_id, "name": "user-123", "calls": 1 })
    );
    assert_eq!(
        again,
        json!({ "id": user_id, "name": "user-123", "calls": 2 })
    );
    let room_id = "16c279e426877fd7f7e8f54a3440bc6e01e0e53efcca1afb5b5991376306dadc";
    assert_eq!(
        room,
        json!({ "id": room_id, "name": "room:lobby", "calls": 1 })
    );
}

#[test]
fn a_new_id_is_unique_and_its_string_leads_back_to_the_object() {
    let server = Server::start(example("id-strategies"));

    let one = server.get("/new").json();
    let other = server.get("/new").json();
    assert_eq!((&one["name"], &one["calls"]), (&Value::Null, &json!(1)));
    assert_ne!(one["id"], other["id"]);

    let server = server.kill_and_restart();

    let id = one["id"].as_str().expect("the id is a string");
    let saved = server.get(&format!("/saved/{id}"));
    assert_eq!(saved.json(), json!({ "id": id, "name": null, "calls": 2 }));
}

#[test]
fn a_string_that_is_no_id_of_the_namespace_is_refused() {
    let server = Server::start(example("id-strategies"));

    let short = server.get("/saved/3fa9");
    let foreign = server.get(&format!("/saved/{}", "0".repeat(64)));

    assert_eq!(
        short.json(),
        json!({ "error": "TypeError: Invalid Durable Object ID: must be 64 hex digits" })
    );
    assert_eq!(
        foreign.json(),
        json!({ "error": "TypeError: Durable Object ID is not valid for this namespace." })
    );
}

#[test]
fn a_jurisdiction_is_refused_where_there_is_none() {
    let server = Server::start(example("id-strategies"));

    let refused = server.get("/eu");

    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.json(),
        json!({ "error": "Error: Jurisdiction restrictions are not implemented in workerd." })
    );
}
