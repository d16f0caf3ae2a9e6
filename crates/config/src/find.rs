//! Which file is the project file: the project's own, or the one that a build tool has made of it.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Severity};
use crate::raw::{self, Value};
use crate::source::Source;

/// Where a build tool, such as Cloudflare's plugin for Vite, says which file it has made; below the folder of the
/// project's own file.
///
/// Source: https://developers.cloudflare.com/workers/wrangler/configuration/#generated-wrangler-configuration
pub(crate) const DEPLOY_FILE: &str = ".wrangler/deploy/config.json";

/// The names of a project file; where several exist in one folder, the first of these counts.
pub const FILE_NAMES: [&str; 3] = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/// Searches `directory` and the folders above it, as wrangler does: each name is looked for all the
/// way up before the next name is tried.
pub(crate) fn find(directory: &Path) -> Option<PathBuf> {
    FILE_NAMES.iter().find_map(|name| {
        ancestors(directory)
            .map(|folder| folder.join(name))
            .find(|path| path.is_file())
    })
}

/// A project file that a build tool has made.
#[derive(Debug)]
pub(crate) struct MadeFile {
    pub(crate) file: PathBuf,
    /// The folder of the project that it was made of.
    pub(crate) home: PathBuf,
    /// The file that names it.
    pub(crate) deploy: PathBuf,
}

/// Returns the project file that a build tool has made, if there is one: `own` is then only what it was made of.
///
/// # Errors
/// When the build tool's word cannot be read, names no file or one that does not exist, or when it lies in another
/// folder than `own`, so that it may belong to another project.
pub(crate) fn made(
    directory: &Path,
    own: Option<&Path>,
) -> Result<Option<MadeFile>, Box<Diagnostic>> {
    let mut candidates = ancestors(directory).map(|folder| folder.join(DEPLOY_FILE));
    let Some(deploy) = candidates.find(|path| path.is_file()) else {
        return Ok(None);
    };
    let failed = |message: String| Diagnostic::new(Severity::Error, &deploy, message);
    let again = "run the project's build again, or delete the file";
    let mut source = Source::read(&deploy)?;
    let root = raw::parse(&mut source)?;
    let named = root.get("configPath").map(|entry| &entry.node.value);
    let Some(Value::String(named)) = named else {
        return Err(failed("`configPath` is missing".to_owned())
            .with_hint(again)
            .into());
    };
    let folder = deploy.parent().unwrap_or(directory);
    let file = lexically_joined(folder, named);
    if !file.is_file() {
        let message = format!("`{}`, which it names, does not exist", file.display());
        return Err(failed(message).with_hint(again).into());
    }
    if let Some(own) = own
        && own.parent() != deploy.ancestors().nth(3)
    {
        let message = format!("it lies in another folder than `{}`", own.display());
        let hint = "delete one of them, or name the project file with --config";
        return Err(failed(message).with_hint(hint).into());
    }
    let home = deploy.ancestors().nth(3).unwrap_or(directory).to_owned();
    Ok(Some(MadeFile { file, home, deploy }))
}

/// Joins and removes `..`, so that messages and stacks show paths as people write them.
pub(crate) fn lexically_joined(folder: &Path, relative: &str) -> PathBuf {
    use std::path::Component;
    let mut joined = PathBuf::new();
    for part in folder.join(relative).components() {
        match part {
            Component::ParentDir
                if matches!(joined.components().next_back(), Some(Component::Normal(_))) =>
            {
                joined.pop();
            }
            Component::CurDir if joined.as_os_str().is_empty() => joined.push("."),
            Component::CurDir => {}
            part => joined.push(part),
        }
    }
    joined
}

/// Goes up from a relative path as well: `.` has no parent in its spelling, but on disk it does.
fn ancestors(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let absolute = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let above: Vec<_> = absolute.ancestors().skip(1).map(Path::to_owned).collect();
    std::iter::once(directory.to_owned()).chain(above)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn json_comes_before_jsonc_and_jsonc_before_toml() {
        let folder = tempfile::tempdir().unwrap();
        for (index, name) in FILE_NAMES.iter().enumerate().rev() {
            fs::write(folder.path().join(name), "").unwrap();
            assert_eq!(
                find(folder.path()),
                Some(folder.path().join(FILE_NAMES[index]))
            );
        }
    }

    #[test]
    fn joining_removes_the_steps_up_that_it_can() {
        let joined = |folder: &str, relative| lexically_joined(Path::new(folder), relative);
        assert_eq!(
            joined("./.wrangler/deploy", "../../dist/a.json"),
            Path::new("./dist/a.json")
        );
        assert_eq!(joined("/a/b", "/c/./d"), Path::new("/c/d"));
        assert_eq!(joined("a", "../../d"), Path::new("../d"));
    }

    #[test]
    fn a_folder_inside_the_project_finds_the_file_above() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("src/rooms");
        fs::create_dir_all(&inner).unwrap();
        fs::write(folder.path().join("wrangler.toml"), "").unwrap();

        assert_eq!(find(&inner), Some(folder.path().join("wrangler.toml")));
    }
}
