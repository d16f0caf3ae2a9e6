//! From the bundle back to the sources.

use stated_bundle::BUNDLE_FILE;

use crate::project::Project;

/// Line and column, both from 1, of `needle` in `text`.
fn place_of(text: &str, needle: &str) -> (u32, u32) {
    let at = text
        .find(needle)
        .unwrap_or_else(|| panic!("`{needle}` is not in:\n{text}"));
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .encode_utf16()
        .count()
        + 1;
    (
        u32::try_from(line).expect("small"),
        u32::try_from(column).expect("small"),
    )
}

#[tokio::test]
async fn places_in_the_bundle_lead_to_files_of_the_project() {
    let index =
        "import { fail } from './deep/fail';\nexport default { fetch() { return fail('😀'); } };\n";
    let fail = "interface A { x: 1 }\nenum E { One }\nexport function fail(this: void, a: string) {\n  \
                const text = '😀'; throw new Error(text + a);\n}\n";
    let project = Project::new(&[("src/index.ts", index), ("src/deep/fail.ts", fail)]);

    let bundle = project.bundle().await;

    let (line, column) = place_of(&bundle.code, "new Error");
    let original = bundle
        .source_map
        .original(line, column)
        .expect("code of the user is mapped");
    assert_eq!(
        (original.file, (original.line, original.column)),
        ("src/deep/fail.ts", place_of(fail, "new Error"))
    );
    let (line, column) = place_of(&bundle.code, "fail(\"😀\")");
    let original = bundle
        .source_map
        .original(line, column)
        .expect("code of the user is mapped");
    assert_eq!(
        (original.file, (original.line, original.column)),
        ("src/index.ts", place_of(index, "fail('😀')"))
    );
    let sources: Vec<&str> = bundle.source_map.sources().collect();
    assert_eq!(sources, ["src/deep/fail.ts", "src/index.ts"]);
}

#[tokio::test]
async fn a_stack_of_the_engine_is_shown_in_the_sources() {
    let index =
        "type A = 1;\nexport default {\n  fetch() {\n    throw new Error('no');\n  },\n};\n";
    let project = Project::new(&[("src/index.ts", index)]);

    let bundle = project.bundle().await;

    let (line, column) = place_of(&bundle.code, "new Error");
    let stack = format!("fetch@{BUNDLE_FILE}:{line}:{column}\nrun@stated:main.js:1:1\n");
    assert_eq!(
        bundle.source_map.map_stack(&stack),
        "    at fetch (src/index.ts:4:11)\n"
    );
}

#[tokio::test]
async fn a_minified_bundle_leads_back_too() {
    let index = "export function fail() {\n  const message = 'no';\n  throw new TypeError(message + Date.now());\n}\nexport default { fail };\n";
    let project = Project::new(&[("src/index.ts", index)]);

    let bundle = project.bundle_with(|options| options.minify = true).await;

    let (line, column) = place_of(&bundle.code, "TypeError(");
    let original = bundle
        .source_map
        .original(line, column)
        .expect("code of the user is mapped");
    assert_eq!((original.file, original.line), ("src/index.ts", 3));
}
