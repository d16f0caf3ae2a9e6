//! What becomes of stored data over the life of a project.

use serde_json::{Value, json};
use stated_testkit::{Launch, Runtime, Server, fixture};

fn call(server: &Server, method: &str, arguments: &Value) -> Value {
    server
        .post(&format!("/{method}"), &arguments.to_string())
        .json()
}

#[test]
fn a_class_that_moves_to_sqlite_keeps_its_data() {
    let server = Launch::of(Runtime::Stated, fixture("moved-class/key-value")).start();
    let alarm = 9_000_000_000_000_u64;
    call(&server, "put", &json!(["greeting", { "text": "hello" }]));
    call(&server, "setAlarm", &json!([alarm]));
    let refused = call(&server, "sql", &json!(["SELECT 1"]));
    assert!(
        refused["error"]
            .as_str()
            .expect("it is refused")
            .starts_with("SQL is not enabled for this Durable Object class."),
        "{refused}"
    );
    let data = server.data().to_owned();
    // Keeps the data.
    let _launch = server.kill();

    let server = Launch::of(Runtime::Stated, fixture("moved-class/sqlite"))
        .persist_to(data)
        .start();

    let greeting = json!({ "text": "hello" });
    assert_eq!(
        call(&server, "all", &json!([])),
        json!({ "greeting": greeting })
    );
    assert_eq!(call(&server, "sync", &json!(["greeting"])), greeting);
    assert_eq!(call(&server, "alarmTime", &json!([])), alarm);
    call(
        &server,
        "sql",
        &json!(["CREATE TABLE t (x); INSERT INTO t VALUES (1)"]),
    );
    assert_eq!(
        call(&server, "sql", &json!(["SELECT x FROM t"])),
        json!([{ "x": 1 }])
    );
    let long = "k".repeat(3000);
    assert_eq!(
        call(&server, "put", &json!([long, 1])),
        json!(null),
        "no limit of keys"
    );
}
