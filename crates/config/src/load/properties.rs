//! Whatever a project file holds, it is checked without a panic and answered in one of two ways.

use proptest::prelude::*;

use super::*;
use crate::env::{INHERITED, NOT_INHERITED, TOP_LEVEL};

/// Keys that some table of a project file knows, besides the names of the top level.
const INNER_KEYS: &[&str] = &[
    "binding",
    "bindings",
    "class_name",
    "command",
    "cpu_ms",
    "crons",
    "deleted_classes",
    "directory",
    "environment",
    "from",
    "globs",
    "name",
    "new_classes",
    "new_sqlite_classes",
    "port",
    "producers",
    "renamed_classes",
    "renamed_to",
    "required",
    "script_name",
    "service",
    "staging",
    "state",
    "storage",
    "tag",
    "to",
    "type",
    "watch_dir",
];

fn key() -> impl Strategy<Value = String> {
    let known = [INHERITED, NOT_INHERITED, TOP_LEVEL, INNER_KEYS].concat();
    prop_oneof![
        8 => prop::sample::select(known).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        prop::sample::select(vec![
            "Room",
            "v1",
            "staging",
            "durable-object",
            "renamed",
            "sqlite"
        ])
        .prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((key(), inner), 0..6).prop_map(table),
        ]
    })
}

fn table(entries: Vec<(String, serde_json::Value)>) -> serde_json::Value {
    serde_json::Value::Object(entries.into_iter().collect())
}

fn check(text: &str) -> (bool, Vec<Diagnostic>) {
    let request = Request {
        environment: Some("staging".to_owned()),
        local_secrets: LocalSecrets::Skip,
        ..Request::default()
    };
    let path = Path::new("wrangler.json");
    let mut source = Source::new(path.to_owned(), text);
    let root = raw::parse(&mut source).unwrap();
    let mut checker = Checker::new(&source);
    let found = Found {
        file: path.to_owned(),
        home: PathBuf::from("/nowhere"),
        deploy: None,
    };
    let built = build(&request, &found, &root, &mut checker);
    (built.is_some(), checker.diagnostics)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_is_checked(entries in prop::collection::vec((key(), value()), 0..12)) {
        let text = serde_json::to_string_pretty(&table(entries)).unwrap();

        let (built, diagnostics) = check(&text);

        let errors = diagnostics.iter().filter(|it| it.severity == Severity::Error).count();
        prop_assert!(built || errors > 0, "a project is refused without a reason");
        for diagnostic in &diagnostics {
            prop_assert!(!diagnostic.message.is_empty());
            if let Some(place) = &diagnostic.place {
                prop_assert!(place.caret <= place.source_line.chars().count());
            }
        }
    }

    #[test]
    fn no_message_shows_the_value_of_a_variable(
        name in key(),
        other in prop::collection::vec((key(), value()), 0..6),
    ) {
        let secret = "s3cr3t-s3cr3t";
        let mut entries = other;
        entries.push(("vars".to_owned(), serde_json::json!({ name: [secret, { "a": secret }] })));
        entries.push(("env".to_owned(), serde_json::json!({ "staging": { "vars": secret } })));
        let text = table(entries).to_string();

        let (_, diagnostics) = check(&text);

        for diagnostic in diagnostics {
            prop_assert!(!diagnostic.to_string().contains(secret), "{diagnostic}");
        }
    }
}
