//! The allowed direction of dependencies. What a crate does not know is its design.

use crate::metadata::{Kind, members, short_name};

/// Which of our crates each one may name. ARCHITECTURE.md explains the list.
const ALLOWED: &[(&str, &[&str])] = &[
    ("admin", &["core", "node", "object", "storage"]),
    ("assets", &["core", "object"]),
    ("bench", &["testkit"]),
    ("bundle", &["core"]),
    (
        "cli",
        &[
            "admin", "bundle", "config", "core", "http", "node", "object", "worker",
        ],
    ),
    ("config", &["core"]),
    ("core", &[]),
    ("crypto", &[]),
    ("engine", &[]),
    ("http", &["core", "object"]),
    (
        "node",
        &[
            "assets", "bundle", "config", "core", "engine", "http", "object", "storage", "worker",
        ],
    ),
    ("object", &["core", "storage"]),
    ("storage", &["core"]),
    ("testkit", &[]),
    ("worker", &["core", "crypto", "engine", "object", "storage"]),
];

/// What the rules of the objects may never reach for: clocks, tasks, sockets, disks.
const NOT_IN_CORE: &[&str] = &[
    "tokio", "hyper", "http", "rusqlite", "mozjs", "rand", "rustix", "tracing",
];

#[test]
fn a_crate_names_only_crates_it_may_know() {
    for member in members() {
        let (_, allowed) = ALLOWED
            .iter()
            .find(|(name, _)| *name == member.name)
            .unwrap_or_else(|| panic!("crate `{}` is not in the list of this test", member.name));
        for dependency in &member.dependencies {
            let name = short_name(&dependency.name);
            let ours = name != dependency.name;
            let fixture = name == "testkit" && dependency.kind == Kind::Development;
            assert!(
                !ours || fixture || allowed.contains(&name),
                "crate `{}` names `{name}`; it may name {allowed:?}",
                member.name
            );
        }
    }
}

#[test]
fn the_list_has_no_crate_that_is_gone() {
    let members = members();

    for (name, _) in ALLOWED {
        assert!(
            members.iter().any(|member| member.name == *name),
            "there is no crate `{name}`"
        );
    }
}

#[test]
fn each_large_library_is_named_by_one_crate() {
    for member in members() {
        for dependency in &member.dependencies {
            let owner = match dependency.name.as_str() {
                "mozjs" => "engine",
                "rusqlite" => "storage",
                "rolldown" => "bundle",
                "hyper" => "http",
                "clap" => "cli",
                _ => continue,
            };
            // The benchmark has a bare hyper of its own to compare the server with.
            if member.name == "bench" && dependency.name == "hyper" {
                continue;
            }
            // Tests may look at a database file with SQLite itself.
            assert!(
                member.name == owner || dependency.kind == Kind::Development,
                "crate `{}` names `{}`, which only `{owner}` may",
                member.name,
                dependency.name
            );
        }
    }
}

#[test]
fn the_rules_have_no_clock_task_socket_or_disk() {
    let members = members();
    let core = members
        .iter()
        .find(|member| member.name == "core")
        .expect("core is a crate");

    for dependency in core
        .dependencies
        .iter()
        .filter(|each| each.kind != Kind::Development)
    {
        assert!(
            !NOT_IN_CORE.contains(&dependency.name.as_str()),
            "core names `{}`",
            dependency.name
        );
    }
}
