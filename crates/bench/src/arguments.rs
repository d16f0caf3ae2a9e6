//! The command line.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub(crate) const USAGE: &str = "\
usage: bin/bench [--quick] [--row NAME]... [--out FOLDER] [--compare FILE] [--list]

  --quick         short measurements, in under two minutes instead of ten
  --row NAME      only this row; may be repeated
  --out FOLDER    where results.json, ratios.json and chart.svg go [default: target/bench]
  --compare FILE  measures the rows that FILE has a ratio for, those that fell by more than 15%
                  twice, and ends with exit code 3 when a row fell both times
  --list          prints the names of the rows";

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    pub(crate) quick: bool,
    pub(crate) list: bool,
    pub(crate) rows: Vec<String>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) compare: Option<PathBuf>,
}

impl Arguments {
    /// Reads the arguments behind the program's name.
    ///
    /// # Errors
    /// When one is unknown or lacks its value.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut parsed = Self::default();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.with_context(|| format!("`{argument}` needs a value"))
            };
            match argument.as_str() {
                "--quick" => parsed.quick = true,
                "--list" => parsed.list = true,
                "--row" => parsed.rows.push(value()?),
                "--out" => parsed.out = Some(value()?.into()),
                "--compare" => parsed.compare = Some(value()?.into()),
                _ => bail!("`{argument}` is not known"),
            }
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn no_arguments_are_the_whole_suite() {
        assert_eq!(parse("").unwrap(), Arguments::default());
    }

    #[test]
    fn rows_are_collected() {
        let arguments = parse("--quick --row hello --row kv --out /tmp/x").unwrap();

        assert!(arguments.quick);
        assert_eq!(arguments.rows, ["hello", "kv"]);
        assert_eq!(arguments.out, Some("/tmp/x".into()));
    }

    #[test]
    fn an_unknown_argument_is_named() {
        let error = parse("--fast").unwrap_err();

        assert_eq!(error.to_string(), "`--fast` is not known");
    }

    #[test]
    fn a_missing_value_is_named() {
        let error = parse("--row").unwrap_err();

        assert_eq!(error.to_string(), "`--row` needs a value");
    }
}
