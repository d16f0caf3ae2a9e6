//! `ORDER BY` and `LIMIT` of DELETE and UPDATE, for a SQLite that was built without them.
//!
//! A SQLite that has them carries such a statement out as
//! `DELETE FROM t WHERE rowid IN (SELECT rowid FROM t WHERE … ORDER BY … LIMIT …)`, with the primary
//! key in place of `rowid` for a table that has none. This module writes that text. It is asked only
//! when SQLite has refused the clause, so other statements cost nothing. What it does not know keeps
//! SQLite's refusal: `UPDATE … FROM`, views, and parameters both in `RETURNING` and behind it.
//!
//! Source: reference section 5.5; <https://sqlite.org/lang_delete.html>

use rusqlite::{Connection, OptionalExtension, ffi};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use crate::error::{SqlError, StorageError};
use crate::script::{Token, TokenKind, Tokens, unquote};

/// Whether SQLite's grammar stumbled over one of the clauses.
pub(crate) fn is_refused(error: &SqlError) -> bool {
    let near = error.message.strip_prefix("near \"");
    near.and_then(|near| near.strip_suffix("\": syntax error"))
        .is_some_and(|word| {
            word.eq_ignore_ascii_case("order") || word.eq_ignore_ascii_case("limit")
        })
}

/// A statement in SQLite's own grammar, and where its parts come from.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// For each copied part its place in the text and in the original.
    parts: Vec<(usize, Range<usize>)>,
}

impl Rewritten {
    fn copy(&mut self, original: &str, range: Range<usize>) {
        self.parts.push((self.text.len(), range.clone()));
        self.text.push_str(&original[range]);
    }

    /// The error with its offset in the original; none where it has no counterpart.
    pub(crate) fn original_offset(&self, error: &SqlError) -> SqlError {
        let offset = error.offset.and_then(|offset| {
            self.parts.iter().find_map(|(start, range)| {
                let inside = offset.checked_sub(*start)?;
                (inside < range.len()).then_some(range.start + inside)
            })
        });
        SqlError {
            offset,
            ..error.clone()
        }
    }
}

/// Rewrites a DELETE or UPDATE that has one of the clauses; none if it is not such a statement.
///
/// # Errors
/// SQLite's for an `ORDER BY` without `LIMIT`.
pub(crate) fn rewrite(
    sqlite: &Connection,
    statement: &str,
) -> Option<Result<Rewritten, StorageError>> {
    let clauses = Clauses::parse(statement)?;
    let Some(limit) = clauses.limit.clone() else {
        let verb = clauses.verb.to_ascii_uppercase();
        let message = format!("ORDER BY without LIMIT on {verb}");
        let error = SqlError::new(message, ffi::SQLITE_ERROR);
        return Some(Err(StorageError::Sql(Arc::new(error))));
    };
    let (key, key_tuple) = key_of(sqlite, &clauses.table)?;
    let mut rewritten = Rewritten::default();
    rewritten.copy(statement, 0..clauses.body_end);
    let target = &statement[clauses.target.clone()];
    write!(
        rewritten.text,
        " WHERE {key_tuple} IN (SELECT {key} FROM {target} "
    )
    .expect("writing to a string succeeds");
    for range in [clauses.filter, clauses.order, Some(limit)]
        .into_iter()
        .flatten()
    {
        rewritten.copy(statement, range);
        rewritten.text.push('\n');
    }
    rewritten.text.push_str(") ");
    if let Some(returning) = clauses.returning {
        rewritten.copy(statement, returning);
    }
    rewritten.copy(statement, clauses.end..statement.len());
    Some(Ok(rewritten))
}

