//! Projects, ports and folders with which `stated dev` cannot start.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use stated_testkit::{Exit, Launch, Runtime, example, fixture};

#[test]
fn a_folder_without_configuration_is_named_with_the_files_looked_for() {
    let exit = start("no-config");

    reports_one_error(&exit, &["wrangler.toml", "wrangler.jsonc", "no-config"]);
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let exit = launch("/nowhere/at/all").run();

    reports_one_error(&exit, &["/nowhere/at/all"]);
}

#[test]
fn a_toml_syntax_error_shows_the_place_and_the_line() {
    let exit = start("toml-syntax");

    reports_one_error(
        &exit,
        &["wrangler.toml:4:28", "[[durable_objects.bindings]"],
    );
}

#[test]
fn a_jsonc_syntax_error_shows_the_place_and_the_line() {
    let exit = start("jsonc-syntax");

    reports_one_error(
        &exit,
        &[
            "wrangler.jsonc:3:25",
            r#""name": "jsonc-syntax""#,
            "expected comma",
        ],
    );
}

#[test]
fn a_value_of_the_wrong_type_shows_the_place_and_the_key() {
    let exit = start("bad-key-type");

    reports_one_error(
        &exit,
        &[
            "wrangler.toml:7:1",
            r#"binding should have a string "class_name" field."#,
        ],
    );
}

#[test]
fn what_nothing_is_done_with_is_a_warning_and_the_rest_runs() {
    let server = launch(fixture("without-effect")).start();

    assert_eq!(server.get("/").text(), "runs");
    server.wait_for_output(
        "service `without-effect`: using `env.CACHE` throws; KV namespace bindings are not supported",
    );
}

#[test]
fn a_main_file_that_does_not_exist_is_named() {
    let exit = start("main-missing");

    reports_one_error(&exit, &["src/nowhere.ts"]);
}

#[test]
fn a_typescript_syntax_error_shows_a_code_frame() {
    let exit = start("typescript-syntax");

    reports_one_error(
        &exit,
        &[
            "src/index.ts:3:",
            "3 |     const path = new URL(request.url.pathname;",
            "^",
        ],
    );
}

#[test]
fn an_import_of_a_file_that_does_not_exist_shows_the_import() {
    let exit = start("missing-module");

    reports_one_error(
        &exit,
        &[
            "./greetings",
            "src/index.ts:1:26",
            r#"import { greeting } from "./greetings";"#,
        ],
    );
}

#[test]
fn an_import_of_a_package_that_is_not_installed_says_how_to_install_it() {
    let exit = start("missing-package");

    reports_one_error(
        &exit,
        &["src/index.ts:1:21", "hint: run `npm install left-pad`"],
    );
}

#[test]
fn a_class_that_is_bound_and_not_exported_is_named() {
    let exit = start("class-not-exported");

    reports_one_error(&exit, &["Counter", "COUNTER", "export"]);
}

#[test]
fn a_port_in_use_is_named_with_another_to_try() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let port = taken
        .local_addr()
        .expect("a listener has an address")
        .port();

    let exit = launch(example("counter")).port(port).run();

    reports_one_error(
        &exit,
        &[
            &format!("127.0.0.1:{port}"),
            "address already in use",
            "--port",
        ],
    );
}

#[test]
fn a_second_server_on_the_same_port_is_refused() {
    // Listeners of one server share their port by an option that would let a second server in.
    let first = launch(example("counter")).start();
    let port = first.address().port();

    let exit = launch(example("counter")).port(port).run();

    reports_one_error(
        &exit,
        &[
            &format!("127.0.0.1:{port}"),
            "address already in use",
            "--port",
        ],
    );
    assert_eq!(first.get("/get").text(), r#"{"count":0}"#);
}

#[test]
fn a_data_folder_that_another_server_uses_is_refused() {
    let first = launch(example("counter")).start();
    first.get("/increment");

    let exit = launch(example("counter")).persist_to(first.data()).run();

    let folder = first.data().to_str().expect("the path is UTF-8");
    reports_one_error(&exit, &[folder, "--persist-to"]);
    assert_eq!(first.get("/get").text(), r#"{"count":1}"#);
}

#[test]
fn a_data_folder_that_is_a_file_is_named() {
    let scratch = tempfile::tempdir().expect("the temporary folder is writable");
    let file = scratch.path().join("state");
    std::fs::write(&file, "").expect("the folder is writable");

    let exit = launch(example("counter")).persist_to(&file).run();

    reports_one_error(
        &exit,
        &[file.to_str().expect("the path is UTF-8"), "--persist-to"],
    );
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let scratch = tempfile::tempdir().expect("the temporary folder is writable");
    let read_only = std::fs::Permissions::from_mode(0o555);
    std::fs::set_permissions(scratch.path(), read_only).expect("the folder is ours");
    if std::fs::write(scratch.path().join("probe"), "").is_ok() {
        // The superuser may write everywhere; /proc refuses even that one.
        let exit = launch(example("counter")).persist_to("/proc/stated").run();
        reports_one_error(&exit, &["/proc/stated", "--persist-to"]);
        return;
    }

    let folder = scratch.path().join("state");
    let exit = launch(example("counter")).persist_to(&folder).run();

    reports_one_error(
        &exit,
        &[folder.to_str().expect("the path is UTF-8"), "--persist-to"],
    );
}

#[test]
fn an_unknown_option_is_a_usage_error() {
    let exit = launch(example("counter"))
        .argument("--prot")
        .argument("1")
        .run();

    assert_eq!(exit.code, Some(2), "{exit:?}");
    assert!(exit.stderr.contains("--prot"), "{exit:?}");
    assert_eq!(exit.stdout, "");
}

#[track_caller]
fn start(name: &str) -> Exit {
    launch(fixture(name)).run()
}

fn launch(project: impl Into<std::path::PathBuf>) -> Launch {
    Launch::of(Runtime::Stated, project)
}

/// Requires exit code 1 and one error on standard error that has all of `parts`.
#[track_caller]
fn reports_one_error(exit: &Exit, parts: &[&str]) {
    assert_eq!(exit.code, Some(1), "{}", exit.stderr);
    assert!(!exit.stdout.contains("Ready on"), "{}", exit.stdout);
    for part in parts {
        assert!(
            exit.stderr.contains(part),
            "`{part}` is missing in:\n{}",
            exit.stderr
        );
    }
    let errors = exit
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .count();
    assert_eq!(errors, 1, "{}", exit.stderr);
    for noise in ["panicked", "RUST_BACKTRACE", "os error", "Os {"] {
        assert!(
            !exit.stderr.contains(noise),
            "`{noise}` is in:\n{}",
            exit.stderr
        );
    }
}
