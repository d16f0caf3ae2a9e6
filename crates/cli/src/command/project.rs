//! From arguments to built services.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use stated_config::{
    Binding, Config, Diagnostic, LocalSecrets, Made, Overrides, Project, Request, Severity,
    check_references,
};
use stated_node::{Built, build};

use crate::arguments::{Common, Selection};
use crate::failure::Failure;
use crate::printer;

/// The projects that the arguments name, and everything found wrong or odd in their files.
pub(crate) struct Examined {
    /// Those that can be used.
    pub(crate) projects: Vec<Project>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// What nothing is done with, in words.
    pub(crate) without_effect: Vec<String>,
}

/// Loads and checks every project that the arguments name; prints warnings.
pub(crate) fn load(selection: &Selection, secrets: &LocalSecrets) -> Result<Vec<Config>, Failure> {
    let examined = examine(selection, secrets)?;
    let warnings = examined.diagnostics.iter();
    for warning in warnings.filter(|found| found.severity == Severity::Warning) {
        printer::warning(&warning.to_string());
    }
    for text in &examined.without_effect {
        printer::warning(text);
    }
    let errors: Vec<String> = examined
        .diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    if !errors.is_empty() {
        return Err(Failure::new(errors.join("\n")));
    }
    for project in &examined.projects {
        let Config { path, .. } = &project.config;
        if project.config.home != project.config.directory {
            let path = path.strip_prefix(".").unwrap_or(path).display();
            printer::line(&format!("Using {path}, which the project's build has made"));
        }
    }
    let projects = examined.projects.into_iter();
    Ok(projects.map(|project| project.config).collect())
}

/// Loads every project that the arguments name; one that is wrong does not hide what is wrong with
/// the next.
pub(crate) fn examine(selection: &Selection, secrets: &LocalSecrets) -> Result<Examined, Failure> {
    let requests = requests(selection, secrets)?;
    let expected = requests.len();
    let (mut projects, mut diagnostics) = (Vec::new(), Vec::new());
    for request in &requests {
        match stated_config::load(request) {
            Ok(project) => {
                diagnostics.extend(project.warnings.iter().cloned());
                projects.push(project);
            }
            Err(rejected) => diagnostics.extend(rejected.diagnostics),
        }
    }
    // Without one of them, what the others name in it would seem to be missing.
    if projects.len() == expected {
        diagnostics.extend(check_references(&projects));
    }
    let configs = projects.iter().map(|project| &project.config);
    let without_effect = configs.flat_map(without_effect).collect();
    Ok(Examined {
        projects,
        diagnostics,
        without_effect,
    })
}

/// One request for each project; at least one.
pub(crate) fn requests(
    selection: &Selection,
    secrets: &LocalSecrets,
) -> Result<Vec<Request>, Failure> {
    let directory = selection.project.clone().unwrap_or_default();
    if let Some(project) = &selection.project
        && !project.is_dir()
    {
        return Err(Failure::new(format!(
            "project folder `{}` does not exist",
            project.display()
        ))
        .with_hint("name the folder that holds wrangler.toml, wrangler.json or wrangler.jsonc"));
    }
    let files: Vec<Option<PathBuf>> = match selection.config.as_slice() {
        [] => vec![None],
        files => files
            .iter()
            .map(|file| Some(directory.join(file)))
            .collect(),
    };
    let request = |(index, file)| Request {
        directory: directory.clone(),
        file,
        made: Made::Follow,
        environment: selection.env.clone(),
        local_secrets: secrets.clone(),
        overrides: overrides(selection, index),
    };
    Ok(files.into_iter().enumerate().map(request).collect())
}

fn overrides(selection: &Selection, index: usize) -> Overrides {
    let first = index == 0;
    Overrides {
        name: selection.name.clone().filter(|_| first),
        main: None,
        compatibility_date: selection.compatibility_date,
        compatibility_flags: selection.compatibility_flags.clone(),
        vars: if first {
            selection.var.clone()
        } else {
            Vec::new()
        },
    }
}

/// Says which parts of a valid configuration nothing is done with.
fn without_effect(config: &Config) -> Vec<String> {
    let service = &config.name;
    let unsupported = config.bindings.iter().filter_map(|binding| match binding {
        Binding::Unsupported { name, kind, .. } => Some(format!(
            "service `{service}`: using `env.{name}` throws; {kind} bindings are not supported"
        )),
        _ => None,
    });
    unsupported.collect()
}

/// What programs see as `process.env.NODE_ENV` under `stated dev`.
pub(crate) const DEVELOPMENT: &str = "development";
/// The same under `stated serve`.
pub(crate) const PRODUCTION: &str = "production";

/// The value of `process.env.NODE_ENV` for programs: as wrangler has it, that of our own environment wins.
pub(crate) fn node_env(usual: &str) -> String {
    std::env::var("NODE_ENV")
        .ok()
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| usual.to_owned())
}

/// Builds every service with that `NODE_ENV`; prints warnings.
pub(crate) async fn build_all(
    configs: Vec<Config>,
    node_env: &str,
) -> Result<Vec<(Config, Built)>, Failure> {
    let mut services = Vec::new();
    for config in configs {
        let built = build(&config, node_env).await?;
        for warning in &built.warnings {
            printer::warning(&warning.to_string());
        }
        services.push((config, built));
    }
    Ok(services)
}

/// Where to listen.
pub(crate) fn address(common: &Common, config: &Config) -> SocketAddr {
    let ip = common.ip.unwrap_or_else(|| named_ip(&config.dev.ip));
    SocketAddr::new(ip, common.port.unwrap_or(config.dev.port))
}

fn named_ip(text: &str) -> IpAddr {
    match text {
        "localhost" | "" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        text => text.parse().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    }
}

/// Where the objects' data is kept.
pub(crate) fn data(common: &Common, config: &Config) -> PathBuf {
    common
        .persist_to
        .clone()
        .unwrap_or_else(|| config.home.join(".stated/state"))
}

/// Prints what the program finds in `env`; values of variables are not shown.
pub(crate) fn print_bindings(config: &Config) {
    if config.bindings.is_empty() {
        return;
    }
    let rows: Vec<(String, String)> = config.bindings.iter().map(binding_row).collect();
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    printer::line(&format!("Service {} has these bindings:", config.name));
    for (name, what) in rows {
        printer::line(&format!("  env.{name:width$}  {what}"));
    }
}

pub(crate) fn binding_row(binding: &Binding) -> (String, String) {
    let what = match binding {
        Binding::Text { .. } => "Variable (text)".to_owned(),
        Binding::Json { .. } => "Variable (JSON)".to_owned(),
        Binding::Namespace {
            class,
            service: None,
            ..
        } => format!("Durable Object {class}"),
        Binding::Namespace {
            class,
            service: Some(service),
            ..
        } => format!("Durable Object {class} of {service}"),
        Binding::Service {
            service,
            entrypoint: None,
            ..
        } => format!("Service {service}"),
        Binding::Service {
            service,
            entrypoint: Some(entrypoint),
            ..
        } => format!("Service {service}, {entrypoint}"),
        Binding::Assets { .. } => "Static files".to_owned(),
        Binding::WorkerLoader { .. } => "Worker Loader".to_owned(),
        Binding::VersionMetadata { .. } => "Version metadata".to_owned(),
        Binding::RateLimit {
            limit,
            period_seconds,
            ..
        } => format!("Rate limit, {limit} in {period_seconds} s"),
        Binding::Unsupported { kind, .. } => format!("{kind} (not supported)"),
    };
    (binding.name().to_owned(), what)
}
