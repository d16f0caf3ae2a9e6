//! Text, data and WebAssembly become modules that the runtime makes.

use stated_bundle::{AssetModule, ModuleKind, Rule, RuleKind};

use crate::project::{Project, assert_contains, assert_lacks};

fn module(specifier: &str, kind: ModuleKind, bytes: &[u8]) -> AssetModule {
    AssetModule {
        specifier: specifier.to_owned(),
        kind,
        bytes: bytes.to_owned(),
    }
}

#[tokio::test]
async fn default_rules_give_text_data_and_wasm() {
    let project = Project::new(&[
        (
            "src/index.ts",
            r#"import text from "./a.txt"; import page from "./page.html"; import sql from "../schema.sql";
            import data from "./d.bin"; import add from "./add.wasm"; import same from "./add.wasm?module";
            export default { text, page, sql, data, add, same };"#,
        ),
        ("src/a.txt", "hello"),
        ("src/page.html", "<p>"),
        ("schema.sql", "CREATE"),
    ]);
    project.write("src/d.bin", [0, 1, 255]);
    project.write("src/add.wasm", b"\0asm\x01\0\0\0");

    let bundle = project.bundle().await;

    assert_contains(&bundle.code, "import text from \"asset:src/a.txt\";");
    assert_eq!(
        bundle.modules,
        [
            module("asset:schema.sql", ModuleKind::Text, b"CREATE"),
            module("asset:src/a.txt", ModuleKind::Text, b"hello"),
            module("asset:src/add.wasm", ModuleKind::Wasm, b"\0asm\x01\0\0\0"),
            module("asset:src/d.bin", ModuleKind::Data, &[0, 1, 255]),
            module("asset:src/page.html", ModuleKind::Text, b"<p>"),
        ]
    );
    assert!(bundle.externals.is_empty(), "{:?}", bundle.externals);
    assert!(
        bundle
            .watch_files
            .iter()
            .any(|path| path.ends_with("src/add.wasm"))
    );
}

#[tokio::test]
async fn an_asset_that_nothing_uses_is_not_read() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import text from './a.txt'; export default {};",
        ),
        ("src/a.txt", "hello"),
    ]);

    let bundle = project.bundle().await;

    // An import may have effects, so the bundler keeps it without the name.
    assert_lacks(&bundle.code, "text");
    assert_eq!(bundle.modules.len(), bundle.code.matches("asset:").count());
}

#[tokio::test]
async fn assets_are_found_in_packages_and_by_require() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import { greet, data } from 'pkg'; import text from 'pkg/a.txt'; export default { greet, data, text };",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{ "name": "pkg", "main": "index.js" }"#,
        ),
        (
            "node_modules/pkg/index.js",
            "exports.greet = require('./greet.txt'); exports.data = 1;",
        ),
        ("node_modules/pkg/greet.txt", "hi"),
        ("node_modules/pkg/a.txt", "a"),
    ]);

    let bundle = project.bundle().await;

    assert_eq!(
        bundle.modules,
        [
            module("asset:node_modules/pkg/a.txt", ModuleKind::Text, b"a"),
            module("asset:node_modules/pkg/greet.txt", ModuleKind::Text, b"hi"),
        ]
    );
    assert_contains(&bundle.code, "module.exports = value;");
}

#[tokio::test]
async fn a_user_rule_gives_its_kind_and_a_dropped_rule_warns() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import md from './a.md'; export default { md };",
        ),
        ("src/a.md", "# hi"),
    ]);

    let bundle = project
        .bundle_with(|options| {
            options.rules = vec![Rule {
                kind: RuleKind::Text,
                globs: vec!["**/*.md".to_owned()],
                fallthrough: None,
            }];
        })
        .await;

    assert_eq!(
        bundle.modules,
        [module("asset:src/a.md", ModuleKind::Text, b"# hi")]
    );
    assert_eq!(bundle.warnings.len(), 1, "{:?}", bundle.warnings);
}
