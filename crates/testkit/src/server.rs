//! A server process: started on a project, watched, killed, started again on the same data.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::http::{HttpClient, Response};
use crate::output::Output;
use crate::process::Process;
use crate::runtime::Runtime;
use crate::web_socket::WebSocketClient;
use crate::{EVENT_DEADLINE, READY_DEADLINE};

/// What a server prints, followed by its address, once it accepts connections.
const READY: &str = "Ready on http://";

/// How to start a server. Nothing runs until [`Launch::start`] or [`Launch::run`].
#[derive(Clone)]
pub struct Launch {
    runtime: Runtime,
    command: String,
    project: PathBuf,
    port: u16,
    data: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    /// Keeps the data folder until the last launch and server that use it are gone.
    _scratch: Arc<TempDir>,
}

impl Launch {
    /// Describes a server of `project` in the selected runtime, on a free port, with an empty data folder.
    pub fn new(project: impl Into<PathBuf>) -> Self {
        Self::of(Runtime::selected(), project)
    }

    /// The same in one runtime whatever the environment selects, for what only that one promises.
    pub fn of(runtime: Runtime, project: impl Into<PathBuf>) -> Self {
        let scratch =
            TempDir::with_prefix("stated-test-").expect("the temporary folder is writable");
        Self {
            runtime,
            command: "dev".to_owned(),
            project: project.into(),
            port: 0,
            data: scratch.path().join("data"),
            arguments: Vec::new(),
            environment: Vec::new(),
            _scratch: Arc::new(scratch),
        }
    }

    /// Listens on `port` instead of a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Keeps the data in `folder` instead of a temporary one.
    #[must_use]
    pub fn persist_to(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data = folder.into();
        self
    }

    /// Runs another of stated's commands than `dev`.
    #[must_use]
    pub fn command(mut self, command: &str) -> Self {
        self.command = command.to_owned();
        self
    }

    /// Adds an argument to the command line.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Sets an environment variable of the process.
    #[must_use]
    pub fn environment(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts the process and waits until it is ready.
    ///
    /// # Panics
    /// When it is not ready after [`READY_DEADLINE`] or ends before, with what it printed.
    #[track_caller]
    pub fn start(&self) -> Server {
        self.start_when(READY)
    }

    /// The same for a server whose address stands behind other words.
    ///
    /// # Panics
    /// As [`Launch::start`].
    #[track_caller]
    pub fn start_when(&self, ready: &str) -> Server {
        match self.start_or_explain(ready) {
            Ok(server) => server,
            Err(error) => panic!("{error}"),
        }
    }

    /// Starts the process and waits until it is ready, for tests in which it may refuse to start.
    ///
    /// # Errors
    /// What the process printed, where [`Launch::start`] panics.
    #[track_caller]
    pub fn try_start(&self) -> Result<Server, String> {
        self.start_or_explain(READY)
    }

    #[track_caller]
    fn start_or_explain(&self, ready: &str) -> Result<Server, String> {
        let process = self.spawn();
        let line = process.output().find_occurrence(ready, 1, READY_DEADLINE)?;
        let address = line
            .split(ready)
            .nth(1)
            .expect("the line contains the text it was found by");
        let address = address.split(['"', '/', ' ']).next().unwrap_or_default();
        let address: SocketAddr = address
            .parse()
            .unwrap_or_else(|_| panic!("`{line}` does not end with an address and a port"));
        Ok(Server {
            launch: self.clone(),
            http: HttpClient::new(address),
            process,
        })
    }

    /// Runs the process to its end, for commands that are expected to fail.
    ///
    /// # Panics
    /// When it still runs after [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn run(&self) -> Exit {
        let mut process = self.spawn();
        let status = process.wait(EVENT_DEADLINE);
        Exit {
            code: status.code(),
            stdout: process.output().stdout(),
            stderr: process.output().stderr(),
        }
    }

    #[track_caller]
    fn spawn(&self) -> Process {
        let mut command = self
            .runtime
            .serve(&self.command, &self.project, self.port, &self.data);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        Process::spawn(command)
    }
}

/// How a process ended and what it printed.
#[derive(Debug)]
pub struct Exit {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

/// A running server. Dropping it kills the process and everything the process started.
pub struct Server {
    launch: Launch,
    http: HttpClient,
    process: Process,
}

impl Server {
    /// Starts the selected runtime on `project` with an empty data folder.
    ///
    /// # Panics
    /// As [`Launch::start`].
    #[track_caller]
    pub fn start(project: impl Into<PathBuf>) -> Self {
        Launch::new(project).start()
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// Returns the process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Returns the folder that holds the data.
    pub fn data(&self) -> &Path {
        &self.launch.data
    }

    /// Returns how to start another server on the same data once this one has ended.
    pub fn launch(&self) -> Launch {
        self.launch.clone()
    }

    /// Returns the client for requests that [`Server::get`] and [`Server::post`] cannot express.
    pub fn http(&self) -> &HttpClient {
        &self.http
    }

    /// Sends a GET on a connection of its own.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.http.request("GET", path, &[], b"")
    }

    /// Sends a POST with a body on a connection of its own.
    #[track_caller]
    pub fn post(&self, path: &str, body: &str) -> Response {
        self.http.request("POST", path, &[], body.as_bytes())
    }

    /// Opens a WebSocket.
    #[track_caller]
    pub fn web_socket(&self, path: &str) -> WebSocketClient {
        WebSocketClient::connect(self.address(), path)
    }

    /// Returns what the process printed so far.
    pub fn output(&self) -> &Output {
        self.process.output()
    }

    /// Waits until the process has printed a line that contains `needle` and returns the line.
    ///
    /// # Panics
    /// After [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn wait_for_output(&self, needle: &str) -> String {
        self.process.output().wait_for(needle, EVENT_DEADLINE)
    }

    /// Returns whether the process is still alive.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// Kills the process with SIGKILL, as a crash would, and returns how to start it on the same data.
    #[track_caller]
    pub fn kill(mut self) -> Launch {
        self.process.signal(Signal::KILL);
        self.process.wait(EVENT_DEADLINE);
        self.launch.clone()
    }

    /// Asks the process to end with SIGTERM and returns how it ended.
    ///
    /// # Panics
    /// When it still runs after [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn terminate(self) -> Exit {
        self.ask_to_end();
        self.wait()
    }

    /// Asks the process to end with SIGTERM.
    pub fn ask_to_end(&self) {
        self.process.signal(Signal::TERM);
    }

    /// Waits for the end of the process and returns how it ended.
    ///
    /// # Panics
    /// When it still runs after [`EVENT_DEADLINE`].
    #[track_caller]
    pub fn wait(mut self) -> Exit {
        let status = self.process.wait(EVENT_DEADLINE);
        Exit {
            code: status.code(),
            stdout: self.process.output().stdout(),
            stderr: self.process.output().stderr(),
        }
    }

    /// Kills the process with SIGKILL and starts it again on the same data and another free port.
    #[track_caller]
    pub fn kill_and_restart(self) -> Self {
        self.kill().start()
    }

    /// Ends the process with SIGTERM and starts it again on the same data and another free port.
    #[track_caller]
    pub fn terminate_and_restart(self) -> Self {
        let launch = self.launch();
        self.terminate();
        launch.start()
    }
}
