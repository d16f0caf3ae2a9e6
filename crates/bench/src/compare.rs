//! This run against the ratios of an earlier one.
//!
//! Ratios of one run, not rates: another machine, or a busy one, changes both runtimes. A row has
//! fallen only if it is low in two runs, because one may be noise.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::results::RowResult;

/// What is left of a ratio at least, unless the row has fallen.
const LEAST_PART: f64 = 0.85;

/// The kept ratios, by row.
pub(crate) struct Kept(BTreeMap<String, f64>);

/// A row that is lower than it was.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fall {
    pub(crate) name: String,
    pub(crate) before: f64,
    pub(crate) now: f64,
}

impl Kept {
    /// Reads what [`write_ratios`](crate::report::json::write_ratios) wrote.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let kept = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        Ok(Self(kept))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns the rows that have lost more than 15% of their ratio.
    pub(crate) fn falls(&self, rows: &[RowResult]) -> Vec<Fall> {
        let ratios = rows.iter().filter_map(|row| Some((row.name, row.ratio()?)));
        ratios
            .filter_map(|(name, now)| self.fall(name, now))
            .collect()
    }

    fn fall(&self, name: &str, now: f64) -> Option<Fall> {
        let before = *self.0.get(name)?;
        (now < before * LEAST_PART).then(|| Fall {
            name: name.to_owned(),
            before,
            now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_fallen_when_more_than_fifteen_percent_are_gone() {
        let kept = Kept(BTreeMap::from([("hello".to_owned(), 2.0)]));

        assert_eq!(kept.fall("hello", 1.70), None);
        assert_eq!(
            kept.fall("hello", 1.69),
            Some(Fall {
                name: "hello".to_owned(),
                before: 2.0,
                now: 1.69
            })
        );
    }

    #[test]
    fn a_row_without_a_kept_ratio_cannot_fall() {
        let kept = Kept(BTreeMap::new());

        assert_eq!(kept.fall("hello", 0.1), None);
    }
}
