//! Keys with a single value: name, entry module, compatibility, limits, schedule, server.

use std::path::{Path, PathBuf};

use stated_core::compat::{CompatDate, Compatibility, FlagProblem, table::FLAGS};
use stated_core::cron::Cron;
use stated_core::limits;

use super::{Checker, Field};
use crate::diagnostic::nearest;
use crate::env::Scope;
use crate::load::Made;
use crate::project::{BuildCommand, DevServer};
use crate::raw::Value;

/// The name of a service that gives itself none, as in wrangler's local mode.
const DEFAULT_NAME: &str = "worker";

/// Returns the name of the service.
///
/// An environment without a name of its own gets the top-level name with `-<environment>` added.
pub(crate) fn check_name(
    scope: &Scope<'_>,
    override_name: Option<&str>,
    checker: &mut Checker<'_>,
) -> String {
    let own = scope.in_environment("name");
    let inherits = own.is_none();
    let field = own.or_else(|| scope.at_top("name"));
    let read = field
        .as_ref()
        .and_then(|field| checked_name(field, checker));
    if let Some(name) = override_name {
        return name.to_owned();
    }
    match (read, scope.environment()) {
        (Some(name), Some(environment)) if inherits => format!("{name}-{environment}"),
        (Some(name), _) => name,
        (None, _) => {
            if field.is_none() {
                let warning = checker
                    .file_warning(format!("no `name`; the service is called `{DEFAULT_NAME}`"))
                    .with_hint("add a `name`: the ids of its Durable Objects depend on it");
                checker.report(warning);
            }
            DEFAULT_NAME.to_owned()
        }
    }
}

fn checked_name(field: &Field<'_>, checker: &mut Checker<'_>) -> Option<String> {
    let name = checker.string(field)?;
    let starts_well = name.starts_with(|c: char| c != '-');
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if starts_well && name.chars().all(allowed) {
        return Some(name.to_owned());
    }
    let message = format!(
        "`{}` is {name:?}; it must consist of lower-case letters, digits, dashes and underscores, \
         and not begin with a dash",
        field.path
    );
    checker.value_error(field, message);
    None
}

/// Returns the path of the entry module.
pub(crate) fn check_main(
    scope: &Scope<'_>,
    override_main: Option<&Path>,
    directory: &Path,
    made: Made,
    build: Option<&BuildCommand>,
    checker: &mut Checker<'_>,
) -> Option<PathBuf> {
    if let Some(path) = override_main {
        if !path.is_file() {
            let error = checker.file_error(format!(
                "the entry module `{}` does not exist",
                path.display()
            ));
            checker.report(error);
            return None;
        }
        return Some(path.to_owned());
    }
    let Some(field) = scope.inherited("main") else {
        if scope.inherited("assets").is_some() {
            return None;
        }
        let error = checker
            .file_error("no `main`: the entry module of the Worker is missing")
            .with_hint("add `main`, for example \"src/index.ts\"");
        checker.report(error);
        return None;
    };
    let text = checker.string(&field)?;
    let path = directory.join(text);
    // A build command may still make the module, and a build tool may know one by this name.
    if build.is_some() || made == Made::Ignore || path.is_file() {
        return Some(path);
    }
    let problem = if path.is_dir() {
        "is a folder"
    } else {
        "does not exist"
    };
    let message = format!("the entry module `{text}` {problem}");
    checker.value_error(&field, message).hint =
        "`main` is relative to the folder of the project file".to_owned();
    None
}

/// Works out the compatibility date and flags.
pub(crate) fn check_compatibility(
    scope: &Scope<'_>,
    override_date: Option<CompatDate>,
    override_flags: &[String],
    checker: &mut Checker<'_>,
) -> Compatibility {
    let date = match (override_date, scope.inherited("compatibility_date")) {
        (Some(date), _) => date,
        (None, Some(field)) => checked_date(&field, checker).unwrap_or(CompatDate::LATEST),
        (None, None) => {
            let latest = CompatDate::LATEST;
            let warning = checker
                .file_warning(format!("no `compatibility_date`; {latest} is used"))
                .with_hint(
                    "add a `compatibility_date`, so that behaviour does not change by itself",
                );
            checker.report(warning);
            latest
        }
    };
    let field = scope.inherited("compatibility_flags");
    let mut flags = field
        .as_ref()
        .and_then(|field| checker.strings(field))
        .unwrap_or_default();
    if !override_flags.is_empty() {
        flags = override_flags.to_vec();
    }
    let (compatibility, problems) = Compatibility::resolve(date, &flags);
    for problem in problems {
        report_flag(&problem, field.as_ref(), checker);
    }
    compatibility
}

