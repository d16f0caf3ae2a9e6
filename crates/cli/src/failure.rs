//! Why a command failed, in words for its user.

use std::fmt;

use stated_admin::Refusal;
use stated_config::Rejected;
use stated_node::{BuildError, StartError};

/// A failed command: what happened and, where there is one, the way out.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A failure whose reasons have been printed already.
    pub(crate) fn told() -> Self {
        Self::new("")
    }

    pub(crate) fn is_told(&self) -> bool {
        self.message.is_empty()
    }

    /// What happened, without the way out.
    pub(crate) fn message(&self) -> String {
        without_os_codes(self.message.trim_end())
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// 1: something in the project, the arguments or the environment is wrong.
    pub(crate) fn exit_code(&self) -> u8 {
        1
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Cuts "(os error 98)", which helps nobody who reads "Address already in use".
fn without_os_codes(message: &str) -> String {
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(start) = rest.find(" (os error ") {
        text.push_str(&rest[..start]);
        let after = &rest[start..];
        rest = after.find(')').map_or("", |end| &after[end + 1..]);
    }
    text + rest
}

impl From<Rejected> for Failure {
    fn from(rejected: Rejected) -> Self {
        Self::new(rejected.to_string())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.to_string())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        // The bundler marks its diagnostics itself; the printer marks the first one.
        let text = error.to_string();
        Self::new(text.strip_prefix("error: ").unwrap_or(&text))
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::from(&error)
    }
}

impl From<&StartError> for Failure {
    fn from(error: &StartError) -> Self {
        let failure = Self::new(error.to_string());
        match error {
            StartError::Data(_) => {
                failure.with_hint("choose another data folder with --persist-to FOLDER")
            }
            StartError::NotExported { class, .. } => failure.with_hint(format!(
                "add `export class {class} {{ … }}` to the entry module, or remove the binding"
            )),
            StartError::Listen(_)
            | StartError::Assets { .. }
            | StartError::Alarms(_)
            | StartError::Program { .. }
            | StartError::Thread(_) => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_operating_system_are_not_shown() {
        let failure =
            Failure::new("open `a`: No such file (os error 2): open `b`: Denied (os error 13)");

        assert_eq!(
            failure.to_string(),
            "open `a`: No such file: open `b`: Denied"
        );
    }

    #[test]
    fn a_hint_stands_on_a_line_of_its_own() {
        let failure = Failure::new("no").with_hint("try this");

        assert_eq!(failure.to_string(), "no\nhint: try this");
    }
}
