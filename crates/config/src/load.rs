//! The way from a folder to a checked project: find, read, parse, check.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use stated_core::compat::CompatDate;

use crate::check::{self, Checker, Field, Reference};
use crate::dev_vars::{self, Secrets};
use crate::diagnostic::{Diagnostic, Severity};
use crate::env::Scope;
use crate::find;
use crate::migrations::check_classes;
use crate::project::{Binding, Config, Hidden};
use crate::raw;
use crate::source::Source;

/// Which project to load, and what the command line says about it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The folder to search in, and upward from it; the current one if empty.
    pub directory: PathBuf,
    /// The project file, instead of a search.
    pub file: Option<PathBuf>,
    /// Whether a file that a build tool has made of the project's own one counts instead of it, in a search.
    pub made: Made,
    /// The environment.
    pub environment: Option<String>,
    /// Whether secrets are read from files beside the project file.
    pub local_secrets: LocalSecrets,
    /// Values of the command line.
    pub overrides: Overrides,
}

/// Whether a search goes on from a project's own file to one that a build tool has made of it, as wrangler's does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Made {
    /// It does: that is what runs.
    #[default]
    Follow,
    /// It does not: what matters is what people write. What a build tool may have to make first, the entry module and the
    /// static files, is then not looked for.
    Ignore,
}

/// Whether `.dev.vars` and its kind are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LocalSecrets {
    /// The usual files: for development only.
    #[default]
    Read,
    /// These files instead of the usual ones.
    ReadFrom(Vec<PathBuf>),
    /// None.
    Skip,
}

/// Values of the command line, which go before those of the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The name of the service; no environment is added to it.
    pub name: Option<String>,
    /// The entry module, relative to where the process runs.
    pub main: Option<PathBuf>,
    /// The compatibility date.
    pub compatibility_date: Option<CompatDate>,
    /// The compatibility flags; if there are any, those of the file do not count.
    pub compatibility_flags: Vec<String>,
    /// Variables, each `KEY:VALUE` split at the first colon.
    pub vars: Vec<(String, String)>,
}

/// A project that can be used.
#[derive(Debug)]
pub struct Project {
    /// What it says.
    pub config: Config,
    /// What is odd about it.
    pub warnings: Vec<Diagnostic>,
    /// The names of all environments that the file defines, in its order.
    pub environments: Vec<String>,
    /// The names of the secrets in files beside the project file.
    pub secret_names: Vec<String>,
    /// The names of the secrets that the project file says it needs, if it says so.
    pub required_secrets: Option<Vec<String>>,
    pub(crate) references: Vec<Reference>,
}

/// A project that cannot be used: everything that is wrong and odd, in the order of the file.
///
/// `Display` prints the errors, one after the other.
#[derive(Debug, Clone)]
pub struct Rejected {
    /// At least one of them is an error.
    pub diagnostics: Vec<Diagnostic>,
}

