//! TypeScript, JSX, decorators and JSON become plain JavaScript.

use crate::project::{Project, assert_contains, assert_lacks};

#[tokio::test]
async fn types_enums_namespaces_and_parameter_properties_become_javascript() {
    let project = Project::new(&[
        (
            "src/index.ts",
            r#"
            import type { Env } from "./types";
            import { Color, type Unused } from "./types";
            enum Direction { Up, Down = "D" }
            namespace Inner { export const a = 1; }
            export class Room {
                #count = 0;
                declare ghost: string;
                constructor(private readonly env: Env) {}
                get value() { return (this.#count as number)!; }
            }
            export default { fetch: (r: Request) => [Direction.Down, Color.Red, Inner.a] } satisfies object;
            "#,
        ),
        (
            "src/types.ts",
            "export interface Env { a: string } export type Unused = 1; export enum Color { Red = 'red' }",
        ),
    ]);

    let bundle = project.bundle().await;

    assert_contains(&bundle.code, "this.env = env;");
    assert_contains(&bundle.code, "#count = 0;");
    assert_contains(&bundle.code, "\"red\"");
    for gone in [
        "interface",
        "declare ",
        "ghost",
        "satisfies",
        "readonly",
        ": Request",
        "import ",
    ] {
        assert_lacks(&bundle.code, gone);
    }
    assert_eq!(bundle.exports, ["Room", "default"]);
}

#[tokio::test]
async fn class_names_survive_a_conflict_and_minification() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import './other'; export class Room { static who = 1 } export default {};",
        ),
        ("src/other.ts", "class Room {} globalThis.other = Room;"),
    ]);

    let plain = project.bundle().await.code;
    let minified = project
        .bundle_with(|options| options.minify = true)
        .await
        .code;

    assert_contains(&plain, "__name(this, \"Room\")");
    assert_contains(&minified, "`Room`");
    assert!(minified.len() < plain.len(), "{minified}");
}

#[tokio::test]
async fn class_fields_follow_the_tsconfig() {
    let source =
        "class Base { set x(v) {} } export class A extends Base { x = 1; y; } export default {};";
    let define = Project::new(&[("src/index.ts", source)]);
    let set = Project::new(&[
        ("src/index.ts", source),
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "target": "es2021" } }"#,
        ),
    ]);
    let explicit = Project::new(&[
        ("src/index.ts", source),
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "target": "es2021", "useDefineForClassFields": true } }"#,
        ),
    ]);

    assert_contains(&define.bundle().await.code, "\tx = 1;\n\ty;\n");
    let code = set.bundle().await.code;
    assert_contains(&code, "this.x = 1;");
    assert_lacks(&code, "\ty;");
    assert_contains(&explicit.bundle().await.code, "\tx = 1;\n\ty;\n");
}

#[tokio::test]
async fn jsx_is_classic_unless_the_tsconfig_says_otherwise() {
    let files = [
        (
            "src/index.ts",
            "export { page } from './page'; export default {};",
        ),
        (
            "src/page.tsx",
            "import * as React from './react'; export const page = <><p id='a'>hi</p></>;",
        ),
        (
            "src/react.ts",
            "export const createElement = (...a: unknown[]) => a; export const Fragment = {};",
        ),
        (
            "node_modules/fake/jsx-runtime.js",
            "export const jsx = (t, p) => [t, p]; export const Fragment = {};",
        ),
        (
            "node_modules/fake/package.json",
            r#"{ "name": "fake", "type": "module" }"#,
        ),
    ];
    let classic = Project::new(&files);
    let automatic = Project::new(&files);
    automatic.write(
        "tsconfig.json",
        r#"{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "fake" } }"#,
    );

    let code = classic.bundle().await.code;
    assert_contains(&code, ".createElement(react_exports.Fragment, null,");
    assert_contains(&code, "createElement(\"p\", { id: \"a\" }, \"hi\")");
    assert_contains(&automatic.bundle().await.code, "jsx(Fragment, { children:");
}

#[tokio::test]
async fn jsx_factory_of_the_wrangler_file_is_called() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "export { page } from './page'; export default {};",
        ),
        (
            "src/page.tsx",
            "import { h, F } from './h'; export const page = <><p/></>;",
        ),
        (
            "src/h.ts",
            "export const h = (...a: unknown[]) => a; export const F = {};",
        ),
    ]);

    let bundle = project
        .bundle_with(|options| {
            options.jsx_factory = Some("h".to_owned());
            options.jsx_fragment = Some("F".to_owned());
        })
        .await;

    assert_contains(&bundle.code, "h(F, null,");
    assert_contains(&bundle.code, "h(\"p\", null)");
}

#[tokio::test]
async fn jsx_in_a_js_file_is_understood() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "export { page } from './page.js'; export default {};",
        ),
        (
            "src/page.js",
            "const React = { createElement: (...a) => a }; export const page = <p>hi</p>;",
        ),
    ]);

    assert_contains(
        &project.bundle().await.code,
        "React.createElement(\"p\", null, \"hi\")",
    );
}

