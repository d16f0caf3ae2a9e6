use proptest::prelude::*;

use super::*;

fn values(text: &str) -> Vec<(String, String)> {
    parse(text)
        .into_iter()
        .map(|line| match line {
            Line::Assignment { name, value } => (name, value),
            Line::Malformed { number } => panic!("line {number} is malformed"),
        })
        .collect()
}

fn value(text: &str) -> String {
    let mut values = values(text);
    assert_eq!(values.len(), 1, "{values:?}");
    values.remove(0).1
}

fn read_folder(files: &[(&str, &str)], environment: Option<&str>) -> (Secrets, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    (read(folder.path(), environment, &[]), folder)
}

fn pairs(secrets: &Secrets) -> Vec<(&str, &str)> {
    secrets
        .values
        .iter()
        .map(|(name, secret)| (name.as_str(), secret.value.as_str()))
        .collect()
}

#[test]
fn assignments_are_read_in_every_spelling() {
    assert_eq!(value("A=b"), "b");
    assert_eq!(value("  export A = b \r\n"), "b");
    assert_eq!(value("A: b"), "b");
    assert_eq!(value("A="), "");
    assert_eq!(value("A.b-c=1"), "1");
    assert_eq!(value("\u{feff}A=b"), "b");
    assert_eq!(value("A=x=y"), "x=y");
}

#[test]
fn comments_end_bare_values_and_not_quoted_ones() {
    assert_eq!(value("# nothing\n\nA=b # c"), "b");
    assert_eq!(value("A=\"b # c\" # d"), "b # c");
}

#[test]
fn quotes_keep_blanks_and_only_double_ones_know_escapes() {
    assert_eq!(value("A=' b '"), " b ");
    assert_eq!(value("A=\"b\\nc\""), "b\nc");
    assert_eq!(value("A='b\\nc'"), "b\\nc");
    assert_eq!(value("A=`it's \"b\"`"), "it's \"b\"");
}

#[test]
fn quoted_values_may_span_lines() {
    assert_eq!(
        values("KEY=\"-----BEGIN\nabc\n-----END\"\nB=1"),
        [
            ("KEY".to_owned(), "-----BEGIN\nabc\n-----END".to_owned()),
            ("B".to_owned(), "1".to_owned())
        ]
    );
}

#[test]
fn a_quote_that_never_closes_is_part_of_the_value() {
    assert_eq!(value("A=\"b"), "\"b");
    assert_eq!(value("A='b' c"), "'b' c");
}

#[test]
fn a_line_that_is_no_assignment_is_reported_by_its_number_only() {
    let (secrets, folder) = read_folder(&[(".dev.vars", "A=1\n\ngeheim\n")], None);

    let shown = secrets.diagnostics[0].to_string();

    assert_eq!(
        shown.replace(folder.path().to_str().unwrap(), "DIR"),
        "DIR/.dev.vars: line 3 is no assignment and is ignored\nhint: write NAME=value, with the value in quotes if it spans lines"
    );
    assert_eq!(pairs(&secrets), [("A", "1")]);
}

#[test]
fn line_numbers_count_the_lines_of_values() {
    assert_eq!(
        parse("A=\"1\n2\"\nbad").last(),
        Some(&Line::Malformed { number: 3 })
    );
}

#[test]
fn dev_vars_hide_env_files() {
    let (secrets, _folder) = read_folder(&[(".dev.vars", "A=1"), (".env", "A=2\nB=2")], None);

    assert_eq!(pairs(&secrets), [("A", "1")]);
    assert_eq!(secrets.files.len(), 1);
}

#[test]
fn the_dev_vars_of_an_environment_replace_the_general_ones() {
    let files = [(".dev.vars", "A=1\nB=1"), (".dev.vars.staging", "A=2")];

    let (secrets, _folder) = read_folder(&files, Some("staging"));
    assert_eq!(pairs(&secrets), [("A", "2")]);

    let (secrets, _folder) = read_folder(&files, Some("other"));
    assert_eq!(pairs(&secrets), [("A", "1"), ("B", "1")]);
}

#[test]
fn env_files_override_each_other_in_order() {
    let files = [
        (".env", "A=1\nB=1\nC=1\nD=1"),
        (".env.local", "B=2\nC=2\nD=2"),
        (".env.staging", "C=3\nD=3"),
        (".env.staging.local", "D=4"),
    ];

    let (secrets, _folder) = read_folder(&files, Some("staging"));

    assert_eq!(
        pairs(&secrets),
        [("A", "1"), ("B", "2"), ("C", "3"), ("D", "4")]
    );
}

#[test]
fn env_files_expand_references_and_dev_vars_do_not() {
    let text = "HOST=example.com\nURL=https://${HOST}/$PATHNAME${EMPTY:-x}\nPRICE=\\$5 $ 1";

    let (env, _folder) = read_folder(&[(".env", text)], None);
    assert_eq!(env.values["URL"].value, "https://example.com/x");
    assert_eq!(env.values["PRICE"].value, "$5 $ 1");

    let (dev, _folder) = read_folder(&[(".dev.vars", text)], None);
    assert_eq!(
        dev.values["URL"].value,
        "https://${HOST}/$PATHNAME${EMPTY:-x}"
    );
}

#[test]
fn references_in_a_circle_end() {
    let (secrets, _folder) = read_folder(&[(".env", "A=${B}\nB=${A}")], None);

    assert_eq!(pairs(&secrets), [("A", ""), ("B", "")]);
}

#[test]
fn a_named_file_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.env");

    let secrets = read(folder.path(), None, std::slice::from_ref(&path));

    assert_eq!(
        secrets.diagnostics[0].to_string(),
        format!("{}: the file does not exist", path.display())
    );
}

#[test]
fn named_files_replace_the_usual_ones() {
    let (_, folder) = read_folder(&[(".dev.vars", "A=1"), ("my.env", "B=2")], None);

    let secrets = read(folder.path(), None, &[folder.path().join("my.env")]);

    assert_eq!(pairs(&secrets), [("B", "2")]);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".dev.vars"), b"\xff").unwrap();

    let secrets = read(folder.path(), None, &[]);

    assert_eq!(secrets.diagnostics.len(), 1);
    assert_eq!(secrets.diagnostics[0].severity, Severity::Error);
    assert_eq!(
        secrets.diagnostics[0].message,
        "read the file: stream did not contain valid UTF-8"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        parse(&text);
    }

    #[test]
    fn text_made_of_syntax_never_panics(text in r#"([A-C=:#'"`\\é $\{\}\n]|export ){0,40}"#) {
        let names = BTreeMap::from([("A".to_owned(), text.clone())]);
        for line in parse(&text) {
            if let Line::Assignment { value, .. } = line {
                expand(&value, &names, 2);
            }
        }
    }

    #[test]
    fn a_plain_value_is_read_as_it_is(name in "[A-Z_]{1,8}", value in "[a-z0-9/:.+=-]{0,20}") {
        prop_assert_eq!(values(&format!("{name}={value}\n")), [(name, value)]);
    }
}
