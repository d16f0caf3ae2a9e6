//! Alarms of many objects on one server.

use std::time::{Duration, Instant};

use serde_json::json;
use stated_testkit::{Launch, Runtime, fixture};

/// Less than the time after which the scheduler looks without a reason.
const PATIENCE: Duration = Duration::from_secs(15);
const BELLS: u64 = 200;

/// An alarm that became due while the end of another was noted once waited for 30 s.
#[test]
fn alarms_that_are_due_one_after_another_come_all_and_none_early() {
    let server = Launch::of(Runtime::Stated, fixture("alarms")).start();
    for round in 0..3 {
        let from = round * BELLS;
        server.get(&format!("/arm?from={from}&count={BELLS}"));
        let end = Instant::now() + PATIENCE;

        let mut heard = json!(null);
        while heard != json!({ "rung": from + BELLS, "early": 0 }) {
            assert!(Instant::now() < end, "round {round}: {heard}");
            heard = server.get("/heard").json();
        }
    }
}
