//! The witnesses: opened on every host before a packet is sent, heard when it has ended.
//!
//! Everything that needs privileges is opened at the start; what is asked later is asked through
//! what is open.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};

use super::evidence::{
    Asked, Company, Drop, Dropped, Evidence, Glimpse, Leg, Moved, Rule, Trace, Waiting,
};
use super::host::Host;
use super::point::Point;
use super::state::{HostState, Settings};
use crate::capture::{Direction, Timestamp};
use crate::journey::{
    self, Body, Content, Hop, Identity, IpPacket, Journey, Probe, ProbeKind, Reader, Seed,
};
use crate::lab::LabError;
use crate::lab::counters::{CounterFiles, Counters};
use crate::model::LinkType;
use crate::sys::bpf::{DropWatch, KernelDrop};
use crate::sys::errno;
use crate::sys::netlink::{Netlink, NetlinkError};
use crate::sys::nftables::{HOOKS, Step, TABLE, TraceWatch, Verdict};
use crate::sys::tcp_table::{self, TcpConnection, TcpTimer};
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
    /// The latest ones: at most [`KEPT`].
    drops: VecDeque<KernelDrop>,
    /// When the last of those happened that were not kept, in nanoseconds since the machine began.
    forgotten: Option<u64>,
    traced: bool,
    counted: bool,
    not_available: Vec<String>,
}

/// What is open on a host.
#[derive(Debug)]
struct Look {
    name: String,
    inode: Option<u64>,
    netlink: Netlink,
    settings: Settings,
    counters: CounterFiles,
    before: Counters,
    trace: Option<TraceWatch>,
    /// The host's connections, as they were before the packet.
    connections: Vec<TcpConnection>,
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

/// How the packet is known.
#[derive(Clone, Copy)]
pub struct Mark<'m> {
    /// What it looks like when it is sent.
    pub seed: &'m Seed,
    /// What reads packets, and knows the tunnel's ports.
    pub reader: &'m Reader,
}

/// The packet that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Whom it is for.
    pub to: IpAddr,
    /// Its length in bytes, IP header included.
    pub length: u32,
    /// What it carries; nothing for what no probe is.
    pub kind: Option<ProbeKind>,
    /// What was under way with it.
    pub company: Company,
}

impl Subject {
    /// A probe.
    pub fn probe(probe: &Probe, company: Company) -> Subject {
        Subject {
            to: probe.to,
            length: probe.size.into(),
            kind: Some(probe.kind),
            company,
        }
    }

    /// Somebody else's packet, as it was seen first; nothing where it was not.
    pub fn seen(journey: &Journey) -> Option<Subject> {
        let packet = &journey.path.hops.first()?.packet;
        Some(Subject {
            to: packet.dst,
            length: packet.len,
            kind: match packet.body {
                Body::Echo { .. } => Some(ProbeKind::Icmp),
                Body::Tcp { dport, .. } => Some(ProbeKind::Tcp(dport)),
                Body::Udp { dport, .. } => Some(ProbeKind::Udp(dport)),
                Body::Error(_) | Body::Other(_) => None,
            },
            company: Company::Anyone,
        })
    }
}

