//! Which file is the project file.

use std::path::{Path, PathBuf};

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
    fn a_folder_inside_the_project_finds_the_file_above() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("src/rooms");
        fs::create_dir_all(&inner).unwrap();
        fs::write(folder.path().join("wrangler.toml"), "").unwrap();

        assert_eq!(find(&inner), Some(folder.path().join("wrangler.toml")));
    }
}
