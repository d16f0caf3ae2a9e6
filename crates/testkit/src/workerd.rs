//! Plain workerd as the reference: no wrangler, no proxy, started in a fraction of a second.
//!
//! A project's `wrangler.toml` is translated to workerd's own configuration as wrangler would do it,
//! as far as the projects that are compared need: one Worker, its Durable Objects, its variables and
//! its bindings to its own entrypoints. Storage is on disk.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustix::process::Signal;
use tempfile::TempDir;
use toml::{Table, Value};

use crate::http::HttpClient;
use crate::process::Process;
use crate::project::repository;
use crate::{EVENT_DEADLINE, READY_DEADLINE};

/// How to start workerd on a project, with a data folder of its own.
#[derive(Clone)]
pub struct WorkerdLaunch {
    /// The bundle, the configuration and the data.
    scratch: Arc<TempDir>,
}

impl WorkerdLaunch {
    /// Bundles and translates the project in a folder. Nothing runs until [`WorkerdLaunch::start`].
    ///
    /// # Panics
    /// When the project cannot be bundled, or has no `wrangler.toml` that can be translated.
    #[track_caller]
    pub fn new(project: &Path) -> Self {
        let path = project.join("wrangler.toml");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
        let table: Table = text
            .parse()
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));

        let scratch =
            TempDir::with_prefix("stated-workerd-").expect("the temporary folder is writable");
        std::fs::create_dir(scratch.path().join("data")).expect("the folder is ours");
        std::fs::write(scratch.path().join("config.capnp"), translate(&table))
            .expect("the folder is ours");
        bundle(
            &project.join(text_of(&table, "main")),
            &scratch.path().join("worker.js"),
        );
        Self {
            scratch: Arc::new(scratch),
        }
    }

    /// Starts the process and waits until it listens.
    ///
    /// # Panics
    /// When workerd is not installed, or nothing listens before [`READY_DEADLINE`].
    #[track_caller]
    pub fn start(&self) -> Workerd {
        let binary = binary().expect("workerd is installed: `npm ci` in conformance/");
        let folder = self.scratch.path();
        let mut command = Command::new(binary);
        // The last argument allows experimental compatibility flags.
        command.args(["serve", "--control-fd=1", "--experimental"]);
        command.arg(folder.join("config.capnp"));
        command.arg(format!(
            "--directory-path=data={}",
            folder.join("data").display()
        ));
        let process = Process::spawn(command);
        let line = process
            .output()
            .wait_for(r#""event":"listen""#, READY_DEADLINE);
        let report: serde_json::Value =
            serde_json::from_str(&line).expect("workerd reports in JSON");
        let port = report["port"]
            .as_u64()
            .and_then(|port| u16::try_from(port).ok());
        let port = port.expect("workerd reports the port it listens on");
        Workerd {
            launch: self.clone(),
            http: HttpClient::new(SocketAddr::from(([127, 0, 0, 1], port))),
            process,
        }
    }
}

/// A running workerd. Dropping it kills the process.
pub struct Workerd {
    launch: WorkerdLaunch,
    http: HttpClient,
    process: Process,
}

impl Workerd {
    /// Returns whether `npm ci` was run in `conformance/`.
    pub fn is_installed() -> bool {
        binary().is_some()
    }

