//! From a request to the response with a file, or to the program.

use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use stated_core::wildcard;
use stated_object::message::{Body, FetchRequest, FetchResponse};
use url::Url;

use crate::check::{AssetsError, check};
use crate::content::{Contents, Served};
use crate::folder::{Folder, Opened, Signature};
use crate::html::{Intent, NotFoundHandling, resolve};
use crate::range::Part;
use crate::rules::redirects::Redirect;
use crate::rules::{HEADERS, IGNORED, REDIRECTS, Rules};
use crate::{AssetsOptions, FILES_MAX, RunWorkerFirst, path};

const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=0, must-revalidate");
/// Bytes of one of the files with rules.
const RULES_BYTES_MAX: u64 = 5 << 20;

/// The static files of one service.
#[derive(Debug)]
pub struct Assets {
    options: AssetsOptions,
    folder: Folder,
    contents: Contents,
    rules: Mutex<Option<Known>>,
}

/// The rules, and the state of the three files that they were read from.
#[derive(Debug)]
struct Known {
    signatures: [Option<Signature>; 3],
    rules: Arc<Rules>,
}

/// Whether there is a program behind the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// There is one.
    Present,
    /// The files are all there is.
    Absent,
}

/// Who answers a request.
#[derive(Debug)]
pub enum Route {
    /// The files have answered it.
    Answered(FetchResponse),
    /// The program is to answer it.
    ToProgram(FetchRequest),
}

/// Who comes first for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Program,
    /// Whether or not there is such a file.
    Files,
    /// Those that are there, and what answers for others with this handling.
    FilesIfAny(NotFoundHandling),
}

/// What a request comes to, before a file is read.
enum Decision {
    /// A response without a file.
    Response(FetchResponse),
    /// A file with the status of its response.
    File(String, Opened, StatusCode),
    /// Nothing here answers it.
    Nothing,
}

impl Assets {
    /// Looks at the folder.
    ///
    /// # Errors
    /// [`AssetsError`]: the folder is not there, or has files that are not allowed.
    pub fn open(options: AssetsOptions) -> Result<Self, AssetsError> {
        let assets = Self {
            folder: Folder::new(options.directory.clone()),
            options,
            contents: Contents::default(),
            rules: Mutex::default(),
        };
        let rules = assets.rules();
        let has_ignore_file = assets.folder.path().join(IGNORED).exists();
        check(
            assets.folder.path(),
            &rules.ignored,
            has_ignore_file,
            FILES_MAX,
        )?;
        Ok(assets)
    }

    /// Decides who answers a request from outside, and answers it if the files do.
    pub async fn route(&self, request: FetchRequest, program: Program) -> Route {
        let Ok(url) = Url::parse(&request.url) else {
            return Route::ToProgram(request);
        };
        let rules = self.rules();
        let all = self.options.not_found_handling;
        let not_found = match program {
            Program::Absent => all,
            Program::Present => match self.who(&request, &url) {
                First::Program => return Route::ToProgram(request),
                First::Files => all,
                First::FilesIfAny(not_found) => not_found,
            },
        };
        let decision = self.decide(&request, &url, not_found, &rules);
        if program == Program::Present
            && matches!(decision, Decision::Nothing)
            && self.who(&request, &url) != First::Files
        {
            return Route::ToProgram(request);
        }
        Route::Answered(self.finish(&request, &url, decision, &rules).await)
    }

    /// Who comes first for a request, when there is a program.
    fn who(&self, request: &FetchRequest, url: &Url) -> First {
        let all = self.options.not_found_handling;
        match &self.options.run_worker_first {
            RunWorkerFirst::Always => First::Program,
            RunWorkerFirst::Matching(patterns) => {
                let fits = |pattern: &str| wildcard::matches(pattern, url.path());
                let mut files = patterns
                    .iter()
                    .filter_map(|pattern| pattern.strip_prefix('!'));
                if files.any(fits) {
                    return First::Files;
                }
                match patterns.iter().any(|pattern| fits(pattern)) {
                    true => First::Program,
                    false => First::FilesIfAny(all),
                }
            }
            RunWorkerFirst::Never => {
                let mode = request.headers.get("sec-fetch-mode");
                let navigates = mode.is_some_and(|mode| mode == "navigate");
                let keeps = navigates && self.options.navigation_prefers_files;
                First::FilesIfAny(if keeps { all } else { NotFoundHandling::None })
            }
        }
    }

