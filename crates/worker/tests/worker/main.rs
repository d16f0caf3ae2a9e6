//! A worker without a server: programs loaded into the engine and called with the real operations.
//!
//! `contexts` looks at what outlives an event, `library` runs the JavaScript library's own tests,
//! `startup` looks at what a program may do while it is loaded.

mod contexts;
mod host;
mod library;
mod startup;
