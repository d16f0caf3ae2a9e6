//! What a process prints, captured line by line while it runs.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// Both output streams of one process. Clones share the text.
#[derive(Clone, Default)]
pub struct Output {
    shared: Arc<(Mutex<Text>, Condvar)>,
}

#[derive(Default)]
struct Text {
    stdout: String,
    stderr: String,
    /// How many of the two streams have ended.
    ended: u8,
}

/// One of the two streams.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl Output {
    /// Reads `pipe` to its end on a thread of its own, so that the process never blocks on a full pipe.
    pub(crate) fn capture(&self, stream: Stream, pipe: impl Read + Send + 'static) {
        let output = self.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            while matches!(reader.read_until(b'\n', &mut line), Ok(length) if length > 0) {
                let mut text = output.text();
                match stream {
                    Stream::Stdout => text.stdout.push_str(&String::from_utf8_lossy(&line)),
                    Stream::Stderr => text.stderr.push_str(&String::from_utf8_lossy(&line)),
                }
                drop(text);
                output.shared.1.notify_all();
                line.clear();
            }
            output.text().ended += 1;
            output.shared.1.notify_all();
        });
    }

    /// Returns everything printed on standard output so far.
    pub fn stdout(&self) -> String {
        self.text().stdout.clone()
    }

    /// Returns everything printed on standard error so far.
    pub fn stderr(&self) -> String {
        self.text().stderr.clone()
    }

    /// Waits until a line of either stream contains `needle` and returns that line.
    ///
    /// # Panics
    /// After `deadline`, or when both streams end without it; the message holds the whole output.
    #[track_caller]
    pub fn wait_for(&self, needle: &str, deadline: Duration) -> String {
        self.wait_for_occurrence(needle, 1, deadline)
    }

    /// Waits until `needle` was printed on `count` lines and returns the last of them.
    ///
    /// # Panics
    /// As [`Output::wait_for`].
    #[track_caller]
    pub fn wait_for_occurrence(&self, needle: &str, count: usize, deadline: Duration) -> String {
        match self.find_occurrence(needle, count, deadline) {
            Ok(line) => line,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same for a text whose absence is an answer as well.
    ///
    /// # Errors
    /// Says why there is no such line, with the whole output, where [`Output::wait_for`] panics.
    pub fn find_occurrence(
        &self,
        needle: &str,
        count: usize,
        deadline: Duration,
    ) -> Result<String, String> {
        let end = Instant::now() + deadline;
        let mut text = self.text();
        loop {
            let lines = text.stdout.lines().chain(text.stderr.lines());
            if let Some(line) = lines.filter(|line| line.contains(needle)).nth(count - 1) {
                return Ok(line.to_owned());
            }
            let left = end.saturating_duration_since(Instant::now());
            let why = match (text.ended, left.is_zero()) {
                (2, _) => "the process ended",
                (_, true) => "the deadline passed",
                _ => "",
            };
            if !why.is_empty() {
                return Err(format!(
                    "{why} before `{needle}` was printed {count} time(s)\n{}",
                    text.describe()
                ));
            }
            text = self
                .shared
                .1
                .wait_timeout(text, left)
                .expect("no reader panics")
                .0;
        }
    }

    /// Waits until both streams have ended, which is when nobody holds the process's pipes any more.
    ///
    /// # Panics
    /// After `deadline`.
    #[track_caller]
    pub(crate) fn wait_for_end(&self, deadline: Duration) {
        let (text, wait) = self
            .shared
            .1
            .wait_timeout_while(self.text(), deadline, |text| text.ended < 2)
            .expect("no reader panics");
        assert!(
            !wait.timed_out(),
            "the process still prints\n{}",
            text.describe()
        );
    }

    /// Returns both streams with headings, for the messages of failed tests.
    pub fn describe(&self) -> String {
        self.text().describe()
    }

    fn text(&self) -> MutexGuard<'_, Text> {
        self.shared.0.lock().expect("no reader panics")
    }
}

impl Text {
    fn describe(&self) -> String {
        format!(
            "--- stdout ---\n{}--- stderr ---\n{}---",
            self.stdout, self.stderr
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn printed(stdout: &'static str, stderr: &'static str) -> Output {
        let output = Output::default();
        output.capture(Stream::Stdout, Cursor::new(stdout));
        output.capture(Stream::Stderr, Cursor::new(stderr));
        output
    }

    #[test]
    fn a_line_of_either_stream_is_found() {
        let output = printed("one\ntwo 2\n", "three 3\n");

        assert_eq!(output.wait_for("two", Duration::from_secs(5)), "two 2");
        assert_eq!(output.wait_for("three", Duration::from_secs(5)), "three 3");
    }

    #[test]
    fn the_last_of_several_occurrences_is_returned() {
        let output = printed("go 1\ngo 2\n", "");

        assert_eq!(
            output.wait_for_occurrence("go", 2, Duration::from_secs(5)),
            "go 2"
        );
    }

    #[test]
    #[should_panic(
        expected = "the process ended before `two` was printed 1 time(s)\n--- stdout ---\none\n"
    )]
    fn the_end_of_the_output_is_not_waited_out() {
        printed("one\n", "").wait_for("two", Duration::from_secs(60));
    }

    #[test]
    fn a_last_line_without_an_end_is_kept() {
        let output = printed("one", "");

        output.wait_for_end(Duration::from_secs(5));

        assert_eq!(output.stdout(), "one");
    }
}