    /// Starts workerd on the project in a folder, with an empty data folder.
    ///
    /// # Panics
    /// As [`WorkerdLaunch::new`] and [`WorkerdLaunch::start`].
    #[track_caller]
    pub fn start(project: &Path) -> Self {
        WorkerdLaunch::new(project).start()
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Kills the process with SIGKILL and returns how to start it on the same data.
    #[track_caller]
    pub fn kill(mut self) -> WorkerdLaunch {
        self.process.signal(Signal::KILL);
        self.process.wait(EVENT_DEADLINE);
        self.launch.clone()
    }

    /// Returns the client of its server.
    pub fn http(&self) -> &HttpClient {
        &self.http
    }
}

fn modules() -> PathBuf {
    repository().join("conformance/node_modules")
}

/// The package's own launcher is a Node.js script; the binary itself is in a package per platform.
fn binary() -> Option<PathBuf> {
    ["workerd-linux-64", "workerd-linux-arm64"]
        .map(|package| {
            modules()
                .join("@cloudflare")
                .join(package)
                .join("bin/workerd")
        })
        .into_iter()
        .find(|path| path.exists())
}

#[track_caller]
fn bundle(source: &Path, target: &Path) {
    let output = Command::new(modules().join(".bin/esbuild"))
        .arg(source)
        .args(["--bundle", "--format=esm"])
        .args(["--external:cloudflare:*", "--external:node:*"])
        .args(["--target=esnext", "--log-level=warning"])
        .arg(format!("--outfile={}", target.display()))
        .output()
        .unwrap_or_else(|error| panic!("start esbuild: {error}"));
    assert!(
        output.status.success(),
        "bundle {}: {}",
        source.display(),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Writes the configuration of one Worker.
fn translate(project: &Table) -> String {
    let name = text_of(project, "name");
    let classes = classes(project);
    let namespaces = list(classes.iter().map(|(class, sql)| {
        format!(r#"(className = "{class}", uniqueKey = "{name}-{class}", enableSql = {sql})"#)
    }));
    let flags = project
        .get("compatibility_flags")
        .map_or_else(|| "[]".into(), Value::to_string);
    let mut config = String::from("using Workerd = import \"/workerd/workerd.capnp\";\n\n");
    write!(
        config,
        r#"const config :Workerd.Config = (
  services = [
    (name = "{name}", worker = .worker),
    (name = "data", disk = (writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "{name}")],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "{date}",
  compatibilityFlags = {flags},
  bindings = {bindings},
  durableObjectNamespaces = {namespaces},
  durableObjectStorage = {storage},
);
"#,
        date = text_of(project, "compatibility_date"),
        bindings = list(bindings(project).into_iter()),
        storage = if classes.is_empty() {
            "(none = void)"
        } else {
            r#"(localDisk = "data")"#
        },
    )
    .expect("a string takes everything");
    config
}

/// Every class the migrations make, and whether it has SQL.
fn classes(project: &Table) -> Vec<(String, bool)> {
    let mut classes = Vec::new();
    for migration in tables(project.get("migrations")) {
        for (key, sql) in [("new_sqlite_classes", true), ("new_classes", false)] {
            let names = migration
                .get(key)
                .and_then(Value::as_array)
                .into_iter()
                .flatten();
            classes.extend(
                names
                    .filter_map(Value::as_str)
                    .map(|class| (class.to_owned(), sql)),
            );
        }
    }
    classes
}

fn bindings(project: &Table) -> Vec<String> {
    let objects = project
        .get("durable_objects")
        .and_then(|objects| objects.get("bindings"));
    let objects = tables(objects).map(|binding| {
        let (name, class) = (text_of(binding, "name"), text_of(binding, "class_name"));
        format!(r#"(name = "{name}", durableObjectNamespace = "{class}")"#)
    });
    let services = tables(project.get("services")).map(|binding| {
        let (name, service) = (text_of(binding, "binding"), text_of(binding, "service"));
        let entrypoint = binding.get("entrypoint").and_then(Value::as_str);
        let entrypoint =
            entrypoint.map_or_else(String::new, |name| format!(r#", entrypoint = "{name}""#));
        format!(r#"(name = "{name}", service = (name = "{service}"{entrypoint}))"#)
    });
    let variables = project
        .get("vars")
        .and_then(Value::as_table)
        .into_iter()
        .flatten();
    let variables = variables.map(|(name, value)| match value {
        Value::String(text) => format!(r#"(name = "{name}", text = {text:?})"#),
        other => {
            let json = serde_json::to_string(other).expect("a variable has a form in JSON");
            format!(r#"(name = "{name}", json = {json:?})"#)
        }
    });
    let loaders = tables(project.get("worker_loaders")).map(|binding| {
        format!(
            r#"(name = "{}", workerLoader = ())"#,
            text_of(binding, "binding")
        )
    });
    objects
        .chain(services)
        .chain(loaders)
        .chain(variables)
        .collect()
}

fn tables(value: Option<&Value>) -> impl Iterator<Item = &Table> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_table)
}

#[track_caller]
fn text_of<'a>(table: &'a Table, key: &str) -> &'a str {
    let text = table.get(key).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("wrangler.toml: `{key}` is missing or no string"))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_bindings_and_variables_are_translated() {
        let project = r#"
            name = "app"
            compatibility_date = "2026-08-01"
            compatibility_flags = ["nodejs_compat"]
            durable_objects.bindings = [{ name = "ROOMS", class_name = "Room" }]
            services = [{ binding = "SELF", service = "app", entrypoint = "Admin" }]
            vars = { GREETING = "hello", LIMITS = { max = 7 } }
            migrations = [{ tag = "v1", new_classes = ["Old"], new_sqlite_classes = ["Room"] }]
        "#;

        let config = translate(&project.parse().unwrap());

        for line in [
            r#"compatibilityDate = "2026-08-01","#,
            r#"compatibilityFlags = ["nodejs_compat"],"#,
            concat!(
                r#"bindings = [(name = "ROOMS", durableObjectNamespace = "Room"), "#,
                r#"(name = "SELF", service = (name = "app", entrypoint = "Admin")), "#,
                r#"(name = "GREETING", text = "hello"), (name = "LIMITS", json = "{\"max\":7}")],"#,
            ),
            concat!(
                r#"durableObjectNamespaces = [(className = "Room", uniqueKey = "app-Room", enableSql = true), "#,
                r#"(className = "Old", uniqueKey = "app-Old", enableSql = false)],"#,
            ),
            r#"durableObjectStorage = (localDisk = "data"),"#,
        ] {
            assert!(config.contains(line), "`{line}` is not in\n{config}");
        }
    }
}
