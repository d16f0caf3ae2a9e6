use super::*;

fn parse(text: &str) -> (Redirects, Vec<String>) {
    let mut warnings = Warnings {
        file: "_redirects",
        ..Warnings::default()
    };
    let redirects = Redirects::parse(text, HtmlHandling::AutoTrailingSlash, &mut warnings);
    (redirects, warnings.texts)
}

fn followed(text: &str, path: &str) -> String {
    let (redirects, warnings) = parse(text);
    assert_eq!(warnings, Vec::<String>::new(), "{text}");
    let url = Url::parse(&format!("http://host:8787{path}")).unwrap();
    match redirects.follow(&url) {
        None => String::new(),
        Some(Redirect::Moved(status, location)) => format!("{} {location}", status.as_u16()),
        Some(Redirect::Rewritten(path)) => format!("as {path}"),
    }
}

#[test]
fn a_request_is_sent_where_its_rule_says() {
    for (rule, path, expected) in [
        ("/a /b", "/a", "302 /b"),
        ("/a /b 301", "/a", "301 /b"),
        ("/a /b 303", "/a", "303 /b"),
        ("/a /b 307", "/a", "307 /b"),
        ("/a /b 308 # why", "/a", "308 /b"),
        ("/a /b", "/a/", ""),
        ("/a /b", "/a?x=1", "302 /b?x=1"),
        ("/a /b?y=2", "/a?x=1", "302 /b?y=2"),
        ("/a /b#part", "/a?x=1", "302 /b?x=1#part"),
        (
            "/a https://other.example/b",
            "/a?x=1",
            "302 https://other.example/b?x=1",
        ),
        (
            "/blog/* https://blog.example/:splat",
            "/blog/x/y",
            "302 https://blog.example/x/y",
        ),
        (
            "/news/:month/:day /archive/:day-:month 301",
            "/news/may/4",
            "301 /archive/4-may",
        ),
        ("/x/* /:splat", "/x//evil.example/a", "302 /evil.example/a"),
        ("/app/* /shell/page 200", "/app/deep/link", "as /shell/page"),
        (
            "/user/:id /users/:id.json 200",
            "/user/5",
            "as /users/5.json",
        ),
        ("/\u{e4} /b", "/%C3%A4", "302 /b"),
        ("# nothing\n\n/a /b", "/a", "302 /b"),
    ] {
        assert_eq!(followed(rule, path), expected, "{rule} {path}");
    }
}

#[test]
fn rules_for_one_path_go_first_and_then_the_first_pattern() {
    let rules = "/a /static\n/* /any\n/b /never\n";

    assert_eq!(followed(rules, "/a"), "302 /static");
    assert_eq!(followed(rules, "/b"), "302 /any");
}

#[test]
fn a_line_that_means_nothing_is_ignored_and_says_why() {
    for (line, expected) in [
        (
            "/a",
            "Expected exactly 2 or 3 whitespace-separated tokens. Got 1.",
        ),
        (
            "/a /b 301 x",
            "Expected exactly 2 or 3 whitespace-separated tokens. Got 4.",
        ),
        (
            "https://host/a /b",
            "Only relative URLs are allowed. Skipping absolute URL https://host/a.",
        ),
        (
            "/a b",
            "URLs should either be relative (e.g. begin with a forward-slash), or use HTTPS (e.g. begin with \"https://\").",
        ),
        (
            "/a /b 404",
            "Valid status codes are 200, 301, 302 (default), 303, 307, or 308. Got 404.",
        ),
        (
            "/a https://host/b 200",
            "Proxy (200) redirects can only point to relative paths. Got https://host/b",
        ),
        (
            "/:a/:a /b",
            "A placeholder is there twice. Skipping /:a/:a.",
        ),
        (
            "/* /index.html 200",
            "Infinite loop detected in this rule and has been ignored. This will cause a redirect to strip `.html` or \
             `/index` and end up triggering this rule again. Please fix or remove this rule to silence this warning.",
        ),
    ] {
        assert_eq!(
            parse(line).1,
            [format!("_redirects:1: {expected}")],
            "{line}"
        );
    }
    assert_eq!(
        parse("/a /b\n/a /c").1,
        ["_redirects:2: Ignoring duplicate rule for path /a."]
    );
}

#[test]
fn two_thousand_paths_and_a_hundred_patterns_are_allowed_and_one_more_of_each_is_not() {
    let paths = |count: usize| (0..count).map(|n| format!("/{n} /b\n")).collect::<String>();
    let patterns = |count: usize| {
        (0..count)
            .map(|n| format!("/{n}/* /b\n"))
            .collect::<String>()
    };

    assert_eq!(parse(&paths(2000)).1, Vec::<String>::new());
    assert_eq!(
        parse(&paths(2001)).1,
        ["_redirects:2001: Maximum number of static rules supported is 2000. Skipping line."]
    );
    assert_eq!(parse(&patterns(100)).1, Vec::<String>::new());
    assert_eq!(
        parse(&patterns(101)).1,
        [
            "_redirects:101: Maximum number of dynamic rules supported is 100. Skipping remaining lines of file."
        ]
    );
}

#[test]
fn a_line_may_have_two_thousand_characters_and_not_one_more() {
    let line = |length: usize| format!("/a /{}", "b".repeat(length - 4));

    assert_eq!(parse(&line(2000)).1, Vec::<String>::new());
    assert_eq!(
        parse(&line(2001)).1,
        ["_redirects:1: the line has more than 2000 characters and is ignored"]
    );
}
