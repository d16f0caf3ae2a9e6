use super::*;
use crate::check::product_kinds;
use crate::fixture::{Folder, with_base};
use crate::{LocalSecrets, Request, load};

/// What is declared in `worker-configuration.d.ts` beside the project file.
fn declared(folder: &Folder, exports: &[&str]) -> Declarations {
    declared_with(folder, exports, |_| {}).unwrap()
}

fn declared_with(
    folder: &Folder,
    exports: &[&str],
    change: impl FnOnce(&mut TypesOptions),
) -> Result<Declarations, TypesError> {
    let top = folder.project();
    let environments: Vec<(String, Project)> = match &folder.request.environment {
        Some(_) => Vec::new(),
        None => top
            .environments
            .iter()
            .map(|name| {
                let request = Request {
                    environment: Some(name.clone()),
                    local_secrets: LocalSecrets::Read,
                    ..folder.request.clone()
                };
                (name.clone(), load(&request).unwrap())
            })
            .collect(),
    };
    let programs = [TypesProgram {
        service: top.config.name.clone(),
        main: top.config.main.clone(),
        exports: Some(exports.iter().map(|&name| name.to_owned()).collect()),
    }];
    let mut options = TypesOptions {
        interface: "Env".to_owned(),
        strict_vars: true,
        output: folder.path().join("worker-configuration.d.ts"),
    };
    change(&mut options);
    declare(&top, &environments, &programs, &options)
}

