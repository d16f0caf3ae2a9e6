//! TypeScript declarations of what a program finds in `env`, in the form of `wrangler types`.
//!
//! Pure text from checked projects: which names a program exports is told by the caller, nothing is
//! read or written. The declarations are those of wrangler 4.126, and so is their hash, so that either
//! tool can tell whether the file of the other is up to date. Types of the runtime itself
//! (`DurableObjectNamespace`, `Fetcher`, …) are not among them: the npm package
//! `@cloudflare/workers-types` has them.
//!
//! Differs: a class that `export * from` exports is imported, where wrangler gives up.

mod file;
mod members;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::load::Project;
use crate::project::RuleKind;

pub use file::{HeaderOptions, TypesFile};
use members::{Member, key, members};

/// Letters of the hash in the head of the file.
const HASH_CHARS: usize = 32;

/// How the declarations are to look.
#[derive(Clone, Debug)]
pub struct TypesOptions {
    /// The name of the global interface.
    pub interface: String,
    /// Whether a variable has its value as its type, and not `string` or `number`.
    pub strict_vars: bool,
    /// The file they are written to, which modules are imported relative to.
    pub output: PathBuf,
}

/// The program of a service that bindings may refer to.
#[derive(Clone, Debug)]
pub struct TypesProgram {
    /// The service.
    pub service: String,
    /// Its entry module; a project of files alone has none.
    pub main: Option<PathBuf>,
    /// What it exports; if that is not known, it is taken to export what a binding names.
    pub exports: Option<Vec<String>>,
}

/// The declarations, and the hash of them that stands in the head of their file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declarations {
    /// The text, without a head.
    pub text: String,
    /// 32 hexadecimal digits.
    pub hash: String,
}

/// Why there are no declarations.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypesError {
    /// The interface cannot be called so.
    #[error(
        "the interface cannot be called `{0}`; a name consists of letters, digits and underscores, and begins with a letter"
    )]
    InterfaceName(String),
    /// Two environments have one interface.
    #[error("the environments `{first}` and `{second}` would both be the interface `{interface}`")]
    SameInterface {
        /// An environment, or "Env" itself.
        first: String,
        /// Another one.
        second: String,
        /// The name.
        interface: String,
    },
}

/// Makes the declarations of a project.
///
/// `environments` are all its environments by name, in the order of the file; with any of them, a
/// binding that one lacks is optional, and each has an interface of its own. To declare a single
/// environment, give it as `top` and no others. The first of `programs` is the project's own.
///
/// # Errors
/// Names that cannot be interfaces.
pub fn declare(
    top: &Project,
    environments: &[(String, Project)],
    programs: &[TypesProgram],
    options: &TypesOptions,
) -> Result<Declarations, TypesError> {
    if !is_interface_name(&options.interface) {
        return Err(TypesError::InterfaceName(options.interface.clone()));
    }
    let names = environment_interfaces(environments)?;
    let uses_required = std::iter::once(top)
        .chain(environments.iter().map(|(_, project)| project))
        .any(|project| project.required_secrets.is_some());
    let secrets = |project: &Project| -> Vec<String> {
        match uses_required {
            true => project.required_secrets.clone().unwrap_or_default(),
            // Those of the top level count for every environment.
            false => top.secret_names.clone(),
        }
    };
    let members_of = |project: &Project| members(project, &secrets(project), programs, options);
    let own = members_of(top);
    let mut string_keys = Vec::new();
    let mut body = String::new();
    let base = format!("__BaseEnv_{}", options.interface);
    if environments.is_empty() {
        note_string_keys(&own, &mut string_keys);
        interface(&mut body, "", &base, &own, |_| "");
        body.push_str("declare namespace Cloudflare {");
        global_props(&mut body, top, programs, options);
    } else {
        let mut each = Vec::new();
        for ((_, project), name) in environments.iter().zip(names) {
            let members = members_of(project);
            note_string_keys(&members, &mut string_keys);
            each.push((name, members));
        }
        note_string_keys(&own, &mut string_keys);
        let scopes = each.iter().map(|(_, members)| members).chain([&own]);
        let united = unite(&scopes.collect::<Vec<_>>());
        let all = each.len() + 1;
        let presence: BTreeMap<&str, usize> = united
            .iter()
            .map(|(member, present)| (member.name.as_str(), *present))
            .collect();
        let members: Vec<Member> = united.iter().map(|(member, _)| member.clone()).collect();
        interface(&mut body, "", &base, &members, |member| {
            match presence[member.name.as_str()] == all {
                true => "",
                false => "?",
            }
        });
        body.push_str("declare namespace Cloudflare {");
        global_props(&mut body, top, programs, options);
        for (name, members) in &each {
            body.push('\n');
            match members.as_slice() {
                [] => body.push_str(&format!("\tinterface {name} {{}}")),
                _ => {
                    interface(&mut body, "\t", name, members, |_| "");
                    body.pop();
                }
            }
        }
    }
    body.push_str(&format!("\n\tinterface Env extends {base} {{}}\n}}\n"));
    body.push_str(&format!(
        "interface {} extends {base} {{}}",
        options.interface
    ));
    process_env(&mut body, top, &string_keys);
    body.push('\n');
    body.push_str(&modules(top));
    let digest = Sha256::digest(body.as_bytes());
    let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Declarations {
        text: body,
        hash: hash[..HASH_CHARS].to_owned(),
    })
}

