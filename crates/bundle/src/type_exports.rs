//! Names that a TypeScript file passes on without saying whether they are types.
//!
//! `export { Shape } from "./types"` has no value behind it when `Shape` is an interface. Compiling
//! file by file cannot tell; the type checker of the user's editor has told already.

use rolldown_error::{BuildDiagnostic, EventKind};

use crate::project::Project;

/// Whether `error` says that a name is not exported which a TypeScript file only passes on.
pub(crate) fn may_be_a_type(error: &BuildDiagnostic, project: &Project) -> bool {
    if !matches!(error.kind(), EventKind::MissingExportError) {
        return false;
    }
    let (Some(importer), Some(name)) = (error.id(), missing_name(&error.to_string())) else {
        return false;
    };
    let is_typescript = [".ts", ".tsx", ".mts", ".cts"]
        .iter()
        .any(|end| importer.ends_with(end));
    let source = std::fs::read_to_string(project.dir.join(&importer)).unwrap_or_default();
    is_typescript && passes_on(&source, &name)
}

/// The name in the bundler's `"name" is not exported by …`.
fn missing_name(message: &str) -> Option<String> {
    let (name, _) = message
        .strip_prefix('"')?
        .split_once("\" is not exported")?;
    Some(name.to_owned())
}

/// Whether `source` names `name` in a clause `export { … }`.
fn passes_on(source: &str, name: &str) -> bool {
    source.match_indices("export").any(|(at, keyword)| {
        let rest = source[at + keyword.len()..].trim_start();
        let Some(clause) = rest
            .strip_prefix('{')
            .and_then(|rest| rest.split('}').next())
        else {
            return false;
        };
        clause
            .split(',')
            .any(|part| part.split_whitespace().next() == Some(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_an_export_clause_is_passed_on() {
        for source in [
            "export { Shape } from './types';",
            "export {Other,Shape as Form} from './types'",
            "import { Shape } from './types';\nexport {\n  Other,\n  Shape,\n};",
        ] {
            assert!(passes_on(source, "Shape"), "{source}");
        }
        for source in [
            "import { Shape } from './types'",
            "export const Shape = 1",
            "export { Shapes }",
        ] {
            assert!(!passes_on(source, "Shape"), "{source}");
        }
    }

    #[test]
    fn the_name_is_read_from_the_bundlers_message() {
        let message = r#""Shape" is not exported by "src/types.ts", imported by "src/index.ts"."#;

        assert_eq!(missing_name(message), Some("Shape".to_owned()));
        assert_eq!(missing_name("Unexpected token"), None);
    }
}
