//! Builds small projects and looks at what comes out. One binary, because linking the bundler is
//! what takes time.

mod assets;
mod decorators;
mod errors;
mod languages;
mod no_bundle;
mod packages;
mod project;
mod source_maps;
