//! Notices what wrangler has stored for a project, and says how to take it over.

use std::path::Path;

use stated_config::Config;
use stated_node::Built;

use crate::printer;

/// Where wrangler keeps objects, beside the project file.
const WRANGLER_STATE: &str = ".wrangler/state/v3/do";

/// Prints the command that takes wrangler's objects over, if the project has some and `data` none.
pub(crate) fn offer(services: &[(Config, Built)], data: &Path) {
    for (config, _) in services {
        let state = config.home.join(WRANGLER_STATE);
        let mut keys = config
            .classes
            .live
            .keys()
            .map(|class| format!("{}-{class}", config.name));
        if keys
            .any(|key| has_objects(&state.join(&key)) && !has_objects(&data.join("do").join(&key)))
        {
            printer::line(&format!(
                "Found objects of `wrangler dev`. To take them over, stop this server and run:\n  \
                 stated objects import-folder {} --persist-to {}",
                state.display(),
                data.display()
            ));
        }
    }
}

fn has_objects(folder: &Path) -> bool {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names.any(|name| name.len() == 64 + ".sqlite".len() && name.ends_with(".sqlite"))
}
