//! What a run has found, before anything prints it.

use crate::row::{Effort, Limit, Row, Unit};
use crate::target::Which;

/// One measurement of one runtime.
pub(crate) struct Measured {
    pub(crate) value: f64,
    /// Bytes written to the disk for each answer, where that is known.
    pub(crate) written_per_answer: Option<f64>,
}

impl Measured {
    pub(crate) fn value(value: f64) -> Self {
        Self {
            value,
            written_per_answer: None,
        }
    }
}

/// All samples of a row.
pub(crate) struct RowResult {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: Unit,
    pub(crate) aim: Option<f64>,
    pub(crate) main: bool,
    pub(crate) limit: Option<Limit>,
    stated: Vec<f64>,
    workerd: Vec<f64>,
    pub(crate) limit_samples: Vec<f64>,
    pub(crate) half_peaks: Vec<HalfPeak>,
}

impl RowResult {
    pub(crate) fn of(row: &Row) -> Self {
        Self {
            name: row.name,
            title: row.title,
            unit: row.unit,
            aim: row.aim,
            main: row.effort == Effort::Main,
            limit: row.limit,
            stated: Vec::new(),
            workerd: Vec::new(),
            limit_samples: Vec::new(),
            half_peaks: Vec::new(),
        }
    }

    pub(crate) fn samples(&mut self, which: Which) -> &mut Vec<f64> {
        match which {
            Which::Stated => &mut self.stated,
            Which::Workerd => &mut self.workerd,
        }
    }

    pub(crate) fn all(&self, which: Which) -> &[f64] {
        match which {
            Which::Stated => &self.stated,
            Which::Workerd => &self.workerd,
        }
    }

    /// The median of a runtime's rounds; None when it was not measured.
    pub(crate) fn median(&self, which: Which) -> Option<f64> {
        median(self.all(which))
    }

    /// How many times as good as workerd stated is.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (ours, theirs) = (self.median(Which::Stated)?, self.median(Which::Workerd)?);
        Some(self.unit.ratio(ours, theirs))
    }

    /// Which part of the machine's limit stated reaches.
    pub(crate) fn of_limit(&self) -> Option<f64> {
        Some(self.median(Which::Stated)? / median(&self.limit_samples)?)
    }
}

/// Latencies while requests come at half of a peak rate, in milliseconds.
pub(crate) struct HalfPeak {
    /// Whose peak.
    pub(crate) peak_of: Which,
    pub(crate) which: Which,
    pub(crate) per_second: f64,
    /// p50, p99, p99.9.
    pub(crate) ms: [f64; 3],
}

impl HalfPeak {
    /// Takes the median of the rounds for each share by itself.
    pub(crate) fn median(
        peak_of: Which,
        which: Which,
        per_second: f64,
        rounds: &[[f64; 3]],
    ) -> Self {
        let ms = [0, 1, 2].map(|share| {
            let samples: Vec<f64> = rounds.iter().map(|round| round[share]).collect();
            median(&samples).unwrap_or_default()
        });
        Self {
            peak_of,
            which,
            per_second,
            ms,
        }
    }
}

/// The middle sample; the lower one of two.
pub(crate) fn median(samples: &[f64]) -> Option<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_and_the_lower_of_two() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[2.0, 1.0]), Some(1.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_ratio_says_how_many_times_as_good() {
        assert_eq!(Unit::PER_SECOND.ratio(10.0, 5.0), 2.0);
        assert_eq!(Unit::MS.ratio(10.0, 5.0), 0.5);
        // A memory of nothing is no division by zero.
        assert_eq!(Unit::KIB.ratio(0.0, 254.0), 25_400.0);
    }
}
