//! What a node tells whoever prints: requests, scheduled events and console lines.

use stated_worker::ConsoleLine;

/// Where requests, scheduled events and console lines go. Called from shard threads; must not block for long.
pub trait Log: Send + Sync {
    /// Whether [`Log::request`] does anything; asked for every request.
    fn wants_requests(&self) -> bool;
    /// A request was answered (its body may still be on its way).
    fn request(&self, line: &RequestLine<'_>);
    /// A scheduled event ended.
    fn scheduled(&self, line: &ScheduledLine<'_>);
    /// A program printed something, or failed without anyone catching it.
    fn console(&self, service: &str, line: &ConsoleLine);
}

/// One answered request.
#[derive(Clone, Debug)]
pub struct RequestLine<'a> {
    /// The method.
    pub method: &'a str,
    /// The path with the query.
    pub path: &'a str,
    /// The status of the response.
    pub status: u16,
    /// Milliseconds until the response began.
    pub elapsed_ms: f64,
    /// The first object that the request reached: class and name or id.
    pub object: Option<&'a str>,
}

/// One scheduled event that ended, with everything it gave to `waitUntil`.
#[derive(Clone, Debug)]
pub struct ScheduledLine<'a> {
    /// The service.
    pub service: &'a str,
    /// The expression; may be empty when the event was triggered by hand.
    pub cron: &'a str,
    /// The time it was due, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// "ok", or how it failed, in Cloudflare's words.
    pub outcome: &'a str,
    /// How long it took, in milliseconds.
    pub elapsed_ms: f64,
    /// What the handler threw, or the limit that ended it.
    pub error: Option<&'a str>,
}
