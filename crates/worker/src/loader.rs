//! Where the modules of a realm come from: the library, the program, and the program's assets.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use stated_engine::{ModuleSource, Modules, Persistent};

use crate::library::library_module;

/// The specifier of the program's main module.
pub(crate) const PROGRAM: &str = "worker.js";
/// The specifier under which the library finds the operations.
pub(crate) const OPERATIONS: &str = "stated:host-operations";

/// The program of a service, bundled.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The main module.
    pub code: String,
    /// What it imports beside built-in modules.
    pub assets: Vec<Asset>,
    /// Further chunks: specifier and text.
    pub chunks: Vec<(String, String)>,
    /// Which built-in modules it may import.
    pub library: LibraryAccess,
}

/// Which built-in modules a program may import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LibraryAccess {
    /// Those that Workers documents, such as `cloudflare:workers`.
    #[default]
    Public,
    /// Every module of the library too, as `stated:<name>`: for programs that examine the library.
    Internal,
}

/// A file imported as a value.
#[derive(Clone, Debug)]
pub struct Asset {
    /// What the program imports.
    pub specifier: String,
    /// What its default export is.
    pub kind: AssetKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What an asset's default export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetKind {
    /// A string.
    Text,
    /// An `ArrayBuffer`.
    Data,
    /// A `WebAssembly.Module`.
    Wasm,
}

/// The modules of one realm.
pub(crate) struct Loader {
    source: Source,
    values: RefCell<HashMap<String, Persistent>>,
    /// While the library is loading; afterwards a program imports nothing of it but public modules.
    library_open: Cell<bool>,
}

impl Loader {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, values: RefCell::default(), library_open: Cell::new(true) }
    }

    /// Supplies a value as the default export of a module.
    pub(crate) fn provide(&self, specifier: &str, value: Persistent) {
        self.values.borrow_mut().insert(specifier.to_owned(), value);
    }

    /// Ends the loading of the library.
    pub(crate) fn close_library(&self) {
        self.library_open.set(self.source.library == LibraryAccess::Internal);
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    fn library(&self, specifier: &str) -> Option<ModuleSource> {
        let name = specifier.strip_prefix("stated:").filter(|_| self.library_open.get())?;
        let code = match name {
            "host" => Cow::Owned(format!("import ops from {OPERATIONS:?};\nexport {{ ops }};")),
            name => Cow::Borrowed(library_module(name)?),
        };
        Some(ModuleSource::JavaScript { url: specifier.to_owned(), code })
    }
}

impl Modules for Loader {
    fn load(&self, specifier: &str) -> Result<ModuleSource, String> {
        if let Some(value) = self.values.borrow_mut().remove(specifier) {
            return Ok(ModuleSource::Default(value));
        }
        if let Some(module) = self.library(specifier) {
            return Ok(module);
        }
        let code = match specifier {
            PROGRAM => Some(self.source.code.clone()),
            "cloudflare:workers" if self.library_open.get() => {
                Some("export * from \"stated:cloudflare-workers\";".to_owned())
            }
            _ => self.source.chunks.iter().find(|(name, _)| name == specifier).map(|(_, code)| code.clone()),
        };
        match code {
            Some(code) => Ok(ModuleSource::JavaScript { url: specifier.to_owned(), code: Cow::Owned(code) }),
            None => Err(missing(specifier)),
        }
    }

    fn is_visible(&self, specifier: &str) -> bool {
        self.library_open.get() || !specifier.starts_with("stated:")
    }
}

fn missing(specifier: &str) -> String {
    if specifier.starts_with("node:") || specifier.starts_with("cloudflare:") {
        return format!("No such module \"{specifier}\": stated does not provide this built-in module yet.");
    }
    format!("No such module \"{specifier}\".")
}
