//! Which table a key is read from: the top level, or the chosen environment.
//!
//! A named environment inherits most keys from the top level, but none that gives the program
//! something at run time: bindings, variables and `define`. A few keys exist at the top level
//! only. The lists here are the whole vocabulary of a project file. Source: wrangler's
//! configuration page and the schema in its package.

use crate::check::{Checker, Field};
use crate::diagnostic::{Diagnostic, nearest};
use crate::raw::{Entry, Node};

/// Keys that an environment takes over from the top level.
pub(crate) const INHERITED: &[&str] = &[
    "access",
    "account_id",
    "assets",
    "base_dir",
    "build",
    "cache",
    "compatibility_date",
    "compatibility_flags",
    "compliance_region",
    "exports",
    "find_additional_modules",
    "first_party_worker",
    "jsx_factory",
    "jsx_fragment",
    "keep_names",
    "limits",
    "logfwdr",
    "logpush",
    "main",
    "migrations",
    "minify",
    "name",
    "no_bundle",
    "observability",
    "placement",
    "preserve_file_names",
    "preview_urls",
    "previews",
    "python_modules",
    "route",
    "routes",
    "rules",
    "triggers",
    "tsconfig",
    "upload_source_maps",
    "workers_dev",
];

/// Keys that an environment must repeat.
pub(crate) const NOT_INHERITED: &[&str] = &[
    "agent_memory",
    "ai",
    "ai_search",
    "ai_search_namespaces",
    "analytics",
    "analytics_engine_datasets",
    "artifacts",
    "browser",
    "cloudchamber",
    "connect",
    "containers",
    "d1_databases",
    "define",
    "dispatch_namespaces",
    "durable_objects",
    "flagship",
    "hyperdrive",
    "images",
    "k2",
    "kv_namespaces",
    "media",
    "mtls_certificates",
    "pipelines",
    "queues",
    "r2_buckets",
    "ratelimits",
    "secrets",
    "secrets_store_secrets",
    "send_email",
    "services",
    "stream",
    "streaming_tail_consumers",
    "tail_consumers",
    "unsafe",
    "unsafe_hello_world",
    "vars",
    "vectorize",
    "version_metadata",
    "vpc_networks",
    "vpc_services",
    "worker_loaders",
    "workflows",
];

/// Keys that only the top level has; those in camel case are what build tools write into the files they make.
pub(crate) const TOP_LEVEL: &[&str] = &[
    "$schema",
    "addresses",
    "alias",
    "configPath",
    "data_blobs",
    "definedEnvironments",
    "dependencies_instrumentation",
    "dev",
    "env",
    "keep_vars",
    "legacy_env",
    "pages_build_output_dir",
    "send_metrics",
    "site",
    "targetEnvironment",
    "text_blobs",
    "topLevelName",
    "userConfigPath",
    "wasm_modules",
];

/// The tables that a project's keys are read from.
pub(crate) struct Scope<'a> {
    top: &'a Node,
    /// The chosen environment and its table; the table is absent when the file defines no
    /// environments at all, and the top level serves instead.
    environment: Option<(&'a str, Option<&'a Entry>)>,
}

impl<'a> Scope<'a> {
    /// Picks an environment and reports keys that mean nothing or are missing in it.
    pub(crate) fn pick(top: &'a Node, name: Option<&'a str>, checker: &mut Checker<'_>) -> Self {
        let environments = top.get("env").map(Field::top);
        let defined = environments.map_or(&[][..], |env| checker.table(&env).unwrap_or(&[]));
        check_keys(&Place::Top(top), checker);
        let Some(name) = name else {
            return Self {
                top,
                environment: None,
            };
        };
        let chosen = defined.iter().rev().find(|entry| entry.key == name);
        let scope = Self {
            top,
            environment: Some((name, chosen)),
        };
        match chosen {
            Some(entry) => {
                let field = Field::inside("env", entry);
                if checker.table(&field).is_some() {
                    check_keys(&Place::Environment(entry), checker);
                    scope.warn_about_missing(name, &entry.node, checker);
                }
            }
            None => checker.report(undefined(name, defined, checker)),
        }
        scope
    }

