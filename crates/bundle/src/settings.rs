//! The bundler's options for a project, as close to wrangler's esbuild options as they go.
//!
//! Source: <https://developers.cloudflare.com/workers/wrangler/bundling/>

use rolldown::{
    BundlerOptions, BundlerTransformOptions, ChecksOptions, CodeSplittingMode, Either,
    ExperimentalOptions, InputItem, JsxOptions, OutputFormat, Platform, RawMinifyOptions,
    ResolveOptions, SourceMapType, TsConfig,
};

use crate::BundleOptions;
use crate::diagnostic::Diagnostic;
use crate::project::Project;

/// What an import of a name that its module does not export does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum MissingExports {
    /// Fails the build.
    Refused,
    /// Gives `undefined`.
    Undefined,
}

/// Returns the options for one attempt at building `project`.
pub(crate) fn of(project: &Project, missing_exports: MissingExports) -> BundlerOptions {
    let options = &project.options;
    let tsconfig = match &options.tsconfig {
        Some(path) => TsConfig::Manual(path.clone()),
        None => TsConfig::Auto(true),
    };
    BundlerOptions {
        input: Some(vec![InputItem::from(
            project.main.to_string_lossy().into_owned(),
        )]),
        cwd: Some(project.dir.clone()),
        platform: Some(Platform::Neutral),
        format: Some(OutputFormat::Esm),
        // Nothing is written. With this directory, sources in the map are relative to the project.
        dir: Some(".".to_owned()),
        sourcemap: Some(SourceMapType::Hidden),
        shim_missing_exports: Some(missing_exports == MissingExports::Undefined),
        // One chunk: a dynamic import becomes a promise for a part of it.
        code_splitting: Some(CodeSplittingMode::Bool(false)),
        resolve: Some(resolution(project)),
        minify: Some(RawMinifyOptions::Bool(options.minify)),
        // Classes are found by name, and names of errors and functions show in messages.
        keep_names: Some(true),
        // As esbuild does: among modules that import each other, what is not there yet is undefined, not an error.
        top_level_var: Some(true),
        // Otherwise all imports of a CommonJS module share what the first one gets, although its default is another for
        // importers that are modules by Node's rules. On demand: modules in one chunk have their order and need no wrapper.
        strict_execution_order: Some(true),
        experimental: Some(ExperimentalOptions {
            on_demand_wrapping: Some(true),
            ..ExperimentalOptions::default()
        }),
        define: Some(definitions(options).into_iter().collect()),
        transform: Some(BundlerTransformOptions {
            jsx: Some(Either::Right(jsx(project))),
            ..BundlerTransformOptions::default()
        }),
        tsconfig: Some(tsconfig),
        checks: Some(ChecksOptions {
            plugin_timings: Some(false),
            prefer_builtin_feature: Some(false),
            // Options of the wrangler file are meant to win over the tsconfig.
            configuration_field_conflict: Some(false),
            // With one chunk every dynamic import is "ineffective".
            ineffective_dynamic_import: Some(false),
            sourcemap_broken: Some(false),
            ..ChecksOptions::default()
        }),
        ..BundlerOptions::default()
    }
}

fn resolution(project: &Project) -> ResolveOptions {
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let target = |to: &String| {
        let to = if to.starts_with('.') {
            project.dir.join(to).to_string_lossy().into_owned()
        } else {
            to.clone()
        };
        vec![Some(to)]
    };
    ResolveOptions {
        alias: Some(
            project
                .options
                .alias
                .iter()
                .map(|(from, to)| (from.clone(), target(to)))
                .collect(),
        ),
        // The `browser` field may also be a table that replaces single modules.
        alias_fields: Some(vec![names(&["browser"])]),
        condition_names: Some(project.options.conditions.clone()),
        main_fields: Some(names(&["browser", "module", "main"])),
        ..ResolveOptions::default()
    }
}

/// Says which entries of `define` the bundler could not use.
///
/// As with esbuild, a name is a chain of identifiers and a value is JSON or such a name; a string may be in single quotes.
pub(crate) fn check_definitions(options: &BundleOptions) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (name, value) in &options.define {
        if !is_name(name) {
            problems.push(Diagnostic::error(format!(
                "`define` cannot replace `{name}`; it is not a name"
            )));
        }
        if !is_name(value)
            && !is_single_quoted(value)
            && serde_json::from_str::<serde_json::Value>(value).is_err()
        {
            problems.push(
                Diagnostic::error(format!(
                    "the value `{value}` of `define.{name}` is neither JSON nor a name"
                ))
                .hint(format!(
                    "for a string, write '{}'",
                    serde_json::Value::from(value.as_str())
                )),
            );
        }
    }
    problems
}

/// Whether `text` is identifiers joined by dots.
fn is_name(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut chars = part.chars();
        let is_start = |c: char| c.is_alphabetic() || matches!(c, '_' | '$');
        chars.next().is_some_and(is_start) && chars.all(|c| is_start(c) || c.is_numeric())
    })
}

/// Whether `text` is a string in single quotes without any other that ends it.
fn is_single_quoted(text: &str) -> bool {
    let inside = text
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    inside.is_some_and(|inside| !inside.contains(['\'', '\\', '\n']))
}

fn definitions(options: &BundleOptions) -> Vec<(String, String)> {
    const NODE_ENV: [&str; 3] = [
        "process.env.NODE_ENV",
        "global.process.env.NODE_ENV",
        "globalThis.process.env.NODE_ENV",
    ];
    let mut definitions = options.define.clone();
    let text = serde_json::Value::from(options.node_env.as_str()).to_string();
    for name in NODE_ENV {
        if !definitions.iter().any(|(defined, _)| defined == name) {
            definitions.push((name.to_owned(), text.clone()));
        }
    }
    definitions
}

/// JSX settings that the tsconfig does not make.
///
/// wrangler's default is the classic runtime, and a tsconfig that says `jsx` wins over it.
fn jsx(project: &Project) -> JsxOptions {
    let options = &project.options;
    let classic = options.jsx_factory.is_some()
        || options.jsx_fragment.is_some()
        || !tsconfig_sets_jsx(project);
    JsxOptions {
        runtime: classic.then(|| "classic".to_owned()),
        pragma: options.jsx_factory.clone(),
        pragma_frag: options.jsx_fragment.clone(),
        ..JsxOptions::default()
    }
}

fn tsconfig_sets_jsx(project: &Project) -> bool {
    let tsconfig = project.tsconfig_of(&project.main);
    tsconfig.is_some_and(|tsconfig| tsconfig.compiler_options.jsx.is_some())
}
