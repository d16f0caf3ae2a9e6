//! `no_bundle`: the entry as it is, with the files that rules name.

use stated_bundle::{AssetModule, ModuleKind, Rule, RuleKind};

use crate::project::Project;

#[tokio::test]
async fn the_entry_is_not_touched_and_rules_pick_files_beside_it() {
    let project = Project::new(&[
        (
            "dist/index.js",
            "import x from './lang/en.js'; // as it is\nexport default {};",
        ),
        ("dist/lang/en.js", "export default 'en';"),
        ("dist/a.txt", "text"),
        ("dist/other.css", "a {}"),
        ("dist/node_modules/x/i.js", "export default 1;"),
        ("outside.txt", "not below the entry"),
    ]);

    let bundle = project
        .bundle_with(|options| {
            options.main = "dist/index.js".into();
            options.no_bundle = true;
            options.rules = vec![Rule {
                kind: RuleKind::EsModule,
                globs: vec!["**/*.js".to_owned()],
                fallthrough: None,
            }];
        })
        .await;

    assert_eq!(
        bundle.code,
        "import x from './lang/en.js'; // as it is\nexport default {};"
    );
    let module = |specifier: &str, kind, bytes: &[u8]| AssetModule {
        specifier: specifier.to_owned(),
        kind,
        bytes: bytes.to_owned(),
    };
    assert_eq!(
        bundle.modules,
        [
            module("a.txt", ModuleKind::Text, b"text"),
            module("lang/en.js", ModuleKind::EsModule, b"export default 'en';"),
        ]
    );
    assert_eq!(bundle.watch_files.len(), 3);
    assert_eq!(bundle.source_map.original(1, 1), None);
}

#[tokio::test]
async fn a_source_map_beside_the_entry_is_used() {
    let project = Project::new(&[
        ("dist/index.js", "export default {};"),
        (
            "dist/index.js.map",
            r#"{"version":3,"sources":["../src/index.ts"],"names":[],"mappings":"AAEI"}"#,
        ),
    ]);

    let bundle = project
        .bundle_with(|options| {
            options.main = "dist/index.js".into();
            options.no_bundle = true;
        })
        .await;

    let original = bundle.source_map.original(1, 1).expect("the map covers it");
    assert_eq!(
        (original.file, original.line, original.column),
        ("src/index.ts", 3, 5)
    );
}