impl Rejected {
    /// Returns the errors without the warnings.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        let is_error = |it: &&Diagnostic| it.severity == Severity::Error;
        self.diagnostics.iter().filter(is_error)
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors().enumerate() {
            let separator = if index > 0 { "\n" } else { "" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejected {}

impl From<Box<Diagnostic>> for Rejected {
    fn from(diagnostic: Box<Diagnostic>) -> Self {
        Self {
            diagnostics: vec![*diagnostic],
        }
    }
}

/// Loads and checks one project.
///
/// Reads the project file, the files with secrets, and whether the entry module exists; nothing is
/// written. Whether other services exist is not known here: see [`crate::check_references`].
///
/// # Errors
/// Everything that is wrong, when the file cannot be found, read or parsed, or something in it
/// cannot be used. What is merely odd is in [`Project::warnings`].
pub fn load(request: &Request) -> Result<Project, Rejected> {
    let found = locate(request)?;
    let mut source = Source::read(&found.file)?;
    let root = raw::parse(&mut source)?;
    let mut checker = Checker::new(&source);
    let built = build(request, &found, &root, &mut checker);
    let mut diagnostics = checker.diagnostics;
    diagnostics.sort_by_key(|it| it.place.as_ref().map_or((0, 0), |at| (at.line, at.column)));
    let is_error = |it: &Diagnostic| it.severity == Severity::Error;
    match built {
        Some(project) if !diagnostics.iter().any(is_error) => Ok(Project {
            warnings: diagnostics,
            ..project
        }),
        _ => Err(Rejected { diagnostics }),
    }
}

/// Finds the project file of a request; one that the request names need not exist.
///
/// # Errors
/// When there is none in the folder or above it.
pub fn find_file(request: &Request) -> Result<PathBuf, Rejected> {
    Ok(locate(request)?.file)
}

/// A project file and where it belongs.
struct Found {
    file: PathBuf,
    /// The folder of the project's own file.
    home: PathBuf,
    /// What led from the project's own file to `file`, if that is another.
    deploy: Option<PathBuf>,
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn locate(request: &Request) -> Result<Found, Box<Diagnostic>> {
    let directory = match request.directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => &request.directory,
    };
    if let Some(file) = &request.file {
        return Ok(Found {
            home: folder_of(file),
            file: file.clone(),
            deploy: None,
        });
    }
    let own = find::find(directory);
    if request.made == Made::Follow
        && let Some(made) = find::made(directory, own.as_deref())?
    {
        return Ok(Found {
            file: made.file,
            home: made.home,
            deploy: Some(made.deploy),
        });
    }
    let missing = || {
        let names: Vec<_> = find::FILE_NAMES
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let message = format!("no project file: {}", names.join(", "));
        let hint =
            "run the command in the folder of a Workers project, or name the file with --config";
        Box::new(Diagnostic::new(Severity::Error, directory, message).with_hint(hint))
    };
    let file = own.ok_or_else(missing)?;
    Ok(Found {
        home: folder_of(&file),
        file,
        deploy: None,
    })
}

/// The environment whose keys count: a file that a build tool has made is of one environment already.
fn environment<'a>(
    request: &'a Request,
    found: &Found,
    root: &raw::Node,
    checker: &mut Checker<'_>,
) -> Option<&'a str> {
    let asked = request.environment.as_deref()?;
    if found.deploy.is_none() {
        return Some(asked);
    }
    if let Some(entry) = root.get("targetEnvironment") {
        let field = Field::top(entry);
        if let Some(made_for) = checker.string(&field)
            && made_for != asked
        {
            let message =
                format!("the build was made for the environment `{made_for}`, not for `{asked}`");
            checker.value_error(&field, message).hint =
                format!("run the project's build again with CLOUDFLARE_ENV={asked}");
        }
    }
    None
}

/// Reads everything even after an error, so that all errors are reported at once.
fn build(
    request: &Request,
    found: &Found,
    root: &raw::Node,
    checker: &mut Checker<'_>,
) -> Option<Project> {
    let overrides = &request.overrides;
    let (path, home) = (found.file.as_path(), found.home.as_path());
    let directory = &folder_of(path);
    let scope = Scope::pick(root, environment(request, found, root, checker), checker);
    let name = check::check_name(&scope, overrides.name.as_deref(), checker);
    let command = check::check_build(&scope, directory, checker);
    let main = check::check_main(
        &scope,
        overrides.main.as_deref(),
        directory,
        request.made,
        command.as_ref(),
        checker,
    );
    let compatibility = check::check_compatibility(
        &scope,
        overrides.compatibility_date,
        &overrides.compatibility_flags,
        checker,
    );
    let (bindings, references) = check::check_bindings(&scope, &name, checker);
    check::check_unique(&bindings, checker);
    let classes = check_classes(&scope, &bindings, checker);
    let required = check::check_secret_names(&scope, checker);
    let bundle = check::check_bundle(&scope, directory, checker);
    let assets = match request.made {
        Made::Follow => check::check_assets(&scope, directory, checker),
        Made::Ignore => None,
    };
    let crons = check::check_crons(&scope, checker);
    let cpu_ms = check::check_cpu_ms(&scope, checker);
    let dev = check::check_dev(&scope, checker);
    let mut bindings = bindings.into_iter().map(|it| it.binding).collect();
    let secrets = local_secrets(request, home);
    let mut watched = vec![path.to_owned()];
    watched.extend(found.deploy.clone());
    watched.extend(secrets.files.iter().cloned());
    let secret_names = add_secrets(&mut bindings, secrets, required.as_deref(), checker);
    for (key, value) in &overrides.vars {
        let error = |message| Diagnostic::new(Severity::Error, path, message);
        if let Err(message) = set_text(&mut bindings, key, value) {
            checker.report(error(format!("variable of the command line: {message}")));
        }
    }
    let config = Config {
        path: path.to_owned(),
        directory: directory.to_owned(),
        home: home.to_owned(),
        environment: request.environment.clone(),
        name,
        main,
        compatibility,
        bindings,
        classes,
        bundle,
        build: command,
        assets,
        crons,
        cpu_ms,
        dev,
        watched,
    };
    let environments = root.get("env").map_or(&[][..], |env| env.node.entries());
    Some(Project {
        config,
        warnings: Vec::new(),
        environments: environments.iter().map(|it| it.key.clone()).collect(),
        secret_names,
        required_secrets: required,
        references,
    })
}

fn local_secrets(request: &Request, directory: &Path) -> Secrets {
    match &request.local_secrets {
        LocalSecrets::Skip => Secrets::default(),
        LocalSecrets::Read => dev_vars::read(directory, request.environment.as_deref(), &[]),
        LocalSecrets::ReadFrom(files) => {
            dev_vars::read(directory, request.environment.as_deref(), files)
        }
    }
}

/// Adds secrets as strings; a project that lists its secrets gets those and no others. Returns the
/// names of those that were added, in the order of the files.
fn add_secrets(
    bindings: &mut Vec<Binding>,
    secrets: Secrets,
    required: Option<&[String]>,
    checker: &mut Checker<'_>,
) -> Vec<String> {
    let looked = !secrets.files.is_empty();
    let present: BTreeSet<&String> = secrets.values.keys().collect();
    if let Some(required) = required
        && looked
    {
        for name in required.iter().filter(|name| !present.contains(name)) {
            let warning = checker
                .file_warning(format!("secret `{name}` is required and not set"))
                .with_hint(format!("add a line `{name}=…` to .dev.vars"));
            checker.report(warning);
        }
    }
    for diagnostic in secrets.diagnostics {
        checker.report(diagnostic);
    }
    let mut added = Vec::new();
    for (name, secret) in secrets.values {
        if required.is_some_and(|required| !required.contains(&name)) {
            continue;
        }
        if let Err(message) = set_text(bindings, &name, &secret.value) {
            checker.report(Diagnostic {
                severity: Severity::Error,
                message,
                ..secret.template
            });
        }
        added.push((secret.position, name));
    }
    added.sort_unstable();
    added.into_iter().map(|(_, name)| name).collect()
}

/// Sets a variable or replaces it; anything else of that name is in the way.
fn set_text(bindings: &mut Vec<Binding>, name: &str, value: &str) -> Result<(), String> {
    let text = Binding::Text {
        name: name.to_owned(),
        value: Hidden(value.to_owned()),
    };
    match bindings.iter_mut().find(|binding| binding.name() == name) {
        None => bindings.push(text),
        Some(variable @ (Binding::Text { .. } | Binding::Json { .. })) => *variable = text,
        Some(_) => return Err(format!("`{name}` is also the name of a binding")),
    }
    Ok(())
}

#[cfg(test)]
mod made_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
