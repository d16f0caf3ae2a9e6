//! `stated objects`: what an operator sees and changes, on a running server and on a stopped one.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use stated_testkit::project::repository;
use stated_testkit::runtime::stated_binary;
use stated_testkit::{Launch, Runtime, Server, fixture};

/// What a command printed and how it ended.
struct Outcome {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Outcome {
    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("not JSON: {}", self.stdout))
    }

    #[track_caller]
    fn done(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout.trim_end()
    }
}

fn objects(data: &Path, arguments: &[&str]) -> Outcome {
    let output = Command::new(stated_binary())
        .arg("objects")
        .args(arguments)
        .arg("--persist-to")
        .arg(data)
        .output()
        .expect("the command can be started");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A server whose object `ann` has counted to 2, written a batch and set no alarm.
fn server() -> Server {
    let server = Launch::of(Runtime::Stated, fixture("crash")).start();
    assert_eq!(server.get("/ann/add").json(), 1);
    assert_eq!(server.get("/ann/add").json(), 2);
    assert_eq!(server.get("/ann/batch").json(), 1);
    server
}

/// Ends the server and returns its data, which live as long as the launch.
fn stopped(server: Server) -> Launch {
    let launch = server.launch();
    server.terminate();
    launch
}

#[test]
fn a_list_names_the_objects_of_a_running_server_and_of_its_folder() {
    let server = server();
    server.get("/bob/arm/100000000");
    let data = server.data().to_owned();

    let running = objects(&data, &["list", "Ledger", "--json"]).json();
    let found = objects(&data, &["list", "--name", "bo", "--json"]).json();
    let _launch = stopped(server);
    let closed = objects(&data, &["list", "Ledger", "--json"]).json();

    let named = |list: &Value, name: &str| {
        let mut all = list.as_array().expect("a list").iter();
        all.find(|object| object["name"] == name)
            .unwrap_or_else(|| panic!("no {name} in {list}"))
            .clone()
    };
    let ann = named(&running, "ann");
    assert_eq!(ann["class"], "Ledger");
    assert_eq!(ann["hasStoredData"], true);
    assert_eq!(ann["running"], true);
    assert_eq!(ann["sockets"], 0);
    assert_eq!(ann["alarmMs"], Value::Null);
    assert!(ann["bytes"].as_u64() >= Some(4096), "{ann}");
    assert!(named(&running, "bob")["alarmMs"].is_i64(), "{running}");
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(named(&closed, "ann")["id"], ann["id"]);
    assert_eq!(named(&closed, "ann")["running"], false);
    assert_eq!(
        named(&closed, "bob")["alarmMs"],
        named(&running, "bob")["alarmMs"]
    );
}

#[test]
fn values_are_read_and_written_while_the_object_runs() {
    let server = server();
    let data = server.data();

    assert_eq!(
        objects(data, &["get", "Ledger", "ann", "count"]).done(),
        "2"
    );
    objects(data, &["put", "Ledger", "ann", "count", "41"]).done();

    assert_eq!(server.get("/ann/add").json(), 42);
    objects(data, &["delete-key", "Ledger", "ann", "count"]).done();
    assert_eq!(server.get("/ann/add").json(), 1);
    let missing = objects(data, &["get", "Ledger", "ann", "nothing"]);
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.stderr.ends_with("has no key `nothing`\n"),
        "{}",
        missing.stderr
    );
}

#[test]
fn values_are_read_and_written_while_the_server_is_stopped() {
    let launch = stopped(server());
    let server = launch.start();
    let data = server.data().to_owned();
    let launch = stopped(server);

    assert_eq!(
        objects(&data, &["get", "Ledger", "ann", "count"]).done(),
        "2"
    );
    let value = r#"{"text":"€","list":[1,2.5,null,true]}"#;
    objects(&data, &["put", "Ledger", "ann", "note", value]).done();
    objects(&data, &["put", "Ledger", "ann", "count", "9"]).done();
    let read = objects(&data, &["get", "Ledger", "ann", "note"]).json();

    assert_eq!(read, json!({ "text": "€", "list": [1, 2.5, null, true] }));
    assert_eq!(launch.start().get("/ann/add").json(), 10);
}