fn checked_date(field: &Field<'_>, checker: &mut Checker<'_>) -> Option<CompatDate> {
    let text = checker.string(field)?;
    let date = text.parse().ok();
    if date.is_none() {
        let message = format!(
            "`{}` is {text:?}; it must be a date of the form YYYY-MM-DD",
            field.path
        );
        checker.value_error(field, message);
    }
    date
}

fn report_flag(problem: &FlagProblem, field: Option<&Field<'_>>, checker: &mut Checker<'_>) {
    let name = match problem {
        FlagProblem::Unknown { flag } => flag,
        FlagProblem::Conflict { off, .. } => *off,
    };
    let mut diagnostic = match problem {
        FlagProblem::Unknown { .. } => checker.file_warning(problem.to_string()),
        FlagProblem::Conflict { .. } => checker.file_error(problem.to_string()),
    };
    if let FlagProblem::Unknown { flag } = problem {
        let names = FLAGS.iter().flat_map(|flag| [flag.on, flag.off]);
        if let Some(near) = nearest(flag, names) {
            diagnostic.hint = format!("did you mean `{near}`?");
        }
    }
    // Point at the flag where the file names it.
    if let Some(field) = field
        && let Value::Array(items) = &field.node.value
        && let Some(index) = items
            .iter()
            .position(|item| matches!(&item.value, Value::String(text) if text == name))
    {
        let template = checker.template(&field.item(index, &items[index]));
        diagnostic.place = template.place;
        diagnostic.key = template.key;
    }
    checker.report(diagnostic);
}

/// Returns the processor time of one event in milliseconds.
pub(crate) fn check_cpu_ms(scope: &Scope<'_>, checker: &mut Checker<'_>) -> u64 {
    let default = limits::CPU_TIME.value;
    let Some(field) = scope.inherited("limits") else {
        return default;
    };
    if checker.table(&field).is_none() {
        return default;
    }
    checker.only_keys(&field, &["cpu_ms", "subrequests"]);
    let Some(cpu_ms) = field.child("cpu_ms") else {
        return default;
    };
    checker
        .integer(
            &cpu_ms,
            1,
            limits::CPU_TIME_CONFIGURED.value,
            " milliseconds",
        )
        .unwrap_or(default)
}

/// Returns the cron expressions.
pub(crate) fn check_crons(scope: &Scope<'_>, checker: &mut Checker<'_>) -> Vec<Cron> {
    let Some(field) = scope.inherited("triggers") else {
        return Vec::new();
    };
    if checker.table(&field).is_none() {
        return Vec::new();
    }
    checker.only_keys(&field, &["crons"]);
    let Some(field) = field.child("crons") else {
        return Vec::new();
    };
    let items = checker.array(&field).unwrap_or_default();
    let count = items.len() as u64;
    if !limits::CRONS.allows(count) {
        let max = limits::CRONS.value;
        let message = format!(
            "`{}` has {count} expressions; the limit is {max}",
            field.path
        );
        checker.error(&field, message);
        return Vec::new();
    }
    let mut crons: Vec<Cron> = Vec::new();
    for item in &items {
        let Some(text) = checker.string(item) else {
            continue;
        };
        match text.parse::<Cron>() {
            Ok(cron) if crons.contains(&cron) => {
                let message = format!("cron expression `{text}` is there twice");
                checker.warning(item, message).hint = "it triggers one event".to_owned();
            }
            Ok(cron) => crons.push(cron),
            Err(error) => _ = checker.value_error(item, error.to_string()),
        }
    }
    crons
}

/// Returns where a development server listens.
pub(crate) fn check_dev(scope: &Scope<'_>, checker: &mut Checker<'_>) -> DevServer {
    let mut server = DevServer::default();
    let Some(field) = scope.at_top("dev") else {
        return server;
    };
    if checker.table(&field).is_none() {
        return server;
    }
    if let Some(ip) = field.child("ip").and_then(|ip| checker.string(&ip)) {
        server.ip = ip.to_owned();
    }
    if let Some(port) = field.child("port") {
        let max = u64::from(u16::MAX);
        let port = checker.integer(&port, 0, max, "");
        server.port = port
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(server.port);
    }
    server
}

/// Returns the names of the secrets that the project says it needs, if it says so.
pub(crate) fn check_secret_names(
    scope: &Scope<'_>,
    checker: &mut Checker<'_>,
) -> Option<Vec<String>> {
    let field = scope.own("secrets")?;
    checker.table(&field)?;
    checker.only_keys(&field, &["required"]);
    let required = field.child("required");
    required.map_or(Some(Vec::new()), |required| checker.strings(&required))
}
