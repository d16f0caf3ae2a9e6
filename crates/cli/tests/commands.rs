//! What `stated dev` and `stated serve` do beside answering requests.

use std::path::Path;
use std::thread;

use serde_json::{Value, json};
use stated_testkit::{Copy, HttpClient, Launch, Runtime, Server, fixture, stated};

fn serve(project: &Path) -> Launch {
    Launch::of(Runtime::Stated, project)
        .command("serve")
        .argument("--internal-port")
        .argument("0")
}

#[test]
fn a_changed_source_is_loaded_and_storage_stays() {
    let project = Copy::of("reload");
    let server = project.launch().start();
    assert_eq!(server.get("/count").text(), "one 1");

    project.replace("src/version.ts", "one", "two");
    server.wait_for_output("Reloaded in");

    assert_eq!(server.get("/count").text(), "two 2");
}

#[test]
fn only_a_proxy_that_was_named_is_believed() {
    let project = Copy::of("reload");
    project.replace(
        "src/index.ts",
        "switch (url.pathname) {",
        "switch (url.pathname) {
      case \"/shown\":
        return Response.json([request.url, request.headers.get(\"CF-Connecting-IP\"), request.cf]);",
    );
    let fields = [
        ("Host", "a.example"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Proto", "https"),
    ];
    let shown = |launch: Launch| {
        let server = launch.start();
        server.http().request("GET", "/shown", &fields, b"").json()
    };
    let cf = json!({ "httpProtocol": "HTTP/1.1" });
    let direct = json!(["http://a.example/shown", "127.0.0.1", cf]);
    let proxied = json!(["https://a.example/shown", "1.2.3.4", cf]);

    assert_eq!(shown(project.launch()), direct);
    let named = |network: &str| {
        project
            .launch()
            .argument("--trusted-proxy")
            .argument(network)
    };
    assert_eq!(shown(named("10.0.0.0/8")), direct);
    assert_eq!(shown(named("127.0.0.1")), proxied);
    let serve = serve(project.folder()).environment("STATED_TRUSTED_PROXY", "::1,127.0.0.0/8");
    assert_eq!(shown(serve), proxied);
}

#[test]
fn a_proxy_is_named_by_its_address_or_network() {
    let exit = stated(Path::new("."), &["dev", "--trusted-proxy", "caddy"]);

    assert_eq!(exit.code, Some(2));
    assert!(
        exit.stderr.contains(
            "invalid value 'caddy' for '--trusted-proxy <NETWORK>': a network is written as an address, or as an address and \
             the length of its prefix: 10.0.0.0/8"
        ),
        "{}",
        exit.stderr
    );
}

#[test]
fn what_a_build_tool_has_made_of_a_project_runs_instead_of_it() {
    let project = Copy::of("reload");
    let write = |file: &str, text: &str| {
        let path = project.folder().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write(".dev.vars", "SECRET=kept");
    write(
        ".wrangler/deploy/config.json",
        r#"{ "configPath": "../../dist/server/wrangler.json" }"#,
    );
    write(
        "dist/server/wrangler.json",
        r#"{ "name": "built", "main": "index.js", "no_bundle": true, "compatibility_date": "2026-08-01", "userConfigPath": "x",
             "rules": [{ "type": "ESModule", "globs": ["**/*.js"] }] }"#,
    );
    let program = |text: &str| {
        format!(
            "export default {{ fetch: async (_, env) => new Response(`{text} ${{env.SECRET}} ${{(await import('./chunk.js')).chunk}}`) }};"
        )
    };
    write("dist/server/index.js", &program("built"));
    write("dist/server/chunk.js", "export const chunk = 'in a chunk';");

    let server = project.launch().start();
    server.wait_for_output("Using ");
    server.wait_for_output("dist/server/wrangler.json, which the project's build has made");
    assert_eq!(server.get("/").text(), "built kept in a chunk");

    write("dist/server/index.js", &program("built again"));
    server.wait_for_output("Reloaded in");
    assert_eq!(server.get("/").text(), "built again kept in a chunk");
}

#[test]
fn the_environment_of_node_is_the_commands_or_the_one_it_was_started_with() {
    let project = Copy::of("reload");
    project.replace("src/version.ts", "\"one\"", "process.env.NODE_ENV");
    let version = |launch: Launch| launch.start().get("/count").text().to_owned();
    let dev = || project.launch().environment("NODE_ENV", "");

    assert_eq!(version(dev()), "development 1");
    assert_eq!(
        version(serve(project.folder()).environment("NODE_ENV", "")),
        "production 1"
    );
    assert_eq!(version(dev().environment("NODE_ENV", "test")), "test 1");
}

#[test]
fn a_module_has_a_url_with_the_flag_for_it() {
    let project = Copy::of("reload");
    project.replace(
        "src/version.ts",
        "\"one\"",
        "`${import.meta.url} ${Object.keys(import.meta).length}`",
    );
    let version = |launch: Launch| launch.start().get("/count").text().to_owned();

    assert_eq!(version(project.launch()), "undefined 0 1");

    project.replace(
        "wrangler.toml",
        "compatibility_date",
        "compatibility_flags = [\"new_module_registry\"]\ncompatibility_date",
    );
    assert_eq!(version(project.launch()), "file:///bundle/worker.js 5 1");
}

#[test]
fn an_alarm_that_was_set_before_a_reload_fires_in_the_new_code() {
    let project = Copy::of("reload");
    let server = project.launch().start();
    server.get("/remind?ms=1500");

    project.replace("src/version.ts", "one", "two");
    server.wait_for_output("Reloaded in");

    server.wait_for_output("alarm in version two");
}

#[test]
fn a_broken_change_is_reported_and_the_running_program_goes_on() {
    let project = Copy::of("reload");
    let server = project.launch().start();

    project.replace("src/version.ts", "\"one\"", "\"one");
    server.wait_for_output("src/version.ts:1:");
    assert_eq!(server.get("/count").text(), "one 1");

    project.replace("src/version.ts", "\"one", "\"three\"");
    server.wait_for_output("Reloaded in");
    assert_eq!(server.get("/count").text(), "three 2");
}

#[test]
fn a_program_that_throws_when_it_is_loaded_leaves_the_running_one() {
    let project = Copy::of("reload");
    let server = project.launch().start();

    project.replace(
        "src/version.ts",
        "export",
        "throw new Error('not today');\nexport",
    );
    server.wait_for_output("Error: not today");

    assert_eq!(server.get("/count").text(), "one 1");
}

#[test]
fn a_changed_project_file_is_taken_over_on_the_same_port_with_the_same_data() {
    let project = Copy::of("reload");
    let server = project.launch().start();
    assert_eq!(server.get("/count").text(), "one 1");
    assert_eq!(server.get("/").text(), "hello");

    project.replace("wrangler.toml", "\"hello\"", "\"good morning\"");
    server.wait_for_output("Reloaded with the changed configuration");

    assert_eq!(server.get("/").text(), "good morning");
    assert_eq!(server.get("/count").text(), "one 2");

    project.replace(
        "wrangler.toml",
        "[vars]",
        "[dev]\nip = \"127.0.0.1\"\n\n[vars]",
    );
    server.wait_for_output("Restarted with the changed configuration");

    assert_eq!(server.get("/count").text(), "one 3");
}

#[test]
fn bindings_are_listed_without_the_values_of_variables() {
    let server = Copy::of("reload")
        .launch()
        .argument("--var")
        .argument("SECRET:k3y")
        .start();

    let printed = server.output().stdout();

    assert!(
        printed.contains("env.THINGS    Durable Object Thing"),
        "{printed}"
    );
    assert!(
        printed.contains("env.GREETING  Variable (text)"),
        "{printed}"
    );
    assert!(
        printed.contains("env.SECRET    Variable (text)"),
        "{printed}"
    );
    assert!(!printed.contains("k3y"), "{printed}");
}

#[test]
fn every_request_is_one_line_with_the_object_it_reached() {
    let server = Copy::of("reload").launch().start();

    server.get("/count?a=b");
    let line = server.wait_for_output("GET /count?a=b 200 ");

    assert!(line.ends_with(" ms Thing/it"), "{line}");
}

#[test]
fn console_lines_name_the_object_they_come_from() {
    let server = Copy::of("reload").launch().start();

    server.get("/remind?ms=1");

    assert_eq!(
        server.wait_for_output("alarm in version"),
        "[Thing/it] alarm in version one"
    );
}

#[test]
fn an_uncaught_error_shows_the_line_of_the_source() {
    let server = Copy::of("reload").launch().start();

    assert_eq!(server.get("/fail").status, 500);

    server.wait_for_output("TypeError: nobody catches this");
    server.wait_for_output("src/index.ts:25:11");
}

#[test]
fn a_request_carries_the_address_of_its_peer() {
    let server = Copy::of("reload").launch().start();

    let forged = [
        ("CF-Connecting-IP", "203.0.113.9"),
        ("X-Real-IP", "203.0.113.9"),
    ];
    let response = server.http().request("GET", "/peer", &forged, b"");

    assert_eq!(response.json(), json!(["127.0.0.1", "127.0.0.1"]));
}

#[test]
fn an_import_of_a_missing_built_in_module_names_it() {
    let server = Copy::of("reload").launch().start();

    assert_eq!(
        server.get("/missing").text(),
        "Error: No such module \"cloudflare:nothing\"."
    );
}

#[test]
fn several_services_reach_each_other_and_each_others_objects() {
    let launch = Launch::of(Runtime::Stated, fixture("two-services"));
    let server = ["front/wrangler.jsonc", "back/wrangler.jsonc"]
        .into_iter()
        .fold(launch, |launch, file| {
            launch.argument("--config").argument(file)
        })
        .start();

    assert_eq!(server.get("/hello").text(), "back saw GET /hello");
    assert_eq!(server.get("/sum").text(), "5");
    assert_eq!(server.get("/tally?a").text(), "1");
    assert_eq!(server.get("/tally?a").text(), "2");
    assert_eq!(server.get("/tally?b").text(), "1");
}

#[test]
fn services_take_a_changed_project_file_over_together_or_not_at_all() {
    let project = Copy::of("two-services");
    let greeting = "return new Response(env.GREETING ?? 'none');";
    project.replace(
        "front/index.ts",
        "return env.BACK.fetch(request);",
        greeting,
    );
    let server = ["front/wrangler.jsonc", "back/wrangler.jsonc"]
        .into_iter()
        .fold(project.launch(), |launch, file| {
            launch.argument("--config").argument(file)
        })
        .start();
    let refusal = "throw new Error('not today');\n";
    project.replace(
        "back/index.ts",
        "export default",
        &format!("{refusal}export default"),
    );
    server.wait_for_output("Error: not today");

    // The first service would load with it.
    project.replace(
        "front/wrangler.jsonc",
        "\"name\": \"front\",",
        "\"name\": \"front\", \"vars\": { \"GREETING\": \"hello\" },",
    );
    let deadline = stated_testkit::EVENT_DEADLINE;
    server
        .output()
        .wait_for_occurrence("Error: not today", 2, deadline);
    let between = server.get("/greeting");
    project.replace("back/index.ts", refusal, "");
    server.wait_for_output("Reloaded with the changed configuration");

    assert_eq!(between.text(), "none");
    assert_eq!(server.get("/greeting").text(), "hello");
}

#[test]
fn a_service_that_nobody_configured_is_an_error() {
    let launch = Launch::of(Runtime::Stated, fixture("two-services"));

    let exit = launch
        .argument("--config")
        .argument("front/wrangler.jsonc")
        .run();

    assert_eq!(exit.code, Some(1), "{exit:?}");
    assert!(exit.stderr.contains("back"), "{exit:?}");
}

#[test]
fn objects_on_several_shards_are_reached_from_each() {
    let project = Copy::of("reload");
    let server = serve(project.folder())
        .argument("--shards")
        .argument("3")
        .start();

    // Connections are spread over the shards' listeners; the object lives on one of them.
    let mut counts: Vec<String> = (0..24)
        .map(|_| server.get("/count").text().to_owned())
        .collect();
    counts.sort_by_key(|count| count[4..].parse::<u32>().unwrap_or_default());

    let expected: Vec<String> = (1..=24).map(|count| format!("one {count}")).collect();
    assert_eq!(counts, expected);
}

#[test]
fn serve_answers_healthz_on_its_internal_listener_only() {
    let project = Copy::of("reload");
    let server = serve(project.folder()).start();

    let line = server.wait_for_output("Health on http://");
    let internal = line["Health on http://".len()..]
        .trim_end_matches("/healthz")
        .parse();
    let health = HttpClient::new(internal.expect("the line has an address")).request(
        "GET",
        "/healthz",
        &[],
        b"",
    );

    assert_eq!((health.status, health.text()), (200, "ok"));
    assert_eq!(server.get("/healthz").text(), "hello");
}

#[test]
fn serve_logs_requests_and_console_lines_as_json_when_asked() {
    let project = Copy::of("reload");
    let server = serve(project.folder())
        .argument("--log-format")
        .argument("json")
        .start_when("\"address\":\"");

    server.get("/nowhere");

    let request = json_of(&server.wait_for_output("\"type\":\"request\""));
    assert_eq!(
        (&request["method"], &request["path"], &request["status"]),
        (&json!("GET"), &json!("/nowhere"), &json!(404))
    );
    let console = json_of(&server.wait_for_output("\"type\":\"console\""));
    assert_eq!(
        (&console["level"], &console["text"]),
        (&json!("warn"), &json!("no such path"))
    );
}

#[test]
fn serve_lets_a_request_in_flight_finish_when_it_is_terminated() {
    let project = Copy::of("reload");
    let server = serve(project.folder()).start();
    let address = server.address();
    let client =
        thread::spawn(move || HttpClient::new(address).request("GET", "/slow?ms=700", &[], b""));
    server.wait_for_output("slow call began");

    let exit = server.terminate();

    let response = client.join().expect("the client does not panic");
    assert_eq!((response.status, response.text()), (200, "done"));
    assert_eq!(exit.code, Some(0), "{exit:?}");
}

/// The signal was once listened for after the ready line, and ended the process in between.
#[test]
fn a_server_that_is_terminated_as_soon_as_it_is_ready_ends_in_order() {
    let project = Copy::of("reload");
    for launch in [project.launch(), serve(project.folder())] {
        let exit = launch.start().terminate();

        assert_eq!(exit.code, Some(0), "{exit:?}");
    }
}

#[test]
fn serve_ends_within_its_bound_when_a_request_does_not() {
    let project = Copy::of("reload");
    let server = serve(project.folder())
        .argument("--shutdown-timeout")
        .argument("1")
        .start();
    let mut connection = server.http().connect();
    connection.send(b"GET /slow?ms=60000 HTTP/1.1\r\nHost: x\r\n\r\n");
    server.wait_for_output("slow call began");

    let exit = server.terminate();

    assert_eq!(exit.code, Some(0), "{exit:?}");
}

fn json_of(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| panic!("`{line}` is no JSON"))
}

#[test]
fn a_server_that_dies_frees_its_data_folder() {
    let project = Copy::of("reload");
    let server = project.launch().start();
    assert_eq!(server.get("/count").text(), "one 1");

    let server: Server = server.kill_and_restart();

    assert_eq!(server.get("/count").text(), "one 2");
}
