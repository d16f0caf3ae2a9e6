//! The stated command.

mod arguments;
mod command;
mod failure;
mod lines;
mod moment;
mod printer;

use clap::Parser;

use arguments::{Arguments, Command};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    printer::install_log(&arguments);
    let outcome = match &arguments.command {
        Command::Dev(dev) => command::run(command::dev::run(dev)),
        Command::Serve(serve) => command::run(command::serve::run(serve)),
        Command::Check(check) => command::run(command::check::run(check)),
        Command::Types(types) => command::run(command::types::run(types)),
        Command::Objects(objects) => command::run(command::objects::run(objects)),
    };
    let code = match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_told() {
                printer::error(&failure);
            }
            std::process::ExitCode::from(failure.exit_code())
        }
    };
    lines::finish();
    code
}
