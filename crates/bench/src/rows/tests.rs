use std::collections::HashSet;

use stated_testkit::project::repository;

use super::all;

#[test]
fn every_row_has_a_name_of_its_own() {
    let mut names = HashSet::new();

    for row in all() {
        assert!(names.insert(row.name), "two rows are `{}`", row.name);
    }
}

#[test]
fn rows_of_one_project_stand_together() {
    let rows = all();
    let groups: Vec<_> = rows
        .chunk_by(|one, next| one.project == next.project)
        .map(|group| group[0].project)
        .collect();

    let different: HashSet<_> = groups.iter().collect();
    assert_eq!(different.len(), groups.len(), "{groups:?}");
}

#[test]
fn every_row_has_a_project() {
    for row in all() {
        let file = repository()
            .join("bench")
            .join(row.project)
            .join("wrangler.toml");
        assert!(file.exists(), "{}", file.display());
    }
}
