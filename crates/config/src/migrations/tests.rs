use super::*;
use crate::fixture::{Folder, jsonc_with_base, with_base};
use StorageKind::{KeyValue, Sqlite};

fn live(folder: &Folder) -> Vec<(String, StorageKind)> {
    folder.project().config.classes.live.into_iter().collect()
}

fn class(name: &str, storage: StorageKind) -> (String, StorageKind) {
    (name.to_owned(), storage)
}

/// The message of the only error, without place.
fn only_error(folder: &Folder) -> String {
    let errors = folder.load().unwrap_err();
    let mut messages: Vec<_> = errors.errors().map(|it| it.message.clone()).collect();
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}

fn migration_error(text: &str) -> String {
    only_error(&with_base(&format!(
        "[[migrations]]\ntag = \"v1\"\n{text}\n"
    )))
}

fn export_error(text: &str) -> String {
    only_error(&jsonc_with_base(&format!("\"exports\": {{ {text} }}")))
}

#[test]
fn a_history_is_replayed_to_the_classes_that_live_now() {
    let folder = with_base(
        r#"
[[migrations]]
tag = "v1"
new_classes = ["Old", "Gone"]
new_sqlite_classes = ["Room"]
[[migrations]]
tag = "v2"
deleted_classes = ["Gone"]
renamed_classes = [{ from = "Old", to = "New" }, { from = "Room", to = "Hall" }]
new_sqlite_classes = ["Room"]
[[migrations]]
tag = "v3"
transferred_classes = [{ from = "Theirs", from_script = "other", to = "Ours" }]
"#,
    );

    assert_eq!(
        live(&folder),
        [
            class("Hall", Sqlite),
            class("New", KeyValue),
            class("Room", Sqlite)
        ]
    );
    let plan = folder.project().config.classes;
    let steps = |tag| -> Vec<_> {
        let (steps, found) = plan.steps_after(tag);
        assert!(found);
        steps.iter().map(|step| step.change.clone()).collect()
    };
    assert_eq!(
        steps(Some("v1")),
        [
            Change::Delete {
                class: "Gone".into()
            },
            Change::Rename {
                from: "Old".into(),
                to: "New".into()
            },
            Change::Rename {
                from: "Room".into(),
                to: "Hall".into()
            },
            Change::Create {
                class: "Room".into(),
                storage: Sqlite
            },
            Change::Receive {
                from_service: "other".into(),
                from: "Theirs".into(),
                to: "Ours".into()
            },
        ]
    );
    assert_eq!(steps(None).len(), 8);
    assert_eq!(steps(Some("v3")), []);
}

#[test]
fn an_unknown_last_tag_gives_all_steps_and_says_so() {
    let plan = with_base("[[migrations]]\ntag = \"v1\"\nnew_classes = [\"A\"]\n")
        .project()
        .config
        .classes;

    let (steps, found) = plan.steps_after(Some("v0"));

    assert_eq!((steps.len(), found), (1, false));
}

#[test]
fn a_migration_that_changes_nothing_still_has_a_place_in_the_history() {
    let plan = with_base("[[migrations]]\ntag = \"v1\"\nnew_classes = [\"A\"]\n[[migrations]]\ntag = \"v2\"\n[[migrations]]\ntag = \"v3\"\nnew_classes = [\"B\"]\n")
        .project()
        .config
        .classes;

    let (steps, found) = plan.steps_after(Some("v2"));

    assert_eq!(steps.len(), 1);
    assert!(found);
    assert_eq!(plan.last_tag(), Some("v3"));
}

#[test]
fn a_list_of_migrations_must_be_an_array() {
    assert_eq!(
        with_base("migrations = \"x\"\n").errors(),
        [
            "wrangler.toml:4:1: The optional \"migrations\" field should be an array, but got \"x\"\n  migrations = \"x\"\n  ^"
        ]
    );
}

