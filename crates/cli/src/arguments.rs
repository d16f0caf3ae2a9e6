//! The command line.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use stated_http::Network;
use stated_node::Retention;

/// MiB of a shard's JavaScript heap unless the command line says otherwise.
pub(crate) const HEAP_MB: u64 = 128;

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
    /// Say what is wrong with a project, without running it
    Check(Check),
    /// Write what TypeScript has to know about a project's bindings
    Types(Types),
    /// List, inspect, edit and move objects, of a running server or of a stopped one's folder
    Objects(Objects),
}

impl Command {
    pub(crate) fn log_level(&self) -> LogLevel {
        match self {
            Self::Dev(dev) => dev.common.log_level,
            Self::Serve(serve) => serve.common.log_level,
            Self::Check(_) | Self::Types(_) | Self::Objects(_) => LogLevel::Info,
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
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8788,
        env = "STATED_INTERNAL_PORT"
    )]
    pub(crate) internal_port: u16,

    /// Seconds that requests in flight may take to finish at shutdown
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        env = "STATED_SHUTDOWN_TIMEOUT"
    )]
    pub(crate) shutdown_timeout: u64,

    /// How requests and console lines are printed
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        env = "STATED_LOG_FORMAT"
    )]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Types {
    /// Folder of the project [default: the current one]; or, ending with .d.ts, what --path is
    #[arg(value_name = "PROJECT|FILE")]
    place: Option<PathBuf>,

    /// Project file; further ones are of services that the bindings of the first name
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,

    /// Environment of the project file [default: all, each with an interface of its own]
    #[arg(short, long, value_name = "NAME", env = "CLOUDFLARE_ENV")]
    pub(crate) env: Option<String>,

    /// File to write [default: worker-configuration.d.ts beside the project file]
    #[arg(long, value_name = "FILE")]
    path: Option<PathBuf>,

    /// Name of the global interface [default: Env]
    #[arg(long, value_name = "NAME")]
    pub(crate) env_interface: Option<String>,

    /// Whether a variable has its value as its type, and not `string` or `number` [default: true]
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) strict_vars: Option<bool>,

    /// Types of the runtime come from the npm package @cloudflare/workers-types; only false
    #[arg(long, value_name = "false", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) include_runtime: Option<bool>,

    /// Say whether the file is up to date, and write nothing
    #[arg(long)]
    pub(crate) check: bool,
}

impl Types {
    /// The folder of the project, if one was named.
    pub(crate) fn project(&self) -> Option<&Path> {
        self.place().err().flatten()
    }

    /// The file to write, if one was named.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref().or_else(|| self.place().ok())
    }

    /// What stands alone, as a file or as a folder: wrangler takes the file there.
    fn place(&self) -> Result<&Path, Option<&Path>> {
        match self.place.as_deref() {
            Some(file) if self.path.is_none() && is_declarations(file) => Ok(file),
            folder => Err(folder),
        }
    }
}

/// Whether the name is that of a file of declarations.
pub(crate) fn is_declarations(path: &Path) -> bool {
    path.to_string_lossy().ends_with(".d.ts")
}

#[derive(Debug, Args)]
pub(crate) struct Objects {
    #[command(subcommand)]
    pub(crate) action: ObjectsAction,

    /// Folder of the project [default: the current one]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) project: Option<PathBuf>,

    /// Folder that keeps the objects' data [default: .stated/state in the project's folder]
    #[arg(long, global = true, value_name = "FOLDER", env = "STATED_PERSIST_TO")]
    pub(crate) persist_to: Option<PathBuf>,

    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ObjectsAction {
    /// List objects: class, name, id, size, last write, alarm, sockets
    List {
        /// Only those of this class
        class: Option<String>,

        /// Only those whose name contains this
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,

        /// At most so many
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
    },
    /// Show one object
    Show(Place),
    /// Run SQL in one object
    Sql {
        #[command(flatten)]
        place: Place,

        /// One or more statements
        query: String,

        /// Values of the parameters, each JSON or else text
        params: Vec<String>,
    },
    /// Print the value of a key, or all keys with their values
    Get {
        #[command(flatten)]
        place: Place,

        key: Option<String>,
    },
    /// Store a value under a key
    Put {
        #[command(flatten)]
        place: Place,

        key: String,

        /// The value as JSON
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Remove a key
    DeleteKey {
        #[command(flatten)]
        place: Place,

        key: String,
    },
    /// Print, set or delete the alarm of one object
    Alarm {
        #[command(flatten)]
        target: Target,

        #[command(flatten)]
        change: AlarmChange,
    },
    /// Drop the instance of an idle object; its WebSockets and data stay
    Evict(Target),
    /// Delete an object with all its data
    Delete {
        #[command(flatten)]
        target: Target,

        /// Really
        #[arg(long)]
        yes: bool,
    },
    /// Print the bookmarks of the last commits of one object, or of its state at a time
    Bookmarks {
        #[command(flatten)]
        target: Target,

        /// Of the state then: milliseconds since 1970, or a time ago like -90s, -5m, -2h, -1d
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        at: Option<String>,

        /// At most so many commits
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        limit: usize,
    },
    /// Put one object back to the state of a bookmark; prints the bookmark that undoes it
    Restore {
        #[command(flatten)]
        target: Target,

        bookmark: String,
    },
    /// Write the database of one object to a new file, and those of its facets beside it
    Export {
        #[command(flatten)]
        target: Target,

        file: PathBuf,

        /// As it was at this bookmark, without facets
        #[arg(long, value_name = "BOOKMARK")]
        at: Option<String>,
    },
    /// Replace the database of one object by a file, and its facets by those beside it
    Import {
        #[command(flatten)]
        target: Target,

        file: PathBuf,
    },
    /// Take over the objects of workerd or wrangler, as in .wrangler/state/v3/do
    ImportFolder { folder: PathBuf },
    /// Write all objects to a new folder that workerd and wrangler open
    ExportFolder { folder: PathBuf },
}

/// One object.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Its class, or <service>-<class> where several services have one of that name
    pub(crate) class: String,

    /// Its id (64 hexadecimal digits) or its name
    pub(crate) object: String,
}

/// One object, or one of its facets.
#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) target: Target,

