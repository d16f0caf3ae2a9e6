use super::*;
use crate::fixture::{Folder, with_base};

fn room_service(name: &str) -> Folder {
    Folder::new().write(
        "wrangler.toml",
        format!(
            "name = \"{name}\"\nmain = \"src/index.ts\"\ncompatibility_date = \"2026-08-01\"\n\
             [[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Room\"]\n"
        ),
    )
}

fn check(folders: &[&Folder]) -> Vec<(Severity, String)> {
    let projects: Vec<_> = folders.iter().map(|folder| folder.project()).collect();
    let mut diagnostics = check_references(&projects);
    let severities: Vec<_> = diagnostics.iter().map(|it| it.severity).collect();
    let mut texts = Vec::new();
    for folder in folders {
        for diagnostic in &mut diagnostics {
            let path = folder.path();
            diagnostic.message = diagnostic.message.replace(&*path.to_string_lossy(), "DIR");
        }
    }
    for diagnostic in diagnostics {
        let owner = folders
            .iter()
            .find(|folder| diagnostic.path.starts_with(folder.path()))
            .unwrap();
        texts.extend(owner.printed(&[diagnostic]));
    }
    severities.into_iter().zip(texts).collect()
}

#[test]
fn a_class_and_an_entrypoint_of_a_running_service_are_fine() {
    let chat = with_base(
        "[[durable_objects.bindings]]\nname = \"ROOMS\"\nclass_name = \"Room\"\nscript_name = \"rooms\"\n\
         [[services]]\nbinding = \"R\"\nservice = \"rooms\"\n[[services]]\nbinding = \"SELF\"\nservice = \"chat\"\n",
    );

    assert_eq!(check(&[&chat, &room_service("rooms")]), []);
}

#[test]
fn a_service_that_is_not_running_is_an_error() {
    let chat = with_base(
        "[[durable_objects.bindings]]\nname = \"ROOMS\"\nclass_name = \"Room\"\nscript_name = \"roms\"\n\
         [[services]]\nbinding = \"R\"\nservice = \"billing\"\n",
    );

    assert_eq!(
        check(&[&chat, &room_service("rooms")]),
        [
            (
                Severity::Error,
                "wrangler.toml:7:1: binding `ROOMS` needs service `roms`, which is not running\n  script_name = \"roms\"\n  ^\nhint: did you mean `rooms`?".to_owned()
            ),
            (
                Severity::Error,
                "wrangler.toml:10:1: binding `R` needs service `billing`, which is not running\n  service = \"billing\"\n  ^\nhint: name its project file with a further --config".to_owned()
            )
        ]
    );
}

#[test]
fn a_class_that_the_other_service_does_not_declare_is_a_warning() {
    let chat = with_base(
        "[[durable_objects.bindings]]\nname = \"ROOMS\"\nclass_name = \"Rooms\"\nscript_name = \"rooms\"\n",
    );

    assert_eq!(
        check(&[&chat, &room_service("rooms")]),
        [(
            Severity::Warning,
            "wrangler.toml:7:1: binding `ROOMS` needs class `Rooms`, which service `rooms` does not declare\n  script_name = \"rooms\"\n  ^\nhint: did you mean `Room`?".to_owned()
        )]
    );
}

#[test]
fn the_environment_of_a_binding_is_part_of_the_service_name() {
    let chat = with_base(
        "[[durable_objects.bindings]]\nname = \"ROOMS\"\nclass_name = \"Room\"\nscript_name = \"rooms\"\nenvironment = \"staging\"\n",
    );

    assert_eq!(check(&[&chat, &room_service("rooms-staging")]), []);
}

#[test]
fn two_projects_of_one_name_are_refused() {
    assert_eq!(
        check(&[&with_base(""), &with_base("")]),
        [(
            Severity::Error,
            "wrangler.toml: the name `chat` is also that of DIR/wrangler.toml\nhint: give one of the two another `name`".to_owned()
        )]
    );
}
