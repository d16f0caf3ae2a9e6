//! `import(`./locales/${name}.json`)` and `require` of its kind: a name that is only known when it runs.
//!
//! As esbuild does, the call becomes a table of all files that the name may be of. Every part that is no text stands for
//! any characters without a slash, or with slashes where it follows one. The name must begin with `./` or `../`.
//!
//! Source: <https://esbuild.github.io/api/#glob>

use std::path::{Path, PathBuf};

use oxc::allocator::Allocator;
use oxc::ast::ast::{Argument, BinaryOperator, CallExpression, Expression, ImportExpression};
use oxc::ast_visit::{Visit, walk};
use oxc::parser::Parser;
use oxc::span::{GetSpan, SourceType, Span};
use string_wizard::{Hires, MagicString, SourceMapOptions};

/// Files that one name may be of; a name that may be of more is left alone.
const FILES_MAX: usize = 5_000;

/// Folders below the first that are looked through.
const DEPTH_MAX: usize = 32;

/// Files and folders that are looked at for one name. Links can lead in circles, so a few may be endless.
const ENTRIES_MAX: usize = 100_000;

/// A part of a name.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Part {
    Text(String),
    Any,
}

/// Whether looking closer at `code` is worth while: a call with a relative name that does not end where it begins.
pub(crate) fn may_contain(code: &str) -> bool {
    ["import(", "require("].into_iter().any(|call| {
        code.match_indices(call).any(|(at, _)| {
            let argument = code[at + call.len()..].trim_start();
            let mut chars = argument.chars();
            let Some(quote @ ('`' | '"' | '\'')) = chars.next() else {
                return false;
            };
            let text = chars.as_str();
            if !text.starts_with('.') {
                return false;
            }
            let Some((inside, after)) = text.split_once(quote) else {
                return false;
            };
            after.trim_start().starts_with('+') || (quote == '`' && inside.contains("${"))
        })
    })
}

/// The new text and the map back to the old one, or nothing if no call has changed. `is_module` says of which files
/// there can be a module at all.
pub(crate) fn expand(
    code: &str,
    path: &Path,
    is_module: impl Fn(&Path) -> bool,
) -> Option<(String, Box<oxc_sourcemap::SourceMap<'static>>)> {
    let source_type = SourceType::from_path(path).unwrap_or_default();
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, source_type).parse();
    if parsed.panicked || !parsed.diagnostics.is_empty() {
        return None;
    }
    let mut calls = Calls::default();
    calls.visit_program(&parsed.program);
    let mut text = MagicString::new(code);
    let mut changed = false;
    for call in calls.found {
        let files = files_of(&call.name, path.parent()?, &is_module);
        if files.is_empty() || files.len() > FILES_MAX {
            continue;
        }
        let open = opening(call.callee, &files);
        changed |= text.update(call.head.start, call.head.end, open).is_ok();
    }
    if !changed {
        return None;
    }
    let options = SourceMapOptions {
        include_content: true,
        source: path.to_string_lossy().into_owned().into(),
        hires: Hires::Boundary,
    };
    let map = Box::new(text.source_map(options));
    Some((text.to_string(), map))
}

/// What stands for `import(`: the table, and the call of what looks a name up in it.
fn opening(callee: &str, files: &[String]) -> String {
    let entries: Vec<String> = files
        .iter()
        .map(|file| {
            let name = serde_json::Value::from(file.as_str());
            format!("{name}: () => {callee}({name})")
        })
        .collect();
    format!(
        "((files) => (name) => {{ if (files[name]) return files[name](); \
         throw new Error(\"Module not found in bundle: \" + name); }})({{ __proto__: null, {} }})(",
        entries.join(", ")
    )
}

/// A call whose argument is a name with unknown parts.
struct Call {
    callee: &'static str,
    name: Vec<Part>,
    /// From the callee to the start of the argument.
    head: Span,
}

#[derive(Default)]
struct Calls {
    found: Vec<Call>,
}

impl Calls {
    fn add(&mut self, callee: &'static str, start: u32, argument: &Expression<'_>) {
        let mut name = Vec::new();
        add_parts(argument, &mut name);
        let relative = matches!(name.first(), Some(Part::Text(text)) if text.starts_with("./") || text.starts_with("../"));
        if relative && name.contains(&Part::Any) {
            let head = Span::new(start, argument.span().start);
            self.found.push(Call { callee, name, head });
        }
    }
}

impl<'a> Visit<'a> for Calls {
    fn visit_import_expression(&mut self, import: &ImportExpression<'a>) {
        if import.options.is_none() && import.phase.is_none() {
            self.add("import", import.span.start, &import.source);
        }
        walk::walk_import_expression(self, import);
    }

    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        if let Expression::Identifier(callee) = &call.callee
            && callee.name == "require"
            && let [argument] = call.arguments.as_slice()
            && let Some(argument) = Argument::as_expression(argument)
        {
            self.add("require", call.span.start, argument);
        }
        walk::walk_call_expression(self, call);
    }
}

