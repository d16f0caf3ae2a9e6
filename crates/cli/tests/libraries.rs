//! npm packages as they are: a project that uses many at once, bundled, started, and asked over
//! HTTP. What it must answer is what it answers on workerd, or for jsonwebtoken on Node.
//! docs/packages.md has the table.

use serde_json::{Value, json};
use stated_testkit::{Server, fixture};

#[track_caller]
fn answer(server: &Server, path: &str) -> Value {
    let response = server.get(path);
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    response.json()
}

/// Posts JSON; the status and the body.
#[track_caller]
fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let headers = [("Content-Type", "application/json")];
    let response = server
        .http()
        .request("POST", path, &headers, body.to_string().as_bytes());
    (response.status, response.json())
}

fn packages_that_compute_give_what_they_give_on_workerd(server: &Server) {
    let expected = [
        (
            "/uuid",
            json!({ "valid": true, "versions": [4, 7], "named": "a3bcf7a5-fb72-5611-b96e-e46a10bd650c", "sorted": true }),
        ),
        (
            "/ulid",
            json!({ "length": 26, "time": 1_700_000_000_000_u64, "monotonic": true }),
        ),
        (
            "/lodash-es",
            json!({
                "chunks": [[1, 2], [3, 4], [5]], "groups": { "4": [4.2], "6": [6.1, 6.3] },
                "merged": { "a": { "x": 1, "y": 2 } }, "equal": true, "calls": 1, "template": "EvalError",
            }),
        ),
        (
            "/immer",
            json!({
                "list": [1, 2, 3], "tags": ["a", "b"], "shared": true, "untouched": 2, "frozen": true,
                "patches": [{ "op": "replace", "path": ["count"], "value": 2 }],
            }),
        ),
        (
            "/superjson",
            json!({
                "json": { "big": "1" }, "meta": { "values": { "big": ["bigint"] }, "v": 1 },
                "same": [0, "12345678901234567890", true, "/b/gi", true, "NaN", "far", "http://a.test/"],
            }),
        ),
        (
            "/valibot",
            json!({
                "parsed": { "email": "ann@example.com", "age": 20 },
                "issues": ["email: Invalid email: Received \"nobody\"", "age: Invalid value: Expected >=18 but received 3"],
            }),
        ),
        (
            "/arktype",
            json!({
                "good": { "name": "ann", "tags": ["c"] },
                "bad": "name must be at least length 2 (was 1)\nage (17.5) must be...\n  \u{25e6} an integer\n  \u{25e6} at least 18",
            }),
        ),
        (
            "/msgpackr",
            json!({
                "hex": "de0001a1619301ffa178", "list": [1.5, "é", null, true], "bytes": [1, 2, 3], "when": "1970-01-01T00:00:00.000Z",
                "big": "1152921504606846976", "records": [{ "x": 1, "y": 2 }, { "x": 3, "y": 4 }],
            }),
        ),
        ("/rxjs", json!({ "sums": [2, 6, 12], "ticks": [0, 1, 2] })),
        (
            "/xstate",
            json!({ "output": 42, "states": ["loading", "waiting", "done"], "status": "done" }),
        ),
        (
            "/jsonwebtoken",
            json!({
                "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoiYWRtaW4iLCJpYXQiOjE3MDAwMDAwMDAsInN1YiI6ImFubiJ9\
                          .zn8y9KV4wXnqj2aQOZNxLJ0g1Q4BJCpMc0zRYr9arSQ",
                "verified": { "role": "admin", "iat": 1_700_000_000, "sub": "ann" },
                "decoded": { "alg": "HS256", "typ": "JWT" },
                "forged": "JsonWebTokenError: invalid signature",
                "expired": "TokenExpiredError: jwt expired",
                "wrongKey": "JsonWebTokenError: invalid signature",
                "pairs": [{ "a": 1 }, { "a": 2 }, { "a": 3 }],
                "confused": "JsonWebTokenError: invalid algorithm",
            }),
        ),
        (
            "/bcryptjs",
            json!({
                "rounds": 4, "right": true, "wrong": false,
                "salted": "$2b$04$abcdefghijklmnopqrstuuCi15uRb1eH7NAlJ/TgeJertyknQpYn2",
            }),
        ),
    ];

    for (path, value) in expected {
        assert_eq!(answer(server, path), value, "{path}");
    }
}

