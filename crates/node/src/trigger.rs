//! Paths by which a developer triggers a scheduled event by hand.
//!
//! They exist while a project is developed only, and for the machine itself only: the peer and the host that the request
//! names must be local, so that neither the network nor a page of another site that is open in a browser reaches them.
//!
//! Source: wrangler's `/__scheduled` and `/cdn-cgi/handler/scheduled`, which newer versions call
//! `/cdn-cgi/local/scheduled`.

use std::net::IpAddr;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::json;
use stated_object::clock::wall_ms;
use stated_object::message::{Body, FetchRequest, FetchResponse};
use stated_object::program::{Scheduled, ScheduledRun};
use url::{Host, Url};

/// Which of the paths it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// The older one, whose answer is a sentence.
    Sentence,
    /// Those whose answer is the outcome.
    Outcome,
}

/// A wish to run a scheduled event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trigger {
    pub(crate) scheduled: Scheduled,
    path: Path,
    json: bool,
}

/// Reads a request; None when it is any other.
///
/// # Errors
/// The refusal, when it does not come from this machine.
pub(crate) fn read(request: &FetchRequest) -> Option<Result<Trigger, FetchResponse>> {
    let url = Url::parse(&request.url).ok()?;
    let path = match url.path() {
        "/__scheduled" => Path::Sentence,
        "/cdn-cgi/handler/scheduled" | "/cdn-cgi/local/scheduled" => Path::Outcome,
        _ => return None,
    };
    if !is_local(request, &url) {
        let text = "Scheduled events can be triggered from this machine only.";
        return Some(Err(FetchResponse::text(StatusCode::FORBIDDEN, text)));
    }
    let value = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    };
    let time = value("time").and_then(|time| time.trim().parse().ok());
    Some(Ok(Trigger {
        scheduled: Scheduled {
            at_ms: time.unwrap_or_else(wall_ms),
            cron: value("cron").unwrap_or_default(),
        },
        path,
        json: value("format").as_deref() == Some("json"),
    }))
}

fn is_local(request: &FetchRequest, url: &Url) -> bool {
    let from_here = request.peer.is_some_and(|peer| peer.is_loopback());
    let to_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::from(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::from(ip).is_loopback(),
        None => false,
    };
    let site = request.headers.get("sec-fetch-site");
    from_here && to_here && site.is_none_or(|site| site != "cross-site")
}

impl Trigger {
    /// The answer to whoever triggered the event.
    pub(crate) fn answer(&self, run: &ScheduledRun) -> FetchResponse {
        let outcome = run.outcome();
        let status = match outcome {
            "ok" => StatusCode::OK,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if self.path == Path::Sentence && status == StatusCode::OK {
            return FetchResponse::text(status, "Ran scheduled event");
        }
        if !self.json {
            return FetchResponse::text(status, outcome);
        }
        let body = json!({ "outcome": outcome, "noRetry": run.no_retry }).to_string();
        let mut response = FetchResponse::text(status, "");
        let json = http::HeaderValue::from_static("application/json");
        response.headers.insert(CONTENT_TYPE, json);
        response.body = Body::Bytes(body.into());
        response
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;

    fn request(url: &str, peer: &str) -> FetchRequest {
        FetchRequest {
            method: Method::GET,
            url: url.to_owned(),
            headers: HeaderMap::new(),
            body: Body::None,
            peer: Some(peer.parse().unwrap()),
            cf: None,
        }
    }

    #[test]
    fn cron_and_time_are_read_from_the_query() {
        let url = "http://localhost:1/cdn-cgi/handler/scheduled?cron=*/5+*+*+*+*&time=1700000000000&format=json";

        let trigger = read(&request(url, "127.0.0.1")).unwrap().unwrap();

        assert_eq!(trigger.scheduled.cron, "*/5 * * * *");
        assert_eq!(trigger.scheduled.at_ms, 1_700_000_000_000);
        assert!(trigger.json);
    }

    #[test]
    fn without_a_query_the_event_is_due_now_and_has_no_expression() {
        let before = wall_ms();

        let trigger = read(&request("http://[::1]/__scheduled", "::1"))
            .unwrap()
            .unwrap();

        assert!(trigger.scheduled.at_ms >= before);
        assert_eq!(trigger.scheduled.cron, "");
    }

    #[test]
    fn other_paths_are_the_programs() {
        for path in [
            "/",
            "/__scheduled/",
            "/cdn-cgi/handler/email",
            "/x/__scheduled",
        ] {
            let url = format!("http://localhost{path}");
            assert!(read(&request(&url, "127.0.0.1")).is_none(), "{path}");
        }
    }

    #[test]
    fn only_this_machine_triggers_events() {
        let refused = |request: &FetchRequest| {
            read(request)
                .unwrap()
                .is_err_and(|answer| answer.status == StatusCode::FORBIDDEN)
        };

        assert!(refused(&request(
            "http://localhost/__scheduled",
            "10.0.0.1"
        )));
        assert!(refused(&request(
            "http://evil.example/__scheduled",
            "127.0.0.1"
        )));
        let mut foreign = request("http://localhost/__scheduled", "127.0.0.1");
        foreign.headers.insert(
            "sec-fetch-site",
            http::HeaderValue::from_static("cross-site"),
        );
        assert!(refused(&foreign));
        assert!(!refused(&request(
            "http://a.localhost:8787/__scheduled",
            "127.0.0.1"
        )));
    }
}
