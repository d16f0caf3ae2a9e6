//! Shared fixtures of the tests: a started server, an HTTP client, a WebSocket client.
