//! What must hold for the workspace as a whole: who may depend on whom, and on what terms.

mod crate_graph;
mod licences;
mod links;
mod metadata;
mod used_dependencies;
