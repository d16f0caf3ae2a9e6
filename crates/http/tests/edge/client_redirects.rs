//! Redirects as the client follows them.

use std::cell::Cell;

use http::{HeaderValue, StatusCode};
use stated_http::{Client, Limits, RedirectMode, Trust};
use stated_object::message::{FetchRequest, FetchResponse};

use crate::fixture::{FOLLOW, Server, client, get, post, read_body, run, text, text_of};

/// A server that redirects `/<status>/<anything>` to `/end` and tells at `/end` what it got.
pub(crate) fn redirecting() -> Server {
    Server::start(|request: FetchRequest| async move {
        let path = request.url.splitn(4, '/').nth(3).unwrap_or("").to_owned();
        if let Some(status) = path
            .get(..3)
            .and_then(|s| StatusCode::from_bytes(s.as_bytes()).ok())
        {
            let mut response = FetchResponse::text(status, "moved");
            let next = if path.contains("loop") {
                format!("/{path}")
            } else {
                "/end".into()
            };
            response
                .headers
                .insert("location", HeaderValue::try_from(next).unwrap());
            return response;
        }
        let auth = request.headers.contains_key("authorization");
        let body = String::from_utf8(read_body(request.body).await.unwrap()).unwrap();
        FetchResponse::text(
            StatusCode::OK,
            format!("{} {body:?} auth={auth}", request.method),
        )
    })
}

#[test]
fn redirects_are_followed_and_the_response_says_so() {
    run(async {
        let server = redirecting();
        for (status, expected) in [
            (301, "GET \"\" auth=false"),
            (303, "GET \"\" auth=false"),
            (307, "POST \"abc\" auth=false"),
            (308, "POST \"abc\" auth=false"),
        ] {
            let response = client()
                .fetch(post(server.url(&format!("/{status}/")), "abc"), FOLLOW)
                .await
                .unwrap();

            assert_eq!(response.url, server.url("/end"));
            assert!(response.redirected);
            assert_eq!(text_of(response).await, expected);
        }
    });
}

#[test]
fn a_redirect_is_the_response_where_the_program_asks_for_it() {
    run(async {
        let server = redirecting();

        let response = client()
            .fetch(get(server.url("/302/")), RedirectMode::Manual)
            .await
            .unwrap();

        assert_eq!(response.status, 302);
        assert_eq!(response.headers["location"], "/end");
        assert_eq!(
            (response.url.as_str(), response.redirected),
            (server.url("/302/").as_str(), false)
        );
    });
}

#[test]
fn credentials_are_not_sent_to_another_origin() {
    run(async {
        let there = redirecting();
        let target = there.url("/end");
        let here = Server::start(move |_| {
            let mut response = FetchResponse::text(StatusCode::FOUND, "");
            response
                .headers
                .insert("location", HeaderValue::try_from(target.clone()).unwrap());
            async { response }
        });
        let mut request = get(here.url("/"));
        request
            .headers
            .insert("authorization", HeaderValue::from_static("secret"));

        let response = client().fetch(request, FOLLOW).await.unwrap();

        assert_eq!(text_of(response).await, "GET \"\" auth=false");
    });
}

#[test]
fn as_many_redirects_as_allowed_are_followed_and_one_more_is_an_error() {
    run(async {
        let limits = Limits {
            client_redirect_count_max: 20,
            ..Limits::default()
        };
        for (redirect_count, expected) in [
            (20, Ok("end")),
            (21, Err("fetch(): too many redirects; the limit is 20")),
        ] {
            let left = Cell::new(redirect_count);
            let server = Server::start(move |_| {
                let mut response = text("end");
                if left.get() > 0 {
                    left.set(left.get() - 1);
                    response.status = StatusCode::FOUND;
                    response
                        .headers
                        .insert("location", HeaderValue::from_static("/"));
                }
                async { response }
            });

            let got = Client::new(&limits, Trust::system())
                .fetch(get(server.url("/")), FOLLOW)
                .await;

            match got {
                Ok(response) => assert_eq!(Ok(text_of(response).await.as_str()), expected),
                Err(error) => assert_eq!(Err(error.to_string().as_str()), expected),
            }
        }
    });
}
