//! Bundles one project and prints the module: `cargo run --release -p stated-bundle --example
//! bundle -- <project directory> <entry> [nodejs_compat]`. The rest of the result goes to the
//! standard error stream.

use std::process::ExitCode;
use std::time::Instant;

use stated_bundle::{BundleOptions, bundle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [project_dir, main, flags @ ..] = arguments.as_slice() else {
        eprintln!("usage: bundle <project directory> <entry> [nodejs_compat]");
        return ExitCode::from(2);
    };
    let mut options = BundleOptions::new(project_dir, main);
    options.compat_nodejs = flags.iter().any(|flag| flag == "nodejs_compat");
    let start = Instant::now();
    match bundle(options).await {
        Ok(bundle) => {
            let took = start.elapsed();
            println!("{}", bundle.code);
            for warning in &bundle.warnings {
                eprintln!("{warning}\n");
            }
            let modules: Vec<&str> = bundle
                .modules
                .iter()
                .map(|module| module.specifier.as_str())
                .collect();
            eprintln!("{} bytes in {took:?}", bundle.code.len());
            eprintln!(
                "exports {:?}, externals {:?}, modules {modules:?}",
                bundle.exports, bundle.externals
            );
            eprintln!("watching {:?}", bundle.watch_files);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
