//! Everything that becomes a property of `env`.

use super::{Checker, Field};
use crate::diagnostic::Diagnostic;
use crate::env::Scope;
use crate::project::{Binding, Hidden, NamedClass};
use crate::raw::{Node, Value};

/// A binding with where it was read, for messages that are known later.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) binding: Binding,
    pub(crate) template: Diagnostic,
    /// What it is, in words.
    group: &'static str,
}

/// What a binding needs of another service.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) binding: String,
    pub(crate) service: String,
    pub(crate) kind: ReferenceKind,
    /// A diagnostic at the key that names the service, without text.
    pub(crate) template: Diagnostic,
}

#[derive(Clone, Debug)]
pub(crate) enum ReferenceKind {
    /// A namespace of this class.
    Class(String),
    /// The service itself.
    Service,
}

/// Bindings of products that do not exist here: key, where in it the bindings are, product.
const PRODUCTS: &[(&str, Shape, &str)] = &[
    ("agent_memory", Shape::Many("binding"), "Agent Memory"),
    ("ai", Shape::One("binding"), "Workers AI"),
    ("ai_search", Shape::Many("binding"), "AI Search"),
    (
        "ai_search_namespaces",
        Shape::Many("binding"),
        "AI Search namespace",
    ),
    ("analytics", Shape::One("binding"), "Analytics SQL"),
    (
        "analytics_engine_datasets",
        Shape::Many("binding"),
        "Analytics Engine",
    ),
    ("artifacts", Shape::Many("binding"), "Artifacts"),
    ("browser", Shape::One("binding"), "Browser Rendering"),
    ("d1_databases", Shape::Many("binding"), "D1 database"),
    ("data_blobs", Shape::Keys, "data blob"),
    (
        "dispatch_namespaces",
        Shape::Many("binding"),
        "dispatch namespace",
    ),
    ("flagship", Shape::Many("binding"), "Flagship"),
    ("hyperdrive", Shape::Many("binding"), "Hyperdrive"),
    ("images", Shape::One("binding"), "Images"),
    ("k2", Shape::Many("binding"), "K2 stream"),
    ("kv_namespaces", Shape::Many("binding"), "KV namespace"),
    ("logfwdr", Shape::Inner("bindings", "name"), "log forwarder"),
    ("media", Shape::One("binding"), "Media Transformations"),
    (
        "mtls_certificates",
        Shape::Many("binding"),
        "mTLS certificate",
    ),
    ("pipelines", Shape::Many("binding"), "Pipelines"),
    ("queues", Shape::Inner("producers", "binding"), "queue"),
    ("r2_buckets", Shape::Many("binding"), "R2 bucket"),
    (
        "secrets_store_secrets",
        Shape::Many("binding"),
        "Secrets Store",
    ),
    ("send_email", Shape::Many("name"), "email"),
    ("stream", Shape::One("binding"), "Stream"),
    ("text_blobs", Shape::Keys, "text blob"),
    ("unsafe", Shape::Inner("bindings", "name"), "unsafe"),
    ("unsafe_hello_world", Shape::Many("binding"), "hello world"),
    ("vectorize", Shape::Many("binding"), "Vectorize"),
    ("vpc_networks", Shape::Many("binding"), "VPC network"),
    ("vpc_services", Shape::Many("binding"), "VPC service"),
    ("wasm_modules", Shape::Keys, "WebAssembly module"),
    ("workflows", Shape::Many("binding"), "Workflow"),
];

/// The products, in words.
#[cfg(test)]
pub(crate) fn product_kinds() -> impl Iterator<Item = &'static str> {
    PRODUCTS.iter().map(|(_, _, product)| *product)
}

