//! The members of `env` with their types, in wrangler's order.

use super::{TypesOptions, TypesProgram, import_path};
use crate::load::Project;
use crate::project::{Binding, NamedClass};

/// A property of `env`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) types: String,
    /// Whether it is a variable or a secret, which `process.env` has as well.
    pub(super) in_process_env: bool,
}

/// Kinds of bindings in the order of their members, and the types of those that have always the same.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("KV namespace", "KVNamespace"),
    ("R2 bucket", "R2Bucket"),
    ("D1 database", "D1Database"),
    ("Vectorize", "VectorizeIndex"),
    ("Hyperdrive", "Hyperdrive"),
    ("email", "SendEmail"),
    ("Analytics Engine", "AnalyticsEngineDataset"),
    ("dispatch namespace", "DispatchNamespace"),
    ("mTLS certificate", "Fetcher"),
    ("queue", "Queue"),
    ("K2 stream", "any"),
    ("Secrets Store", "SecretsStoreSecret"),
    ("Artifacts", "Artifacts"),
    ("hello world", "HelloWorldBinding"),
    ("Flagship", "Flagship"),
    ("rate limit", "RateLimit"),
    ("worker loader", "WorkerLoader"),
    ("VPC service", "Fetcher"),
    ("VPC network", "Fetcher"),
    ("AI Search namespace", "AiSearchNamespace"),
    ("AI Search", "AiSearchInstance"),
    ("Agent Memory", "AgentMemoryNamespace"),
    ("log forwarder", "any"),
    ("Browser Rendering", "BrowserRun"),
    ("Analytics SQL", "AnalyticsSQLBinding"),
    ("Workers AI", "Ai"),
    ("Images", "ImagesBinding"),
    ("Stream", "StreamBinding"),
    ("Media Transformations", "MediaBinding"),
    ("version metadata", "WorkerVersionMetadata"),
    ("assets", "Fetcher"),
    (
        "Pipelines",
        "import(\"cloudflare:pipelines\").Pipeline<import(\"cloudflare:pipelines\").PipelineRecord>",
    ),
    (VARIABLE, ""),
    (SECRET, "string"),
    (NAMESPACE, ""),
    (SERVICE, ""),
    ("Workflow", "Workflow"),
    ("unsafe", "any"),
    ("data blob", "ArrayBuffer"),
    ("text blob", "string"),
    ("WebAssembly module", "WebAssembly.Module"),
];

const VARIABLE: &str = "variable";
const SECRET: &str = "secret";
const NAMESPACE: &str = "Durable Object";
const SERVICE: &str = "service";

/// Lists what `env` has in a project.
pub(super) fn members(
    project: &Project,
    secrets: &[String],
    programs: &[TypesProgram],
    options: &TypesOptions,
) -> Vec<Member> {
    let mut ranked: Vec<(usize, Member)> = Vec::new();
    let mut add = |kind: &str, name: &str, types: Option<String>| {
        let rank = KINDS.iter().position(|(known, _)| *known == kind);
        let fixed = rank.map_or("any", |rank| KINDS[rank].1);
        ranked.push((
            rank.unwrap_or(KINDS.len()),
            Member {
                name: name.to_owned(),
                types: types.unwrap_or_else(|| fixed.to_owned()),
                in_process_env: kind == VARIABLE || kind == SECRET,
            },
        ));
    };
    for binding in &project.config.bindings {
        let name = binding.name();
        match binding {
            Binding::Text { .. } | Binding::Json { .. }
                if secrets.iter().any(|secret| secret == name) => {}
            // A secret that is not to be among the members.
            Binding::Text { .. } if project.secret_names.iter().any(|secret| secret == name) => {}
            Binding::Text { value, .. } => add(VARIABLE, name, Some(text(&value.0, options))),
            Binding::Json { value, .. } => add(VARIABLE, name, Some(json(&value.0, options))),
            Binding::Namespace { class, service, .. } => {
                let types = namespace(class, service.as_deref(), programs, options);
                add(NAMESPACE, name, Some(types));
            }
            Binding::Service {
                service,
                entrypoint,
                ..
            } => {
                let types = self::service(service, entrypoint.as_deref(), programs, options);
                add(SERVICE, name, Some(types));
            }
            Binding::Assets { .. } => add("assets", name, None),
            Binding::WorkerLoader { .. } => add("worker loader", name, None),
            Binding::VersionMetadata { .. } => add("version metadata", name, None),
            Binding::RateLimit { .. } => add("rate limit", name, None),
            Binding::Unsupported { kind, class, .. } => {
                let types = class
                    .as_ref()
                    .map(|class| workflow(class, programs, options));
                add(kind, name, types);
            }
        }
    }
    for secret in secrets {
        add(SECRET, secret, None);
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, member)| member).collect()
}

