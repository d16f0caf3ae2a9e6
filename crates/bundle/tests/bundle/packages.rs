//! npm packages, the modules of the runtime, and aliases.

use crate::decorators::run_on_node;
use crate::project::{Project, assert_contains, assert_lacks};

#[tokio::test]
async fn the_exports_of_a_package_are_read_for_a_worker() {
    let package = |exports: &str| format!(r#"{{ "name": "pkg", "exports": {exports} }}"#);
    for (exports, expected) in [
        (
            r#"{ "node": "./node.js", "workerd": "./workerd.js", "default": "./default.js" }"#,
            "workerd",
        ),
        (
            r#"{ "node": "./node.js", "worker": "./worker.js", "default": "./default.js" }"#,
            "worker",
        ),
        (
            r#"{ "node": "./node.js", "browser": "./browser.js", "default": "./default.js" }"#,
            "browser",
        ),
        (
            r#"{ "node": "./node.js", "import": "./import.js", "require": "./require.js" }"#,
            "import",
        ),
        (
            r#"{ "deno": "./deno.js", "default": "./default.js" }"#,
            "default",
        ),
    ] {
        let project = Project::new(&[
            (
                "src/index.ts",
                "import value from 'pkg'; export default { value };",
            ),
            ("node_modules/pkg/package.json", &package(exports)),
        ]);
        for name in [
            "node", "workerd", "worker", "browser", "import", "require", "deno", "default",
        ] {
            project.write(
                &format!("node_modules/pkg/{name}.js"),
                format!("export default 'entry {name}';"),
            );
        }

        assert_contains(
            &project.bundle().await.code,
            &format!("\"entry {expected}\""),
        );
    }
}

#[tokio::test]
async fn conditions_can_be_replaced() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import value from 'pkg'; export default { value };",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{ "name": "pkg", "exports": { "workerd": "./a.js", "custom": "./b.js" } }"#,
        ),
        ("node_modules/pkg/b.js", "export default 'b';"),
    ]);

    let bundle = project
        .bundle_with(|options| options.conditions = vec!["custom".to_owned()])
        .await;

    assert_contains(&bundle.code, "\"b\"");
}

#[tokio::test]
async fn main_fields_prefer_browser_then_module() {
    for (fields, expected) in [
        (
            r#""browser": "./browser.js", "module": "./module.js", "main": "./main.js""#,
            "browser",
        ),
        (r#""module": "./module.js", "main": "./main.js""#, "module"),
        (r#""main": "./main.js""#, "main"),
    ] {
        let project = Project::new(&[
            (
                "src/index.ts",
                "import value from 'pkg'; export default { value };",
            ),
            (
                "node_modules/pkg/package.json",
                &format!(r#"{{ "name": "pkg", {fields} }}"#),
            ),
        ]);
        for name in ["browser", "module", "main"] {
            project.write(
                &format!("node_modules/pkg/{name}.js"),
                format!("export default 'field {name}';"),
            );
        }

        assert_contains(
            &project.bundle().await.code,
            &format!("\"field {expected}\""),
        );
    }
}

#[tokio::test]
async fn a_browser_table_replaces_single_modules() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import value from 'pkg'; export default { value };",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{ "name": "pkg", "main": "./index.js", "browser": { "./net.js": "./web.js", "./gone.js": false } }"#,
        ),
        (
            "node_modules/pkg/index.js",
            "import net from './net.js'; import './gone.js'; export default net;",
        ),
        ("node_modules/pkg/net.js", "export default 'net';"),
        ("node_modules/pkg/web.js", "export default 'web';"),
        ("node_modules/pkg/gone.js", "globalThis.gone = 1;"),
    ]);

    let code = project.bundle().await.code;

    assert_contains(&code, "\"web\"");
    assert_lacks(&code, "\"net\"");
    assert_lacks(&code, "globalThis.gone");
}

#[tokio::test]
async fn commonjs_packages_may_require_builtins_and_optional_packages() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import value from 'pkg'; export default { value };",
        ),
        ("node_modules/pkg/package.json", r#"{ "name": "pkg" }"#),
        (
            "node_modules/pkg/index.js",
            "const Events = require('events'); const fs = require('node:fs');
             const { connect } = require('cloudflare:sockets');
             let extra; try { extra = require('not-installed'); } catch {}
             module.exports = { Events, fs, connect, extra };",
        ),
    ]);

    let bundle = project
        .bundle_with(|options| options.compat_nodejs = true)
        .await;

    assert_eq!(
        bundle.externals,
        ["cloudflare:sockets", "node:events", "node:fs"]
    );
    assert_contains(&bundle.code, "import value$1 from \"node:fs\";");
    assert_contains(&bundle.code, "module.exports = { ...names };");
    assert!(bundle.warnings.is_empty(), "{:?}", bundle.warnings);
}

