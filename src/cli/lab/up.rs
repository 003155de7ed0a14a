//! `tunlab lab up`.

use crate::cli::Outcome;
use crate::cli::failure::{Failure, print, status};
use crate::lab::{Lab, LabName, Step, Topology, UpOptions, topology};
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Up {
    /// Its hosts and cables: seed1, seed2 or site2site
    #[arg(default_value = "seed1", value_parser = find_topology)]
    topology: &'static Topology,

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
        let steps = || options.blueprint().steps();
        if self.dry_run {
            let lines = steps().iter().map(Step::command).collect::<Vec<_>>();
            print(&(lines.join("\n") + "\n"))?;
            return Ok(ExitCode::SUCCESS);
        }
        if self.verbose {
            for step in steps() {
                status(&format!("# {}", step.command()));
            }
        }
        Lab::up(&options).map_err(Failure::from)?;
        Ok(ExitCode::SUCCESS)
    }
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
