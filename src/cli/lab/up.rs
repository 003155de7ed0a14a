//! `tunlab lab up`.

use crate::capture::{TunError, driver};
use crate::cli::Outcome;
use crate::cli::failure::{Failure, print, status};
use crate::cli::station::as_ordinary_user;
use crate::lab::{Lab, LabName, Step, Topology, UpOptions, topology, tunnel};
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Up {
    /// Its hosts and cables: seed1, seed2 or site2site
    #[arg(default_value = "seed1", value_parser = find_topology)]
    topology: &'static Topology,

    /// Start the tunnel, too: `tunlab forward` on both of its ends
    #[arg(long)]
    tunnel: bool,

    /// Leave IPv6 on
    #[arg(long)]
    ipv6: bool,

    /// Show the equivalent commands on stderr
    #[arg(short, long)]
    verbose: bool,

    /// Print the equivalent commands, and do nothing
    #[arg(long, conflicts_with = "verbose")]
    dry_run: bool,
}

impl Up {
    pub(super) fn run(self, name: Option<LabName>) -> Outcome {
        let options = UpOptions {
            name,
            topology: self.topology,
            ipv6: self.ipv6,
            tied: false,
        };
        if self.dry_run {
            print(&(self.commands(&options).join("\n") + "\n"))?;
            return Ok(ExitCode::SUCCESS);
        }
        if self.verbose {
            for command in self.commands(&options) {
                status(&format!("# {command}"));
            }
        }
        let lab = Lab::up(&options).map_err(|error| as_ordinary_user(error.into()))?;
        if self.tunnel
            && let Err(error) = start_tunnel(&lab)
        {
            lab.down()?;
            return Err(error);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What a student could type instead.
    fn commands(&self, options: &UpOptions) -> Vec<String> {
        let blueprint = options.blueprint();
        let mut commands: Vec<String> = blueprint.steps().iter().map(Step::command).collect();
        if self.tunnel {
            for (host, args) in tunnel::commands(self.topology, tunnel::PORT) {
                let netns = blueprint.netns(host);
                commands.push(format!("ip netns exec {netns} tunlab {} &", args.join(" ")));
            }
        }
        commands
    }
}

fn start_tunnel(lab: &Lab) -> Result<(), Failure> {
    // Asked first: inside a user namespace the device's owner has no name.
    driver::check().map_err(|error| as_ordinary_user(TunError::from(error).into()))?;
    lab.join()?;
    let tunlab = std::env::current_exe()?;
    Ok(tunnel::start(lab, &tunlab, tunnel::PORT)?)
}

fn find_topology(name: &str) -> Result<&'static Topology, String> {
    topology::find(name).ok_or_else(|| {
        let known = topology::ALL
            .iter()
            .map(|one| format!("{} ({})", one.name, one.about));
        let known: Vec<String> = known.collect();
        format!("no such topology; there are {}", known.join(", "))
    })
}
