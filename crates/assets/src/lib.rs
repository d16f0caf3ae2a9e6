//! Static files: which file of a folder answers a request, and with which fields.
//!
//! [`Assets`] is what Cloudflare's asset worker and the router in front of it are together: `route` decides whether a request
//! from outside is answered with a file or goes to the program, `fetch` answers what the program asks of its binding. It knows
//! no JavaScript and no server, and looks at the folder at each request, so changed files are served at once.
//!
//! Nothing outside of the folder is ever read: the system itself resolves every path, symbolic links included, beneath it.
//!
//! Source: <https://developers.cloudflare.com/workers/static-assets/>, and what wrangler 4.126 answers.

mod answer;
mod check;
mod content;
mod folder;
mod html;
mod path;
mod range;
mod rules;

pub use answer::{Assets, Program, Route};
pub use check::AssetsError;
pub use html::{HtmlHandling, NotFoundHandling};

use std::path::PathBuf;

/// How a folder's files are served.
#[derive(Clone, Debug)]
pub struct AssetsOptions {
    /// The folder.
    pub directory: PathBuf,
    /// How paths of HTML files are made pretty.
    pub html_handling: HtmlHandling,
    /// What answers when no file does.
    pub not_found_handling: NotFoundHandling,
    /// Which requests go to the program before the files are looked at.
    pub run_worker_first: RunWorkerFirst,
    /// Whether what answers a page that is not there goes before the program when a browser navigates: the
    /// compatibility flag `assets_navigation_prefers_asset_serving`.
    pub navigation_prefers_files: bool,
}

/// Which requests go to the program before the files are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunWorkerFirst {
    /// None.
    Never,
    /// All.
    Always,
    /// By path, `*` standing for anything; one that begins with `!` names paths for the files, and goes before the others.
    Matching(Vec<String>),
}

/// Bytes of one file. Source: Cloudflare's limit.
pub const FILE_BYTES_MAX: u64 = 25 << 20;
/// Files of one folder. Source: Cloudflare's limit for paying customers.
pub const FILES_MAX: usize = 100_000;