#[test]
fn a_migration_needs_a_tag_of_its_own() {
    assert_eq!(
        with_base("[[migrations]]\nnew_classes = [\"A\"]\n").errors(),
        ["wrangler.toml:4:1: `migrations[0]` has no `tag`\n  [[migrations]]\n  ^"]
    );
    assert_eq!(
        with_base("[[migrations]]\ntag = \"v1\"\n[[migrations]]\ntag = \"v1\"\n").errors(),
        ["wrangler.toml:7:7: two migrations have the tag \"v1\"\n  tag = \"v1\"\n        ^"]
    );
    assert_eq!(
        migration_error("new_classes = \"A\""),
        "`migrations[0].new_classes` must be an array, but is a string"
    );
    assert_eq!(
        migration_error("new_classes = [1]"),
        "`migrations[0].new_classes[0]` must be a string, but is a number"
    );
}

#[test]
fn an_unknown_key_of_a_migration_warns() {
    assert_eq!(
        with_base("[[migrations]]\ntag = \"v1\"\nnew_sqlite_class = [\"A\"]\n").diagnostics(),
        [
            "wrangler.toml:6:1: `migrations[0].new_sqlite_class` is not a key of a project file\n  new_sqlite_class = [\"A\"]\n  ^\nhint: did you mean `new_sqlite_classes`?"
        ]
    );
}

#[test]
fn renames_and_transfers_have_one_shape() {
    assert_eq!(
        migration_error("renamed_classes = [{ from = \"A\" }]"),
        "Expected \"migrations[0].renamed_classes\" to be an array of \"{from: string, to: string}\" objects but got [{\"from\":\"A\"}]."
    );
    assert_eq!(
        migration_error("renamed_classes = \"A\""),
        "Expected \"migrations[0].renamed_classes\" to be an array of \"{from: string, to: string}\" objects but got \"A\"."
    );
    assert_eq!(
        migration_error("transferred_classes = [{ from = \"A\", to = \"B\" }]"),
        "Expected \"migrations[0].transferred_classes\" to be an array of \"{from: string, from_script: string, to: string}\" objects but got [{\"from\":\"A\",\"to\":\"B\"}]."
    );
}

#[test]
fn a_history_that_cannot_have_happened_is_refused() {
    assert_eq!(
        with_base("[[migrations]]\ntag = \"v1\"\ndeleted_classes = [\"A\"]\n").errors(),
        [
            "wrangler.toml:6:20: Cannot apply deleted_classes migration to non-existent class A\n  deleted_classes = [\"A\"]\n                     ^"
        ]
    );
    assert_eq!(
        migration_error("renamed_classes = [{ from = \"A\", to = \"B\" }]"),
        "Cannot apply renamed_classes migration to non-existent class A"
    );
    assert_eq!(
        migration_error("new_classes = [\"A\", \"A\"]"),
        "Cannot apply new_classes migration to existing class A"
    );
    assert_eq!(
        migration_error("new_classes = [\"A\"]\nnew_sqlite_classes = [\"A\"]"),
        "Cannot apply new_sqlite_classes migration to existing class A"
    );
    assert_eq!(
        only_error(&with_base(
            "[[migrations]]\ntag = \"v1\"\nnew_classes = [\"A\", \"B\"]\n[[migrations]]\ntag = \"v2\"\nrenamed_classes = [{ from = \"A\", to = \"B\" }]\n"
        )),
        "Cannot apply renamed_classes migration to existing class B"
    );
}

#[test]
fn a_class_can_move_from_key_value_to_sqlite_storage_but_not_back() {
    let folder = with_base(
        "[[migrations]]\ntag = \"v1\"\nnew_classes = [\"A\"]\n[[migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"A\"]\n",
    );

    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.toml:9:23: class `A` moves from key-value to SQLite storage and keeps its data; Cloudflare would refuse this migration\n  new_sqlite_classes = [\"A\"]\n                        ^"
        ]
    );
    assert_eq!(live(&folder), [class("A", Sqlite)]);
    for (first, then) in [
        ("new_sqlite_classes", "new_classes"),
        ("new_sqlite_classes", "new_sqlite_classes"),
        ("new_classes", "new_classes"),
    ] {
        assert_eq!(
            only_error(&with_base(&format!(
                "[[migrations]]\ntag = \"v1\"\n{first} = [\"A\"]\n[[migrations]]\ntag = \"v2\"\n{then} = [\"A\"]\n"
            ))),
            format!("Cannot apply {then} migration to existing class A")
        );
    }
}

