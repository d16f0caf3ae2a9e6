use stated_core::compat::CompatDate;

use crate::fixture::{Folder, jsonc_with_base, toml, with_base, without_secrets};
use crate::project::{BuildCommand, Rule, RuleKind, RunWorkerFirst};

use super::*;

fn texts(config: &Config) -> Vec<(&str, &str)> {
    config
        .bindings
        .iter()
        .filter_map(|binding| match binding {
            Binding::Text { name, value } => Some((name.as_str(), value.0.as_str())),
            _ => None,
        })
        .collect()
}

#[test]
fn a_folder_without_project_file_is_reported_with_the_names_looked_for() {
    let folder = Folder::new();

    assert_eq!(
        folder.errors(),
        [
            ".: no project file: `wrangler.json`, `wrangler.jsonc`, `wrangler.toml`\n\
          hint: run the command in the folder of a Workers project, or name the file with --config"
        ]
    );
}

#[test]
fn a_named_file_that_does_not_exist_is_reported() {
    let mut folder = Folder::new();
    folder.request.file = Some(folder.path().join("other.toml"));

    assert_eq!(
        folder.errors(),
        ["other.toml: read the file: No such file or directory (os error 2)"]
    );
}

#[test]
fn a_file_that_is_no_text_is_reported() {
    let folder = Folder::new().write("wrangler.toml", b"name = \"\xff\"");

    assert_eq!(
        folder.errors(),
        ["wrangler.toml: the file is not UTF-8: byte 8 is none of it"]
    );
}

#[test]
fn a_syntax_error_is_the_only_report() {
    assert_eq!(
        toml("name = \"chat\nmain = 1").errors(),
        [
            "wrangler.toml:1:13: syntax error: invalid basic string, expected `\"`\n  name = \"chat\n              ^"
        ]
    );
}

#[test]
fn a_minimal_project_gets_every_default() {
    let folder = without_secrets(with_base(""));

    let config = folder.project().config;

    assert_eq!(folder.diagnostics(), [""; 0]);
    assert_eq!(config.name, "chat");
    assert_eq!(config.main, Some(folder.path().join("src/index.ts")));
    assert_eq!(config.directory, folder.path());
    assert_eq!(config.compatibility.date().to_string(), "2026-08-01");
    assert_eq!(config.cpu_ms, 30_000);
    assert_eq!(
        (config.dev.ip.as_str(), config.dev.port),
        ("localhost", 8787)
    );
    assert_eq!(config.bundle.jsx_factory, "React.createElement");
    assert_eq!(config.bundle.jsx_fragment, "React.Fragment");
    assert!(config.bindings.is_empty() && config.crons.is_empty());
    assert!(config.build.is_none() && config.assets.is_none());
    assert_eq!(config.watched, [folder.path().join("wrangler.toml")]);
}

#[test]
fn toml_and_json_give_the_same_project() {
    let toml = with_base(
        r#"
compatibility_flags = ["nodejs_compat"]
no_bundle = true
[vars]
GREETING = "hello"
LIST = [1, 2.5, { a = true }]
[define]
DEBUG = "false"
[[durable_objects.bindings]]
name = "ROOMS"
class_name = "Room"
[[services]]
binding = "SELF"
service = "chat"
entrypoint = "Admin"
props = { role = "boss" }
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]
[[rules]]
type = "Text"
globs = ["**/*.md"]
fallthrough = true
[triggers]
crons = ["* * * * *"]
[limits]
cpu_ms = 50
"#,
    );
    let json = jsonc_with_base(
        r#""compatibility_flags": ["nodejs_compat"],
"no_bundle": true,
"vars": { "GREETING": "hello", "LIST": [1, 2.5, { "a": true }] },
"define": { "DEBUG": "false" },
"durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },
"services": [{ "binding": "SELF", "service": "chat", "entrypoint": "Admin", "props": { "role": "boss" } }],
"migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
"rules": [{ "type": "Text", "globs": ["**/*.md"], "fallthrough": true }],
"triggers": { "crons": ["* * * * *"] },
"limits": { "cpu_ms": 50 }"#,
    );

    let (toml, json) = (toml.project().config, json.project().config);

    assert_eq!(toml.bindings, json.bindings);
    assert_eq!(toml.classes, json.classes);
    assert_eq!(toml.bundle, json.bundle);
    assert_eq!(toml.compatibility, json.compatibility);
    assert_eq!((toml.cpu_ms, &toml.crons), (json.cpu_ms, &json.crons));
    assert_eq!(toml.cpu_ms, 50);
    assert_eq!(toml.crons, ["* * * * *".parse().unwrap()]);
    assert_eq!(
        toml.bundle.rules,
        [Rule {
            kind: RuleKind::Text,
            globs: vec!["**/*.md".to_owned()],
            fallthrough: true
        }]
    );
    let names: Vec<_> = toml.bindings.iter().map(Binding::name).collect();
    assert_eq!(names, ["ROOMS", "SELF", "GREETING", "LIST"]);
}

