//! Which file a path stands for: pretty paths of HTML files, and what answers when there is none.
//!
//! Pure: whether a file exists is asked of the caller, by a path that begins with a slash.

/// How paths of HTML files are made pretty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HtmlHandling {
    /// With a trailing slash for `index.html` of a folder, without for others.
    AutoTrailingSlash,
    /// Always with one.
    ForceTrailingSlash,
    /// Never with one.
    DropTrailingSlash,
    /// Not at all.
    None,
}

/// What answers when no file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFoundHandling {
    /// Nothing.
    None,
    /// The nearest `404.html`, with that status.
    NotFoundPage,
    /// `/index.html`, as if it had been asked for.
    SinglePageApplication,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// A file.
    File(String),
    /// A file in place of one that is not there.
    NotFoundPage(String),
    /// Another path, where the file is served.
    Redirect(String),
}

/// One thing to try.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A file.
    Serve(String),
    /// To send the client to a path, if no file has that path and it would serve this file.
    Move { file: String, to: String },
}

/// Follows a decoded path.
pub(crate) fn resolve(
    path: &str,
    html: HtmlHandling,
    not_found: NotFoundHandling,
    exists: &dyn Fn(&str) -> bool,
) -> Option<Intent> {
    for step in steps(path, html) {
        match step {
            Step::Serve(file) if exists(&file) => return Some(Intent::File(file)),
            Step::Move { file, to } => {
                if exists(&file)
                    && !exists(&to)
                    && served_at(&to, html, not_found, exists).as_ref() == Some(&file)
                {
                    return Some(Intent::Redirect(to));
                }
            }
            Step::Serve(_) => {}
        }
    }
    missing(path, not_found, exists)
}

/// The file that a path serves without sending the client elsewhere.
fn served_at(
    path: &str,
    html: HtmlHandling,
    not_found: NotFoundHandling,
    exists: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let served = steps(path, html).into_iter().find_map(|step| match step {
        Step::Serve(file) if exists(&file) => Some(file),
        Step::Serve(_) | Step::Move { .. } => None,
    });
    served.or_else(|| match missing(path, not_found, exists)? {
        Intent::File(file) | Intent::NotFoundPage(file) => Some(file),
        Intent::Redirect(_) => None,
    })
}

fn missing(
    path: &str,
    not_found: NotFoundHandling,
    exists: &dyn Fn(&str) -> bool,
) -> Option<Intent> {
    match not_found {
        NotFoundHandling::None => None,
        NotFoundHandling::SinglePageApplication => {
            let page = "/index.html";
            exists(page).then(|| Intent::File(page.to_owned()))
        }
        NotFoundHandling::NotFoundPage => {
            let folders = path.match_indices('/').rev().map(|(at, _)| &path[..at]);
            let mut pages = folders.map(|folder| format!("{folder}/404.html"));
            pages.find(|page| exists(page)).map(Intent::NotFoundPage)
        }
    }
}

/// What to try for a path, in order.
fn steps(path: &str, html: HtmlHandling) -> Vec<Step> {
    let serve = |file: String| Step::Serve(file);
    let moved = |file: String, to: &str| Step::Move {
        file,
        to: to.to_owned(),
    };
    let itself = || serve(path.to_owned());
    let page = || format!("{path}.html");
    let index = || format!("{path}/index.html");
    let slash = format!("{path}/");
    // The path of the folder of an index, without its slash; or of a folder; or of a page.
    let of_index = path.strip_suffix("/index");
    let of_index_page = path.strip_suffix("/index.html");
    let of_folder = path.strip_suffix('/');
    let of_page = path.strip_suffix(".html");
    let mut steps = Vec::new();
    match html {
        HtmlHandling::None => return vec![itself()],
        HtmlHandling::AutoTrailingSlash => {
            if let Some(folder) = of_index {
                steps.extend([
                    itself(),
                    moved(page(), &format!("{folder}/")),
                    moved(format!("{folder}.html"), folder),
                ]);
            } else if let Some(folder) = of_index_page {
                steps.extend([
                    moved(path.to_owned(), &format!("{folder}/")),
                    moved(format!("{folder}.html"), folder),
                ]);
            } else if let Some(folder) = of_folder {
                steps.extend([
                    serve(format!("{path}index.html")),
                    moved(format!("{folder}.html"), folder),
                ]);
            } else if let Some(stem) = of_page {
                steps.extend([
                    moved(path.to_owned(), stem),
                    moved(format!("{stem}/index.html"), &format!("{stem}/")),
                ]);
            }
            steps.extend([itself(), serve(page()), moved(index(), &slash)]);
        }
        HtmlHandling::ForceTrailingSlash => {
            if let Some(folder) = of_index {
                let to = format!("{folder}/");
                steps.extend([
                    itself(),
                    moved(page(), &to),
                    moved(format!("{folder}.html"), &to),
                ]);
            } else if let Some(folder) = of_index_page {
                let to = format!("{folder}/");
                steps.extend([
                    moved(path.to_owned(), &to),
                    moved(format!("{folder}.html"), &to),
                ]);
            } else if let Some(folder) = of_folder {
                steps.extend([
                    serve(format!("{path}index.html")),
                    serve(format!("{folder}.html")),
                ]);
            } else if let Some(stem) = of_page {
                let to = format!("{stem}/");
                steps.extend([
                    moved(path.to_owned(), &to),
                    itself(),
                    moved(format!("{stem}/index.html"), &to),
                ]);
            }
            steps.extend([itself(), moved(page(), &slash), moved(index(), &slash)]);
        }
        HtmlHandling::DropTrailingSlash => {
            if let Some(folder) = of_index {
                steps.push(itself());
                if folder.is_empty() {
                    steps.push(moved(page(), "/"));
                } else {
                    steps.extend([
                        moved(format!("{folder}.html"), folder),
                        moved(page(), folder),
                    ]);
                }
            } else if let Some(folder) = of_index_page {
                if folder.is_empty() {
                    steps.push(moved(path.to_owned(), "/"));
                } else {
                    steps.extend([
                        moved(path.to_owned(), folder),
                        itself(),
                        moved(format!("{folder}.html"), folder),
                    ]);
                }
            } else if let Some(folder) = of_folder {
                if folder.is_empty() {
                    steps.push(serve("/index.html".to_owned()));
                } else {
                    steps.extend([
                        moved(format!("{folder}.html"), folder),
                        moved(format!("{folder}/index.html"), folder),
                    ]);
                }
            } else if let Some(stem) = of_page {
                steps.extend([
                    moved(path.to_owned(), stem),
                    moved(format!("{stem}/index.html"), stem),
                ]);
            }
            steps.extend([itself(), serve(page()), serve(index())]);
        }
    }
    steps
}

#[cfg(test)]
mod tests;
