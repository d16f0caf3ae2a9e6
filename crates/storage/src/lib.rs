//! One SQLite database for one object, and nothing about what runs above it.
