//! A project in a temporary directory, written down in the test that builds it.

use std::path::Path;

use stated_bundle::{Bundle, BundleFailure, BundleOptions};
use tempfile::TempDir;

/// The project; its directory goes with it.
pub(crate) struct Project {
    dir: TempDir,
}

impl Project {
    /// Writes `files`, each a path and its contents. The entry is `src/index.ts`.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let project = Self {
            dir: TempDir::new().expect("a temporary directory"),
        };
        for (path, contents) in files {
            project.write(path, contents);
        }
        project
    }

    pub(crate) fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("make the directory");
        std::fs::write(path, contents).expect("write the file");
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn options(&self) -> BundleOptions {
        BundleOptions::new(self.dir.path(), "src/index.ts")
    }

    /// Builds with wrangler's defaults; the build must succeed.
    pub(crate) async fn bundle(&self) -> Bundle {
        self.bundle_with(|_| {}).await
    }

    pub(crate) async fn bundle_with(&self, change: impl FnOnce(&mut BundleOptions)) -> Bundle {
        let mut options = self.options();
        change(&mut options);
        match stated_bundle::bundle(options).await {
            Ok(bundle) => bundle,
            Err(failure) => panic!("the build failed:\n{failure}"),
        }
    }

    /// Builds with wrangler's defaults; the build must fail.
    pub(crate) async fn failure(&self) -> BundleFailure {
        self.failure_with(|_| {}).await
    }

    pub(crate) async fn failure_with(
        &self,
        change: impl FnOnce(&mut BundleOptions),
    ) -> BundleFailure {
        let mut options = self.options();
        change(&mut options);
        match stated_bundle::bundle(options).await {
            Ok(bundle) => panic!("the build succeeded:\n{}", bundle.code),
            Err(failure) => failure,
        }
    }
}

/// Asserts that `code` contains `part`, and shows the code when it does not.
#[track_caller]
pub(crate) fn assert_contains(code: &str, part: &str) {
    assert!(code.contains(part), "`{part}` is not in:\n{code}");
}

/// Asserts that `code` does not contain `part`, and shows the code when it does.
#[track_caller]
pub(crate) fn assert_lacks(code: &str, part: &str) {
    assert!(!code.contains(part), "`{part}` is in:\n{code}");
}
