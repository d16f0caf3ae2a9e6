//! From what the bundler and the plugin noticed to diagnostics a user can act on.
//!
//! The bundler's own text is used where it is about the language (syntax, exports); everything about
//! finding modules is worded here and in [`crate::unresolved`], because only this crate knows what
//! a Worker can import.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};

use rolldown_error::{
    BuildDiagnostic, DiagnosableArcstr, DiagnosableResolveError, DiagnosticOptions, EventKind,
    Severity as BundlerSeverity,
};

use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::plugin::{Findings, Problem, ProblemKind};
use crate::project::Project;
use crate::{type_exports, unresolved};

/// Collects the diagnostics of one build.
pub(crate) struct Report<'a> {
    project: &'a Project,
    /// Module id to the modules that import it.
    importers: HashMap<&'a str, Vec<&'a str>>,
    /// `(importer, specifier)` pairs that have been reported.
    explained: BTreeSet<(String, String)>,
    /// Where missing modules would appear.
    places: BTreeSet<PathBuf>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    pub(crate) fn new(project: &'a Project, findings: &'a Findings) -> Self {
        let mut importers: HashMap<&str, Vec<&str>> = HashMap::new();
        for (importer, imported) in &findings.imports {
            for id in imported {
                importers.entry(id).or_default().push(importer);
            }
        }
        // The order in which modules were read must not show.
        for importers in importers.values_mut() {
            importers.sort_unstable();
        }
        let (explained, places) = (BTreeSet::new(), BTreeSet::new());
        let mut report = Self {
            project,
            importers,
            explained,
            places,
            diagnostics: Vec::new(),
        };
        let mut problems: Vec<&Problem> = findings.problems.iter().collect();
        problems.sort_unstable();
        problems.dedup();
        for problem in problems {
            report.add_problem(problem);
        }
        report
    }

    /// Adds what the bundler said.
    pub(crate) fn add_all(&mut self, diagnostics: Vec<BuildDiagnostic>) {
        for diagnostic in diagnostics {
            self.add(diagnostic);
        }
    }

    /// Everything that was added, errors first, then by place; and the places to watch for what is
    /// missing to appear.
    pub(crate) fn finish(mut self) -> (Vec<Diagnostic>, BTreeSet<PathBuf>) {
        self.diagnostics.sort_by_cached_key(|diagnostic| {
            let place = diagnostic
                .location
                .as_ref()
                .map(|l| (l.file.clone(), l.line, l.column));
            (diagnostic.severity != Severity::Error, place)
        });
        (self.diagnostics, self.places)
    }

    fn add_problem(&mut self, problem: &Problem) {
        let Problem {
            importer,
            specifier,
            kind,
        } = problem;
        let source = std::fs::read_to_string(importer).unwrap_or_default();
        let location = || self.location_of_import(importer, &source, specifier);
        let diagnostic = match kind {
            ProblemKind::Unresolved { reason } => {
                let location = location();
                self.unresolved(importer, specifier, reason.as_deref(), location)
            }
            ProblemKind::HostModule => {
                Diagnostic::error(format!("`{specifier}` is a module of the runtime itself"))
                    .at(location())
                    .hint("import what a Worker may use from `cloudflare:workers`")
            }
            ProblemKind::DroppedRule { kind, globs } => Diagnostic::error(format!(
                "`{specifier}` matches a module rule that is not used ({kind} `{}`)",
                globs.join("`, `")
            ))
            .at(location())
            .hint(format!(
                "give the earlier {kind} rule `fallthrough = true`, or add the glob to it"
            )),
            ProblemKind::LateBuiltin => {
                let mut diagnostic =
                    unresolved::explain(self.project, Path::new(importer), specifier, None)
                        .at(location());
                diagnostic.severity = Severity::Warning;
                diagnostic.message += "; this import fails when it runs";
                diagnostic
            }
            ProblemKind::NotBuiltIn => Diagnostic::error(format!(
                "stated does not have the built-in module `{specifier}`"
            ))
            .at(location())
            .hint("import it with `import()` where the program can do without it, or give it an `alias` in the wrangler file"),
            ProblemKind::LateNotBuiltIn => Diagnostic::warning(format!(
                "stated does not have the built-in module `{specifier}`; this import fails when it runs"
            ))
            .at(location()),
            ProblemKind::Url => Diagnostic::error(format!(
                "`{specifier}` is an address; nothing is downloaded"
            ))
            .at(location())
            .hint("install the package and import it by its name"),
            ProblemKind::Decorator {
                message,
                offset,
                length,
            } => Diagnostic::error(message).at(Some(Location::of_span(
                self.name(importer),
                &source,
                *offset,
                *length,
            ))),
            ProblemKind::NoLoader => self.no_loader(importer).at(self.import_of_file(importer)),
        };
        let diagnostic = self.with_chain(diagnostic, importer, *kind == ProblemKind::NoLoader);
        self.diagnostics.push(diagnostic);
        self.explained.insert((importer.clone(), specifier.clone()));
    }

    fn no_loader(&self, path: &str) -> Diagnostic {
        let extension = Path::new(path)
            .extension()
            .unwrap_or_default()
            .to_string_lossy();
        Diagnostic::error(format!(
            "`{}` is not JavaScript, and no module rule matches it",
            self.name(path)
        ))
        .hint(format!(
            "add a rule to the wrangler file, such as \
                 {{ type = \"Text\", globs = [\"**/*.{extension}\"], fallthrough = true }}"
        ))
    }

    /// Where the file at `path` is imported by the last module of its chain, as far as the name of the
    /// file shows it.
    fn import_of_file(&self, path: &str) -> Option<Location> {
        let importer = *self.importers.get(path)?.first()?;
        let source = std::fs::read_to_string(importer).ok()?;
        let name = Path::new(path).file_name()?.to_str()?;
        let specifier = source.split(['"', '\'', '`']).find(|text| {
            let bare = text.split('?').next().unwrap_or_default();
            bare.strip_suffix(name)
                .is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
        })?;
        self.location_of_import(importer, &source, specifier)
    }

    /// Where a file imports a specifier.
    fn location_of_import(
        &self,
        importer: &str,
        source: &str,
        specifier: &str,
    ) -> Option<Location> {
        let (offset, length) = find_import(source, specifier)?;
        Some(Location::of_span(
            self.name(importer),
            source,
            offset,
            length,
        ))
    }

    fn add(&mut self, mut diagnostic: BuildDiagnostic) {
        let id = diagnostic.id();
        if matches!(
            diagnostic.kind(),
            EventKind::UnresolvedImport | EventKind::ResolveError
        ) && let Some(error) = diagnostic.downcast_mut::<DiagnosableResolveError>()
        {
            return self.add_resolve_error(error);
        }
        // Alone it would not have failed the build.
        if type_exports::may_be_a_type(&diagnostic, self.project) {
            return;
        }
        let severity = match diagnostic.severity() {
            BundlerSeverity::Error => Severity::Error,
            BundlerSeverity::Warning => Severity::Warning,
            BundlerSeverity::Info => return,
        };
        // What a package does inside is not for its user to mend.
        if severity == Severity::Warning
            && id
                .as_deref()
                .is_some_and(|id| id.contains("/node_modules/"))
        {
            return;
        }
        let rendered = diagnostic.to_diagnostic_with(&DiagnosticOptions {
            cwd: self.project.dir.clone(),
        });
        let location = rendered
            .get_primary_location()
            .map(|(file, line, column, _)| {
                let source =
                    std::fs::read_to_string(self.project.dir.join(&file)).unwrap_or_default();
                Location::of_position(file, &source, line, column)
            });
        let text = rendered.convert_to_string(false);
        let message = plain(&diagnostic.to_message_with(&DiagnosticOptions {
            cwd: self.project.dir.clone(),
        }));
        let mut ours = Diagnostic {
            severity,
            ..Diagnostic::error(message)
        }
        .at(location);
        ours.notes = asides(&text);
        let place = ours
            .location
            .as_ref()
            .map(|place| self.project.dir.join(&place.file));
        let id = id.or_else(|| place.map(|path| path.to_string_lossy().into_owned()));
        let ours = match &id {
            Some(id) => self.with_chain(ours, id, false),
            None => ours,
        };
        self.diagnostics.push(ours);
    }

    fn add_resolve_error(&mut self, error: &DiagnosableResolveError) {
        let source = error.source.as_str();
        let (specifier, span) = match &error.importee {
            DiagnosableArcstr::String(text) => (text.to_string(), find_import(source, text)),
            DiagnosableArcstr::Span(span) => {
                let (start, end) = (span.start as usize, span.end as usize);
                let quoted = source.get(start..end).unwrap_or_default();
                (
                    quoted.trim_matches(['"', '\'', '`']).to_owned(),
                    Some((start, end - start)),
                )
            }
        };
        let reason =
            matches!(error.diagnostic_kind, EventKind::ResolveError).then(|| error.reason.clone());
        self.add_unresolved(&error.importer_id, &specifier, source, span, reason);
    }

    fn add_unresolved(
        &mut self,
        importer: &str,
        specifier: &str,
        source: &str,
        span: Option<(usize, usize)>,
        reason: Option<String>,
    ) {
        if !self
            .explained
            .insert((importer.to_owned(), specifier.to_owned()))
        {
            return;
        }
        let location = span
            .map(|(offset, length)| Location::of_span(self.name(importer), source, offset, length));
        let diagnostic = self.unresolved(importer, specifier, reason.as_deref(), location);
        let diagnostic = self.with_chain(diagnostic, importer, false);
        self.diagnostics.push(diagnostic);
    }

    fn unresolved(
        &mut self,
        importer: &str,
        specifier: &str,
        reason: Option<&str>,
        location: Option<Location>,
    ) -> Diagnostic {
        let importer = Path::new(importer);
        self.places.extend(unresolved::place_to_watch(
            self.project,
            importer,
            specifier,
        ));
        unresolved::explain(self.project, importer, specifier, reason).at(location)
    }

    /// Adds how the program comes to the file `id`, unless that is the entry itself.
    fn with_chain(&self, diagnostic: Diagnostic, id: &str, id_is_the_problem: bool) -> Diagnostic {
        let mut chain = self.chain(id);
        if id_is_the_problem {
            chain.pop();
        }
        match chain.as_slice() {
            [] => diagnostic,
            [_] if !id_is_the_problem => diagnostic,
            _ => diagnostic.note(format!("imported by {}", chain.join(" -> "))),
        }
    }

    /// The shortest way of imports from the entry to the module `id`, both included.
    fn chain(&self, id: &str) -> Vec<String> {
        let entry = self.project.main.to_string_lossy();
        let mut came_from: HashMap<&str, &str> = HashMap::new();
        let mut queue = VecDeque::from([id]);
        while let Some(at) = queue.pop_front() {
            if at == entry {
                let mut chain = vec![self.name(at)];
                let mut at = at;
                while let Some(next) = came_from.get(at) {
                    chain.push(self.name(next));
                    at = next;
                }
                return chain;
            }
            for importer in self.importers.get(at).into_iter().flatten() {
                if *importer != id && !came_from.contains_key(importer) {
                    came_from.insert(importer, at);
                    queue.push_back(importer);
                }
            }
        }
        Vec::new()
    }

    fn name(&self, id: &str) -> String {
        self.project.relative(Path::new(id))
    }
}

