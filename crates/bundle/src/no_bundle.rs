//! `no_bundle`: the entry as it is, and the files beside it that the rules name.
//!
//! The code is parsed only to see what it imports. Engines load modules by specifier, so an import
//! of a file by a relative path is changed to the one specifier that the file has; everything else
//! stays byte for byte.

use std::path::{Path, PathBuf};

use oxc::allocator::Allocator;
use oxc::parser::Parser;
use oxc::span::{SourceType, Span};
use sugar_path::SugarPath as _;

use crate::build::{AssetModule, Bundle, Chunk};
use crate::builtins::is_cloudflare;
use crate::diagnostic::{Diagnostic, Location};
use crate::project::Project;
use crate::rules::Rules;
use crate::{BundleFailure, RuleKind, SourceMap};

/// Directories that hold no modules of the program.
const SKIPPED: [&str; 4] = [".git", ".stated", ".wrangler", "node_modules"];

/// Deeper directories are not looked into: a loop of links would never end.
const DEPTH_MAX: usize = 32;

pub(crate) fn collect(project: &Project, rules: &Rules) -> Result<Bundle, BundleFailure> {
    let root = project.main.parent().unwrap_or(&project.dir);
    let entry = script(project, root, &project.main)?;
    let mut files = Vec::new();
    walk(project, root, DEPTH_MAX, &mut files)?;
    let (mut modules, mut chunks) = (Vec::new(), Vec::new());
    let mut watch_files = vec![project.main.clone()];
    for path in files.into_iter().filter(|path| *path != project.main) {
        let specifier = specifier_of(root, &path);
        let Some(kind) = rules.of_file(specifier.trim_start_matches("./")) else {
            continue;
        };
        match kind.of_asset() {
            Some(kind) => {
                let bytes = read(project, &path)?;
                modules.push(AssetModule {
                    specifier,
                    kind,
                    bytes,
                });
            }
            None if kind == RuleKind::CommonJs => {
                let text = String::from_utf8_lossy(&read(project, &path)?).into_owned();
                chunks.push(Chunk {
                    specifier,
                    code: common_js(&text),
                });
            }
            None => chunks.push(Chunk {
                specifier,
                code: script(project, root, &path)?.code,
            }),
        }
        watch_files.push(path);
    }
    watch_files.sort();
    Ok(Bundle {
        code: entry.code,
        source_map: map_beside(project),
        modules,
        chunks,
        exports: entry.exports,
        externals: entry.externals,
        watch_files,
        warnings: rules.warnings.iter().map(Diagnostic::warning).collect(),
    })
}

/// A JavaScript file and what it says about itself.
struct Script {
    code: String,
    exports: Vec<String>,
    externals: Vec<String>,
}

/// Reads a JavaScript file and gives its relative imports the specifiers that files have here.
fn script(project: &Project, root: &Path, path: &Path) -> Result<Script, BundleFailure> {
    let mut code = String::from_utf8_lossy(&read(project, path)?).into_owned();
    let allocator = Allocator::default();
    let source = code.clone();
    let parsed = Parser::new(&allocator, &source, SourceType::mjs()).parse();
    if let Some(error) = parsed.diagnostics.first() {
        let label = error.labels.first();
        let (offset, length) = label.map_or((0, 1), |label| {
            (label.offset() as usize, label.len() as usize)
        });
        let location = Location::of_span(project.relative(path), &source, offset, length);
        let diagnostic = Diagnostic::error(crate::unresolved::lower_first(&error.message));
        return Err(failure(project, diagnostic.at(Some(location))));
    }
    let record = &parsed.module_record;
    let requests = record
        .requested_modules
        .values()
        .flatten()
        .map(|request| request.span);
    let imports = record
        .dynamic_imports
        .iter()
        .map(|import| import.module_request);
    let mut spans: Vec<Span> = requests.chain(imports).collect();
    // From the end, so that the offsets of the earlier ones stay right.
    spans.sort_unstable_by_key(|span| std::cmp::Reverse(span.start));
    let mut externals = Vec::new();
    for span in spans {
        let range = span.start as usize..span.end as usize;
        let Some(specifier) = literal(&source[range.clone()]) else {
            continue;
        };
        if is_cloudflare(specifier) || specifier.starts_with("node:") {
            externals.push(specifier.to_owned());
        } else if specifier.starts_with("./") || specifier.starts_with("../") {
            let target = path.parent().unwrap_or(root).join(specifier);
            let canonical = specifier_of(root, &target.normalize());
            if canonical != specifier {
                code.replace_range(range, &serde_json::Value::from(canonical).to_string());
            }
        }
    }
    externals.sort();
    externals.dedup();
    let mut exports: Vec<String> = record
        .exported_bindings
        .keys()
        .map(ToString::to_string)
        .collect();
    let has_default = record
        .local_export_entries
        .iter()
        .any(|entry| entry.export_name.is_default());
    if has_default && !exports.iter().any(|name| name == "default") {
        exports.push("default".to_owned());
    }
    exports.sort();
    Ok(Script {
        code,
        exports,
        externals,
    })
}

/// The text of a string literal without escapes.
fn literal(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains('\\')).then_some(inner)
}

fn specifier_of(root: &Path, path: &Path) -> String {
    let relative = path.relative(root).to_string_lossy().replace('\\', "/");
    if relative.starts_with("../") {
        relative
    } else {
        format!("./{relative}")
    }
}

/// An ES module whose default export is what the CommonJS module `text` exports.
///
/// All on the first line, so that lines keep their numbers.
fn common_js(text: &str) -> String {
    format!(
        "const module = {{ exports: {{}} }}; (function (module, exports) {{ {text}\n}})\
         .call(module.exports, module, module.exports); export default module.exports;\n"
    )
}

/// The map that another bundler left beside the entry, with its sources relative to the project. A
/// broken one is as good as none.
fn map_beside(project: &Project) -> SourceMap {
    let mut name = project.main.as_os_str().to_owned();
    name.push(".map");
    let json = std::fs::read_to_string(name).ok();
    let map = json
        .and_then(|json| SourceMap::from_json(&json).ok())
        .unwrap_or_default();
    let dir = project.main.parent().unwrap_or(&project.dir);
    map.with_sources(|source| {
        if source.contains(':') {
            source.to_owned()
        } else {
            project.relative(&dir.join(source))
        }
    })
}

fn read(project: &Project, path: &Path) -> Result<Vec<u8>, BundleFailure> {
    std::fs::read(path).map_err(|error| {
        let text = format!("read `{}`: {error}", project.relative(path));
        failure(project, Diagnostic::error(text))
    })
}

fn failure(project: &Project, diagnostic: Diagnostic) -> BundleFailure {
    BundleFailure {
        watch_files: vec![project.main.clone()],
        ..BundleFailure::new(diagnostic)
    }
}

/// Lists the files under `dir`, sorted by name within each directory.
fn walk(
    project: &Project,
    dir: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
) -> Result<(), BundleFailure> {
    let list = |error| {
        let text = format!("list `{}`: {error}", project.relative(dir));
        failure(project, Diagnostic::error(text))
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(list)? {
        paths.push(entry.map_err(list)?.path());
    }
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default();
        if path.is_file() {
            files.push(path);
        } else if depth > 0 && path.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
            walk(project, &path, depth - 1, files)?;
        }
    }
    Ok(())
}
