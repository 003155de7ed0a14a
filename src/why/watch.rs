//! The witnesses: opened on every host before a packet is sent, heard when it has ended.
//!
//! Everything that needs privileges is opened at the start; what is asked later is asked through
//! what is open.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};

use super::evidence::{Asked, Drop, Evidence, Leg, Waiting};
use super::host::Host;
use super::look::{Look, State};
use super::mark::{
    Mark, Subject, Thrown, glimpse, is_garbled, is_of_writer, is_reset, may_be, recognise,
    traces_of,
};
use super::point::Point;
use crate::capture::Timestamp;
use crate::journey::{Identity, Journey, Prefilter};
use crate::lab::LabError;
use crate::sys::bpf::DropWatch;
use crate::sys::errno;
use crate::sys::netlink::NetlinkError;
use crate::sys::tcp_table::TcpTimer;
use nix::time::{ClockId, clock_gettime};

/// Who can tell what became of a packet, besides sightings, route lookups and set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// What hosts count; always to be had.
    Counters,
    /// Traces of nf_tables; in a lab always to be had, else by root.
    Nft,
    /// The kernel's own reasons; to be had by root.
    Kernel,
}

/// Witnesses at work.
#[derive(Debug)]
pub struct Watch {
    looks: Vec<Look>,
    kernel: Option<DropWatch>,
    /// Tells what cannot be the packet, where that is known beforehand.
    filter: Option<Prefilter>,
    /// The latest ones: at most [`KEPT`].
    drops: VecDeque<Thrown>,
    /// How many of them were not kept, or not even heard of; and when the last of those happened at
    /// the latest, in nanoseconds since the machine began.
    missed: u64,
    unheard: u64,
    /// How many of them were taken in since the beginning.
    heard: u64,
    forgotten: Option<u64>,
    /// What the hosts were like when they were last looked at.
    state: Option<State>,
    traced: bool,
    counted: bool,
    not_available: Vec<String>,
}

/// Why hosts cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// A host cannot be entered.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// Its set-up cannot be asked for.
    #[error(transparent)]
    Netlink(#[from] NetlinkError),
    /// Its counters cannot be read.
    #[error("read the counters of {host}: {}", errno::text(errno::of(source)))]
    Counters {
        /// The host.
        host: String,
        /// Why not.
        source: io::Error,
    },
}

impl WatchError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            WatchError::Lab(error) => error.remedy(),
            WatchError::Netlink(error) => error.remedy(),
            WatchError::Counters { .. } => None,
        }
    }
}

/// Attempts in vain after which a connection counts as stalled: one or two happen on a busy line.
const STALLED: u64 = 3;

/// Packets thrown away that are kept while nobody has asked about any: a few seconds of a busy host.
const KEPT: usize = 4_096;

impl Watch {
    /// Opens the wanted witnesses on these hosts. `length` is that of the packet in bytes, IP
    /// header included. A witness that is not to be had is noted, and no error.
    ///
    /// Of what the kernel throws away only that is heard of which `filter` keeps, and what cannot be
    /// read: on a full line there is room for no more.
    pub fn start(
        hosts: &[Host],
        wanted: &[Witness],
        length: u32,
        filter: Option<Prefilter>,
    ) -> Result<Watch, WatchError> {
        let mut watch = Watch {
            looks: Vec::new(),
            kernel: None,
            filter,
            drops: VecDeque::new(),
            missed: 0,
            unheard: 0,
            heard: 0,
            forgotten: None,
            state: None,
            traced: false,
            counted: wanted.contains(&Witness::Counters),
            not_available: Vec::new(),
        };
        let wants_trace = wanted.contains(&Witness::Nft);
        for host in hosts {
            let look = host.run(|| Look::open(host, wants_trace.then_some(length)))?;
            let (look, missing) = look?;
            watch.looks.push(look);
            watch.not_available.extend(missing);
        }
        watch.traced = wants_trace && watch.looks.iter().any(|look| look.trace.is_some());
        if wanted.contains(&Witness::Kernel) {
            let inodes: Vec<u64> = watch.looks.iter().filter_map(|look| look.inode).collect();
            let filter = watch.filter.as_ref();
            let filter = filter.map(|one| (&*one.program, one.longest));
            match DropWatch::start(&inodes, filter) {
                Ok(kernel) => watch.kernel = Some(kernel),
                Err(error) => {
                    let remedy = error
                        .remedy()
                        .map_or(String::new(), |what| format!("; {what}"));
                    watch.not_available.push(format!("kernel: {error}{remedy}"));
                }
            }
        }
        Ok(watch)
    }

