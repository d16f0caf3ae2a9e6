//! A child process that is watched while it runs and never outlives its owner.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::output::{Output, Stream};

/// A child in a process group of its own: wrangler starts workerd, and both must end together.
///
/// Dropping it kills the group.
pub struct Process {
    child: Child,
    group: Pid,
    output: Output,
    /// Set when the whole group is gone. Its number may belong to others then: no signals any more.
    gone: bool,
}

impl Process {
    /// Starts `command` with its output captured and no input.
    ///
    /// # Panics
    /// When it cannot be started.
    #[track_caller]
    pub fn spawn(mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => panic!("start {command:?}: {error}"),
        };
        let output = Output::default();
        output.capture(
            Stream::Stdout,
            child.stdout.take().expect("standard output is piped"),
        );
        output.capture(
            Stream::Stderr,
            child.stderr.take().expect("standard error is piped"),
        );
        let group = Pid::from_child(&child);
        Self {
            child,
            group,
            output,
            gone: false,
        }
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns what it printed so far.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// Returns whether it is still alive.
    pub fn is_running(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("a child can be asked for its state")
            .is_none()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if self.gone {
            return;
        }
        // Fails only when the group ended by itself, which is what signals are sent for.
        let _ended = rustix::process::kill_process_group(self.group, signal);
    }

    /// Waits for the exit and the end of the output. The child's pipes end with it, so their end is
    /// awaited with a deadline first: `Child::wait` has none.
    #[track_caller]
    pub(crate) fn wait(&mut self, deadline: Duration) -> ExitStatus {
        let end = Instant::now() + deadline;
        self.output.wait_for_end(deadline);
        let mut status = self.child.try_wait().expect("a child can be waited for");
        while status.is_none() && Instant::now() < end {
            std::thread::yield_now();
            status = self.child.try_wait().expect("a child can be waited for");
        }
        let Some(status) = status else {
            panic!(
                "the process closed its output and still runs\n{}",
                self.output.describe()
            );
        };
        // Everything in the group held the pipes, and they have ended.
        self.gone = true;
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        // The signal cannot be ignored, so this wait is short.
        let _status = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EVENT_DEADLINE;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        Process::spawn(command)
    }

    #[test]
    fn a_process_that_ends_is_reported_with_its_code_and_output() {
        let mut process = shell("echo out; echo err >&2; exit 3");

        let status = process.wait(EVENT_DEADLINE);

        assert_eq!(status.code(), Some(3));
        assert_eq!(process.output().stdout(), "out\n");
        assert_eq!(process.output().stderr(), "err\n");
        assert!(!process.is_running());
    }

    #[test]
    fn dropping_a_process_ends_its_children_too() {
        let process = shell("cat /dev/zero >/dev/null & echo started; wait");
        let output = process.output().clone();
        output.wait_for("started", EVENT_DEADLINE);

        drop(process);

        // The child holds the pipes: they end only when it does.
        output.wait_for_end(EVENT_DEADLINE);
    }
}
