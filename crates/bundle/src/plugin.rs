//! What a Worker's imports mean to the bundler: modules of the runtime, of the rules, and of nobody.
//!
//! A rolldown plugin that only answers for imports which are not ordinary files, and takes notes
//! ([`Findings`]) for everything else. It never fails: a hook that fails ends the build at once, and
//! a user wants all problems together. What is noted here becomes a message in [`crate::report`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use oxc_resolver::ResolveError;
use rolldown_common::{ImportKind, ModuleInfo, ModuleType, NormalModule};
use rolldown_error::{DiagnosticOptions, resolve_error_to_message};
use rolldown_plugin::{
    HookLoadArgs, HookLoadOutput, HookLoadReturn, HookNoopReturn, HookResolveIdArgs,
    HookResolveIdOutput, HookResolveIdReturn, HookTransformArgs, HookTransformOutput,
    HookTransformOutputMap, HookTransformReturn, HookUsage, Plugin, PluginContext,
    PluginContextResolveOptions, SharedLoadPluginContext, SharedTransformPluginContext,
};

use crate::builtins::{is_cloudflare, node_builtin};
use crate::decorators::{self, Lowered};
use crate::glob_imports;
use crate::local_names;
use crate::project::Project;
use crate::rules::{Match, Rules};
use crate::{ModuleKind, Rule};

/// Scheme of the modules that the runtime makes from [`crate::Bundle::modules`].
pub(crate) const ASSET_SCHEME: &str = "asset:";

/// Prefix of the modules that give `require` of an external its value. The zero byte keeps other
/// plugins and the resolver away.
const REQUIRE_PREFIX: &str = "\0stated-require:";

/// The module that stands in for whatever was not found, so that the build goes on and finds the
/// other problems.
const MISSING_ID: &str = "\0stated-missing";

/// Code of a stand-in. It is CommonJS, so that no import from it is a missing export as well.
const EMPTY_MODULE: &str = "module.exports = {};";

/// Everything a build notices about imports, in whatever order the modules were read.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) problems: Vec<Problem>,
    /// Files that rules turned into modules, by the specifier they got.
    pub(crate) assets: BTreeMap<String, Asset>,
    /// Specifiers that the runtime supplies.
    pub(crate) externals: BTreeSet<String>,
    /// Module id to the ids it imports.
    pub(crate) imports: HashMap<String, Vec<String>>,
}

/// An import that cannot work, noticed before the bundler could.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Problem {
    /// The file with the import; the file itself for [`ProblemKind::NoLoader`].
    pub(crate) importer: String,
    pub(crate) specifier: String,
    pub(crate) kind: ProblemKind,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum ProblemKind {
    /// There is no such file or package; why, when the resolver knows more than that.
    Unresolved { reason: Option<String> },
    /// `stated:…`, the modules of the host's own library.
    HostModule,
    /// Matches only a rule that an earlier one switched off; the globs of that rule.
    DroppedRule {
        kind: &'static str,
        globs: Vec<String>,
    },
    /// A file whose extension means nothing, and that no rule matches.
    NoLoader,
    /// `import("node:…")` without `nodejs_compat`: fails only where it runs.
    LateBuiltin,
    /// A built-in module that the runtime lacks.
    NotBuiltIn,
    /// The same in `import()` of the project's own: fails only where it runs.
    LateNotBuiltIn,
    /// A decorator that cannot be rewritten: what it is, and its byte offset and length.
    Decorator {
        message: String,
        offset: usize,
        length: usize,
    },
    /// `https://…`: nothing is downloaded.
    Url,
}

/// A file that is a module without being JavaScript.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub(crate) path: PathBuf,
    pub(crate) kind: ModuleKind,
}

/// The plugin; one per build.
#[derive(Debug)]
pub(crate) struct WorkerModules {
    project: Arc<Project>,
    rules: Rules,
    findings: Arc<Mutex<Findings>>,
}

impl WorkerModules {
    pub(crate) fn new(project: Arc<Project>, rules: Rules, findings: Arc<Mutex<Findings>>) -> Self {
        Self {
            project,
            rules,
            findings,
        }
    }