    /// Returns the name of the chosen environment.
    pub(crate) fn environment(&self) -> Option<&'a str> {
        self.environment.map(|(name, _)| name)
    }

    /// Reads a key that environments inherit.
    pub(crate) fn inherited(&self, key: &str) -> Option<Field<'a>> {
        self.in_environment(key).or_else(|| self.at_top(key))
    }

    /// Reads a key that environments must repeat.
    pub(crate) fn own(&self, key: &str) -> Option<Field<'a>> {
        match self.environment {
            Some((_, Some(_))) => self.in_environment(key),
            _ => self.at_top(key),
        }
    }

    /// Reads a key of the top level.
    pub(crate) fn at_top(&self, key: &str) -> Option<Field<'a>> {
        self.top.get(key).map(Field::top)
    }

    /// Reads a key of the chosen environment's table.
    pub(crate) fn in_environment(&self, key: &str) -> Option<Field<'a>> {
        let (name, entry) = self.environment?;
        let found = entry?.node.get(key)?;
        Some(Field::inside(&format!("env.{name}"), found))
    }

    fn warn_about_missing(&self, name: &str, table: &Node, checker: &mut Checker<'_>) {
        for key in NOT_INHERITED {
            let Some(top) = self.top.get(key) else {
                continue;
            };
            let Some(own) = table.get(key) else {
                let message = format!("`{key}` exists at the top level, but not on `env.{name}`");
                let hint =
                    format!("`{key}` is not inherited by environments; add it to `env.{name}`");
                checker.warning(&Field::top(top), message).hint = hint;
                continue;
            };
            for inner in missing_names(key, &top.node, &own.node) {
                let message = format!(
                    "`{key}.{inner}` exists at the top level, but not on `env.{name}.{key}`"
                );
                let hint = format!(
                    "`{key}` is not inherited by environments; add `{inner}` to `env.{name}.{key}`"
                );
                let field = Field::inside(&format!("env.{name}"), own);
                checker.warning(&field, message).hint = hint;
            }
        }
    }
}

/// Returns what a table names at the top level and not in the environment.
fn missing_names(key: &str, top: &Node, own: &Node) -> Vec<String> {
    let names = |node: &Node| -> Vec<String> {
        match key {
            "vars" | "define" => node
                .entries()
                .iter()
                .map(|entry| entry.key.clone())
                .collect(),
            "durable_objects" => crate::check::binding_names(node),
            _ => Vec::new(),
        }
    };
    let present = names(own);
    names(top)
        .into_iter()
        .filter(|name| !present.contains(name))
        .collect()
}

enum Place<'a> {
    Top(&'a Node),
    Environment(&'a Entry),
}

/// Warns about every key that no project file has, and about keys in the wrong place.
fn check_keys(place: &Place<'_>, checker: &mut Checker<'_>) {
    let (entries, known): (&[Entry], Vec<&str>) = match place {
        Place::Top(node) => (
            node.entries(),
            [INHERITED, NOT_INHERITED, TOP_LEVEL].concat(),
        ),
        Place::Environment(entry) => (entry.node.entries(), [INHERITED, NOT_INHERITED].concat()),
    };
    for entry in entries {
        if known.contains(&entry.key.as_str()) {
            continue;
        }
        let field = match place {
            Place::Top(_) => Field::top(entry),
            Place::Environment(outer) => Field::inside(&format!("env.{}", outer.key), entry),
        };
        let hint = if TOP_LEVEL.contains(&entry.key.as_str()) {
            format!("`{}` belongs at the top level", entry.key)
        } else {
            suggestion(&entry.key, &known)
        };
        checker.unknown_key(&field, hint);
    }
}

/// Returns a hint that names the key that was probably meant, or nothing.
pub(crate) fn suggestion(key: &str, known: &[&str]) -> String {
    nearest(key, known.iter().copied())
        .map_or_else(String::new, |near| format!("did you mean `{near}`?"))
}

/// Other environments being defined, a wrong name is an error; with none, the top level serves.
fn undefined(name: &str, defined: &[Entry], checker: &Checker<'_>) -> Diagnostic {
    let message = format!("no environment is named `{name}`");
    if defined.is_empty() {
        return checker
            .file_warning(message)
            .with_hint(format!("the top level is used; add a section `env.{name}`"));
    }
    let names: Vec<_> = defined
        .iter()
        .map(|entry| format!("`{}`", entry.key))
        .collect();
    checker
        .file_error(message)
        .with_hint(format!("the environments are {}", names.join(", ")))
}

#[cfg(test)]
mod tests;