#[test]
fn an_unknown_key_warns_with_its_place_and_the_nearest_key() {
    assert_eq!(
        with_base("durable_object = 1\n[build]\ncomand = \"x\"\n").diagnostics(),
        [
            "wrangler.toml:4:1: `durable_object` is not a key of a project file\n  durable_object = 1\n  ^\nhint: did you mean `durable_objects`?",
            "wrangler.toml:6:1: `build.comand` is not a key of a project file\n  comand = \"x\"\n  ^\nhint: did you mean `command`?"
        ]
    );
    assert_eq!(
        jsonc_with_base("\"zzz\": 1").diagnostics(),
        ["wrangler.jsonc:2:1: `zzz` is not a key of a project file\n  \"zzz\": 1\n  ^"]
    );
}

#[test]
fn known_keys_without_meaning_here_pass_silently() {
    let folder = with_base(
        "workers_dev = true\nroutes = [\"example.com\"]\nsend_metrics = false\naccount_id = \"x\"\nlogpush = true\n[observability]\nenabled = true\n[placement]\nmode = \"smart\"\n",
    );

    assert_eq!(folder.diagnostics(), [""; 0]);
}

#[test]
fn a_project_without_name_is_called_worker() {
    let folder = toml("main = \"src/index.ts\"\ncompatibility_date = \"2026-08-01\"\n");

    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.toml: no `name`; the service is called `worker`\nhint: add a `name`: the ids of its Durable Objects depend on it"
        ]
    );
    assert_eq!(folder.project().config.name, "worker");
}

#[test]
fn a_name_with_other_characters_is_refused() {
    for (name, accepted) in [
        ("a_b-1", true),
        ("Chat", false),
        ("-a", false),
        ("a b", false),
    ] {
        let text = format!(
            "name = \"{name}\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-08-01\"\n"
        );
        assert_eq!(toml(&text).load().is_ok(), accepted, "{name}");
    }
    assert_eq!(
        toml("name = \"Chat\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-08-01\"\n")
            .errors(),
        [
            "wrangler.toml:1:8: `name` is \"Chat\"; it must consist of lower-case letters, digits, dashes and underscores, and not begin with a dash\n  name = \"Chat\"\n         ^"
        ]
    );
}

#[test]
fn a_value_of_the_wrong_type_is_reported_at_the_value() {
    let cases = [
        (
            "no_bundle = 1",
            "`no_bundle` must be a boolean, but is a number",
            13,
        ),
        (
            "tsconfig = true",
            "`tsconfig` must be a string, but is a boolean",
            12,
        ),
        (
            "rules = \"x\"",
            "`rules` must be an array, but is a string",
            9,
        ),
        ("vars = \"x\"", "`vars` must be a table, but is a string", 8),
        ("build = []", "`build` must be a table, but is an array", 9),
        (
            "compatibility_flags = [1]",
            "`compatibility_flags[0]` must be a string, but is a number",
            24,
        ),
        (
            "limits = {cpu_ms = \"1\"}",
            "`limits.cpu_ms` must be a number, but is a string",
            20,
        ),
        (
            "define = {A = 1}",
            "`define.A` must be a string, but is a number",
            15,
        ),
        (
            "services = {}",
            "`services` must be an array, but is a table",
            12,
        ),
    ];
    for (line, message, column) in cases {
        let errors = with_base(&format!("{line}\n")).errors();
        let expected = format!("wrangler.toml:4:{column}: {message}\n  ");
        assert!(errors[0].starts_with(&expected), "{errors:?}");
        assert_eq!(errors.len(), 1, "{errors:?}");
    }
}

