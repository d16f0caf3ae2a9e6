//! The alarms.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use stated_testkit::{Server, example};

const HOUR_MS: u64 = 60 * 60 * 1000;

#[test]
fn a_reminder_is_printed_when_its_alarm_fires() {
    let server = Server::start(example("reminder"));

    let set = server.post("/", r#"{"message":"tea","delayMs":100}"#);

    assert_eq!(set.status_and_text(), (200, "Reminder set"));
    server.wait_for_output("Reminder: tea");
}

#[test]
fn reminders_fire_in_the_order_of_their_times() {
    let server = Server::start(example("reminder"));

    server.post("/", r#"{"message":"second","delayMs":1500}"#);
    server.post("/", r#"{"message":"first","delayMs":10}"#);

    server.wait_for_output("Reminder: second");
    let printed = server.output().describe();
    assert!(
        printed.find("Reminder: first") < printed.find("Reminder: second"),
        "{printed}"
    );
}

#[test]
fn a_task_is_scheduled_an_hour_ahead_and_can_be_cancelled() {
    let server = Server::start(example("scheduled-task"));

    let before_ms = now_ms();
    let scheduled = server.get("/schedule").json();
    let after_ms = now_ms();

    let at_ms = scheduled["scheduledTime"]
        .as_u64()
        .expect("the answer has the time");
    assert!(
        (before_ms + HOUR_MS..=after_ms + HOUR_MS).contains(&at_ms),
        "{at_ms}"
    );
    assert_eq!(server.get("/cancel").json(), json!({ "cancelled": true }));
    // Without an alarm, cancelling changes nothing and is no error.
    assert_eq!(server.get("/cancel").json(), json!({ "cancelled": true }));
    assert_eq!(server.get("/other").status_and_text(), (404, "Not found"));
}

fn now_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970");
    u64::try_from(now.as_millis()).expect("milliseconds fit for 500 million years")
}