fn interface(
    body: &mut String,
    indent: &str,
    name: &str,
    members: &[Member],
    mark: impl Fn(&Member) -> &'static str,
) {
    body.push_str(&format!("{indent}interface {name} {{"));
    for member in members {
        body.push_str(&format!(
            "\n{indent}\t{}{}: {};",
            key(&member.name),
            mark(member),
            member.types
        ));
    }
    body.push_str(&format!("\n{indent}}}\n"));
}

/// One member of each name, with the union of its types and the number of scopes that have it.
fn unite(scopes: &[&Vec<Member>]) -> Vec<(Member, usize)> {
    let mut united: Vec<(Member, Vec<String>, usize)> = Vec::new();
    for member in scopes.iter().flat_map(|members| members.iter()) {
        match united.iter_mut().find(|(it, ..)| it.name == member.name) {
            None => united.push((member.clone(), vec![member.types.clone()], 1)),
            Some((_, types, present)) => {
                if !types.contains(&member.types) {
                    types.push(member.types.clone());
                }
                *present += 1;
            }
        }
    }
    united
        .into_iter()
        .map(|(member, types, present)| {
            let types = types.join(" | ");
            (Member { types, ..member }, present)
        })
        .collect()
}

fn note_string_keys(members: &[Member], keys: &mut Vec<String>) {
    for member in members.iter().filter(|member| member.in_process_env) {
        if !keys.contains(&member.name) {
            keys.push(member.name.clone());
        }
    }
}

/// What `ctx.exports` and its kind are typed by.
fn global_props(
    body: &mut String,
    project: &Project,
    programs: &[TypesProgram],
    options: &TypesOptions,
) {
    let main = programs.first().and_then(|own| own.main.as_ref());
    let Some(main) = main else { return };
    let module = import_path(&options.output, main);
    body.push_str(&format!(
        "\n\tinterface GlobalProps {{\n\t\tmainModule: typeof import(\"{module}\");"
    ));
    let classes: Vec<String> = project
        .config
        .classes
        .declared
        .iter()
        .map(|class| format!("\"{class}\""))
        .collect();
    if !classes.is_empty() {
        body.push_str(&format!(
            "\n\t\tdurableNamespaces: {};",
            classes.join(" | ")
        ));
    }
    body.push_str("\n\t}");
}