#[test]
fn a_value_of_the_wrong_type_never_shows_a_variable() {
    let errors = with_base("vars = \"geheim\"\n").errors();

    assert_eq!(
        errors,
        [
            "wrangler.toml:4:8: `vars` must be a table, but is a string\n  vars = ********\n         ^"
        ]
    );
}

#[test]
fn a_date_without_quotes_is_reported_with_what_to_do() {
    assert_eq!(
        toml("name = \"chat\"\nmain = \"src/index.ts\"\ncompatibility_date = 2026-08-01\n")
            .errors(),
        [
            "wrangler.toml:3:22: `compatibility_date` must be a string, but is a date\n  compatibility_date = 2026-08-01\n                       ^\nhint: write the date in quotes"
        ]
    );
    assert_eq!(
        with_base("[vars]\nSINCE = 2026-08-01\n").errors(),
        [
            "wrangler.toml:5:1: `vars.SINCE` is a TOML date; variables cannot be dates\n  SINCE = **********\n  ^\nhint: write the date in quotes"
        ]
    );
}

#[test]
fn a_missing_entry_module_is_reported() {
    assert_eq!(
        toml("name = \"chat\"\ncompatibility_date = \"2026-08-01\"\n").errors(),
        [
            "wrangler.toml: no `main`: the entry module of the Worker is missing\nhint: add `main`, for example \"src/index.ts\""
        ]
    );
    let base = "name = \"chat\"\ncompatibility_date = \"2026-08-01\"\n";
    assert_eq!(
        toml(&format!("{base}main = \"src/gone.ts\"\n")).errors(),
        [
            "wrangler.toml:3:8: the entry module `src/gone.ts` does not exist\n  main = \"src/gone.ts\"\n         ^\nhint: `main` is relative to the folder of the project file"
        ]
    );
    assert_eq!(
        toml(&format!("{base}main = \"src\"\n")).errors(),
        [
            "wrangler.toml:3:8: the entry module `src` is a folder\n  main = \"src\"\n         ^\nhint: `main` is relative to the folder of the project file"
        ]
    );
}

#[test]
fn an_entry_module_that_a_build_command_makes_need_not_exist() {
    let folder = toml(
        "name = \"chat\"\nmain = \"dist/out.js\"\ncompatibility_date = \"2026-08-01\"\n[build]\ncommand = \"make\"\ncwd = \"web\"\nwatch_dir = [\"web\", \"lib\"]\n",
    );

    let config = folder.project().config;

    assert_eq!(config.main, Some(folder.path().join("dist/out.js")));
    assert_eq!(
        config.build,
        Some(BuildCommand {
            command: "make".to_owned(),
            directory: folder.path().join("web"),
            watched: vec![folder.path().join("web"), folder.path().join("lib")],
        })
    );
}

#[test]
fn a_build_command_watches_src_by_default() {
    let folder = with_base("[build]\ncommand = \"make\"\n");

    let build = folder.project().config.build.unwrap();

    assert_eq!(build.directory, folder.path());
    assert_eq!(build.watched, [folder.path().join("./src")]);
}

#[test]
fn a_project_without_compatibility_date_gets_the_latest_and_a_warning() {
    let folder = toml("name = \"chat\"\nmain = \"src/index.ts\"\n");

    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.toml: no `compatibility_date`; 2026-11-17 is used\nhint: add a `compatibility_date`, so that behaviour does not change by itself"
        ]
    );
    assert_eq!(
        folder.project().config.compatibility.date(),
        CompatDate::LATEST
    );
}