#[test]
fn a_bound_class_without_migration_warns_and_gets_key_value_storage() {
    let folder =
        with_base("[[durable_objects.bindings]]\nname = \"ROOMS\"\nclass_name = \"Room\"\n");

    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.toml:5:1: class `Room` of binding `ROOMS` is not declared in `migrations`; its objects get key-value storage without SQL\n  name = \"ROOMS\"\n  ^\nhint: add a migration with `new_sqlite_classes` = [\"Room\"]"
        ]
    );
    assert_eq!(live(&folder), [class("Room", KeyValue)]);
}

#[test]
fn a_class_of_another_service_needs_no_migration_here() {
    let folder = with_base(
        "[[durable_objects.bindings]]\nname = \"ROOMS\"\nclass_name = \"Room\"\nscript_name = \"other\"\n",
    );

    assert_eq!(folder.diagnostics(), [""; 0]);
    assert_eq!(live(&folder), []);
}

#[test]
fn exports_say_what_each_class_is_now() {
    let folder = jsonc_with_base(
        r#""durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },
"exports": {
  "Room": { "type": "durable-object", "storage": "sqlite" },
  "Old": { "type": "durable-object", "state": "created", "storage": "legacy-kv" },
  "Former": { "type": "durable-object", "state": "renamed", "renamed_to": "Room" },
  "Gone": { "type": "durable-object", "state": "deleted" },
  "Theirs": { "type": "durable-object", "state": "transferred", "transferred_to": "other" },
  "Coming": { "type": "durable-object", "state": "expecting-transfer", "storage": "sqlite", "transfer_from": "other" },
  "Admin": { "type": "worker", "cache": { "enabled": true } }
}"#,
    );

    assert_eq!(folder.diagnostics(), [""; 0]);
    assert_eq!(
        live(&folder),
        [
            class("Coming", Sqlite),
            class("Old", KeyValue),
            class("Room", Sqlite)
        ]
    );
    let plan = folder.project().config.classes;
    let (steps, found) = plan.steps_after(None);
    let changes: Vec<_> = steps.iter().map(|step| step.change.clone()).collect();
    assert!(found);
    assert_eq!(
        changes,
        [
            Change::Rename {
                from: "Former".into(),
                to: "Room".into()
            },
            Change::Delete {
                class: "Gone".into()
            },
            Change::HandOver {
                class: "Theirs".into(),
                to_service: "other".into()
            },
            Change::Receive {
                from_service: "other".into(),
                from: "Coming".into(),
                to: "Coming".into()
            },
        ]
    );
}

#[test]
fn a_bound_class_without_export_warns() {
    let folder = jsonc_with_base(
        r#""durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },
"exports": { "Other": { "type": "durable-object", "storage": "sqlite" } }"#,
    );

    assert_eq!(
        folder.diagnostics(),
        [
            "wrangler.jsonc:2:37: class `Room` of binding `ROOMS` is not declared in `exports`; its objects get key-value storage without SQL\n  \"durable_objects\": { \"bindings\": [{ \"name\": \"ROOMS\", \"class_name\": \"Room\" }] },\n                                      ^\nhint: add to `exports`: \"Room\": { \"type\": \"durable-object\", \"storage\": \"sqlite\" }"
        ]
    );
}

#[test]
fn migrations_and_exports_exclude_each_other() {
    let folder = jsonc_with_base(
        "\"migrations\": [{ \"tag\": \"v1\" }],\n\"exports\": { \"A\": { \"type\": \"durable-object\", \"storage\": \"sqlite\" } }",
    );

    assert_eq!(
        folder.errors(),
        [
            "wrangler.jsonc:3:1: `migrations` and `exports` are mutually exclusive. Choose one or the other to declare your Durable Object lifecycle, but not both.\n  \"exports\": { \"A\": { \"type\": \"durable-object\", \"storage\": \"sqlite\" } }\n  ^"
        ]
    );
}

