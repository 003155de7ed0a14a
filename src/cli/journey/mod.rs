//! `tunlab journey`: follow one packet through every host of a lab.
//!
//! 1. Find the lab, or build one for the occasion (`--demo`).
//! 2. Open the probe's sockets and a packet socket on every host, then give up all privileges.
//! 3. Send, watch, stitch; or wait for somebody else's packet (`--attach`).
//! 4. Print the path; keep its frames (`-w`).

mod args;
mod autopsy;
mod ground;
mod telling;

pub(super) use args::Journey;

use super::Outcome;
use super::args::When;
use super::failure::{Failure, status};
use super::places::{DEFAULT_HOST, host_and_address};
use crate::journey::{Follower, Journey as Ended, Post, Prober, Reader, Watch, program};
use crate::lab::{Lab, LabHost};
use crate::packet::filter::Filter;
use crate::sys::packet_socket::await_stamps;
use crate::sys::packet_socket::program::Instruction;
use crate::sys::signals::Signals;
use autopsy::Autopsy;
use ground::Ground;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};
use telling::Telling;

/// How long the kernel may take until it stamps packets as they pass.
const STAMPS: Duration = Duration::from_millis(50);

/// What is followed.
enum Quarry {
    /// Packets that we send.
    Ours(Prober),
    /// The next one that fits, of a host or of any.
    Theirs(Filter, Option<String>),
}

/// What is done with a journey that has ended; a probe of ours comes with what sent it.
type AtTheEnd<'e> = dyn FnMut(Ended, Option<&Prober>) -> Result<(), Failure> + 'e;

impl Journey {
    pub(super) fn run(self, color: When) -> Outcome {
        // Before any thread is started, which then has the same mask.
        let signals = Signals::take_over()?;
        let filter = self.filter()?;
        let mut telling = Telling::new(&self, color)?;
        let ground = Ground::find(self.lab.as_ref(), self.demo)?;
        let lab = ground.lab();
        let (quarry, from, to) = self.quarry(lab, filter)?;
        let reader = Reader::new(self.tunnel_port);
        let kept = match &quarry {
            Quarry::Ours(prober) => program(&prober.wanted(reader.tunnel_ports())),
            Quarry::Theirs(..) => None,
        };
        let watch = watch(lab, reader, kept.as_deref())?;
        let mut autopsy = match &quarry {
            Quarry::Ours(prober) => Some(Autopsy::open(lab, prober, self.tunnel_port)?),
            Quarry::Theirs(..) => None,
        };
        lab.host(&from)?.run(|| await_stamps(STAMPS))?;
        ground.give_up_privileges()?;
        telling.begin(to);
        let mut follower = Follower::new(watch, self.patience());
        let mut end = |journey: Ended, prober: Option<&Prober>| {
            let dead = journey.refused.is_some() || journey.path.is_dead();
            let told = match (&mut autopsy, prober) {
                (Some(autopsy), Some(prober)) if dead => {
                    autopsy.of(&journey, prober, telling.paint())?
                }
                _ => None,
            };
            telling.journey(&journey, told)
        };
        let followed = self.follow(quarry, &from, &signals, &mut follower, &mut end);
        let losses = follower.losses();
        ground.leave()?;
        followed?;
        telling.finish(&losses?)
    }

    /// What is followed, from which host, and whom it is for if that is known.
    fn quarry(
        &self,
        lab: &Lab,
        filter: Option<Filter>,
    ) -> Result<(Quarry, String, Option<IpAddr>), Failure> {
        let (host, dest) = self.host_and_dest()?;
        let Some(dest) = dest else {
            let host = host.map(|host| lab.host(host)).transpose()?;
            let from = host
                .or(lab.hosts().first())
                .map_or(DEFAULT_HOST, LabHost::name);
            let filter = filter.ok_or_else(|| Failure::usage("whom to?"))?;
            let host = host.map(|host| host.name().to_owned());
            return Ok((Quarry::Theirs(filter, host), from.to_owned(), None));
        };
        let (from, to) = host_and_address(lab, host, dest)?;
        let probe = self.probe(to)?;
        let prober = from.run(|| Prober::open(probe, self.count))??;
        Ok((Quarry::Ours(prober), from.name().to_owned(), Some(to)))
    }

    fn follow(
        &self,
        quarry: Quarry,
        from: &str,
        signals: &Signals,
        follower: &mut Follower,
        end: &mut AtTheEnd,
    ) -> Result<(), Failure> {
        let prober = match quarry {
            Quarry::Ours(prober) => Some(prober),
            Quarry::Theirs(filter, host) => {
                let whose = host
                    .as_deref()
                    .map_or(String::new(), |host| format!(" on {host}"));
                status(&format!(
                    "waiting for a packet that the filter selects{whose}"
                ));
                follower.attach(filter, host.as_deref());
                None
            }
        };
        let count = if prober.is_some() { self.count } else { 0 };
        let (mut next, mut sent) = (Instant::now(), 0);
        loop {
            if let Some(prober) = &prober
                && sent < count
                && Instant::now() >= next
            {
                sent += 1;
                follower.probe(sent, from, prober.seed(sent), || prober.send(sent));
                next += self.interval;
            }
            let due = (sent < count).then_some(next);
            for journey in follower.step(due, signals.as_fd())? {
                end(journey, prober.as_ref())?;
            }
            let stopped = signals.next()?.is_some();
            if stopped {
                for journey in follower.give_up() {
                    end(journey, prober.as_ref())?;
                }
            }
            if stopped || sent == count && follower.is_idle() {
                return Ok(());
            }
        }
    }
}

/// A packet socket on every host.
fn watch(lab: &Lab, reader: Reader, filter: Option<&[Instruction]>) -> Result<Watch, Failure> {
    let mut posts = Vec::new();
    for host in lab.hosts() {
        posts.push(host.run(|| Post::open(host.name(), filter))??);
    }
    Ok(Watch::new(posts, reader))
}
