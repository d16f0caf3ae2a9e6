//! The composition root: shards, services, listeners and shutdown.