    fn findings(&self) -> MutexGuard<'_, Findings> {
        self.findings
            .lock()
            .expect("nothing panics while the lock is held")
    }

    fn problem(&self, importer: &str, specifier: &str, kind: ProblemKind) {
        self.findings().problems.push(Problem {
            importer: importer.to_owned(),
            specifier: specifier.to_owned(),
            kind,
        });
    }

    /// The specifier under which the runtime supplies `specifier`, if it does.
    fn runtime_module(&self, importer: &str, specifier: &str, kind: ImportKind) -> Option<String> {
        if is_cloudflare(specifier) {
            return Some(self.built_in(importer, specifier, specifier.to_owned(), kind));
        }
        if specifier.starts_with("stated:") {
            self.problem(importer, specifier, ProblemKind::HostModule);
            return Some(specifier.to_owned());
        }
        if specifier.starts_with("https://") || specifier.starts_with("http://") {
            self.problem(importer, specifier, ProblemKind::Url);
            return Some(specifier.to_owned());
        }
        let name = node_builtin(specifier)?;
        let options = &self.project.options;
        let works = options.compat_nodejs || (options.compat_nodejs_als && name == "async_hooks");
        if works {
            return Some(self.built_in(importer, specifier, format!("node:{name}"), kind));
        }
        // `if (isNode) await import("node:fs")` is common in packages and harmless; a bare name may
        // still be a package that stands in for the built-in.
        if kind == ImportKind::DynamicImport && specifier.starts_with("node:") {
            self.problem(importer, specifier, ProblemKind::LateBuiltin);
            return Some(specifier.to_owned());
        }
        None
    }

    /// Takes a note when the runtime lacks the built-in module `name`, and returns its name.
    fn built_in(&self, importer: &str, specifier: &str, name: String, kind: ImportKind) -> String {
        let has = self.project.options.built_in;
        if has.is_none_or(|has| has(&name)) {
            return name;
        }
        match kind {
            // Packages try for optional ones with `import()`; it rejects where it runs.
            ImportKind::DynamicImport if importer.contains("/node_modules/") => {}
            ImportKind::DynamicImport => {
                self.problem(importer, specifier, ProblemKind::LateNotBuiltIn);
            }
            _ => self.problem(importer, specifier, ProblemKind::NotBuiltIn),
        }
        name
    }

    /// The specifier of the module that a rule makes of the file behind `specifier`, if one does.
    async fn asset(
        &self,
        context: &PluginContext,
        importer: &str,
        specifier: &str,
        kind: ImportKind,
    ) -> anyhow::Result<Option<String>> {
        let rule_kind = match self.rules.of_import(specifier) {
            Match::Kind(kind) => kind.of_asset(),
            Match::Dropped(Rule { kind, globs, .. }) => {
                let dropped = ProblemKind::DroppedRule {
                    kind: kind.as_str(),
                    globs: globs.clone(),
                };
                self.problem(importer, specifier, dropped);
                return Ok(Some(format!("{ASSET_SCHEME}{specifier}")));
            }
            Match::None => return Ok(None),
        };
        let Some(module_kind) = rule_kind else {
            return Ok(None);
        };
        // `./a.wasm?module` names the file without the query.
        let bare = specifier
            .split_once('?')
            .map_or(specifier, |(path, _)| path);
        let options = PluginContextResolveOptions {
            import_kind: kind,
            ..Default::default()
        };
        let Ok(resolved) = context.resolve(bare, Some(importer), Some(options)).await? else {
            return Ok(None);
        };
        let path = PathBuf::from(resolved.id.as_str());
        let name = format!("{ASSET_SCHEME}{}", self.project.relative(&path));
        context.add_watch_file(resolved.id.as_str());
        self.findings().assets.insert(
            name.clone(),
            Asset {
                path,
                kind: module_kind,
            },
        );
        Ok(Some(name))
    }

    async fn resolve(
        &self,
        context: &PluginContext,
        args: &HookResolveIdArgs<'_>,
    ) -> anyhow::Result<Option<HookResolveIdOutput>> {
        let Some(importer) = args.importer.filter(|_| !args.is_entry) else {
            return Ok(None);
        };
        let specifier = args.specifier;
        if specifier == decorators::RUNTIME_ID {
            return Ok(Some(HookResolveIdOutput::from_id(specifier)));
        }
        let external = if importer.starts_with(REQUIRE_PREFIX) {
            // The module behind a `require` imports exactly what was decided before.
            Some(specifier.to_owned())
        } else if self.project.is_aliased(specifier) {
            None
        } else if let Some(name) = self.runtime_module(importer, specifier, args.kind) {
            self.findings().externals.insert(name.clone());
            Some(name)
        } else {
            self.asset(context, importer, specifier, args.kind).await?
        };
        match external {
            Some(name) if args.kind == ImportKind::Require => Ok(Some(
                HookResolveIdOutput::from_id(format!("{REQUIRE_PREFIX}{name}")),
            )),
            Some(name) => Ok(Some(external_module(name))),
            None => self.ordinary(context, importer, specifier, args.kind).await,
        }
    }

    /// Lets the bundler resolve an ordinary import, and takes a note when it could not.
    ///
    /// A `require` may fail on purpose inside of `try`, which only the bundler sees.
    async fn ordinary(
        &self,
        context: &PluginContext,
        importer: &str,
        specifier: &str,
        kind: ImportKind,
    ) -> anyhow::Result<Option<HookResolveIdOutput>> {
        if !matches!(kind, ImportKind::Import | ImportKind::DynamicImport) {
            return Ok(None);
        }
        let options = PluginContextResolveOptions {
            import_kind: kind,
            ..Default::default()
        };
        let resolved = context
            .resolve(specifier, Some(importer), Some(options))
            .await?;
        // The answer is cached; the bundler asking again keeps what this hook's result cannot carry.
        let Err(error) = resolved else {
            return Ok(None);
        };
        // Packages try for optional ones with `import()`; it rejects where it runs.
        if kind == ImportKind::DynamicImport && importer.contains("/node_modules/") {
            return Ok(Some(external_module(specifier.to_owned())));
        }
        let reason = match error {
            ResolveError::NotFound(_) | ResolveError::MatchedAliasNotFound(..) => None,
            error => {
                let options = DiagnosticOptions {
                    cwd: self.project.dir.clone(),
                };
                Some(resolve_error_to_message(&error, &options))
            }
        };
        self.problem(importer, specifier, ProblemKind::Unresolved { reason });
        Ok(Some(HookResolveIdOutput::from_id(MISSING_ID)))
    }

    /// Prepares a file for the bundler: standard decorators, and JSX in a `.js` file.
    fn transform_source(&self, args: &HookTransformArgs<'_>) -> Option<HookTransformOutput> {
        if !Path::new(args.id).is_absolute() {
            return None;
        }
        // Packages ship plain JavaScript, nearly all of them: only the project's own files pay for a closer look.
        let in_package = args.id.contains("/node_modules/");
        if in_package && !decorators::likely_contains(args.code) {
            if let Some(expanded) = self.with_globs_expanded(args) {
                return Some(expanded);
            }
            let code = is_script(args.module_type)
                .then(|| local_names::renamed(args.code))
                .flatten()?;
            return Some(HookTransformOutput {
                code: Some(code),
                // Every position stays what it was.
                map: HookTransformOutputMap::Null,
                ..HookTransformOutput::default()
            });
        }
        let may_be_jsx = !in_package
            && *args.module_type == ModuleType::Js
            && (args.code.contains("</") || args.code.contains("/>"));
        let module_type = may_be_jsx.then_some(ModuleType::Jsx);
        let lowered = if is_script(args.module_type)
            && decorators::may_contain(args.code)
            && !self.project.has_legacy_decorators(Path::new(args.id))
        {
            decorators::lower(args.code, args.id)
        } else {
            Lowered::Unchanged
        };
        match lowered {
            Lowered::Unchanged => self.with_globs_expanded(args).or_else(|| {
                module_type.map(|module_type| HookTransformOutput {
                    module_type: Some(module_type),
                    ..HookTransformOutput::default()
                })
            }),
            Lowered::Changed { code, map } => Some(HookTransformOutput {
                code: Some(code),
                map: HookTransformOutputMap::Sourcemap(map),
                module_type,
                ..HookTransformOutput::default()
            }),
            Lowered::Refused {
                message,
                offset,
                length,
            } => {
                let kind = ProblemKind::Decorator {
                    message,
                    offset,
                    length,
                };
                self.problem(args.id, args.id, kind);
                None
            }
        }
    }

    /// The file with tables of what its imports with unknown names may mean, if it has such.
    fn with_globs_expanded(&self, args: &HookTransformArgs<'_>) -> Option<HookTransformOutput> {
        if !is_script(args.module_type) || !glob_imports::may_contain(args.code) {
            return None;
        }
        let is_module = |path: &Path| self.has_module(path);
        let (code, map) = glob_imports::expand(args.code, Path::new(args.id), is_module)?;
        Some(HookTransformOutput {
            code: Some(code),
            map: HookTransformOutputMap::Sourcemap(map),
            ..HookTransformOutput::default()
        })
    }

    /// Whether a file can be imported, by its extension or by a rule.
    fn has_module(&self, path: &Path) -> bool {
        let by_rule = || {
            let name = self.project.relative(path);
            matches!(self.rules.of_import(&name), Match::Kind(_))
        };
        let declares = path.to_string_lossy().ends_with(".d.ts");
        !declares && (has_loader(path) && path.extension().is_some() || by_rule())
    }

    fn load_stand_in(&self, args: &HookLoadArgs<'_>) -> Option<HookLoadOutput> {
        let javascript = |code: String| HookLoadOutput {
            code: code.into(),
            module_type: Some(ModuleType::Js),
            ..HookLoadOutput::default()
        };
        if let Some(external) = args.id.strip_prefix(REQUIRE_PREFIX) {
            return Some(javascript(require_module(external)));
        }
        if args.id == decorators::RUNTIME_ID {
            return Some(javascript(decorators::RUNTIME.to_owned()));
        }
        if args.id == MISSING_ID {
            return Some(javascript(EMPTY_MODULE.to_owned()));
        }
        let path = Path::new(args.id);
        if args.asserted_module_type.is_some() || !path.is_absolute() || has_loader(path) {
            return None;
        }
        self.problem(args.id, args.id, ProblemKind::NoLoader);
        Some(javascript(EMPTY_MODULE.to_owned()))
    }
}

