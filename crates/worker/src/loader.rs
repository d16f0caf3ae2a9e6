//! Where the modules of a realm come from: the library, the program, and the program's assets.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stated_crypto::{Hash, Hasher};
use stated_engine::{Local, ModuleSource, Modules, Persistent, Scope, Thrown};

use crate::library::library_module;

/// The specifier of the program's main module.
pub(crate) const PROGRAM: &str = "worker.js";
/// The specifier under which the library finds the operations.
pub(crate) const OPERATIONS: &str = "stated:host-operations";

/// The specifier under which the library finds the program's own files, as text.
pub(crate) const BUNDLE_FILES: &str = "stated:bundle-files";

/// What the specifiers of the library begin with.
const LIBRARY_SCHEME: &str = "stated:";

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
    /// The specifier of the main module, when it is one of the chunks and specifiers are paths: each
    /// means what it would mean in the folder of the module that imports it.
    pub main: Option<String>,
    /// What bindings tell about it.
    pub version: Version,
}

/// What `version_metadata` bindings tell about a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// A UUID.
    pub id: String,
    /// When it was made, in milliseconds since the Unix epoch.
    pub made_ms: i64,
}

impl Version {
    /// The version of a program: the same id for the same modules, wherever and whenever they are loaded.
    pub fn of(source: &Source, made_ms: i64) -> Self {
        let mut hasher = Hasher::new(Hash::Sha256);
        let mut part = |bytes: &[u8]| {
            // Lengths keep parts apart.
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(source.code.as_bytes());
        for (name, code) in &source.chunks {
            part(name.as_bytes());
            part(code.as_bytes());
        }
        for asset in &source.assets {
            part(asset.specifier.as_bytes());
            part(&asset.bytes);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hasher.finish()[..16]);
        let id = uuid::Builder::from_custom_bytes(bytes).into_uuid();
        Self {
            id: id.to_string(),
            made_ms,
        }
    }
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

/// Which of Node.js's modules a program may import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeModules {
    /// None of them.
    None,
    /// `node:async_hooks` alone: the flag `nodejs_als`.
    AsyncHooks,
    /// The first of them, and those whose own flags are among these: `nodejs_compat_v2` without `nodejs_compat`.
    Some(Vec<String>),
    /// All that exist: the flag `nodejs_compat`.
    ///
    /// Differs: in workerd each has a day of its own, before which wrangler supplies it.
    All,
}

impl NodeModules {
    /// Those of a program with these compatibility flags.
    pub(crate) fn of(flags: &[String]) -> Self {
        let has = |name: &str| flags.iter().any(|flag| flag == name);
        if has("nodejs_compat") {
            Self::All
        } else if has("nodejs_compat_v2") {
            Self::Some(flags.to_vec())
        } else if has("nodejs_als") {
            Self::AsyncHooks
        } else {
            Self::None
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::AsyncHooks => name == "async_hooks",
            Self::Some(flags) => flags_of_module(name)
                .is_none_or(|names| flags.iter().any(|flag| names.contains(flag))),
            Self::All => true,
        }
    }
}

/// The flags that each give this module of Node.js; none for those that came first.
fn flags_of_module(name: &str) -> Option<Vec<String>> {
    let module = match name {
        "fs/promises" => return None,
        "http" | "https" => return Some(vec!["enable_nodejs_http_modules".to_owned()]),
        "_http_server" => {
            let flags = [
                "enable_nodejs_http_modules",
                "enable_nodejs_http_server_modules",
            ];
            return Some(flags.map(str::to_owned).to_vec());
        }
        _ if name.starts_with("_http_") => return flags_of_module("http"),
        "_stream_wrap" => "stream_wrap",
        "inspector/promises" => "inspector",
        "readline/promises" => "readline",
        "child_process" | "cluster" | "console" | "dgram" | "domain" | "fs" | "http2"
        | "inspector" | "os" | "perf_hooks" | "punycode" | "readline" | "repl" | "sqlite"
        | "trace_events" | "tty" | "v8" | "vm" | "wasi" | "worker_threads" => name,
        _ => return None,
    };
    Some(vec![format!("enable_nodejs_{module}_module")])
}

/// The modules of one realm.
///
/// Modules of the library are loaded when something first imports them, which only the host, the
/// library and the built-in modules that lead into it may do; the program may not.
pub(crate) struct Loader {
    /// Empty while the library itself is loaded.
    source: OnceCell<Source>,
    node: NodeModules,
    /// Whether Node's modules may be imported by their names alone: the flag `nodejs_compat_v2`.
    bare_names: bool,
    /// Whether modules of the program know where they are: the flag `new_module_registry`.
    describes: bool,
    values: RefCell<HashMap<String, Persistent>>,
}

impl Loader {
    /// The modules of a program with these compatibility flags.
    pub(crate) fn new(flags: &[String]) -> Self {
        Self {
            source: OnceCell::new(),
            node: NodeModules::of(flags),
            bare_names: flags.iter().any(|flag| flag == "nodejs_compat_v2"),
            describes: flags.iter().any(|flag| flag == "new_module_registry"),
            values: RefCell::default(),
        }
    }