fn packages_that_read_and_write_texts_give_what_they_give_on_workerd(server: &Server) {
    assert_eq!(
        answer(server, "/postal-mime"),
        json!({
            "from": { "address": "ann@example.com", "name": "Ann Müller" }, "to": [{ "address": "bob@example.com", "name": "" }],
            "subject": "Hello ☃", "date": "2025-01-01T00:00:00.000Z", "text": "café\n\n", "attachments": [["a.bin", 0, 1, 2]],
            "streamed": "Hello ☃",
        })
    );
    assert_eq!(
        answer(server, "/marked")["html"],
        "<h1>Hi</h1>\n<ul>\n<li><strong>bold</strong> <code>code</code></li>\n\
         <li><a href=\"http://a.test\">link</a></li>\n</ul>\n<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n\
         <tbody><tr>\n<td>1</td>\n<td>2</td>\n</tr>\n</tbody></table>\n"
    );
    assert_eq!(
        answer(server, "/cheerio"),
        json!({
            "items": ["one", "two & three", "four"],
            "html": "<ul id=\"list\"><li class=\"a seen\" title=\"first\">one</li><li class=\"b\">two &amp; three</li><li>four</li></ul>",
            "after": 1,
        })
    );
    assert_eq!(
        answer(server, "/fast-xml-parser"),
        json!({
            "parsed": {
                "?xml": { "@version": "1.0" },
                "feed": { "entry": [{ "title": "One < two", "@id": "1" }, { "n": 3, "@id": "2" }], "@lang": "en" },
            },
            "built": "<a x=\"1\"><b>c</b><b>d</b></a>",
        })
    );
}

fn packages_compiled_by_wasm_bindgen_run_with_their_own_glue(server: &Server) {
    assert_eq!(
        answer(server, "/resvg"),
        json!({
            "size": [40, 20], "signature": [137, 80, 78, 71, 13, 10, 26, 10], "pixel": [255, 128, 0, 255],
            "refusal": "Error: SVG data parsing failed cause the document does not have a root node",
        })
    );
    assert_eq!(
        answer(server, "/automerge"),
        json!({ "merged": { "count": 6, "items": ["z", "a", "b"], "title": "my list" }, "changes": 3, "same": true })
    );
}

fn hono_validates_with_zod(server: &Server) {
    assert_eq!(
        post(server, "/orders", &json!({ "item": "pen" })),
        (201, json!({ "order": { "item": "pen", "count": 1 } }))
    );
    let (status, refusal) = post(server, "/orders", &json!({ "item": "p" }));
    assert_eq!(
        (status, &refusal["success"], &refusal["error"]["name"]),
        (400, &json!(false), &json!("ZodError"))
    );
    assert_eq!(answer(server, "/orders/7"), json!({ "id": 7 }));
    assert_eq!(server.get("/orders/x").status, 400);
}

fn graphql_yoga_answers_queries_mutations_and_subscriptions(server: &Server) {
    let query = |query: Value| post(server, "/graphql", &query).1;

    assert_eq!(
        query(
            json!({ "query": "query($most: Int) { items(most: $most) { name } }", "variables": { "most": 1 } })
        ),
        json!({ "data": { "items": [{ "name": "pen" }] } })
    );
    assert_eq!(
        query(json!({ "query": "mutation { add(name: \"x\") { name cents } }" })),
        json!({ "data": { "add": { "name": "x", "cents": 0 } } })
    );
    let failed = query(json!({ "query": "{ fails items { cents } }" }));
    assert_eq!(failed["errors"][0]["message"], "Unexpected error.");
    assert_eq!(
        failed["data"],
        json!({ "fails": null, "items": [{ "cents": 150 }, { "cents": 900 }] })
    );

    let headers = [
        ("Content-Type", "application/json"),
        ("Accept", "text/event-stream"),
    ];
    let body = json!({ "query": "subscription { countdown(from: 2) }" }).to_string();
    let stream = server
        .http()
        .request("POST", "/graphql", &headers, body.as_bytes());
    let counts: Vec<_> = stream
        .text()
        .lines()
        .filter(|line| line.starts_with("data: {"))
        .collect();
    assert_eq!(
        counts,
        [2, 1, 0].map(|count| format!("data: {{\"data\":{{\"countdown\":{count}}}}}"))
    );
}