fn external_module(name: String) -> HookResolveIdOutput {
    HookResolveIdOutput {
        external: Some(true.into()),
        ..HookResolveIdOutput::from_id(name)
    }
}

fn is_script(module_type: &ModuleType) -> bool {
    matches!(
        module_type,
        ModuleType::Js | ModuleType::Jsx | ModuleType::Ts | ModuleType::Tsx
    )
}

/// Whether the bundler knows what to do with a file by its extension. One without any is a script.
fn has_loader(path: &Path) -> bool {
    let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else {
        return true;
    };
    matches!(
        extension,
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "json" | "txt"
    )
}

/// A CommonJS module whose value is what `require` of `external` gives.
///
/// Node.js built-ins and assets carry their value as the default export. Other modules have no
/// default that the bundler could count on, so their names are copied.
fn require_module(external: &str) -> String {
    let name = serde_json::Value::from(external);
    if external.starts_with("node:") || external.starts_with(ASSET_SCHEME) {
        format!("import value from {name};\nmodule.exports = value;\n")
    } else {
        format!("import * as names from {name};\nmodule.exports = {{ ...names }};\n")
    }
}

impl Plugin for WorkerModules {
    fn name(&self) -> Cow<'static, str> {
        Cow::Borrowed("worker-modules")
    }

    async fn resolve_id(
        &self,
        context: &PluginContext,
        args: &HookResolveIdArgs<'_>,
    ) -> HookResolveIdReturn {
        self.resolve(context, args).await
    }

    async fn load(
        &self,
        _context: SharedLoadPluginContext,
        args: &HookLoadArgs<'_>,
    ) -> HookLoadReturn {
        Ok(self.load_stand_in(args))
    }

    async fn transform(
        &self,
        _context: SharedTransformPluginContext,
        args: &HookTransformArgs<'_>,
    ) -> HookTransformReturn {
        Ok(self.transform_source(args))
    }

    async fn module_parsed(
        &self,
        _context: &PluginContext,
        info: Arc<ModuleInfo>,
        _module: &NormalModule,
    ) -> HookNoopReturn {
        let ids = info
            .imported_ids
            .iter()
            .chain(&info.dynamically_imported_ids);
        let ids = ids.map(|id| id.as_str().to_owned()).collect();
        self.findings()
            .imports
            .insert(info.id.as_str().to_owned(), ids);
        Ok(())
    }

    fn register_hook_usage(&self) -> HookUsage {
        HookUsage::ResolveId | HookUsage::Load | HookUsage::Transform | HookUsage::ModuleParsed
    }
}
