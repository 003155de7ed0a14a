//! `tunlab why`: where and why packets die, and the command that cures it.
//!
//! 1. `--explain` prints what is known about causes, and nothing else is done.
//! 2. In a lab all hosts are looked at; without one, this machine alone.
//! 3. A probe is sent, and diagnosed. What a weaker witness cannot see is asked of another one.
//! 4. `--fix` runs the cure and asks again, until all is well or nothing more can be done.
//!
//! Once all is open, privileges are given up. Tracing the firewall needs them again: a copy of this
//! process keeps them, waits, and goes on in its place when a trace is wanted. `--fix` keeps its own.

use super::Outcome;
use super::args::{When, paint, terminal_width};
use super::commands::Runs;
use super::failure::{Failure, print, status};
use super::number;
use super::places::{host_and_address, tunnel};
use super::privileges;
use crate::causes::{self, page};
use crate::journey::ProbeKind;
use crate::lab::{Lab, LabName};
use crate::model::Text;
use crate::packet::filter::distance;
use crate::render::Paint;
use crate::sys::signals::Signals;
use crate::sys::successor::Successor;
use crate::why::cure::CureError;
use crate::why::{
    Command, Diagnosis, Examination, Host, Question, Verdict, Witness, cure, diagnose, examine,
    host, report,
};
use clap::{Args, ValueEnum};
use std::net::{IpAddr, ToSocketAddrs};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

#[derive(Args)]
pub(super) struct Why {
    /// [HOST] DEST: the lab's host that sends [default: the first], and an address or another host
    #[arg(value_name = "HOST_AND_DEST", num_args = 1..=2, required_unless_present = "explain")]
    words: Vec<String>,

    /// Which lab, where several stand side by side
    #[arg(long = "lab", value_name = "NAME")]
    lab: Option<LabName>,

    /// How it is printed
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "text"
    )]
    format: Format,

    /// Send a TCP SYN to this port instead of a ping
    #[arg(long, value_name = "PORT", conflicts_with = "udp",
          value_parser = number::whole::<u16>(number::PORTS))]
    tcp: Option<u16>,

    /// Send a UDP datagram to this port instead of a ping
    #[arg(long, value_name = "PORT", value_parser = number::whole::<u16>(number::PORTS))]
    udp: Option<u16>,

    /// Ask this witness only, besides sightings, routes and settings
    #[arg(long, value_name = "WITNESS")]
    evidence: Option<Evidence>,

    /// In a lab, run the cures, and print the commands that take them back
    #[arg(long)]
    fix: bool,

    /// Explain a cause by its name; without a name, list them all
    #[arg(long, value_name = "CAUSE", num_args = 0..=1, conflicts_with_all = ["words", "fix"])]
    explain: Option<Option<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a reader
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Evidence {
    /// What hosts count
    Counters,
    /// Traces of the firewall
    Nft,
    /// The kernel's own reasons
    Kernel,
}

/// Who tells what was found out.
enum Told {
    /// This process; what is open is to be closed later.
    Here(Diagnosis, Box<Examination>),
    /// Another one, with this exit code.
    Elsewhere(ExitCode),
}

impl Told {
    fn here(diagnosis: Diagnosis, open: Examination) -> Told {
        Told::Here(diagnosis, Box::new(open))
    }
}

/// Causes that can stand one behind the other on one way; more cures than that run in circles.
const MOST_CURES: usize = 8;

impl Runs for Why {
    fn run(self, color: When) -> Outcome {
        let paint = paint(color);
        if let Some(name) = &self.explain {
            return explain(name.as_deref(), &paint);
        }
        // Before any thread is started, which then has the same mask.
        let signals = Signals::take_over()?;
        let lab = self.lab()?;
        let mut question = self.question(lab.as_ref())?;
        let mut successor = None;
        let mut is_successor = false;
        if self.evidence.is_none() && !self.fix {
            successor = Successor::wait()?;
            if successor.is_none() {
                // Our turn has come.
                is_successor = true;
                question.witnesses.push(Witness::Nft);
            }
        }
        let in_full = |name: &str, command: &str| host::in_full(&question.hosts, name, command);
        let mut ran = Vec::new();
        for _ in 0..MOST_CURES {
            let asked = match is_successor {
                true => self.take_over(&question, &signals)?,
                false => self.find_out(&question, &signals, &mut successor)?,
            };
            let (diagnosis, open) = match asked {
                Told::Here(diagnosis, open) => (diagnosis, open),
                Told::Elsewhere(code) => return Ok(code),
            };
            let mut text = Text::default();
            match self.format {
                Format::Json => report::json(&diagnosis, &in_full, &mut text),
                Format::Text => {
                    report::words(&diagnosis, &in_full, &paint, terminal_width(), &mut text);
                }
            }
            print(text.as_str())?;
            drop(open);
            if !self.fix || !fix(&diagnosis, &question, &mut ran)? {
                let healthy = diagnosis.verdict == Verdict::Healthy;
                return Ok(ExitCode::from(u8::from(!healthy)));
            }
        }
        Ok(ExitCode::from(1))
    }
}

