//! Why an import finds nothing, and what to do: a file, a package, a part of a package or a built-in.
//!
//! Looks at the file system to tell these apart; only called when a build has failed already.

use std::path::{Path, PathBuf};

use crate::builtins::node_builtin;
use crate::diagnostic::Diagnostic;
use crate::project::Project;

/// Explains why `specifier` in the file `importer` was not found. `reason` is the resolver's own
/// explanation when it has one.
pub(crate) fn explain(
    project: &Project,
    importer: &Path,
    specifier: &str,
    reason: Option<&str>,
) -> Diagnostic {
    if project.is_aliased(specifier) {
        return aliased(project, specifier);
    }
    if let Some(name) = node_builtin(specifier) {
        return builtin(project, name, specifier);
    }
    if let Some(name) = specifier.strip_prefix("node:") {
        return Diagnostic::error(format!("Node.js has no module `{name}`"));
    }
    if specifier.starts_with(['.', '/']) {
        return file(project, importer, specifier, reason);
    }
    if specifier.starts_with('#') {
        return Diagnostic::error(format!(
            "`{specifier}` is not among the `imports` of the package.json that applies"
        ))
        .note_if(reason.map(lower_first));
    }
    package(project, importer, specifier, reason)
}

/// The place to watch for what is missing to appear: a directory that exists, or will.
pub(crate) fn place_to_watch(
    project: &Project,
    importer: &Path,
    specifier: &str,
) -> Option<PathBuf> {
    if specifier.starts_with(['.', '/']) {
        let wanted = importer.parent()?.join(specifier);
        let wanted = sugar_path::SugarPath::normalize(wanted.as_path()).into_owned();
        return Some(wanted.parent()?.to_owned());
    }
    let is_package = !specifier.contains(':') && !specifier.starts_with('#');
    is_package.then(|| {
        let (name, _) = split_package(specifier);
        // A first package of a scope makes the scope's directory.
        project.dir.join("node_modules").join(name)
    })
}

fn aliased(project: &Project, specifier: &str) -> Diagnostic {
    let alias = project
        .options
        .alias
        .iter()
        .find(|(from, _)| specifier.starts_with(from.as_str()));
    let to = alias.map(|(_, to)| to.as_str()).unwrap_or_default();
    Diagnostic::error(format!(
        "`{specifier}` has the alias `{to}`, which does not exist"
    ))
    .hint("correct `alias` in the wrangler file")
}

fn builtin(project: &Project, name: &str, specifier: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!(
        "`{specifier}` is a module of Node.js, and `nodejs_compat` is not in force"
    ));
    if project.options.compat_nodejs_als && name != "async_hooks" {
        return diagnostic
            .note("`nodejs_als` gives `node:async_hooks` only")
            .hint("replace `nodejs_als` by `nodejs_compat` in `compatibility_flags` of the wrangler file");
    }
    diagnostic.hint("add `nodejs_compat` to `compatibility_flags` in the wrangler file")
}

fn file(project: &Project, importer: &Path, specifier: &str, reason: Option<&str>) -> Diagnostic {
    let wanted = importer.parent().unwrap_or(importer).join(specifier);
    let wanted = sugar_path::SugarPath::normalize(wanted.as_path()).into_owned();
    let name = project.relative(&wanted);
    let diagnostic = Diagnostic::error(format!("`{specifier}` does not exist (looked for {name})"))
        .note_if(
            reason
                .filter(|reason| *reason != "Module not found.")
                .map(lower_first),
        );
    match similar_file(&wanted) {
        Some(found) => diagnostic.hint(format!("there is {}", project.relative(&found))),
        None => diagnostic,
    }
}

/// A file in the same directory whose name differs only in case or in its extension.
fn similar_file(wanted: &Path) -> Option<PathBuf> {
    let stem = wanted.file_stem()?.to_string_lossy().to_lowercase();
    let name = wanted.file_name()?.to_string_lossy().to_lowercase();
    let mut found: Vec<PathBuf> = std::fs::read_dir(wanted.parent()?)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file())
        .filter(|path| {
            let other_stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .to_lowercase();
            let other_name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .to_lowercase();
            other_name == name || other_stem == stem || other_stem == name
        })
        .collect();
    found.sort();
    found.into_iter().next()
}