    /// Supplies a value as the default export of a module.
    pub(crate) fn provide(&self, specifier: &str, value: Persistent) {
        self.values.borrow_mut().insert(specifier.to_owned(), value);
    }

    /// Supplies the program.
    ///
    /// # Panics
    /// If it has one.
    pub(crate) fn set_source(&self, source: Source) {
        assert!(self.source.set(source).is_ok(), "a realm has one program");
    }

    /// The program.
    ///
    /// # Panics
    /// If it has none yet: the library asks for nothing of it before its `init` is called.
    pub(crate) fn source(&self) -> &Source {
        self.source.get().expect("a program was supplied")
    }

    /// The specifier of the program's main module.
    pub(crate) fn main(&self) -> &str {
        self.source().main.as_deref().unwrap_or(PROGRAM)
    }

    /// Whether specifiers of the program are paths.
    fn has_paths(&self) -> bool {
        self.source
            .get()
            .is_some_and(|source| source.main.is_some())
    }

    /// Whether a specifier means one of Node's modules by its name alone. The bundler has put `node:` in front of what it saw;
    /// other names are made while the program runs.
    fn is_bare(&self, specifier: &str) -> bool {
        self.bare_names
            && !is_reserved(specifier)
            && self.own(specifier).is_none()
            && self.built_in(&format!("node:{specifier}")).is_some()
    }

    /// The text of a module of the program.
    fn own(&self, specifier: &str) -> Option<Cow<'static, str>> {
        let source = self.source.get()?;
        if specifier == PROGRAM && source.main.is_none() {
            return Some(Cow::Owned(source.code.clone()));
        }
        let chunk = source.chunks.iter().find(|(name, _)| name == specifier);
        chunk.map(|(_, code)| Cow::Owned(code.clone()))
    }

    /// A module whose default export is every file of the program: name, and text or base64.
    fn bundle_files(&self) -> String {
        let mut files: Vec<(&str, Option<&str>, Option<String>)> = Vec::new();
        let source = self.source();
        if source.main.is_none() {
            files.push((PROGRAM, Some(&source.code), None));
        }
        for (name, code) in &source.chunks {
            files.push((name, Some(code), None));
        }
        for asset in &source.assets {
            let bytes = STANDARD.encode(&asset.bytes);
            files.push((&asset.specifier, None, Some(bytes)));
        }
        let list = serde_json::to_string(&files).expect("strings become JSON");
        format!("export default {list};")
    }

    /// The text of a built-in module.
    fn built_in(&self, specifier: &str) -> Option<Cow<'static, str>> {
        if specifier == "stated:host" {
            return Some(Cow::Owned(format!(
                "import ops from {OPERATIONS:?};\nexport {{ ops }};"
            )));
        }
        if specifier == BUNDLE_FILES {
            return Some(Cow::Owned(self.bundle_files()));
        }
        if let Some(name) = specifier.strip_prefix(LIBRARY_SCHEME) {
            return library_module(name).map(Cow::Borrowed);
        }
        if let Some(name) = specifier.strip_prefix("cloudflare:") {
            library_module(&format!("cloudflare-{name}"))?;
            return Some(Cow::Owned(format!(
                "export * from \"stated:cloudflare-{name}\";"
            )));
        }
        let name = specifier
            .strip_prefix("node:")
            .filter(|name| self.node.has(name))?;
        library_module(&format!("node/{name}"))?;
        Some(Cow::Owned(format!(
            "export * from \"stated:node/{name}\";\nexport {{ default }} from \"stated:node/{name}\";"
        )))
    }
}

