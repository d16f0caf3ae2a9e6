//! What becomes of stored data over the life of a project.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};
use stated_testkit::runtime::stated_binary;
use stated_testkit::{EVENT_DEADLINE, Launch, Runtime, Server, fixture};

fn call(server: &Server, method: &str, arguments: &Value) -> Value {
    server
        .post(&format!("/{method}"), &arguments.to_string())
        .json()
}

#[test]
fn a_class_that_moves_to_sqlite_keeps_its_data() {
    let server = Launch::of(Runtime::Stated, fixture("moved-class/key-value")).start();
    let alarm = 9_000_000_000_000_u64;
    key_value_limits(&server);
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

/// Each limit of key-value storage at its value, and one above.
fn key_value_limits(server: &Server) {
    let key = |bytes: usize| "k".repeat(bytes);
    // What a string takes beside its characters.
    let value = |bytes: usize| "v".repeat(bytes - 6);
    let keys = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();

    assert_eq!(call(server, "put", &json!([key(2048), 1])), json!(null));
    assert_eq!(call(server, "remove", &json!([key(2048)])), true);
    assert_eq!(
        call(server, "put", &json!([key(2049), 1])),
        json!({ "error": "Keys cannot be larger than 2048 bytes. A key of size 2049 was provided." })
    );
    assert_eq!(
        call(server, "put", &json!(["v", value(131_106)])),
        json!(null)
    );
    assert_eq!(call(server, "remove", &json!(["v"])), true);
    assert_eq!(
        call(server, "put", &json!(["v", value(131_107)])),
        json!({
            "error": "Values cannot be larger than 131072 bytes. A value of size 131107 was provided."
        })
    );
    assert_eq!(call(server, "many", &json!([keys(128)])), 0);
    assert_eq!(
        call(server, "many", &json!([keys(129)])),
        json!({ "error": "Maximum number of key value pairs is 128. 129 pairs were provided." })
    );
}

/// What `stated objects` printed; it must have succeeded.
#[track_caller]
fn objects(data: &Path, arguments: &[&str]) -> String {
    let output = run_objects(data, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned()
}

fn run_objects(data: &Path, arguments: &[&str]) -> Output {
    Command::new(stated_binary())
        .arg("objects")
        .args(arguments)
        .arg("--persist-to")
        .arg(data)
        .output()
        .expect("the command can be started")
}

fn keys(server: &Server) -> Value {
    call(server, "all", &json!([]))["keys"].clone()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn notes() -> Server {
    Launch::of(Runtime::Stated, fixture("history")).start()
}

#[test]
fn a_program_goes_back_to_a_bookmark_and_forth_again() {
    let server = notes();
    let alarm = 9_000_000_000_000_u64;
    call(&server, "put", &json!(["a", 1]));
    call(&server, "setAlarm", &json!([alarm]));
    let first = text(&call(&server, "bookmark", &json!([])));
    call(&server, "put", &json!(["a", 2]));
    call(&server, "put", &json!(["b", 3]));
    let second = text(&call(&server, "bookmark", &json!([])));
    assert!(first < second, "{first} {second}");

    let undo = text(&call(&server, "wish", &json!([first])));
    assert!(second < undo, "{second} {undo}");
    assert_eq!(keys(&server), json!({ "a": 2, "b": 3 }), "not yet");
    let aborted = call(&server, "abort", &json!([]));
    assert_eq!(aborted, json!({ "error": "as wished" }));
    let expected = json!({ "keys": { "a": 1 }, "rows": 1, "alarm": alarm });
    assert_eq!(call(&server, "all", &json!([])), expected);

    // The restored state is as durable as any.
    let server = server.kill().start();
    assert_eq!(call(&server, "all", &json!([])), expected);
    let third = text(&call(&server, "bookmark", &json!([])));
    assert!(undo < third, "{undo} {third}");

    call(&server, "restoreNow", &json!([undo]));
    assert_eq!(keys(&server), json!({ "a": 2, "b": 3 }));
}

#[test]
fn an_alarm_that_is_restored_fires_though_its_time_has_passed() {
    let server = notes();
    call(&server, "setAlarmIn", &json!([700]));
    let armed = text(&call(&server, "bookmark", &json!([])));
    until(|| keys(&server) == json!({ "fired": true }));

    call(&server, "restoreNow", &json!([armed]));

    let restored = call(&server, "all", &json!([]));
    until(|| keys(&server) == json!({ "fired": true }));
    assert_eq!(
        call(&server, "all", &json!([]))["alarm"],
        json!(null),
        "{restored}"
    );
}

/// Asks until it is so.
#[track_caller]
fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + EVENT_DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it did not happen");
        thread::yield_now();
    }
}

#[test]
fn a_program_asks_for_the_bookmark_of_a_time() {
    let server = notes();
    call(&server, "put", &json!(["a", 1]));
    let far_ahead = 9_000_000_000_000_u64;

    let now = text(&call(&server, "at", &json!([far_ahead])));
    assert_eq!(now, text(&call(&server, "atDate", &json!([far_ahead]))));
    call(&server, "put", &json!(["a", 2]));
    call(&server, "restoreNow", &json!([now]));
    assert_eq!(keys(&server), json!({ "a": 1 }));

    assert_eq!(
        call(&server, "at", &json!([1]))["error"],
        "The history that is kept of this Durable Object does not reach back to that time."
    );
    assert_eq!(
        call(&server, "wish", &json!(["yesterday"]))["error"],
        "The bookmark `yesterday` cannot be restored: it is not a bookmark of this Durable Object, \
         or it is older than the history that is kept."
    );
}

#[test]
fn an_operator_restores_an_object_of_a_running_and_of_a_stopped_server() {
    let server = notes();
    let data = server.data().to_owned();
    call(&server, "put", &json!(["a", 1]));
    call(&server, "put", &json!(["a", 2]));
    let listed = objects(&data, &["bookmarks", "Notes", "n", "--json"]);
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let first = text(&listed["commits"][0]["bookmark"]);

    let undo = objects(&data, &["restore", "Notes", "n", &first]);
    assert_eq!(keys(&server), json!({ "a": 1 }));
    let launch = server.launch();
    server.terminate();
    let copy = data.join("copy.sqlite");
    let copy_name = copy.to_str().expect("a temporary path is text");
    objects(&data, &["export", "Notes", "n", copy_name, "--at", &undo]);
    let rows: i64 = rusqlite::Connection::open(&copy)
        .and_then(|copy| copy.query_row("SELECT count(*) FROM log", [], |row| row.get(0)))
        .expect("the copy is a database");
    assert_eq!(rows, 2);
    objects(&data, &["restore", "Notes", "n", &undo]);
    let server = launch.start();

    assert_eq!(keys(&server), json!({ "a": 2 }));
    let at = objects(&data, &["bookmarks", "Notes", "n", "--at", "-0s"]);
    assert_eq!(at.len(), 59, "{at}");
}

#[test]
fn without_history_there_is_nothing_to_go_back_to() {
    let server = Launch::of(Runtime::Stated, fixture("history"))
        .argument("--history-days=0")
        .start();
    call(&server, "put", &json!(["a", 1]));
    let bookmark = text(&call(&server, "bookmark", &json!([])));

    let refused = call(&server, "wish", &json!([bookmark]));
    assert_eq!(
        refused["error"],
        format!(
            "The bookmark `{bookmark}` cannot be restored: it is not a bookmark of this Durable \
             Object, or it is older than the history that is kept."
        )
    );
    let output = run_objects(server.data(), &["bookmarks", "Notes", "n"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let expected =
        "The history that is kept of this Durable Object does not reach back to that time.";
    assert!(stderr.contains(expected), "{stderr}");
}

#[test]
fn a_damaged_object_comes_back_from_its_history() {
    let server = notes();
    let data = server.data().to_owned();
    call(&server, "put", &json!(["a", 1]));
    call(&server, "put", &json!(["a", 2]));
    let launch = server.launch();
    server.terminate();
    let directory = data.join("do/history-Notes/objects.sqlite");
    rusqlite::Connection::open(directory)
        .and_then(|directory| {
            directory.execute("UPDATE image SET bytes = zeroblob(length(bytes))", [])
        })
        .expect("the directory is a database");

    let server = launch.start();

    let error = text(&call(&server, "all", &json!([]))["error"]);
    let expected =
        "is damaged: its image in the directory is damaged; other objects are not concerned";
    assert!(error.contains(expected), "{error}");
    let listed = objects(
        &data,
        &["bookmarks", "Notes", "n", "--limit", "1", "--json"],
    );
    let listed: Value = serde_json::from_str(&listed).expect("JSON");
    let latest = text(&listed["commits"][0]["bookmark"]);
    objects(&data, &["restore", "Notes", "n", &latest]);

    assert_eq!(keys(&server), json!({ "a": 2 }));
}

#[test]
fn stored_stubs_lead_to_the_same_after_a_kill_and_say_what_is_gone() {
    let launch = |files: &[&str]| {
        let launch = Launch::of(Runtime::Stated, fixture("stored-stubs"));
        let with = |launch: Launch, file: &&str| launch.argument("--config").argument(*file);
        files.iter().fold(launch, with)
    };
    let server = launch(&["keeper.toml", "maker.toml", "plain.toml"]).start();
    assert_eq!(server.get("/keep").json(), "kept");
    assert_eq!(
        server.get("/refuse").json(),
        "DataCloneError: Cannot store this stub because the target worker does not have the \
         allow_irrevocable_stub_storage compatibility flag enabled."
    );
    let data = server.data().to_owned();

    let server = server.kill().start();
    assert_eq!(
        server.get("/use").json(),
        json!({ "object": "other", "service": "maker", "target": { "n": 1 } })
    );
    // Keeps the data.
    let _launch = server.kill();
    let alone = launch(&["alone.toml"]).persist_to(data).start();

    let gone = "which a stored stub leads to, is not there any more.";
    assert_eq!(
        alone.get("/use").json(),
        json!({
            "object": format!("The Durable Object class Other of the Worker keeper, {gone}"),
            "service": format!("The Worker maker, {gone}"),
            "target": format!("The Worker maker, {gone}"),
        })
    );
}

#[test]
fn what_is_cached_outlives_a_kill_and_is_gone_when_it_is_damaged() {
    let server = Server::start(fixture("caches"));
    let text = |server: &Server, path: &str| server.get(path).text().to_owned();
    for (path, body) in [("/a", "in the default"), ("/a?named", "in another")] {
        assert_eq!(server.post(path, body).text(), "kept");
    }
    let stray = server.data().join("caches/of-a-former-service");
    std::fs::create_dir(&stray).expect("the folder is there");

    let server = server.kill().start();

    assert_eq!(text(&server, "/a"), "in the default");
    assert_eq!(text(&server, "/a?named"), "in another");
    assert_eq!(text(&server, "/b"), "nothing");
    assert!(!stray.exists());
    for service in folder(&server.data().join("caches")) {
        for file in folder(&service) {
            std::fs::write(file, "damaged").expect("the file is there");
        }
    }
    assert_eq!(text(&server, "/a"), "nothing");
    assert_eq!(server.post("/a", "again").text(), "kept");
    assert_eq!(text(&server, "/a"), "again");
}

/// What is in a folder.
fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be listed").path());
    paths.collect()
}