impl Why {
    /// The lab that stands, joined; none outside of a lab.
    fn lab(&self) -> Result<Option<Lab>, Failure> {
        let lab = match Lab::find(self.lab.as_ref()) {
            Ok(lab) => lab,
            // Without a lab this machine alone is looked at, if that can be meant.
            Err(crate::lab::LabError::NotUp { .. }) if self.lab.is_none() => {
                if self.fix {
                    let remedy = Some("run the cures that `tunlab why` prints yourself".to_owned());
                    return Err(Failure::refused("no lab is up, so nothing is run", remedy));
                }
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        lab.join()?;
        Ok(Some(lab))
    }

    fn question<'l>(&self, lab: Option<&'l Lab>) -> Result<Question<'l>, Failure> {
        let (host, dest) = match &self.words[..] {
            [host, dest] => (Some(host.as_str()), dest.as_str()),
            [dest] => (None, dest.as_str()),
            _ => return Err(Failure::usage("write [HOST] DEST")),
        };
        let Some(lab) = lab else {
            if let Some(host) = host {
                return Err(Failure::usage(format!(
                    "no lab is up, so there is no host {host}; `tunlab lab up` makes one"
                )));
            }
            let here = Host::here();
            return Ok(Question {
                hosts: vec![here],
                from: here,
                to: resolve(dest)?,
                kind: self.kind(),
                witnesses: self.witnesses(),
                tunnel: None,
            });
        };
        let (from, to) = host_and_address(lab, host, dest)?;
        let of_lab = |host| Host::of_lab(host, lab.name(), lab.rootless());
        Ok(Question {
            hosts: lab.hosts().iter().map(of_lab).collect(),
            from: of_lab(from),
            to,
            kind: self.kind(),
            witnesses: self.witnesses(),
            tunnel: tunnel(lab, None),
        })
    }

    fn kind(&self) -> ProbeKind {
        match (self.tcp, self.udp) {
            (Some(port), _) => ProbeKind::Tcp(port),
            (None, Some(port)) => ProbeKind::Udp(port),
            (None, None) => ProbeKind::Icmp,
        }
    }

    fn witnesses(&self) -> Vec<Witness> {
        match self.evidence {
            None => vec![Witness::Counters, Witness::Kernel],
            Some(Evidence::Counters) => vec![Witness::Counters],
            Some(Evidence::Nft) => vec![Witness::Nft],
            Some(Evidence::Kernel) => vec![Witness::Kernel],
        }
    }

    /// Asks, and once more with a trace of the firewall where that would tell more. The first probe's
    /// fate stands where others get through.
    fn find_out(
        &self,
        question: &Question,
        signals: &Signals,
        successor: &mut Option<Successor>,
    ) -> Result<Told, Failure> {
        let (mut diagnosis, open) = self.ask(question, signals)?;
        if !suspects_firewall(&diagnosis) || self.evidence.is_some() {
            return Ok(Told::here(diagnosis, open));
        }
        if let Some(successor) = successor.take() {
            match successor.take_over()? {
                0 => diagnosis.is_passing = true,
                code => return Ok(Told::Elsewhere(ExitCode::from(code))),
            }
        } else if self.fix {
            let mut closer = question.clone();
            closer.witnesses.push(Witness::Nft);
            let (closer, traced) = self.ask_closer(&closer, signals)?;
            if closer.verdict != Verdict::Healthy {
                return Ok(Told::here(closer, traced));
            }
            diagnosis.is_passing = true;
        }
        Ok(Told::here(diagnosis, open))
    }

    /// Asks in the place of the process whose probe was lost, which has to say so if others get
    /// through.
    fn take_over(&self, question: &Question, signals: &Signals) -> Result<Told, Failure> {
        let (diagnosis, open) = self.ask_closer(question, signals)?;
        Ok(match diagnosis.verdict {
            Verdict::Healthy => Told::Elsewhere(ExitCode::SUCCESS),
            _ => Told::here(diagnosis, open),
        })
    }

