//! `stated check`: what is said about a project that is not run.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stated_testkit::{Copy, Exit, fixture, stated};
use tempfile::TempDir;

fn check(folder: &Path, arguments: &[&str]) -> Exit {
    stated(folder, &[&["check"], arguments].concat())
}

/// What `--json` printed; the exit code says the same.
#[track_caller]
fn check_json(folder: &Path, arguments: &[&str]) -> Value {
    let exit = check(folder, &[&["--json"], arguments].concat());
    let report: Value = serde_json::from_str(&exit.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", exit.stdout, exit.stderr));
    let code = if report["ok"] == true { 0 } else { 1 };
    assert_eq!(exit.code, Some(code), "{report}");
    assert_eq!(exit.stderr, "");
    report
}

/// A project in a temporary folder, of files with their texts.
fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    for (name, text) in files {
        let path = folder.path().join(name);
        let parent = path.parent().expect("a file has a folder");
        fs::create_dir_all(parent).expect("the temporary folder is writable");
        fs::write(path, text).expect("the temporary folder is writable");
    }
    folder
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            found.extend(files(&path));
        }
        found.insert(path);
    }
    found
}

#[test]
fn a_project_in_order_is_said_to_be_so_and_nothing_is_written() {
    let copy = Copy::of("reload");
    let before = files(copy.folder());

    let exit = check(copy.folder(), &[]);

    assert_eq!(exit.code, Some(0), "{exit:?}");
    assert_eq!(
        exit.stdout,
        "Service reload has these bindings:\n  \
           env.THINGS    Durable Object Thing\n  \
           env.GREETING  Variable (text)\n\
         Service reload exports Thing, default\n\
         Checked 1 service: no errors, no warnings\n"
    );
    assert_eq!(exit.stderr, "");
    assert_eq!(files(copy.folder()), before);
}

#[test]
fn every_error_of_every_file_is_reported_at_once_with_file_line_and_key() {
    let folder = project(&[
        (
            "wrong.toml",
            "name = \"Wrong\"\nmain = \"nowhere.js\"\ncompatibility_date = \"tomorrow\"\n\n\
             [[durable_objects.bindings]]\nname = \"A\"\n",
        ),
        ("broken.toml", "name = \"broken\"\nmain = \"broken.js\"\n"),
        ("broken.js", "import './missing';\nexport default {};\n"),
    ]);
    let arguments = ["--config", "wrong.toml", "--config", "broken.toml"];

    let report = check_json(folder.path(), &arguments);

    let found: Vec<Value> = report["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|found| found["severity"] == "error")
        .map(|found| json!([found["file"], found["line"], found["key"]]))
        .collect();
    assert_eq!(
        found,
        [
            json!(["wrong.toml", 1, "name"]),
            json!(["wrong.toml", 2, "main"]),
            json!(["wrong.toml", 3, "compatibility_date"]),
            json!(["wrong.toml", 5, "durable_objects.bindings[0]"]),
            json!(["broken.js", 1, null]),
        ],
        "{report:#}"
    );

    let exit = check(folder.path(), &arguments);
    assert_eq!(exit.code, Some(1));
    let errors = exit
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "));
    assert_eq!(errors.count(), 5, "{}", exit.stderr);
    assert!(exit.stderr.contains("wrong.toml:3:22: "), "{}", exit.stderr);
    assert!(
        exit.stdout
            .ends_with("Checked 1 service: 5 errors, 1 warning\n"),
        "{}",
        exit.stdout
    );
}

#[test]
fn a_class_that_is_bound_and_not_exported_is_an_error() {
    let exit = check(&fixture("class-not-exported"), &[]);

    assert_eq!(exit.code, Some(1));
    assert_eq!(
        exit.stderr,
        "error: class `Counter` of binding `COUNTER` is not exported by ./src/index.ts\n\
         hint: add `export class Counter { … }` to the entry module, or remove the binding\n"
    );
}

#[test]
fn a_program_that_throws_while_it_is_loaded_is_an_error_at_its_line() {
    let copy = Copy::of("reload");
    copy.replace(
        "src/version.ts",
        "export",
        "throw new Error('not today');\nexport",
    );

    let report = check_json(copy.folder(), &[]);

    let message = report["diagnostics"][0]["message"]
        .as_str()
        .expect("a text");
    assert!(
        message.starts_with("service `reload`: Error: not today"),
        "{message}"
    );
    assert!(message.contains("src/version.ts:1:7"), "{message}");
}

#[test]
fn what_a_program_prints_while_it_is_loaded_is_not_mixed_with_the_report() {
    let folder = project(&[
        (
            "wrangler.toml",
            "name = \"loud\"\nmain = \"loud.js\"\ncompatibility_date = \"2026-08-01\"\n",
        ),
        (
            "loud.js",
            "import { env } from 'cloudflare:workers';\nconsole.log('hello', env);\nexport default {};\n",
        ),
    ]);

    let report = check_json(folder.path(), &[]);

    assert_eq!(report["ok"], true);
    assert_eq!(report["services"][0]["exports"][0]["name"], "default");
}

#[test]
fn what_nothing_is_done_with_is_a_warning_and_no_error() {
    let report = check_json(&fixture("without-effect"), &[]);

    let texts: Vec<&str> = report["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|found| {
            assert_eq!(found["severity"], "warning");
            found["message"].as_str().expect("a text")
        })
        .collect();
    assert!(
        texts.contains(&"service `without-effect`: using `env.CACHE` throws; KV namespace bindings are not supported"),
        "{texts:?}"
    );
    assert_eq!(report["services"][0]["bindings"][0]["name"], "CACHE");
}

