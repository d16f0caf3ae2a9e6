//! Several projects against each other: do the services they name exist?

use crate::check::ReferenceKind;
use crate::diagnostic::{Diagnostic, Severity, nearest};
use crate::load::Project;

/// Checks every binding to another service over the whole set of projects that run together.
///
/// A service that is not in the set is an error, and so are two projects of one name. A class that
/// the other service does not declare is a warning, because it may still export it.
pub fn check_references(projects: &[Project]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for (index, project) in projects.iter().enumerate() {
        let name = &project.config.name;
        if let Some(other) = projects[..index].iter().find(|it| it.config.name == *name) {
            let message = format!(
                "the name `{name}` is also that of {}",
                other.config.path.display()
            );
            let error = Diagnostic::new(Severity::Error, &project.config.path, message);
            diagnostics.push(error.with_hint("give one of the two another `name`"));
        }
        let problems = project.references.iter().filter_map(|reference| {
            let found = problem(projects, reference)?;
            Some(Diagnostic {
                severity: found.severity,
                message: found.message,
                hint: found.hint,
                ..reference.template.clone()
            })
        });
        diagnostics.extend(problems);
    }
    diagnostics
}

struct Problem {
    severity: Severity,
    message: String,
    hint: String,
}

fn problem(projects: &[Project], reference: &crate::check::Reference) -> Option<Problem> {
    let (binding, service) = (&reference.binding, &reference.service);
    let Some(target) = projects.iter().find(|it| it.config.name == *service) else {
        let names = projects.iter().map(|it| it.config.name.as_str());
        let hint = nearest(service, names).map_or_else(
            || "name its project file with a further --config".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Some(Problem {
            severity: Severity::Error,
            message: format!("binding `{binding}` needs service `{service}`, which is not running"),
            hint,
        });
    };
    let ReferenceKind::Class(class) = &reference.kind else {
        return None;
    };
    let live = &target.config.classes.live;
    if live.contains_key(class) {
        return None;
    }
    let hint = nearest(class, live.keys().map(String::as_str))
        .map_or_else(String::new, |near| format!("did you mean `{near}`?"));
    Some(Problem {
        severity: Severity::Warning,
        message: format!(
            "binding `{binding}` needs class `{class}`, which service `{service}` does not declare"
        ),
        hint,
    })
}

#[cfg(test)]
mod tests;
