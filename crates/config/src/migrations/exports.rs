//! `exports`: what each class is now.

use super::{Change, ClassPlan, Step, StorageKind};
use crate::check::{Checker, Field};
use crate::raw::{Entry, Value};

/// The states a class can be in, each with the keys that are allowed in it.
const STATES: &[(&str, &[&str])] = &[
    ("created", &["type", "state", "storage", "container"]),
    ("deleted", &["type", "state"]),
    ("renamed", &["type", "state", "renamed_to"]),
    ("transferred", &["type", "state", "transferred_to"]),
    (
        "expecting-transfer",
        &["type", "state", "storage", "transfer_from", "container"],
    ),
];

/// Tells whether the table says anything about a Durable Object class.
pub(super) fn declares_objects(field: &Field<'_>) -> bool {
    let is_object = |entry: &Entry| text(entry, "type") == Some("durable-object");
    field.node.entries().iter().any(is_object)
}

fn text<'a>(entry: &'a Entry, key: &str) -> Option<&'a str> {
    match &entry.node.get(key)?.node.value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Reads the table into `plan`.
pub(super) fn check(field: &Field<'_>, plan: &mut ClassPlan, checker: &mut Checker<'_>) {
    let Some(entries) = checker.table(field) else {
        return;
    };
    let path = field.path.clone();
    let mut renames = Vec::new();
    for entry in entries {
        let export = Field::inside(&path, entry);
        if checker.table(&export).is_none() {
            continue;
        }
        match text(entry, "type") {
            Some("durable-object") => {
                let message = "\"export\" keys cannot be the empty string.";
                if entry.key.is_empty() {
                    checker.error(&export, message);
                }
                object(entry, &export, plan, &mut renames, checker);
            }
            Some("worker") => checker.only_keys(&export, &["type", "cache"]),
            _ => {
                let at = export.child("type");
                let message = format!(
                    "\"{}.type\" must be one of \"durable-object\" or \"worker\" but got {}.",
                    export.path,
                    shown(at.as_ref())
                );
                checker.error(at.as_ref().unwrap_or(&export), message);
            }
        }
    }
    for (to, field) in renames {
        if !plan.live.contains_key(&to) {
            let message = format!(
                "\"{}\" is \"{to}\", which is not a live Durable Object class of `exports`.",
                field.path
            );
            checker.value_error(&field, message);
        }
    }
}

fn object<'a>(
    entry: &'a Entry,
    export: &Field<'a>,
    plan: &mut ClassPlan,
    renames: &mut Vec<(String, Field<'a>)>,
    checker: &mut Checker<'_>,
) {
    let class = entry.key.clone();
    let state = match export.child("state") {
        None => "created",
        Some(_) => text(entry, "state").unwrap_or_default(),
    };
    let Some((_, allowed)) = STATES.iter().find(|(name, _)| *name == state) else {
        let at = export.child("state");
        let message = format!(
            "\"{}.state\" must be one of \"created\", \"deleted\", \"renamed\", \"transferred\", or \
             \"expecting-transfer\" but got {}.",
            export.path,
            shown(at.as_ref())
        );
        checker.error(at.as_ref().unwrap_or(export), message);
        return;
    };
    for inner in entry.node.entries() {
        if !allowed.contains(&inner.key.as_str()) {
            let field = Field::inside(&export.path, inner);
            let message = format!("\"{}\" is forbidden on state \"{state}\".", field.path);
            checker.error(&field, message).hint = format!("allowed are {}", allowed.join(", "));
        }
    }
    let mut step = |change| plan.steps.push(Step { tag: None, change });
    match state {
        "deleted" => step(Change::Delete { class }),
        "renamed" => {
            let Some((to, field)) = name_of(export, "renamed_to", state, checker) else {
                return;
            };
            if !is_identifier(&to) {
                let message = format!(
                    "\"{}\" must be a valid JavaScript identifier (got \"{to}\").",
                    field.path
                );
                checker.value_error(&field, message);
            } else if to == class {
                let message = format!(
                    "\"{}\" cannot equal the source class name \"{class}\".",
                    field.path
                );
                checker.value_error(&field, message);
            } else {
                renames.push((to.clone(), field));
                step(Change::Rename { from: class, to });
            }
        }
        "transferred" => {
            if let Some((to_service, _)) = name_of(export, "transferred_to", state, checker) {
                step(Change::HandOver { class, to_service });
            }
        }
        _ => {
            let storage = storage_of(export, state, checker);
            if state == "expecting-transfer"
                && let Some((from_service, _)) = name_of(export, "transfer_from", state, checker)
            {
                step(Change::Receive {
                    from_service,
                    from: class.clone(),
                    to: class.clone(),
                });
            }
            // A wrong storage is reported; the class still counts as declared.
            plan.live
                .insert(class, storage.unwrap_or(StorageKind::Sqlite));
        }
    }
}

fn storage_of(export: &Field<'_>, state: &str, checker: &mut Checker<'_>) -> Option<StorageKind> {
    let field = export.child("storage");
    match field.as_ref().map(|field| &field.node.value) {
        Some(Value::String(text)) if text == "sqlite" => return Some(StorageKind::Sqlite),
        Some(Value::String(text)) if text == "legacy-kv" => return Some(StorageKind::KeyValue),
        _ => {}
    }
    let message = format!(
        "\"{}.storage\" is required for state \"{state}\" and must be one of \"sqlite\" or \
         \"legacy-kv\", but got {}",
        export.path,
        shown(field.as_ref())
    );
    checker.error(field.as_ref().unwrap_or(export), message);
    None
}

fn name_of<'a>(
    export: &Field<'a>,
    key: &str,
    state: &str,
    checker: &mut Checker<'_>,
) -> Option<(String, Field<'a>)> {
    let field = export.child(key);
    if let Some(field) = &field
        && let Value::String(text) = &field.node.value
        && !text.is_empty()
    {
        return Some((text.clone(), field.clone()));
    }
    let message = format!(
        "\"{}.{key}\" is required for state \"{state}\" and must be a non-empty string.",
        export.path
    );
    checker.error(field.as_ref().unwrap_or(export), message);
    None
}

fn shown(field: Option<&Field<'_>>) -> String {
    field.map_or_else(
        || "undefined".to_owned(),
        |field| field.node.to_json().to_string(),
    )
}

/// The ASCII identifiers, which is what wrangler allows.
fn is_identifier(text: &str) -> bool {
    let start = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    text.starts_with(start) && text.chars().all(|c| start(c) || c.is_ascii_digit())
}
