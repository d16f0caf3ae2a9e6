//! Every text with which a build can fail, in full.

use stated_bundle::{Rule, RuleKind, Severity};

use crate::project::Project;

#[tokio::test]
async fn an_entry_that_does_not_exist_is_named() {
    let project = Project::new(&[("package.json", "{}")]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: the entry `src/index.ts` does not exist
   hint: set `main` in the wrangler file to the file that exports the Worker"
    );
}

#[tokio::test]
async fn an_entry_that_is_a_directory_is_refused() {
    let project = Project::new(&[("src/a.ts", "")]);

    assert_eq!(
        project
            .failure_with(|options| options.main = "src".into())
            .await
            .to_string(),
        "error: the entry `src` is not a file
   hint: set `main` in the wrangler file to the file that exports the Worker"
    );
}

#[tokio::test]
async fn a_project_directory_that_does_not_exist_is_named() {
    let project = Project::new(&[]);

    let failure = project
        .failure_with(|options| options.project_dir = "/nonexistent/project".into())
        .await;

    assert_eq!(
        failure.to_string(),
        "error: project directory `/nonexistent/project`: No such file or directory (os error 2)"
    );
}

#[tokio::test]
async fn a_syntax_error_shows_its_line_and_who_imports_it() {
    let project = Project::new(&[
        ("src/index.ts", "import './a';\nexport default {};"),
        ("src/a.ts", "import './b';"),
        ("src/b.ts", "const ok = 1;\nexport const c = (1 + ;\n"),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: unexpected token
  --> src/b.ts:2:23
   |
 2 | export const c = (1 + ;
   |                       ^
   = imported by src/index.ts -> src/a.ts -> src/b.ts"
    );
}

#[tokio::test]
async fn a_missing_package_names_the_chain_and_the_command() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from './a';\nexport default { a };",
        ),
        (
            "src/a.ts",
            "import leftPad from \"left-pad\";\nexport default leftPad;",
        ),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: package `left-pad` is not in node_modules
  --> src/a.ts:1:21
   |
 1 | import leftPad from \"left-pad\";
   |                     ^^^^^^^^^^
   = imported by src/index.ts -> src/a.ts
   hint: run `npm install left-pad`"
    );
}

#[tokio::test]
async fn a_declared_package_needs_an_install_with_the_tool_of_the_lockfile() {
    for (lockfile, command) in [
        ("package-lock.json", "npm install"),
        ("pnpm-lock.yaml", "pnpm install"),
        ("yarn.lock", "yarn install"),
        ("bun.lock", "bun install"),
    ] {
        let project = Project::new(&[
            (
                "src/index.ts",
                "import { Hono } from '@hono/core/tiny';\nexport default Hono;",
            ),
            (
                "package.json",
                r#"{ "dependencies": { "@hono/core": "^4" } }"#,
            ),
            (lockfile, ""),
        ]);

        assert_eq!(
            project.failure().await.to_string(),
            format!(
                "error: package `@hono/core` is not in node_modules
  --> src/index.ts:1:22
   |
 1 | import {{ Hono }} from '@hono/core/tiny';
   |                      ^^^^^^^^^^^^^^^^^
   = package.json names it
   hint: run `{command}`"
            )
        );
    }
}

#[tokio::test]
async fn a_file_beside_the_importer_is_suggested_for_a_package_name() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from 'room';\nexport default { a };",
        ),
        ("src/room.ts", ""),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: package `room` is not in node_modules
  --> src/index.ts:1:15
   |
 1 | import a from 'room';
   |               ^^^^^^
   hint: to import the file src/room.ts, write `./room`"
    );
}

#[tokio::test]
async fn a_missing_part_of_a_package_says_where_the_package_is() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from 'pkg/deep';\nexport default { a };",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{ "name": "pkg", "exports": { ".": "./i.js" } }"#,
        ),
        ("node_modules/pkg/i.js", ""),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: package `pkg` has no `deep` (it is in node_modules/pkg)
  --> src/index.ts:1:15
   |
 1 | import a from 'pkg/deep';
   |               ^^^^^^^^^^
   = package subpath is not defined by exports"
    );
}

#[tokio::test]
async fn a_package_without_an_entry_for_workers_says_which_conditions_were_tried() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from 'pkg';\nexport default { a };",
        ),
        (
            "node_modules/pkg/package.json",
            r#"{ "name": "pkg", "types": "./i.d.ts" }"#,
        ),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: package `pkg` has nothing to import (it is in node_modules/pkg)
  --> src/index.ts:1:15
   |
 1 | import a from 'pkg';
   |               ^^^^^
   = its package.json was read for the conditions workerd, worker, browser, import, default"
    );
}

