//! Cuts SQL text into statements without asking SQLite.
//!
//! `exec` runs every statement but the last to its end and gives the values to the last one, so it
//! must know where a statement ends before SQLite has seen what the earlier ones create. The
//! scanner knows only tokens: quotes, comments, and the one construct with inner semicolons,
//! `CREATE TRIGGER … BEGIN … END`. Whether a statement makes sense is for SQLite to say.
//!
//! Source: reference sections 5.3 and 5.9; the trigger states are those of sqlite3_complete().

/// One statement of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// From the end of the former statement to the semicolon, which is included.
    pub(crate) text: &'a str,
    /// Whether a semicolon ended it, rather than the end of the script.
    pub(crate) terminated: bool,
    /// Whether it holds anything but white space, comments and semicolons.
    pub(crate) has_tokens: bool,
}

/// Iterates over the statements of a script. The pieces, in order, are the whole text.
///
/// A semicolon with nothing before it belongs to the statement after it.
pub(crate) fn pieces(script: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = script;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let piece = first_piece(rest);
        rest = &rest[piece.text.len()..];
        Some(piece)
    })
}

/// What SQLite sees of a text: all before the first NUL.
pub(crate) fn visible(text: &str) -> &str {
    text.split_once('\0').map_or(text, |(visible, _)| visible)
}

/// The text without the white space before it; SQLite itself does not count the vertical tab as such.
pub(crate) fn trim_start(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r'])
}

/// Whether the first token that is neither white space nor comment is a semicolon.
pub(crate) fn begins_with_semicolon(text: &str) -> bool {
    Tokens(text)
        .find(|token| !token.is_filler())
        .is_some_and(|token| token.kind == TokenKind::Semicolon)
}

/// Returns the new name when the statement is `ALTER TABLE … RENAME TO name`, without its quotes.
///
/// SQLite's authorizer is not told this name.
pub(crate) fn renamed_to(statement: &str) -> Option<String> {
    let mut tokens = Tokens(statement).filter(|token| !token.is_filler());
    if !tokens.next()?.is_word("alter") {
        return None;
    }
    let mut previous_was_rename = false;
    while let Some(token) = tokens.next() {
        if previous_was_rename && token.is_word("to") {
            return tokens.next().map(|name| unquote(name.text));
        }
        previous_was_rename = token.is_word("rename");
    }
    None
}

pub(crate) fn unquote(name: &str) -> String {
    let mut chars = name.chars();
    let close = match chars.next() {
        Some('[') => ']',
        Some(quote @ ('"' | '\'' | '`')) => quote,
        _ => return name.to_owned(),
    };
    let inner = chars.as_str();
    let inner = inner.strip_suffix(close).unwrap_or(inner);
    inner.replace(&format!("{close}{close}"), &close.to_string())
}

/// How far the scanner is in recognizing a trigger definition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TriggerState {
    /// Nothing but filler so far.
    Start,
    /// An ordinary statement: the next semicolon ends it.
    Normal,
    /// After `EXPLAIN`, which may precede a trigger definition.
    Explain,
    /// After `CREATE`, perhaps with `TEMP`.
    Create,
    /// Inside a trigger definition: semicolons separate its steps.
    Body,
    /// After a semicolon inside the definition.
    BodySemicolon,
    /// After `END` that follows such a semicolon; a semicolon now ends the statement.
    BodyEnd,
}

fn first_piece(text: &str) -> Piece<'_> {
    let mut state = TriggerState::Start;
    let mut end = 0;
    for token in Tokens(text) {
        end += token.text.len();
        if token.is_filler() {
            continue;
        }
        if token.kind == TokenKind::Semicolon
            && matches!(
                state,
                TriggerState::Normal
                    | TriggerState::Explain
                    | TriggerState::Create
                    | TriggerState::BodyEnd
            )
        {
            return Piece {
                text: &text[..end],
                terminated: true,
                has_tokens: true,
            };
        }
        state = next_state(state, &token);
    }
    Piece {
        text,
        terminated: false,
        has_tokens: state != TriggerState::Start,
    }
}

fn next_state(state: TriggerState, token: &Token<'_>) -> TriggerState {
    let semicolon = token.kind == TokenKind::Semicolon;
    match state {
        TriggerState::Start if semicolon => TriggerState::Start,
        TriggerState::Start if token.is_word("explain") => TriggerState::Explain,
        TriggerState::Start | TriggerState::Explain if token.is_word("create") => {
            TriggerState::Create
        }
        TriggerState::Explain if token.is_word("query") || token.is_word("plan") => {
            TriggerState::Explain
        }
        TriggerState::Create if token.is_word("temp") || token.is_word("temporary") => {
            TriggerState::Create
        }
        TriggerState::Create if token.is_word("trigger") => TriggerState::Body,
        TriggerState::Body | TriggerState::BodyEnd | TriggerState::BodySemicolon if semicolon => {
            TriggerState::BodySemicolon
        }
        TriggerState::BodySemicolon if token.is_word("end") => TriggerState::BodyEnd,
        TriggerState::Body | TriggerState::BodySemicolon | TriggerState::BodyEnd => {
            TriggerState::Body
        }
        TriggerState::Start
        | TriggerState::Normal
        | TriggerState::Explain
        | TriggerState::Create => TriggerState::Normal,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Space,
    Comment,
    Semicolon,
    Word,
    Other,
}

/// One token of SQL, or the filler between two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    pub(crate) text: &'a str,
}

