//! Everything the command prints.
//!
//! Requests, console lines and the ready line go to standard output; warnings, errors and what the
//! program prints with `console.warn` and `console.error` go to standard error.

use std::io::IsTerminal;

use serde_json::json;
use stated_node::{Log, RequestLine, ScheduledLine};
use stated_worker::{ConsoleLine, Level};
use tracing_subscriber::filter::LevelFilter;

use crate::arguments::{Arguments, Command, LogFormat, LogLevel};
use crate::failure::Failure;
use crate::lines::{StandardError, Stream, print};

/// Prints a failed command's reason.
pub(crate) fn error(failure: &Failure) {
    let mark = if colored_stderr() {
        "\u{1b}[31;1merror:\u{1b}[0m"
    } else {
        "error:"
    };
    print(Stream::Err, &format!("{mark} {failure}"));
}

/// Prints a warning.
pub(crate) fn warning(text: &str) {
    let mark = if colored_stderr() {
        "\u{1b}[33;1mwarning:\u{1b}[0m"
    } else {
        "warning:"
    };
    // The bundler marks its diagnostics itself.
    let text = text.strip_prefix("warning: ").unwrap_or(text);
    print(Stream::Err, &format!("{mark} {text}"));
}

/// Prints a line for the user; a closed standard output is not an error.
pub(crate) fn line(text: &str) {
    print(Stream::Out, text);
}

fn colored_stderr() -> bool {
    colors_wanted() && std::io::stderr().is_terminal()
}

fn colors_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none()
}

/// Sends this program's own log to standard error.
pub(crate) fn install_log(arguments: &Arguments) {
    let level = match arguments.command.log_level() {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Log | LogLevel::Info | LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::None => LevelFilter::OFF,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(|| StandardError)
        .with_ansi(colored_stderr())
        .with_target(false);
    match &arguments.command {
        Command::Serve(serve) if serve.log_format == LogFormat::Json => log.json().init(),
        Command::Serve(_)
        | Command::Dev(_)
        | Command::Check(_)
        | Command::Types(_)
        | Command::Objects(_) => log.without_time().init(),
    }
}

/// Prints requests and console lines.
pub(crate) struct Printer {
    level: LogLevel,
    format: LogFormat,
    /// Whether lines name the service, because several run.
    services: Services,
    colors: bool,
}

/// How many services run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Services {
    One,
    Several,
}

impl Printer {
    pub(crate) fn new(level: LogLevel, format: LogFormat, services: Services) -> Self {
        Self {
            level,
            format,
            services,
            colors: colors_wanted() && std::io::stdout().is_terminal(),
        }
    }

    fn console_text(&self, service: &str, console: &ConsoleLine) -> String {
        let mut prefix = String::new();
        if self.services == Services::Several {
            prefix = format!("{service} ");
        }
        if let Some((class, name)) = &console.object {
            prefix.push_str(&format!("{class}/{name} "));
        }
        let text = match console.level {
            Level::Uncaught => format!("Uncaught {}", console.text),
            _ => console.text.clone(),
        };
        match (prefix.is_empty(), self.colors) {
            (true, _) => text,
            (false, false) => format!("[{}] {text}", prefix.trim_end()),
            (false, true) => format!("\u{1b}[2m[{}]\u{1b}[0m {text}", prefix.trim_end()),
        }
    }
}

impl Log for Printer {
    fn wants_requests(&self) -> bool {
        self.level <= LogLevel::Info
    }

    fn request(&self, request: &RequestLine<'_>) {
        if self.format == LogFormat::Json {
            let record = json!({
                "type": "request", "method": request.method, "path": request.path, "status": request.status,
                "ms": (request.elapsed_ms * 1000.0).round() / 1000.0, "object": request.object,
            });
            line(&record.to_string());
            return;
        }
        let status = match (self.colors, request.status) {
            (false, status) => status.to_string(),
            (true, status @ 0..400) => format!("\u{1b}[32m{status}\u{1b}[0m"),
            (true, status @ 400..500) => format!("\u{1b}[33m{status}\u{1b}[0m"),
            (true, status) => format!("\u{1b}[31m{status}\u{1b}[0m"),
        };
        let object = request
            .object
            .map_or_else(String::new, |object| format!(" {object}"));
        line(&format!(
            "{} {} {status} {:.1} ms{object}",
            request.method, request.path, request.elapsed_ms
        ));
    }

    fn scheduled(&self, run: &ScheduledLine<'_>) {
        let failed = run.outcome != "ok";
        let severity = if failed {
            LogLevel::Error
        } else {
            LogLevel::Info
        };
        if severity < self.level && self.level != LogLevel::Log {
            return;
        }
        if self.format == LogFormat::Json {
            let record = json!({
                "type": "scheduled", "service": run.service, "cron": run.cron, "at": run.at_ms, "outcome": run.outcome,
                "ms": (run.elapsed_ms * 1000.0).round() / 1000.0, "error": run.error,
            });
            line(&record.to_string());
            return;
        }
        let outcome = match (self.colors, failed) {
            (false, _) => run.outcome.to_owned(),
            (true, false) => format!("\u{1b}[32m{}\u{1b}[0m", run.outcome),
            (true, true) => format!("\u{1b}[31m{}\u{1b}[0m", run.outcome),
        };
        let prefix = match self.services {
            Services::Several => format!("[{}] ", run.service),
            Services::One => String::new(),
        };
        let error = run
            .error
            .map_or_else(String::new, |error| format!(" {error}"));
        line(&format!(
            "{prefix}scheduled \"{}\" {outcome} {:.1} ms{error}",
            run.cron, run.elapsed_ms
        ));
    }

    fn console(&self, service: &str, console: &ConsoleLine) {
        let (severity, name) = match console.level {
            Level::Debug => (LogLevel::Debug, "debug"),
            Level::Log => (LogLevel::Info, "log"),
            Level::Info => (LogLevel::Info, "info"),
            Level::Warn => (LogLevel::Warn, "warn"),
            Level::Error => (LogLevel::Error, "error"),
            Level::Uncaught => (LogLevel::Error, "uncaught"),
        };
        if severity < self.level && self.level != LogLevel::Log {
            return;
        }
        if self.format == LogFormat::Json {
            let object = console.object.as_ref();
            let record = json!({
                "type": "console", "level": name, "service": service, "text": console.text,
                "class": object.map(|(class, _)| class), "object": object.map(|(_, name)| name),
            });
            line(&record.to_string());
            return;
        }
        let text = self.console_text(service, console);
        let stream = if severity >= LogLevel::Warn {
            Stream::Err
        } else {
            Stream::Out
        };
        print(stream, &text);
    }
}
