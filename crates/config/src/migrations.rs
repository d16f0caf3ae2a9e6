//! What a project declares about its Durable Object classes, and what follows from it.
//!
//! There are two ways to declare it: `migrations`, a history of steps that are applied once each,
//! and `exports`, a table that says what each class is now. Both end in a [`ClassPlan`]. The
//! history is replayed here without any deployed state, as `wrangler dev` does it, so a history
//! that could never have been applied is found before anything runs. Source: reference 12.1.

mod exports;
mod history;

use std::collections::BTreeMap;

use crate::check::{Checker, Found};
use crate::diagnostic::{Diagnostic, Severity};
use crate::env::Scope;
use crate::project::Binding;
use crate::raw::Value;

/// Where the objects of a class keep their data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageKind {
    /// A key-value store; no SQL.
    KeyValue,
    /// A SQLite database.
    Sqlite,
}

/// The classes of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassPlan {
    /// The classes that have a namespace, with the storage of their objects.
    ///
    /// A class that is bound but not declared is among them, with key-value storage.
    pub live: BTreeMap<String, StorageKind>,
    /// The classes among them that the project file declares, in its order where it is a history.
    pub declared: Vec<String>,
    /// What must happen to stored objects before the program starts, in order.
    pub steps: Vec<Step>,
    /// The tags of the migrations, in order; none for `exports`.
    pub tags: Vec<String>,
}

/// One change to stored objects, to be applied once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The migration it belongs to. Absent for `exports`, whose steps describe the outcome: they
    /// may be applied at every start and do nothing where there is nothing to do.
    pub tag: Option<String>,
    /// The change.
    pub change: Change,
}

/// A change to stored objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// All objects of a class and their data go away.
    Delete {
        /// The class.
        class: String,
    },
    /// Objects keep their ids and data and belong to another class.
    Rename {
        /// The class so far.
        from: String,
        /// The class from now on.
        to: String,
    },
    /// A class gets a namespace.
    Create {
        /// The class.
        class: String,
        /// The storage of its objects.
        storage: StorageKind,
    },
    /// Objects of a class of another service come to a class of this one.
    Receive {
        /// The other service.
        from_service: String,
        /// Its class.
        from: String,
        /// The class here.
        to: String,
    },
    /// Objects of a class go to another service.
    HandOver {
        /// The class.
        class: String,
        /// The other service.
        to_service: String,
    },
}

impl ClassPlan {
    /// Returns the steps still to apply when the last applied migration was `tag`.
    ///
    /// With no tag, or one that the history does not contain, that is all of them; the second value
    /// is false in the latter case, which deserves a warning. Steps of `exports` are always among
    /// them.
    pub fn steps_after(&self, tag: Option<&str>) -> (&[Step], bool) {
        let Some(tag) = tag else {
            return (&self.steps, true);
        };
        let Some(last) = self.tags.iter().position(|it| it == tag) else {
            return (&self.steps, self.tags.is_empty());
        };
        let applied = |step: &Step| {
            let tag = step.tag.as_ref();
            tag.is_some_and(|tag| self.tags[..=last].contains(tag))
        };
        let first = self.steps.iter().position(|step| !applied(step));
        (&self.steps[first.unwrap_or(self.steps.len())..], true)
    }

    /// Returns the tag to remember once all steps are applied.
    pub fn last_tag(&self) -> Option<&str> {
        self.tags.last().map(String::as_str)
    }
}

/// Reads `migrations` or `exports` and warns about bound classes that neither declares.
pub(crate) fn check_classes(
    scope: &Scope<'_>,
    bindings: &[Found],
    checker: &mut Checker<'_>,
) -> ClassPlan {
    let migrations = scope.inherited("migrations");
    let exports = scope.inherited("exports");
    let has_migrations = migrations
        .as_ref()
        .is_some_and(|field| matches!(&field.node.value, Value::Array(items) if !items.is_empty()));
    let declares_objects = exports.as_ref().is_some_and(exports::declares_objects);
    if let (Some(exports), true, true) = (&exports, has_migrations, declares_objects) {
        checker.error(
            exports,
            "`migrations` and `exports` are mutually exclusive. Choose one or the other to \
             declare your Durable Object lifecycle, but not both.",
        );
        return ClassPlan::default();
    }
    let mut plan = ClassPlan::default();
    if let Some(field) = &migrations {
        history::check(field, &mut plan, checker);
    }
    if let Some(field) = &exports {
        exports::check(field, &mut plan, checker);
    }
    plan.declared = declared(&plan);
    let uses_exports = declares_objects || !has_migrations && exports.is_some();
    for found in bindings {
        let Binding::Namespace {
            name,
            class,
            service: None,
        } = &found.binding
        else {
            continue;
        };
        if plan.live.contains_key(class) {
            continue;
        }
        plan.live.insert(class.clone(), StorageKind::KeyValue);
        let (declared, hint) = match uses_exports {
            true => (
                "`exports`",
                format!(
                    "add to `exports`: {class:?}: {{ \"type\": \"durable-object\", \"storage\": \"sqlite\" }}"
                ),
            ),
            false => (
                "`migrations`",
                format!("add a migration with `new_sqlite_classes` = [{class:?}]"),
            ),
        };
        let message = format!(
            "class `{class}` of binding `{name}` is not declared in {declared}; its objects get \
             key-value storage without SQL"
        );
        checker.report(Diagnostic {
            severity: Severity::Warning,
            message,
            hint,
            ..found.template.clone()
        });
    }
    plan
}

/// The live classes: those of a history in the order in which they came to be, the others by name.
fn declared(plan: &ClassPlan) -> Vec<String> {
    let mut order: Vec<&String> = Vec::new();
    for step in &plan.steps {
        match &step.change {
            Change::Create { class, .. } => order.push(class),
            Change::Rename { to, .. } => order.push(to),
            Change::Delete { .. } | Change::Receive { .. } | Change::HandOver { .. } => {}
        }
    }
    let mut declared: Vec<String> = Vec::new();
    for class in order.into_iter().chain(plan.live.keys()) {
        if plan.live.contains_key(class) && !declared.contains(class) {
            declared.push(class.clone());
        }
    }
    declared
}

#[cfg(test)]
mod tests;
