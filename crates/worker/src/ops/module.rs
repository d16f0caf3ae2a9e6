//! Built-in modules, loaded while JavaScript runs.

use crate::loader::BUNDLE_FILES;
use crate::op::{Op, OpError, OpResult};

/// The modules of the library that are loaded when they are asked for, besides Node's.
const ON_DEMAND: [&str; 3] = [BUNDLE_FILES, "stated:older-url", "stated:older-url-fetch"];

/// `builtInModule`: evaluates a module of the program's built-ins and returns its namespace.
///
/// Asked for by programs of older dates, by globals that are made at first use, and by `process.getBuiltinModule`. No built-in
/// module awaits at top level, so the namespace is complete.
///
/// # Errors
/// What the import of the module throws: there may be none of that name.
pub(crate) fn built_in<'s>(op: &mut Op<'_, 's>) -> OpResult<'s> {
    let specifier = op.text(0)?;
    if !specifier.starts_with("node:") && !ON_DEMAND.contains(&specifier.as_str()) {
        return Err(OpError::type_error(format!(
            "`{specifier}` is not a module of Node.js"
        )));
    }
    let (namespace, _) = op.scope.evaluate_module(&specifier)?;
    Ok(namespace)
}
