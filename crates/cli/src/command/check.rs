//! `stated check`: say what is wrong with a project, without running it.

use serde_json::{Value, json};
use stated_config::{Config, LocalSecrets, Severity};
use stated_node::{BuildError, Built, Checked, build, check};

use super::project;
use crate::arguments::{Check, HEAP_MB};
use crate::failure::Failure;
use crate::printer;

/// Reads, builds and loads every project as `dev` would, and stops before anything runs or is kept.
///
/// # Errors
/// When there is an error; all of them have been printed then.
pub(crate) async fn run(arguments: &Check) -> Result<(), Failure> {
    let mut findings = Findings::default();
    let services = match project::examine(&arguments.selection, &LocalSecrets::Read) {
        Ok(examined) => {
            for diagnostic in &examined.diagnostics {
                findings.add_config(diagnostic);
            }
            for text in &examined.without_effect {
                findings.add(Severity::Warning, text);
            }
            let configs = examined.projects.into_iter().map(|project| project.config);
            build_all(configs, &mut findings).await
        }
        Err(failure) => {
            findings.add_failure(&failure);
            Vec::new()
        }
    };
    let checked = check(&services, HEAP_MB << 20).await;
    for ((config, _), checked) in services.iter().zip(&checked) {
        for error in &checked.errors {
            findings.add_failure(&Failure::from(error));
        }
        for warning in &checked.warnings {
            findings.add(
                Severity::Warning,
                &format!("service `{}`: {warning}", config.name),
            );
        }
    }
    if arguments.json {
        print_json(&services, &checked, &findings);
    } else {
        print_text(&services, &checked, &findings);
    }
    match findings.count(Severity::Error) {
        0 => Ok(()),
        _ => Err(Failure::told()),
    }
}

async fn build_all(
    configs: impl Iterator<Item = Config>,
    findings: &mut Findings,
) -> Vec<(Config, Option<Built>)> {
    let mut services = Vec::new();
    for config in configs {
        let built = match build(&config, &project::node_env(project::PRODUCTION)).await {
            Ok(built) => {
                for warning in &built.warnings {
                    findings.add_bundle(warning);
                }
                Some(built)
            }
            Err(BuildError::Bundle(failure)) => {
                for diagnostic in &failure.diagnostics {
                    findings.add_bundle(diagnostic);
                }
                None
            }
            Err(error) => {
                findings.add(Severity::Error, &error.to_string());
                None
            }
        };
        services.push((config, built));
    }
    services
}

/// Everything that was found, in order.
#[derive(Default)]
struct Findings {
    found: Vec<Finding>,
}

struct Finding {
    severity: Severity,
    /// For people.
    text: String,
    /// The parts.
    record: Value,
}

impl Findings {
    fn add(&mut self, severity: Severity, text: &str) {
        self.push(severity, text.to_owned(), json!({ "message": text }));
    }

    fn add_failure(&mut self, failure: &Failure) {
        let record = json!({ "message": failure.message(), "hint": failure.hint() });
        self.push(Severity::Error, failure.to_string(), record);
    }

    fn add_config(&mut self, found: &stated_config::Diagnostic) {
        let place = found.place.as_ref();
        let record = json!({
            "message": found.message,
            "file": found.path.display().to_string(),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "key": Some(&found.key).filter(|key| !key.is_empty()),
            "hint": Some(&found.hint).filter(|hint| !hint.is_empty()),
        });
        self.push(found.severity, found.to_string(), record);
    }

    fn add_bundle(&mut self, found: &stated_bundle::Diagnostic) {
        let (severity, mark) = match found.severity {
            stated_bundle::Severity::Error => (Severity::Error, "error: "),
            stated_bundle::Severity::Warning => (Severity::Warning, "warning: "),
        };
        let place = found.location.as_ref();
        let record = json!({
            "message": found.message,
            "file": place.map(|place| &place.file),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "notes": found.notes,
            "hint": found.hint,
        });
        // The bundler marks its diagnostics itself; so does the printer.
        let text = found.to_string();
        let text = text.strip_prefix(mark).unwrap_or(&text).to_owned();
        self.push(severity, text, record);
    }

    fn push(&mut self, severity: Severity, text: String, mut record: Value) {
        record["severity"] = match severity {
            Severity::Warning => "warning".into(),
            Severity::Error => "error".into(),
        };
        if let Some(parts) = record.as_object_mut() {
            parts.retain(|_, part| !part.is_null());
        }
        self.found.push(Finding {
            severity,
            text,
            record,
        });
    }

    fn count(&self, severity: Severity) -> usize {
        self.found
            .iter()
            .filter(|found| found.severity == severity)
            .count()
    }
}

fn print_text(services: &[(Config, Option<Built>)], checked: &[Checked], findings: &Findings) {
    for found in &findings.found {
        match found.severity {
            Severity::Warning => printer::warning(&found.text),
            Severity::Error => printer::error(&Failure::new(&found.text)),
        }
    }
    for ((config, _), checked) in services.iter().zip(checked) {
        project::print_bindings(config);
        if !checked.exports.is_empty() {
            let names: Vec<&str> = checked
                .exports
                .iter()
                .map(|export| export.name.as_str())
                .collect();
            printer::line(&format!(
                "Service {} exports {}",
                config.name,
                names.join(", ")
            ));
        }
    }
    let counted = |count: usize, what: &str| match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    printer::line(&format!(
        "Checked {}: {}, {}",
        counted(services.len(), "service"),
        counted(findings.count(Severity::Error), "error"),
        counted(findings.count(Severity::Warning), "warning"),
    ));
}

fn print_json(services: &[(Config, Option<Built>)], checked: &[Checked], findings: &Findings) {
    let service = |config: &Config, checked: &Checked| {
        let bindings: Vec<Value> = config
            .bindings
            .iter()
            .map(|binding| {
                let (name, what) = project::binding_row(binding);
                json!({ "name": name, "what": what })
            })
            .collect();
        let exports: Vec<Value> = checked
            .exports
            .iter()
            .map(|export| {
                json!({ "name": export.name, "kind": export.kind, "handlers": export.handlers })
            })
            .collect();
        json!({
            "name": config.name,
            "file": config.path.display().to_string(),
            "main": config.main.as_ref().map(|main| main.display().to_string()),
            "environment": config.environment,
            "compatibilityDate": config.compatibility.date().to_string(),
            "bindings": bindings,
            "exports": exports,
        })
    };
    let services: Vec<Value> = services
        .iter()
        .zip(checked)
        .map(|((config, _), checked)| service(config, checked))
        .collect();
    let record = json!({
        "ok": findings.count(Severity::Error) == 0,
        "services": services,
        "diagnostics": findings.found.iter().map(|found| &found.record).collect::<Vec<_>>(),
    });
    printer::line(&format!("{record:#}"));
}