    /// Whether a witness is at work.
    pub fn has(&self, witness: Witness) -> bool {
        match witness {
            Witness::Counters => self.counted,
            Witness::Nft => self.traced,
            Witness::Kernel => self.kernel.is_some(),
        }
    }

    /// Readable when the kernel has thrown something away.
    pub fn drops_fd(&self) -> Option<BorrowedFd<'_>> {
        self.kernel.as_ref().map(|kernel| kernel.as_fd())
    }

    /// Takes in what the kernel has thrown away, so that there is room for more.
    pub fn listen(&mut self) {
        let Some(kernel) = &mut self.kernel else {
            return;
        };
        let filter = self.filter.as_ref().map(|one| &*one.program);
        kernel.drain(|drop| {
            if filter.is_none_or(|filter| may_be(&drop, filter)) {
                self.heard += 1;
                self.drops.push_back(Thrown::new(drop));
            }
        });
        let surplus = self.drops.len().saturating_sub(KEPT);
        if let Some(last) = self.drops.drain(..surplus).next_back() {
            self.forgotten = Some(last.drop.time);
            self.missed += surplus as u64;
        }
        let unheard = std::mem::replace(&mut self.unheard, kernel.lost());
        if self.unheard > unheard {
            self.forgotten = Some(since_boot(Timestamp::now()) + SLACK);
            self.missed += self.unheard - unheard;
        }
    }

    /// Counts anew from here on, and forgets what was thrown away: no packet is under way.
    pub fn start_anew(&mut self) -> Result<(), WatchError> {
        self.listen();
        self.drops.clear();
        self.state = None;
        self.missed = 0;
        for look in &mut self.looks {
            look.before = look.count()?;
        }
        Ok(())
    }

    /// How many packets that were thrown away were taken in so far.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// Whether the packet, or its answer, is among those that the kernel has thrown away after so
    /// many others.
    pub fn has_died(&self, mark: Mark, after: u64) -> bool {
        let news = self.heard.saturating_sub(after);
        let news = usize::try_from(news).unwrap_or(usize::MAX);
        let old = self.drops.len().saturating_sub(news);
        let mut identity = None;
        self.drops.range(old..).any(|thrown| {
            recognise(thrown, mark, &mut identity).is_some_and(|packet| packet.leg != Leg::Error)
        })
    }

    /// Asks all witnesses what became of the packet of `journey`. `tunnel` is where the course's
    /// tunnel leads. It can be asked of one packet after the other.
    pub fn hear(
        &mut self,
        journey: &Journey,
        mark: Mark,
        subject: &Subject,
        tunnel: Option<(String, SocketAddr)>,
    ) -> Result<Evidence, WatchError> {
        let to = subject.to;
        self.listen();
        let mut evidence = Evidence {
            from: journey.origin.clone(),
            to,
            length: subject.length,
            kind: subject.kind,
            company: subject.company,
            reset: journey.path.hops.iter().any(is_reset),
            refused: journey.refused.as_ref().map(|refused| refused.errno()),
            answered: journey.path.answered,
            seen: journey.path.hops.iter().filter_map(glimpse).collect(),
            drops: None,
            traces: None,
            hosts: Vec::new(),
            moved: None,
            lookups: Vec::new(),
            waiting: self.waiting(&journey.origin, to),
            listeners: self.listeners(),
            tunnel,
            not_available: self.not_available.clone(),
        };
        if self.kernel.is_some() {
            let drops = self.dropped(journey, mark);
            // Silence of a witness that has not heard all says nothing.
            let missed = self.missed(journey);
            let heard = missed.is_none() || !drops.is_empty();
            evidence.drops = heard.then_some(drops);
            evidence.not_available.extend(missed);
        }
        let state = match self.state.take() {
            Some(state) if state.serves(journey) => state,
            _ => State::take(&mut self.looks)?,
        };
        evidence.hosts.clone_from(&state.hosts);
        evidence.moved = self.counted.then(|| state.moved.clone());
        self.state = Some(state);
        let mut traces = Vec::new();
        for look in &mut self.looks {
            if let Some(trace) = &mut look.trace {
                let (steps, lost) = trace.drain();
                let mut here = traces_of(&look.name, &steps, mark, &evidence.seen);
                for rule in here.iter_mut().filter_map(|one| one.dropped_by.as_mut()) {
                    let rules = look.rules.as_ref();
                    rule.text = rules.and_then(|rules| rules.text(rule));
                }
                traces.extend(here);
                if lost {
                    let words = format!("nft: {}: too many packets to trace them all", look.name);
                    evidence.not_available.push(words);
                }
            }
        }
        evidence.traces = self.traced.then_some(traces);
        evidence.lookups = self.ask(&evidence);
        Ok(evidence)
    }

    /// The sender's connections to the destination that do not get on.
    fn waiting(&self, from: &str, to: IpAddr) -> Vec<Waiting> {
        let look = self.looks.iter().find(|look| look.name == from);
        let connections = look.and_then(|look| look.connections.as_ref());
        let waiting = connections
            .into_iter()
            .flatten()
            .filter(|one| one.peer.ip() == to && one.queued > 0);
        let waiting = waiting.filter_map(|one| {
            let (persisting, tries) = match one.timer {
                TcpTimer::Retransmit => (false, one.retransmits),
                TcpTimer::ZeroWindowProbe => (true, one.probes),
                _ => return None,
            };
            (tries >= STALLED).then(|| Waiting {
                host: from.to_owned(),
                peer: one.peer,
                persisting,
                tries,
            })
        });
        waiting.collect()
    }

    /// Where programs listen for TCP: host and socket; nothing if a host cannot tell.
    fn listeners(&self) -> Option<Vec<(String, SocketAddr)>> {
        let mut all = Vec::new();
        for look in &self.looks {
            let listening = look.connections.as_ref()?.iter();
            let listening = listening.filter(|one| one.state == "LISTEN");
            all.extend(listening.map(|one| (look.name.clone(), one.own)));
        }
        Some(all)
    }

    /// What was thrown away since the packet was sent, and not heard of; in words.
    fn missed(&self, journey: &Journey) -> Option<String> {
        let forgotten = self.forgotten? >= since_boot(journey.sent);
        forgotten.then(|| {
            let missed = self.missed;
            format!("kernel: {missed} packets that it threw away went unheard: there was no room")
        })
    }

    /// The drops that are about the packet.
    fn dropped(&self, journey: &Journey, mark: Mark) -> Vec<Drop> {
        let since = since_boot(journey.sent);
        let first = journey.path.hops.first();
        let mut identity = first.map(|hop| Identity::new(hop.packet.clone()));
        // A later piece is known by what came before it.
        if let Some(identity) = &mut identity {
            for hop in &journey.path.hops {
                identity.recognise(&hop.packet);
            }
        }
        let mut drops = Vec::new();
        for thrown in &self.drops {
            let drop = &thrown.drop;
            let look = self
                .looks
                .iter()
                .find(|look| look.inode == Some(drop.inode));
            let Some(look) = look else { continue };
            let packet = recognise(thrown, mark, &mut identity);
            // What cannot be read any more may be what a program made of it.
            let unreadable = is_of_writer(drop) || is_garbled(thrown, mark);
            let is_ours = match &packet {
                Some(packet) => packet.leg != Leg::Error,
                None => unreadable && drop.time >= since,
            };
            if is_ours {
                drops.push(Drop {
                    host: look.name.clone(),
                    dev: Some(drop.dev.to_string()).filter(|dev| !dev.is_empty()),
                    reason: drop.reason.as_deref().map(str::to_owned),
                    function: drop.function.to_string(),
                    length: drop.length,
                    packet,
                });
            }
        }
        // What was recognised says more than what may be ours.
        drops.sort_by_key(|drop| drop.packet.is_some());
        drops
    }

    /// Asks hosts what they would do with the packet at the places where it may have got lost.
    fn ask(&self, evidence: &Evidence) -> Vec<Asked> {
        let mut asked: Vec<Asked> = Vec::new();
        let died = evidence.drops.iter().flatten();
        let died = died.filter_map(|drop| Point::of_drop(evidence, drop));
        let first = evidence
            .host(&evidence.from)
            .map(|host| Point::sending(host, evidence.to, evidence.to));
        for point in Point::last(evidence).into_iter().chain(died).chain(first) {
            let Some(look) = self.looks.iter().find(|look| look.name == point.host.name) else {
                continue;
            };
            let (iif, src, dst) = point.question();
            let index = iif
                .and_then(|dev| point.host.link(dev))
                .map(|link| link.index);
            let source = index.map(|_| src);
            let answer = look.netlink.route_lookup(dst, source, index);
            let answer = match answer {
                Ok(lookup) => Ok(lookup),
                Err(error) => match error.errno() {
                    Some(errno) => Err(errno),
                    None => continue,
                },
            };
            asked.push(Asked {
                host: look.name.clone(),
                iif: iif.map(str::to_owned),
                src: source,
                dst,
                answer,
            });
        }
        asked
    }
}

/// By how much two clocks may be read apart, in nanoseconds.
const SLACK: u64 = 1_000_000;

/// A time of the machine's clock as the kernel stamps what it throws away, in nanoseconds since
/// the machine began; rather a little too early.
fn since_boot(time: Timestamp) -> u64 {
    let ago = Timestamp::now().0.saturating_sub(time.0);
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |now| {
        now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
    });
    now.saturating_sub(ago + SLACK)
}
