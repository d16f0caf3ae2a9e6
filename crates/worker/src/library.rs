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
    "clone-errors",
    "cloudflare-workers",
    "console",
    "console-table",
    "context",
    "critical-section",
    "crypto",
    "dom-exception",
    "durable-object",
    "durable-object-id",
    "encoding",
    "entrypoint",
    "entrypoint-classes",
    "error-transport",
    "event",
    "event-target",
    "execution-context",
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
    "kv-operations",
    "main",
    "namespace",
    "navigator",
    "performance",
    "platform-classes",
    "program",
    "report",
    "request",
    "response",
    "rpc",
    "rpc-callee",
    "rpc-path",
    "rpc-target",
    "scheduler",
    "serialize",
    "service",
    "settings",
    "sql",
    "storage",
    "streams",
    "streams/extensions",
    "streams/identity",
    "streams/inside",
    "streams/text",
    "structured-clone",
    "sync-kv",
    "timers",
    "transaction",
    "url",
    "url-search-params",
    "vendor/web-streams-polyfill",
    "webidl",
    "websocket",
    "wire-errors",
    "wire-format",
    "wire-reader",
    "wire-writer",
}

/// The text of a library module.
pub(crate) fn library_module(name: &str) -> Option<&'static str> {
    LIBRARY.binary_search_by_key(&name, |(name, _)| name).ok().map(|index| LIBRARY[index].1)
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
        names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/js"), "", &mut found);
        found.sort();

        let embedded: Vec<_> = LIBRARY.iter().map(|(name, _)| *name).collect();

        assert_eq!(embedded, found);
    }
}