#[tokio::test]
async fn an_optional_import_of_a_package_rejects_where_it_runs() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import value from 'pkg'; export default { value };",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{ "name": "pkg", "type": "module" }"#,
        ),
        (
            "node_modules/pkg/index.js",
            "export default () => import('not-installed').catch(() => 0);",
        ),
    ]);

    let bundle = project.bundle().await;

    assert_contains(&bundle.code, "import(\"not-installed\")");
    assert!(bundle.externals.is_empty(), "{:?}", bundle.externals);
}

#[tokio::test]
async fn builtins_are_externals_with_their_prefix() {
    let project = Project::new(&[(
        "src/index.ts",
        "import { DurableObject } from 'cloudflare:workers'; import fs from 'fs/promises';
         import { Buffer } from 'node:buffer'; import path from 'path';
         export class Room extends DurableObject {} export default { fs, Buffer, path };",
    )]);

    let bundle = project
        .bundle_with(|options| options.compat_nodejs = true)
        .await;

    assert_eq!(
        bundle.externals,
        [
            "cloudflare:workers",
            "node:buffer",
            "node:fs/promises",
            "node:path"
        ]
    );
    assert_contains(&bundle.code, "from \"node:fs/promises\";");
}

#[tokio::test]
async fn without_nodejs_compat_a_package_may_stand_in_for_a_builtin() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import { Buffer } from 'buffer'; export default { Buffer };",
        ),
        (
            "node_modules/buffer/package.json",
            r#"{ "name": "buffer", "type": "module", "main": "i.js" }"#,
        ),
        (
            "node_modules/buffer/i.js",
            "export const Buffer = 'stand-in';",
        ),
    ]);

    let bundle = project.bundle().await;

    assert_contains(&bundle.code, "\"stand-in\"");
    assert!(bundle.externals.is_empty(), "{:?}", bundle.externals);
}

#[tokio::test]
async fn nodejs_als_gives_async_hooks_alone() {
    let project = Project::new(&[(
        "src/index.ts",
        "import { AsyncLocalStorage } from 'node:async_hooks'; export default { AsyncLocalStorage };",
    )]);

    let bundle = project
        .bundle_with(|options| options.compat_nodejs_als = true)
        .await;

    assert_eq!(bundle.externals, ["node:async_hooks"]);
}

#[tokio::test]
async fn aliases_replace_packages_builtins_and_parts_of_packages() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from 'heavy'; import fs from 'fs'; import part from 'old/part'; export default { a, fs, part };",
        ),
        ("shims/heavy.ts", "export default 'light';"),
        ("shims/fs.ts", "export default 'no files';"),
        (
            "node_modules/new/package.json",
            r#"{ "name": "new", "type": "module" }"#,
        ),
        ("node_modules/new/part.js", "export default 'new part';"),
    ]);

    let bundle = project
        .bundle_with(|options| {
            let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
            options.alias = vec![
                pair("heavy", "./shims/heavy.ts"),
                pair("fs", "./shims/fs"),
                pair("old", "new"),
            ];
            options.compat_nodejs = true;
        })
        .await;

    for part in ["\"light\"", "\"no files\"", "\"new part\""] {
        assert_contains(&bundle.code, part);
    }
}

#[tokio::test]
async fn a_broken_tsconfig_inside_a_package_does_not_matter() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import value from 'pkg'; export default { value };",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{ "name": "pkg", "type": "module", "main": "i.js" }"#,
        ),
        ("node_modules/pkg/i.js", "export default 'fine';"),
        (
            "node_modules/pkg/tsconfig.json",
            r#"{ "extends": "../../nowhere.json" }"#,
        ),
    ]);

    assert_contains(&project.bundle().await.code, "\"fine\"");
}

#[tokio::test]
async fn a_package_of_two_hundred_modules_builds_and_says_how_long_it_took() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import { total } from 'wide'; export default { fetch: () => total };",
        ),
        (
            "node_modules/wide/package.json",
            r#"{ "name": "wide", "type": "module", "main": "index.js" }"#,
        ),
    ]);
    let padding = "// comments make up much of what a framework ships\n".repeat(5);
    let mut index = String::new();
    let mut sum = Vec::new();
    for n in 0..200 {
        let class = format!("export class Router{n} {{ add(path) {{ return [path, {n}]; }} }}\n");
        let function = format!("export function helper{n}(a, b) {{ return a + b + {n}; }}\n");
        project.write(
            &format!("node_modules/wide/m{n}.js"),
            class + &function + &padding,
        );
        index += &format!("import {{ helper{n}, Router{n} }} from './m{n}.js';\n");
        sum.push(format!("helper{n}(1, 2) + new Router{n}().add().length"));
    }
    index += &format!("export const total = {};\n", sum.join(" + "));
    project.write("node_modules/wide/index.js", index);

    let start = std::time::Instant::now();
    let bundle = project.bundle().await;
    println!(
        "{} modules, {} bytes: {:?}",
        bundle.watch_files.len(),
        bundle.code.len(),
        start.elapsed()
    );

    assert_contains(&bundle.code, "Router199");
}

