//! `tunlab lab`: hosts made of namespaces.

mod exec;
mod status;
mod up;

use super::Outcome;
use super::args::When;
use super::commands::Runs;
use crate::lab::{Lab, LabName};
use clap::{Args, Subcommand};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct LabArgs {
    /// Which lab, where several stand side by side
    #[arg(long = "lab", global = true, value_name = "NAME")]
    name: Option<LabName>,

    #[command(subcommand)]
    command: LabCommand,
}

#[derive(Subcommand)]
enum LabCommand {
    /// Build a lab, and return when it stands
    Up(up::Up),
    /// End it: every program on its hosts, and all that it made
    Down,
    /// Draw it: hosts, devices, addresses, and what runs on them
    Status(status::Status),
    /// Run a command on one of its hosts
    Exec(exec::Exec),
    /// Open a shell on one of its hosts
    Shell(exec::Shell),
}

impl Runs for LabArgs {
    fn run(self, color: When) -> Outcome {
        let name = self.name.as_ref();
        match self.command {
            LabCommand::Up(up) => up.run(self.name),
            LabCommand::Down => {
                Lab::find(name)?.down()?;
                Ok(ExitCode::SUCCESS)
            }
            LabCommand::Status(status) => status.run(name, color),
            LabCommand::Exec(exec) => exec.run(name),
            LabCommand::Shell(shell) => shell.run(name),
        }
    }
}