/// The lines between the braces of the first interface, without their indentation.
fn env(declarations: &Declarations) -> Vec<String> {
    let lines = declarations.text.lines().skip(1);
    lines
        .take_while(|line| *line != "}")
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn a_project_without_bindings_has_an_empty_interface() {
    let declarations = declared(&with_base(""), &["default"]);

    assert_eq!(
        declarations.text,
        "interface __BaseEnv_Env {\n\
         }\n\
         declare namespace Cloudflare {\n\
         \tinterface GlobalProps {\n\
         \t\tmainModule: typeof import(\"./src/index\");\n\
         \t}\n\
         \tinterface Env extends __BaseEnv_Env {}\n\
         }\n\
         interface Env extends __BaseEnv_Env {}\n"
    );
    assert_eq!(declarations.hash.len(), HASH_CHARS);
}

#[test]
fn variables_are_their_values_and_secrets_are_strings() {
    let folder = with_base(
        "[vars]\nTEXT = \"a \\\"b\\\"\"\nNUMBER = 1.5\nWHOLE = 2.0\nYES = true\n\
         LIST = [\"a\", 1]\nTABLE = { \"b-c\" = [] }\n\"with-dash\" = \"x\"\nKEY = \"not a secret\"\n",
    )
    .write(".dev.vars", "ZETA=1\nKEY=k3y\n");

    let declarations = declared(&folder, &["default"]);

    assert_eq!(
        env(&declarations),
        [
            r#"TEXT: "a \"b\"";"#,
            "NUMBER: 1.5;",
            "WHOLE: 2;",
            "YES: true;",
            r#"LIST: ["a",1];"#,
            r#"TABLE: {"b-c":[]};"#,
            r#""with-dash": "x";"#,
            "ZETA: string;",
            "KEY: string;",
        ]
    );
    assert!(!declarations.text.contains("k3y"));
}

#[test]
fn without_strictness_variables_have_the_type_of_their_value() {
    let folder = with_base(
        "[vars]\nTEXT = \"a\"\nNUMBER = 1\nYES = true\nONE = [\"a\"]\nSEVERAL = [\"a\", 1]\nTABLE = {}\n",
    );

    let declarations = declared_with(&folder, &[], |options| options.strict_vars = false);

    assert_eq!(
        env(&declarations.unwrap()),
        [
            "TEXT: string;",
            "NUMBER: number;",
            "YES: boolean;",
            "ONE: string[];",
            "SEVERAL: (number|string)[];",
            "TABLE: object;",
        ]
    );
}

#[test]
fn secrets_that_the_project_lists_replace_those_of_files() {
    let folder = with_base("[secrets]\nrequired = [\"LISTED\"]\n").write(".dev.vars", "OTHER=1\n");

    assert_eq!(env(&declared(&folder, &[])), ["LISTED: string;"]);
}

#[test]
fn classes_and_entrypoints_are_imported_where_they_are_exported() {
    let folder = with_base(
        "[durable_objects]\nbindings = [\n\
         { name = \"ROOMS\", class_name = \"Room\" },\n\
         { name = \"GONE\", class_name = \"Gone\" },\n\
         { name = \"FAR\", class_name = \"Far\", script_name = \"other\" },\n\
         ]\n\
         [[services]]\nbinding = \"SELF\"\nservice = \"chat\"\n\
         [[services]]\nbinding = \"ADMIN\"\nservice = \"chat\"\nentrypoint = \"Admin\"\n\
         [[services]]\nbinding = \"OTHER\"\nservice = \"other\"\n\
         [[services]]\nbinding = \"MATHS\"\nservice = \"other\"\nentrypoint = \"Maths\"\n\
         [[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Room\", \"Gone\"]\n",
    );

    let declarations = declared(&folder, &["default", "Room", "Admin"]);

    assert_eq!(
        env(&declarations),
        [
            r#"ROOMS: DurableObjectNamespace<import("./src/index").Room>;"#,
            "GONE: DurableObjectNamespace /* Gone */;",
            "FAR: DurableObjectNamespace /* Far from other */;",
            r#"SELF: Service<typeof import("./src/index").default>;"#,
            r#"ADMIN: Service<typeof import("./src/index").Admin>;"#,
            "OTHER: Fetcher /* other */;",
            "MATHS: Service /* entrypoint Maths from other */;",
        ]
    );
    assert!(
        declarations
            .text
            .contains("durableNamespaces: \"Room\" | \"Gone\";")
    );
}

#[test]
fn of_a_program_that_cannot_be_built_every_bound_class_is_imported() {
    let folder =
        with_base("[durable_objects]\nbindings = [{ name = \"A\", class_name = \"B\" }]\n");
    let top = folder.project();
    let programs = [TypesProgram {
        service: "chat".to_owned(),
        main: top.config.main.clone(),
        exports: None,
    }];
    let options = TypesOptions {
        interface: "Env".to_owned(),
        strict_vars: true,
        output: folder.path().join("types/worker.d.ts"),
    };

    let declarations = declare(&top, &[], &programs, &options).unwrap();

    assert_eq!(
        env(&declarations),
        [r#"A: DurableObjectNamespace<import("../src/index").B>;"#]
    );
}

#[test]
fn a_workflow_takes_what_its_class_takes() {
    let folder = with_base(
        "[[workflows]]\nbinding = \"FLOW\"\nname = \"flow\"\nclass_name = \"Flow\"\n\
         [[workflows]]\nbinding = \"GONE\"\nname = \"gone\"\nclass_name = \"Gone\"\n\
         [[workflows]]\nbinding = \"AWAY\"\nname = \"away\"\nclass_name = \"Away\"\nscript_name = \"other\"\n",
    );

    assert_eq!(
        env(&declared(&folder, &["Flow"])),
        [
            "FLOW: Workflow<Parameters<import(\"./src/index\").Flow['run']>[0]['payload']>;",
            "GONE: Workflow /* Gone */;",
            "AWAY: Workflow /* Away from other */;",
        ]
    );
}

#[test]
fn declared_classes_are_in_the_order_of_their_history() {
    let folder = with_base(
        "[[migrations]]\ntag = \"v1\"\nnew_classes = [\"Zoo\", \"Old\", \"Dead\"]\n\
         [[migrations]]\ntag = \"v2\"\nnew_sqlite_classes = [\"Ant\"]\n\
         deleted_classes = [\"Dead\"]\nrenamed_classes = [{ from = \"Old\", to = \"New\" }]\n",
    );

    let text = declared(&folder, &[]).text;

    assert!(
        text.contains("durableNamespaces: \"Zoo\" | \"New\" | \"Ant\";"),
        "{text}"
    );
}

#[test]
fn every_product_has_a_type_and_its_place() {
    for kind in product_kinds() {
        assert!(
            members::KINDS.iter().any(|(known, _)| *known == kind),
            "{kind}"
        );
    }
    let folder = with_base(
        "[version_metadata]\nbinding = \"VERSION\"\n[[kv_namespaces]]\nbinding = \"KV\"\nid = \"0\"\n\
         [[ratelimits]]\nname = \"LIMIT\"\nnamespace_id = \"1\"\nsimple = { limit = 1, period = 10 }\n\
         [[worker_loaders]]\nbinding = \"LOADER\"\n\
         [assets]\ndirectory = \"public\"\nbinding = \"ASSETS\"\n",
    );

    assert_eq!(
        env(&declared(&folder, &[])),
        [
            "KV: KVNamespace;",
            "LIMIT: RateLimit;",
            "LOADER: WorkerLoader;",
            "VERSION: WorkerVersionMetadata;",
            "ASSETS: Fetcher;",
        ]
    );
}

#[test]
fn each_environment_has_an_interface_and_what_one_lacks_is_optional() {
    let folder = with_base(
        "[vars]\nPLACE = \"here\"\nONLY_TOP = 1\n\
         [env.my-staging.vars]\nPLACE = \"there\"\n[env.bare]\n",
    )
    .write(".dev.vars", "KEY=1\n");

    let text = declared(&folder, &["default"]).text;

    assert_eq!(
        text,
        "interface __BaseEnv_Env {\n\
         \tPLACE?: \"there\" | \"here\";\n\
         \tKEY: string;\n\
         \tONLY_TOP?: 1;\n\
         }\n\
         declare namespace Cloudflare {\n\
         \tinterface GlobalProps {\n\
         \t\tmainModule: typeof import(\"./src/index\");\n\
         \t}\n\
         \tinterface MyStagingEnv {\n\
         \t\tPLACE: \"there\";\n\
         \t\tKEY: string;\n\
         \t}\n\
         \tinterface BareEnv {\n\
         \t\tKEY: string;\n\
         \t}\n\
         \tinterface Env extends __BaseEnv_Env {}\n\
         }\n\
         interface Env extends __BaseEnv_Env {}\n"
    );
}

#[test]
fn environments_have_the_hash_of_wrangler() {
    let folder = with_base(
        "compatibility_flags = [\"nodejs_compat\"]\n\
         [vars]\nPLACE = \"here\"\nONLY_TOP = 1\n[[kv_namespaces]]\nbinding = \"CACHE\"\nid = \"0\"\n\
         [env.my-staging.vars]\nPLACE = \"there\"\n[env.bare]\n",
    )
    .write(".dev.vars", "ZETA=1\nKEY=1\n");

    // What wrangler 4.126.0 writes for this project.
    assert_eq!(
        declared(&folder, &["default"]).hash,
        "984819b872440cda82bf03f9e1bdbea4"
    );
}

#[test]
fn process_env_is_typed_when_it_is_filled() {
    let vars = "[vars]\nA = \"x\"\n[[kv_namespaces]]\nbinding = \"KV\"\nid = \"0\"\n";
    let without = declared(&with_base(vars), &[]).text;
    let flags = format!("compatibility_flags = [\"nodejs_compat\"]\n{vars}");
    let with = declared(&with_base(&flags), &[]).text;

    assert!(!without.contains("ProcessEnv"), "{without}");
    assert!(
        with.contains(
            "interface ProcessEnv extends StringifyValues<Pick<Cloudflare.Env, \"A\">> {}"
        ),
        "{with}"
    );
}

#[test]
fn rules_declare_the_modules_that_they_make() {
    let text = declared(
        &with_base(
            "rules = [\n\
             { type = \"Text\", globs = [\"**/*.md\", \"LICENSE\"] },\n\
             { type = \"CompiledWasm\", globs = [\"**/*.wasm\"] },\n\
             { type = \"Data\", globs = [\"data/**/*\"] },\n\
             { type = \"ESModule\", globs = [\"**/*.mjs\"] },\n\
             ]\n",
        ),
        &[],
    )
    .text;

    let modules: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("declare module") || line.starts_with("\tconst"))
        .collect();
    assert_eq!(
        modules,
        [
            "declare module \"*.md\" {",
            "\tconst value: string;",
            "declare module \"LICENSE\" {",
            "\tconst value: string;",
            "declare module \"*.wasm\" {",
            "\tconst value: WebAssembly.Module;",
            "declare module \"data/*\" {",
            "\tconst value: ArrayBuffer;",
        ]
    );
}

#[test]
fn names_that_cannot_be_interfaces_are_refused() {
    let of = |folder: &Folder, name: &str| {
        declared_with(folder, &[], |options| options.interface = name.to_owned())
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let refused = |name: &str| {
        Err(format!(
            "the interface cannot be called `{name}`; a name consists of letters, digits and \
             underscores, and begins with a letter"
        ))
    };

    assert_eq!(of(&with_base(""), "Cloudflare_Bindings2"), Ok(()));
    assert_eq!(of(&with_base(""), "2nd"), refused("2nd"));
    assert_eq!(of(&with_base(""), "a-b"), refused("a-b"));
    assert_eq!(
        of(&with_base("[env.env]\n"), "Env").unwrap_err(),
        "the environments `Env` and `env` would both be the interface `Env`"
    );
    assert_eq!(
        of(&with_base("[env.a-b]\n[env.a_b]\n"), "Env").unwrap_err(),
        "the environments `a-b` and `a_b` would both be the interface `ABEnv`"
    );
}

#[test]
fn a_written_file_is_recognised_until_its_declarations_change() {
    let declarations = declared(&with_base("[vars]\nA = 1\n"), &[]);
    let other = declared(&with_base("[vars]\nA = 2\n"), &[]);

    let text = declarations.file("stated types --env-interface=E --env staging", None);

    let head = format!(
        "/* eslint-disable */\n\
         // Generated by stated by running `stated types --env-interface=E --env staging` (hash: {})\n\
         interface __BaseEnv_Env {{\n",
        declarations.hash
    );
    assert!(text.starts_with(&head), "{text}");
    let file = TypesFile::read(&text).unwrap();
    assert!(file.has(&declarations));
    assert!(!file.has(&other));
    assert_eq!(
        file.options(),
        HeaderOptions {
            interface: Some("E".to_owned()),
            environment: Some("staging".to_owned()),
            strict_vars: None,
        }
    );
    let edited = text.replace("A: 1", "A: 3");
    assert!(!TypesFile::read(&edited).unwrap().has(&declarations));
    assert_eq!(TypesFile::read("interface Env {}\n"), None);
    assert_eq!(TypesFile::read(""), None);
}

#[test]
fn types_of_the_runtime_that_wrangler_wrote_stay() {
    let declarations = declared(&with_base("[vars]\nA = 1\n"), &[]);
    let wranglers = "/* eslint-disable */\n\
        // Generated by Wrangler by running `wrangler types` (hash: 0123)\n\
        // Runtime types generated with workerd@1.2 2026-08-01 \n\
        interface Env {}\n\
        // Begin runtime types\n\
        interface Fetcher {}\n";
    let replaced = TypesFile::read(wranglers).unwrap();
    assert!(!replaced.has(&declarations));

    let text = declarations.file("stated types", Some(&replaced));

    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("/* eslint-disable */"));
    assert_eq!(
        lines.nth(1),
        Some("// Runtime types generated with workerd@1.2 2026-08-01 ")
    );
    assert!(text.ends_with("\n// Begin runtime types\ninterface Fetcher {}\n"));
    assert!(!text.contains("interface Env {}\n"));
    let again = TypesFile::read(&text).unwrap();
    assert!(again.has(&declarations));
    assert_eq!(declarations.file("stated types", Some(&again)), text);
}
