//! From arguments to built services.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use stated_config::{
    Binding, Config, LocalSecrets, Overrides, Project, Request, Severity, check_references,
};
use stated_node::{Built, build};

use crate::arguments::Common;
use crate::failure::Failure;
use crate::printer;

/// Loads and checks every project that the arguments name; prints warnings.
pub(crate) fn load(common: &Common, secrets: &LocalSecrets) -> Result<Vec<Config>, Failure> {
    let directory = common.project.clone().unwrap_or_default();
    if let Some(project) = &common.project
        && !project.is_dir()
    {
        return Err(Failure::new(format!(
            "project folder `{}` does not exist",
            project.display()
        ))
        .with_hint("name the folder that holds wrangler.toml, wrangler.json or wrangler.jsonc"));
    }
    let files: Vec<Option<PathBuf>> = match common.config.as_slice() {
        [] => vec![None],
        files => files
            .iter()
            .map(|file| Some(directory.join(file)))
            .collect(),
    };
    let mut projects = Vec::new();
    for (index, file) in files.into_iter().enumerate() {
        let request = Request {
            directory: directory.clone(),
            file,
            environment: common.env.clone(),
            local_secrets: secrets.clone(),
            overrides: overrides(common, index),
        };
        let project = stated_config::load(&request).inspect_err(|rejected| {
            let odd = rejected
                .diagnostics
                .iter()
                .filter(|found| found.severity == Severity::Warning);
            odd.for_each(|found| printer::warning(&found.to_string()));
        })?;
        projects.push(project);
    }
    check(&projects)?;
    Ok(projects.into_iter().map(|project| project.config).collect())
}

fn overrides(common: &Common, index: usize) -> Overrides {
    let first = index == 0;
    Overrides {
        name: common.name.clone().filter(|_| first),
        main: None,
        compatibility_date: common.compatibility_date,
        compatibility_flags: common.compatibility_flags.clone(),
        vars: if first {
            common.var.clone()
        } else {
            Vec::new()
        },
    }
}

fn check(projects: &[Project]) -> Result<(), Failure> {
    let found = check_references(projects);
    let own = projects.iter().flat_map(|project| &project.warnings);
    for warning in own
        .chain(&found)
        .filter(|found| found.severity == Severity::Warning)
    {
        printer::warning(&warning.to_string());
    }
    for text in projects
        .iter()
        .flat_map(|project| without_effect(&project.config))
    {
        printer::warning(&text);
    }
    let errors: Vec<String> = found
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(errors.join("\n")))
    }
}

/// Says which parts of a valid configuration nothing is done with.
fn without_effect(config: &Config) -> Vec<String> {
    let mut texts = Vec::new();
    let service = &config.name;
    if let Some(assets) = &config.assets {
        let folder = assets.directory.display();
        texts.push(format!(
            "service `{service}`: the files in `{folder}` are not served; static assets are not supported yet"
        ));
    }
    if !config.crons.is_empty() {
        texts.push(format!(
            "service `{service}`: its cron triggers never fire; scheduled events are not supported yet"
        ));
    }
    texts.extend(config.bindings.iter().filter_map(|binding| match binding {
        Binding::Unsupported { name, kind } => Some(format!(
            "service `{service}`: using `env.{name}` throws; {kind} bindings are not supported"
        )),
        _ => None,
    }));
    texts
}

/// Builds every service; prints warnings.
pub(crate) async fn build_all(configs: Vec<Config>) -> Result<Vec<(Config, Built)>, Failure> {
    let mut services = Vec::new();
    for config in configs {
        let built = build(&config).await?;
        for warning in &built.warnings {
            printer::warning(warning);
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
        .unwrap_or_else(|| Path::new(&config.directory).join(".stated/state"))
}
