//! How long answers took.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The shares that are printed.
pub(crate) const SHARES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

/// Durations, kept to three digits.
#[derive(Clone, Debug)]
pub(crate) struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Histogram::new(3).expect("three digits are allowed"))
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, duration: Duration) {
        self.0
            .record(duration.as_nanos() as u64)
            .expect("the histogram grows");
    }

    /// The time, in milliseconds, that this share of the answers did not exceed.
    pub(crate) fn ms(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1e6
    }

    /// The three shares of [`SHARES`].
    pub(crate) fn shares_ms(&self) -> [f64; 3] {
        SHARES.map(|(_, share)| self.ms(share))
    }
}
