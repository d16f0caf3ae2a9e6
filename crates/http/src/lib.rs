//! HTTP and WebSocket at the edges of the process: the listener and the client.