#[test]
fn sql_runs_in_one_object() {
    let server = server();
    let data = server.data();

    let rows = objects(
        data,
        &[
            "sql",
            "Ledger",
            "ann",
            "SELECT place, number FROM batch WHERE place < ?",
            "2",
            "--json",
        ],
    );
    let table = objects(
        data,
        &[
            "sql",
            "Ledger",
            "ann",
            "SELECT place, number AS n FROM batch WHERE place < 1",
        ],
    );
    let wrong = objects(data, &["sql", "Ledger", "ann", "SELECT missing"]);
    let unknown = objects(data, &["sql", "Ledger", "nobody", "SELECT 1"]);

    let rows = rows.json();
    assert_eq!(rows["columns"], json!(["place", "number"]));
    assert_eq!(rows["rows"], json!([[0, 1], [1, 1]]));
    assert_eq!(table.done(), "place  n\n0      1");
    assert_eq!(
        wrong.stderr,
        "error: no such column: missing at offset 7: SQLITE_ERROR\n"
    );
    assert!(
        unknown.stderr.ends_with("does not exist\n"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn an_alarm_is_set_shown_and_deleted_and_one_that_is_due_fires() {
    let server = server();
    let data = server.data();

    assert_eq!(
        objects(data, &["alarm", "Ledger", "ann"]).done(),
        "no alarm"
    );
    objects(data, &["alarm", "Ledger", "ann", "--set", "4102444800000"]).done();
    assert_eq!(
        objects(data, &["alarm", "Ledger", "ann"]).done(),
        "2100-01-01 00:00:00Z"
    );
    assert_eq!(
        server.get("/ann/state").json()["alarm"],
        4_102_444_800_000_u64
    );
    objects(data, &["alarm", "Ledger", "ann", "--delete"]).done();
    assert_eq!(server.get("/ann/state").json()["alarm"], Value::Null);

    server.get("/ann/arm/100000000");
    objects(data, &["alarm", "Ledger", "ann", "--set", "+1ms"]).done();
    let deadline = std::time::Instant::now() + stated_testkit::EVENT_DEADLINE;
    while server.get("/ann/state").json()["fired"] != 1 {
        assert!(
            std::time::Instant::now() < deadline,
            "the alarm has not fired"
        );
    }
}

#[test]
fn an_idle_object_is_evicted_and_keeps_its_data() {
    let server = server();
    let data = server.data();

    objects(data, &["evict", "Ledger", "ann"]).done();
    let shown = objects(data, &["show", "Ledger", "ann", "--json"]).json();

    assert_eq!(shown["running"], false);
    assert_eq!(shown["tables"], json!(["batch"]));
    assert_eq!(server.get("/ann/add").json(), 3);
}

#[test]
fn a_deleted_object_starts_anew() {
    let server = server();
    let data = server.data();

    let unsure = objects(data, &["delete", "Ledger", "ann"]);
    assert_eq!(unsure.code, Some(1));
    assert_eq!(
        unsure.stderr,
        "error: this deletes the object with all its data\nhint: say so with --yes\n"
    );
    objects(data, &["delete", "Ledger", "ann", "--yes"]).done();

    assert_eq!(server.get("/ann/add").json(), 1);
}

#[test]
fn a_database_is_exported_and_imported_into_another_object() {
    let server = server();
    server.get("/ann/arm/100000000");
    let data = server.data();
    let file = data.join("ann.sqlite");
    let name = file.to_str().expect("the path is text");

    objects(data, &["export", "Ledger", "ann", name]).done();
    let again = objects(data, &["export", "Ledger", "ann", name]);
    server.get("/bob/add");
    objects(data, &["import", "Ledger", "bob", name]).done();

    let verdict: String = rusqlite::Connection::open(&file)
        .and_then(|sqlite| sqlite.query_row("PRAGMA integrity_check", [], |row| row.get(0)))
        .expect("the file is a database");
    assert_eq!(verdict, "ok");
    assert_eq!(
        again.stderr,
        format!("error: write `{name}`: File exists\n")
    );
    assert_eq!(
        server.get("/bob/state").json(),
        server.get("/ann/state").json()
    );
    assert_eq!(server.get("/bob/add").json(), 3);
    let listed = objects(data, &["list", "--name", "bob", "--json"]).json();
    assert!(listed[0]["alarmMs"].is_i64(), "{listed}");
}

#[test]
fn facets_go_with_their_object() {
    let server = server();
    let folder = server.data().join("exported");
    std::fs::create_dir(&folder).expect("the folder is ours");
    let path = |name: &str| {
        folder
            .join(name)
            .to_str()
            .expect("the path is text")
            .to_owned()
    };
    let files = || -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&folder)
            .expect("the folder is there")
            .map(|entry| {
                entry
                    .expect("it can be read")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        names.sort();
        names
    };
    // One that is kept as an image and runs, and one with a file of its own.
    assert_eq!(server.get("/ann/parts").json(), json!([1, 1]));
    assert_eq!(server.get("/eve/add").json(), 1);
    assert_eq!(server.get("/eve/parts/1500000").json(), json!([1, 1]));

    let data = server.data().to_owned();
    objects(&data, &["export", "Ledger", "ann", &path("ann.sqlite")]).done();
    objects(&data, &["export", "Ledger", "eve", &path("eve.sqlite")]).done();
    server.get("/bob/parts");
    server.get("/bob/parts");
    objects(&data, &["import", "Ledger", "bob", &path("ann.sqlite")]).done();

    let beside = |stem: &str| {
        ["1.sqlite", "2.sqlite", "facets", "sqlite"].map(|end| format!("{stem}.{end}"))
    };
    assert_eq!(files(), [beside("ann"), beside("eve")].concat());
    assert_eq!(server.get("/bob/state").json()["add"], 2);
    assert_eq!(server.get("/bob/parts").json(), json!([2, 2]));
    // It is a copy.
    assert_eq!(server.get("/ann/parts").json(), json!([2, 2]));

    let launch = stopped(server);
    objects(&data, &["import", "Ledger", "kim", &path("eve.sqlite")]).done();
    objects(&data, &["export", "Ledger", "kim", &path("kim.sqlite")]).done();
    // What has no facets replaces those there are.
    std::fs::copy(path("ann.sqlite"), path("alone.sqlite")).expect("the folder is ours");
    objects(&data, &["import", "Ledger", "eve", &path("alone.sqlite")]).done();
    for name in beside("kim") {
        std::fs::metadata(path(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let server = launch.start();
    assert_eq!(server.get("/kim/parts").json(), json!([2, 2]));
    assert_eq!(server.get("/eve/parts").json(), json!([1, 1]));
    assert_eq!(server.get("/eve/state").json()["add"], 2);
}

#[test]
fn an_object_that_has_only_facets_is_listed_shown_and_moved() {
    let server = server();
    assert_eq!(server.get("/zoe/parts").json(), json!([1, 1]));
    let data = server.data().to_owned();
    let file = data.join("zoe.sqlite");
    let name = file.to_str().expect("the path is text");
    let zoe = objects(&data, &["show", "Ledger", "zoe", "--json"]).json();
    let id = zoe["id"].as_str().expect("an id").to_owned();

    objects(&data, &["export", "Ledger", "zoe", name]).done();
    let launch = stopped(server);
    let listed = objects(&data, &["list", "Ledger", "--json"]).json();
    let shown = objects(&data, &["show", "Ledger", "zoe"]);
    objects(&data, &["import", "Ledger", "yan", name]).done();
    objects(&data, &["delete", "Ledger", "zoe", "--yes"]).done();
    let gone = objects(&data, &["show", "Ledger", "zoe"]);
    let server = launch.start();

    assert_eq!(zoe["hasStoredData"], true);
    assert_eq!(zoe["facets"].as_array().map(Vec::len), Some(2), "{zoe}");
    let ids: Vec<_> = listed.as_array().into_iter().flatten().collect();
    assert!(ids.iter().any(|object| object["id"] == *id), "{listed}");
    let facets = shown
        .done()
        .lines()
        .find(|line| line.starts_with("facets"))
        .expect("a line");
    assert!(facets.contains(" KiB), "), "{facets}");
    assert_eq!(gone.code, Some(1), "{}", gone.stdout);
    assert_eq!(server.get("/yan/parts").json(), json!([2, 2]));
    assert_eq!(server.get("/zoe/parts").json(), json!([1, 1]));
}

#[test]
fn facets_are_read_and_written_like_their_object() {
    let server = server();
    assert_eq!(server.get("/ann/parts").json(), json!([1, 1]));
    let data = server.data().to_owned();
    let part = |command: &str, rest: &[&str]| {
        let arguments = [&[command, "Ledger", "ann", "--facet", "part"], rest].concat();
        objects(&data, &arguments)
    };
    let inner =
        |command: &str, rest: &[&str]| part(command, &[&["--facet", "inner"], rest].concat());

    // While they run.
    assert_eq!(part("get", &["count"]).done(), "1");
    assert_eq!(inner("get", &["--json"]).json()[0]["value"], 1);
    part("put", &["count", "41"]).done();
    part("put", &["note", "true"]).done();
    part("delete-key", &["note"]).done();
    part("sql", &["CREATE TABLE t AS SELECT 7 AS n"]).done();
    assert_eq!(server.get("/ann/parts").json(), json!([42, 2]));
    // While nothing of the object does.
    objects(&data, &["evict", "Ledger", "ann"]).done();
    assert_eq!(part("get", &[]).done(), "count  42");
    inner("put", &["count", "9"]).done();
    assert_eq!(server.get("/ann/parts").json(), json!([43, 10]));
    // The object's own keys are others.
    assert_eq!(
        objects(&data, &["get", "Ledger", "ann", "count"]).done(),
        "2"
    );

    let launch = stopped(server);
    assert_eq!(part("sql", &["SELECT n FROM t"]).done(), "n\n7");
    let shown = part("show", &["--json"]).json();
    inner("put", &["count", "19"]).done();
    let server = launch.start();

    assert_eq!(shown["path"], json!(["part"]));
    assert_eq!(shown["tables"], json!(["t"]));
    assert!(shown["bytes"].as_u64() >= Some(4096), "{shown}");
    let lines = inner("show", &[]);
    assert!(
        lines.done().starts_with("facet     part/inner\n"),
        "{}",
        lines.stdout
    );
    assert_eq!(server.get("/ann/parts").json(), json!([44, 20]));
}

#[test]
fn a_facet_that_has_stored_nothing_is_unknown() {
    let server = server();
    server.get("/ann/parts");
    let data = server.data();
    let id = objects(data, &["show", "Ledger", "ann", "--json"]).json()["id"].clone();
    let id = id.as_str().expect("an id");

    let get = [
        "get", "Ledger", "ann", "--facet", "part", "--facet", "no one",
    ];
    let unknown = objects(data, &get);
    let put = objects(
        data,
        &["put", "Ledger", "ann", "k", "1", "--facet", "inner"],
    );
    let alarm = objects(data, &["alarm", "Ledger", "ann", "--facet", "part"]);

    assert_eq!(
        unknown.stderr,
        format!("error: object `{id}` has no facet `part` `no one` with stored data\n")
    );
    assert_eq!(
        put.stderr,
        format!("error: object `{id}` has no facet `inner` with stored data\n")
    );
    assert_eq!(alarm.code, Some(2), "{}", alarm.stdout);
}

#[test]
fn a_damaged_file_is_not_imported() {
    let server = server();
    let data = server.data();
    let file = data.join("damaged.sqlite");
    std::fs::write(&file, "this is no database, however long it is").expect("the folder is ours");

    let refused = objects(
        data,
        &[
            "import",
            "Ledger",
            "ann",
            file.to_str().expect("the path is text"),
        ],
    );

    assert_eq!(
        refused.stderr,
        "error: file is not a database: SQLITE_NOTADB\n"
    );
    assert_eq!(server.get("/ann/add").json(), 3);
}

#[test]
fn whole_folders_are_not_moved_under_a_running_server() {
    let server = server();

    let refused = objects(server.data(), &["export-folder", "/tmp/never-written"]);

    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("is in use by another process"),
        "{}",
        refused.stderr
    );
    assert!(
        refused
            .stderr
            .ends_with("hint: whole folders can be moved only while the server is stopped\n"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_web_page_of_another_origin_is_refused() {
    let server = server();
    let address = std::fs::read_to_string(server.data().join("internal-address"))
        .expect("the server says where");
    let client = stated_testkit::HttpClient::new(address.parse().expect("an address"));

    let own = client.request("GET", "/objects/namespaces", &[], b"");
    let foreign = client.request(
        "GET",
        "/objects/namespaces",
        &[("Origin", "https://example.com")],
        b"",
    );
    let rebound = client.request(
        "GET",
        "/objects/namespaces",
        &[("Host", "example.com")],
        b"",
    );

    assert_eq!(
        own.json()["result"],
        json!([{ "id": "crash-Ledger", "name": "crash_Ledger", "script": "crash", "class": "Ledger", "use_sqlite": true }])
    );
    assert_eq!(
        foreign.status_and_text(),
        (403, "only programs on this machine may ask")
    );
    assert_eq!(
        rebound.status_and_text(),
        (403, "only programs on this machine may ask")
    );
}

#[test]
fn unknown_classes_and_folders_are_named_with_a_way_out() {
    let server = server();

    let class = objects(server.data(), &["list", "Nothing"]);
    let folder = objects(Path::new("/nonexistent"), &["list"]);

    assert_eq!(
        class.stderr,
        "error: there is no class `Nothing`\nhint: the classes are: Ledger\n"
    );
    assert_eq!(
        folder.stderr,
        "error: there is no data in `/nonexistent`\n\
         hint: name the project's folder with --project, or the data folder with --persist-to\n"
    );
}

#[test]
fn a_page_of_a_list_has_1_to_10000_objects() {
    let server = server();
    let address = std::fs::read_to_string(server.data().join("internal-address"))
        .expect("the server says where");
    let client = stated_testkit::HttpClient::new(address.parse().expect("an address"));
    let page = |limit: &str| {
        let path = format!("/objects/namespaces/crash-Ledger/objects?limit={limit}");
        client.request("GET", &path, &[], b"")
    };

    for limit in ["1", "10000"] {
        assert_eq!(page(limit).json()["result_info"]["count"], 1);
    }
    for limit in ["0", "10001"] {
        let refused = page(limit);
        assert_eq!(refused.status, 400);
        let message = format!("limit is {limit}; it must be from 1 to 10000");
        assert_eq!(
            refused.json()["errors"],
            json!([{ "code": 10000, "message": message }])
        );
    }
    let unknown = client.request("GET", "/objects/namespaces/nobody/objects", &[], b"");
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.json()["errors"],
        json!([{ "code": 10066, "message": "Durable Object namespace ID 'nobody' not found." }])
    );
}

#[test]
fn dev_says_how_to_take_over_what_wrangler_has_stored() {
    let project = tempfile::tempdir().expect("the temporary folder is writable");
    let copy = |name: &str| {
        let target = project.path().join(name);
        std::fs::create_dir_all(target.parent().expect("it has a parent"))
            .expect("the folder is ours");
        std::fs::copy(fixture("crash").join(name), target).expect("the fixture has the file");
    };
    copy("wrangler.toml");
    copy("src/index.js");
    let state = project.path().join(".wrangler/state/v3/do");
    std::fs::create_dir_all(state.join("crash-Ledger")).expect("the folder is ours");
    let object =
        rusqlite::Connection::open(state.join(format!("crash-Ledger/{}.sqlite", "a".repeat(64))));
    object
        .and_then(|sqlite| sqlite.execute_batch("PRAGMA user_version=1"))
        .expect("the folder is ours");

    let server = Launch::of(Runtime::Stated, project.path()).start();
    let hint = server.wait_for_output("stated objects import-folder");
    let launch = stopped(server);

    let words: Vec<&str> = hint.split_whitespace().collect();
    assert_eq!(words[2], "import-folder");
    let data = Path::new(words[5]).to_owned();
    assert_eq!(
        objects(&data, &["import-folder", words[3]]).done(),
        "crash-Ledger: 1 objects, 0 alarms taken over"
    );
    drop(launch);
}

/// Needs `npm ci` in conformance/, like every comparison with Cloudflare's own runtime.
#[test]
fn objects_move_to_workerd_and_back() {
    if !repository()
        .join("conformance/node_modules/wrangler")
        .exists()
    {
        eprintln!("not run: wrangler is not installed in conformance/");
        return;
    }
    let server = server();
    server.get("/ann/arm/100000000");
    assert_eq!(server.get("/ann/parts/1500000").json(), json!([1, 1]));
    let data = server.data().to_owned();
    let _launch = stopped(server);
    let theirs = data.join("wrangler");
    let folder = theirs.join("v3/do");
    let folder_name = folder.to_str().expect("the path is text").to_owned();

    let exported = objects(&data, &["export-folder", &folder_name]);
    assert_eq!(exported.done(), "crash-Ledger: 1 objects, 1 alarms written");
    let workerd = Launch::of(Runtime::Wrangler, fixture("crash"))
        .persist_to(&theirs)
        .start();
    assert_eq!(workerd.get("/ann/add").json(), 3);
    assert_eq!(workerd.get("/ann/batch").json(), 2);
    assert_eq!(workerd.get("/ann/parts").json(), json!([2, 2]));
    assert!(workerd.get("/ann/state").json()["alarm"].is_u64());
    assert_eq!(workerd.get("/eve/add").json(), 1);
    workerd.terminate();

    let ours = Launch::of(Runtime::Stated, fixture("crash"));
    let imported = data.join("imported");
    let outcome = objects(&imported, &["import-folder", &folder_name]);
    assert_eq!(
        outcome.done(),
        "crash-Ledger: 2 objects, 1 alarms taken over"
    );
    let server = ours.persist_to(&imported).start();
    assert_eq!(server.get("/ann/add").json(), 4);
    assert_eq!(server.get("/ann/parts").json(), json!([3, 3]));
    assert_eq!(server.get("/eve/add").json(), 2);
    let state = server.get("/ann/state").json();
    assert!(state["alarm"].is_u64(), "{state}");
    assert_eq!(state["batch"], json!([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]));
    server.terminate();

    let again = objects(&imported, &["import-folder", &folder_name]);
    assert_eq!(
        again.stderr,
        "error: namespace `crash-Ledger` has objects here already\n"
    );
}