    /// Answers a request, with 404 when nothing else does.
    pub async fn fetch(&self, request: &FetchRequest) -> FetchResponse {
        let Ok(url) = Url::parse(&request.url) else {
            return plain(StatusCode::BAD_REQUEST);
        };
        let rules = self.rules();
        let decision = self.decide(request, &url, self.options.not_found_handling, &rules);
        self.finish(request, &url, decision, &rules).await
    }

    async fn finish(
        &self,
        request: &FetchRequest,
        url: &Url,
        decision: Decision,
        rules: &Rules,
    ) -> FetchResponse {
        let mut response = match decision {
            Decision::Response(response) => response,
            Decision::Nothing => plain(StatusCode::NOT_FOUND),
            Decision::File(name, opened, status) => {
                match self.contents.serve(&name, opened).await {
                    Ok(served) => file_response(request, &name, served, status),
                    Err(error) => unreadable(&name, &error),
                }
            }
        };
        rules.headers.apply(url, &mut response.headers);
        response
    }

    fn decide(
        &self,
        request: &FetchRequest,
        url: &Url,
        not_found: NotFoundHandling,
        rules: &Rules,
    ) -> Decision {
        let (requested, rewritten) = match rules.redirects.follow(url) {
            Some(Redirect::Moved(status, location)) => {
                return Decision::Response(redirect(status, &location));
            }
            Some(Redirect::Rewritten(path)) => (path, true),
            None => (url.path().to_owned(), false),
        };
        let decoded = path::decode(&requested);
        let files = std::cell::RefCell::new(Files::default());
        let exists = |path: &str| files.borrow_mut().exists(self, rules, path);
        let intent = resolve(&decoded, self.options.html_handling, not_found, &exists);
        let mut files = files.into_inner();
        if let Some((name, error)) = &files.failure {
            return Decision::Response(unreadable(name, error));
        }
        let Some(intent) = intent else {
            return if rewritten {
                Decision::Response(plain(StatusCode::NOT_FOUND))
            } else {
                Decision::Nothing
            };
        };
        if request.method != Method::GET && request.method != Method::HEAD {
            return Decision::Response(plain(StatusCode::METHOD_NOT_ALLOWED));
        }
        let moved = |to: &str| {
            let query = url.query().filter(|query| !query.is_empty());
            let query = query.map_or_else(String::new, |query| format!("?{query}"));
            let location = format!("{}{query}", path::encode(to));
            Decision::Response(redirect(StatusCode::TEMPORARY_REDIRECT, &location))
        };
        let (file, status) = match intent {
            Intent::Redirect(to) => return moved(&to),
            // A path has one spelling.
            Intent::File(_) | Intent::NotFoundPage(_) if path::encode(&decoded) != requested => {
                return moved(&decoded);
            }
            Intent::File(file) => (file, StatusCode::OK),
            Intent::NotFoundPage(file) => (file, StatusCode::NOT_FOUND),
        };
        match files.opened.remove(&file).flatten() {
            Some(opened) => Decision::File(file, opened, status),
            None => Decision::Nothing,
        }
    }

    /// The rules as they are now.
    fn rules(&self) -> Arc<Rules> {
        let mut known = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let opened =
            [HEADERS, REDIRECTS, IGNORED].map(|name| self.folder.open(name).ok().flatten());
        let signatures = [0, 1, 2].map(|index| opened[index].as_ref().map(|it| it.signature));
        if let Some(known) = &*known
            && known.signatures == signatures
        {
            return known.rules.clone();
        }
        let [headers, redirects, ignored] = opened.map(text_of);
        let html = self.options.html_handling;
        let (rules, warnings) = Rules::parse(&headers, &redirects, &ignored, html);
        for warning in warnings {
            tracing::warn!("static assets: {warning}");
        }
        let rules = Arc::new(rules);
        *known = Some(Known {
            signatures,
            rules: rules.clone(),
        });
        rules
    }
}

/// Files that were looked for while one request is decided.
#[derive(Default)]
struct Files {
    opened: HashMap<String, Option<Opened>>,
    failure: Option<(String, std::io::Error)>,
}