#[test]
fn a_compatibility_date_that_is_none_is_reported() {
    assert_eq!(
        toml("name = \"chat\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-02-30\"\n")
            .errors(),
        [
            "wrangler.toml:3:22: `compatibility_date` is \"2026-02-30\"; it must be a date of the form YYYY-MM-DD\n  compatibility_date = \"2026-02-30\"\n                       ^"
        ]
    );
}

#[test]
fn unknown_compatibility_flags_warn_and_contradictory_ones_are_refused() {
    assert_eq!(
        with_base("compatibility_flags = [\"rpc\", \"node_compat\"]\n").diagnostics(),
        [
            "wrangler.toml:4:31: no compatibility flag is named `node_compat`\n  compatibility_flags = [\"rpc\", \"node_compat\"]\n                                ^\nhint: did you mean `nodejs_compat`?"
        ]
    );
    assert_eq!(
        with_base("compatibility_flags = [\"rpc\", \"no_rpc\"]\n").errors(),
        [
            "wrangler.toml:4:31: compatibility flags `rpc` and `no_rpc` contradict each other\n  compatibility_flags = [\"rpc\", \"no_rpc\"]\n                                ^"
        ]
    );
}

#[test]
fn processor_time_may_be_five_minutes_and_no_millisecond_more() {
    let limit = |ms: u64| with_base(&format!("[limits]\ncpu_ms = {ms}\n"));

    assert_eq!(limit(300_000).project().config.cpu_ms, 300_000);
    assert_eq!(
        limit(300_001).errors(),
        [
            "wrangler.toml:5:10: `limits.cpu_ms` is 300001; it must be a whole number from 1 to 300000 milliseconds\n  cpu_ms = 300001\n           ^"
        ]
    );
    assert!(limit(0).load().is_err());
}

#[test]
fn a_rule_needs_a_type_and_globs() {
    assert_eq!(
        with_base("[[rules]]\ntype = \"text\"\n").errors(),
        [
            "wrangler.toml:4:1: `rules[0]` has no `globs`\n  [[rules]]\n  ^",
            "wrangler.toml:5:8: `rules[0].type` is \"text\"; it must be one of \"ESModule\", \"CommonJS\", \"CompiledWasm\", \"Text\", \"Data\"\n  type = \"text\"\n         ^\nhint: did you mean `Text`?"
        ]
    );
}

#[test]
fn a_cron_expression_that_is_none_is_an_error_and_one_that_is_there_twice_a_warning() {
    assert_eq!(
        with_base("[triggers]\ncrons = [\"0 * * * *\", \"60 * * * *\"]\n").errors(),
        [
            "wrangler.toml:5:23: cron expression `60 * * * *`: `60` is no minute; it must be a number from 0 to 59, a range, a step or a list of these\n  crons = [\"0 * * * *\", \"60 * * * *\"]\n                        ^"
        ]
    );

    let twice = with_base("[triggers]\ncrons = [\"0 * * * *\", \"0 * * * *\"]\n");

    assert_eq!(twice.project().config.crons, ["0 * * * *".parse().unwrap()]);
    assert_eq!(
        twice.diagnostics(),
        [
            "wrangler.toml:5:23: cron expression `0 * * * *` is there twice\n  crons = [\"0 * * * *\", \"0 * * * *\"]\n                        ^\nhint: it triggers one event"
        ]
    );
}

#[test]
fn two_hundred_and_fifty_cron_expressions_are_allowed_and_one_more_is_not() {
    let crons = |count: u32| {
        let all: Vec<String> = (0..count)
            .map(|n| format!("\"{} {} * * *\"", n % 60, n / 60))
            .collect();
        with_base(&format!("[triggers]\ncrons = [{}]\n", all.join(",")))
    };

    assert_eq!(crons(250).project().config.crons.len(), 250);
    assert!(
        crons(251).errors()[0].contains("`triggers.crons` has 251 expressions; the limit is 250")
    );
}

