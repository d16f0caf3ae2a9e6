//! The project being built: its options with the paths made canonical, and how its files are called.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oxc_resolver::{
    ResolveOptions, Resolver, TsConfig, TsconfigDiscovery, TsconfigOptions, TsconfigReferences,
};
use sugar_path::SugarPath as _;

use crate::diagnostic::Diagnostic;
use crate::{BundleFailure, BundleOptions};

/// Options that were found to name an existing directory and entry.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) options: BundleOptions,
    /// Absolute and without symbolic links, as the resolver gives module ids.
    pub(crate) dir: PathBuf,
    /// Absolute and without symbolic links.
    pub(crate) main: PathBuf,
    /// Finds tsconfigs as the bundler does.
    tsconfigs: Resolver,
}

impl Project {
    /// Looks the directory and the entry up.
    ///
    /// # Errors
    /// A failure with one diagnostic when either is not there.
    pub(crate) fn open(options: BundleOptions) -> Result<Self, BundleFailure> {
        let missing_dir = |error: std::io::Error| {
            let dir = options.project_dir.display();
            BundleFailure::new(Diagnostic::error(format!(
                "project directory `{dir}`: {error}"
            )))
        };
        let dir = options.project_dir.canonicalize().map_err(missing_dir)?;
        let wanted = dir.join(&options.main);
        let main = match wanted.canonicalize() {
            Ok(main) if main.is_file() => main,
            Ok(main) => return Err(no_entry(&dir, &main, "is not a file")),
            Err(_) => return Err(no_entry(&dir, &wanted, "does not exist")),
        };
        let discovery = match &options.tsconfig {
            Some(path) => TsconfigDiscovery::Manual(TsconfigOptions {
                config_file: dir.join(path),
                references: TsconfigReferences::Auto,
            }),
            None => TsconfigDiscovery::Auto,
        };
        let tsconfigs = Resolver::new(ResolveOptions {
            tsconfig: Some(discovery),
            ..ResolveOptions::default()
        });
        Ok(Self {
            options,
            dir,
            main,
            tsconfigs,
        })
    }

    /// The tsconfig that applies to a file. One that cannot be read is reported by the build itself.
    pub(crate) fn tsconfig_of(&self, path: &Path) -> Option<Arc<TsConfig>> {
        self.tsconfigs.find_tsconfig(path).ok().flatten()
    }

    /// Whether a file's decorators are TypeScript's own, which the bundler lowers.
    pub(crate) fn has_legacy_decorators(&self, path: &Path) -> bool {
        let tsconfig = self.tsconfig_of(path);
        tsconfig
            .is_some_and(|tsconfig| tsconfig.compiler_options.experimental_decorators == Some(true))
    }

    /// The name of a file for people: relative to the project, with forward slashes.
    pub(crate) fn relative(&self, path: &Path) -> String {
        let path = path.normalize();
        let relative = path.relative(&self.dir);
        relative.to_string_lossy().replace('\\', "/")
    }

    /// Whether `alias` replaces this specifier, as itself or as the start of a path.
    pub(crate) fn is_aliased(&self, specifier: &str) -> bool {
        self.options.alias.iter().any(|(from, _)| {
            specifier
                .strip_prefix(from.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

fn no_entry(dir: &Path, main: &Path, what: &str) -> BundleFailure {
    let main = main.normalize();
    let name = main
        .strip_prefix(dir)
        .unwrap_or(&main)
        .to_string_lossy()
        .replace('\\', "/");
    let diagnostic = Diagnostic::error(format!("the entry `{name}` {what}"))
        .hint("set `main` in the wrangler file to the file that exports the Worker");
    BundleFailure {
        watch_files: vec![main.into_owned()],
        ..BundleFailure::new(diagnostic)
    }
}
