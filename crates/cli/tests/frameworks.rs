//! npm packages as they are: frameworks, and libraries for pages, tools, schemas and schedules, in one project. What it must
//! answer is what it answers on workerd. docs/packages.md has the table.

use serde_json::{Value, json};
use stated_testkit::{Server, fixture};

#[track_caller]
fn answer(server: &Server, path: &str) -> Value {
    let response = server.get(path);
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    response.json()
}

#[track_caller]
fn answers(server: &Server, expected: &[(&str, Value)]) {
    for (path, expected) in expected {
        assert_eq!(answer(server, path), *expected, "{path}");
    }
}

fn packages_that_compute_stream_and_schedule_give_what_they_give_on_workerd(server: &Server) {
    answers(
        server,
        &[
            (
                "/effect",
                json!({
                    "decoded": { "name": "ann", "age": 3 }, "raced": 3, "streamed": [2, 4, 6, 8],
                    "caught": "caught no", "timed": "Failure",
                }),
            ),
            (
                "/ai",
                json!({ "text": "Hello", "parts": ["Hel", "lo"], "last": "data: [DONE]" }),
            ),
            (
                "/protobuf",
                json!({
                    "bytes": [8, 128, 226, 207, 170, 6, 16, 192, 169, 211, 58], "back": "2023-11-14T22:13:20.123Z",
                    "any": "type.googleapis.com/google.protobuf.Timestamp",
                }),
            ),
            ("/fflate", json!([100, "hello"])),
            ("/luxon", json!("29. März 2026 um 03:30 MESZ")),
            (
                "/temporal",
                json!("2026-03-29T03:30:00+02:00[Europe/Berlin]"),
            ),
        ],
    );
}

fn pages_are_rendered_on_the_server(server: &Server) {
    answers(
        server,
        &[
            ("/react", json!({ "waits": true, "thenComes": true })),
            ("/preact", json!("<p class=\"page\">a &lt; b</p>")),
            ("/vue", json!("<p class=\"page\">2</p>")),
        ],
    );
}

fn routers_answer_and_refuse(server: &Server) {
    answers(
        server,
        &[
            ("/h3", json!([200, { "id": "3" }])),
            ("/orpc", json!([[200, "fine"], [400, "BAD_REQUEST"]])),
            (
                "/zod-openapi",
                json!([{ "id": "12" }, 400, ["/users/{id}"]]),
            ),
            ("/chanfana", json!([{ "hello": "ann" }, 400])),
            (
                "/hono-streaming",
                json!("event: count\ndata: 1\n\ndata: 2\n\n"),
            ),
            ("/hono-jwt", json!([401, { "sub": "ann" }])),
        ],
    );
}

fn express_answers_through_nodes_server(server: &Server) {
    let response = server.get("/express?a=1");
    assert_eq!(response.header("x-answer"), Some("yes"));
    assert_eq!(
        response.json(),
        json!({ "query": { "a": "1" }, "path": "/express" })
    );

    let headers = [("Content-Type", "application/json")];
    let posted = server
        .http()
        .request("POST", "/express", &headers, br#"{"a":5}"#);
    assert_eq!(posted.status_and_text(), (201, "got 5"));

    assert_eq!(
        server.get("/express/later").status_and_text(),
        (200, "later")
    );
    assert_eq!(server.get("/express/nope").status, 404);
    let failed = server.get("/express/fails");
    // Under `stated dev` Express says why.
    assert_eq!(failed.status, 500);
    assert!(failed.text().contains("Error: a handler failed"));
}

fn tools_are_listed_and_called_in_memory_and_over_http(server: &Server) {
    answers(
        server,
        &[
            (
                "/mcp",
                json!({ "required": ["a", "b"], "sum": "3", "refused": true }),
            ),
            (
                "/agents-mcp",
                json!({ "tools": ["count"], "texts": ["2", "5"] }),
            ),
        ],
    );
}

fn packages_for_objects_keep_files_and_rows(server: &Server) {
    answers(
        server,
        &[
            (
                "/dofs",
                json!({ "list": [".", "..", "moved.txt"], "length": 5000, "size": 5000 }),
            ),
            (
                "/workers-qb",
                json!([{ "title": "2nd" }, { "title": "first" }]),
            ),
        ],
    );
}

fn guests_sign_up_and_are_known(server: &Server) {
    answers(
        server,
        &[(
            "/better-auth",
            json!({ "signedUp": 200, "known": "ann@guests.test", "refused": 401 }),
        )],
    );
}

/// One server for all of it, since bundling the packages takes longest.
#[test]
fn frameworks_do_what_they_do_on_workerd() {
    let server = Server::start(fixture("frameworks"));

    packages_that_compute_stream_and_schedule_give_what_they_give_on_workerd(&server);
    pages_are_rendered_on_the_server(&server);
    routers_answer_and_refuse(&server);
    express_answers_through_nodes_server(&server);
    tools_are_listed_and_called_in_memory_and_over_http(&server);
    packages_for_objects_keep_files_and_rows(&server);
    guests_sign_up_and_are_known(&server);
}
