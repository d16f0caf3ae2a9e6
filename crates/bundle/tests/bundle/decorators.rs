//! Standard decorators do what they do with esbuild, which lowers them for wrangler.
//!
//! These tests run the bundle on Node.js, which the JavaScript library's tests need as well.

use std::process::Command;

use crate::project::{Project, assert_contains, assert_lacks};

const PROGRAM: &str = include_str!("decorators/index.ts");
const EXPECTED: &str = include_str!("decorators/expected.json");

/// Runs `run()` of the module `code` and returns its result as compact JSON.
pub(crate) fn run_on_node(code: &str) -> String {
    let script = format!("{code}\nconsole.log(JSON.stringify(await run()));");
    let output = Command::new("node")
        .args(["--input-type=module", "--eval", &script])
        .output()
        .expect("these tests need Node.js as `node` on the PATH");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\nin:\n{code}");
    String::from_utf8(output.stdout)
        .expect("JSON is UTF-8")
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn every_kind_of_decorated_element_behaves_as_with_esbuild() {
    let expected: serde_json::Value = serde_json::from_str(EXPECTED).expect("the file is JSON");
    for target in ["es2022", "es2021"] {
        let project = Project::new(&[
            ("src/index.ts", PROGRAM),
            // The second target makes fields assignments in the constructor.
            (
                "tsconfig.json",
                &format!(r#"{{ "compilerOptions": {{ "target": "{target}" }} }}"#),
            ),
        ]);

        let code = project.bundle().await.code;

        let actual: serde_json::Value = serde_json::from_str(&run_on_node(&code)).expect("JSON");
        assert_eq!(actual, expected, "{target}");
    }
}

#[tokio::test]
async fn classes_as_values_and_defaults_keep_their_names() {
    let project = Project::new(&[(
        "src/index.ts",
        "const seen: string[] = [];
         const see = (value: Function, context: ClassDecoratorContext) => { seen.push(String(context.name)); };
         @see export default class {}
         const Inner = @see class Named {};
         export const run = () => [seen, Inner.name];",
    )]);

    let code = project.bundle().await.code;

    assert_eq!(run_on_node(&code), r#"[["default","Named"],"Named"]"#);
}

#[tokio::test]
async fn places_in_a_decorated_class_lead_back_to_the_source() {
    let source = "const d = (a: unknown, b: unknown) => {};\nexport class A {\n  @d\n  first() {}\n  \
                  @d second() { throw new Error('here'); }\n}\nexport default {};\n";
    let project = Project::new(&[("src/index.ts", source)]);

    let bundle = project.bundle().await;

    let at = bundle.code.find("new Error").expect("it is in the bundle");
    let line = bundle.code[..at].matches('\n').count() + 1;
    let column = at - bundle.code[..at].rfind('\n').expect("not the first line");
    let number = |n: usize| u32::try_from(n).expect("small");
    let original = bundle
        .source_map
        .original(number(line), number(column))
        .expect("it is mapped");
    assert_eq!(
        (original.file, original.line, original.column),
        ("src/index.ts", 5, 23)
    );
    assert_lacks(&bundle.code, "@d");
}

#[tokio::test]
async fn addresses_and_comments_are_no_decorators() {
    let project = Project::new(&[(
        "src/index.ts",
        "/** @param x nothing */ export const mail = 'me@example.com'; export default {};",
    )]);

    let code = project.bundle().await.code;

    assert_contains(&code, "\"me@example.com\"");
    assert_lacks(&code, "Decorators");
}

#[tokio::test]
async fn decorators_of_packages_are_rewritten_wherever_they_stand() {
    for class in [
        "export const A = @d class {};",
        "@d export class A {}",
        "export @d class A {}",
        "export class A { first() {}\n\t@d second() {} }",
        "export class A { @(d) accessor first = 1; }",
    ] {
        let project = Project::new(&[
            (
                "src/index.ts",
                "import { A } from 'pkg'; export default { A };",
            ),
            (
                "node_modules/pkg/package.json",
                r#"{"name":"pkg","type":"module","main":"index.js"}"#,
            ),
            (
                "node_modules/pkg/index.js",
                &format!("const d = (a, b) => {{}};\n{class}\n"),
            ),
        ]);

        let code = project.bundle().await.code;

        assert_lacks(&code, "@d");
        assert_lacks(&code, "@(d)");
        assert_contains(&code, "Decorators");
    }
}

#[tokio::test]
async fn packages_that_only_speak_of_decorators_are_left_alone() {
    let project = Project::new(&[
        ("src/index.ts", "export { text as default } from 'pkg';"),
        (
            "node_modules/pkg/package.json",
            r#"{"name":"pkg","type":"module","main":"index.js"}"#,
        ),
        (
            "node_modules/pkg/index.js",
            "/**\n * {@link text} of (@someone), @see https://a@b.test\n * @type {string}\n */\n\
             export const text = 'npm i @scope/pkg';\n",
        ),
    ]);

    let code = project.bundle().await.code;

    assert_contains(&code, "npm i @scope/pkg");
    assert_lacks(&code, "Decorators");
}

#[tokio::test]
async fn what_cannot_be_rewritten_is_refused_with_its_place() {
    let refused = [
        (
            "class A { @d #m() {} }",
            "error: private methods cannot be decorated
  --> src/index.ts:2:14
   |
 2 | class A { @d #m() {} }
   |              ^^",
        ),
        (
            "class A { @d accessor #a = 1; }",
            "error: an `accessor` with this name cannot be rewritten
  --> src/index.ts:2:23
   |
 2 | class A { @d accessor #a = 1; }
   |                       ^^",
        ),
        (
            "class A { constructor(@d x: number) {} }",
            "error: decorators of parameters need `experimentalDecorators` in the tsconfig
  --> src/index.ts:2:23
   |
 2 | class A { constructor(@d x: number) {} }
   |                       ^^",
        ),
    ];
    for (class, expected) in refused {
        let source = format!("const d: any = () => {{}};\n{class}\nexport default A;");
        let project = Project::new(&[("src/index.ts", &source)]);

        assert_eq!(project.failure().await.to_string(), expected);
    }
}
