//! Static files before, after and inside of a program, and without one.

use std::fs;
use std::time::Instant;

use stated_testkit::{Copy, EVENT_DEADLINE, Launch, Runtime, Server, fixture};

fn status_and_body(server: &Server, path: &str) -> (u16, String) {
    let response = server.get(path);
    (response.status, response.text().trim_end().to_owned())
}

/// Runs against wrangler, too: `STATED_PEER=wrangler`.
#[test]
fn files_and_the_program_answer_as_the_project_says() {
    let server = Launch::new(fixture("static-files")).start();
    let get = |path: &str| status_and_body(&server, path);

    assert_eq!(get("/"), (200, "<h1>home</h1>".to_owned()));
    assert_eq!(get("/a.txt"), (200, "a file".to_owned()));
    assert_eq!(get("/folder/"), (200, "in the folder".to_owned()));
    assert_eq!(get("/nothing/here"), (404, "<h1>gone</h1>".to_owned()));
    assert_eq!(get("/hidden.txt").0, 404);
    assert_eq!(get("/_headers").0, 404);
    assert_eq!(get("/twin"), (200, "a file".to_owned()));
    assert_eq!(
        get("/api/file.txt"),
        (200, "the program's /api/file.txt".to_owned())
    );
    assert_eq!(
        get("/api/other"),
        (200, "the program's /api/other".to_owned())
    );
    assert_eq!(get("/api/docs.html").0, 307);
    assert_eq!(get("/wrangler.jsonc").0, 404);
    assert_eq!(get("/..%2fwrangler.jsonc").0, 307);
    for (path, location) in [
        ("/folder", "/folder/"),
        ("/index.html", "/"),
        ("/old/a.txt?x=1", "/a.txt?x=1"),
    ] {
        assert_eq!(
            server.get(path).header("location"),
            Some(location),
            "{path}"
        );
    }
    assert_eq!(server.post("/a.txt", "").status, 405);

    let file = server.get("/a.txt");
    assert_eq!(
        file.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(
        file.header("cache-control"),
        Some("public, max-age=0, must-revalidate")
    );
    assert_eq!(file.header("x-from"), Some("the rules"));
    let etag = file.header("etag").expect("a file has a hash").to_owned();
    let again = server
        .http()
        .request("GET", "/a.txt", &[("if-none-match", &etag)], b"");
    assert_eq!(again.status_and_text(), (304, ""));

    let binding = |path: &str| get(&format!("/api/binding?path={path}")).1;
    assert_eq!(binding("/a.txt"), "200 text/plain; charset=utf-8 a file");
    assert_eq!(
        binding("/nothing"),
        "404 text/html; charset=utf-8 <h1>gone</h1>"
    );
    assert_eq!(binding("/folder"), "307 null");
}

#[test]
fn a_part_of_a_file_is_sent_alone() {
    let server = Launch::of(Runtime::Stated, fixture("static-files")).start();
    let ask = |range: &str| {
        server
            .http()
            .request("GET", "/a.txt", &[("Range", range)], b"")
    };

    let part = ask("bytes=2-5");
    assert_eq!(part.status_and_text(), (206, "file"));
    assert_eq!(part.header("content-length"), Some("4"));
    assert_eq!(part.header("content-range"), Some("bytes 2-5/7"));
    assert_eq!(ask("bytes=7-").header("content-range"), Some("bytes */7"));
    assert_eq!(ask("bytes=7-").status, 416);
}

#[test]
fn the_binding_has_no_methods_but_fetch() {
    let server = Launch::of(Runtime::Stated, fixture("static-files")).start();

    assert_eq!(
        server.get("/api/call").text(),
        "The RPC receiver does not implement the method \"nothing\"."
    );
}

#[test]
fn changed_files_are_served_without_a_restart() {
    let copy = Copy::of("static-files");
    let server = copy.launch().start();
    assert_eq!(server.get("/a.txt").text(), "a file\n");

    copy.replace("public/a.txt", "a file", "another file");
    fs::write(copy.folder().join("public/new.txt"), "new").expect("the copy is writable");

    assert_eq!(server.get("/a.txt").text(), "another file\n");
    assert_eq!(server.get("/new.txt").text(), "new");
}

#[test]
fn a_project_may_be_static_files_alone() {
    let copy = Copy::of("static-files");
    fs::write(
        copy.folder().join("wrangler.jsonc"),
        r#"{ "name": "site", "compatibility_date": "2026-08-01", "assets": { "directory": "public" } }"#,
    )
    .expect("the copy is writable");

    let server = copy.launch().start();

    assert_eq!(
        status_and_body(&server, "/"),
        (200, "<h1>home</h1>".to_owned())
    );
    assert_eq!(
        status_and_body(&server, "/api/file.txt"),
        (200, "a file below /api".to_owned())
    );
    assert_eq!(status_and_body(&server, "/nothing"), (404, String::new()));
    assert_eq!(server.post("/nothing", "").status, 404);

    // The project file may give it a program at any time.
    let end = Instant::now() + EVENT_DEADLINE;
    fs::write(
        copy.folder().join("wrangler.jsonc"),
        r#"{ "name": "site", "main": "src/index.js", "compatibility_date": "2026-08-01", "assets": { "directory": "public" } }"#,
    )
    .expect("the copy is writable");
    server.wait_for_output("Restarted with the changed configuration");
    while server.get("/nothing").text() != "the program's /nothing" {
        assert!(Instant::now() < end, "the program does not answer");
    }
}

#[test]
fn a_folder_that_is_not_there_ends_the_start() {
    let copy = Copy::of("static-files");
    fs::remove_dir_all(copy.folder().join("public")).expect("the copy is writable");

    let exit = copy.launch().run();

    assert_eq!(exit.code, Some(1));
    assert!(
        exit.stderr
            .contains("service `static-files`: static assets: `")
            && exit.stderr.contains("public` is no folder"),
        "{}",
        exit.stderr
    );
}
