use crate::fixture::{jsonc_with_base, toml, with_base};
use crate::project::Binding;

#[test]
fn an_environment_inherits_settings_and_adds_its_name() {
    let folder = with_base(
        "no_bundle = true\n[limits]\ncpu_ms = 7\n[env.staging]\nmain = \"src/index.ts\"\n",
    )
    .environment("staging");

    let config = folder.project().config;

    assert_eq!(folder.diagnostics(), [""; 0]);
    assert_eq!(config.name, "chat-staging");
    assert_eq!(config.environment.as_deref(), Some("staging"));
    assert!(config.bundle.no_bundle);
    assert_eq!(config.cpu_ms, 7);
}

#[test]
fn an_environment_with_a_name_of_its_own_keeps_it() {
    let folder = with_base("[env.staging]\nname = \"other\"\n").environment("staging");

    assert_eq!(folder.project().config.name, "other");
}

#[test]
fn what_an_environment_sets_goes_before_the_top_level() {
    let folder = with_base("[limits]\ncpu_ms = 7\n[env.staging.limits]\ncpu_ms = 9\n")
        .environment("staging");

    assert_eq!(folder.project().config.cpu_ms, 9);
}

#[test]
fn bindings_and_variables_are_not_inherited_and_their_absence_warns() {
    let folder = with_base(
        "[vars]\nA = \"1\"\n[define]\nD = \"1\"\n[[services]]\nbinding = \"S\"\nservice = \"chat\"\n[env.staging]\n",
    )
    .environment("staging");

    assert!(folder.project().config.bindings.is_empty());
    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.toml:4:2: `vars` exists at the top level, but not on `env.staging`\n  [vars]\n   ^\nhint: `vars` is not inherited by environments; add it to `env.staging`",
            "wrangler.toml:6:2: `define` exists at the top level, but not on `env.staging`\n  [define]\n   ^\nhint: `define` is not inherited by environments; add it to `env.staging`",
            "wrangler.toml:8:3: `services` exists at the top level, but not on `env.staging`\n  [[services]]\n    ^\nhint: `services` is not inherited by environments; add it to `env.staging`",
        ]
    );
}

#[test]
fn single_names_that_an_environment_leaves_out_warn() {
    let folder = jsonc_with_base(
        r#""vars": { "A": "1", "B": "2" },
"durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },
"migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }],
"env": { "staging": {
"vars": { "A": "3" },
"durable_objects": { "bindings": [] } } }"#,
    )
    .environment("staging");

    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.jsonc:6:1: `vars.B` exists at the top level, but not on `env.staging.vars`\n  \"vars\": { \"A\": *** },\n  ^\nhint: `vars` is not inherited by environments; add `B` to `env.staging.vars`",
            "wrangler.jsonc:7:1: `durable_objects.ROOMS` exists at the top level, but not on `env.staging.durable_objects`\n  \"durable_objects\": { \"bindings\": [] } } }\n  ^\nhint: `durable_objects` is not inherited by environments; add `ROOMS` to `env.staging.durable_objects`",
        ]
    );
    assert_eq!(folder.project().config.bindings.len(), 1);
}

#[test]
fn migrations_are_inherited() {
    let folder = with_base(
        "[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Room\"]\n[[env.staging.durable_objects.bindings]]\nname = \"ROOMS\"\nclass_name = \"Room\"\n",
    )
    .environment("staging");

    let project = folder.project();

    assert_eq!(project.warnings, []);
    assert_eq!(
        project.config.bindings,
        [Binding::Namespace {
            name: "ROOMS".to_owned(),
            class: "Room".to_owned(),
            service: None
        }]
    );
}

#[test]
fn a_wrong_environment_is_refused_with_the_names_there_are() {
    let folder = with_base("[env.staging]\n[env.production]\n").environment("stagign");

    assert_eq!(
        folder.errors(),
        [
            "wrangler.toml: no environment is named `stagign`\nhint: the environments are `staging`, `production`"
        ]
    );
}

#[test]
fn an_environment_in_a_file_without_any_uses_the_top_level() {
    let folder = with_base("[vars]\nA = \"1\"\n").environment("staging");

    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.toml: no environment is named `staging`\nhint: the top level is used; add a section `env.staging`"
        ]
    );
    let config = folder.project().config;
    assert_eq!(config.name, "chat-staging");
    assert_eq!(config.bindings.len(), 1);
}

#[test]
fn an_environment_that_is_no_table_is_refused() {
    let folder = toml("name = \"chat\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-08-01\"\nenv.staging = 1\n")
        .environment("staging");

    assert_eq!(
        folder.errors(),
        [
            "wrangler.toml:4:15: `env.staging` must be a table, but is a number\n  env.staging = 1\n                ^"
        ]
    );
}

#[test]
fn keys_that_an_environment_does_not_have_warn_when_it_is_chosen() {
    let folder = with_base("[env.staging]\nalias = {}\nvarss = 1\n[env.other]\nzzz = 1\n")
        .environment("staging");

    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.toml:5:1: `env.staging.alias` is not a key of a project file\n  alias = {}\n  ^\nhint: `alias` belongs at the top level",
            "wrangler.toml:6:1: `env.staging.varss` is not a key of a project file\n  varss = 1\n  ^\nhint: did you mean `vars`?",
        ]
    );
}

#[test]
fn secrets_of_an_environment_replace_the_general_ones() {
    let folder = with_base("[env.staging]\n")
        .write(".dev.vars", "A=general\nB=general\n")
        .write(".dev.vars.staging", "A=special\n")
        .environment("staging");

    let names: Vec<_> = folder
        .project()
        .config
        .bindings
        .iter()
        .map(|binding| binding.name().to_owned())
        .collect();
    assert_eq!(names, ["A"]);
}