#[test]
fn static_files_are_read_with_their_defaults() {
    let folder = with_base(
        "[assets]\ndirectory = \"public\"\nbinding = \"ASSETS\"\nrun_worker_first = [\"/api/*\"]\n",
    );

    let config = folder.project().config;
    let assets = config.assets.unwrap();

    assert_eq!(assets.directory, folder.path().join("public"));
    assert_eq!(assets.html_handling, "auto-trailing-slash");
    assert_eq!(assets.not_found_handling, "none");
    assert_eq!(
        assets.run_worker_first,
        RunWorkerFirst::Matching(vec!["/api/*".to_owned()])
    );
    assert_eq!(
        config.bindings,
        [Binding::Assets {
            name: "ASSETS".to_owned()
        }]
    );
}

#[test]
fn a_project_may_have_static_files_and_no_program() {
    let text =
        "name = \"site\"\ncompatibility_date = \"2026-08-01\"\n[assets]\ndirectory = \"public\"\n";

    let config = toml(text).project().config;

    assert_eq!(config.main, None);
    assert_eq!(
        toml(&format!(
            "{text}binding = \"ASSETS\"\nrun_worker_first = true\n"
        ))
        .errors(),
        [
            "wrangler.toml:5:1: `assets.binding` needs a program, and there is no `main`\n  binding = \"ASSETS\"\n  ^\nhint: remove `binding`, or add `main`, for example \"src/index.ts\"",
            "wrangler.toml:6:1: `assets.run_worker_first` needs a program, and there is no `main`\n  run_worker_first = true\n  ^\nhint: remove `run_worker_first`, or add `main`, for example \"src/index.ts\"",
        ]
    );
}

