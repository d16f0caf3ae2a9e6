//! The stated command.
fn main() {}
