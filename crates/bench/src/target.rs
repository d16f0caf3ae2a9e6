//! A runtime that serves one of the projects.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use stated_testkit::{HttpClient, Launch, Runtime, Server, Workerd, WorkerdLaunch};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Stated,
    Workerd,
}

impl Which {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Workerd => "workerd",
        }
    }
}

/// How to start one of them on a project, with data of its own.
#[derive(Clone)]
pub(crate) enum Start {
    Stated(Launch),
    Workerd(WorkerdLaunch),
}

impl Start {
    /// Prepares a start with an empty data folder; for workerd the project is bundled here.
    pub(crate) fn new(which: Which, project: &Path) -> Self {
        match which {
            Which::Stated => Self::Stated(stated(project)),
            Which::Workerd => Self::Workerd(WorkerdLaunch::new(project)),
        }
    }

    /// Starts the process and waits until it listens.
    pub(crate) fn run(&self) -> Target {
        let process = match self {
            Self::Stated(launch) => Process::Stated(launch.start()),
            Self::Workerd(launch) => Process::Workerd(launch.start()),
        };
        Target { process }
    }
}

/// A running runtime. Dropping it kills the process.
pub(crate) struct Target {
    process: Process,
}

enum Process {
    Stated(Server),
    Workerd(Workerd),
}

impl Target {
    /// Kills the process and returns how to start another on the same data.
    pub(crate) fn kill(self) -> Start {
        match self.process {
            Process::Stated(server) => Start::Stated(server.kill()),
            Process::Workerd(workerd) => Start::Workerd(workerd.kill()),
        }
    }

    pub(crate) fn client(&self) -> HttpClient {
        match &self.process {
            Process::Stated(server) => *server.http(),
            Process::Workerd(workerd) => *workerd.http(),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.client().address()
    }

    pub(crate) fn pid(&self) -> u32 {
        match &self.process {
            Process::Stated(server) => server.pid(),
            Process::Workerd(workerd) => workerd.pid(),
        }
    }
}

/// A project on one runtime: a running process, and the way to others.
pub(crate) struct Site {
    pub(crate) which: Which,
    project: PathBuf,
    pub(crate) target: Target,
}

impl Site {
    /// Starts the runtime on a project.
    pub(crate) fn open(which: Which, project: &Path) -> Self {
        Self {
            which,
            project: project.to_owned(),
            target: Start::new(which, project).run(),
        }
    }

    /// Prepares another process, with an empty data folder.
    pub(crate) fn another(&self) -> Start {
        Start::new(self.which, &self.project)
    }
}

/// Sends a GET on a connection of its own and returns the body.
pub(crate) fn get(client: &HttpClient, path: &str) -> Result<Vec<u8>> {
    let response = client.request("GET", path, &[], b"");
    ensure!(
        response.status == 200,
        "{path}: {} `{}`",
        response.status,
        String::from_utf8_lossy(&response.body)
    );
    Ok(response.body)
}

/// As it is run for users, with one shard: the load has the other core of a small machine.
fn stated(project: &Path) -> Launch {
    let arguments = [
        "--internal-port",
        "0",
        "--shards",
        "1",
        "--log-level",
        "warn",
    ];
    arguments.into_iter().fold(
        Launch::of(Runtime::Stated, project).command("serve"),
        Launch::argument,
    )
}
