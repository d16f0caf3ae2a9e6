use crate::fixture::{jsonc_with_base, with_base};
use crate::project::Binding;

const ROOM: &str =
    "[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Room\"]\n[[durable_objects.bindings]]\n";

#[test]
fn a_namespace_binding_needs_a_name_and_a_class() {
    assert_eq!(
        with_base("[[durable_objects.bindings]]\nname = 5\n").errors(),
        [
            "wrangler.toml:4:1: binding should have a string \"class_name\" field.\n  [[durable_objects.bindings]]\n  ^",
            "wrangler.toml:5:1: binding should have a string \"name\" field.\n  name = 5\n  ^",
        ]
    );
    assert_eq!(
        jsonc_with_base("\"durable_objects\": { \"bindings\": [{}] }").errors(),
        [
            "wrangler.jsonc:2:35: binding should have a string \"name\" field.\n  \"durable_objects\": { \"bindings\": [{}] }\n                                    ^",
            "wrangler.jsonc:2:35: binding should have a string \"class_name\" field.\n  \"durable_objects\": { \"bindings\": [{}] }\n                                    ^",
        ]
    );
}

#[test]
fn script_name_and_environment_must_be_strings() {
    assert_eq!(
        with_base(&format!(
            "{ROOM}name = \"R\"\nclass_name = \"Room\"\nscript_name = 1\nenvironment = true\n"
        ))
        .errors(),
        [
            "wrangler.toml:10:1: the field \"script_name\", when present, should be a string.\n  script_name = 1\n  ^",
            "wrangler.toml:11:1: the field \"environment\", when present, should be a string.\n  environment = true\n  ^",
        ]
    );
}

#[test]
fn an_environment_without_script_is_refused() {
    assert_eq!(
        with_base(&format!(
            "{ROOM}name = \"R\"\nclass_name = \"Room\"\nenvironment = \"x\"\n"
        ))
        .errors(),
        [
            "wrangler.toml:7:1: binding should have a \"script_name\" field if \"environment\" is present.\n  [[durable_objects.bindings]]\n  ^"
        ]
    );
}

#[test]
fn a_script_that_is_this_service_is_no_other_service() {
    let folder = with_base(&format!(
        "{ROOM}name = \"R\"\nclass_name = \"Room\"\nscript_name = \"chat\"\n"
    ));

    assert_eq!(
        folder.project().config.bindings,
        [Binding::Namespace {
            name: "R".to_owned(),
            class: "Room".to_owned(),
            service: None
        }]
    );
}

#[test]
fn an_unknown_key_of_a_binding_warns() {
    assert_eq!(
        with_base(&format!(
            "{ROOM}name = \"R\"\nclass_name = \"Room\"\nscriptname = \"x\"\n"
        ))
        .diagnostics(),
        [
            "wrangler.toml:10:1: `durable_objects.bindings[0].scriptname` is not a key of a project file\n  scriptname = \"x\"\n  ^\nhint: did you mean `script_name`?"
        ]
    );
}

#[test]
fn durable_objects_needs_bindings() {
    assert_eq!(
        with_base("[durable_objects]\n").errors(),
        ["wrangler.toml:4:2: `durable_objects` has no `bindings`\n  [durable_objects]\n   ^"]
    );
}

#[test]
fn a_service_binding_needs_a_name_and_a_service() {
    assert_eq!(
        with_base("[[services]]\nentrypoint = 1\n").errors(),
        [
            "wrangler.toml:4:1: binding should have a string \"binding\" field.\n  [[services]]\n  ^",
            "wrangler.toml:4:1: binding should have a string \"service\" field.\n  [[services]]\n  ^",
            "wrangler.toml:5:1: the field \"entrypoint\", when present, should be a string.\n  entrypoint = 1\n  ^",
        ]
    );
}

#[test]
fn a_service_binding_without_props_has_empty_ones() {
    let folder =
        with_base("[[services]]\nbinding = \"S\"\nservice = \"x\"\nenvironment = \"staging\"\n");

    assert_eq!(
        folder.project().config.bindings,
        [Binding::Service {
            name: "S".to_owned(),
            service: "x-staging".to_owned(),
            entrypoint: None,
            props: serde_json::json!({})
        }]
    );
}

#[test]
fn a_name_that_is_bound_twice_is_refused() {
    assert_eq!(
        with_base(&format!("{ROOM}name = \"R\"\nclass_name = \"Room\"\n[[durable_objects.bindings]]\nname = \"R\"\nclass_name = \"Room\"\n[vars]\nR = \"geheim\"\n")).errors(),
        [
            "wrangler.toml:11:1: `R` is bound twice: as Durable Object and as Durable Object\n  name = \"R\"\n  ^\nhint: bindings are properties of `env`, so their names must differ",
            "wrangler.toml:14:1: `R` is bound twice: as Durable Object and as variable\n  R = ********\n  ^\nhint: bindings are properties of `env`, so their names must differ",
        ]
    );
}