#[tokio::test]
async fn commonjs_that_was_bundled_before_declares_nothing_twice() {
    let requires = "const require_context = require('../a/context.cjs');\n\
                    const require_context$1 = require('../b/context.cjs');\n\
                    exports.names = [require_context.name, require_context$1.name];\n";
    let project = Project::new(&[
        (
            "src/index.ts",
            "import { names } from 'pkg'; export const run = () => names;",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{"name":"pkg","main":"dist/c/context.cjs"}"#,
        ),
        ("node_modules/pkg/dist/a/context.cjs", "exports.name = 'a';"),
        (
            "node_modules/pkg/dist/b/context.cjs",
            "const require_context = require('../a/context.cjs'); exports.name = 'b of ' + require_context.name;",
        ),
        ("node_modules/pkg/dist/c/context.cjs", requires),
    ]);

    let code = project.bundle().await.code;

    assert_eq!(run_on_node(&code), r#"["a","b of a"]"#);
}

/// What a program imports from a CommonJS package that was an ECMAScript module once.
async fn default_of_a_compiled_package(main: &str, package_json: &str) -> String {
    let project = Project::new(&[
        ("package.json", package_json),
        (
            main,
            "import value from 'pkg'; export const run = () => value; export default {};",
        ),
        ("node_modules/pkg/package.json", r#"{ "main": "index.js" }"#),
        (
            "node_modules/pkg/index.js",
            "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 'its default';",
        ),
    ]);
    let code = project
        .bundle_with(|options| options.main = main.into())
        .await
        .code;
    run_on_node(&code)
}

#[tokio::test]
async fn the_default_of_a_compiled_package_is_its_own_unless_the_importer_is_a_module_by_nodes_rules()
 {
    for (main, package_json, expected) in [
        ("src/index.js", "{}", "\"its default\""),
        ("src/index.ts", "{}", "\"its default\""),
        ("src/index.tsx", "{}", "\"its default\""),
        (
            "src/index.ts",
            r#"{ "type": "commonjs" }"#,
            "\"its default\"",
        ),
        (
            "src/index.ts",
            r#"{ "type": "module" }"#,
            r#"{"default":"its default"}"#,
        ),
        ("src/index.mts", "{}", r#"{"default":"its default"}"#),
    ] {
        let value = default_of_a_compiled_package(main, package_json).await;
        assert_eq!(value.trim(), expected, "{main} {package_json}");
    }
}

#[tokio::test]
async fn importers_of_both_kinds_get_each_their_own_default_of_a_compiled_package() {
    let project = Project::new(&[
        ("package.json", "{}"),
        (
            "src/index.ts",
            "import theirs from 'by-node'; import ours, { named } from 'pkg'; export const run = () => [ours, named, theirs]; export default {};",
        ),
        (
            "node_modules/by-node/package.json",
            r#"{ "type": "module", "main": "index.js" }"#,
        ),
        (
            "node_modules/by-node/index.js",
            "import value, { named } from 'pkg'; export default [value.default, named];",
        ),
        ("node_modules/pkg/package.json", r#"{ "main": "index.js" }"#),
        (
            "node_modules/pkg/index.js",
            "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 'default'; exports.named = 'named';",
        ),
    ]);

    let code = project.bundle().await.code;

    assert_eq!(
        run_on_node(&code),
        r#"["default","named",["default","named"]]"#
    );
    // Nothing has to be put off for that.
    assert_lacks(&code, "__esmMin");
}

#[tokio::test]
async fn modules_that_import_each_other_see_what_is_not_there_yet_as_undefined() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import { early } from './a'; export const run = () => early(); export default {};",
        ),
        (
            "src/a.ts",
            "import { seen } from './b'; export const late = {}; export class Late {} export const early = () => seen;",
        ),
        (
            "src/b.ts",
            "import { late, Late } from './a'; export const seen = [typeof late, typeof Late];",
        ),
    ]);

    assert_eq!(
        run_on_node(&project.bundle().await.code),
        r#"["undefined","undefined"]"#
    );
}