/// What identifies a row of the table: a list of columns, and the same as one value.
///
/// A table that does not exist has a rowid: SQLite shall say that it does not.
fn key_of(sqlite: &Connection, table: &str) -> Option<(String, String)> {
    let kind: Option<(String, bool)> = sqlite
        .query_row(
            "SELECT type, wr FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE",
            [table],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()
        .ok()?;
    if matches!(&kind, Some((kind, _)) if kind == "view") {
        return None;
    }
    let columns: Vec<(String, i64)> = sqlite
        .prepare("SELECT name, pk FROM pragma_table_xinfo(?) ORDER BY pk")
        .ok()?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))
        .ok()?
        .collect::<rusqlite::Result<_>>()
        .ok()?;
    if matches!(kind, Some((_, true))) {
        let keys: Vec<String> = columns
            .iter()
            .filter(|(_, position)| *position > 0)
            .map(|(name, _)| format!("\"{}\"", name.replace('"', "\"\"")))
            .collect();
        let list = keys.join(", ");
        let tuple = match keys.len() {
            1 => list.clone(),
            _ => format!("({list})"),
        };
        return Some((list, tuple));
    }
    // A column may have taken one of the three names that a rowid has.
    let free = ["rowid", "_rowid_", "oid"].into_iter().find(|name| {
        !columns
            .iter()
            .any(|(column, _)| column.eq_ignore_ascii_case(name))
    })?;
    Some((free.to_owned(), free.to_owned()))
}

/// The parts of a statement, as ranges of its text; each ends with its last token.
struct Clauses<'a> {
    verb: &'a str,
    table: String,
    /// The table with its alias and `INDEXED BY`.
    target: Range<usize>,
    /// The end of what comes before all clauses.
    body_end: usize,
    filter: Option<Range<usize>>,
    returning: Option<Range<usize>>,
    order: Option<Range<usize>>,
    limit: Option<Range<usize>>,
    /// The end of the last clause.
    end: usize,
}

impl<'a> Clauses<'a> {
    fn parse(statement: &'a str) -> Option<Self> {
        let tokens = outer_tokens(statement);
        let mut at = tokens
            .iter()
            .position(|token| token.is("delete") || token.is("update"))?;
        let verb = tokens[at].text;
        at += 1;
        let updates = verb.eq_ignore_ascii_case("update");
        if !updates {
            tokens.get(at).filter(|token| token.is("from"))?;
            at += 1;
        } else if tokens.get(at)?.is("or") {
            at += 2;
        }
        let first = tokens.get(at)?;
        let (table, after_target) = target(&tokens, at)?;
        let target = first.start..tokens[after_target - 1].end();
        let rest = &tokens[after_target..];
        if updates && has_from(rest) {
            return None;
        }

        let mut starts = Vec::new();
        for (position, token) in rest.iter().enumerate() {
            let followed_by_by = rest.get(position + 1).is_some_and(|next| next.is("by"));
            let kind = ["where", "returning", "order", "limit"]
                .into_iter()
                .position(|word| token.is(word));
            match kind {
                Some(2) if !followed_by_by => {}
                Some(kind) => starts.push((kind, position)),
                None => {}
            }
        }
        // Each at most once, in this order: anything else is a mistake that SQLite shall name.
        if !starts.is_sorted_by(|(one, _), (other, _)| one < other) {
            return None;
        }
        let end = rest.last().map_or(target.end, OuterToken::end);
        let range = |kind: usize| {
            let place = starts.iter().position(|(found, _)| *found == kind)?;
            let from = starts[place].1;
            let until = starts.get(place + 1).map_or(rest.len(), |(_, next)| *next);
            Some(rest[from].start..rest[until - 1].end())
        };
        let before = starts.first()?.1;
        let clauses = Self {
            verb,
            table,
            body_end: before
                .checked_sub(1)
                .map_or(target.end, |last| rest[last].end()),
            target,
            filter: range(0),
            returning: range(1),
            order: range(2),
            limit: range(3),
            end,
        };
        clauses.keeps_parameters(statement).then_some(clauses)
    }

    /// Whether parameters stay in their order: `RETURNING` moves behind the other clauses.
    fn keeps_parameters(&self, statement: &str) -> bool {
        let has_parameters = |range: &Option<Range<usize>>| {
            range.clone().is_some_and(|range| {
                Tokens(&statement[range]).any(|token| {
                    matches!(token.text, "?" | ":" | "@") || token.text.starts_with('$')
                })
            })
        };
        !(has_parameters(&self.returning)
            && (has_parameters(&self.order) || has_parameters(&self.limit)))
    }
}

