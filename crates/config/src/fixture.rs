//! A project in a folder of its own, for tests.

use std::fs;
use std::path::Path;

use crate::{Diagnostic, LocalSecrets, Project, Rejected, Request, load};

/// A temporary folder with an entry module at `src/index.ts`.
pub(crate) struct Folder {
    folder: tempfile::TempDir,
    pub(crate) request: Request,
}

/// Keys without which every project gets a warning or an error.
pub(crate) const BASE: &str =
    "name = \"chat\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-08-01\"\n";

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let request = Request {
            directory: folder.path().to_owned(),
            ..Request::default()
        };
        let this = Self { folder, request };
        this.write("src/index.ts", "")
    }

    pub(crate) fn write(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn environment(mut self, name: &str) -> Self {
        self.request.environment = Some(name.to_owned());
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn load(&self) -> Result<Project, Rejected> {
        load(&self.request)
    }

    /// Loads a project that must be accepted.
    pub(crate) fn project(&self) -> Project {
        self.load().unwrap()
    }

    /// Returns all diagnostics as printed, without the folder's path.
    pub(crate) fn diagnostics(&self) -> Vec<String> {
        let diagnostics = match self.load() {
            Ok(project) => project.warnings,
            Err(rejected) => rejected.diagnostics,
        };
        self.printed(&diagnostics)
    }

    pub(crate) fn printed(&self, diagnostics: &[Diagnostic]) -> Vec<String> {
        let folder = self.path().to_str().unwrap();
        let strip = |text: String| text.replace(&format!("{folder}/"), "").replace(folder, ".");
        diagnostics.iter().map(|it| strip(it.to_string())).collect()
    }

    /// Returns the errors and asserts that there are some.
    pub(crate) fn errors(&self) -> Vec<String> {
        let rejected = self.load().unwrap_err();
        let errors: Vec<_> = rejected.errors().cloned().collect();
        self.printed(&errors)
    }
}

/// A project whose file is `text`, as it is.
pub(crate) fn toml(text: &str) -> Folder {
    Folder::new().write("wrangler.toml", text)
}

/// A project whose file is `text` behind the keys of [`BASE`], which are its first three lines.
pub(crate) fn with_base(text: &str) -> Folder {
    toml(&format!("{BASE}{text}"))
}

/// The same as JSON: `text` goes inside the braces, on the second line.
pub(crate) fn jsonc_with_base(text: &str) -> Folder {
    Folder::new().write(
        "wrangler.jsonc",
        format!("{{ \"name\": \"chat\", \"main\": \"src/index.ts\", \"compatibility_date\": \"2026-08-01\",\n{text}\n}}"),
    )
}

/// Keeps secrets beside the project out of a test.
pub(crate) fn without_secrets(mut folder: Folder) -> Folder {
    folder.request.local_secrets = LocalSecrets::Skip;
    folder
}
