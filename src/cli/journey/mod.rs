//! `tunlab journey`: follow one packet through every host of a lab.
//!
//! 1. Find the lab, or build one for the occasion (`--demo`).
//! 2. Open the probe's sockets, a watch on every host and why's witnesses, then give up all
//!    privileges.
//! 3. Send, watch, stitch; or wait for somebody else's packet (`--attach`).
//! 4. Print the path, and why the packet died if it did; keep its frames (`-w`).

mod args;
mod death;
mod ground;
mod telling;
mod watching;

pub(super) use args::Journey;

use super::Outcome;
use super::args::When;
use super::commands::Runs;
use super::failure::{Failure, status};
use super::places::{DEFAULT_HOST, host_and_address};
use super::privileges;
use crate::journey::{self, EARSHOT, Follower, Pace, Prefilter, Prober, Reader, SOON};
use crate::lab::{Lab, LabHost};
use crate::packet::filter::Filter;
use crate::sys::scheduling;
use crate::sys::signals::Signals;
use crate::why::examine::Waker;
use death::Witnesses;
use ground::Ground;
use nix::errno::Errno;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};
use telling::Telling;

/// How often the probe's socket is asked for an answer that was seen at its host's device.
const DOOR: Duration = Duration::from_millis(1);

/// What is followed.
enum Quarry {
    /// Packets that we send.
    Ours(Prober),
    /// The next one that fits, of a host or of any.
    Theirs(Filter, Option<String>),
}

impl Runs for Journey {
    fn run(self, color: When) -> Outcome {
        // Before any thread is started, which then has the same mask.
        let signals = Signals::take_over()?;
        let filter = self.filter()?;
        let mut telling = Telling::new(&self, color)?;
        let ground = Ground::find(self.lab.as_ref(), self.demo, self.tunnel_port)?;
        let lab = ground.lab();
        let (quarry, from, to) = self.quarry(lab, filter)?;
        let reader = Reader::new(self.tunnel_port);
        let kept = match &quarry {
            Quarry::Ours(prober) => Prefilter::of(&prober.wanted(reader.tunnel_ports())),
            Quarry::Theirs(..) => None,
        };
        let watch = self.watch(lab, &from, kept.as_ref())?;
        let prober = match &quarry {
            Quarry::Ours(prober) => Some(prober),
            Quarry::Theirs(..) => None,
        };
        let witnesses = Witnesses::call(lab, prober, self.tunnel_port, kept, self.why())?;
        if self.is_row() {
            // What is watched is to pass as it would without us: a probe that waits for a CPU is sent
            // in the middle of somebody's work. Who may not come first steps back, but for those that
            // run in real time, who may not do that either.
            let _: Result<_, Errno> =
                scheduling::run_at_once().or_else(|_| scheduling::never_preempt());
        }
        privileges::give_up()?;
        telling.begin(to);
        let mut follower = Follower::new(watch, self.patience());
        let followed = self.follow(
            quarry,
            &from,
            &signals,
            &mut follower,
            witnesses,
            &mut telling,
        );
        let losses = follower.losses();
        ground.leave()?;
        // Also if following has failed: what was found out before is not lost.
        telling.write(true)?;
        followed?;
        telling.finish(&losses?)
    }
}

impl Journey {
    /// Whether there are so many probes that they are a load.
    fn is_row(&self) -> bool {
        self.count > 1 && self.interval <= SOON
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

    /// Waits for somebody else's packet, or sends ours, until all have come to an end or the user
    /// wants no more.
    fn follow(
        &self,
        quarry: Quarry,
        from: &str,
        signals: &Signals,
        follower: &mut Follower,
        mut witnesses: Witnesses,
        telling: &mut Telling,
    ) -> Result<(), Failure> {
        let mut prober = match quarry {
            Quarry::Ours(prober) => Some(prober),
            Quarry::Theirs(filter, host) => {
                attach(filter, host.as_deref(), follower);
                None
            }
        };
        let count = if prober.is_some() { self.count } else { 0 };
        let (mut next, mut sent) = (Instant::now(), 0);
        // Seen at the sender's door, and not taken in yet.
        let mut at_door: Vec<journey::Journey> = Vec::new();
        loop {
            let idle = follower.is_idle() && at_door.is_empty();
            witnesses.listen(follower, idle)?;
            if let Some(prober) = &prober
                && sent < count
                && Instant::now() >= next
            {
                sent += 1;
                witnesses.sent();
                follower.probe(sent, from, prober.seed(sent), || prober.send(sent));
                // What was late is not made up for: packets in a heap would fill a queue.
                let now = Instant::now();
                let due = next + self.interval;
                next = if due > now { due } else { now + self.interval };
            }
            let drops = witnesses.fd(follower);
            let waker = drops.and_then(|fd| Waker::of([Some(signals.as_fd()), Some(fd)]).ok());
            let wake = waker.as_ref().map_or(signals.as_fd(), Waker::as_fd);
            let door = (!at_door.is_empty()).then(|| Instant::now() + DOOR);
            let due = (sent < count).then_some(next).into_iter().chain(door).min();
            let mut ended = follower.step(due, wake)?;
            let stopped = signals.next()?.is_some();
            if stopped {
                ended.extend(follower.give_up());
            }
            ended.splice(0..0, at_door.drain(..));
            for mut journey in ended {
                if let Some(prober) = prober.as_mut().filter(|_| journey.path.answered) {
                    let heard = prober.has_heard(journey.number, Duration::ZERO);
                    if !heard && !stopped && journey.last.elapsed() < EARSHOT {
                        at_door.push(journey);
                        continue;
                    }
                    journey.path.answered = heard;
                }
                let verdict = witnesses.hear(&journey)?;
                telling.journey(&journey, verdict.as_ref())?;
            }
            telling.write(follower.pace() == Pace::AtOnce)?;
            if stopped || sent == count && follower.is_idle() && at_door.is_empty() {
                return Ok(());
            }
        }
    }
}

fn attach(filter: Filter, host: Option<&str>, follower: &mut Follower) {
    let whose = host.map_or(String::new(), |host| format!(" on {host}"));
    status(&format!(
        "waiting for a packet that the filter selects{whose}"
    ));
    follower.attach(filter, host);
}
