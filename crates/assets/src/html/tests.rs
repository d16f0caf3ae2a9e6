use super::*;

const FILES: &[&str] = &[
    "/index.html",
    "/404.html",
    "/file.html",
    "/folder/index.html",
    "/folder/404.html",
    "/both.html",
    "/both/index.html",
    "/bin/index",
    "/plain.txt",
];

fn exists(path: &str) -> bool {
    FILES.contains(&path)
}

/// What a path leads to: a file, `404` and a file, `>` and a path, or nothing.
fn leads(path: &str, html: HtmlHandling, not_found: NotFoundHandling) -> String {
    match resolve(path, html, not_found, &exists) {
        None => String::new(),
        Some(Intent::File(file)) => file,
        Some(Intent::NotFoundPage(file)) => format!("404 {file}"),
        Some(Intent::Redirect(to)) => format!("> {to}"),
    }
}

/// Source of the expected values: Cloudflare's page "HTML handling", and wrangler's answers where it is silent.
#[test]
fn each_way_of_html_handling_has_one_path_for_each_page() {
    for (path, auto, force, drop, none) in [
        ("/", "/index.html", "/index.html", "/index.html", ""),
        ("/index", "> /", "> /", "> /", ""),
        ("/index.html", "> /", "> /", "> /", "/index.html"),
        ("/file", "/file.html", "> /file/", "/file.html", ""),
        ("/file/", "> /file", "/file.html", "> /file", ""),
        ("/file.html", "> /file", "> /file/", "> /file", "/file.html"),
        ("/file/index", "> /file", "> /file/", "> /file", ""),
        ("/file/index.html", "> /file", "> /file/", "> /file", ""),
        (
            "/folder",
            "> /folder/",
            "> /folder/",
            "/folder/index.html",
            "",
        ),
        (
            "/folder/",
            "/folder/index.html",
            "/folder/index.html",
            "> /folder",
            "",
        ),
        ("/folder.html", "> /folder/", "> /folder/", "> /folder", ""),
        ("/folder/index", "> /folder/", "> /folder/", "> /folder", ""),
        (
            "/folder/index.html",
            "> /folder/",
            "> /folder/",
            "> /folder",
            "/folder/index.html",
        ),
        ("/both", "/both.html", "> /both/", "/both.html", ""),
        (
            "/both/",
            "/both/index.html",
            "/both/index.html",
            "> /both",
            "",
        ),
        (
            "/both.html",
            "> /both",
            "/both.html",
            "> /both",
            "/both.html",
        ),
        (
            "/bin/index",
            "/bin/index",
            "/bin/index",
            "/bin/index",
            "/bin/index",
        ),
        (
            "/plain.txt",
            "/plain.txt",
            "/plain.txt",
            "/plain.txt",
            "/plain.txt",
        ),
        ("/plain.txt/", "", "", "", ""),
        ("/nothing", "", "", "", ""),
    ] {
        let led = |html| leads(path, html, NotFoundHandling::None);

        assert_eq!(led(HtmlHandling::AutoTrailingSlash), auto, "auto {path}");
        assert_eq!(led(HtmlHandling::ForceTrailingSlash), force, "force {path}");
        assert_eq!(led(HtmlHandling::DropTrailingSlash), drop, "drop {path}");
        assert_eq!(led(HtmlHandling::None), none, "none {path}");
    }
}

#[test]
fn the_nearest_page_answers_for_what_is_not_there() {
    let led = |path| {
        leads(
            path,
            HtmlHandling::AutoTrailingSlash,
            NotFoundHandling::NotFoundPage,
        )
    };

    assert_eq!(led("/nothing"), "404 /404.html");
    assert_eq!(led("/nothing/at/all"), "404 /404.html");
    assert_eq!(led("/folder/nothing"), "404 /folder/404.html");
    assert_eq!(led("/folder/no/thing/"), "404 /folder/404.html");
    assert_eq!(led("/file"), "/file.html");
}

#[test]
fn the_application_answers_for_what_is_not_there() {
    let led = |path| {
        leads(
            path,
            HtmlHandling::AutoTrailingSlash,
            NotFoundHandling::SinglePageApplication,
        )
    };

    assert_eq!(led("/some/route"), "/index.html");
    assert_eq!(led("/file"), "/file.html");
}
