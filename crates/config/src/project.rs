//! A checked project: plain values, every default filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use stated_core::compat::Compatibility;
use stated_core::cron::Cron;

use crate::migrations::ClassPlan;

/// One project, checked. Paths are absolute or relative to where the process runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// The project file.
    pub path: PathBuf,
    /// The folder of the project file, which relative paths in it start from.
    pub directory: PathBuf,
    /// The folder of the project's own file, where its secrets and its data are. Another than `directory` only if a build
    /// tool has made the project file.
    pub home: PathBuf,
    /// The chosen environment.
    pub environment: Option<String>,
    /// The name of the service, with the environment's name added where wrangler adds it.
    pub name: String,
    /// The entry module. It exists, unless a build command may still make it. Absent if static files are all there is.
    pub main: Option<PathBuf>,
    /// The compatibility date and what it puts in force.
    pub compatibility: Compatibility,
    /// Everything in `env`; the names differ from each other.
    pub bindings: Vec<Binding>,
    /// The Durable Object classes of this service and what was declared about them.
    pub classes: ClassPlan,
    /// How source files become a program.
    pub bundle: Bundle,
    /// The command to run before bundling.
    pub build: Option<BuildCommand>,
    /// Static files served beside the program.
    pub assets: Option<Assets>,
    /// Times of scheduled events; they differ from each other.
    pub crons: Vec<Cron>,
    /// Processor time that one event may use, in milliseconds.
    pub cpu_ms: u64,
    /// Where a development server listens.
    pub dev: DevServer,
    /// Files whose change makes this configuration outdated, whether they exist or not.
    pub watched: Vec<PathBuf>,
}

/// One property of `env`.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    /// A string: a variable or a secret.
    Text {
        /// The property.
        name: String,
        /// Its value.
        value: Hidden<String>,
    },
    /// Any other value of a variable.
    Json {
        /// The property.
        name: String,
        /// Its value.
        value: Hidden<serde_json::Value>,
    },
    /// A namespace of Durable Objects.
    Namespace {
        /// The property.
        name: String,
        /// The class whose objects it holds.
        class: String,
        /// The service that exports the class; this one if absent.
        service: Option<String>,
    },
    /// Another service, or an entrypoint of this one.
    Service {
        /// The property.
        name: String,
        /// The service.
        service: String,
        /// The entrypoint; the default one if absent.
        entrypoint: Option<String>,
        /// What the entrypoint finds in `ctx.props`; an empty object by default.
        props: serde_json::Value,
    },
    /// The static files of [`Config::assets`].
    Assets {
        /// The property.
        name: String,
    },
    /// A loader of dynamic workers.
    WorkerLoader {
        /// The property.
        name: String,
    },
    /// What is known about the version of the program.
    VersionMetadata {
        /// The property.
        name: String,
    },
    /// A limit on how often something is done.
    RateLimit {
        /// The property.
        name: String,
        /// Limits of one namespace share their counts.
        namespace_id: String,
        /// How often in a period.
        limit: u32,
        /// 10 or 60.
        period_seconds: u64,
    },
    /// A product that this system does not have; using the property fails.
    Unsupported {
        /// The property.
        name: String,
        /// The product, in words.
        kind: String,
        /// The class of a program that it names, for TypeScript.
        class: Option<NamedClass>,
    },
}

/// A class of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedClass {
    /// Its name.
    pub name: String,
    /// The service whose program exports it; absent for the project's own.
    pub service: Option<String>,
}

impl Binding {
    /// Returns the property of `env`.
    pub fn name(&self) -> &str {
        match self {
            Self::Text { name, .. }
            | Self::Json { name, .. }
            | Self::Namespace { name, .. }
            | Self::Service { name, .. }
            | Self::Assets { name }
            | Self::WorkerLoader { name }
            | Self::VersionMetadata { name }
            | Self::RateLimit { name, .. }
            | Self::Unsupported { name, .. } => name,
        }
    }
}

/// A value that `Debug` does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden<T>(pub T);

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How source files become a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Whether the entry module is used as it is.
    pub no_bundle: bool,
    /// Whether the output is made small.
    pub minify: bool,
    /// Which files are modules of which kind, in order.
    pub rules: Vec<Rule>,
    /// Identifiers and the source text that replaces them.
    pub define: BTreeMap<String, String>,
    /// Imported names and what is imported instead.
    pub alias: BTreeMap<String, String>,
    /// The TypeScript configuration; the one beside the sources if absent.
    pub tsconfig: Option<PathBuf>,
    /// The function that JSX elements call.
    pub jsx_factory: String,
    /// What JSX fragments become.
    pub jsx_fragment: String,
    /// Whether all files that match a rule are modules, imported or not.
    pub find_additional_modules: bool,
    /// The folder such files are searched in; that of the entry module if absent.
    pub base_dir: Option<PathBuf>,
}

/// Files that match a glob are modules of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The kind.
    pub kind: RuleKind,
    /// The globs, relative to the sources.
    pub globs: Vec<String>,
    /// Whether later rules of the same kind still apply.
    pub fallthrough: bool,
}

/// The kinds of modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// An ECMAScript module.
    EsModule,
    /// A CommonJS module.
    CommonJs,
    /// WebAssembly; its default export is a `WebAssembly.Module`.
    CompiledWasm,
    /// Its default export is a string.
    Text,
    /// Its default export is an `ArrayBuffer`.
    Data,
}

/// A command that makes the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildCommand {
    /// The command line, for a shell.
    pub command: String,
    /// The folder it runs in.
    pub directory: PathBuf,
    /// The folders whose changes call for running it again.
    pub watched: Vec<PathBuf>,
}

/// Static files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    /// The folder that holds them.
    pub directory: PathBuf,
    /// How paths of HTML files are made pretty.
    pub html_handling: String,
    /// What is served when no file matches.
    pub not_found_handling: String,
    /// For which requests the program runs before the files are looked at.
    pub run_worker_first: RunWorkerFirst,
}

/// For which requests the program comes before the static files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunWorkerFirst {
    /// None.
    Never,
    /// All.
    Always,
    /// Those whose path matches one of the patterns.
    Matching(Vec<String>),
}

/// Where a development server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevServer {
    /// The address or host name.
    pub ip: String,
    /// The port.
    pub port: u16,
}

impl Default for DevServer {
    fn default() -> Self {
        Self {
            ip: "localhost".to_owned(),
            port: 8787,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binding_printed_for_debugging_hides_its_value() {
        let binding = Binding::Text {
            name: "KEY".to_owned(),
            value: Hidden("geheim".to_owned()),
        };

        assert_eq!(
            format!("{binding:?}"),
            r#"Text { name: "KEY", value: *** }"#
        );
        assert_eq!(binding.name(), "KEY");
    }
}