/// A token that is in no parentheses.
struct OuterToken<'a> {
    start: usize,
    token: Token<'a>,
    text: &'a str,
}

impl OuterToken<'_> {
    fn is(&self, word: &str) -> bool {
        self.token.is_word(word)
    }

    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The tokens outside of parentheses up to the semicolon; a pair of parentheses is one of them.
fn outer_tokens(statement: &str) -> Vec<OuterToken<'_>> {
    let mut tokens: Vec<OuterToken<'_>> = Vec::new();
    let mut depth = 0_u32;
    let mut start = 0;
    for token in Tokens(statement) {
        let end = start + token.text.len();
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let closes = depth == 0 && token.text == ")";
        if token.kind == TokenKind::Semicolon && depth == 0 && !tokens.is_empty() {
            break;
        }
        if closes && let Some(open) = tokens.last_mut() {
            open.text = &statement[open.start..end];
        } else if !token.is_filler() && (depth == 0 || (depth == 1 && token.text == "(")) {
            tokens.push(OuterToken {
                start,
                token,
                text: token.text,
            });
        }
        start = end;
    }
    tokens
}

/// Reads `[schema.]table [AS alias] [INDEXED BY index | NOT INDEXED]`: the table's name, and the
/// place after it all.
fn target(tokens: &[OuterToken<'_>], at: usize) -> Option<(String, usize)> {
    let mut name = tokens.get(at)?;
    let mut next = at + 1;
    let word = |place: usize, word: &str| tokens.get(place).is_some_and(|token| token.is(word));
    if tokens.get(next).is_some_and(|token| token.text == ".") {
        name = tokens.get(next + 1)?;
        next += 2;
    }
    if word(next, "as") {
        next += 2;
    }
    if word(next, "indexed") && word(next + 1, "by") {
        next += 3;
    } else if word(next, "not") && word(next + 1, "indexed") {
        next += 2;
    }
    (next <= tokens.len()).then(|| (unquote(name.text), next))
}

/// Whether an UPDATE joins other tables. `IS DISTINCT FROM` is an operator.
fn has_from(tokens: &[OuterToken<'_>]) -> bool {
    tokens
        .windows(2)
        .any(|pair| pair[1].is("from") && !pair[0].is("distinct"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite() -> Connection {
        let sqlite = Connection::open_in_memory().unwrap();
        sqlite
            .execute_batch(
                "CREATE TABLE t (a, b); CREATE INDEX i ON t (a);
                 CREATE TABLE w (p, q, r, PRIMARY KEY (p, q)) WITHOUT ROWID;
                 CREATE TABLE \"odd name\" (rowid, b);
                 CREATE VIEW v AS SELECT * FROM t;
                 INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, 'four');
                 INSERT INTO w VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3);
                 INSERT INTO \"odd name\" VALUES (7, 1), (7, 2)",
            )
            .unwrap();
        sqlite
    }

    /// Runs the statement as rewritten and returns a column of what is left.
    fn left(statement: &str, query: &str) -> Vec<i64> {
        let sqlite = sqlite();
        let rewritten = rewrite(&sqlite, statement)
            .expect("it has a clause")
            .unwrap();
        sqlite
            .execute(&rewritten.text, [])
            .unwrap_or_else(|error| panic!("{}: {error}", rewritten.text));
        let mut query = sqlite.prepare(query).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn rows_are_deleted_in_order_up_to_the_limit() {
        let query = "SELECT a FROM t ORDER BY a";
        for (statement, expected) in [
            ("DELETE FROM t ORDER BY a DESC LIMIT 1", vec![1, 2, 3]),
            (
                "DELETE FROM t WHERE a > 1 ORDER BY a LIMIT 1;",
                vec![1, 3, 4],
            ),
            ("DELETE FROM t ORDER BY a LIMIT 1, 2", vec![1, 4]),
            (
                "DELETE FROM t ORDER BY a LIMIT 2 OFFSET 2 -- all",
                vec![1, 2],
            ),
            (
                "delete from main.t as z where z.a < 3 order by z.a desc limit 1",
                vec![1, 3, 4],
            ),
            (
                "DELETE FROM t INDEXED BY i WHERE a > 0 LIMIT (SELECT 3)",
                vec![4],
            ),
            (
                "DELETE FROM t NOT INDEXED ORDER BY (SELECT 1), a LIMIT 3",
                vec![4],
            ),
            (
                "WITH c (x) AS (SELECT 2) DELETE FROM t WHERE a IN c LIMIT 5",
                vec![1, 3, 4],
            ),
            (
                "DELETE FROM t WHERE a IS NOT DISTINCT FROM 1 LIMIT 5",
                vec![2, 3, 4],
            ),
        ] {
            assert_eq!(left(statement, query), expected, "{statement}");
        }
    }

    #[test]
    fn rows_are_updated_in_order_up_to_the_limit() {
        let query = "SELECT a FROM t ORDER BY a";
        for (statement, expected) in [
            (
                "UPDATE t SET a = a + 10 ORDER BY a LIMIT 2",
                vec![3, 4, 11, 12],
            ),
            (
                "UPDATE OR IGNORE t SET a = (SELECT 9), b = '' WHERE a > 2 ORDER BY b LIMIT 1",
                vec![1, 2, 3, 9],
            ),
        ] {
            assert_eq!(left(statement, query), expected, "{statement}");
        }
    }

    #[test]
    fn a_table_without_rowid_is_known_by_its_key() {
        let statement = "DELETE FROM w ORDER BY r DESC LIMIT 2";
        assert_eq!(left(statement, "SELECT r FROM w"), [1]);
    }

    #[test]
    fn a_column_may_be_called_rowid() {
        let statement = "DELETE FROM \"odd name\" ORDER BY b LIMIT 1";
        assert_eq!(left(statement, "SELECT b FROM \"odd name\""), [2]);
    }

    #[test]
    fn what_is_returned_moves_behind_the_limit() {
        let sqlite = sqlite();
        let rewritten = rewrite(&sqlite, "DELETE FROM t RETURNING a, ? ORDER BY a LIMIT 1")
            .unwrap()
            .unwrap();

        let returned: (i64, i64) = sqlite
            .query_row(&rewritten.text, [5], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();

        assert_eq!(returned, (1, 5));
    }

    #[test]
    fn an_order_needs_a_limit() {
        for verb in ["DELETE FROM t", "UPDATE t SET a = 1"] {
            let error = rewrite(&sqlite(), &format!("{verb} ORDER BY a"))
                .unwrap()
                .unwrap_err();
            let verb = &verb[..6];
            assert_eq!(
                error.to_string(),
                format!("ORDER BY without LIMIT on {verb}: SQLITE_ERROR")
            );
        }
    }

    #[test]
    fn other_statements_are_left_to_sqlite() {
        for statement in [
            "SELECT 1 LIMIT",
            "DELETE FROM t LIMIT 1 WHERE a = 1",
            "DELETE FROM t LIMIT 1 LIMIT 2",
            "DELETE FROM v LIMIT 1",
            "UPDATE t SET a = 1 FROM w ORDER BY a LIMIT 1",
            "DELETE FROM t RETURNING ? LIMIT ?",
            "DELETE",
            "DELETE FROM",
            "UPDATE OR",
        ] {
            assert!(rewrite(&sqlite(), statement).is_none(), "{statement}");
        }
    }

    #[test]
    fn an_error_keeps_its_place() {
        let sqlite = sqlite();
        let statement = "DELETE FROM t ORDER BY missing LIMIT 1";
        let rewritten = rewrite(&sqlite, statement).unwrap().unwrap();
        let error = SqlError::from(sqlite.prepare(&rewritten.text).unwrap_err());

        let original = rewritten.original_offset(&error);

        assert_eq!(
            original.to_string(),
            "no such column: missing at offset 23: SQLITE_ERROR"
        );
    }
}
