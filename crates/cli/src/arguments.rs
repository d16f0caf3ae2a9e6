//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Runs Cloudflare Durable Objects projects on your own machine.
#[derive(Debug, Parser)]
#[command(name = "stated", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a project, and load it again whenever one of its files changes
    Dev(Dev),
    /// Run a project for its users
    Serve(Serve),
}

impl Command {
    pub(crate) fn common(&self) -> &Common {
        match self {
            Self::Dev(dev) => &dev.common,
            Self::Serve(serve) => &serve.common,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Dev {
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) common: Common,

    /// Port on 127.0.0.1 that answers /healthz; 0 lets the system choose
    #[arg(long, value_name = "PORT", default_value_t = 8788, env = "STATED_INTERNAL_PORT")]
    pub(crate) internal_port: u16,

    /// Seconds that requests in flight may take to finish at shutdown
    #[arg(long, value_name = "SECONDS", default_value_t = 30, env = "STATED_SHUTDOWN_TIMEOUT")]
    pub(crate) shutdown_timeout: u64,

    /// How requests and console lines are printed
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "STATED_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Folder of the project [default: the current one]
    pub(crate) project: Option<PathBuf>,

    /// Project file; several run several services together, the first reached from outside
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,

    /// Environment of the project file
    #[arg(short, long, value_name = "NAME", env = "CLOUDFLARE_ENV")]
    pub(crate) env: Option<String>,

    /// Name of the service, instead of the project file's
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", env = "STATED_IP")]
    pub(crate) ip: Option<IpAddr>,

    /// Port to listen on; 0 lets the system choose [default: the project file's dev.port, or 8787]
    #[arg(long, value_name = "PORT", env = "STATED_PORT")]
    pub(crate) port: Option<u16>,

    /// Folder that keeps the objects' data [default: .stated/state beside the project file]
    #[arg(long, value_name = "FOLDER", env = "STATED_PERSIST_TO")]
    pub(crate) persist_to: Option<PathBuf>,

    /// Variable of the program; may be repeated
    #[arg(long, value_name = "KEY:VALUE", value_parser = key_value)]
    pub(crate) var: Vec<(String, String)>,

    /// Compatibility date, instead of the project file's
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = compat_date)]
    pub(crate) compatibility_date: Option<stated_core::compat::CompatDate>,

    /// Compatibility flag, instead of the project file's; may be repeated
    #[arg(long, value_name = "FLAG")]
    pub(crate) compatibility_flags: Vec<String>,

    /// Threads that run each service [default: 1 for dev, one per core for serve]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=256), env = "STATED_SHARDS")]
    pub(crate) shards: Option<u16>,

    /// MiB of JavaScript heap per thread
    #[arg(long, value_name = "MIB", default_value_t = 128, value_parser = clap::value_parser!(u64).range(8..=65536), env = "STATED_HEAP_MB")]
    pub(crate) heap_mb: u64,

    /// What is printed
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "STATED_LOG_LEVEL")]
    pub(crate) log_level: LogLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum LogLevel {
    /// Everything
    Debug,
    /// What wrangler calls log: the same as info
    Log,
    /// Requests, console lines, warnings and errors
    Info,
    /// Warnings and errors
    Warn,
    /// Errors
    Error,
    /// Nothing
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("a variable is written KEY:VALUE".to_owned()),
    }
}

fn compat_date(text: &str) -> Result<stated_core::compat::CompatDate, String> {
    text.parse().map_err(|_| "a date is written YYYY-MM-DD".to_owned())
}
