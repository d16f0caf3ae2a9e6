//! From a place in the bundle back to the place in the source it came from.
//!
//! Holds a decoded source map in the order of the bundle, so that a lookup is two binary searches
//! and no allocation. Reading stack traces is [`crate::stack`]'s work.

use std::fmt;

/// A decoded source map (revision 3) of one bundle.
///
/// Lines and columns are as engines print them: both from 1, columns in UTF-16 code units.
#[derive(Clone, Default)]
pub struct SourceMap {
    sources: Vec<String>,
    names: Vec<String>,
    /// Sorted by (line, column), both from 0.
    tokens: Vec<Token>,
}

#[derive(Clone, Copy)]
struct Token {
    line: u32,
    column: u32,
    source: u32,
    source_line: u32,
    source_column: u32,
    /// Index into `names`, or [`NO_NAME`].
    name: u32,
}

const NO_NAME: u32 = u32::MAX;

/// A place in a source file, found by [`SourceMap::original`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Original<'a> {
    /// Relative to the project directory, with forward slashes.
    pub file: &'a str,
    /// From 1.
    pub line: u32,
    /// From 1, in UTF-16 code units.
    pub column: u32,
    /// What the source calls it, when the bundle calls it something else.
    pub name: Option<&'a str>,
}

/// A source map file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("source map cannot be read: {0}")]
pub struct SourceMapError(#[from] oxc_sourcemap::Error);

impl SourceMap {
    /// Reads a source map from JSON (the contents of a `.map` file).
    ///
    /// # Errors
    /// [`SourceMapError`] when the text is not a source map of revision 3.
    pub fn from_json(json: &str) -> Result<Self, SourceMapError> {
        Ok(Self::from_decoded(
            &oxc_sourcemap::SourceMap::from_json_string(json)?,
        ))
    }

    pub(crate) fn from_decoded(map: &oxc_sourcemap::SourceMap<'_>) -> Self {
        let mut tokens: Vec<Token> = map
            .get_tokens()
            .filter_map(|token| {
                Some(Token {
                    line: token.get_dst_line(),
                    column: token.get_dst_col(),
                    source: token.get_source_id()?,
                    source_line: token.get_src_line(),
                    source_column: token.get_src_col(),
                    name: token.get_name_id().unwrap_or(NO_NAME),
                })
            })
            .collect();
        // The format demands this order, and other people's files do not always keep it.
        tokens.sort_by_key(|token| (token.line, token.column));
        Self {
            sources: map.get_sources().map(str::to_owned).collect(),
            names: map.get_names().map(str::to_owned).collect(),
            tokens,
        }
    }

    /// The same map with every source called by what `rename` makes of its name.
    pub(crate) fn with_sources(mut self, rename: impl Fn(&str) -> String) -> Self {
        self.sources = self.sources.iter().map(|source| rename(source)).collect();
        self
    }

    /// Returns where `line` and `column` of the bundle came from.
    ///
    /// Both count from 1. `None` when the bundler made that code itself or the position is outside
    /// of the bundle.
    pub fn original(&self, line: u32, column: u32) -> Option<Original<'_>> {
        let (line, column) = (line.checked_sub(1)?, column.checked_sub(1)?);
        let after = self
            .tokens
            .partition_point(|token| (token.line, token.column) <= (line, column));
        let token = self.tokens.get(after.checked_sub(1)?)?;
        if token.line != line {
            return None;
        }
        Some(Original {
            file: self.sources.get(token.source as usize)?,
            line: token.source_line + 1,
            column: token.source_column + 1,
            name: self.names.get(token.name as usize).map(String::as_str),
        })
    }

    /// The source files in the bundle, relative to the project directory.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(String::as_str)
    }

    /// Returns `stack` with its frames in V8's form and at the places in the sources.
    ///
    /// Takes what SpiderMonkey gives (`fetch@worker.js:12:34`) or what was already brought into V8's
    /// form, and leaves every other line (an error's message) as it is. Frames of the bundle's own
    /// runtime code keep their place in the bundle; frames of the host's library are left out.
    pub fn map_stack(&self, stack: &str) -> String {
        crate::stack::map(self, stack)
    }
}

impl fmt::Debug for SourceMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceMap")
            .field("sources", &self.sources)
            .field("tokens", &self.tokens.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // `let answer = 42` over two lines, made by hand:
    // 1:1 -> a.ts 1:1, 1:5 -> a.ts 1:7 "x", 3:3 -> b.ts 2:1.
    const JSON: &str = r#"{
        "version": 3, "sources": ["src/a.ts", "src/b.ts"], "names": ["x"],
        "mappings": "AAAA,IAAMA;;ECCN"
    }"#;

    #[test]
    fn a_position_maps_to_the_nearest_mapping_before_it_on_the_line() {
        let map = SourceMap::from_json(JSON).expect("the map is well formed");
        let place = |line, column| {
            map.original(line, column)
                .map(|o| (o.file, o.line, o.column, o.name))
        };

        assert_eq!(place(1, 1), Some(("src/a.ts", 1, 1, None)));
        assert_eq!(place(1, 4), Some(("src/a.ts", 1, 1, None)));
        assert_eq!(place(1, 5), Some(("src/a.ts", 1, 7, Some("x"))));
        assert_eq!(place(1, 900), Some(("src/a.ts", 1, 7, Some("x"))));
        assert_eq!(place(3, 3), Some(("src/b.ts", 2, 1, None)));
    }

    #[test]
    fn a_position_without_a_mapping_is_nowhere() {
        let map = SourceMap::from_json(JSON).expect("the map is well formed");

        for (line, column) in [(0, 1), (1, 0), (2, 1), (3, 2), (4, 1)] {
            assert_eq!(map.original(line, column), None, "{line}:{column}");
        }
        assert_eq!(SourceMap::default().original(1, 1), None);
    }

    #[test]
    fn text_that_is_no_source_map_is_refused() {
        let error = SourceMap::from_json("[]").expect_err("an array is no source map");

        assert!(
            error.to_string().starts_with("source map cannot be read: "),
            "{error}"
        );
    }
}
