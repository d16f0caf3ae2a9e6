//! From a TypeScript project and its packages to one JavaScript module.
//!
//! [`bundle()`] runs rolldown inside the process with wrangler's rules: what is JavaScript becomes
//! one ES module, text, data and WebAssembly become modules that the runtime makes, and
//! `cloudflare:*` and `node:*` stay imports. This crate reads files and knows neither the wrangler
//! file (that is the config crate) nor a JavaScript engine.
//!
//! Story order: [`bundle()`] drives, `project` opens, `rules` and `builtins` decide, `plugin` tells
//! the bundler, `contain` keeps its accidents away, `report` explains, `source_map` and `stack`
//! lead back from the running bundle to the sources, and `watch` says when to build again.

mod build;
mod builtins;
mod contain;
mod decorators;
mod glob_imports;
mod local_names;
mod diagnostic;
mod no_bundle;
mod options;
mod plugin;
mod project;
mod report;
mod rules;
mod settings;
mod source_map;
mod stack;
mod type_exports;
mod unresolved;
mod watch;

pub use build::{AssetModule, Bundle, Chunk, ModuleKind, bundle};
pub use diagnostic::{BundleFailure, Diagnostic, Location, Severity};
pub use options::{BundleOptions, Rule, RuleKind};
pub use source_map::{Original, SourceMap, SourceMapError};
pub use watch::Watcher;

/// The file name under which the runtime must compile [`Bundle::code`], so that
/// [`SourceMap::map_stack`] recognises its frames.
pub const BUNDLE_FILE: &str = "worker.js";