fn package(
    project: &Project,
    importer: &Path,
    specifier: &str,
    reason: Option<&str>,
) -> Diagnostic {
    let (name, part) = split_package(specifier);
    if name.contains(':') {
        return Diagnostic::error(format!("no module is called `{specifier}`"));
    }
    let Some(dir) = package_dir(importer, name) else {
        return not_installed(project, importer, name);
    };
    let place = project.relative(&dir);
    let diagnostic = match part {
        Some(part) => Diagnostic::error(format!(
            "package `{name}` has no `{part}` (it is in {place})"
        )),
        None => Diagnostic::error(format!(
            "package `{name}` has nothing to import (it is in {place})"
        ))
        .note(format!(
            "its package.json was read for the conditions {}",
            conditions(project)
        )),
    };
    diagnostic.note_if(reason.map(lower_first))
}

fn conditions(project: &Project) -> String {
    let mut names: Vec<&str> = project
        .options
        .conditions
        .iter()
        .map(String::as_str)
        .collect();
    names.extend(["import", "default"]);
    names.join(", ")
}

fn not_installed(project: &Project, importer: &Path, name: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error(format!("package `{name}` is not in node_modules"));
    let beside = importer.parent().unwrap_or(importer).join(name);
    if !name.starts_with('@')
        && let Some(found) = similar_file(&beside)
    {
        let found = project.relative(&found);
        return diagnostic.hint(format!("to import the file {found}, write `./{name}`"));
    }
    let (tool, add) = package_manager(&project.dir);
    if is_declared(&project.dir, name) {
        diagnostic
            .note("package.json names it")
            .hint(format!("run `{tool} install`"))
    } else {
        diagnostic.hint(format!("run `{tool} {add} {name}`"))
    }
}

/// The program that made the lockfile, and its word for adding a package.
fn package_manager(dir: &Path) -> (&'static str, &'static str) {
    let lockfiles = [
        ("pnpm-lock.yaml", "pnpm", "add"),
        ("yarn.lock", "yarn", "add"),
        ("bun.lock", "bun", "add"),
        ("bun.lockb", "bun", "add"),
    ];
    let has = |name: &str| dir.ancestors().any(|dir| dir.join(name).is_file());
    if !has("package-lock.json") {
        for (lockfile, tool, add) in lockfiles {
            if has(lockfile) {
                return (tool, add);
            }
        }
    }
    ("npm", "install")
}

fn is_declared(dir: &Path, name: &str) -> bool {
    let package = dir
        .ancestors()
        .map(|dir| dir.join("package.json"))
        .find(|path| path.is_file());
    let json = package.and_then(|path| std::fs::read(path).ok());
    let json = json.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    json.is_some_and(|json| {
        [
            "dependencies",
            "devDependencies",
            "peerDependencies",
            "optionalDependencies",
        ]
        .iter()
        .any(|field| json.get(field).and_then(|list| list.get(name)).is_some())
    })
}

/// `@scope/name/part` into `@scope/name` and `part`.
fn split_package(specifier: &str) -> (&str, Option<&str>) {
    let from = if specifier.starts_with('@') {
        specifier.find('/').map_or(0, |at| at + 1)
    } else {
        0
    };
    match specifier[from..].find('/') {
        Some(at) => (&specifier[..from + at], Some(&specifier[from + at + 1..])),
        None => (specifier, None),
    }
}

fn package_dir(importer: &Path, name: &str) -> Option<PathBuf> {
    let dirs = importer.ancestors().skip(1);
    dirs.map(|dir| dir.join("node_modules").join(name))
        .find(|dir| dir.is_dir())
}

/// Another library's sentence as part of one of ours: without its capital and its full stop. A word
/// all in capitals stays.
pub(crate) fn lower_first(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

impl Diagnostic {
    fn note_if(self, note: Option<String>) -> Self {
        match note {
            Some(note) => self.note(note),
            None => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specifier_splits_into_package_and_part() {
        for (specifier, name, part) in [
            ("hono", "hono", None),
            ("hono/jsx", "hono", Some("jsx")),
            ("@scope/name", "@scope/name", None),
            ("@scope/name/a/b", "@scope/name", Some("a/b")),
            ("@scope", "@scope", None),
        ] {
            assert_eq!(split_package(specifier), (name, part), "{specifier}");
        }
    }
}