/// `process.env` has the variables and secrets as strings.
fn process_env(body: &mut String, project: &Project, keys: &[String]) {
    let compatibility = &project.config.compatibility;
    let filled = compatibility.has("nodejs_compat")
        && compatibility.has("nodejs_compat_populate_process_env");
    if !filled || keys.is_empty() {
        return;
    }
    let keys: Vec<String> = keys.iter().map(|key| format!("\"{key}\"")).collect();
    body.push_str(&format!(
        "\ntype StringifyValues<EnvType extends Record<string, unknown>> = {{\n\
         \t[Binding in keyof EnvType]: EnvType[Binding] extends string ? EnvType[Binding] : string;\n\
         }};\n\
         declare namespace NodeJS {{\n\
         \tinterface ProcessEnv extends StringifyValues<Pick<Cloudflare.Env, {}>> {{}}\n\
         }}",
        keys.join(" | ")
    ));
}

/// Modules that are not JavaScript, by the project's own rules.
fn modules(project: &Project) -> String {
    let mut declared = Vec::new();
    for rule in &project.config.bundle.rules {
        let value = match rule.kind {
            RuleKind::CompiledWasm => "WebAssembly.Module",
            RuleKind::Data => "ArrayBuffer",
            RuleKind::Text => "string",
            RuleKind::EsModule | RuleKind::CommonJs => continue,
        };
        for glob in &rule.globs {
            declared.push(format!(
                "declare module \"{}\" {{\n\tconst value: {value};\n\texport default value;\n}}",
                module_pattern(glob)
            ));
        }
    }
    declared.join("\n")
}

/// A glob as far as TypeScript's patterns, which have one asterisk, can say it.
fn module_pattern(glob: &str) -> String {
    match (glob.contains('*'), glob.rsplit_once('.')) {
        (false, _) => glob.to_owned(),
        (true, Some((_, extension))) => format!("*.{extension}"),
        (true, None) => glob
            .replacen("**/*", "*", 1)
            .replacen("**/", "*/", 1)
            .replacen("/**", "/*", 1),
    }
}

/// How a file imports a module, without its extension.
fn import_path(from: &Path, to: &Path) -> String {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (from, to) = (absolute(from), absolute(to));
    let folder = |path: &Path| -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for part in path.parent().unwrap_or(path).components() {
            match part {
                std::path::Component::ParentDir => _ = parts.pop(),
                std::path::Component::CurDir => {}
                part => parts.push(part.as_os_str().to_string_lossy().into_owned()),
            }
        }
        parts
    };
    let (here, there) = (folder(&from), folder(&to));
    let common = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    let up = here.len() - common;
    let mut parts = vec!["..".to_owned(); up];
    if up == 0 {
        parts.push(".".to_owned());
    }
    parts.extend(there[common..].iter().cloned());
    parts.push(
        to.file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    );
    members::inside_quotes(&parts.join("/"))
}

fn is_interface_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `my-staging` becomes `MyStagingEnv`; `Env` is taken.
fn environment_interfaces(environments: &[(String, Project)]) -> Result<Vec<String>, TypesError> {
    let mut taken: Vec<(String, String)> = vec![("Env".to_owned(), "Env".to_owned())];
    for (name, _) in environments {
        let mut interface: String = name
            .split(['-', '_'])
            .map(|word| {
                let mut chars = word.chars();
                let first = chars.next().map(|c| c.to_uppercase().to_string());
                first.unwrap_or_default() + &chars.as_str().to_lowercase()
            })
            .collect();
        if !interface.ends_with("Env") {
            interface.push_str("Env");
        }
        if !is_interface_name(&interface) {
            return Err(TypesError::InterfaceName(interface));
        }
        if let Some((first, _)) = taken.iter().find(|(_, it)| *it == interface) {
            return Err(TypesError::SameInterface {
                first: first.clone(),
                second: name.clone(),
                interface,
            });
        }
        taken.push((name.clone(), interface));
    }
    Ok(taken.into_iter().skip(1).map(|(_, name)| name).collect())
}

#[cfg(test)]
mod tests;