#[tokio::test]
async fn a_missing_file_suggests_one_that_differs_in_case() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from './Room';\nimport b from './gone.js';\nexport default { a, b };",
        ),
        ("src/room.ts", ""),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: `./Room` does not exist (looked for src/Room)
  --> src/index.ts:1:15
   |
 1 | import a from './Room';
   |               ^^^^^^^^
   hint: there is src/room.ts

error: `./gone.js` does not exist (looked for src/gone.js)
  --> src/index.ts:2:15
   |
 2 | import b from './gone.js';
   |               ^^^^^^^^^^^

2 errors"
    );
}

#[tokio::test]
async fn a_missing_require_is_reported_like_an_import() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from './a.cjs';\nexport default { a };",
        ),
        ("src/a.cjs", "module.exports = require('gone');"),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: package `gone` is not in node_modules
  --> src/a.cjs:1:26
   |
 1 | module.exports = require('gone');
   |                          ^^^^^^
   = imported by src/index.ts -> src/a.cjs
   hint: run `npm install gone`"
    );

    project.write("src/a.cjs", "module.exports = require('./gone');");
    assert_eq!(
        project.failure().await.to_string(),
        "error: `./gone` does not exist (looked for src/gone)
  --> src/a.cjs:1:26
   |
 1 | module.exports = require('./gone');
   |                          ^^^^^^^^
   = imported by src/index.ts -> src/a.cjs"
    );
}

#[tokio::test]
async fn a_builtin_without_nodejs_compat_says_what_to_add() {
    let project = Project::new(&[(
        "src/index.ts",
        "import fs from 'fs';\nimport 'node:path';\nexport default { fs };",
    )]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: `fs` is a module of Node.js, and `nodejs_compat` is not in force
  --> src/index.ts:1:16
   |
 1 | import fs from 'fs';
   |                ^^^^
   hint: add `nodejs_compat` to `compatibility_flags` in the wrangler file

error: `node:path` is a module of Node.js, and `nodejs_compat` is not in force
  --> src/index.ts:2:8
   |
 2 | import 'node:path';
   |        ^^^^^^^^^^^
   hint: add `nodejs_compat` to `compatibility_flags` in the wrangler file

2 errors"
    );
}

#[tokio::test]
async fn nodejs_als_is_not_enough_for_other_builtins() {
    let project = Project::new(&[(
        "src/index.ts",
        "import fs from 'node:fs';\nexport default { fs };",
    )]);

    assert_eq!(
        project
            .failure_with(|options| options.compat_nodejs_als = true)
            .await
            .to_string(),
        "error: `node:fs` is a module of Node.js, and `nodejs_compat` is not in force
  --> src/index.ts:1:16
   |
 1 | import fs from 'node:fs';
   |                ^^^^^^^^^
   = `nodejs_als` gives `node:async_hooks` only
   hint: replace `nodejs_als` by `nodejs_compat` in `compatibility_flags` of the wrangler file"
    );
}

#[tokio::test]
async fn a_dynamic_import_of_a_builtin_is_only_a_warning() {
    let project = Project::new(&[(
        "src/index.ts",
        "export default { f: () => import('node:net') };",
    )]);

    let bundle = project.bundle().await;

    assert_eq!(bundle.warnings.len(), 1);
    assert_eq!(bundle.warnings[0].severity, Severity::Warning);
    assert_eq!(
        bundle.warnings[0].to_string(),
        "warning: `node:net` is a module of Node.js, and `nodejs_compat` is not in force; this import fails when it runs
  --> src/index.ts:1:34
   |
 1 | export default { f: () => import('node:net') };
   |                                  ^^^^^^^^^^
   hint: add `nodejs_compat` to `compatibility_flags` in the wrangler file"
    );
}

#[tokio::test]
async fn modules_that_no_one_has_are_named() {
    let project = Project::new(&[(
        "src/index.ts",
        "import a from 'node:nothing';\nimport b from 'virtual:b';\nimport c from '#c';\nexport default { a, b, c };",
    )]);

    assert_eq!(
        project
            .failure_with(|options| options.compat_nodejs = true)
            .await
            .to_string(),
        "error: Node.js has no module `nothing`
  --> src/index.ts:1:15
   |
 1 | import a from 'node:nothing';
   |               ^^^^^^^^^^^^^^

error: no module is called `virtual:b`
  --> src/index.ts:2:15
   |
 2 | import b from 'virtual:b';
   |               ^^^^^^^^^^^

error: `#c` is not among the `imports` of the package.json that applies
  --> src/index.ts:3:15
   |
 3 | import c from '#c';
   |               ^^^^

3 errors"
    );
}

