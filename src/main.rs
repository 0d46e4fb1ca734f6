//! The command line. Each verb has its file in `cli/`; this one only reads arguments, the configuration, and sets up
//! the logs.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(error) => {
            cli::output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
