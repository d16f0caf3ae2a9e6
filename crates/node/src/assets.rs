//! The static files of each service, from their configuration.

use std::sync::Arc;

use http::StatusCode;
use stated_assets::{
    Assets, AssetsOptions, HtmlHandling, NotFoundHandling, Program, Route, RunWorkerFirst,
};
use stated_config::Config;
use stated_config::project;
use stated_core::error::Failure;
use stated_object::message::{FetchRequest, FetchResponse};
use stated_object::program::{Answer, Event};

use crate::node::StartError;

/// The static files of a service, and whether a program is behind them.
#[derive(Clone)]
pub(crate) struct Files {
    assets: Arc<Assets>,
    program: Program,
}

/// Opens the folders of all services, by index.
pub(crate) fn open(configs: &[Config]) -> Result<Vec<Option<Files>>, StartError> {
    let files = configs.iter().map(|config| {
        let Some(assets) = &config.assets else {
            return Ok(None);
        };
        let assets = Assets::open(options(config, assets));
        let assets = assets.map_err(|source| StartError::Assets {
            service: config.name.clone(),
            source,
        })?;
        Ok(Some(Files {
            assets: Arc::new(assets),
            program: match config.main {
                Some(_) => Program::Present,
                None => Program::Absent,
            },
        }))
    });
    files.collect()
}

fn options(config: &Config, assets: &project::Assets) -> AssetsOptions {
    AssetsOptions {
        directory: assets.directory.clone(),
        html_handling: match assets.html_handling.as_str() {
            "force-trailing-slash" => HtmlHandling::ForceTrailingSlash,
            "drop-trailing-slash" => HtmlHandling::DropTrailingSlash,
            "none" => HtmlHandling::None,
            _ => HtmlHandling::AutoTrailingSlash,
        },
        not_found_handling: match assets.not_found_handling.as_str() {
            "404-page" => NotFoundHandling::NotFoundPage,
            "single-page-application" => NotFoundHandling::SinglePageApplication,
            _ => NotFoundHandling::None,
        },
        run_worker_first: match &assets.run_worker_first {
            project::RunWorkerFirst::Never => RunWorkerFirst::Never,
            project::RunWorkerFirst::Always => RunWorkerFirst::Always,
            project::RunWorkerFirst::Matching(patterns) => {
                RunWorkerFirst::Matching(patterns.clone())
            }
        },
        navigation_prefers_files: config
            .compatibility
            .has("assets_navigation_prefers_asset_serving"),
    }
}

impl Files {
    /// Answers a request from outside, or gives it back for the program.
    pub(crate) async fn route(&self, request: FetchRequest) -> Route {
        self.assets.route(request, self.program).await
    }

    /// Answers what a program asks of its binding.
    pub(crate) async fn event(&self, event: Event) -> Result<Answer, Failure> {
        match event {
            Event::Fetch(request) => Ok(Answer::Response(self.assets.fetch(&request).await)),
            Event::Call { path, .. } => Err(Failure::thrown(
                format!(
                    "TypeError: The RPC receiver does not implement the method \"{}\".",
                    path.join(".")
                ),
                0,
            )),
            _ => Ok(Answer::Response(FetchResponse::text(
                StatusCode::NOT_FOUND,
                "",
            ))),
        }
    }
}
