//! The documentation does not point into the void.

use std::fs;
use std::path::{Path, PathBuf};

use stated_testkit::project::repository;

#[test]
fn every_relative_link_of_the_documentation_leads_to_a_file() {
    let root = repository();
    let mut documents = markdown_below(&root.join("docs"));
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "examples/README.md",
    ] {
        documents.push(root.join(name));
    }

    let mut broken = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(document).expect("the document is readable");
        let folder = document.parent().expect("a file is in a folder");
        for target in links(&text) {
            let path = target.split('#').next().unwrap_or_default();
            let elsewhere = target.contains("://") || path.is_empty();
            if !elsewhere && !folder.join(path).exists() {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }

    assert!(documents.len() > 8, "only {documents:#?} were found");
    assert!(broken.is_empty(), "links that lead nowhere: {broken:#?}");
}

#[test]
fn the_architecture_fits_on_two_hundred_lines() {
    let text =
        fs::read_to_string(repository().join("ARCHITECTURE.md")).expect("the file is readable");

    assert!(
        text.lines().count() <= 200,
        "ARCHITECTURE.md has {} lines",
        text.lines().count()
    );
}

/// The targets of the links of a Markdown text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

fn markdown_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            found.extend(markdown_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}
