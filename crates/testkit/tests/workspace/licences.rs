//! Every dependency may be used and passed on under the licences that deny.toml allows.

use std::collections::BTreeSet;
use std::fs;

use stated_testkit::project::repository;

use crate::metadata::cargo;

#[test]
fn every_package_has_an_allowed_licence() {
    let allowed = allowed();
    // What is compiled for this platform, tests and build scripts included: "name vX.Y.Z|licence".
    let packages = cargo(&[
        "tree",
        "--workspace",
        "--prefix",
        "none",
        "--format",
        "{p}|{l}",
    ]);
    let packages: BTreeSet<&str> = packages
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();

    let refused: Vec<&&str> = packages
        .iter()
        .filter(|line| {
            let (_, licence) = line.split_once('|').expect("the format has a bar");
            !satisfied(licence, &|id| allowed.iter().any(|each| each == id))
        })
        .collect();

    assert!(packages.len() > 100, "cargo lists only {packages:#?}");
    assert!(
        refused.is_empty(),
        "deny.toml does not allow the licence of {refused:#?}"
    );
}

#[test]
fn an_expression_holds_as_spdx_says() {
    let free = |id: &str| matches!(id, "MIT" | "ISC" | "Apache-2.0 WITH LLVM-exception");

    for expression in [
        "MIT",
        "MIT OR GPL-2.0-only",
        "GPL-2.0-only OR MIT",
        "MIT/Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "MIT AND ISC",
        "(MIT OR Apache-2.0) AND ISC",
        "GPL-2.0-only AND ISC OR MIT",
    ] {
        assert!(satisfied(expression, &free), "{expression}");
    }
    for expression in [
        "",
        "GPL-2.0-only",
        "Apache-2.0",
        "MIT AND GPL-2.0-only",
        "(MIT OR Apache-2.0) AND GPL-2.0-only",
        "MIT OR",
        "(MIT",
        "MIT ISC",
    ] {
        assert!(!satisfied(expression, &free), "{expression}");
    }
}

/// The `allow` list of deny.toml.
fn allowed() -> Vec<String> {
    let file = fs::read_to_string(repository().join("deny.toml")).expect("deny.toml is readable");
    let list = file
        .split("\nallow = [")
        .nth(1)
        .expect("deny.toml has an allow list");
    let list = list.split("\n]").next().expect("a split has a first part");
    list.lines()
        .filter_map(|line| line.split('"').nth(1))
        .map(str::to_owned)
        .collect()
}

/// Whether an SPDX licence expression can be met with the licences that `allows` accepts.
///
/// A malformed expression cannot.
fn satisfied(expression: &str, allows: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        allows,
    };
    parser.either() == Some(true) && parser.words.is_empty()
}

/// A parser by descent: `either` is a list of `both` separated by OR, `both` of `one` by AND.
struct Parser<'a> {
    words: &'a [&'a str],
    allows: &'a dyn Fn(&str) -> bool,
}

impl Parser<'_> {
    fn either(&mut self) -> Option<bool> {
        let mut holds = self.both()?;
        while self.skip("OR") {
            holds |= self.both()?;
        }
        Some(holds)
    }

    fn both(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        while self.skip("AND") {
            holds &= self.one()?;
        }
        Some(holds)
    }

    fn one(&mut self) -> Option<bool> {
        if self.skip("(") {
            let holds = self.either()?;
            return self.skip(")").then_some(holds);
        }
        let id = self.next()?;
        if self.skip("WITH") {
            let exception = self.next()?;
            return Some((self.allows)(&format!("{id} WITH {exception}")));
        }
        Some((self.allows)(&id))
    }

    fn next(&mut self) -> Option<String> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some((*first).to_owned())
    }

    fn skip(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }
}
