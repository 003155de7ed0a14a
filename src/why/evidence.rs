//! Everything that is known about one probe: plain data, from which a diagnosis is made.

use std::net::{IpAddr, SocketAddr};

use nix::errno::Errno;

use super::state::HostState;
use crate::journey::{Piece, ProbeKind};
use crate::sys::netlink::Lookup;

/// A packet, and all that was learned about what became of it.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The host that sent it.
    pub from: String,
    /// Whom it was for.
    pub to: IpAddr,
    /// Its length in bytes, IP header included.
    pub length: u32,
    /// What it carries; nothing for what no probe is.
    pub kind: Option<ProbeKind>,
    /// Whose packets the counters counted beside it.
    pub company: Company,
    /// What sending it was answered with, where it was refused.
    pub refused: Option<Errno>,
    /// Whether an answer came back.
    pub answered: bool,
    /// Whether that answer was TCP's reset.
    pub reset: bool,
    /// Where it, its answer and errors about it were seen, in order of time.
    pub seen: Vec<Glimpse>,
    /// The kernel's word on it; nothing if the kernel was not asked.
    pub drops: Option<Vec<Drop>>,
    /// How far it got through firewalls; nothing if that was not traced.
    pub traces: Option<Vec<Trace>>,
    /// The hosts, set up as they were afterwards.
    pub hosts: Vec<HostState>,
    /// Counters that moved meanwhile, by host; nothing if they were not read.
    pub moved: Option<Vec<Moved>>,
    /// What hosts say they would do with it.
    pub lookups: Vec<Asked>,
    /// Connections from its sender to its destination that wait.
    pub waiting: Vec<Waiting>,
    /// Where programs listened for TCP before it was sent: host and socket; nothing if hosts could
    /// not tell.
    pub listeners: Option<Vec<(String, SocketAddr)>>,
    /// Where the course's tunnel leads: the host that listens, and its address for the other one.
    pub tunnel: Option<(String, SocketAddr)>,
    /// Witnesses that were wanted and not to be had, each with the reason.
    pub not_available: Vec<String>,
}

/// Packets that were under way with the one that is asked about. Each is known by itself; what was
/// counted, and what cannot be read any more, may be any of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// None of ours.
    Nobody,
    /// So many probes in all.
    Probes(usize),
    /// Whatever others sent: it is a packet of theirs.
    Anyone,
}

/// Which way a packet was going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leg {
    /// The packet itself.
    Request,
    /// What the destination sent back.
    Answer,
    /// An ICMP error about either.
    Error,
}

/// The packet on a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// The host.
    pub host: String,
    /// Its device.
    pub dev: String,
    /// Whether it left through the device, rather than come in.
    pub out: bool,
    /// Which of the packets it was.
    pub leg: Leg,
    /// Who sent it, as it says itself.
    pub src: IpAddr,
    /// Whom it was for.
    pub dst: IpAddr,
    /// Its time to live there.
    pub ttl: u8,
    /// The datagram that it travelled in: from, to.
    pub outer: Option<(SocketAddr, SocketAddr)>,
    /// Its length in bytes, IP header included.
    pub length: u32,
    /// Which piece it was, where it was cut up.
    pub piece: Option<Piece>,
    /// Which piece of the datagram around it.
    pub outer_piece: Option<Piece>,
}

/// The kernel threw it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drop {
    /// The host.
    pub host: String,
    /// The device it belonged to; none for one just written to a TUN device.
    pub dev: Option<String>,
    /// The reason's name; none before Linux 5.17.
    pub reason: Option<String>,
    /// The function that did it.
    pub function: String,
    /// Its length in bytes.
    pub length: u32,
    /// The packet, as far as it could still be read.
    pub packet: Option<Dropped>,
}

/// What could still be read of a packet that was thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Which of the packets it was.
    pub leg: Leg,
    /// Who sent it.
    pub src: IpAddr,
    /// Whom it was for.
    pub dst: IpAddr,
    /// Its time to live.
    pub ttl: u8,
    /// The datagram that it travelled in: from, to.
    pub outer: Option<(SocketAddr, SocketAddr)>,
}

/// Its way through a host's firewall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The host.
    pub host: String,
    /// The last hook that it reached: `forward`.
    pub hook: String,
    /// The number of the device that it was to leave through there; none before that was known.
    pub oif: Option<u32>,
    /// The rule or policy that ended it.
    pub dropped_by: Option<Rule>,
    /// Who sent it.
    pub src: IpAddr,
    /// Whom it was for.
    pub dst: IpAddr,
}

/// A rule of the firewall, or a chain's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The table's family: `ip`, `inet`.
    pub family: String,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// The rule's handle; none for the chain's policy.
    pub handle: Option<u64>,
    /// The rule as nft(8) lists it; nothing where that was not to be had.
    pub text: Option<String>,
}

/// What a host counted while the packet was under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The host.
    pub host: String,
    /// Each counter with how much it moved.
    pub counters: Vec<(String, i64)>,
}

/// A route lookup on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The host.
    pub host: String,
    /// The device the packet comes in through; none for one of the host's own.
    pub iif: Option<String>,
    /// Who sends it.
    pub src: Option<IpAddr>,
    /// Whom it is for.
    pub dst: IpAddr,
    /// What the kernel answers.
    pub answer: Result<Lookup, Errno>,
}

/// A TCP connection that does not get on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The host.
    pub host: String,
    /// The other end.
    pub peer: SocketAddr,
    /// Whether it cannot even send, rather than get no answer.
    pub persisting: bool,
    /// How often it has tried in vain.
    pub tries: u64,
}

impl Company {
    /// What is to be said of a thing that may be another packet's; nothing where there is none.
    pub(super) fn caveat(self) -> String {
        match self {
            Company::Nobody => String::new(),
            Company::Probes(count) => format!(", by any of {count} packets under way together"),
            Company::Anyone => ", by this or any other packet".to_owned(),
        }
    }
}

impl Evidence {
    /// A host's set-up.
    pub fn host(&self, name: &str) -> Option<&HostState> {
        self.hosts.iter().find(|host| host.name == name)
    }

    /// How much a counter of a host has risen; nothing if counters were not read, or it did not.
    pub fn rose(&self, host: &str, counter: &str) -> Option<i64> {
        let moved = self.moved.as_ref()?.iter().find(|one| one.host == host)?;
        let found = moved.counters.iter().find(|(name, _)| name == counter)?;
        (found.1 > 0).then_some(found.1)
    }

    /// What a host says to this question.
    pub fn lookup(
        &self,
        host: &str,
        iif: Option<&str>,
        src: IpAddr,
        dst: IpAddr,
    ) -> Option<&Result<Lookup, Errno>> {
        let is_it = |asked: &&Asked| {
            asked.host == host
                && asked.iif.as_deref() == iif
                && asked.dst == dst
                && (iif.is_none() || asked.src == Some(src))
        };
        self.lookups.iter().find(is_it).map(|asked| &asked.answer)
    }
}

impl Rule {
    /// The command of nft(8) that lets packets pass.
    pub fn cure(&self) -> String {
        let Rule {
            family,
            table,
            chain,
            handle,
            ..
        } = self;
        match handle {
            Some(handle) => format!("nft delete rule {family} {table} {chain} handle {handle}"),
            None => format!("nft chain {family} {table} {chain} '{{ policy accept; }}'"),
        }
    }
}
