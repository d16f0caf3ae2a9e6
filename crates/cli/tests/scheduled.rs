//! Scheduled events, and the small bindings: version metadata, rate limits, products that do not exist here.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use stated_testkit::{Copy, Launch, Runtime, Server, fixture};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.expect("now is after 1970").as_millis()).expect("it fits")
}

fn launch() -> Launch {
    Launch::of(Runtime::Stated, fixture("scheduled"))
}

fn serve(launch: Launch) -> Launch {
    launch.command("serve").argument("--internal-port=0")
}

#[test]
fn a_developer_triggers_scheduled_events_by_hand() {
    let server = launch().start();
    let trigger = |path: &str| {
        let response = server.get(path);
        (response.status, response.text().to_owned())
    };

    assert_eq!(
        trigger("/__scheduled?cron=*/5+*+*+*+*&time=1700000000000"),
        (200, "Ran scheduled event".to_owned())
    );
    // The answer came after what waitUntil was given.
    assert_eq!(
        server.get("/entries").json(),
        json!([{ "cron": "*/5 * * * *", "scheduledTime": 1_700_000_000_000_u64 }])
    );
    assert_eq!(
        trigger("/cdn-cgi/handler/scheduled"),
        (200, "ok".to_owned())
    );
    assert_eq!(
        server.get("/cdn-cgi/local/scheduled?format=json").json(),
        json!({ "outcome": "ok", "noRetry": false })
    );
    assert_eq!(
        trigger("/cdn-cgi/handler/scheduled?cron=fails"),
        (500, "exception".to_owned())
    );
    assert_eq!(
        trigger("/cdn-cgi/handler/scheduled?cron=fails+later"),
        (500, "exception".to_owned())
    );
    server.wait_for_output("scheduled \"*/5 * * * *\" ok ");
    server.wait_for_output("scheduled \"fails\" exception ");
    server.wait_for_output("Uncaught Error: no luck");
    server.wait_for_output("Uncaught Error: no luck later");
    assert_eq!(
        server.get("/self?cron=mine").json(),
        json!({ "outcome": "ok", "noRetry": false })
    );
    assert_eq!(
        server.get("/self?cron=fails").json(),
        json!({ "outcome": "exception", "noRetry": false })
    );
    let entries = server.get("/entries").json();
    let last = entries.as_array().and_then(|all| all.last());
    assert_eq!(last, Some(&json!({ "cron": "mine", "scheduledTime": 5 })));
}

#[test]
fn users_trigger_nothing() {
    let server = serve(launch()).start();

    for path in [
        "/__scheduled",
        "/cdn-cgi/handler/scheduled",
        "/cdn-cgi/local/scheduled",
    ] {
        assert_eq!(
            server.get(path).status_and_text(),
            (404, "the program's"),
            "{path}"
        );
    }
    assert_eq!(server.get("/entries").json(), json!([]));
}

/// A daily expression that occurred three minutes ago, and when that was.
fn recent() -> (String, u64) {
    let at_ms = (now_ms() / MINUTE_MS - 3) * MINUTE_MS;
    let minutes = at_ms % DAY_MS / MINUTE_MS;
    (format!("{} {} * * *", minutes % 60, minutes / 60), at_ms)
}

fn recorded(server: &Server, cron: &str) -> Value {
    let record = fs::read(server.data().join("crons.json")).expect("the record is written");
    let record: Value = serde_json::from_slice(&record).expect("the record is JSON");
    record["scheduled"][cron].clone()
}

#[test]
fn an_occurrence_that_was_missed_runs_once_whatever_happens_then() {
    let (cron, at_ms) = recent();
    let copy = Copy::of("scheduled");
    copy.replace("wrangler.jsonc", "0 0 29 2 *", &cron);
    let launch = serve(copy.launch());

    // Without a record the expression is new, and counts from now.
    let server = launch.start();
    assert_eq!(server.get("/entries").json(), json!([]));
    let started = recorded(&server, &cron).as_u64().expect("a time");
    assert!(started > at_ms);

    let data = server.data().to_owned();
    let launch = server.kill();
    let record = json!({ "scheduled": { &cron: at_ms - DAY_MS } });
    fs::write(data.join("crons.json"), record.to_string()).expect("the data folder is writable");
    let server = launch.start();
    server.wait_for_output(&format!("scheduled \"{cron}\" ok "));
    let once = json!([{ "cron": cron, "scheduledTime": at_ms }]);
    assert_eq!(server.get("/entries").json(), once);
    assert_eq!(recorded(&server, &cron), json!(at_ms));

    // The scheduler ends after it has looked, so a second run would have begun.
    let server = server.kill_and_restart();
    assert_eq!(server.get("/entries").json(), once);
    let server = server.terminate_and_restart();
    assert_eq!(server.get("/entries").json(), once);
    assert_eq!(recorded(&server, &cron), json!(at_ms));
}

#[test]
fn a_developer_is_not_surprised_by_what_was_missed() {
    let (cron, at_ms) = recent();
    let copy = Copy::of("scheduled");
    copy.replace("wrangler.jsonc", "0 0 29 2 *", &cron);
    let launch = copy.launch();
    let server = launch.start();
    let data = server.data().to_owned();
    let launch = server.kill();
    let record = json!({ "scheduled": { &cron: at_ms - DAY_MS } });
    fs::write(data.join("crons.json"), record.to_string()).expect("the data folder is writable");

    let server = launch.start().terminate_and_restart();

    assert_eq!(server.get("/entries").json(), json!([]));
}

#[test]
fn version_metadata_rate_limits_and_unsupported_bindings() {
    let server = launch().start();

    let version = server.get("/version").json();
    assert_eq!(version["tag"], "");
    assert_eq!(version["id"].as_str().map(str::len), Some(36));
    assert!(
        version["timestamp"]
            .as_str()
            .is_some_and(|at| at.starts_with("20") && at.ends_with('Z'))
    );

    // A minute may end in the middle of one row, not of two.
    let row = |key: &str| {
        let uses =
            (0..3).map(|_| server.get(&format!("/limit?key={key}")).json()["success"].clone());
        uses.collect::<Vec<_>>() == [true, true, false]
    };
    assert!(row("a") || row("b"));
    assert!(row("c") || row("d"));

    for (binding, kind) in [
        ("CACHE", "KV namespace"),
        ("JOBS", "queue"),
        ("EVENTS", "Analytics Engine"),
    ] {
        assert_eq!(
            server.get(&format!("/use?binding={binding}")).text(),
            format!(
                "The binding \"{binding}\" cannot be used: bindings of kind \"{kind}\" are not supported."
            )
        );
        server.wait_for_output(&format!("using `env.{binding}` throws"));
    }

    let server = server.terminate_and_restart();
    assert_eq!(server.get("/version").json()["id"], version["id"]);
}
