//! `no_bundle`: the entry as it is, and the files beside it that the rules name.
//!
//! Nothing is parsed; the runtime resolves the imports between these modules by path.

use std::path::{Path, PathBuf};

use crate::build::{AssetModule, Bundle};
use crate::diagnostic::Diagnostic;
use crate::project::Project;
use crate::rules::Rules;
use crate::{BundleFailure, SourceMap};

/// Directories that hold no modules of the program.
const SKIPPED: [&str; 4] = [".git", ".stated", ".wrangler", "node_modules"];

/// Deeper directories are not looked into: a loop of links would never end.
const DEPTH_MAX: usize = 32;

pub(crate) fn collect(project: &Project, rules: &Rules) -> Result<Bundle, BundleFailure> {
    let root = project.main.parent().unwrap_or(&project.dir);
    let mut files = Vec::new();
    let mut watch_files = vec![project.main.clone()];
    let code = String::from_utf8_lossy(&read(project, &project.main)?).into_owned();
    walk(project, root, DEPTH_MAX, &mut files)?;
    let mut modules = Vec::new();
    for path in files.into_iter().filter(|path| *path != project.main) {
        let name = path
            .strip_prefix(root)
            .unwrap_or(&path)
            .to_string_lossy()
            .replace('\\', "/");
        let Some(kind) = rules.of_file(&name) else {
            continue;
        };
        let bytes = read(project, &path)?;
        modules.push(AssetModule {
            specifier: name,
            kind: kind.into(),
            bytes,
        });
        watch_files.push(path);
    }
    watch_files.sort();
    Ok(Bundle {
        code,
        source_map: map_beside(project),
        modules,
        exports: Vec::new(),
        externals: Vec::new(),
        watch_files,
        warnings: rules.warnings.iter().map(Diagnostic::warning).collect(),
    })
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
    std::fs::read(path).map_err(|error| failure(project, "read", path, &error))
}

fn failure(project: &Project, what: &str, path: &Path, error: &std::io::Error) -> BundleFailure {
    let diagnostic = Diagnostic::error(format!("{what} `{}`: {error}", project.relative(path)));
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
    let list = |error| failure(project, "list", dir, &error);
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
