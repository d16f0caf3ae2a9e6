//! No crate lists a dependency that its sources do not mention.

use std::fs;
use std::path::Path;

use crate::metadata::{Kind, members};

#[test]
fn every_dependency_is_mentioned_in_the_sources_of_its_crate() {
    let mut unused = Vec::new();
    for member in members() {
        let code = sources(&member.folder.join("src"));
        let mut all = code.clone();
        for folder in ["tests", "examples", "benches"] {
            all.push_str(&sources(&member.folder.join(folder)));
        }
        let build = fs::read_to_string(member.folder.join("build.rs")).unwrap_or_default();
        for dependency in &member.dependencies {
            let place = match dependency.kind {
                Kind::Normal => &code,
                Kind::Development => &all,
                Kind::Build => &build,
            };
            // The library of `md-5` is `md5`, that of `tokio-util` is `tokio_util`.
            let names = [
                dependency.name.replace('-', "_"),
                dependency.name.replace('-', ""),
            ];
            if !names.iter().any(|name| mentions(place, name)) {
                unused.push(format!("{}: {}", member.name, dependency.name));
            }
        }
    }

    assert!(
        unused.is_empty(),
        "dependencies that no source mentions: {unused:#?}"
    );
}

#[test]
fn a_mention_is_a_path_that_begins_with_the_name() {
    assert!(mentions("use http::Method;", "http"));
    assert!(mentions("fn f(a: &bytes::Bytes) {}", "bytes"));
    assert!(mentions("extern crate url;", "url"));
    assert!(!mentions("use stated_http::Method;", "http"));
    assert!(!mentions("use http_body::Body;", "http"));
    assert!(!mentions("let http = 1;", "http"));
    assert!(!mentions("use crate::http::Method;", "http"));
}

/// Whether Rust code has a path that begins with the crate's name.
fn mentions(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(start, _)| {
        let before = &code[..start];
        let after = &code[start + name.len()..];
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let first = !before.ends_with("::") || before.ends_with(" ::");
        let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
        let imported =
            after.starts_with(';') && matches!(line, "use " | "pub use " | "extern crate ");
        let path = after.starts_with("::") || imported;
        whole && first && path
    })
}

/// All Rust files below a folder, one after the other; nothing when there is no such folder.
fn sources(folder: &Path) -> String {
    let Ok(entries) = fs::read_dir(folder) else {
        return String::new();
    };
    let mut text = String::new();
    for entry in entries {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(&path).expect("the file is readable"));
        }
    }
    text
}