#[tokio::test]
async fn a_built_in_module_that_the_runtime_lacks_names_the_chain_through_packages() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from './a';\nexport default { a, late: () => import('cloudflare:late') };",
        ),
        ("src/a.ts", "export { default } from 'outer';"),
        (
            "node_modules/outer/package.json",
            r#"{ "name": "outer", "main": "lib/index.js" }"#,
        ),
        (
            "node_modules/outer/lib/index.js",
            "export { default } from 'inner';",
        ),
        ("node_modules/inner/package.json", r#"{ "name": "inner" }"#),
        (
            "node_modules/inner/index.js",
            "// a package\nconst sqlite = require('node:sqlite');\nmodule.exports = () => import('cloudflare:optional');",
        ),
    ]);

    let failure = project
        .failure_with(|options| {
            options.compat_nodejs = true;
            options.built_in = Some(|name| name == "node:fs");
        })
        .await;

    assert_eq!(
        failure.to_string(),
        "error: stated does not have the built-in module `node:sqlite`
  --> node_modules/inner/index.js:2:24
   |
 2 | const sqlite = require('node:sqlite');
   |                        ^^^^^^^^^^^^^
   = imported by src/index.ts -> src/a.ts -> node_modules/outer/lib/index.js -> node_modules/inner/index.js
   hint: import it with `import()` where the program can do without it, or give it an `alias` in the wrangler file

warning: stated does not have the built-in module `cloudflare:late`; this import fails when it runs
  --> src/index.ts:2:40
   |
 2 | export default { a, late: () => import('cloudflare:late') };
   |                                        ^^^^^^^^^^^^^^^^^"
    );
}

#[tokio::test]
async fn what_a_package_imports_in_vain_names_the_chain_to_it() {
    let project = Project::new(&[
        ("src/index.ts", "import './a';\nexport default {};"),
        ("src/a.ts", "import 'outer';"),
        (
            "node_modules/outer/package.json",
            r#"{ "name": "outer", "type": "module", "exports": "./index.js" }"#,
        ),
        (
            "node_modules/outer/index.js",
            "import './deep/one.js';\nimport nothing from 'node:nothing';",
        ),
        ("node_modules/outer/deep/one.js", "import '../gone.js';"),
    ]);

    let failure = project
        .failure_with(|options| options.compat_nodejs = true)
        .await;

    assert_eq!(
        failure.to_string(),
        "error: `../gone.js` does not exist (looked for node_modules/outer/gone.js)
  --> node_modules/outer/deep/one.js:1:8
   |
 1 | import '../gone.js';
   |        ^^^^^^^^^^^^
   = imported by src/index.ts -> src/a.ts -> node_modules/outer/index.js -> node_modules/outer/deep/one.js

error: Node.js has no module `nothing`
  --> node_modules/outer/index.js:2:21
   |
 2 | import nothing from 'node:nothing';
   |                     ^^^^^^^^^^^^^^
   = imported by src/index.ts -> src/a.ts -> node_modules/outer/index.js

2 errors"
    );
}

#[tokio::test]
async fn modules_of_the_host_and_addresses_are_refused() {
    let project = Project::new(&[(
        "src/index.ts",
        "import a from 'stated:main';\nimport b from 'https://example.com/b.js';\nexport default { a, b };",
    )]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: `stated:main` is a module of the runtime itself
  --> src/index.ts:1:15
   |
 1 | import a from 'stated:main';
   |               ^^^^^^^^^^^^^
   hint: import what a Worker may use from `cloudflare:workers`

error: `https://example.com/b.js` is an address; nothing is downloaded
  --> src/index.ts:2:15
   |
 2 | import b from 'https://example.com/b.js';
   |               ^^^^^^^^^^^^^^^^^^^^^^^^^^
   hint: install the package and import it by its name

2 errors"
    );
}

#[tokio::test]
async fn a_file_that_no_rule_matches_says_which_rule_to_add() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from './a';\nexport default { a };",
        ),
        ("src/a.ts", "export { default } from './x.md';"),
        ("src/x.md", "# title"),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: `src/x.md` is not JavaScript, and no module rule matches it
  --> src/a.ts:1:25
   |
 1 | export { default } from './x.md';
   |                         ^^^^^^^^
   = imported by src/index.ts -> src/a.ts
   hint: add a rule to the wrangler file, such as { type = \"Text\", globs = [\"**/*.md\"], fallthrough = true }"
    );
}

#[tokio::test]
async fn a_file_that_only_a_dropped_rule_matches_is_refused() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from './a.txt';\nexport default { a };",
        ),
        ("src/a.txt", ""),
    ]);

    let failure = project
        .failure_with(|options| {
            options.rules = vec![Rule {
                kind: RuleKind::Text,
                globs: vec!["**/*.md".to_owned()],
                fallthrough: Some(false),
            }];
        })
        .await;

    assert_eq!(
        failure.to_string(),
        "error: `./a.txt` matches a module rule that is not used (Text `**/*.txt`, `**/*.html`, `**/*.sql`)
  --> src/index.ts:1:15
   |
 1 | import a from './a.txt';
   |               ^^^^^^^^^
   hint: give the earlier Text rule `fallthrough = true`, or add the glob to it"
    );
}