#[test]
fn exports_of_entrypoints_go_with_migrations() {
    let folder = jsonc_with_base(
        "\"migrations\": [{ \"tag\": \"v1\", \"new_classes\": [\"A\"] }], \"exports\": { \"Admin\": { \"type\": \"worker\" } }",
    );

    assert_eq!(live(&folder), [class("A", KeyValue)]);
}

#[test]
fn a_live_export_needs_a_storage() {
    assert_eq!(
        export_error(r#""X": { "type": "durable-object" }"#),
        r#""exports.X.storage" is required for state "created" and must be one of "sqlite" or "legacy-kv", but got undefined"#
    );
    assert_eq!(
        export_error(
            r#""X": { "type": "durable-object", "state": "expecting-transfer", "transfer_from": "y", "storage": "disk" }"#
        ),
        r#""exports.X.storage" is required for state "expecting-transfer" and must be one of "sqlite" or "legacy-kv", but got "disk""#
    );
}

#[test]
fn keys_of_another_state_are_forbidden() {
    let folder = jsonc_with_base(
        r#""exports": { "X": { "type": "durable-object", "state": "deleted", "foo": 1 } }"#,
    );

    assert_eq!(
        folder.errors(),
        [
            "wrangler.jsonc:2:67: \"exports.X.foo\" is forbidden on state \"deleted\".\n  \"exports\": { \"X\": { \"type\": \"durable-object\", \"state\": \"deleted\", \"foo\": 1 } }\n                                                                    ^\nhint: allowed are type, state"
        ]
    );
}

#[test]
fn an_export_has_one_of_five_states() {
    assert_eq!(
        export_error(r#""X": { "type": "durable-object", "state": "gone" }"#),
        r#""exports.X.state" must be one of "created", "deleted", "renamed", "transferred", or "expecting-transfer" but got "gone"."#
    );
    assert_eq!(
        export_error(r#""X": { "type": "durable-object", "state": 1 }"#),
        r#""exports.X.state" must be one of "created", "deleted", "renamed", "transferred", or "expecting-transfer" but got 1."#
    );
}

#[test]
fn an_export_has_one_of_two_types() {
    assert_eq!(
        export_error(r#""X": { "storage": "sqlite" }"#),
        r#""exports.X.type" must be one of "durable-object" or "worker" but got undefined."#
    );
}

#[test]
fn an_export_has_a_name() {
    assert_eq!(
        export_error(r#""": { "type": "durable-object", "storage": "sqlite" }"#),
        "\"export\" keys cannot be the empty string."
    );
}

#[test]
fn a_rename_leads_to_another_live_class() {
    let renamed = |to: &str| {
        export_error(&format!(
            r#""X": {{ "type": "durable-object", "state": "renamed"{to} }}"#
        ))
    };

    assert_eq!(
        renamed(""),
        r#""exports.X.renamed_to" is required for state "renamed" and must be a non-empty string."#
    );
    assert_eq!(
        renamed(r#", "renamed_to": """#),
        r#""exports.X.renamed_to" is required for state "renamed" and must be a non-empty string."#
    );
    assert_eq!(
        renamed(r#", "renamed_to": "a b""#),
        r#""exports.X.renamed_to" must be a valid JavaScript identifier (got "a b")."#
    );
    assert_eq!(
        renamed(r#", "renamed_to": "X""#),
        r#""exports.X.renamed_to" cannot equal the source class name "X"."#
    );
    assert_eq!(
        renamed(r#", "renamed_to": "Y""#),
        r#""exports.X.renamed_to" is "Y", which is not a live Durable Object class of `exports`."#
    );
}

#[test]
fn transfers_name_the_other_service() {
    assert_eq!(
        export_error(r#""X": { "type": "durable-object", "state": "transferred" }"#),
        r#""exports.X.transferred_to" is required for state "transferred" and must be a non-empty string."#
    );
    assert_eq!(
        export_error(
            r#""X": { "type": "durable-object", "state": "expecting-transfer", "storage": "sqlite" }"#
        ),
        r#""exports.X.transfer_from" is required for state "expecting-transfer" and must be a non-empty string."#
    );
}