impl Files {
    fn exists(&mut self, assets: &Assets, rules: &Rules, path: &str) -> bool {
        if let Some(known) = self.opened.get(path) {
            return known.is_some();
        }
        let name = path::file_name(path).filter(|name| !rules.ignored.has(name));
        let opened = match name.map(|name| assets.folder.open(name)) {
            Some(Ok(opened)) => opened,
            Some(Err(error)) => {
                self.failure.get_or_insert_with(|| (path.to_owned(), error));
                None
            }
            None => None,
        };
        let exists = opened.is_some();
        self.opened.insert(path.to_owned(), opened);
        exists
    }
}

fn text_of(opened: Option<Opened>) -> String {
    let mut text = Vec::new();
    if let Some(opened) = opened {
        let read = opened.file.take(RULES_BYTES_MAX).read_to_end(&mut text);
        if let Err(error) = read {
            tracing::warn!(%error, "static assets: a file with rules cannot be read");
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn file_response(
    request: &FetchRequest,
    name: &str,
    served: Served,
    status: StatusCode,
) -> FetchResponse {
    let mut headers = HeaderMap::new();
    let etag = HeaderValue::try_from(&served.etag).expect("a hash in quotes is visible ASCII");
    headers.insert(ETAG, etag);
    if let Some(kind) = content_type(name) {
        headers.insert(CONTENT_TYPE, kind);
    }
    if !request.headers.contains_key(AUTHORIZATION) && !request.headers.contains_key(RANGE) {
        headers.insert(CACHE_CONTROL, CACHED);
    }
    let response = |status, headers, body| FetchResponse {
        status,
        status_text: String::new(),
        headers,
        body,
        socket: None,
        url: String::new(),
        redirected: false,
    };
    if has_etag(&request.headers, &served.etag) {
        return response(StatusCode::NOT_MODIFIED, headers, Body::None);
    }
    if request.method == Method::HEAD {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(served.size));
        return response(status, headers, Body::None);
    }
    let part = match status {
        StatusCode::OK => {
            Part::wanted(&request.method, &request.headers, &served.etag, served.size)
        }
        // It is not what was asked for.
        _ => Part::Whole,
    };
    let size = served.size;
    match part {
        Part::Whole => response(status, headers, served.body(0, size)),
        Part::Bytes { first, last } => {
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            headers.insert(
                CONTENT_RANGE,
                content_range(&format!("{first}-{last}/{size}")),
            );
            let body = served.body(first, last - first + 1);
            response(StatusCode::PARTIAL_CONTENT, headers, body)
        }
        Part::Unsatisfiable => {
            headers.remove(CONTENT_TYPE);
            headers.insert(CONTENT_RANGE, content_range(&format!("*/{size}")));
            response(StatusCode::RANGE_NOT_SATISFIABLE, headers, Body::None)
        }
    }
}

fn content_range(range: &str) -> HeaderValue {
    HeaderValue::try_from(format!("bytes {range}")).expect("numbers are visible ASCII")
}

/// Whether the client has what would be sent. Source: RFC 9110, 13.1.2.
fn has_etag(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut known = values.flat_map(|value| value.split(',')).map(str::trim);
    known.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

/// The media type that a file's name tells, with the encoding of texts.
fn content_type(name: &str) -> Option<HeaderValue> {
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    // Where the table of the crate is not wrangler's.
    let own = match extension.as_deref()? {
        "ico" => Some("image/vnd.microsoft.icon"),
        "md" | "markdown" => Some("text/markdown"),
        "mjs" => Some("text/javascript"),
        "webmanifest" => Some("application/manifest+json"),
        "map" => Some("application/json"),
        _ => None,
    };
    let kind = match own {
        Some(own) => own.to_owned(),
        None => mime_guess::from_path(name)
            .first()?
            .essence_str()
            .to_owned(),
    };
    let kind = if kind.starts_with("text/") {
        format!("{kind}; charset=utf-8")
    } else {
        kind
    };
    HeaderValue::try_from(kind).ok()
}

fn redirect(status: StatusCode, location: &str) -> FetchResponse {
    let mut response = plain(status);
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers.insert(LOCATION, location);
    }
    response
}

/// A response without a body.
fn plain(status: StatusCode) -> FetchResponse {
    let mut response = FetchResponse::text(status, "");
    response.headers.clear();
    response.body = Body::None;
    response
}

fn unreadable(name: &str, error: &std::io::Error) -> FetchResponse {
    tracing::error!(%error, "static assets: read `{name}`");
    plain(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests;
