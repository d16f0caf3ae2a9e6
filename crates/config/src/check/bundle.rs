//! Keys about how sources become a program, and about files served beside it.

use std::path::Path;

use super::{Checker, Field};
use crate::env::Scope;
use crate::find::lexically_joined;
use crate::project::{Assets, BuildCommand, Bundle, Rule, RuleKind, RunWorkerFirst};
use crate::raw::Value;

/// Patterns of `assets.run_worker_first`. Source: wrangler.
const PATTERNS_MAX: usize = 100;
/// Characters of one of them. Source: wrangler.
const PATTERN_MAX: usize = 100;

/// Reads the keys of the bundler.
pub(crate) fn check_bundle(
    scope: &Scope<'_>,
    directory: &Path,
    checker: &mut Checker<'_>,
) -> Bundle {
    let mut flag = |key| {
        let field = scope.inherited(key);
        field
            .and_then(|field| checker.boolean(&field))
            .unwrap_or(false)
    };
    let no_bundle = flag("no_bundle");
    let minify = flag("minify");
    let find_additional_modules = flag("find_additional_modules");
    let mut text = |key: &str, default: &str| {
        let field = scope.inherited(key);
        let read = field.and_then(|field| checker.string(&field));
        read.unwrap_or(default).to_owned()
    };
    let jsx_factory = text("jsx_factory", "React.createElement");
    let jsx_fragment = text("jsx_fragment", "React.Fragment");
    let mut path = |key| {
        let field = scope.inherited(key);
        let read = field.and_then(|field| checker.string(&field));
        read.map(|text| directory.join(text))
    };
    let tsconfig = path("tsconfig");
    let base_dir = path("base_dir");
    let mut map = |field: Option<Field<'_>>| {
        field
            .and_then(|field| checker.string_map(&field))
            .unwrap_or_default()
    };
    let define = map(scope.own("define"));
    let alias = map(scope.at_top("alias"));
    Bundle {
        no_bundle,
        minify,
        rules: check_rules(scope, checker),
        define,
        alias,
        tsconfig,
        jsx_factory,
        jsx_fragment,
        find_additional_modules,
        base_dir,
    }
}

fn check_rules(scope: &Scope<'_>, checker: &mut Checker<'_>) -> Vec<Rule> {
    let field = scope.inherited("rules");
    let items = field.and_then(|field| checker.array(&field));
    items
        .unwrap_or_default()
        .iter()
        .filter_map(|item| check_rule(item, checker))
        .collect()
}

fn check_rule(item: &Field<'_>, checker: &mut Checker<'_>) -> Option<Rule> {
    checker.table(item)?;
    checker.only_keys(item, &["type", "globs", "fallthrough"]);
    let kind = required(item, "type", checker).and_then(|field| {
        let names = ["ESModule", "CommonJS", "CompiledWasm", "Text", "Data"];
        checker.choice(&field, &names)
    });
    let globs = required(item, "globs", checker).and_then(|field| checker.strings(&field));
    let fallthrough = item.child("fallthrough");
    let fallthrough = fallthrough.and_then(|field| checker.boolean(&field));
    let kind = match kind?.as_str() {
        "ESModule" => RuleKind::EsModule,
        "CommonJS" => RuleKind::CommonJs,
        "CompiledWasm" => RuleKind::CompiledWasm,
        "Text" => RuleKind::Text,
        _ => RuleKind::Data,
    };
    Some(Rule {
        kind,
        globs: globs?,
        fallthrough: fallthrough.unwrap_or(false),
    })
}

/// Reads a key that a table must have.
pub(super) fn required<'a>(
    table: &Field<'a>,
    key: &str,
    checker: &mut Checker<'_>,
) -> Option<Field<'a>> {
    let field = table.child(key);
    if field.is_none() {
        checker.error(table, format!("`{}` has no `{key}`", table.path));
    }
    field
}

