//! Names of the modules that the runtime supplies: Node.js built-ins, and Cloudflare's own schemes.
//!
//! Only names; which of them work is the worker crate's business.

/// Built-in modules of Node.js that may be imported without `node:`, subpaths included.
///
/// Source: <https://nodejs.org/api/modules.html#built-in-modules>
const BARE: &[&str] = &[
    "_http_agent",
    "_http_client",
    "_http_common",
    "_http_incoming",
    "_http_outgoing",
    "_http_server",
    "_stream_duplex",
    "_stream_passthrough",
    "_stream_readable",
    "_stream_transform",
    "_stream_wrap",
    "_stream_writable",
    "_tls_common",
    "_tls_wrap",
    "assert",
    "assert/strict",
    "async_hooks",
    "buffer",
    "child_process",
    "cluster",
    "console",
    "constants",
    "crypto",
    "dgram",
    "diagnostics_channel",
    "dns",
    "dns/promises",
    "domain",
    "events",
    "fs",
    "fs/promises",
    "http",
    "http2",
    "https",
    "inspector",
    "inspector/promises",
    "module",
    "net",
    "os",
    "path",
    "path/posix",
    "path/win32",
    "perf_hooks",
    "process",
    "punycode",
    "querystring",
    "readline",
    "readline/promises",
    "repl",
    "stream",
    "stream/consumers",
    "stream/promises",
    "stream/web",
    "string_decoder",
    "sys",
    "timers",
    "timers/promises",
    "tls",
    "trace_events",
    "tty",
    "url",
    "util",
    "util/types",
    "v8",
    "vm",
    "wasi",
    "worker_threads",
    "zlib",
];

/// Built-in modules that exist only with the `node:` prefix.
const PREFIXED: &[&str] = &["sea", "sqlite", "test", "test/reporters"];

/// Returns the name without `node:` when `specifier` is a built-in module of Node.js.
pub(crate) fn node_builtin(specifier: &str) -> Option<&str> {
    match specifier.strip_prefix("node:") {
        Some(name) => {
            (BARE.binary_search(&name).is_ok() || PREFIXED.contains(&name)).then_some(name)
        }
        None => BARE.binary_search(&specifier).is_ok().then_some(specifier),
    }
}

/// Whether the runtime supplies every module of this specifier's scheme.
pub(crate) fn is_cloudflare(specifier: &str) -> bool {
    specifier.starts_with("cloudflare:") || specifier.starts_with("workerd:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_it_can_be_searched() {
        assert!(BARE.is_sorted());
    }

    #[test]
    fn builtins_are_found_with_and_without_the_prefix() {
        for (specifier, name) in [
            ("buffer", Some("buffer")),
            ("node:buffer", Some("buffer")),
            ("node:fs/promises", Some("fs/promises")),
            ("node:test", Some("test")),
            ("test", None),
            ("buffer/", None),
            ("node:nothing", None),
            ("./fs", None),
        ] {
            assert_eq!(node_builtin(specifier), name, "{specifier}");
        }
    }
}