#[test]
fn names_that_another_service_does_not_export_are_warnings() {
    let copy = Copy::of("two-services");
    copy.replace("front/wrangler.jsonc", "\"Maths\"", "\"Physics\"");
    copy.replace(
        "back/wrangler.jsonc",
        "[\"Tally\"]",
        "[\"Tally\", \"Ledger\"]",
    );
    let both = [
        "--config",
        "front/wrangler.jsonc",
        "--config",
        "back/wrangler.jsonc",
    ];

    let report = check_json(copy.folder(), &both);

    let texts: Vec<&Value> = report["diagnostics"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|found| &found["message"])
        .collect();
    assert_eq!(
        texts,
        [
            "service `front`: entrypoint `Physics` of binding `MATHS` is not exported by service `back`",
            "service `back`: class `Ledger` is declared and neither bound nor exported by back/index.ts",
        ]
    );
    assert_eq!(report["services"][1]["name"], "back");
}

#[test]
fn a_service_that_nobody_configured_is_an_error_at_the_key_that_names_it() {
    let report = check_json(
        &fixture("two-services"),
        &["--config", "front/wrangler.jsonc"],
    );

    let diagnostics = report["diagnostics"].as_array().expect("a list");
    let of_service = diagnostics
        .iter()
        .find(|found| found["key"] == "services[0].service");
    let found = of_service.unwrap_or_else(|| panic!("{report:#}"));
    assert_eq!(found["line"], 5);
    assert_eq!(
        found["hint"],
        "name its project file with a further --config"
    );
}

#[test]
fn the_named_environment_is_the_one_that_is_checked() {
    let folder = project(&[
        (
            "wrangler.toml",
            "name = \"envs\"\nmain = \"main.js\"\ncompatibility_date = \"2026-08-01\"\n\n\
             [env.staging.vars]\nPLACE = \"staging\"\n",
        ),
        ("main.js", "export default {};\n"),
    ]);

    let top = check_json(folder.path(), &[]);
    let staging = check_json(folder.path(), &["--env", "staging"]);

    assert_eq!(top["services"][0]["bindings"], json!([]));
    let service = &staging["services"][0];
    assert_eq!(service["name"], "envs-staging");
    assert_eq!(service["environment"], "staging");
    assert_eq!(
        service["bindings"],
        json!([{ "name": "PLACE", "what": "Variable (text)" }])
    );
    let unknown = check_json(folder.path(), &["--env", "production"]);
    assert_eq!(unknown["ok"], false);
}

#[test]
fn a_folder_that_does_not_exist_is_an_error_in_either_form() {
    let report = check_json(Path::new("/"), &["/nowhere/at/all"]);
    assert_eq!(
        report["diagnostics"][0]["message"],
        "project folder `/nowhere/at/all` does not exist"
    );

    let exit = check(Path::new("/"), &["/nowhere/at/all"]);
    assert_eq!(exit.code, Some(1));
    assert!(
        exit.stderr.starts_with("error: project folder "),
        "{exit:?}"
    );
}