#[tokio::test]
async fn legacy_decorators_are_lowered_when_the_tsconfig_asks_for_them() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "const log = (target: object, key: string) => {};
             export class Room { @log method() {} } export default {};",
        ),
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "experimentalDecorators": true } }"#,
        ),
    ]);

    let code = project.bundle().await.code;

    assert_contains(&code, "Room.prototype, \"method\"");
    assert_lacks(&code, "@log");
}

#[tokio::test]
async fn json_is_a_module_with_a_default_and_names() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import all, { version } from './data.json'; export default { all, version };",
        ),
        ("src/data.json", r#"{ "version": "1.2.3", "list": [1, 2] }"#),
    ]);

    let code = project.bundle().await.code;

    assert_contains(&code, "var version = \"1.2.3\";");
    assert_contains(&code, "list: [1, 2]");
}

#[tokio::test]
async fn a_type_that_is_passed_on_without_saying_so_is_no_error() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "export { Shape, area } from './types'; export default {};",
        ),
        (
            "src/types.ts",
            "export interface Shape { a: number } export const area = 1;",
        ),
    ]);

    let bundle = project.bundle().await;

    assert_contains(&bundle.code, "var area = 1;");
    assert_eq!(bundle.exports, ["Shape", "area", "default"]);
}

#[tokio::test]
async fn dynamic_imports_are_part_of_the_one_module() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "export default { fetch: async () => (await import('./lazy')).lazy };",
        ),
        ("src/lazy.ts", "export const lazy = 'late';"),
    ]);

    let code = project.bundle().await.code;

    assert_contains(&code, "\"late\"");
    assert_lacks(&code, "import(");
}

#[tokio::test]
async fn a_name_that_is_put_together_finds_every_file_it_may_be_of() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "const load = async (name: string) => (await import(`./words/${name}.json`)).default.hello;
             const old = (name: string) => require('./old-' + name + '.js');
             // A word that begins with @name is no decorator.
             export const run = async () => [await load('en'), await load('far/de'), old('a'), await load('xx').catch((error: Error) => error.message)];
             export default {};",
        ),
        ("src/words/en.json", r#"{ "hello": "Hello" }"#),
        ("src/words/far/de.json", r#"{ "hello": "Hallo" }"#),
        ("src/words/README.md", "no module"),
        ("src/old-a.js", "module.exports = 'old';"),
        ("src/old-b/c.js", "throw new Error('not meant');"),
    ]);

    let code = project.bundle().await.code;

    assert_eq!(
        crate::decorators::run_on_node(&code),
        r#"["Hello","Hallo","old","Module not found in bundle: ./words/xx.json"]"#
    );
}

#[tokio::test]
async fn define_replaces_and_node_env_has_a_default() {
    let project = Project::new(&[(
        "src/index.ts",
        "export default [BUILD, process.env.NODE_ENV, debug.on, QUOTED];",
    )]);

    let plain = project.bundle().await.code;
    let staged = project
        .bundle_with(|options| options.node_env = "stag\"ing".to_owned())
        .await
        .code;
    let defined = project
        .bundle_with(|options| {
            options.define = vec![
                ("BUILD".to_owned(), "42".to_owned()),
                ("debug.on".to_owned(), "false".to_owned()),
                ("QUOTED".to_owned(), "'single'".to_owned()),
                (
                    "process.env.NODE_ENV".to_owned(),
                    "\"development\"".to_owned(),
                ),
            ];
        })
        .await
        .code;

    assert_contains(&plain, "\"production\"");
    assert_contains(&plain, "BUILD");
    assert_contains(&staged, "stag\\\"ing");
    for part in ["42", "\"development\"", "false", "\"single\""] {
        assert_contains(&defined, part);
    }
}

#[tokio::test]
async fn the_environment_of_node_is_known_by_all_its_names() {
    let project = Project::new(&[(
        "src/index.ts",
        "export default [process.env.NODE_ENV, globalThis.process.env.NODE_ENV, global.process.env.NODE_ENV];",
    )]);

    let code = project
        .bundle_with(|options| options.node_env = "development".to_owned())
        .await
        .code;

    assert_eq!(code.matches("\"development\"").count(), 3, "{code}");
}

#[tokio::test]
async fn paths_of_the_tsconfig_are_followed_and_it_is_watched() {
    let project = Project::new(&[
        (
            "src/index.ts",
            "import { a } from '@/deep/a'; export default { a };",
        ),
        ("src/deep/a.ts", "export const a = 'found';"),
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }"#,
        ),
    ]);

    let bundle = project.bundle().await;

    assert_contains(&bundle.code, "\"found\"");
    let dir = project.path().canonicalize().expect("the project is there");
    let names = ["src/deep/a.ts", "src/index.ts", "tsconfig.json"];
    assert_eq!(bundle.watch_files, names.map(|name| dir.join(name)));
}