impl Modules for Loader {
    fn load(&self, specifier: &str) -> Result<ModuleSource, String> {
        if let Some(value) = self.values.borrow_mut().remove(specifier) {
            return Ok(ModuleSource::Default(value));
        }
        let code = self.built_in(specifier).or_else(|| self.own(specifier));
        match code {
            Some(code) => Ok(ModuleSource::JavaScript {
                url: specifier.to_owned(),
                code,
            }),
            None => Err(missing(specifier)),
        }
    }

    fn resolve<'a>(&self, specifier: &'a str, referrer: Option<&str>) -> Cow<'a, str> {
        match referrer {
            Some(referrer) if self.has_paths() && self.built_in(referrer).is_none() => {
                resolved(specifier, referrer)
            }
            _ if self.is_bare(specifier) => Cow::Owned(format!("node:{specifier}")),
            _ => Cow::Borrowed(specifier),
        }
    }

    fn describe<'s>(
        &self,
        scope: &mut Scope<'s>,
        specifier: &str,
        meta: Local<'s>,
    ) -> Result<(), Thrown<'s>> {
        if !self.describes || self.built_in(specifier).is_some() {
            return Ok(());
        }
        let (library, _) = scope.evaluate_module("stated:import-meta")?;
        let describe = scope.property(library, "describe")?;
        let name = scope.string(specifier);
        let is_main = scope.boolean(specifier == self.main());
        scope.call(describe, &[meta, name, is_main])?;
        Ok(())
    }

    fn permit(&self, specifier: &str, referrer: Option<&str>) -> Result<(), String> {
        let guarded = specifier.starts_with(LIBRARY_SCHEME)
            && referrer.is_some_and(|referrer| self.built_in(referrer).is_none());
        if guarded && self.source().library == LibraryAccess::Public {
            return Err(missing(specifier));
        }
        Ok(())
    }
}

/// Tells whether programs may import the built-in module of this name, given the flags for it.
pub fn has_built_in(specifier: &str) -> bool {
    let name = match specifier.split_once(':') {
        Some(("cloudflare", name)) => format!("cloudflare-{name}"),
        Some(("node", name)) => format!("node/{name}"),
        _ => return false,
    };
    library_module(&name).is_some()
}

/// Whether a name can only be a built-in module's: a program's module must have another one.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.contains(':')
}

/// The path that a specifier is from the folder of `referrer`; a built-in module's stays.
fn resolved<'a>(specifier: &'a str, referrer: &str) -> Cow<'a, str> {
    if is_reserved(specifier) {
        return Cow::Borrowed(specifier);
    }
    let mut path: Vec<&str> = match specifier.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => referrer.split('/').collect(),
    };
    path.pop();
    for step in specifier.split('/') {
        match step {
            "" | "." => {}
            ".." => _ = path.pop(),
            step => path.push(step),
        }
    }
    Cow::Owned(path.join("/"))
}