/// Adds the parts of a template or a sum; neighbours of one kind become one.
fn add_parts(expression: &Expression<'_>, parts: &mut Vec<Part>) {
    match expression {
        Expression::StringLiteral(text) => add_text(&text.value, parts),
        Expression::TemplateLiteral(template) => {
            for (index, quasi) in template.quasis.iter().enumerate() {
                add_text(quasi.value.cooked.as_deref().unwrap_or_default(), parts);
                if index < template.expressions.len() {
                    add_any(parts);
                }
            }
        }
        Expression::BinaryExpression(sum) if sum.operator == BinaryOperator::Addition => {
            add_parts(&sum.left, parts);
            add_parts(&sum.right, parts);
        }
        Expression::ParenthesizedExpression(inner) => add_parts(&inner.expression, parts),
        _ => add_any(parts),
    }
}

fn add_text(text: &str, parts: &mut Vec<Part>) {
    match parts.last_mut() {
        _ if text.is_empty() => {}
        Some(Part::Text(before)) => before.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

fn add_any(parts: &mut Vec<Part>) {
    if parts.last() != Some(&Part::Any) {
        parts.push(Part::Any);
    }
}

/// The names of all files that match, as the program would write them, in order.
fn files_of(name: &[Part], folder: &Path, is_module: &impl Fn(&Path) -> bool) -> Vec<String> {
    let Some(Part::Text(first)) = name.first() else {
        return Vec::new();
    };
    let (prefix, _) = first.rsplit_once('/').unwrap_or((first, ""));
    let mut files = Vec::new();
    let mut folders = vec![(folder.join(prefix), format!("{prefix}/"), 0)];
    let mut looked_at = 0;
    while let Some((folder, prefix, depth)) = folders.pop() {
        let entries = entries(&folder);
        looked_at += entries.len();
        if looked_at > ENTRIES_MAX {
            return Vec::new();
        }
        for (path, file_name, is_folder) in entries {
            let candidate = format!("{prefix}{file_name}");
            if is_folder && file_name != "node_modules" && depth < DEPTH_MAX {
                folders.push((path, format!("{candidate}/"), depth + 1));
            } else if !is_folder && matches(name, &candidate, false) && is_module(&path) {
                files.push(candidate);
            }
        }
        if files.len() > FILES_MAX {
            break;
        }
    }
    files.sort_unstable();
    files
}

fn entries(folder: &Path) -> Vec<(PathBuf, String, bool)> {
    let listed = std::fs::read_dir(folder).into_iter().flatten().flatten();
    listed
        .filter_map(|entry| {
            let path = entry.path();
            let is_folder = path.is_dir();
            Some((path, entry.file_name().into_string().ok()?, is_folder))
        })
        .collect()
}

/// Whether `text` is a name of these parts; `after_slash` says what was before `text`.
fn matches(parts: &[Part], text: &str, after_slash: bool) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((Part::Text(start), rest)) => text
            .strip_prefix(start.as_str())
            .is_some_and(|after| matches(rest, after, start.ends_with('/'))),
        Some((Part::Any, rest)) => {
            let reach = match text.find('/') {
                Some(slash) if !after_slash => slash,
                _ => text.len(),
            };
            (0..=reach)
                .filter(|at| text.is_char_boundary(*at))
                .any(|at| matches(rest, &text[at..], false))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_with_names_that_are_put_together_are_looked_at() {
        for code in [
            "import(`./a/${b}`)",
            "await import( './a/' + b)",
            "require(\"../\" + b + '.js')",
        ] {
            assert!(may_contain(code), "{code}");
        }
        for code in [
            "import('./a')",
            "import(`./a`)",
            "import(a)",
            "require('a/' + b)",
            "import './a'; f('./' + b)",
        ] {
            assert!(!may_contain(code), "{code}");
        }
    }

    #[test]
    fn folders_that_lead_in_circles_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let name = [Part::Text("./x-".to_owned()), Part::Any];
        let found = || files_of(&name, folder.path(), &|_: &Path| true);
        std::fs::write(folder.path().join("x-1.js"), "").unwrap();
        assert_eq!(found(), ["./x-1.js"]);

        for link in ["one", "two"] {
            std::os::unix::fs::symlink(folder.path(), folder.path().join(link)).unwrap();
        }

        assert!(found().is_empty());
    }

    #[test]
    fn an_unknown_part_has_slashes_only_where_it_follows_one() {
        let text = |text: &str| Part::Text(text.to_owned());
        let under = [text("./a/"), Part::Any, text(".js")];
        let beside = [text("./a/b-"), Part::Any];
        for (parts, name, expected) in [
            (&under[..], "./a/b.js", true),
            (&under, "./a/c/b.js", true),
            (&under, "./a/b.ts", false),
            (&under, "./b.js", false),
            (&beside, "./a/b-c.js", true),
            (&beside, "./a/b-c/d.js", false),
        ] {
            assert_eq!(matches(parts, name, false), expected, "{name}");
        }
    }
}
