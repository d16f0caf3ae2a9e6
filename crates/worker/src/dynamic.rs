//! Dynamic workers: programs that a program brings along and runs, each in a realm of its own.
//!
//! A realm is on the shard that loaded it, shares the shard's heap and its limits, and reaches
//! nothing but what its `env` holds. The table keeps the most recently used ones; one that it dropped
//! is loaded again when somebody needs it, which is the library's business (js/worker-loader.js). Code
//! that still runs keeps its realm.
//!
//! Source: reference section 17.

use std::cell::RefCell;
use std::rc::Rc;

use stated_core::compat::{CompatDate, Compatibility, FlagProblem};
use stated_object::capability::Message;

use crate::loader::Source;
use crate::worker::{LoadError, Loaded, Worker, startup_code_generation};

/// Dynamic workers that a shard keeps loaded.
pub(crate) const DYNAMIC_WORKERS_MAX: usize = 64;

/// What a realm gets beside its code; nothing for a service's own program.
#[derive(Default)]
pub(crate) struct Dynamic {
    /// Its `env` and where its requests go, as one serialized value.
    pub(crate) env: Message,
    pub(crate) outbound: Outbound,
}

/// Where the `fetch()` of a program goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Outbound {
    /// To the outside.
    #[default]
    Network,
    /// Nowhere, or to a stub, which the library calls instead.
    Nowhere,
}

/// The programs that are loaded, by number, the most recently used one last.
#[derive(Default)]
pub(crate) struct Dynamics(RefCell<Vec<(u64, Rc<Loaded>)>>);

impl Dynamics {
    fn insert(&self, number: u64, program: Rc<Loaded>) {
        let mut programs = self.0.borrow_mut();
        let dropped = (programs.len() >= DYNAMIC_WORKERS_MAX).then(|| programs.remove(0));
        programs.push((number, program));
        drop(programs);
        drop(dropped);
    }

    fn get(&self, number: u64) -> Option<Rc<Loaded>> {
        let mut programs = self.0.borrow_mut();
        let position = programs.iter().position(|(other, _)| *other == number)?;
        let entry = programs.remove(position);
        let program = entry.1.clone();
        programs.push(entry);
        Some(program)
    }

    pub(crate) fn clear(&self) {
        let programs = self.0.take();
        drop(programs);
    }
}

/// What a program says about the worker it loads.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DynamicConfig {
    pub(crate) compatibility_date: String,
    pub(crate) compatibility_flags: Vec<String>,
}

impl DynamicConfig {
    /// Works out the library's configuration.
    ///
    /// # Errors
    /// The text of the error that the program gets.
    pub(crate) fn init_json(&self) -> Result<String, String> {
        let text = &self.compatibility_date;
        let date: CompatDate = text
            .parse()
            .map_err(|_| format!("Invalid compatibility date: {text}"))?;
        if date > CompatDate::LATEST {
            return Err(format!(
                "This Worker requires compatibility date \"{date}\", but the newest date supported by this server binary is \"{}\".",
                CompatDate::LATEST
            ));
        }
        let (compatibility, problems) = Compatibility::resolve(date, &self.compatibility_flags);
        if let Some(problem) = problems.first() {
            return Err(match problem {
                FlagProblem::Unknown { flag } => format!("No such compatibility flag: {flag}"),
                FlagProblem::Conflict { on, off } => {
                    format!("Compatibility flags are mutually contradictory: {on} vs {off}")
                }
            });
        }
        let flags: Vec<&str> = compatibility.in_force().collect();
        let other_flags: Vec<&str> = compatibility.not_in_force().collect();
        let init = serde_json::json!({
            "serviceName": "dynamic",
            "compatibilityDate": date.to_string(),
            "flags": flags,
            "otherFlags": other_flags,
            "bindings": [],
            "classes": {},
        });
        Ok(init.to_string())
    }
}

impl Worker {
    /// Loads a program and returns its number.
    ///
    /// # Errors
    /// What it threw while its modules were evaluated.
    pub(crate) fn load_dynamic(
        self: &Rc<Self>,
        source: Source,
        init_json: &str,
        dynamic: Dynamic,
    ) -> Result<u64, LoadError> {
        let code_generation = startup_code_generation(init_json);
        let program = self.load_realm(source, init_json, code_generation, dynamic)?;
        let number = self.numbers().next();
        self.dynamics.insert(number, program);
        Ok(number)
    }

    /// A program that is still loaded.
    pub(crate) fn dynamic_program(&self, number: u64) -> Option<Rc<Loaded>> {
        self.dynamics.get(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn init(date: &str, flags: &[&str]) -> Result<String, String> {
        DynamicConfig {
            compatibility_date: date.to_owned(),
            compatibility_flags: flags.iter().map(|&flag| flag.to_owned()).collect(),
        }
        .init_json()
    }

    #[test]
    fn dates_and_flags_are_worked_out() {
        let json = init("2026-08-01", &["nodejs_als"]).unwrap();

        assert!(
            json.contains("\"compatibilityDate\":\"2026-08-01\""),
            "{json}"
        );
        assert!(json.contains("\"nodejs_als\""), "{json}");
        assert!(json.contains("\"rpc\""), "{json}");
    }

    #[test]
    fn bad_dates_and_flags_have_workerds_texts() {
        assert_eq!(
            init("nope", &[]).unwrap_err(),
            "Invalid compatibility date: nope"
        );
        assert_eq!(
            init("2099-01-01", &[]).unwrap_err(),
            format!(
                "This Worker requires compatibility date \"2099-01-01\", but the newest date supported by this server binary is \"{}\".",
                CompatDate::LATEST
            )
        );
        assert_eq!(
            init("2026-08-01", &["nope"]).unwrap_err(),
            "No such compatibility flag: nope"
        );
    }
}