impl Token<'_> {
    pub(crate) fn is_filler(&self) -> bool {
        matches!(self.kind, TokenKind::Space | TokenKind::Comment)
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }
}

/// The tokens of a text, nothing left out.
pub(crate) struct Tokens<'a>(pub(crate) &'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = self.0.as_bytes();
        let (kind, length) = match *bytes.first()? {
            b';' => (TokenKind::Semicolon, 1),
            byte if is_space(byte) => (TokenKind::Space, run(bytes, is_space)),
            _ if bytes.starts_with(BYTE_ORDER_MARK) => (TokenKind::Space, BYTE_ORDER_MARK.len()),
            b'-' if bytes.get(1) == Some(&b'-') => {
                (TokenKind::Comment, run(bytes, |byte| byte != b'\n'))
            }
            // At the end of the text, `/*` is a slash and a star.
            b'/' if bytes.get(1) == Some(&b'*') && bytes.len() > 2 => {
                (TokenKind::Comment, block_comment(bytes))
            }
            quote @ (b'\'' | b'"' | b'`') => (TokenKind::Other, quoted(bytes, quote)),
            b'[' => (TokenKind::Other, quoted(bytes, b']')),
            byte if is_word(byte) => (TokenKind::Word, run(bytes, is_word)),
            _ => (TokenKind::Other, 1),
        };
        // Every cut is after an ASCII byte or at the end, or inside `run` over all non-ASCII bytes.
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(Token { kind, text })
    }
}

/// White space to SQLite, wherever a token could begin.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|&byte| !belongs(byte))
        .unwrap_or(bytes.len())
}

fn block_comment(bytes: &[u8]) -> usize {
    bytes
        .windows(2)
        .skip(2)
        .position(|pair| pair == b"*/")
        .map_or(bytes.len(), |position| position + 4)
}

/// The length of a quoted token; a doubled quote stands for itself, except for brackets.
fn quoted(bytes: &[u8], close: u8) -> usize {
    let mut end = 1;
    while let Some(&byte) = bytes.get(end) {
        end += 1;
        if byte == close {
            if close == b']' || bytes.get(end) != Some(&close) {
                return end;
            }
            end += 1;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<&str> {
        pieces(script).map(|piece| piece.text).collect()
    }

    #[test]
    fn a_semicolon_ends_a_statement() {
        assert_eq!(texts("SELECT 1; SELECT 2"), ["SELECT 1;", " SELECT 2"]);
    }

    #[test]
    fn a_leading_semicolon_belongs_to_the_statement_after_it() {
        assert_eq!(
            texts("SELECT 1; ; SELECT 2;"),
            ["SELECT 1;", " ; SELECT 2;"]
        );
    }

    #[test]
    fn semicolons_in_strings_and_names_do_not_end_a_statement() {
        let script = "SELECT ';', \";\", [;], `;`, 'it''s;'; SELECT 2";

        assert_eq!(
            texts(script),
            ["SELECT ';', \";\", [;], `;`, 'it''s;';", " SELECT 2"]
        );
    }

    #[test]
    fn semicolons_in_comments_do_not_end_a_statement() {
        assert_eq!(
            texts("SELECT 1 -- a;b\n; SELECT /* ; */ 2"),
            ["SELECT 1 -- a;b\n;", " SELECT /* ; */ 2"]
        );
    }

    #[test]
    fn a_trigger_ends_after_its_end() {
        let script = "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END; SELECT 3";

        assert_eq!(
            texts(script),
            [
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;",
                " SELECT 3"
            ]
        );
    }

    #[test]
    fn a_case_expression_before_a_semicolon_does_not_end_a_trigger() {
        let script =
            "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; END;x";

        assert_eq!(texts(script).len(), 2);
    }

    #[test]
    fn words_beyond_ascii_stay_whole() {
        assert_eq!(
            texts("SELECT 'é'; SELECT ü;é"),
            ["SELECT 'é';", " SELECT ü;", "é"]
        );
    }

    #[test]
    fn only_comments_and_white_space_have_no_tokens() {
        for script in [
            " ",
            "-- x",
            "/* x */",
            "/* open",
            ";",
            "; ;\u{b}",
            "\u{feff}",
            "\u{feff};",
        ] {
            let found: Vec<_> = pieces(script).collect();

            assert_eq!(found.len(), 1, "{script:?}");
            assert!(!found[0].has_tokens, "{script:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_white_space_between_tokens() {
        let script = "\u{feff}CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;\u{feff} x";

        assert_eq!(texts(script).len(), 2);
        assert!(pieces("/*").next().is_some_and(|piece| piece.has_tokens));
    }

    #[test]
    fn the_new_name_of_a_rename_is_found_whatever_its_quotes() {
        assert_eq!(renamed_to("ALTER TABLE a RENAME TO b"), Some("b".into()));
        assert_eq!(
            renamed_to("alter table main.a rename /* x */ to \"_CF_\"\"b\""),
            Some("_CF_\"b".into())
        );
        assert_eq!(renamed_to("ALTER TABLE a RENAME TO [c];"), Some("c".into()));
    }

    #[test]
    fn renaming_a_column_is_not_renaming_a_table() {
        assert_eq!(renamed_to("ALTER TABLE a RENAME COLUMN x TO y"), None);
        assert_eq!(renamed_to("SELECT rename"), None);
    }
}
