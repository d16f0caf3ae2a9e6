//! The clocks of a shard. Everything else takes the time as an argument or asks here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Milliseconds since the Unix epoch, by the system's clock.
pub fn wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A monotonic clock that starts near zero; a paused tokio clock moves it in tests.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    origin: Instant,
}

impl Default for Monotonic {
    fn default() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Monotonic {
    /// Milliseconds since this clock was made.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Time since this clock was made.
    pub fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }
}