#[tokio::test]
async fn a_missing_export_shows_the_name() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import { nope } from './b';\nexport default { nope };",
        ),
        ("src/b.js", "export const yes = 1;"),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: `nope` is not exported by `src/b.js`, imported by `src/index.ts`
  --> src/index.ts:1:10
   |
 1 | import { nope } from './b';
   |          ^^^^"
    );
}

#[tokio::test]
async fn an_alias_that_leads_nowhere_is_named() {
    let project = Project::new(&[(
        "src/index.ts",
        "import a from 'heavy';\nexport default { a };",
    )]);

    let failure = project
        .failure_with(|options| options.alias = vec![("heavy".to_owned(), "./gone.ts".to_owned())])
        .await;

    assert_eq!(
        failure.to_string(),
        "error: `heavy` has the alias `./gone.ts`, which does not exist
  --> src/index.ts:1:15
   |
 1 | import a from 'heavy';
   |               ^^^^^^^
   hint: correct `alias` in the wrangler file"
    );
}

#[tokio::test]
async fn json_with_a_mistake_shows_where() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import a from './a.json';\nexport default { a };",
        ),
        ("src/a.json", "{\n  \"a\": 1,\n}\n"),
    ]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: trailing comma at line 3 column 1
  --> src/a.json:3:1
   |
 3 | }
   | ^
   = imported by src/index.ts -> src/a.json"
    );
}

#[tokio::test]
async fn a_tsconfig_with_a_mistake_is_named() {
    let project = Project::new(&[
        ("src/index.ts", "export default {};"),
        ("tsconfig.json", "{ \"compilerOptions\": { \"jsx\": } }"),
    ]);

    let text = project.failure().await.to_string();

    assert!(
        text.starts_with("error: failed to load tsconfig 'tsconfig.json': "),
        "{text}"
    );
}

#[tokio::test]
async fn a_tsconfig_that_does_not_exist_is_named() {
    let project = Project::new(&[("src/index.ts", "export default {};")]);

    let failure = project
        .failure_with(|options| options.tsconfig = Some("gone.json".into()))
        .await;

    assert_eq!(
        failure.to_string(),
        "error: failed to load tsconfig 'gone.json': Tsconfig not found"
    );
}

#[tokio::test]
async fn a_define_that_is_no_expression_is_refused() {
    let project = Project::new(&[("src/index.ts", "export default {};")]);

    let failure = project
        .failure_with(|options| {
            options.define = vec![
                ("GREETING".to_owned(), "hello world".to_owned()),
                ("a-b".to_owned(), "1".to_owned()),
            ];
        })
        .await;

    assert_eq!(
        failure.to_string(),
        "error: the value `hello world` of `define.GREETING` is neither JSON nor a name
   hint: for a string, write '\"hello world\"'

error: `define` cannot replace `a-b`; it is not a name

2 errors"
    );
}

#[tokio::test]
async fn a_source_that_is_not_text_is_refused() {
    let project = Project::new(&[("src/index.ts", "import './a.js';\nexport default {};")]);
    project.write("src/a.js", [0x63, 0xff, 0xfe]);

    assert_eq!(
        project.failure().await.to_string(),
        "error: could not load src/a.js (imported by src/index.ts) - stream did not contain valid UTF-8
  --> src/index.ts:1:8
   |
 1 | import './a.js';
   |        ^^^^^^^^"
    );
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import './a';\nimport './b';\nimport fs from 'fs';\nexport default { fs };",
        ),
        ("src/a.ts", "import 'left-pad'; import './gone';"),
        ("src/b.ts", "const x = ;"),
    ]);

    let failure = project.failure().await;

    let messages: Vec<&str> = failure
        .diagnostics
        .iter()
        .map(|d| d.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "package `left-pad` is not in node_modules",
            "`./gone` does not exist (looked for src/gone)",
            "unexpected token",
            "`fs` is a module of Node.js, and `nodejs_compat` is not in force",
        ]
    );
    let dir = project.path().canonicalize().expect("the project is there");
    for name in ["src/index.ts", "src/a.ts", "src/b.ts"] {
        assert!(failure.watch_files.contains(&dir.join(name)), "{name}");
    }
}

#[tokio::test]
async fn a_failure_watches_the_places_where_the_missing_would_appear() {
    let project = Project::new(&[(
        "src/index.ts",
        "import a from './deep/gone';\nimport b from '@scope/pkg/part';\nexport default { a, b };",
    )]);

    let failure = project.failure().await;

    let dir = project.path().canonicalize().expect("the project is there");
    let names = ["node_modules/@scope/pkg", "src/deep", "src/index.ts"];
    assert_eq!(failure.watch_files, names.map(|name| dir.join(name)));
}