fn missing(specifier: &str) -> String {
    format!("No such module \"{specifier}\".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loader(flags: &[&str]) -> Loader {
        let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        let loader = Loader::new(&flags);
        loader.set_source(Source::default());
        loader
    }

    #[test]
    fn built_in_modules_are_known_by_their_full_names() {
        for (specifier, known) in [
            ("cloudflare:workers", true),
            ("node:fs/promises", true),
            ("fs", false),
            ("cloudflare:nothing", false),
            ("node:nothing", false),
            ("stated:url", false),
        ] {
            assert_eq!(has_built_in(specifier), known, "{specifier}");
        }
    }

    #[test]
    fn only_the_host_and_built_in_modules_import_the_library() {
        let loader = loader(&["nodejs_compat"]);
        let refused = Err("No such module \"stated:url\".".to_owned());

        assert_eq!(loader.permit("stated:url", None), Ok(()));
        assert_eq!(loader.permit("stated:url", Some("stated:request")), Ok(()));
        assert_eq!(loader.permit("stated:url", Some("node:url")), Ok(()));
        assert_eq!(loader.permit("stated:url", Some("worker.js")), refused);
        assert_eq!(loader.permit("stated:url", Some("")), refused);
    }

    #[test]
    fn code_that_the_library_evaluates_is_not_the_library() {
        let refused = Err("No such module \"stated:url\".".to_owned());

        assert_eq!(
            loader(&["nodejs_compat"])
                .permit("stated:url", Some("stated:timers line 1 > Function")),
            refused
        );
    }

    #[test]
    fn the_operations_are_not_for_the_program() {
        assert!(loader(&[]).permit(OPERATIONS, Some("worker.js")).is_err());
    }

    #[test]
    fn a_version_depends_on_the_modules_alone_and_is_a_uuid() {
        let source = |code: &str, asset: &[u8]| Source {
            code: code.to_owned(),
            assets: vec![Asset {
                specifier: "a".to_owned(),
                kind: AssetKind::Data,
                bytes: asset.to_vec(),
            }],
            ..Source::default()
        };
        let version = |code: &str, asset: &[u8]| Version::of(&source(code, asset), 5).id;

        let id = version("x", b"y");

        assert_eq!(id, version("x", b"y"));
        assert_ne!(id, version("x", b"z"));
        assert_ne!(id, version("xa", b"y"));
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(
            id.split('-')
                .nth(2)
                .is_some_and(|part| part.starts_with('8'))
        );
    }

    #[test]
    fn specifiers_of_a_dynamic_worker_are_paths() {
        for (specifier, referrer, expected) in [
            ("./a.js", "main.js", "a.js"),
            ("./a.js", "dir/main.js", "dir/a.js"),
            ("a.js", "dir/main.js", "dir/a.js"),
            ("../a.js", "dir/sub/main.js", "dir/a.js"),
            ("../../../a.js", "dir/main.js", "a.js"),
            ("/a.js", "dir/main.js", "a.js"),
            ("node:path", "dir/main.js", "node:path"),
            ("cloudflare:workers", "dir/main.js", "cloudflare:workers"),
        ] {
            assert_eq!(
                resolved(specifier, referrer),
                expected,
                "{specifier} in {referrer}"
            );
        }
    }

    #[test]
    fn node_modules_exist_with_their_flag_only() {
        let exists = |flags: &[&str], specifier: &str| {
            let loader = loader(flags);
            loader.load(&loader.resolve(specifier, None)).is_ok()
        };

        assert!(exists(&["nodejs_compat"], "node:path"));
        assert!(exists(&["nodejs_compat"], "node:os"));
        assert!(!exists(&["nodejs_compat"], "os"));
        assert!(exists(&["nodejs_compat", "nodejs_compat_v2"], "os"));
        assert!(!exists(
            &["nodejs_compat", "nodejs_compat_v2"],
            "node:node:os"
        ));
        for name in ["path", "fs/promises", "module"] {
            assert!(
                exists(&["nodejs_compat_v2"], &format!("node:{name}")),
                "{name}"
            );
        }
        for (name, flag) in [
            ("os", "enable_nodejs_os_module"),
            ("_stream_wrap", "enable_nodejs_stream_wrap_module"),
            ("readline/promises", "enable_nodejs_readline_module"),
            ("inspector/promises", "enable_nodejs_inspector_module"),
            ("https", "enable_nodejs_http_modules"),
            ("_http_agent", "enable_nodejs_http_modules"),
            ("_http_server", "enable_nodejs_http_modules"),
            ("_http_server", "enable_nodejs_http_server_modules"),
        ] {
            let specifier = format!("node:{name}");
            assert!(!exists(&["nodejs_compat_v2"], &specifier), "{name}");
            assert!(!exists(&[flag], &specifier), "{name}");
            assert!(exists(&["nodejs_compat_v2", flag], &specifier), "{name}");
        }
        assert!(exists(&["nodejs_als"], "node:async_hooks"));
        assert!(!exists(&["nodejs_als"], "node:path"));
        assert!(!exists(&[], "node:async_hooks"));
        assert!(!exists(&["nodejs_compat"], "node:nothing"));
    }
}