fn trpc_serves_calls_batches_and_streams(server: &Server) {
    assert_eq!(
        answer(server, "/trpc/greet?input=%22bob%22"),
        json!({ "result": { "data": "hello bob" } })
    );
    let refusal = server.get("/trpc/greet?input=3");
    assert_eq!(
        (refusal.status, &refusal.json()["error"]["data"]["code"]),
        (400, &json!("BAD_REQUEST"))
    );
    assert_eq!(
        post(server, "/trpc/add", &json!({ "a": 1, "b": 2 })),
        (200, json!({ "result": { "data": { "sum": 3 } } }))
    );
    assert_eq!(
        answer(server, "/trpc-client"),
        json!({ "greeting": "hello ann", "sum": { "sum": 5 }, "refusal": "FORBIDDEN", "counted": [1, 2] })
    );
}

fn stripe_speaks_over_fetch_and_checks_the_signatures_of_webhooks(server: &Server) {
    assert_eq!(
        answer(server, "/stripe"),
        json!({
            "customer": { "id": "cus_1", "object": "customer", "idempotent": true, "email": "ann@example.com", "metadata[plan]": "gold" },
            "refusal": "StripeAuthenticationError: Invalid API Key",
            "event": "charge.succeeded",
            "forged": "StripeSignatureVerificationError",
        })
    );
}

fn packages_for_objects_keep_their_state(server: &Server) {
    assert_eq!(
        answer(server, "/tinybase-sync"),
        json!({ "same": true, "items": { "apples": { "count": 5 }, "pears": { "count": 4 } }, "stored": true })
    );
    assert_eq!(
        answer(server, "/tinybase-sql"),
        json!([{ "pets": { "pet0": { "species": "dog" } } }, { "open": true }])
    );
    assert_eq!(
        answer(server, "/itty-durable"),
        json!({ "twice": { "counter": 2 }, "sum": 23, "other": { "counter": 0 } })
    );
    assert_eq!(
        answer(server, "/actors"),
        json!({ "total": 400, "note": "none" })
    );
}

fn partysocket_clients_talk_reconnect_and_send_what_they_had_queued(server: &Server) {
    assert_eq!(
        answer(server, "/partysocket"),
        json!({
            "ann": ["hello ann", "ann: hi", "bob: back again"],
            "greetings": 2,
            "drop": [4000, "dropped"],
            "request": { "method": "POST", "room": "tea" },
        })
    );
}

fn packages_for_objects_find_their_state_again(server: &Server) {
    assert_eq!(
        answer(server, "/tinybase-sql")[0]["pets"],
        json!({ "pet0": { "species": "dog" }, "pet1": { "species": "dog" } })
    );
    assert_eq!(
        answer(server, "/itty-durable")["twice"],
        json!({ "counter": 4 })
    );
    assert_eq!(answer(server, "/actors")["total"], 800);
}

/// One start for all: the bundle of so many packages takes a while to make.
#[test]
fn packages_do_what_they_do_on_workerd() {
    let server = Server::start(fixture("libraries"));
    packages_that_compute_give_what_they_give_on_workerd(&server);
    packages_that_read_and_write_texts_give_what_they_give_on_workerd(&server);
    packages_compiled_by_wasm_bindgen_run_with_their_own_glue(&server);
    hono_validates_with_zod(&server);
    graphql_yoga_answers_queries_mutations_and_subscriptions(&server);
    trpc_serves_calls_batches_and_streams(&server);
    stripe_speaks_over_fetch_and_checks_the_signatures_of_webhooks(&server);
    packages_for_objects_keep_their_state(&server);
    partysocket_clients_talk_reconnect_and_send_what_they_had_queued(&server);

    packages_for_objects_find_their_state_again(&server.kill_and_restart());
}