/// Reads the build command; a `build` without one does nothing.
pub(crate) fn check_build(
    scope: &Scope<'_>,
    directory: &Path,
    checker: &mut Checker<'_>,
) -> Option<BuildCommand> {
    let field = scope.inherited("build")?;
    checker.table(&field)?;
    checker.only_keys(&field, &["command", "cwd", "watch_dir"]);
    let command = field
        .child("command")
        .and_then(|field| checker.string(&field));
    let cwd = field.child("cwd").and_then(|field| checker.string(&field));
    let watched = match field.child("watch_dir") {
        None => vec!["./src".to_owned()],
        Some(field) if matches!(field.node.value, Value::Array(_)) => checker.strings(&field)?,
        Some(field) => vec![checker.string(&field)?.to_owned()],
    };
    Some(BuildCommand {
        command: command?.to_owned(),
        directory: cwd.map_or_else(|| directory.to_owned(), |cwd| directory.join(cwd)),
        watched: watched
            .iter()
            .map(|folder| directory.join(folder))
            .collect(),
    })
}

/// Reads the patterns of paths for which the program is first.
///
/// Source of the rules: wrangler.
fn check_patterns(field: &Field<'_>, checker: &mut Checker<'_>) -> Option<Vec<String>> {
    let items = checker.array(field)?;
    let count = items.len();
    if count > PATTERNS_MAX {
        let message = format!(
            "`{}` has {count} patterns; the limit is {PATTERNS_MAX}",
            field.path
        );
        checker.error(field, message);
        return None;
    }
    let mut patterns: Vec<String> = Vec::new();
    for item in &items {
        let pattern = checker.string(item)?.to_owned();
        let path = pattern.strip_prefix('!').unwrap_or(&pattern);
        let length = pattern.chars().count();
        if !path.starts_with('/') {
            let message = format!("pattern `{pattern}` must begin with `/` or `!/`");
            checker.value_error(item, message);
        } else if length > PATTERN_MAX {
            let message =
                format!("pattern `{pattern}` has {length} characters; the limit is {PATTERN_MAX}");
            checker.value_error(item, message);
        } else if patterns.contains(&pattern) {
            checker.value_error(item, format!("pattern `{pattern}` is there twice"));
        }
        patterns.push(pattern);
    }
    if patterns.iter().all(|pattern| pattern.starts_with('!')) {
        let message = format!(
            "`{}` has no pattern that does not begin with `!`",
            field.path
        );
        checker.error(field, message);
    }
    Some(patterns)
}

/// Reads the static files; their binding is read with the other bindings.
pub(crate) fn check_assets(
    scope: &Scope<'_>,
    directory: &Path,
    checker: &mut Checker<'_>,
) -> Option<Assets> {
    let field = scope.inherited("assets")?;
    checker.table(&field)?;
    let known = [
        "directory",
        "binding",
        "html_handling",
        "not_found_handling",
        "run_worker_first",
    ];
    checker.only_keys(&field, &known);
    let html = [
        "auto-trailing-slash",
        "force-trailing-slash",
        "drop-trailing-slash",
        "none",
    ];
    let not_found = ["single-page-application", "404-page", "none"];
    let mut choice = |key: &str, choices: &[&str], default: &str| {
        let read = field.child(key);
        let read = read.and_then(|field| checker.choice(&field, choices));
        read.unwrap_or_else(|| default.to_owned())
    };
    let html_handling = choice("html_handling", &html, "auto-trailing-slash");
    let not_found_handling = choice("not_found_handling", &not_found, "none");
    let run_worker_first = match field.child("run_worker_first") {
        None => RunWorkerFirst::Never,
        Some(field) if matches!(field.node.value, Value::Array(_)) => {
            RunWorkerFirst::Matching(check_patterns(&field, checker)?)
        }
        Some(field) if checker.boolean(&field)? => RunWorkerFirst::Always,
        Some(_) => RunWorkerFirst::Never,
    };
    if scope.inherited("main").is_none() {
        for key in ["binding", "run_worker_first"] {
            if let Some(field) = field.child(key) {
                let message = format!("`{}` needs a program, and there is no `main`", field.path);
                let hint = format!("remove `{key}`, or add `main`, for example \"src/index.ts\"");
                checker.error(&field, message).hint = hint;
            }
        }
    }
    if field.child("directory").is_none() {
        let message = format!("`{}` has no `directory`", field.path);
        checker.error(&field, message).hint =
            "add the folder of the files; if a tool such as Vite makes it, run its build first"
                .to_owned();
    }
    let folder = field.child("directory")?;
    let folder = checker.string(&folder)?;
    Some(Assets {
        directory: lexically_joined(directory, folder),
        html_handling,
        not_found_handling,
        run_worker_first,
    })
}