impl Watch {
    /// Opens the wanted witnesses on these hosts. `length` is that of the packet in bytes, IP
    /// header included. A witness that is not to be had is noted, and no error.
    pub fn start(hosts: &[Host], wanted: &[Witness], length: u32) -> Result<Watch, WatchError> {
        let mut watch = Watch {
            looks: Vec::new(),
            kernel: None,
            drops: VecDeque::new(),
            forgotten: None,
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
            match DropWatch::start(&inodes) {
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
        self.drops.extend(kernel.drain());
        let surplus = self.drops.len().saturating_sub(KEPT);
        if let Some(last) = self.drops.drain(..surplus).next_back() {
            self.forgotten = Some(last.time);
        }
    }

    /// Counts anew from here on, and forgets what was thrown away: no packet is under way.
    pub fn start_anew(&mut self) -> Result<(), WatchError> {
        self.listen();
        self.drops.clear();
        for look in &mut self.looks {
            look.before = look.count()?;
        }
        Ok(())
    }

    /// Whether the kernel has thrown away the packet, or its answer.
    pub fn has_died(&mut self, mark: Mark) -> bool {
        self.listen();
        let mut identity = None;
        self.drops.iter().any(|drop| {
            recognise(drop, mark, &mut identity).is_some_and(|packet| packet.leg != Leg::Error)
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
            tunnel,
            not_available: self.not_available.clone(),
        };
        if self.kernel.is_some() {
            let drops = self.dropped(journey, mark);
            // Silence of a witness that has not heard all says nothing.
            let missed = self.missed(journey).filter(|_| drops.is_empty());
            evidence.drops = missed.is_none().then_some(drops);
            evidence.not_available.extend(missed);
        }
        let (mut traces, mut moved) = (Vec::new(), Vec::new());
        for look in &mut self.looks {
            let now = look.count()?;
            moved.push(Moved {
                host: look.name.clone(),
                counters: look.before.moved(&now),
            });
            let settings = look.settings.read();
            evidence
                .hosts
                .push(HostState::take(&look.name, &look.netlink, settings)?);
            if let Some(trace) = &mut look.trace {
                let (steps, lost) = trace.drain();
                traces.extend(traces_of(&look.name, &steps, mark, &evidence.seen));
                if lost {
                    let words = format!("nft: {}: too many packets to trace them all", look.name);
                    evidence.not_available.push(words);
                }
            }
        }
        evidence.traces = self.traced.then_some(traces);
        evidence.moved = self.counted.then_some(moved);
        evidence.lookups = self.ask(&evidence);
        Ok(evidence)
    }

    /// The sender's connections to the destination that do not get on.
    fn waiting(&self, from: &str, to: IpAddr) -> Vec<Waiting> {
        let look = self.looks.iter().find(|look| look.name == from);
        let connections = look.into_iter().flat_map(|look| &look.connections);
        let waiting = connections.filter(|one| one.peer.ip() == to && one.queued > 0);
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

    /// What was thrown away since the packet was sent, and not heard of; in words.
    fn missed(&self, journey: &Journey) -> Option<String> {
        let forgotten = self.forgotten? >= since_boot(journey.sent);
        forgotten.then(|| "kernel: it threw away too much to keep all of it".to_owned())
    }

    /// The drops that are about the packet.
    fn dropped(&self, journey: &Journey, mark: Mark) -> Vec<Drop> {
        let since = since_boot(journey.sent);
        let first = journey.path.hops.first();
        let mut identity = first.map(|hop| Identity::new(hop.packet.clone()));
        let mut drops = Vec::new();
        for drop in &self.drops {
            let look = self
                .looks
                .iter()
                .find(|look| look.inode == Some(drop.inode));
            let Some(look) = look else { continue };
            let packet = recognise(drop, mark, &mut identity);
            // What cannot be read any more may be what a program made of it.
            let unreadable = drop.function == "tun_get_user" || is_garbled(drop, mark);
            let is_ours = match &packet {
                Some(packet) => packet.leg != Leg::Error,
                None => unreadable && drop.time >= since,
            };
            if is_ours {
                drops.push(Drop {
                    host: look.name.clone(),
                    dev: Some(drop.dev.clone()).filter(|dev| !dev.is_empty()),
                    reason: drop.reason.clone(),
                    function: drop.function.clone(),
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

impl Look {
    /// Opens what is wanted in the calling thread's network namespace; says what is not to be had.
    fn open(host: &Host, trace: Option<u32>) -> Result<(Look, Option<String>), WatchError> {
        let netlink = Netlink::open()?;
        let failed = |source| WatchError::Counters {
            host: host.name().to_owned(),
            source,
        };
        let counters = CounterFiles::open().map_err(failed)?;
        let mut missing = None;
        // The packet itself, and the datagram that carries it: IPv4 and UDP add 28 bytes.
        let trace = trace.and_then(|length| match TraceWatch::start(&[length, length + 28]) {
            Ok(trace) => Some(trace),
            Err(error) => {
                let remedy = error
                    .remedy()
                    .map_or(String::new(), |what| format!("; {what}"));
                missing = Some(format!("nft: {}: {error}{remedy}", host.name()));
                None
            }
        });
        let mut look = Look {
            name: host.name().to_owned(),
            inode: host.inode(),
            settings: Settings::open(&netlink.links()?),
            before: Counters::default(),
            netlink,
            counters,
            trace,
            connections: tcp_table::connections().unwrap_or_default(),
        };
        look.before = look.count()?;
        Ok((look, missing))
    }

    fn count(&mut self) -> Result<Counters, WatchError> {
        self.counters.read().map_err(|source| WatchError::Counters {
            host: self.name.clone(),
            source,
        })
    }
}

/// A time of the machine's clock as the kernel stamps what it throws away, in nanoseconds since
/// the machine began; rather a little too early.
fn since_boot(time: Timestamp) -> u64 {
    const SLACK: u64 = 1_000_000;
    let ago = Timestamp::now().0.saturating_sub(time.0);
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |now| {
        now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64
    });
    now.saturating_sub(ago + SLACK)
}

/// Whether it is TCP's "nobody listens here".
fn is_reset(hop: &Hop) -> bool {
    const RST: u8 = 4; // RFC 9293 section 3.1
    match hop.packet.body {
        Body::Tcp { flags, .. } => hop.leg == journey::Leg::Answer && flags & RST != 0,
        _ => false,
    }
}

/// A hop as a glimpse.
fn glimpse(hop: &Hop) -> Option<Glimpse> {
    let leg = match hop.leg {
        journey::Leg::Request => Leg::Request,
        journey::Leg::Answer => Leg::Answer,
        journey::Leg::Error => Leg::Error,
        journey::Leg::Redirect => return None,
    };
    Some(Glimpse {
        host: hop.host.to_string(),
        dev: hop.device.to_string(),
        out: hop.direction == Direction::Out,
        leg,
        src: hop.packet.src,
        dst: hop.packet.dst,
        ttl: hop.packet.ttl,
        outer: hop.outer.map(|outer| (outer.src, outer.dst)),
    })
}

/// What a packet that was thrown away is to the journey. Before anything was seen of the packet,
/// the first one that fits the seed is it.
fn recognise(drop: &KernelDrop, mark: Mark, identity: &mut Option<Identity>) -> Option<Dropped> {
    let Content::Ip(packet) = mark.reader.content(LinkType::RAW, &drop.bytes) else {
        return None;
    };
    recognise_packet(&packet, mark, identity)
}

fn recognise_packet(
    packet: &IpPacket,
    mark: Mark,
    identity: &mut Option<Identity>,
) -> Option<Dropped> {
    if identity.is_none() {
        *identity = mark.seed.find(packet).cloned().map(Identity::new);
    }
    let found = identity.as_ref()?.clone().recognise(packet)?;
    let leg = match found.leg {
        journey::Leg::Request => Leg::Request,
        journey::Leg::Answer => Leg::Answer,
        journey::Leg::Error | journey::Leg::Redirect => Leg::Error,
    };
    Some(Dropped {
        leg,
        src: found.packet.src,
        dst: found.packet.dst,
        ttl: found.packet.ttl,
        outer: found.outer.map(|outer| (outer.src, outer.dst)),
    })
}

/// Whether it is announced as IP, or as nothing yet, and cannot be read as that.
fn is_garbled(drop: &KernelDrop, mark: Mark) -> bool {
    match drop.protocol {
        0 | 0x0800 => match mark.reader.content(LinkType::RAW, &drop.bytes) {
            Content::Ip(_) => false,
            Content::Arp(_) | Content::Other => true,
        },
        // Any first nibble of 6 makes a packet of a TUN device IPv6: a header that announces more
        // than there is was none (RFC 8200 section 3).
        0x86dd => drop.bytes.get(4..6).is_some_and(|length| {
            let payload = u16::from_be_bytes([length[0], length[1]]);
            40 + u32::from(payload) > drop.length
        }),
        _ => false,
    }
}

/// The packet's ways through a host's firewall: of itself, and of the datagrams around it.
fn traces_of(host: &str, steps: &[Step], mark: Mark, seen: &[Glimpse]) -> Vec<Trace> {
    let mut traces: Vec<(u32, Trace)> = Vec::new();
    let mut identity = None;
    for step in steps {
        let known = traces.iter().position(|(id, _)| *id == step.id);
        let at = match (known, step.addresses()) {
            (Some(at), _) => at,
            (None, Some((src, dst))) if is_traced(step, mark, seen, &mut identity) => {
                let trace = Trace {
                    host: host.to_owned(),
                    hook: String::new(),
                    dropped_by: None,
                    src,
                    dst,
                };
                traces.push((step.id, trace));
                traces.len() - 1
            }
            _ => continue,
        };
        let trace = &mut traces[at].1;
        if step.table == TABLE && HOOKS.contains(&step.chain.as_str()) {
            trace.hook.clone_from(&step.chain);
        }
        if step.verdict == Verdict::Drop {
            trace.dropped_by = Some(Rule {
                family: step.family.to_owned(),
                table: step.table.clone(),
                chain: step.chain.clone(),
                handle: step.rule,
            });
        }
    }
    traces.into_iter().map(|(_, trace)| trace).collect()
}

/// Whether a traced packet is ours. Of a datagram of the tunnel too little is shown to see what is
/// in it; its addresses and its length are those of one that was seen.
fn is_traced(step: &Step, mark: Mark, seen: &[Glimpse], identity: &mut Option<Identity>) -> bool {
    let Content::Ip(packet) = mark.reader.content(LinkType::RAW, &step.bytes) else {
        return false;
    };
    let ends = (packet.src, packet.dst);
    let outers = seen.iter().filter_map(|glimpse| glimpse.outer);
    let mut outers = outers.map(|(from, to)| (from.ip(), to.ip()));
    let plain = recognise_packet(&packet, mark, identity);
    plain.is_some_and(|found| found.leg != Leg::Error) || outers.any(|outer| outer == ends)
}
