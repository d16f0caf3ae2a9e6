//! `stated types`: write what TypeScript has to know about a project's bindings.

use std::path::{Path, PathBuf};

use stated_config::types::{
    Declarations, HeaderOptions, TypesFile, TypesOptions, TypesProgram, declare,
};
use stated_config::{Config, LocalSecrets, Made, Project, Request};
use stated_node::exported;

use super::project;
use crate::arguments::{Selection, Types, is_declarations};
use crate::failure::Failure;
use crate::printer;

/// The file that editors and TypeScript find without being told.
const FILE_NAME: &str = "worker-configuration.d.ts";

/// Writes the file, or compares it.
pub(crate) async fn run(types: &Types) -> Result<(), Failure> {
    if types.include_runtime == Some(true) {
        return Err(
            Failure::new("types of the runtime are not written").with_hint(
                "run `npm install --save-dev @cloudflare/workers-types`, and name it in `types` of tsconfig.json",
            ),
        );
    }
    let path = output(types)?;
    let existing = read(&path)?;
    let existing = match &existing {
        None if types.check => {
            return Err(Failure::new(format!("`{}` does not exist", path.display()))
                .with_hint("run `stated types`"));
        }
        None => None,
        Some(text) => Some(TypesFile::read(text).ok_or_else(|| {
            Failure::new(format!(
                "`{}` was not written by this command",
                path.display()
            ))
            .with_hint("rename it, or name another file with --path")
        })?),
    };
    // What was asked for when the file was written is what it is compared with.
    let earlier = match (&existing, types.check) {
        (Some(file), true) => file.options(),
        _ => HeaderOptions::default(),
    };
    let declarations = declarations(types, &earlier, &path).await?;
    if types.check {
        return match existing.is_some_and(|file| file.has(&declarations)) {
            true => {
                printer::line(&format!("`{}` is up to date", path.display()));
                Ok(())
            }
            false => Err(Failure::new(format!("`{}` is out of date", path.display()))
                .with_hint("run `stated types`")),
        };
    }
    let text = declarations.file(&command(types), existing.as_ref());
    std::fs::write(&path, text)
        .map_err(|error| Failure::new(format!("write `{}`: {error}", path.display())))?;
    printer::line(&format!("Wrote {}", path.display()));
    Ok(())
}

/// Where the declarations go; the project need not be in order for that.
fn output(types: &Types) -> Result<PathBuf, Failure> {
    let path = match types.path() {
        Some(path) => path.to_owned(),
        None => {
            let request = requests(&selection(types, None), &LocalSecrets::Skip)?.remove(0);
            let file = stated_config::find_file(&request)?;
            file.with_file_name(FILE_NAME)
        }
    };
    if is_declarations(&path) {
        Ok(path)
    } else {
        Err(Failure::new(format!(
            "`{}` is no file of declarations; its name must end with `.d.ts`",
            path.display()
        )))
    }
}

fn read(path: &Path) -> Result<Option<String>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(format!("read `{}`: {error}", path.display()))),
    }
}

async fn declarations(
    types: &Types,
    earlier: &HeaderOptions,
    path: &Path,
) -> Result<Declarations, Failure> {
    let environment = types.env.clone().or_else(|| earlier.environment.clone());
    let projects = load(&selection(types, environment.clone()))?;
    let (top, others) = projects
        .split_first()
        .expect("at least one project is loaded, or loading fails");
    let mut environments = Vec::new();
    if environment.is_none() {
        for name in &top.environments {
            let mut selection = selection(types, Some(name.clone()));
            selection.config.truncate(1);
            let project = load(&selection)?.remove(0);
            environments.push((name.clone(), project));
        }
    }
    let mut programs = vec![program(&top.config).await];
    for other in others {
        programs.push(program(&other.config).await);
    }
    let options = TypesOptions {
        interface: types
            .env_interface
            .clone()
            .or_else(|| earlier.interface.clone())
            .unwrap_or_else(|| "Env".to_owned()),
        strict_vars: types.strict_vars.or(earlier.strict_vars).unwrap_or(true),
        output: path.to_owned(),
    };
    declare(top, &environments, &programs, &options)
        .map_err(|error| Failure::new(error.to_string()))
}

/// Reads the projects. What they need of each other is not looked at, nor is what is merely odd: both
/// are for those who run them.
fn load(selection: &Selection) -> Result<Vec<Project>, Failure> {
    let requests = requests(selection, &LocalSecrets::Read)?;
    let projects = requests
        .iter()
        .map(|request| Ok(stated_config::load(request)?));
    projects.collect()
}

async fn program(config: &Config) -> TypesProgram {
    let is_there = |main: &PathBuf| main.is_file() || config.build.is_some();
    if !config.main.as_ref().is_some_and(is_there) {
        // A name that only a build tool knows, such as `@tanstack/react-start/server-entry`.
        return TypesProgram {
            service: config.name.clone(),
            main: None,
            exports: Some(Vec::new()),
        };
    }
    let exports = match exported(config).await {
        Ok(exports) => Some(exports),
        Err(failure) => {
            printer::warning(&format!(
                "service `{}` cannot be built; its classes are taken to be exported\n{failure}",
                config.name
            ));
            None
        }
    };
    TypesProgram {
        service: config.name.clone(),
        main: config.main.clone(),
        exports,
    }
}

/// What people write is declared, not what a build tool has made of it; as `wrangler types` does.
fn requests(selection: &Selection, secrets: &LocalSecrets) -> Result<Vec<Request>, Failure> {
    let mut requests = project::requests(selection, secrets)?;
    for request in &mut requests {
        request.made = Made::Ignore;
    }
    Ok(requests)
}

fn selection(types: &Types, env: Option<String>) -> Selection {
    Selection {
        project: types.project().map(Path::to_owned),
        config: types.config.clone(),
        env,
        name: None,
        var: Vec::new(),
        compatibility_date: None,
        compatibility_flags: Vec::new(),
    }
}

/// The command for the head of the file: what changes the declarations, and nothing that differs from
/// one machine to the next.
fn command(types: &Types) -> String {
    let mut command = "stated types".to_owned();
    if let Some(name) = &types.env {
        command.push_str(&format!(" --env={name}"));
    }
    if let Some(name) = &types.env_interface {
        command.push_str(&format!(" --env-interface={name}"));
    }
    if let Some(strict) = types.strict_vars {
        command.push_str(&format!(" --strict-vars={strict}"));
    }
    command
}
