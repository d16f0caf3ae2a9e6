use proptest::prelude::*;

use super::*;

fn parse_text(name: &str, text: &str) -> Result<Node, Box<Diagnostic>> {
    parse(&mut Source::new(name.into(), text))
}

fn json(name: &str, text: &str) -> serde_json::Value {
    parse_text(name, text).unwrap().to_json()
}

fn rejection(name: &str, text: &str) -> String {
    parse_text(name, text).unwrap_err().to_string()
}

#[test]
fn both_syntaxes_give_the_same_tree() {
    let toml = r#"
name = "chat"
no_bundle = true
port = 0x10
ratio = 1.5
[[migrations]]
tag = "v1"
new_classes = ["A", 'B']
[limits]
cpu_ms = 1_000
"#;
    let jsonc = r#"{
  // a comment
  "name": "chat", /* another */
  "no_bundle": true, "port": 16, "ratio": 1.5,
  "migrations": [{ "tag": "v1", "new_classes": ["A", "B"], }],
  "limits": { "cpu_ms": 1000 },
}"#;

    assert_eq!(json("w.toml", toml), json("w.jsonc", jsonc));
}

#[test]
fn tables_keep_the_order_of_the_file() {
    let root = parse_text("w.toml", "b = 1\na = 2\n[z]\n[c]\n").unwrap();

    let keys: Vec<_> = root.entries().iter().map(|entry| &entry.key).collect();
    assert_eq!(keys, ["b", "a", "z", "c"]);
}

#[test]
fn of_a_repeated_json_key_the_last_counts_and_null_counts_as_absent() {
    let root = parse_text("w.json", r#"{"a": 1, "a": 2, "b": null}"#).unwrap();

    assert_eq!(root.get("a").unwrap().node.to_json(), 2);
    assert!(root.get("b").is_none());
}

#[test]
fn numbers_that_json_cannot_hold_become_null() {
    assert_eq!(json("w.toml", "a = inf").to_string(), r#"{"a":null}"#);
}

#[test]
fn a_toml_syntax_error_points_at_its_column() {
    assert_eq!(
        rejection("w.toml", "name = \"chat\"\nmain = = 3\n"),
        "w.toml:2:8: syntax error: extra `=`, expected nothing\n  main = = 3\n         ^"
    );
}

#[test]
fn a_repeated_toml_key_is_a_syntax_error() {
    assert_eq!(
        rejection("w.toml", "a = 1\na = 2\n"),
        "w.toml:2:1: syntax error: duplicate key\n  a = 2\n  ^"
    );
}

#[test]
fn a_missing_json_comma_points_behind_the_value() {
    assert_eq!(
        rejection("w.jsonc", "{\n  \"name\": \"chat\"\n  \"main\": 1\n}"),
        "w.jsonc:2:17: syntax error: expected comma\n    \"name\": \"chat\"\n                  ^"
    );
}

#[test]
fn json_with_liberties_that_wrangler_refuses_is_refused() {
    for text in [
        "{a: 1}",
        "{'a': 1}",
        "{\"a\": 0x1}",
        "{\"a\": +1}",
        "{\"a\": NaN}",
    ] {
        assert!(parse_text("w.jsonc", text).is_err(), "{text}");
    }
}

#[test]
fn an_empty_json_file_is_refused() {
    assert_eq!(
        rejection("w.json", ""),
        "w.json:1:1: syntax error: the file is empty\n  \n  ^"
    );
}

#[test]
fn an_empty_toml_file_is_an_empty_table() {
    assert_eq!(json("w.toml", ""), serde_json::json!({}));
}

#[test]
fn a_json_file_that_holds_no_table_is_refused() {
    assert_eq!(
        rejection("w.json", "[1]"),
        "w.json:1:1: the file must hold a table, but holds an array\n  [1]\n  ^"
    );
}

#[test]
fn values_of_variables_are_masked_in_the_source() {
    let texts = [
        (
            "w.toml",
            "[vars]\nKEY = \"geheim\"\n[env.x.vars]\nOTHER = {a = \"geheim\"}\n",
        ),
        (
            "w.json",
            r#"{"vars": {"KEY": "geheim"}, "env": {"x": {"vars": {"A": ["geheim"]}}}}"#,
        ),
        ("w.json", r#"{"vars": ["geheim"]}"#),
    ];
    for (name, text) in texts {
        let mut source = Source::new(name.into(), text);
        parse(&mut source).unwrap();
        for offset in 0..text.len() {
            let shown = source
                .diagnostic(Severity::Error, offset, "", "x")
                .to_string();
            assert!(!shown.contains("geheim"), "{shown}");
        }
    }
}

#[test]
fn a_syntax_error_among_variables_shows_no_value() {
    let texts = [
        ("w.toml", "[vars]\nKEY = \"geheim\n"),
        ("w.toml", "[vars]\nKEY = \"\"\"one\ngeheim\n"),
        ("w.toml", "vars = { KEY = \"geheim\", = }\n"),
        ("w.json", "{\"vars\": {\"KEY\": \"geheim\" \"A\": 1}}"),
        ("w.json", "{\"vars\": {\n  \"KEY\": \"geheim\" 5\n"),
        ("w.json", "{\"vars\": {\n  \"KEY\":\n \"geheim\" 5\n"),
    ];
    for (name, text) in texts {
        let shown = rejection(name, text);
        assert!(shown.contains("syntax error"), "{shown}");
        assert!(!shown.contains("geheim"), "{shown}");
    }
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    assert!(parse_text("w.json", &"[".repeat(100_000)).is_err());
    assert!(parse_text("w.toml", &format!("a = {}", "[".repeat(100_000))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        for name in ["w.toml", "w.json"] {
            if let Err(error) = parse_text(name, &text) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn text_made_of_syntax_never_panics(
        text in r#"([\[\]{}",:=.#/*\\'é\n a1-]|vars|true|null|"a"|\[\[a\]\]|a=){0,40}"#
    ) {
        for name in ["w.toml", "w.json"] {
            if let Err(error) = parse_text(name, &text) {
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }
}
