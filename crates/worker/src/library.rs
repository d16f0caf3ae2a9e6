//! The JavaScript library, embedded.

macro_rules! library {
    ($($name:literal,)*) => {
        /// Module name (behind `stated:`) and text of every file in `js/`.
        pub(crate) const LIBRARY: &[(&str, &str)] = &[$(($name, include_str!(concat!("js/", $name, ".js")))),*];
    };
}

library! {
    "abort",
    "async-context",
    "bindings",
    "blob",
    "body",
    "body-stream",
    "cache",
    "clone-errors",
    "cloudflare-email",
    "cloudflare-workers",
    "common-js",
    "console",
    "console-table",
    "context",
    "critical-section",
    "crypto",
    "crypto/algorithm",
    "crypto/curves",
    "crypto/digest-stream",
    "crypto/jwk",
    "crypto/key",
    "crypto/rsa",
    "crypto/secret",
    "crypto/subtle",
    "dom-exception",
    "durable-object",
    "durable-object-id",
    "dynamic-env",
    "encoding",
    "entrypoint",
    "entrypoint-classes",
    "error-transport",
    "event",
    "event-source",
    "event-target",
    "execution-context",
    "facets",
    "fetch",
    "fetcher",
    "form-data",
    "globals",
    "headers",
    "hibernation",
    "http-answer",
    "inspect",
    "inspect-layout",
    "inspect-text",
    "inspect-value",
    "kept-message",
    "kv-operations",
    "main",
    "message-channel",
    "mime-type",
    "namespace",
    "navigator",
    "node-globals",
    "node-support/async-resource",
    "node-support/builtin-modules",
    "node-support/byte-text",
    "node-support/deep-equal",
    "node-support/errors",
    "node-support/hashing",
    "node-support/next-tick",
    "node-support/unimplemented",
    "node-support/web-streams",
    "node-support/zlib-constants",
    "node-support/zlib-stream",
    "node/_http_agent",
    "node/_http_client",
    "node/_http_common",
    "node/_http_incoming",
    "node/_http_outgoing",
    "node/_http_server",
    "node/_stream_duplex",
    "node/_stream_passthrough",
    "node/_stream_readable",
    "node/_stream_transform",
    "node/_stream_wrap",
    "node/_stream_writable",
    "node/_tls_common",
    "node/_tls_wrap",
    "node/assert",
    "node/assert/strict",
    "node/async_hooks",
    "node/buffer",
    "node/child_process",
    "node/cluster",
    "node/console",
    "node/constants",
    "node/crypto",
    "node/dgram",
    "node/diagnostics_channel",
    "node/dns",
    "node/dns/promises",
    "node/domain",
    "node/events",
    "node/fs",
    "node/fs/promises",
    "node/http",
    "node/http2",
    "node/https",
    "node/inspector",
    "node/inspector/promises",
    "node/module",
    "node/net",
    "node/os",
    "node/path",
    "node/path/posix",
    "node/path/win32",
    "node/perf_hooks",
    "node/process",
    "node/punycode",
    "node/querystring",
    "node/readline",
    "node/readline/promises",
    "node/repl",
    "node/sqlite",
    "node/stream",
    "node/stream/consumers",
    "node/stream/promises",
    "node/stream/web",
    "node/string_decoder",
    "node/sys",
    "node/test",
    "node/timers",
    "node/timers/promises",
    "node/tls",
    "node/trace_events",
    "node/tty",
    "node/url",
    "node/util",
    "node/util/types",
    "node/v8",
    "node/vm",
    "node/wasi",
    "node/worker_threads",
    "node/zlib",
    "object-class",
    "performance",
    "performance-entries",
    "platform-classes",
    "program",
    "report",
    "request",
    "response",
    "rpc",
    "rpc-callee",
    "rpc-channel",
    "rpc-export",
    "rpc-message",
    "rpc-path",
    "rpc-target",
    "rpc-values",
    "scheduler",
    "serialize",
    "service",
    "settings",
    "sql",
    "storage",
    "streams",
    "streams/compression",
    "streams/extensions",
    "streams/identity",
    "streams/inside",
    "streams/text",
    "structured-clone",
    "sync-kv",
    "timers",
    "transaction",
    "uncaught",
    "url",
    "url-pattern",
    "url-search-params",
    "vendor/node/buffer",
    "vendor/node/path-unified",
    "vendor/node/punycode",
    "vendor/node/readable-stream",
    "vendor/node/string_decoder",
    "vendor/node/url",
    "vendor/urlpattern-polyfill",
    "vendor/web-streams-polyfill",
    "web-assembly",
    "webidl",
    "websocket",
    "wire-errors",
    "wire-format",
    "wire-reader",
    "wire-writer",
    "worker-loader",
}

/// The text of a library module.
pub(crate) fn library_module(name: &str) -> Option<&'static str> {
    LIBRARY
        .binary_search_by_key(&name, |(name, _)| name)
        .ok()
        .map(|index| LIBRARY[index].1)
}

#[cfg(test)]
mod tests {
    use super::LIBRARY;
    use std::path::Path;

    fn names(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            if path.is_dir() {
                names(&path, &format!("{prefix}{stem}/"), found);
            } else if path.extension().is_some_and(|extension| extension == "js") {
                found.push(format!("{prefix}{stem}"));
            }
        }
    }

    #[test]
    fn every_file_of_the_folder_is_embedded_in_order() {
        let mut found = Vec::new();
        names(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/js"),
            "",
            &mut found,
        );
        found.sort();

        let embedded: Vec<_> = LIBRARY.iter().map(|(name, _)| *name).collect();

        assert_eq!(embedded, found);
    }
}
