//! `no_bundle`: the entry as it is, with the files that rules name.

use stated_bundle::{AssetModule, Bundle, BundleOptions, Chunk, ModuleKind, Rule, RuleKind};

use crate::project::Project;

fn as_it_is(options: &mut BundleOptions) {
    options.main = "dist/index.js".into();
    options.no_bundle = true;
    let rule = |kind, glob: &str| Rule {
        kind,
        globs: vec![glob.to_owned()],
        fallthrough: None,
    };
    options.rules = vec![
        rule(RuleKind::EsModule, "**/*.js"),
        rule(RuleKind::CommonJs, "**/*.cjs"),
    ];
}

async fn bundle(files: &[(&str, &str)]) -> Bundle {
    Project::new(files).bundle_with(as_it_is).await
}

#[tokio::test]
async fn the_entry_is_not_touched_and_rules_pick_files_beside_it() {
    let entry = "import x from './lang/en.js'; import { DurableObject } from 'cloudflare:workers'; // as it is\n\
                 export class Room extends DurableObject {} export default { x };";

    let bundle = bundle(&[
        ("dist/index.js", entry),
        ("dist/lang/en.js", "export default 'en';"),
        ("dist/a.txt", "text"),
        ("dist/other.css", "a {}"),
        ("dist/node_modules/x/i.js", "export default 1;"),
        ("outside.txt", "not below the entry"),
    ])
    .await;

    assert_eq!(bundle.code, entry);
    assert_eq!(
        bundle.modules,
        [AssetModule {
            specifier: "./a.txt".to_owned(),
            kind: ModuleKind::Text,
            bytes: b"text".to_vec()
        }]
    );
    let chunk = Chunk {
        specifier: "./lang/en.js".to_owned(),
        code: "export default 'en';".to_owned(),
    };
    assert_eq!(bundle.chunks, [chunk]);
    assert_eq!(bundle.exports, ["Room", "default"]);
    assert_eq!(bundle.externals, ["cloudflare:workers"]);
    assert_eq!(bundle.watch_files.len(), 3);
    assert_eq!(bundle.source_map.original(1, 1), None);
}

#[tokio::test]
async fn relative_imports_get_the_one_specifier_of_their_file() {
    let bundle = bundle(&[
        (
            "dist/index.js",
            "import './lang/../a.js'; export default () => import('./lang/de.js');",
        ),
        ("dist/a.js", "export const a = 1;"),
        (
            "dist/lang/de.js",
            "import text from '../t.txt'; export * from \"./en.js\"; export { text };",
        ),
        ("dist/lang/en.js", "export const lang = './en.js';"),
        ("dist/t.txt", "t"),
    ])
    .await;

    assert_eq!(
        bundle.code,
        "import \"./a.js\"; export default () => import('./lang/de.js');"
    );
    let code = |name: &str| {
        bundle
            .chunks
            .iter()
            .find(|chunk| chunk.specifier == name)
            .map(|chunk| chunk.code.as_str())
    };
    assert_eq!(
        code("./lang/de.js"),
        Some("import text from \"./t.txt\"; export * from \"./lang/en.js\"; export { text };")
    );
    assert_eq!(code("./lang/en.js"), Some("export const lang = './en.js';"));
}

#[tokio::test]
async fn a_commonjs_file_exports_its_value_as_default() {
    let bundle = bundle(&[
        (
            "dist/index.js",
            "import old from './old.cjs'; export default { old };",
        ),
        ("dist/old.cjs", "exports.answer = 42;"),
    ])
    .await;

    assert_eq!(
        bundle.chunks,
        [Chunk {
            specifier: "./old.cjs".to_owned(),
            code: "const module = { exports: {} }; (function (module, exports) { exports.answer = 42;\n})\
                   .call(module.exports, module, module.exports); export default module.exports;\n"
                .to_owned(),
        }]
    );
}

#[tokio::test]
async fn a_syntax_error_shows_its_line() {
    let project = Project::new(&[("dist/index.js", "export default {\n  fetch( {}\n};\n")]);

    let failure = project.failure_with(as_it_is).await;

    let text = failure.to_string();
    assert!(text.starts_with("error: expected "), "{text}");
    assert!(text.contains("--> dist/index.js:3:"), "{text}");
}

#[tokio::test]
async fn a_source_map_beside_the_entry_is_used() {
    let bundle = bundle(&[
        ("dist/index.js", "export default {};"),
        (
            "dist/index.js.map",
            r#"{"version":3,"sources":["../src/index.ts"],"names":[],"mappings":"AAEI"}"#,
        ),
    ])
    .await;

    let original = bundle.source_map.original(1, 1).expect("the map covers it");
    assert_eq!(
        (original.file, original.line, original.column),
        ("src/index.ts", 3, 5)
    );
}