#[derive(Clone, Copy)]
enum Shape {
    /// A table; the string under the key names the binding.
    One(&'static str),
    /// An array of such tables.
    Many(&'static str),
    /// A table with such an array under the first key.
    Inner(&'static str, &'static str),
    /// A table; its keys are the names.
    Keys,
}

/// Reads all bindings of the file, and what they need of other services.
pub(crate) fn check_bindings(
    scope: &Scope<'_>,
    service: &str,
    checker: &mut Checker<'_>,
) -> (Vec<Found>, Vec<Reference>) {
    let mut references = Vec::new();
    let mut found = namespaces(scope, service, &mut references, checker);
    found.extend(services(scope, &mut references, checker));
    found.extend(variables(scope, checker));
    found.extend(assets(scope, checker));
    found.extend(worker_loaders(scope, checker));
    found.extend(version_metadata(scope, checker));
    let limits = rate_limits(scope, checker);
    found.extend(products(scope, &limits, checker));
    found.extend(limits);
    (found, references)
}

/// Reports names that are given twice.
pub(crate) fn check_unique(found: &[Found], checker: &mut Checker<'_>) {
    for (index, later) in found.iter().enumerate() {
        let name = later.binding.name();
        let Some(earlier) = found[..index].iter().find(|it| it.binding.name() == name) else {
            continue;
        };
        let message = format!(
            "`{name}` is bound twice: as {} and as {}",
            earlier.group, later.group
        );
        let hint = "bindings are properties of `env`, so their names must differ".to_owned();
        checker.report(Diagnostic {
            message,
            hint,
            ..later.template.clone()
        });
    }
}

fn namespaces(
    scope: &Scope<'_>,
    service: &str,
    references: &mut Vec<Reference>,
    checker: &mut Checker<'_>,
) -> Vec<Found> {
    let Some(field) = scope.own("durable_objects") else {
        return Vec::new();
    };
    if checker.table(&field).is_none() {
        return Vec::new();
    }
    checker.only_keys(&field, &["bindings"]);
    let bindings = super::bundle::required(&field, "bindings", checker);
    let items = bindings.and_then(|bindings| checker.array(&bindings));
    items
        .unwrap_or_default()
        .iter()
        .filter_map(|item| namespace(item, service, references, checker))
        .collect()
}

fn namespace(
    item: &Field<'_>,
    own_service: &str,
    references: &mut Vec<Reference>,
    checker: &mut Checker<'_>,
) -> Option<Found> {
    checker.table(item)?;
    checker.only_keys(item, &["name", "class_name", "script_name", "environment"]);
    let name = required_text(item, "name", checker);
    let class = required_text(item, "class_name", checker);
    let script = optional_text(item, "script_name", checker);
    let environment = optional_text(item, "environment", checker);
    if item.child("environment").is_some() && item.child("script_name").is_none() {
        let message = "binding should have a \"script_name\" field if \"environment\" is present.";
        checker.error(item, message);
        return None;
    }
    let (name, class) = (name?, class?);
    let target = match (script, environment) {
        (Some(script), Some(environment)) => Some(format!("{script}-{environment}")),
        (script, _) => script,
    };
    let target = target.filter(|target| target != own_service);
    if let (Some(target), Some(field)) = (&target, item.child("script_name")) {
        references.push(Reference {
            binding: name.clone(),
            service: target.clone(),
            kind: ReferenceKind::Class(class.clone()),
            template: checker.template(&field),
        });
    }
    let binding = Binding::Namespace {
        name,
        class,
        service: target,
    };
    Some(Found {
        binding,
        template: checker.template(&item.child("name")?),
        group: "Durable Object",
    })
}

/// Source of the texts: reference 12.1.
fn required_text(item: &Field<'_>, key: &str, checker: &mut Checker<'_>) -> Option<String> {
    let field = item.child(key);
    if let Some(Value::String(text)) = field.as_ref().map(|field| &field.node.value) {
        return Some(text.clone());
    }
    let message = format!("binding should have a string \"{key}\" field.");
    checker.error(field.as_ref().unwrap_or(item), message);
    None
}

fn optional_text(item: &Field<'_>, key: &str, checker: &mut Checker<'_>) -> Option<String> {
    let field = item.child(key)?;
    if let Value::String(text) = &field.node.value {
        return Some(text.clone());
    }
    let message = format!("the field \"{key}\", when present, should be a string.");
    checker.error(&field, message);
    None
}

fn services(
    scope: &Scope<'_>,
    references: &mut Vec<Reference>,
    checker: &mut Checker<'_>,
) -> Vec<Found> {
    let field = scope.own("services");
    let items = field.and_then(|field| checker.array(&field));
    items
        .unwrap_or_default()
        .iter()
        .filter_map(|item| service(item, references, checker))
        .collect()
}

fn service(
    item: &Field<'_>,
    references: &mut Vec<Reference>,
    checker: &mut Checker<'_>,
) -> Option<Found> {
    checker.table(item)?;
    let known = [
        "binding",
        "service",
        "environment",
        "entrypoint",
        "props",
        "remote",
    ];
    checker.only_keys(item, &known);
    let name = required_text(item, "binding", checker);
    let service = required_text(item, "service", checker);
    let environment = optional_text(item, "environment", checker);
    let entrypoint = optional_text(item, "entrypoint", checker);
    let props = match item.child("props") {
        None => serde_json::json!({}),
        Some(props) => {
            checker.table(&props)?;
            props.node.to_json()
        }
    };
    let (name, service) = (name?, service?);
    let service = match environment {
        Some(environment) => format!("{service}-{environment}"),
        None => service,
    };
    references.push(Reference {
        binding: name.clone(),
        service: service.clone(),
        kind: ReferenceKind::Service,
        template: checker.template(&item.child("service")?),
    });
    let binding = Binding::Service {
        name,
        service,
        entrypoint,
        props,
    };
    Some(Found {
        binding,
        template: checker.template(&item.child("binding")?),
        group: "service",
    })
}

fn variables(scope: &Scope<'_>, checker: &mut Checker<'_>) -> Vec<Found> {
    let Some(field) = scope.own("vars") else {
        return Vec::new();
    };
    let entries = checker.table(&field).unwrap_or_default();
    let mut found = Vec::new();
    for entry in entries {
        let variable = Field::inside(&field.path, entry);
        let name = entry.key.clone();
        let binding = match &entry.node.value {
            Value::Date(_) => {
                let message = format!(
                    "`{}` is a TOML date; variables cannot be dates",
                    variable.path
                );
                checker.error(&variable, message).hint = "write the date in quotes".to_owned();
                continue;
            }
            Value::String(text) => Binding::Text {
                name,
                value: Hidden(text.clone()),
            },
            _ => Binding::Json {
                name,
                value: Hidden(entry.node.to_json()),
            },
        };
        found.push(Found {
            binding,
            template: checker.template(&variable),
            group: "variable",
        });
    }
    // A JSON file may repeat a key; the last one counts.
    let mut kept: Vec<Found> = Vec::new();
    for item in found {
        kept.retain(|earlier| earlier.binding.name() != item.binding.name());
        kept.push(item);
    }
    kept
}

fn assets(scope: &Scope<'_>, checker: &mut Checker<'_>) -> Option<Found> {
    let field = scope.inherited("assets")?.child("binding")?;
    let name = checker.string(&field)?.to_owned();
    Some(Found {
        binding: Binding::Assets { name },
        template: checker.template(&field),
        group: "assets",
    })
}

fn worker_loaders(scope: &Scope<'_>, checker: &mut Checker<'_>) -> Vec<Found> {
    let Some(field) = scope.own("worker_loaders") else {
        return Vec::new();
    };
    let names = product_names(&field, Shape::Many("binding"));
    let found = names.into_iter().map(|(name, at)| Found {
        binding: Binding::WorkerLoader { name },
        template: checker.template(&at),
        group: "worker loader",
    });
    found.collect()
}

fn version_metadata(scope: &Scope<'_>, checker: &mut Checker<'_>) -> Option<Found> {
    let field = scope.own("version_metadata")?;
    checker.table(&field)?;
    checker.only_keys(&field, &["binding"]);
    let name = required_text(&field, "binding", checker)?;
    Some(Found {
        binding: Binding::VersionMetadata { name },
        template: checker.template(&field.child("binding")?),
        group: "version metadata",
    })
}

/// Rate limits, also those that an older project has among its `unsafe` bindings.
fn rate_limits(scope: &Scope<'_>, checker: &mut Checker<'_>) -> Vec<Found> {
    let field = scope.own("ratelimits");
    let mut items = field
        .and_then(|field| checker.array(&field))
        .unwrap_or_default();
    let older = scope
        .own("unsafe")
        .and_then(|field| field.child("bindings"));
    if let Some(older) = older
        && let Value::Array(bindings) = &older.node.value
    {
        let all = bindings.iter().enumerate();
        let all = all.map(|(index, item)| older.item(index, item));
        items.extend(all.filter(is_older_rate_limit));
    }
    items
        .iter()
        .filter_map(|item| rate_limit(item, checker))
        .collect()
}

/// Whether an `unsafe` binding is a rate limit.
fn is_older_rate_limit(binding: &Field<'_>) -> bool {
    let kind = binding.child("type");
    kind.is_some_and(|kind| matches!(&kind.node.value, Value::String(kind) if kind == "ratelimit"))
}

fn rate_limit(item: &Field<'_>, checker: &mut Checker<'_>) -> Option<Found> {
    checker.table(item)?;
    checker.only_keys(item, &["name", "namespace_id", "simple", "type"]);
    let name = required_text(item, "name", checker);
    let namespace_id = required_text(item, "namespace_id", checker);
    let simple = super::bundle::required(item, "simple", checker)?;
    checker.table(&simple)?;
    checker.only_keys(&simple, &["limit", "period"]);
    let limit = super::bundle::required(&simple, "limit", checker);
    let limit = limit.and_then(|limit| checker.integer(&limit, 1, u64::from(u32::MAX), ""));
    let period = super::bundle::required(&simple, "period", checker)?;
    let seconds = checker.integer(&period, 10, 60, " seconds")?;
    if seconds != 10 && seconds != 60 {
        let message = format!(
            "`{}` is {seconds}; it must be 10 or 60 seconds",
            period.path
        );
        checker.value_error(&period, message);
        return None;
    }
    Some(Found {
        binding: Binding::RateLimit {
            name: name?,
            namespace_id: namespace_id?,
            limit: u32::try_from(limit?).ok()?,
            period_seconds: seconds,
        },
        template: checker.template(&item.child("name")?),
        group: "rate limit",
    })
}

/// `limits` are the rate limits, some of which are `unsafe` bindings.
fn products(scope: &Scope<'_>, limits: &[Found], checker: &mut Checker<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (key, shape, product) in PRODUCTS {
        let field = match crate::env::TOP_LEVEL.contains(key) {
            true => scope.at_top(key),
            false if crate::env::INHERITED.contains(key) => scope.inherited(key),
            false => scope.own(key),
        };
        let Some(field) = field else { continue };
        for (name, at) in product_names(&field, *shape) {
            if *key == "unsafe" && limits.iter().any(|limit| limit.binding.name() == name) {
                continue;
            }
            let message =
                format!("`{name}` is bound to a product that does not exist here: {product}");
            let warning = checker.warning(&at, message);
            warning.hint = format!("the program starts, but using `env.{name}` throws");
            found.push(Found {
                template: checker.template(&at),
                binding: Binding::Unsupported {
                    class: workflow_class(key, &field, &name),
                    name,
                    kind: (*product).to_owned(),
                },
                group: product,
            });
        }
    }
    found
}

/// The class of the workflow that is bound to `name`.
fn workflow_class(key: &str, field: &Field<'_>, name: &str) -> Option<NamedClass> {
    let Value::Array(items) = &field.node.value else {
        return None;
    };
    let text = |item: &Node, key: &str| match &item.get(key)?.node.value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let item = items
        .iter()
        .find(|item| key == "workflows" && text(item, "binding").as_deref() == Some(name))?;
    Some(NamedClass {
        name: text(item, "class_name")?,
        service: text(item, "script_name"),
    })
}

/// Lists what a product's key binds; whatever has another shape is no business of this system.
fn product_names<'a>(field: &Field<'a>, shape: Shape) -> Vec<(String, Field<'a>)> {
    let named = |table: &Field<'a>, key: &str| {
        let field = table.child(key)?;
        match &field.node.value {
            Value::String(name) => Some((name.clone(), field)),
            _ => None,
        }
    };
    let many = |array: &Field<'a>, key: &str| match &array.node.value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| named(&array.item(index, item), key))
            .collect(),
        _ => Vec::new(),
    };
    match shape {
        Shape::One(key) => named(field, key).into_iter().collect(),
        Shape::Many(key) => many(field, key),
        Shape::Inner(outer, key) => field
            .child(outer)
            .map_or_else(Vec::new, |inner| many(&inner, key)),
        Shape::Keys => field
            .node
            .entries()
            .iter()
            .map(|entry| (entry.key.clone(), Field::inside(&field.path, entry)))
            .collect(),
    }
}

/// Returns the names of the bindings in a `durable_objects` table.
pub(crate) fn binding_names(table: &Node) -> Vec<String> {
    let Some(Value::Array(items)) = table.get("bindings").map(|entry| &entry.node.value) else {
        return Vec::new();
    };
    items
        .iter()
        .filter_map(|item| match &item.get("name")?.node.value {
            Value::String(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests;
