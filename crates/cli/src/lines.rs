//! Lines on their way to standard output and standard error.
//!
//! A server's shards print, and must not wait for whoever reads: a terminal that is stopped, a log collector that is slow.
//! So its lines wait in memory, and a thread writes them, many at a time. Commands that end soon write directly.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Bytes that may wait; what does not fit is left out, and counted.
const WAITING_BYTES_MAX: usize = 1 << 20;
/// How long lines gather before they are written.
const GATHERING: Duration = Duration::from_millis(5);
/// How long the end of the process waits for lines that nobody reads.
const FINISHING_MAX: Duration = Duration::from_secs(1);

/// The lines of the process, once it is a server.
static SERVER: OnceLock<Lines> = OnceLock::new();

/// Where a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Has all further lines written by a thread.
///
/// # Errors
/// When the thread cannot be started.
pub(crate) fn begin() -> io::Result<()> {
    let lines = Lines::default();
    lines.write_with(write_now)?;
    let _begun_before = SERVER.set(lines);
    Ok(())
}

/// Waits until what was printed is written, if somebody reads it.
pub(crate) fn finish() {
    if let Some(lines) = SERVER.get() {
        lines.finish(FINISHING_MAX);
    }
}

/// Prints a line. That nobody reads any more is not an error.
pub(crate) fn print(stream: Stream, line: &str) {
    let text = format!("{line}\n");
    match SERVER.get() {
        Some(lines) => lines.add(stream, text.as_bytes()),
        None => write_now(stream, text.as_bytes()),
    }
}

/// Standard error, for a library that logs.
pub(crate) struct StandardError;

impl Write for StandardError {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match SERVER.get() {
            Some(lines) => lines.add(Stream::Err, text),
            None => write_now(Stream::Err, text),
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write_now(stream: Stream, text: &[u8]) {
    let _unused = match stream {
        Stream::Out => {
            let mut out = io::stdout().lock();
            out.write_all(text).and_then(|()| out.flush())
        }
        Stream::Err => io::stderr().lock().write_all(text),
    };
}

/// Lines that wait for the thread that writes them.
#[derive(Clone, Default)]
struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// The first line came, or the process ends.
    begun: Condvar,
    /// Everything is written.
    written: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// In the order in which they came; neighbours on one stream are one text.
    texts: Vec<(Stream, Vec<u8>)>,
    bytes: usize,
    left_out: u64,
    is_writing: bool,
    is_finishing: bool,
}

impl Waiting {
    fn push(&mut self, stream: Stream, text: &[u8]) {
        self.bytes += text.len();
        match self.texts.last_mut() {
            Some((last, texts)) if *last == stream => texts.extend_from_slice(text),
            _ => self.texts.push((stream, text.to_vec())),
        }
    }

    /// Says how many lines were left out, where they would have stood.
    fn tell_left_out(&mut self) {
        if self.left_out > 0 {
            let lines = if self.left_out == 1 { "line" } else { "lines" };
            let text = format!(
                "warning: {} {lines} left out here, because nobody read the ones before\n",
                self.left_out
            );
            self.left_out = 0;
            self.push(Stream::Err, text.as_bytes());
        }
    }
}

impl Lines {
    fn add(&self, stream: Stream, text: &[u8]) {
        let mut waiting = self.lock();
        // A single line may be longer than what may wait.
        if !waiting.texts.is_empty() && waiting.bytes + text.len() > WAITING_BYTES_MAX {
            waiting.left_out += 1;
            return;
        }
        waiting.tell_left_out();
        let is_first = waiting.texts.is_empty();
        waiting.push(stream, text);
        drop(waiting);
        if is_first {
            self.0.begun.notify_one();
        }
    }

    /// Starts the thread that writes.
    fn write_with(&self, write: impl Fn(Stream, &[u8]) + Send + 'static) -> io::Result<()> {
        let lines = self.clone();
        std::thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || {
                loop {
                    for (stream, text) in lines.take() {
                        write(stream, &text);
                    }
                }
            })?;
        Ok(())
    }

