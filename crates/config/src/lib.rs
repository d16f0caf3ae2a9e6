//! A wrangler project file, checked: from TOML or JSON to one [`Config`] without gaps.
//!
//! [`load`] finds the project file, reads it with the local secrets beside it, picks an
//! environment, and returns the checked project or everything that is wrong with it, each with
//! file, line, column and key. Nothing here starts, bundles or stores anything, and no clock or
//! environment variable is read. Values of variables and secrets never appear in a message.
//!
//! The modules in the order of the work: find the file (`find`), keep its text (`source`),
//! parse it into one tree whatever its syntax (`raw`), pick the environment (`env`), check it
//! (`check`, [`migrations`], `dev_vars`) into the domain types ([`project`]), and check several
//! projects against each other ([`references`]). [`diagnostic`] is what they all report, and
//! [`types`] is what TypeScript is told of the outcome.

mod find;
mod source;
mod raw;
mod env;
mod check;
mod dev_vars;
mod load;
#[cfg(test)]
mod fixture;

pub mod diagnostic;
pub mod migrations;
pub mod project;
pub mod references;
pub mod types;

pub use diagnostic::{Diagnostic, Severity};
pub use find::FILE_NAMES;
pub use load::{LocalSecrets, Made, Overrides, Project, Rejected, Request, find_file, load};
pub use project::{Binding, Config};
pub use references::check_references;
