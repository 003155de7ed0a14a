//! `tunlab doctor`: what on this machine would stop tunlab, each with its remedy.

use super::Outcome;
use super::args::When;
use super::commands::Runs;
use super::failure::print;
use super::station::Defaults;
use crate::lab::{conflict, probe::Findings};
use crate::sys::child::is_executable;
use crate::sys::errno;
use crate::sys::netlink::Netlink;
use clap::Args;
use colored::Colorize;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Doctor {}

/// One thing looked at.
struct Check {
    state: State,
    /// What it is good for.
    what: &'static str,
    /// What was found.
    found: String,
    remedy: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    /// Works with less, or in another way.
    Aside,
    Trouble,
}

impl Runs for Doctor {
    fn run(self, color: When) -> Outcome {
        let checks = examine();
        let mut text = String::new();
        for check in &checks {
            let (mark, word) = match check.state {
                State::Good => ("ok".green(), ""),
                State::Aside => ("--".yellow(), ""),
                State::Trouble => ("no".red().bold(), ""),
            };
            let mark = if color.colours() {
                mark.to_string()
            } else {
                mark.clear().to_string()
            };
            let _ = writeln!(text, "{mark}{word}  {:<17} {}", check.what, check.found);
            if let Some(remedy) = &check.remedy {
                let _ = writeln!(text, "{:23}→ {remedy}", "");
            }
        }
        let troubles = checks
            .iter()
            .filter(|check| check.state == State::Trouble)
            .count();
        let _ = match troubles {
            0 => writeln!(text, "\nThis machine is ready."),
            1 => writeln!(text, "\n1 trouble."),
            many => writeln!(text, "\n{many} troubles."),
        };
        print(&text)?;
        Ok(ExitCode::from(u8::from(troubles > 0)))
    }
}

fn examine() -> Vec<Check> {
    let findings = Findings::gather();
    let mut checks = vec![
        driver(&findings),
        private_network(&findings),
        labs(&findings),
        here(&findings),
    ];
    checks.extend(network());
    checks.push(program("ping", "tunlab has one of its own: tunlab ping"));
    checks.push(program(
        "arping",
        "task 9 uses it: apt-get install iputils-arping",
    ));
    checks
}

fn driver(findings: &Findings) -> Check {
    match &findings.tun_device {
        Ok(()) => Check {
            state: State::Good,
            what: "/dev/net/tun",
            found: "can be opened".to_owned(),
            remedy: None,
        },
        Err(error) => Check {
            state: State::Trouble,
            what: "/dev/net/tun",
            found: error.to_string(),
            remedy: error.remedy(),
        },
    }
}

fn private_network(findings: &Findings) -> Check {
    let what = "private network";
    match &findings.private_network {
        Ok(Ok(())) => Check {
            state: State::Good,
            what,
            found: if findings.readings.needs_user_namespace() {
                "works without root: every command with `-- CMD`".to_owned()
            } else {
                "works: every command with `-- CMD`".to_owned()
            },
            remedy: None,
        },
        Ok(Err(error)) => Check {
            state: State::Trouble,
            what,
            found: error.to_string(),
            remedy: error.remedy(),
        },
        Err(error) => Check {
            state: State::Trouble,
            what,
            found: format!("cannot be tried: {}", errno::text(errno::of(error))),
            remedy: None,
        },
    }
}

fn labs(findings: &Findings) -> Check {
    let what = "labs";
    match &findings.lab_folder {
        Ok(folder) => Check {
            state: State::Good,
            what,
            found: format!("are recorded in {}", folder.display()),
            remedy: None,
        },
        Err(error) => Check {
            state: State::Trouble,
            what,
            found: error.to_string(),
            remedy: error.remedy(),
        },
    }
}

fn here(findings: &Findings) -> Check {
    let may = findings.may_configure();
    Check {
        state: if may { State::Good } else { State::Aside },
        what: "devices here",
        found: if may {
            "CAP_NET_ADMIN: devices can be made outside of a private network, too".to_owned()
        } else {
            "no CAP_NET_ADMIN: devices only in a private network".to_owned()
        },
        remedy: (!may).then(|| "add `-- CMD`, or run as root".to_owned()),
    }
}

/// Whether the course's network is free on this machine. Trouble only for commands without
/// `-- CMD`, so it is not counted as trouble.
fn network() -> Option<Check> {
    let netlink = Netlink::open().ok()?;
    let taken = conflict::look(&netlink, Defaults::course().addr, "").ok()?;
    Some(match taken {
        None => Check {
            state: State::Good,
            what: "192.168.53.0/24",
            found: "not in use here".to_owned(),
            remedy: None,
        },
        Some(conflict) => Check {
            state: State::Aside,
            what: "192.168.53.0/24",
            found: conflict.to_string(),
            remedy: conflict.remedy(),
        },
    })
}

fn program(name: &'static str, without: &str) -> Check {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path);
    let found = folders
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|file| is_executable(file));
    match found {
        Some(file) => Check {
            state: State::Good,
            what: name,
            found: file.display().to_string(),
            remedy: None,
        },
        None => Check {
            state: State::Aside,
            what: name,
            found: "not installed".to_owned(),
            remedy: Some(without.to_owned()),
        },
    }
}