/// Where `source` imports `specifier`: byte offset and length of the quoted text.
///
/// By looking at the text, because the plugin is asked about imports without their place. An
/// occurrence after `from`, `import` or an opening parenthesis is preferred.
fn find_import(source: &str, specifier: &str) -> Option<(usize, usize)> {
    let mut first = None;
    for quote in ['"', '\'', '`'] {
        let quoted = format!("{quote}{specifier}{quote}");
        for (at, _) in source.match_indices(&quoted) {
            let place = (at, quoted.len());
            let before = source[..at].trim_end();
            if before.ends_with("from") || before.ends_with("import") || before.ends_with('(') {
                return Some(place);
            }
            first = first.or(Some(place));
        }
    }
    first
}

/// The bundler's sentence in the house's form: one line, lower case, no full stop, code in
/// backticks.
fn plain(message: &str) -> String {
    let first = unresolved::lower_first(message.lines().next().unwrap_or_default());
    if first.matches('"').count().is_multiple_of(2) {
        first.replace('"', "`")
    } else {
        first
    }
}

/// Help and notes, which the bundler gives only as part of its drawing.
fn asides(drawing: &str) -> Vec<String> {
    let mut asides = Vec::new();
    for line in drawing.lines() {
        let Some((_, text)) = line.split_once('│') else {
            continue;
        };
        let text = text.trim();
        for label in ["Help:", "Note:"] {
            if let Some(aside) = text.strip_prefix(label) {
                asides.push(aside.trim().to_owned());
            }
        }
    }
    asides
}
