//! A host that is looked at: one of a lab's, or this machine.

use std::process::Command;

use crate::lab::{LabError, LabHost, LabName};
use crate::sys::namespace::{Kind, NamespaceFd};

/// A host, and how to get at it.
#[derive(Debug, Clone, Copy)]
pub struct Host<'l> {
    reach: Reach<'l>,
}

#[derive(Debug, Clone, Copy)]
enum Reach<'l> {
    /// The calling process's own network.
    Here,
    Lab {
        host: &'l LabHost,
        lab: Option<&'l LabName>,
        rootless: bool,
    },
}

/// A command for a shell on the host called `name`, as one for a shell on this machine.
pub fn in_full(hosts: &[Host], name: &str, command: &str) -> String {
    let known = hosts.iter().find(|host| host.name() == name);
    known.map_or_else(|| command.to_owned(), |host| host.from_here(command))
}

impl<'l> Host<'l> {
    /// This machine, as the calling process sees it.
    pub fn here() -> Host<'static> {
        Host { reach: Reach::Here }
    }

    /// A host of a lab, which the process has joined.
    pub fn of_lab(host: &'l LabHost, lab: Option<&'l LabName>, rootless: bool) -> Host<'l> {
        Host {
            reach: Reach::Lab {
                host,
                lab,
                rootless,
            },
        }
    }

    /// Its name.
    pub fn name(&self) -> &'l str {
        match self.reach {
            Reach::Here => "here",
            Reach::Lab { host, .. } => host.name(),
        }
    }

    /// Whether commands may be run on it: in a lab only.
    pub fn is_in_lab(&self) -> bool {
        matches!(self.reach, Reach::Lab { .. })
    }

    /// The inode of its network namespace; nothing where that cannot be read.
    pub fn inode(&self) -> Option<u64> {
        match self.reach {
            Reach::Here => NamespaceFd::own(Kind::Network)
                .and_then(|one| one.inode())
                .ok(),
            Reach::Lab { host, .. } => Some(host.inode()),
        }
    }

    /// Does `work` in its network namespace; sockets that are opened there stay there.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, LabError> {
        match self.reach {
            Reach::Here => Ok(work()),
            Reach::Lab { host, .. } => host.run(work),
        }
    }

    /// Runs a program on it to its end and returns what it printed, if it exited with 0.
    pub fn output(&self, command: &mut Command) -> Option<String> {
        let output = self.run(|| command.output()).ok()?.ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(text)
    }

    /// A command for a shell on the host, as one for a shell on this machine.
    pub fn from_here(&self, command: &str) -> String {
        let Reach::Lab {
            host,
            lab,
            rootless,
        } = self.reach
        else {
            return command.to_owned();
        };
        let own_program = command.starts_with("tunlab ");
        match command.strip_prefix("ip ") {
            Some(rest) if !rootless => format!("ip -n {} {rest}", host.netns()),
            None if !rootless && !own_program => {
                format!("ip netns exec {} {command}", host.netns())
            }
            _ => {
                let lab = lab.map_or_else(String::new, |name| format!("--lab {name} "));
                format!("tunlab lab {lab}exec {} -- {command}", host.name())
            }
        }
    }
}
