//! What cargo knows about the workspace.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use stated_testkit::project::repository;

/// Runs cargo on the workspace, without network, and returns what it prints.
pub(crate) fn cargo(arguments: &[&str]) -> String {
    let cargo = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--locked"])
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    assert!(
        cargo.status.success(),
        "{}",
        String::from_utf8_lossy(&cargo.stderr)
    );
    String::from_utf8(cargo.stdout).expect("cargo prints UTF-8")
}

/// One crate of the workspace.
pub(crate) struct Member {
    /// Its name without the `stated-` in front.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a crate's dependencies.
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
}

/// What a dependency is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Normal,
    Build,
    Development,
}

/// The crates of the workspace by name.
pub(crate) fn members() -> Vec<Member> {
    let metadata = cargo(&["metadata", "--format-version", "1", "--no-deps"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("packages is a list");
    let mut members: Vec<Member> = packages
        .iter()
        .map(|package| Member {
            name: short_name(text(&package["name"])).to_owned(),
            folder: PathBuf::from(text(&package["manifest_path"]))
                .parent()
                .expect("a manifest is in a folder")
                .to_owned(),
            dependencies: package["dependencies"]
                .as_array()
                .expect("dependencies is a list")
                .iter()
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]).to_owned(),
                    kind: match dependency["kind"].as_str() {
                        None => Kind::Normal,
                        Some("build") => Kind::Build,
                        Some("dev") => Kind::Development,
                        Some(other) => panic!("cargo has a new kind of dependency: {other}"),
                    },
                })
                .collect(),
        })
        .collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    members
}

/// The name of one of our crates as the documentation calls it.
pub(crate) fn short_name(package: &str) -> &str {
    package.strip_prefix("stated-").unwrap_or(package)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("the value is a string")
}
