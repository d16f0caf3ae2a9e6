//! From a checked project to a program: the build command, then the bundler.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stated_bundle::{
    Bundle, BundleFailure, BundleOptions, Diagnostic, ModuleKind, Rule, RuleKind, SourceMap,
};
use stated_config::Config;
use stated_config::project::{self, BuildCommand};
use stated_object::clock::wall_ms;
use stated_worker::{Asset, AssetKind, Source, Version};

/// A program ready to be loaded.
#[derive(Clone)]
pub struct Built {
    /// The modules.
    pub source: Arc<Source>,
    /// Leads positions in stacks back to the sources.
    pub source_map: Arc<SourceMap>,
    /// Files whose change makes this outdated.
    pub watch_files: Vec<PathBuf>,
    /// What the bundler found odd.
    pub warnings: Vec<Diagnostic>,
}

/// Why a project could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The bundler refused.
    #[error("{0}")]
    Bundle(#[from] BundleFailure),
    /// The project's own build command failed.
    #[error("build command `{command}` {reason}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        reason: String,
    },
}

/// Builds a project, whose program sees `node_env` as `process.env.NODE_ENV`.
///
/// # Errors
/// Everything the bundler found wrong, or the failure of the project's build command.
pub async fn build(config: &Config, node_env: &str) -> Result<Built, BuildError> {
    if let Some(command) = &config.build {
        run_command(command).await?;
    }
    let Some(main) = &config.main else {
        return Ok(without_program(config));
    };
    let mut options = options(config, main);
    node_env.clone_into(&mut options.node_env);
    let bundle = stated_bundle::bundle(options).await?;
    Ok(built(config, bundle))
}

/// Returns the names that a project's program exports, `default` among them.
///
/// The project's build command is not run: what it would make may be older than its sources.
///
/// # Errors
/// Everything the bundler found wrong.
pub async fn exported(config: &Config) -> Result<Vec<String>, BundleFailure> {
    let Some(main) = &config.main else {
        return Ok(Vec::new());
    };
    Ok(stated_bundle::bundle(options(config, main)).await?.exports)
}

/// What runs behind static files that are all there is: a program that is never asked.
fn without_program(config: &Config) -> Built {
    Built {
        source: Arc::new(Source {
            code: "export default {};".to_owned(),
            ..Source::default()
        }),
        source_map: Arc::default(),
        watch_files: config.watched.clone(),
        warnings: Vec::new(),
    }
}

async fn run_command(build: &BuildCommand) -> Result<(), BuildError> {
    let failed = |reason: String| BuildError::Command {
        command: build.command.clone(),
        reason,
    };
    let mut command = tokio::process::Command::new("sh");
    command
        .arg("-c")
        .arg(&build.command)
        .current_dir(&build.directory)
        .stdin(std::process::Stdio::null());
    let status = command
        .status()
        .await
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(format!("failed: {status}")))
    }
}

fn options(config: &Config, main: &Path) -> BundleOptions {
    let bundle = &config.bundle;
    let mut options = BundleOptions::new(absolute(&config.directory), absolute(main));
    options.rules = bundle.rules.iter().map(rule).collect();
    options.define = bundle
        .define
        .iter()
        .map(|(name, text)| (name.clone(), text.clone()))
        .collect();
    options.alias = bundle
        .alias
        .iter()
        .map(|(name, target)| (name.clone(), target.clone()))
        .collect();
    options.tsconfig.clone_from(&bundle.tsconfig);
    options.minify = bundle.minify;
    options.no_bundle = bundle.no_bundle;
    options.jsx_factory =
        Some(bundle.jsx_factory.clone()).filter(|name| name != "React.createElement");
    options.jsx_fragment =
        Some(bundle.jsx_fragment.clone()).filter(|name| name != "React.Fragment");
    options.compat_nodejs = config.compatibility.has_node();
    options.compat_nodejs_als = config.compatibility.has("nodejs_als");
    options.built_in = Some(stated_worker::has_built_in);
    options
}

/// The bundler resolves relative paths against the project's folder; ours start where we run.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn rule(rule: &project::Rule) -> Rule {
    let kind = match rule.kind {
        project::RuleKind::EsModule => RuleKind::EsModule,
        project::RuleKind::CommonJs => RuleKind::CommonJs,
        project::RuleKind::CompiledWasm => RuleKind::CompiledWasm,
        project::RuleKind::Text => RuleKind::Text,
        project::RuleKind::Data => RuleKind::Data,
    };
    Rule {
        kind,
        globs: rule.globs.clone(),
        fallthrough: Some(rule.fallthrough),
    }
}

fn built(config: &Config, bundle: Bundle) -> Built {
    let mut source = Source {
        code: bundle.code,
        ..Source::default()
    };
    source.chunks = bundle
        .chunks
        .into_iter()
        .map(|chunk| (chunk.specifier, chunk.code))
        .collect();
    for module in bundle.modules {
        let kind = match module.kind {
            ModuleKind::Text => AssetKind::Text,
            ModuleKind::Data => AssetKind::Data,
            ModuleKind::Wasm => AssetKind::Wasm,
        };
        source.assets.push(Asset {
            specifier: module.specifier,
            kind,
            bytes: module.bytes,
        });
    }
    let mut watch_files = bundle.watch_files;
    watch_files.extend(config.watched.iter().cloned());
    if let Some(build) = &config.build {
        watch_files.extend(build.watched.iter().cloned());
    }
    source.version = Version::of(&source, wall_ms());
    Built {
        source: Arc::new(source),
        source_map: Arc::new(bundle.source_map),
        watch_files,
        warnings: bundle.warnings,
    }
}
