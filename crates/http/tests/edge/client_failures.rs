//! Fetches without a response, and what they say.

use std::time::Duration;

use stated_http::{Client, FetchError, Limits, RedirectMode, Trust};
use tokio::net::TcpListener;

use crate::client_redirects::redirecting;
use crate::fixture::{FOLLOW, Scripted, client, fetch, get, run, run_paused};

#[test]
fn failures_say_what_is_wrong_and_whether_to_try_again() {
    run(async {
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = closed.local_addr().unwrap().port();
        drop(closed);
        let redirects = redirecting();
        let cases = [
            (
                "no url".to_owned(),
                "Invalid URL: no url".to_owned(),
                true,
                false,
            ),
            ("http://".into(), "Invalid URL: http://".into(), true, false),
            (
                "ftp://a/".into(),
                "Fetch API cannot load: ftp://a/".into(),
                true,
                false,
            ),
            (
                format!("http://127.0.0.1:{port}/"),
                "Network connection lost.".into(),
                false,
                true,
            ),
            (
                "http://nothing.invalid/".into(),
                "fetch(): host `nothing.invalid` cannot be resolved".into(),
                false,
                false,
            ),
        ];
        for (url, text, is_type_error, is_retryable) in cases {
            let error = client().fetch(get(url), FOLLOW).await.unwrap_err();

            assert_eq!(error.to_string(), text);
            assert_eq!(
                (error.is_type_error(), error.is_retryable()),
                (is_type_error, is_retryable),
                "{text}"
            );
        }
        let error = client()
            .fetch(get(redirects.url("/302/")), RedirectMode::Error)
            .await
            .unwrap_err();
        assert!(matches!(error, FetchError::RedirectRefused));
    });
}

#[test]
fn a_server_that_hangs_up_or_speaks_something_else_is_told_apart() {
    run(async {
        for (answer, lost) in [
            ("", true),
            ("HTTP/1.1 200 OK\r\nX", true),
            ("SSH-2.0-x\r\n\r\n", false),
        ] {
            let server = Scripted::start().await;
            let (_, result) = tokio::join!(
                async {
                    let mut raw = server.accept().await;
                    raw.read_to("\r\n\r\n").await;
                    raw.send(answer).await;
                },
                fetch(get(server.url())),
            );

            let authority = server.0.local_addr().unwrap();
            let expected = if lost {
                "Network connection lost.".to_owned()
            } else {
                format!("fetch(): `{authority}` did not answer in valid HTTP")
            };
            assert_eq!(result.unwrap_err().to_string(), expected, "{answer:?}");
        }
    });
}

#[test]
fn a_server_that_never_accepts_tls_times_out() {
    run_paused(async {
        let server = Scripted::start().await;
        let limits = Limits {
            client_connect_timeout: Duration::from_secs(5),
            ..Limits::default()
        };
        let client = Client::new(&limits, Trust::roots(rustls::RootCertStore::empty()));
        let address = server.0.local_addr().unwrap();

        let error = client
            .fetch(get(format!("https://{address}/")), FOLLOW)
            .await
            .unwrap_err();

        assert_eq!(
            error.to_string(),
            format!("fetch(): no connection to `{address}` within 5000 ms")
        );
        assert!(error.is_retryable());
    });
}
