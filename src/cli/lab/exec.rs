//! `tunlab lab exec` and `tunlab lab shell`: programs on a host.

use crate::cli::Outcome;
use crate::cli::failure::{Failure, status};
use crate::lab::{Lab, LabName, private};
use crate::sys::errno;
use crate::sys::signals::Forwarding;
use clap::Args;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

#[derive(Args)]
pub(super) struct Exec {
    /// The host
    host: String,

    /// What to run there
    #[arg(last = true, value_name = "CMD", required = true)]
    cmd: Vec<OsString>,
}

#[derive(Args)]
pub(super) struct Shell {
    /// The host
    host: String,
}

impl Exec {
    pub(super) fn run(self, lab: Option<&LabName>) -> Outcome {
        let (program, args) = self.cmd.split_first().expect("clap requires one");
        let launch = private::launch(program, args);
        if launch.built_in_ping {
            status("no ping is installed: this is tunlab's own");
        }
        let mut command = Command::new(&launch.command.program);
        command
            .args(&launch.command.args)
            .envs(launch.command.env.iter().map(|(name, value)| (name, value)));
        run(lab, &self.host, command)
    }
}

impl Shell {
    pub(super) fn run(self, lab: Option<&LabName>) -> Outcome {
        // One that takes its prompt from the environment, when its own start-up file is left out.
        let launch = match private::launch("bash".as_ref(), &["--norc".into()]) {
            bash if bash.is_installed() => bash,
            _ => private::launch("sh".as_ref(), &[]),
        };
        let prompt = match lab {
            Some(lab) => format!("{}({lab})# ", self.host),
            None => format!("{}(lab)# ", self.host),
        };
        let mut command = Command::new(&launch.command.program);
        command
            .args(&launch.command.args)
            .envs(launch.command.env.iter().map(|(name, value)| (name, value)))
            .env("PS1", prompt);
        run(lab, &self.host, command)
    }
}

/// Runs a command on a host to its end; its exit code is ours.
fn run(lab: Option<&LabName>, host: &str, mut command: Command) -> Outcome {
    let lab = Lab::find(lab)?;
    let host = lab.host(host)?;
    lab.join()?;
    let forwarding = Forwarding::prepare(&mut command)?;
    let mut child = host.spawn(&mut command)?;
    let status = forwarding.wait(&mut child).map_err(|error| {
        let errno = errno::text(errno::of(&error));
        Failure::refused(format!("wait for the command: {errno}"), None)
    })?;
    // A signal is 128 and its number, as in a shell.
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    Ok(ExitCode::from(code.unwrap_or(0).clamp(0, 255) as u8))
}
