//! The examples of the repository are projects without errors and warnings.

use std::path::Path;

use stated_config::{LocalSecrets, Request, load};

#[test]
fn every_example_loads_without_a_word() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut loaded = 0;
    for entry in std::fs::read_dir(&examples).unwrap() {
        let directory = entry.unwrap().path();
        if !directory.is_dir() {
            continue;
        }
        let project = load(&Request {
            directory: directory.clone(),
            local_secrets: LocalSecrets::Skip,
            ..Request::default()
        });
        let project = project.unwrap_or_else(|errors| panic!("{errors}"));
        let warnings: Vec<_> = project.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings, [""; 0], "{}", directory.display());
        loaded += 1;
    }
    assert!(loaded > 0, "no example was found");
}