    /// Asks, and again while a neighbour may still answer; what is open is to be closed later.
    fn ask(
        &self,
        question: &Question,
        signals: &Signals,
    ) -> Result<(Diagnosis, Examination), Failure> {
        let mut examination = Examination::open(question)?;
        if !self.fix {
            privileges::give_up()?;
        }
        let mut diagnosis = diagnose(&examination.ask(signals.as_fd())?);
        // The kernel asks for a neighbour three times, a second apart.
        for _ in 1..examine::TIMES {
            if !diagnosis.is_pending || signals.next()?.is_some() {
                break;
            }
            sleep(Duration::from_secs(1));
            diagnosis = diagnose(&examination.ask(signals.as_fd())?);
        }
        Ok((diagnosis, examination))
    }

    /// Asks what became of a probe like one that was lost: where it gets through, of others, for the
    /// firewall may not drop every packet.
    fn ask_closer(
        &self,
        question: &Question,
        signals: &Signals,
    ) -> Result<(Diagnosis, Examination), Failure> {
        let (mut diagnosis, mut examination) = self.ask(question, signals)?;
        let mut is_passing = false;
        while diagnosis.verdict == Verdict::Healthy && examination.can_ask() {
            is_passing = true;
            diagnosis = diagnose(&examination.ask(signals.as_fd())?);
        }
        diagnosis.is_passing = is_passing;
        Ok((diagnosis, examination))
    }
}

/// Whether a trace of the firewall would tell more: it dropped the packet by a rule that is not
/// known, or nobody knows what did.
pub(super) fn suspects_firewall(diagnosis: &Diagnosis) -> bool {
    let firewall = |cause: &causes::Cause| *cause == causes::NFT_DROP;
    let mut causes = diagnosis.causes.iter();
    causes.any(|finding| firewall(finding.cause) && finding.cures.is_empty())
        || diagnosis.candidates.iter().any(|cause| firewall(cause))
}

/// Runs the cures of the likeliest cause; whether that was done, and it is worth asking again.
/// `ran` are those that were run before.
fn fix(
    diagnosis: &Diagnosis,
    question: &Question,
    ran: &mut Vec<Command>,
) -> Result<bool, Failure> {
    let Some(finding) = diagnosis.causes.first() else {
        return Ok(false);
    };
    if finding.cures.iter().any(|command| ran.contains(command)) {
        status("tunlab: this was run before, and did not help: nothing more is run");
        return Ok(false);
    }
    for command in &finding.cures {
        let host = question
            .hosts
            .iter()
            .find(|host| host.name() == command.host);
        let Some(host) = host.filter(|host| host.is_in_lab()) else {
            return Ok(false);
        };
        let words = host.from_here(&command.words);
        let cured = match cure::run(command, host) {
            Err(CureError::Program(_)) => {
                status(&CureError::Program(words).to_string());
                return Ok(false);
            }
            cured => cured?,
        };
        status(&format!("# {words}"));
        ran.push(command.clone());
        if let Some(undo) = cured.undo {
            status(&format!("  to undo it: {}", host.from_here(&undo)));
        }
    }
    Ok(!finding.cures.is_empty())
}

/// The address that is meant; of a name that has both, IPv4's.
fn resolve(dest: &str) -> Result<IpAddr, Failure> {
    let unknown = || Failure::usage(format!("{dest} is no address, and no name that is known"));
    let addresses = (dest, 0).to_socket_addrs().map_err(|_| unknown())?;
    let addresses: Vec<IpAddr> = addresses.map(|address| address.ip()).collect();
    let found = addresses.iter().find(|address| address.is_ipv4());
    found.or(addresses.first()).copied().ok_or_else(unknown)
}

fn explain(name: Option<&str>, paint: &Paint) -> Outcome {
    let mut text = Text::default();
    match name {
        None => page::list(paint, &mut text),
        Some(name) => page::page(find(name)?, paint, &mut text),
    }
    print(text.as_str())?;
    Ok(ExitCode::SUCCESS)
}

fn find(name: &str) -> Result<&'static causes::Cause, Failure> {
    let slips = |known: &str| distance(&name.to_ascii_lowercase(), known);
    causes::find(name).ok_or_else(|| {
        let nearest = causes::ALL.iter().min_by_key(|cause| slips(cause.name));
        let hint = match nearest {
            Some(cause) if slips(cause.name) <= name.len().div_ceil(3) => {
                format!("did you mean {}? ", cause.name)
            }
            _ => String::new(),
        };
        Failure::usage(format!(
            "no cause is called {name}; {hint}`tunlab why --explain` lists them"
        ))
    })
}