fn text(value: &str, options: &TypesOptions) -> String {
    match options.strict_vars {
        true => quoted(value),
        false => "string".to_owned(),
    }
}

/// A value is a type of itself; without strictness it is the type that `typeof` names.
fn json(value: &serde_json::Value, options: &TypesOptions) -> String {
    use serde_json::Value;
    if options.strict_vars {
        return literal(value);
    }
    let of = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::Null | Value::Array(_) | Value::Object(_) => "object",
    };
    let Value::Array(items) = value else {
        return of(value).to_owned();
    };
    let mut types: Vec<&str> = items.iter().map(of).collect();
    types.sort_unstable();
    types.dedup();
    match types.as_slice() {
        [one] => format!("{one}[]"),
        several => format!("({})[]", several.join("|")),
    }
}

/// As JSON, with numbers as JavaScript writes them: TOML's `1.0` is `1`.
fn literal(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => {
                format!("{float:.0}")
            }
            _ => number.to_string(),
        },
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}:{}", quoted(key), literal(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
    }
}

fn namespace(
    class: &str,
    service: Option<&str>,
    programs: &[TypesProgram],
    options: &TypesOptions,
) -> String {
    let program = match service {
        None => programs.first(),
        Some(service) => program_of(service, programs),
    };
    if let Some(program) = exporting(program, class)
        && let Some(main) = &program.main
    {
        let module = import_path(&options.output, main);
        return format!("DurableObjectNamespace<import(\"{module}\").{class}>");
    }
    let from = service.map_or_else(String::new, |service| format!(" from {service}"));
    format!(
        "DurableObjectNamespace {}",
        comment(&format!("{class}{from}"))
    )
}

/// A workflow is typed by what its class takes.
fn workflow(class: &NamedClass, programs: &[TypesProgram], options: &TypesOptions) -> String {
    let NamedClass { name, service } = class;
    let program = match service {
        None => programs.first(),
        Some(service) => program_of(service, programs),
    };
    if let Some(program) = exporting(program, name)
        && let Some(main) = &program.main
    {
        let module = import_path(&options.output, main);
        return format!("Workflow<Parameters<import(\"{module}\").{name}['run']>[0]['payload']>");
    }
    match service {
        Some(service) => format!("Workflow {}", comment(&format!("{name} from {service}"))),
        None => format!("Workflow {}", comment(name)),
    }
}

fn service(
    service: &str,
    entrypoint: Option<&str>,
    programs: &[TypesProgram],
    options: &TypesOptions,
) -> String {
    let name = entrypoint.unwrap_or("default");
    if let Some(program) = exporting(program_of(service, programs), name)
        && let Some(main) = &program.main
    {
        let module = import_path(&options.output, main);
        return format!("Service<typeof import(\"{module}\").{name}>");
    }
    match entrypoint {
        Some(name) => format!(
            "Service {}",
            comment(&format!("entrypoint {name} from {service}"))
        ),
        None => format!("Fetcher {}", comment(service)),
    }
}

fn program_of<'a>(service: &str, programs: &'a [TypesProgram]) -> Option<&'a TypesProgram> {
    programs.iter().find(|program| program.service == service)
}

/// The program, if it exports the name and TypeScript can name it.
fn exporting<'a>(program: Option<&'a TypesProgram>, name: &str) -> Option<&'a TypesProgram> {
    let exports = |program: &&TypesProgram| match &program.exports {
        Some(exports) => exports.iter().any(|export| export == name),
        None => true,
    };
    program.filter(exports).filter(|_| is_identifier(name))
}

fn comment(text: &str) -> String {
    format!("/* {} */", text.replace("*/", "* /"))
}

fn is_identifier(name: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '$';
    name.starts_with(first) && name.chars().all(|c| first(c) || c.is_ascii_digit())
}

/// The name of a property, in quotes where it needs them.
pub(super) fn key(name: &str) -> String {
    match is_identifier(name) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text as it stands between quotes.
pub(super) fn inside_quotes(text: &str) -> String {
    let quoted = quoted(text);
    quoted[1..quoted.len() - 1].to_owned()
}