    /// Facet of the object; repeated, a facet of that facet
    #[arg(long, value_name = "NAME")]
    pub(crate) facet: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AlarmChange {
    /// Set it to milliseconds since 1970, or to a delay from now like +90s, +5m, +2h, +1d
    #[arg(long, value_name = "TIME", conflicts_with = "delete")]
    pub(crate) set: Option<String>,

    /// Delete it
    #[arg(long)]
    pub(crate) delete: bool,
}

/// Which projects, and what the command line says about them.
#[derive(Debug, Args)]
pub(crate) struct Selection {
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

    /// Variable of the program; may be repeated
    #[arg(long, value_name = "KEY:VALUE", value_parser = key_value)]
    pub(crate) var: Vec<(String, String)>,

    /// Compatibility date, instead of the project file's
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = compat_date)]
    pub(crate) compatibility_date: Option<stated_core::compat::CompatDate>,

    /// Compatibility flag, instead of the project file's; may be repeated
    #[arg(long, value_name = "FLAG")]
    pub(crate) compatibility_flags: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", env = "STATED_IP")]
    pub(crate) ip: Option<IpAddr>,

    /// Port to listen on; 0 lets the system choose [default: the project file's dev.port, or 8787]
    #[arg(long, value_name = "PORT", env = "STATED_PORT")]
    pub(crate) port: Option<u16>,

    /// Reverse proxy whose X-Forwarded-For and X-Forwarded-Proto are believed: an address, or a network like 10.0.0.0/8; may be repeated
    #[arg(
        long,
        value_name = "NETWORK",
        env = "STATED_TRUSTED_PROXY",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxy: Vec<Network>,

    /// Folder that keeps the objects' data [default: .stated/state beside the project file]
    #[arg(long, value_name = "FOLDER", env = "STATED_PERSIST_TO")]
    pub(crate) persist_to: Option<PathBuf>,

    /// Threads that run each service [default: 1 for dev, one per core for serve]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=256), env = "STATED_SHARDS")]
    pub(crate) shards: Option<u16>,

    /// MiB of JavaScript heap per thread
    #[arg(long, value_name = "MIB", default_value_t = HEAP_MB, value_parser = clap::value_parser!(u64).range(8..=65536), env = "STATED_HEAP_MB")]
    pub(crate) heap_mb: u64,

    /// Days for which earlier states of objects can be restored; 0 keeps none
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(0..=36500), env = "STATED_HISTORY_DAYS")]
    pub(crate) history_days: u64,

    /// MiB that they may take; the oldest go first
    #[arg(long, value_name = "MIB", default_value_t = 10240, value_parser = clap::value_parser!(u64).range(0..=1 << 30), env = "STATED_HISTORY_MB")]
    pub(crate) history_mb: u64,

    /// What is printed
    #[arg(
        long,
        value_name = "LEVEL",
        default_value = "info",
        env = "STATED_LOG_LEVEL"
    )]
    pub(crate) log_level: LogLevel,
}

impl Common {
    /// How much of the objects' history is kept.
    pub(crate) fn retention(&self) -> Retention {
        Retention {
            age_ms: self.history_days * 24 * 60 * 60 * 1000,
            bytes: self.history_mb << 20,
        }
    }
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
    text.parse()
        .map_err(|_| "a date is written YYYY-MM-DD".to_owned())
}
