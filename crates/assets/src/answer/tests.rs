use std::fs;

use tempfile::TempDir;
use tokio::runtime::Builder;

use super::*;
use crate::HtmlHandling;

struct Site {
    folder: TempDir,
    options: AssetsOptions,
}

/// A folder with files: pairs of name and content.
fn site(files: &[(&str, &str)]) -> Site {
    let folder = tempfile::tempdir().unwrap();
    let options = AssetsOptions {
        directory: folder.path().to_owned(),
        html_handling: HtmlHandling::AutoTrailingSlash,
        not_found_handling: NotFoundHandling::None,
        run_worker_first: RunWorkerFirst::Never,
        navigation_prefers_files: true,
    };
    let site = Site { folder, options };
    for (name, content) in files {
        site.write(name, content);
    }
    site
}

impl Site {
    fn write(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn assets(&self) -> Assets {
        Assets::open(self.options.clone()).unwrap()
    }
}

fn request(method: &str, path: &str, headers: &[(&'static str, &str)]) -> FetchRequest {
    let mut fields = HeaderMap::new();
    for (name, value) in headers {
        fields.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    FetchRequest {
        method: Method::from_bytes(method.as_bytes()).unwrap(),
        url: Url::parse(&format!("http://host{path}")).unwrap().into(),
        headers: fields,
        body: Body::None,
        peer: None,
        cf: None,
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// All of a body.
async fn read(body: Body) -> Vec<u8> {
    match body {
        Body::None => Vec::new(),
        Body::Bytes(bytes) => bytes.to_vec(),
        Body::Stream(mut stream) => {
            let mut all = Vec::new();
            while let Some(chunk) = stream.chunks.recv().await {
                all.extend_from_slice(&chunk.unwrap());
            }
            assert_eq!(stream.length, Some(all.len() as u64));
            all
        }
    }
}

/// Status, body, and the Location field if there is one.
fn answer(assets: &Assets, request: &FetchRequest) -> String {
    wait(async {
        let response = assets.fetch(request).await;
        let location = response
            .headers
            .get(LOCATION)
            .map(|it| it.to_str().unwrap().to_owned());
        let body = String::from_utf8(read(response.body).await).unwrap();
        format!("{} {}", response.status.as_u16(), location.unwrap_or(body))
    })
}

fn get(assets: &Assets, path: &str) -> String {
    answer(assets, &request("GET", path, &[]))
}

fn routed(assets: &Assets, request: FetchRequest) -> String {
    match wait(assets.route(request, Program::Present)) {
        Route::ToProgram(_) => "program".to_owned(),
        Route::Answered(response) => response.status.as_u16().to_string(),
    }
}

#[test]
fn a_file_is_answered_with_its_type_and_a_hash_of_its_content() {
    let site = site(&[("a.html", "<p>"), ("b.JS", "1"), ("c", "?"), ("d.png", "p")]);
    let assets = site.assets();
    let fields = |path: &str| {
        let response = wait(assets.fetch(&request("GET", path, &[])));
        let field = |name: http::HeaderName| {
            response
                .headers
                .get(name)
                .map(|it| it.to_str().unwrap().to_owned())
        };
        (
            response.status.as_u16(),
            field(CONTENT_TYPE),
            field(CACHE_CONTROL),
            field(ETAG),
        )
    };

    let (status, kind, cached, etag) = fields("/a");

    assert_eq!(status, 200);
    assert_eq!(kind.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(
        cached.as_deref(),
        Some("public, max-age=0, must-revalidate")
    );
    assert!(
        etag.as_ref()
            .is_some_and(|etag| etag.len() == 34 && etag.starts_with('"'))
    );
    assert_eq!(etag, fields("/a").3);
    assert_ne!(etag, fields("/c").3);
    assert_eq!(
        fields("/b.JS").1.as_deref(),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(fields("/c").1, None);
    assert_eq!(fields("/d.png").1.as_deref(), Some("image/png"));
}

#[test]
fn a_client_that_has_the_file_is_told_so() {
    let site = site(&[("a.txt", "a")]);
    let assets = site.assets();
    let etag = wait(assets.fetch(&request("GET", "/a.txt", &[]))).headers[ETAG]
        .to_str()
        .unwrap()
        .to_owned();
    let status = |known: &str| {
        answer(
            &assets,
            &request("GET", "/a.txt", &[("if-none-match", known)]),
        )
    };

    assert_eq!(status(&etag), "304 ");
    assert_eq!(status(&format!("W/{etag}")), "304 ");
    assert_eq!(status(&format!("\"x\", {etag}")), "304 ");
    assert_eq!(status("*"), "304 ");
    assert_eq!(status("\"x\""), "200 a");
}

#[test]
fn head_has_no_body_and_other_methods_are_not_allowed() {
    let site = site(&[("a.txt", "abc")]);
    let assets = site.assets();

    let head = wait(assets.fetch(&request("HEAD", "/a.txt", &[])));

    assert_eq!(head.headers[CONTENT_LENGTH], "3");
    assert!(matches!(head.body, Body::None));
    assert_eq!(answer(&assets, &request("POST", "/a.txt", &[])), "405 ");
    assert_eq!(answer(&assets, &request("POST", "/nothing", &[])), "404 ");
}

#[test]
fn a_response_to_somebody_who_is_signed_in_is_not_to_be_cached() {
    let site = site(&[("a.txt", "abc")]);
    let assets = site.assets();
    let cached = |name: &'static str| {
        let response = wait(assets.fetch(&request("GET", "/a.txt", &[(name, "x")])));
        response.headers.contains_key(CACHE_CONTROL)
    };

    assert!(cached("accept"));
    assert!(!cached("authorization"));
    assert!(!cached("range"));
}

#[test]
fn a_path_has_one_spelling() {
    let site = site(&[
        ("a b.txt", "ab"),
        ("\u{e4}.html", "page"),
        ("at@.txt", "at"),
        ("x/y.txt", "xy"),
    ]);
    let assets = site.assets();

    assert_eq!(get(&assets, "/a%20b.txt"), "200 ab");
    assert_eq!(get(&assets, "/%C3%A4"), "200 page");
    assert_eq!(get(&assets, "/%c3%a4?q=1"), "307 /%C3%A4?q=1");
    assert_eq!(get(&assets, "/at@.txt"), "307 /at%40.txt");
    assert_eq!(get(&assets, "/at%40.txt"), "200 at");
    assert_eq!(get(&assets, "/x//y.txt"), "307 /x/y.txt");
    assert_eq!(get(&assets, "/x%2Fy.txt"), "307 /x/y.txt");
    assert_eq!(get(&assets, "/%C3%A4.html?q=1"), "307 /%C3%A4?q=1");
}

#[test]
fn nothing_outside_of_the_folder_is_served() {
    let site = site(&[("public/a.txt", "a"), ("secret.txt", "s")]);
    std::os::unix::fs::symlink("../secret.txt", site.folder.path().join("public/link.txt"))
        .unwrap();
    let options = AssetsOptions {
        directory: site.folder.path().join("public"),
        ..site.options.clone()
    };
    let assets = Assets::open(options).unwrap();

    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/x/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/link.txt",
        "/%00",
        "/a.txt%00",
        "/.",
        "//secret.txt",
    ] {
        assert_eq!(get(&assets, path), "404 ", "{path}");
    }
}

#[test]
fn a_large_file_is_streamed_whole() {
    let site = site(&[]);
    let content = "0123456789abcdef".repeat(20_000);
    site.write("large.txt", &content);
    let assets = site.assets();

    for _ in 0..2 {
        assert_eq!(get(&assets, "/large.txt"), format!("200 {content}"));
    }
}

#[test]
fn a_part_of_a_file_is_sent_alone() {
    let large = "0123456789".repeat(100_000);
    let site = site(&[("small.txt", "0123456789"), ("large.txt", &large)]);
    let assets = site.assets();
    let ask = |path: &str, range: &str| {
        wait(async {
            let response = assets
                .fetch(&request("GET", path, &[("range", range)]))
                .await;
            let field = |name: &str| {
                response
                    .headers
                    .get(name)
                    .map(|value| value.to_str().unwrap().to_owned())
            };
            let fields = ["content-range", "accept-ranges", "content-type"].map(field);
            (
                response.status.as_u16(),
                fields,
                String::from_utf8(read(response.body).await).unwrap(),
            )
        })
    };
    let some = |text: &str| Some(text.to_owned());

    for (path, size) in [("/small.txt", 10), ("/large.txt", 1_000_000)] {
        assert_eq!(
            ask(path, "bytes=3-5"),
            (
                206,
                [
                    some(&format!("bytes 3-5/{size}")),
                    some("bytes"),
                    some("text/plain; charset=utf-8")
                ],
                "345".to_owned()
            )
        );
        assert_eq!(ask(path, "bytes=-2").2, "89");
        assert_eq!(
            ask(path, &format!("bytes={size}-")),
            (
                416,
                [some(&format!("bytes */{size}")), None, None],
                String::new()
            )
        );
        let (status, fields, body) = ask(path, "bytes=0-1,3-4");
        assert_eq!((status, &fields[0], body.len()), (200, &None, size));
    }
    let (_, _, most) = ask("/large.txt", "bytes=1-");
    assert_eq!(most, large[1..]);
}

#[test]
fn a_page_for_what_is_not_there_is_sent_whole() {
    let mut site = site(&[("404.html", "nothing here")]);
    site.options.not_found_handling = NotFoundHandling::NotFoundPage;

    let response = wait(
        site.assets()
            .fetch(&request("GET", "/no", &[("range", "bytes=0-0")])),
    );

    assert_eq!(response.status, 404);
    assert_eq!(wait(read(response.body)), b"nothing here");
}

#[test]
fn who_has_the_file_gets_no_part_of_it() {
    let site = site(&[("a.txt", "abc")]);
    let assets = site.assets();
    let etag = wait(assets.fetch(&request("GET", "/a.txt", &[]))).headers["etag"].clone();
    let etag = etag.to_str().unwrap();

    let both = [("range", "bytes=0-0"), ("if-none-match", etag)];
    let response = wait(assets.fetch(&request("GET", "/a.txt", &both)));

    assert_eq!(response.status, 304);
}

#[test]
fn changes_of_files_and_rules_are_served_at_once() {
    let site = site(&[("a.txt", "one")]);
    let assets = site.assets();
    assert_eq!(get(&assets, "/a.txt"), "200 one");
    assert_eq!(get(&assets, "/b.txt"), "404 ");

    site.write("a.txt", "another");
    site.write("b.txt", "new");
    assert_eq!(get(&assets, "/a.txt"), "200 another");
    assert_eq!(get(&assets, "/b.txt"), "200 new");

    site.write("_redirects", "/b.txt /a.txt 301");
    assert_eq!(get(&assets, "/b.txt"), "301 /a.txt");
    site.write(".assetsignore", "a.txt");
    assert_eq!(get(&assets, "/a.txt"), "404 ");
    fs::remove_dir_all(site.folder.path()).unwrap();
    assert_eq!(get(&assets, "/b.txt"), "404 ");
}

#[test]
fn rules_apply_to_every_response_and_are_not_served() {
    let site = site(&[
        ("a.txt", "a"),
        (
            "_headers",
            "/*\n  X-A: 1\n/a.txt\n  ! ETag\n  Cache-Control: max-age=9\n",
        ),
        (
            "_redirects",
            "/old /a.txt\n/as /a.txt 200\n/none /nothing 200\n",
        ),
        (".assetsignore", ""),
    ]);
    let assets = site.assets();
    let fields = |path: &str| {
        let response = wait(assets.fetch(&request("GET", path, &[])));
        let field = |name: &str| {
            response
                .headers
                .get(name)
                .map(|it| it.to_str().unwrap().to_owned())
        };
        (
            response.status.as_u16(),
            field("x-a"),
            field("etag").is_some(),
            field("cache-control"),
        )
    };
    let one = Some("1".to_owned());

    assert_eq!(
        fields("/a.txt"),
        (200, one.clone(), false, Some("max-age=9".to_owned()))
    );
    assert_eq!(fields("/old"), (302, one.clone(), false, None));
    assert_eq!(fields("/nothing"), (404, one.clone(), false, None));
    assert_eq!(get(&assets, "/as"), "200 a");
    for path in ["/_headers", "/_redirects", "/.assetsignore"] {
        assert_eq!(get(&assets, path), "404 ", "{path}");
    }
    // A path that is answered as another is the files' even when there is no such file.
    assert_eq!(routed(&assets, request("GET", "/none", &[])), "404");
}

#[test]
fn the_program_answers_what_the_files_do_not() {
    let site = site(&[("a.txt", "a")]);
    let assets = site.assets();

    assert_eq!(routed(&assets, request("GET", "/a.txt", &[])), "200");
    assert_eq!(routed(&assets, request("POST", "/a.txt", &[])), "405");
    assert_eq!(routed(&assets, request("GET", "/nothing", &[])), "program");
    let absent = wait(assets.route(request("GET", "/nothing", &[]), Program::Absent));
    assert!(matches!(absent, Route::Answered(response) if response.status == 404));
}

#[test]
fn a_navigation_gets_the_page_for_what_is_not_there_before_the_program() {
    let mut site = site(&[("index.html", "app")]);
    site.options.not_found_handling = NotFoundHandling::SinglePageApplication;
    let navigation = || request("GET", "/route", &[("sec-fetch-mode", "navigate")]);

    assert_eq!(routed(&site.assets(), navigation()), "200");
    assert_eq!(
        routed(&site.assets(), request("GET", "/route", &[])),
        "program"
    );
    site.options.navigation_prefers_files = false;
    assert_eq!(routed(&site.assets(), navigation()), "program");
}

#[test]
fn patterns_say_for_which_paths_the_program_is_first() {
    let mut site = site(&[
        ("index.html", "app"),
        ("api/a.txt", "a"),
        ("api/docs/b.txt", "b"),
        ("c.txt", "c"),
    ]);
    site.options.not_found_handling = NotFoundHandling::SinglePageApplication;
    site.options.run_worker_first =
        RunWorkerFirst::Matching(vec!["/api/*".to_owned(), "!/api/docs/*".to_owned()]);
    let assets = site.assets();
    let to = |path| routed(&assets, request("GET", path, &[]));

    assert_eq!(to("/api/a.txt"), "program");
    assert_eq!(to("/api/docs/b.txt"), "200");
    assert_eq!(to("/c.txt"), "200");
    // With patterns, what answers for files that are not there goes before the program.
    assert_eq!(to("/nothing"), "200");
    site.options.run_worker_first = RunWorkerFirst::Always;
    assert_eq!(
        routed(&site.assets(), request("GET", "/c.txt", &[])),
        "program"
    );
}