#[test]
fn products_that_do_not_exist_here_warn_and_become_unsupported_bindings() {
    let folder = with_base(
        "text_blobs = { BLOB = \"a.txt\" }\n\
         [[kv_namespaces]]\nbinding = \"CACHE\"\nid = \"1\"\n\
         [[r2_buckets]]\nbinding = \"FILES\"\n\
         [[d1_databases]]\nbinding = \"DB\"\n\
         [[queues.producers]]\nbinding = \"JOBS\"\nqueue = \"jobs\"\n\
         [ai]\nbinding = \"AI\"\n\
         [[send_email]]\nname = \"MAIL\"\n\
         [[unsafe.bindings]]\nname = \"ODD\"\ntype = \"x\"\n",
    );

    let project = folder.project();

    let kinds: Vec<_> = project
        .config
        .bindings
        .iter()
        .map(|binding| match binding {
            Binding::Unsupported { name, kind, .. } => format!("{name}: {kind}"),
            other => panic!("{other:?} is supported"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "AI: Workers AI",
            "DB: D1 database",
            "CACHE: KV namespace",
            "JOBS: queue",
            "FILES: R2 bucket",
            "MAIL: email",
            "BLOB: text blob",
            "ODD: unsafe",
        ]
    );
    let warnings = folder.diagnostics();
    assert_eq!(warnings.len(), kinds.len());
    assert_eq!(
        warnings[1],
        "wrangler.toml:6:1: `CACHE` is bound to a product that does not exist here: KV namespace\n  binding = \"CACHE\"\n  ^\nhint: the program starts, but using `env.CACHE` throws"
    );
}

#[test]
fn a_product_in_another_shape_than_expected_is_left_alone() {
    let folder = with_base("kv_namespaces = \"x\"\nai = 1\nqueues = { producers = [1] }\n");

    assert_eq!(folder.diagnostics(), [""; 0]);
}

#[test]
fn of_a_variable_repeated_in_json_the_last_counts() {
    let folder = jsonc_with_base(r#""vars": { "A": "1", "A": "2" }"#);

    let bindings = folder.project().config.bindings;

    assert_eq!(bindings.len(), 1);
    let Binding::Text { value, .. } = &bindings[0] else {
        panic!("{bindings:?}");
    };
    assert_eq!(value.0, "2");
}

#[test]
fn version_metadata_needs_the_name_of_its_binding() {
    let folder = with_base("[version_metadata]\nbinding = \"VERSION\"\n");
    let name = "VERSION".to_owned();

    assert_eq!(
        folder.project().config.bindings,
        [Binding::VersionMetadata { name }]
    );
    assert_eq!(
        with_base("[version_metadata]\n").errors(),
        [
            "wrangler.toml:4:2: binding should have a string \"binding\" field.\n  [version_metadata]\n   ^"
        ]
    );
}

const LIMIT: &str = "name = \"LIMIT\"\nnamespace_id = \"1001\"\n";

#[test]
fn a_rate_limit_is_read_from_both_of_its_places() {
    let expected = [Binding::RateLimit {
        name: "LIMIT".to_owned(),
        namespace_id: "1001".to_owned(),
        limit: 100,
        period_seconds: 60,
    }];

    for (place, kind) in [
        ("[[ratelimits]]", ""),
        ("[[unsafe.bindings]]", "type = \"ratelimit\"\n"),
    ] {
        let folder = with_base(&format!(
            "{place}\n{LIMIT}{kind}simple = {{ limit = 100, period = 60 }}\n"
        ));

        assert_eq!(folder.project().config.bindings, expected, "{place}");
        assert_eq!(folder.diagnostics(), Vec::<String>::new(), "{place}");
    }
}

#[test]
fn a_rate_limit_that_cannot_be_used_says_why() {
    for (text, expected) in [
        (
            "name = \"LIMIT\"\nsimple = { limit = 1, period = 10 }\n".to_owned(),
            "wrangler.toml:4:1: binding should have a string \"namespace_id\" field.\n  [[ratelimits]]\n  ^",
        ),
        (
            LIMIT.to_owned(),
            "wrangler.toml:4:1: `ratelimits[0]` has no `simple`\n  [[ratelimits]]\n  ^",
        ),
        (
            format!("{LIMIT}simple = {{ limit = 0, period = 10 }}\n"),
            "wrangler.toml:7:20: `ratelimits[0].simple.limit` is 0; it must be a whole number from 1 to 4294967295\n  simple = { limit = 0, period = 10 }\n                     ^",
        ),
        (
            format!("{LIMIT}simple = {{ limit = 1, period = 30 }}\n"),
            "wrangler.toml:7:32: `ratelimits[0].simple.period` is 30; it must be 10 or 60 seconds\n  simple = { limit = 1, period = 30 }\n                                 ^",
        ),
        (
            format!("{LIMIT}simple = {{ limit = 1 }}\n"),
            "wrangler.toml:7:1: `ratelimits[0].simple` has no `period`\n  simple = { limit = 1 }\n  ^",
        ),
    ] {
        assert_eq!(
            with_base(&format!("[[ratelimits]]\n{text}")).errors(),
            [expected]
        );
    }
}
