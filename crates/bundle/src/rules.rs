//! Which imports are not JavaScript: wrangler's module rules, its defaults, and what `fallthrough` drops.
//!
//! Pure: decides by the text of a specifier or path, never looks at a file.
//!
//! Source: <https://developers.cloudflare.com/workers/wrangler/bundling/#including-non-javascript-modules>

use stated_core::wildcard;

use crate::{Rule, RuleKind};

/// The rules that are in force, and those that an earlier rule of the same kind switched off.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    active: Vec<Rule>,
    dropped: Vec<Rule>,
    /// One sentence for each rule that was dropped without `fallthrough = false` being said.
    pub(crate) warnings: Vec<String>,
}

/// What the rules say about one specifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Match<'a> {
    /// A rule in force matches.
    Kind(RuleKind),
    /// Only a dropped rule matches; the import must be refused, not bundled as something else.
    Dropped(&'a Rule),
    /// No rule matches.
    None,
}

impl Rules {
    /// Puts the user's rules before wrangler's defaults and drops what does not fall through.
    pub(crate) fn new(user: &[Rule]) -> Self {
        let mut rules = Self {
            active: Vec::new(),
            dropped: Vec::new(),
            warnings: Vec::new(),
        };
        // Per kind: the first rule without `fallthrough = true` ends the list.
        let mut last: Vec<(RuleKind, String, Option<bool>)> = Vec::new();
        for (index, rule) in user.iter().cloned().chain(defaults()).enumerate() {
            let name = if index < user.len() {
                format!(
                    "rule {} ({} {})",
                    index + 1,
                    rule.kind.as_str(),
                    quoted(&rule.globs)
                )
            } else {
                format!(
                    "the default rule {} {}",
                    rule.kind.as_str(),
                    quoted(&rule.globs)
                )
            };
            match last.iter().find(|(kind, ..)| *kind == rule.kind) {
                Some((_, earlier, fallthrough)) => {
                    if fallthrough.is_none() {
                        rules.warnings.push(format!(
                            "{name} is ignored, because {earlier} has the same type; give that one \
                             `fallthrough = true` to use both, or `fallthrough = false` to silence this"
                        ));
                    }
                    rules.dropped.push(rule);
                }
                None => {
                    if rule.fallthrough != Some(true) {
                        last.push((rule.kind, name, rule.fallthrough));
                    }
                    rules.active.push(rule);
                }
            }
        }
        rules
    }

    /// Says what an import written as `specifier` is. JavaScript rules never match an import.
    pub(crate) fn of_import(&self, specifier: &str) -> Match<'_> {
        let is_asset = |rule: &&Rule| !matches!(rule.kind, RuleKind::EsModule | RuleKind::CommonJs);
        let hits = |rule: &&Rule| {
            rule.globs
                .iter()
                .any(|glob| wildcard::matches(glob, specifier))
        };
        if let Some(rule) = self.active.iter().filter(is_asset).find(hits) {
            return Match::Kind(rule.kind);
        }
        match self.dropped.iter().filter(is_asset).find(hits) {
            Some(rule) => Match::Dropped(rule),
            None => Match::None,
        }
    }

    /// Says what the file at `path` (relative to the entry's directory) is, for `no_bundle`.
    ///
    /// `**/*.wasm` must match a file at the top as well, so the path is tried with `./` before it.
    pub(crate) fn of_file(&self, path: &str) -> Option<RuleKind> {
        let dotted = format!("./{path}");
        self.active
            .iter()
            .find(|rule| {
                rule.globs
                    .iter()
                    .any(|glob| wildcard::matches(glob, path) || wildcard::matches(glob, &dotted))
            })
            .map(|rule| rule.kind)
    }
}

/// Wrangler's rules when the file names none.
fn defaults() -> [Rule; 3] {
    let rule = |kind, globs: &[&str]| Rule {
        kind,
        globs: globs.iter().map(|glob| (*glob).to_owned()).collect(),
        fallthrough: None,
    };
    [
        rule(RuleKind::Text, &["**/*.txt", "**/*.html", "**/*.sql"]),
        rule(RuleKind::Data, &["**/*.bin"]),
        rule(RuleKind::CompiledWasm, &["**/*.wasm", "**/*.wasm?module"]),
    ]
}

fn quoted(globs: &[String]) -> String {
    let list: Vec<String> = globs.iter().map(|glob| format!("`{glob}`")).collect();
    list.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: RuleKind, glob: &str, fallthrough: Option<bool>) -> Rule {
        Rule {
            kind,
            globs: vec![glob.to_owned()],
            fallthrough,
        }
    }

    #[test]
    fn default_rules_cover_text_data_and_wasm() {
        let rules = Rules::new(&[]);

        for (specifier, kind) in [
            ("./a.txt", RuleKind::Text),
            ("../views/page.html", RuleKind::Text),
            ("@/schema.sql", RuleKind::Text),
            ("pkg/data.bin", RuleKind::Data),
            ("./add.wasm", RuleKind::CompiledWasm),
            ("./add.wasm?module", RuleKind::CompiledWasm),
        ] {
            assert_eq!(rules.of_import(specifier), Match::Kind(kind), "{specifier}");
        }
        for specifier in ["./a.ts", "a.txt", "./a.txt.ts", "./a.wasm?init"] {
            assert_eq!(rules.of_import(specifier), Match::None, "{specifier}");
        }
        assert!(rules.warnings.is_empty());
    }

    #[test]
    fn a_user_rule_without_fallthrough_replaces_the_default_of_its_kind_and_warns() {
        let markdown = rule(RuleKind::Text, "**/*.md", None);
        let rules = Rules::new(std::slice::from_ref(&markdown));

        assert_eq!(rules.of_import("./a.md"), Match::Kind(RuleKind::Text));
        assert!(matches!(rules.of_import("./a.txt"), Match::Dropped(_)));
        assert_eq!(rules.of_import("./a.bin"), Match::Kind(RuleKind::Data));
        assert_eq!(
            rules.warnings,
            [
                "the default rule Text `**/*.txt`, `**/*.html`, `**/*.sql` is ignored, because rule 1 \
                 (Text `**/*.md`) has the same type; give that one `fallthrough = true` to use both, or \
                 `fallthrough = false` to silence this"
            ]
        );
    }

    #[test]
    fn fallthrough_keeps_the_later_rules_of_the_kind() {
        let rules = Rules::new(&[
            rule(RuleKind::Text, "**/*.md", Some(true)),
            rule(RuleKind::Text, "**/*.csv", Some(true)),
        ]);

        for specifier in ["./a.md", "./a.csv", "./a.txt"] {
            assert_eq!(
                rules.of_import(specifier),
                Match::Kind(RuleKind::Text),
                "{specifier}"
            );
        }
    }

    #[test]
    fn fallthrough_false_drops_without_a_warning() {
        let rules = Rules::new(&[rule(RuleKind::Text, "**/*.md", Some(false))]);

        assert!(matches!(rules.of_import("./a.txt"), Match::Dropped(_)));
        assert!(rules.warnings.is_empty());
    }

    #[test]
    fn javascript_rules_do_not_touch_imports() {
        let rules = Rules::new(&[rule(RuleKind::EsModule, "**/*.js", None)]);

        assert_eq!(rules.of_import("./a.js"), Match::None);
        assert_eq!(rules.of_file("lang/a.js"), Some(RuleKind::EsModule));
        assert_eq!(rules.of_file("a.js"), Some(RuleKind::EsModule));
    }
}
