//! `migrations`: reading the list and replaying it.

use super::{Change, ClassPlan, Step, StorageKind};
use crate::check::{Checker, Field};
use crate::raw::Value;

const KEYS: &[&str] = &[
    "tag",
    "new_classes",
    "new_sqlite_classes",
    "renamed_classes",
    "deleted_classes",
    "transferred_classes",
];

/// Replays the list into `plan`.
///
/// Inside one migration deletions come first, then renames, then new classes; transfers change
/// nothing that is known offline.
pub(super) fn check(field: &Field<'_>, plan: &mut ClassPlan, checker: &mut Checker<'_>) {
    let Value::Array(_) = &field.node.value else {
        let message = format!(
            "The optional \"migrations\" field should be an array, but got {}",
            field.node.to_json()
        );
        checker.error(field, message);
        return;
    };
    for item in checker.array(field).unwrap_or_default() {
        if checker.table(&item).is_some() {
            checker.only_keys(&item, KEYS);
            migration(&item, plan, checker);
        }
    }
}

fn migration(item: &Field<'_>, plan: &mut ClassPlan, checker: &mut Checker<'_>) {
    let tag = match item.child("tag") {
        None => {
            checker.error(item, format!("`{}` has no `tag`", item.path));
            None
        }
        Some(field) => checker.string(&field).map(|tag| {
            if plan.tags.iter().any(|earlier| earlier == tag) {
                checker.value_error(&field, format!("two migrations have the tag {tag:?}"));
            }
            plan.tags.push(tag.to_owned());
            tag.to_owned()
        }),
    };
    let mut step = |change| {
        plan.steps.push(Step {
            tag: tag.clone(),
            change,
        });
    };
    let live = &mut plan.live;
    for (class, field) in classes(item, "deleted_classes", checker) {
        if live.remove(&class).is_none() {
            refuse(
                &field,
                "deleted_classes",
                Existence::Missing,
                &class,
                checker,
            );
        }
        step(Change::Delete { class });
    }
    for (names, field) in moves(item, "renamed_classes", &["from", "to"], checker) {
        let [from, to] = names.as_slice() else {
            continue;
        };
        match live.remove(from) {
            None => refuse(&field, "renamed_classes", Existence::Missing, from, checker),
            Some(_) if live.contains_key(to) => {
                refuse(&field, "renamed_classes", Existence::Present, to, checker);
            }
            Some(storage) => _ = live.insert(to.clone(), storage),
        }
        step(Change::Rename {
            from: from.clone(),
            to: to.clone(),
        });
    }
    let kinds = [
        ("new_classes", StorageKind::KeyValue),
        ("new_sqlite_classes", StorageKind::Sqlite),
    ];
    let before = live.clone();
    for (key, storage) in kinds {
        for (class, field) in classes(item, key, checker) {
            let replaced = live.insert(class.clone(), storage);
            if storage == StorageKind::Sqlite
                && replaced == Some(StorageKind::KeyValue)
                && before.contains_key(&class)
            {
                warn_of_move(&field, &class, checker);
            } else if replaced.is_some() {
                refuse(&field, key, Existence::Present, &class, checker);
            }
            step(Change::Create { class, storage });
        }
    }
    let parts = ["from", "from_script", "to"];
    for (names, _) in moves(item, "transferred_classes", &parts, checker) {
        let [from, from_service, to] = names.as_slice() else {
            continue;
        };
        step(Change::Receive {
            from_service: from_service.clone(),
            from: from.clone(),
            to: to.clone(),
        });
    }
}

/// A class of key-value objects gets SQLite in a later migration. Both kinds are kept in the same
/// files, so nothing but what programs may do changes.
///
/// Differs: Cloudflare and wrangler refuse this migration.
fn warn_of_move(field: &Field<'_>, class: &str, checker: &mut Checker<'_>) {
    let message = format!(
        "class `{class}` moves from key-value to SQLite storage and keeps its data; Cloudflare \
         would refuse this migration"
    );
    checker.warning(field, message);
}

enum Existence {
    Missing,
    Present,
}

fn refuse(
    field: &Field<'_>,
    key: &str,
    existence: Existence,
    class: &str,
    checker: &mut Checker<'_>,
) {
    let existence = match existence {
        Existence::Missing => "non-existent",
        Existence::Present => "existing",
    };
    let message = format!("Cannot apply {key} migration to {existence} class {class}");
    checker.value_error(field, message);
}

/// Reads a list of class names.
fn classes<'a>(item: &Field<'a>, key: &str, checker: &mut Checker<'_>) -> Vec<(String, Field<'a>)> {
    let field = item.child(key);
    let items = field.and_then(|field| checker.array(&field));
    items
        .unwrap_or_default()
        .into_iter()
        .filter_map(|item| Some((checker.string(&item)?.to_owned(), item)))
        .collect()
}

/// Reads a list of tables that have exactly the strings `parts`.
fn moves<'a>(
    item: &Field<'a>,
    key: &str,
    parts: &[&str],
    checker: &mut Checker<'_>,
) -> Vec<(Vec<String>, Field<'a>)> {
    let Some(field) = item.child(key) else {
        return Vec::new();
    };
    let read = |table: &Field<'a>| {
        let text = |part: &&str| match &table.node.get(part)?.node.value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        };
        parts.iter().map(text).collect::<Option<Vec<_>>>()
    };
    let tables = match &field.node.value {
        Value::Array(_) => checker.array(&field),
        _ => None,
    };
    let all: Option<Vec<_>> = tables.and_then(|tables| {
        tables
            .into_iter()
            .map(|table| Some((read(&table)?, table)))
            .collect()
    });
    all.unwrap_or_else(|| {
        let shape: Vec<_> = parts.iter().map(|part| format!("{part}: string")).collect();
        let message = format!(
            "Expected \"{}\" to be an array of \"{{{}}}\" objects but got {}.",
            field.path,
            shape.join(", "),
            field.node.to_json()
        );
        checker.error(&field, message);
        Vec::new()
    })
}
