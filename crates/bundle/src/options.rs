//! What a build is told: the project, its entry, and the settings of the wrangler file that change a bundle.
//!
//! Plain data. Reading the wrangler file is the config crate's work, building is [`crate::bundle()`]'s.

use std::path::PathBuf;

use crate::ModuleKind;

/// Everything that decides what a bundle looks like.
///
/// [`BundleOptions::new`] gives wrangler's defaults; the fields are public so that a caller changes
/// only what its configuration names.
#[derive(Clone, Debug)]
pub struct BundleOptions {
    /// The directory of the wrangler file. Paths in diagnostics and source maps are relative to it.
    pub project_dir: PathBuf,
    /// The entry (`main`), relative to `project_dir` or absolute.
    pub main: PathBuf,
    /// The user's module rules (`rules`), in file order. Wrangler's default rules follow them.
    pub rules: Vec<Rule>,
    /// Identifiers replaced by JavaScript expressions (`define`), for example `("BUILD", "\"42\"")`.
    ///
    /// One of `process.env.NODE_ENV` wins over `node_env`.
    pub define: Vec<(String, String)>,
    /// What `process.env.NODE_ENV` is, with or without `globalThis.` or `global.` before it.
    pub node_env: String,
    /// Module specifiers replaced by others (`alias`); a value that starts with `.` is relative to
    /// `project_dir`.
    pub alias: Vec<(String, String)>,
    /// The tsconfig to use for every file. `None` = the nearest one above each file.
    pub tsconfig: Option<PathBuf>,
    /// Whether names and white space are shortened (`minify`). Class and function names survive.
    pub minify: bool,
    /// Whether the entry is used as it is (`no_bundle`); files that match `rules` become modules.
    pub no_bundle: bool,
    /// Whether `nodejs_compat` or its second version is in force: `node:fs` and `fs` become externals.
    pub compat_nodejs: bool,
    /// Whether `nodejs_als` is in force: `node:async_hooks` alone becomes an external.
    pub compat_nodejs_als: bool,
    /// Tells whether the runtime has a built-in module, by its name with its prefix. `None` = it has all
    /// that exist. An import of one that it lacks fails the build, which names the import; `import()`
    /// of one fails where it runs.
    pub built_in: Option<fn(&str) -> bool>,
    /// Export conditions besides `import`/`require` and `default`.
    pub conditions: Vec<String>,
    /// The function that JSX calls (`jsx_factory`); set = the classic runtime.
    pub jsx_factory: Option<String>,
    /// What a JSX fragment becomes (`jsx_fragment`).
    pub jsx_fragment: Option<String>,
}

impl BundleOptions {
    /// Returns wrangler's defaults for the entry `main` of the project in `project_dir`.
    ///
    /// Source: <https://developers.cloudflare.com/workers/wrangler/bundling/>
    pub fn new(project_dir: impl Into<PathBuf>, main: impl Into<PathBuf>) -> Self {
        Self {
            project_dir: project_dir.into(),
            main: main.into(),
            rules: Vec::new(),
            define: Vec::new(),
            node_env: "production".to_owned(),
            alias: Vec::new(),
            tsconfig: None,
            minify: false,
            no_bundle: false,
            compat_nodejs: false,
            compat_nodejs_als: false,
            built_in: None,
            conditions: ["workerd", "worker", "browser"].map(String::from).to_vec(),
            jsx_factory: None,
            jsx_fragment: None,
        }
    }
}

/// One entry of wrangler's `rules`: imports that match a glob become modules of a kind.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// What matching files become.
    pub kind: RuleKind,
    /// Globs over the specifier as it is written in the import; `*` matches any text, slashes too.
    pub globs: Vec<String>,
    /// Whether later rules of the same kind, wrangler's defaults included, are used as well.
    /// `None` means no, with a warning when a rule is dropped for it.
    pub fallthrough: Option<bool>,
}

/// The kinds of wrangler's module rules.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RuleKind {
    /// A string.
    Text,
    /// An `ArrayBuffer`.
    Data,
    /// A `WebAssembly.Module`.
    CompiledWasm,
    /// JavaScript; only meaningful with `no_bundle`.
    EsModule,
    /// JavaScript with `module.exports`; only meaningful with `no_bundle`.
    CommonJs,
}

impl RuleKind {
    /// Returns the name the wrangler file uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Data => "Data",
            Self::CompiledWasm => "CompiledWasm",
            Self::EsModule => "ESModule",
            Self::CommonJs => "CommonJS",
        }
    }

    /// What a matching file is when it is not JavaScript.
    pub(crate) fn of_asset(self) -> Option<ModuleKind> {
        match self {
            Self::Text => Some(ModuleKind::Text),
            Self::Data => Some(ModuleKind::Data),
            Self::CompiledWasm => Some(ModuleKind::Wasm),
            Self::EsModule | Self::CommonJs => None,
        }
    }
}
