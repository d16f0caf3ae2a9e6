use super::*;
use crate::fixture::Folder;

/// A project whose own file cannot run by itself, built as Cloudflare's plugin for Vite builds it.
fn built(made: &str) -> Folder {
    Folder::new()
        .write(
            "wrangler.jsonc",
            "{ \"name\": \"own\", \"main\": \"virtual:entry\", \"compatibility_date\": \"2026-08-01\", \"assets\": {} }",
        )
        .write(".dev.vars", "SECRET=s")
        .write(".wrangler/deploy/config.json", "{ \"configPath\": \"../../dist/server/wrangler.json\" }")
        .write("dist/server/index.js", "")
        .write("dist/server/wrangler.json", made)
}

const MADE: &str = "{ \"configPath\": \"x\", \"userConfigPath\": \"x\", \"topLevelName\": \"own\", \"definedEnvironments\": [\"staging\"], \
    \"targetEnvironment\": \"staging\", \"name\": \"own-staging\", \"main\": \"index.js\", \"compatibility_date\": \"2026-08-01\", \
    \"assets\": { \"directory\": \"../client\" }, \"exports\": {}, \"connect\": [], \"k2\": [], \"agent_memory\": [], \"no_bundle\": true }";

#[test]
fn a_file_that_a_build_tool_has_made_runs_instead_of_the_projects_own() {
    let folder = built(MADE);
    let project = folder.project();

    let inside = |path: &Path| path.strip_prefix(folder.path()).unwrap().to_owned();
    assert_eq!(
        inside(&project.config.path),
        Path::new("dist/server/wrangler.json")
    );
    assert_eq!(inside(&project.config.directory), Path::new("dist/server"));
    assert_eq!(inside(&project.config.home), Path::new(""));
    assert_eq!(project.config.name, "own-staging");
    let assets = project.config.assets.as_ref().unwrap();
    assert_eq!(inside(&assets.directory).to_str(), Some("dist/client"));
    assert_eq!(project.secret_names, ["SECRET"]);
    let watched = project.config.watched.iter().map(|path| inside(path));
    assert!(
        watched
            .into_iter()
            .any(|path| path == Path::new(find::DEPLOY_FILE))
    );
    assert_eq!(folder.diagnostics(), [""; 0]);
}

#[test]
fn a_folder_inside_the_project_finds_what_the_build_has_made() {
    let mut folder = built(MADE);
    folder.request.directory = folder.path().join("src");
    assert_eq!(folder.project().config.name, "own-staging");
}

#[test]
fn a_made_file_counts_without_a_file_of_the_projects_own() {
    let folder = built(MADE);
    std::fs::remove_file(folder.path().join("wrangler.jsonc")).unwrap();
    assert_eq!(folder.project().config.name, "own-staging");
}

#[test]
fn who_asks_for_the_projects_own_file_gets_it_and_nothing_that_the_build_makes_is_missed() {
    let mut folder = built(MADE);
    folder.request.made = Made::Ignore;
    assert_eq!(folder.project().config.name, "own");
    assert_eq!(folder.diagnostics(), [""; 0]);
}

#[test]
fn a_named_file_is_never_replaced_by_a_made_one() {
    let mut folder = built(MADE).write("other.toml", crate::fixture::BASE);
    folder.request.file = Some(folder.path().join("other.toml"));
    assert_eq!(folder.project().config.name, "chat");
}

#[test]
fn the_environment_of_a_made_file_is_the_one_it_was_built_for() {
    assert_eq!(
        built(MADE).environment("staging").project().config.name,
        "own-staging"
    );
    let errors = built(MADE).environment("live").errors();
    let expected = "the build was made for the environment `staging`, not for `live`";
    assert!(errors[0].contains(expected), "{errors:?}");
    assert!(
        errors[0].ends_with("hint: run the project's build again with CLOUDFLARE_ENV=live"),
        "{errors:?}"
    );
}

#[test]
fn a_build_that_names_no_file_or_one_that_is_gone_is_reported() {
    let again = "hint: run the project's build again, or delete the file";
    let folder = built(MADE).write(find::DEPLOY_FILE, "{}");
    assert_eq!(
        folder.errors(),
        [format!(
            ".wrangler/deploy/config.json: `configPath` is missing\n{again}"
        )]
    );
    let folder = built(MADE).write(find::DEPLOY_FILE, "{ \"configPath\": \"../gone.json\" }");
    assert_eq!(
        folder.errors(),
        [format!(
            ".wrangler/deploy/config.json: `.wrangler/gone.json`, which it names, does not exist\n{again}"
        )]
    );
}

#[test]
fn a_build_that_lies_in_another_folder_than_the_project_file_is_reported() {
    let mut folder = built(MADE).write("inner/wrangler.jsonc", "{}");
    folder.request.directory = folder.path().join("inner");
    assert_eq!(
        folder.errors(),
        [
            ".wrangler/deploy/config.json: it lies in another folder than `inner/wrangler.jsonc`\n\
             hint: delete one of them, or name the project file with --config"
        ]
    );
}