    /// Waits for lines, and a little for more of them, and takes them all.
    fn take(&self) -> Vec<(Stream, Vec<u8>)> {
        let mut waiting = self.lock();
        waiting.is_writing = false;
        self.0.written.notify_all();
        waiting.tell_left_out();
        while waiting.texts.is_empty() {
            waiting = (self.0.begun.wait(waiting)).unwrap_or_else(PoisonError::into_inner);
        }
        let end = Instant::now() + GATHERING;
        while !waiting.is_finishing
            && let Some(left) = end.checked_duration_since(Instant::now())
            && !left.is_zero()
        {
            let woken = self.0.begun.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.is_writing = true;
        waiting.bytes = 0;
        std::mem::take(&mut waiting.texts)
    }

    /// Waits until everything is written, but not longer than `patience`.
    fn finish(&self, patience: Duration) {
        let end = Instant::now() + patience;
        let mut waiting = self.lock();
        waiting.is_finishing = true;
        self.0.begun.notify_one();
        while (waiting.is_writing || !waiting.texts.is_empty())
            && let Some(left) = end.checked_duration_since(Instant::now())
        {
            let woken = self.0.written.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    /// Lines whose reader takes each text when the test says so.
    fn read_by_test() -> (Lines, Receiver<(Stream, String)>) {
        let lines = Lines::default();
        let (sender, receiver): (SyncSender<(Stream, String)>, _) = sync_channel(0);
        lines
            .write_with(move |stream, text| {
                let text = String::from_utf8(text.to_vec()).unwrap();
                let _test_is_over = sender.send((stream, text));
            })
            .unwrap();
        (lines, receiver)
    }

    #[test]
    fn lines_keep_their_order_across_both_streams() {
        let (lines, reader) = read_by_test();
        lines.add(Stream::Out, b"one\n");
        lines.add(Stream::Out, b"two\n");
        lines.add(Stream::Err, b"three\n");
        lines.add(Stream::Out, b"four\n");

        let mut read = Vec::new();
        while read
            .iter()
            .map(|(_, text): &(_, String)| text.lines().count())
            .sum::<usize>()
            < 4
        {
            read.push(reader.recv_timeout(SOON).unwrap());
        }
        let all: String = read.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(all, "one\ntwo\nthree\nfour\n");
        assert!(read.contains(&(Stream::Err, "three\n".to_owned())));
    }

    #[test]
    fn a_reader_that_is_stuck_stops_nobody_and_hears_how_much_was_left_out() {
        let (lines, reader) = read_by_test();
        lines.add(Stream::Out, b"first\n");
        // The thread has taken this one and waits for its reader.
        while !lines.lock().is_writing {
            std::thread::yield_now();
        }
        let line = [b'x'; 1024];
        for _ in 0..WAITING_BYTES_MAX / line.len() {
            lines.add(Stream::Out, &line);
        }
        lines.add(Stream::Out, b"y");
        lines.add(Stream::Out, b"z");

        assert_eq!(reader.recv_timeout(SOON).unwrap().1, "first\n");
        assert_eq!(
            reader.recv_timeout(SOON).unwrap().1.len(),
            WAITING_BYTES_MAX
        );
        assert_eq!(
            reader.recv_timeout(SOON).unwrap(),
            (
                Stream::Err,
                "warning: 2 lines left out here, because nobody read the ones before\n".to_owned()
            )
        );
    }

    #[test]
    fn a_line_longer_than_what_may_wait_is_printed() {
        let (lines, reader) = read_by_test();
        lines.add(Stream::Out, &vec![b'x'; WAITING_BYTES_MAX + 1]);

        assert_eq!(
            reader.recv_timeout(SOON).unwrap().1.len(),
            WAITING_BYTES_MAX + 1
        );
    }

    #[test]
    fn the_end_waits_for_lines_and_not_for_a_reader_that_is_stuck() {
        let (lines, reader) = read_by_test();
        lines.add(Stream::Out, b"last\n");
        lines.finish(Duration::from_millis(1));

        let other = lines.clone();
        let end = std::thread::spawn(move || other.finish(SOON));
        assert_eq!(reader.recv_timeout(SOON).unwrap().1, "last\n");
        end.join().unwrap();
        assert!(lines.lock().texts.is_empty());
    }
}