#[test]
fn patterns_of_run_worker_first_are_checked() {
    let errors = |patterns: &str| {
        let text = format!("[assets]\ndirectory = \"public\"\nrun_worker_first = {patterns}\n");
        let errors = with_base(&text).errors();
        let first = errors[0].lines().next().unwrap_or_default();
        first
            .splitn(4, ':')
            .nth(3)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let patterns = |count: usize, length: usize| {
        let all: Vec<String> = (0..count)
            .map(|n| format!("\"/{n:0>width$}\"", width = length - 1))
            .collect();
        format!("[{}]", all.join(","))
    };
    let accepts = |patterns: &str| {
        let text = format!("[assets]\ndirectory = \"public\"\nrun_worker_first = {patterns}\n");
        with_base(&text).load().is_ok()
    };

    assert_eq!(
        errors("[\"api\"]"),
        "pattern `api` must begin with `/` or `!/`"
    );
    assert_eq!(
        errors("[\"/a\", \"!a\"]"),
        "pattern `!a` must begin with `/` or `!/`"
    );
    assert_eq!(errors("[\"/a\", \"/a\"]"), "pattern `/a` is there twice");
    assert_eq!(
        errors("[\"!/a\"]"),
        "`assets.run_worker_first` has no pattern that does not begin with `!`"
    );
    assert_eq!(
        errors("[]"),
        "`assets.run_worker_first` has no pattern that does not begin with `!`"
    );
    assert!(accepts(&patterns(100, 100)));
    assert_eq!(
        errors(&patterns(101, 5)),
        "`assets.run_worker_first` has 101 patterns; the limit is 100"
    );
    assert!(errors(&patterns(1, 101)).ends_with("has 101 characters; the limit is 100"));
}

#[test]
fn static_files_need_a_folder() {
    assert_eq!(
        with_base("[assets]\nbinding = \"ASSETS\"\n").errors(),
        [
            "wrangler.toml:4:2: `assets` has no `directory`\n  [assets]\n   ^\nhint: add the folder of the files; if a tool such as Vite makes it, run its build first"
        ]
    );
}

#[test]
fn the_command_line_goes_before_the_file() {
    let mut folder = with_base("compatibility_flags = [\"rpc\"]\n[vars]\nA = \"file\"\nB = 1\n")
        .write("other.js", "");
    folder.request.overrides = Overrides {
        name: Some("mine".to_owned()),
        main: Some(folder.path().join("other.js")),
        compatibility_date: Some("2021-11-10".parse().unwrap()),
        compatibility_flags: vec!["pedantic_wpt".to_owned()],
        vars: vec![
            ("B".to_owned(), "line".to_owned()),
            ("C".to_owned(), "new".to_owned()),
        ],
    };

    let config = folder.project().config;

    assert_eq!(config.name, "mine");
    assert_eq!(config.main, Some(folder.path().join("other.js")));
    assert_eq!(config.compatibility.date().to_string(), "2021-11-10");
    assert!(config.compatibility.has("pedantic_wpt") && !config.compatibility.has("rpc"));
    assert_eq!(texts(&config), [("A", "file"), ("B", "line"), ("C", "new")]);
}

#[test]
fn an_entry_module_of_the_command_line_must_exist() {
    let mut folder = with_base("");
    folder.request.overrides.main = Some("no/such.js".into());

    assert_eq!(
        folder.errors(),
        ["wrangler.toml: the entry module `no/such.js` does not exist"]
    );
}

#[test]
fn a_variable_of_the_command_line_cannot_replace_a_binding() {
    let mut folder = with_base("[[kv_namespaces]]\nbinding = \"CACHE\"\nid = \"1\"\n");
    folder.request.overrides.vars = vec![("CACHE".to_owned(), "geheim".to_owned())];

    assert_eq!(
        folder.errors(),
        ["wrangler.toml: variable of the command line: `CACHE` is also the name of a binding"]
    );
}

#[test]
fn secrets_beside_the_project_are_strings_that_replace_variables() {
    let folder = with_base("[vars]\nA = \"plain\"\nB = {x = 1}\n")
        .write(".dev.vars", "B=secret\nKEY=geheim\n");

    let project = folder.project();

    assert_eq!(project.warnings, []);
    assert_eq!(
        texts(&project.config),
        [("A", "plain"), ("B", "secret"), ("KEY", "geheim")]
    );
    assert_eq!(
        project.config.watched,
        [
            folder.path().join("wrangler.toml"),
            folder.path().join(".dev.vars")
        ]
    );
}

#[test]
fn secrets_can_be_left_out() {
    let folder = without_secrets(with_base("").write(".dev.vars", "KEY=geheim\n"));

    assert_eq!(texts(&folder.project().config), []);
}

#[test]
fn a_secret_with_the_name_of_a_binding_is_refused_without_its_value() {
    let folder = with_base("[[kv_namespaces]]\nbinding = \"CACHE\"\nid = \"1\"\n")
        .write(".dev.vars", "CACHE=geheim\n");

    assert_eq!(
        folder.errors(),
        [".dev.vars: `CACHE` is also the name of a binding"]
    );
}

#[test]
fn a_project_that_lists_its_secrets_gets_those_and_no_others() {
    let folder = with_base("[secrets]\nrequired = [\"KEY\", \"TOKEN\"]\n")
        .write(".dev.vars", "KEY=geheim\nOTHER=1\n");

    let project = folder.project();

    assert_eq!(texts(&project.config), [("KEY", "geheim")]);
    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.toml: secret `TOKEN` is required and not set\nhint: add a line `TOKEN=…` to .dev.vars"
        ]
    );
}

#[test]
fn all_errors_are_reported_at_once_in_the_order_of_the_file() {
    let errors =
        toml("main = 1\nname = 2\nno_bundle = 3\ncompatibility_date = \"2026-08-01\"\n").errors();

    let places: Vec<_> = errors.iter().map(|text| &text[..17]).collect();
    assert_eq!(
        places,
        [
            "wrangler.toml:1:8",
            "wrangler.toml:2:8",
            "wrangler.toml:3:1"
        ]
    );
}

#[test]
fn a_rejection_prints_its_errors_and_not_its_warnings() {
    let folder = with_base("zzz = 1\nno_bundle = 3\n");

    let shown = folder.load().unwrap_err().to_string();

    assert!(shown.contains("`no_bundle` must be a boolean, but is a number"));
    assert!(!shown.contains("zzz = 1\n  ^"));
}
