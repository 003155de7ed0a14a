//! What an expectation can ask: a closed set of typed kinds.
//!
//! | Kind | Holds when |
//! | --- | --- |
//! | `packets` | so many packets that match were seen on a host's device |
//! | `path` | one packet was seen at these places, in this order |
//! | `answered` | each question seen was answered, with the same key, later |
//! | `gaps` | matching packets came this far apart |
//! | `elapsed` | between two moments this much time went by |
//! | `counter` | a counter of the kernel rose so much, or did not |
//! | `words` | a command said this, and ended so |
//! | `route` | the kernel would send a packet there, or refuses |
//! | `neighbour` | the kernel knows, seeks or has given up an address |
//! | `tcp` | a connection is in this state, with this timer |
//! | `device` | a device is there, up, with these addresses, or is not there |
//!
//! The first six are found in what was recorded; `route`, `neighbour`, `tcp` and `device` are read
//! from the kernel after the step they name, or at the end.

use super::selection::Selection;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use toml::Spanned;

/// One question to the evidence.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// So many packets that match.
    Packets(Packets),
    /// The same packet at several places.
    Path(Path),
    /// Questions and their answers.
    Answered(Answered),
    /// Time between matching packets.
    Gaps(Gaps),
    /// Time between two moments.
    Elapsed(Elapsed),
    /// What the kernel counted.
    Counter(Counter),
    /// What a command said.
    Words(Words),
    /// Where the kernel would send a packet.
    Route(Route),
    /// What the kernel knows of an address on a link.
    Neighbour(Neighbour),
    /// The state of a connection.
    Tcp(Tcp),
    /// The state of a device.
    Device(Device),
}

/// How many. Exactly one of the three is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many or more.
    AtLeast(u64),
    /// So many or fewer.
    AtMost(u64),
    /// So many.
    Exactly(u64),
}

/// Packets on a host's device that match a filter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packets {
    /// The host.
    pub on: Spanned<String>,
    /// The device, or any.
    #[serde(default)]
    pub dev: Option<String>,
    /// Which packets.
    #[serde(rename = "match")]
    pub filter: Selection,
    /// So many or more.
    #[serde(default)]
    pub at_least: Option<u64>,
    /// So many or fewer.
    #[serde(default)]
    pub at_most: Option<u64>,
    /// So many.
    #[serde(default)]
    pub exactly: Option<u64>,
    /// Counts packets whose checksums are wrong, too. Nobody would accept those, so they are no
    /// proof of anything else.
    #[serde(default)]
    pub damaged: bool,
}

/// One packet, seen at several places one after the other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// Where, in order.
    pub places: Vec<Place>,
    /// How many packets must have gone that way.
    #[serde(default = "one")]
    pub at_least: u64,
}

/// Where a packet is seen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The host.
    pub on: Spanned<String>,
    /// The device, or any.
    #[serde(default)]
    pub dev: Option<String>,
    /// What it looks like there.
    #[serde(rename = "match")]
    pub filter: Selection,
}

/// Questions on a host's device, each with its answer: an echo reply with the request's id and
/// number, an ARP reply from the address that was asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// The host.
    pub on: Spanned<String>,
    /// The device, or any.
    #[serde(default)]
    pub dev: Option<String>,
    /// The questions.
    pub ask: Selection,
    /// The answers.
    pub by: Selection,
    /// How many must be answered; without it, all, and one at least.
    #[serde(default)]
    pub at_least: Option<u64>,
}

/// How far apart matching packets are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gaps {
    /// The host.
    pub on: Spanned<String>,
    /// The device, or any.
    #[serde(default)]
    pub dev: Option<String>,
    /// Which packets.
    #[serde(rename = "match")]
    pub filter: Selection,
    /// Seconds from each to the next; there are no further ones.
    pub seconds: Vec<f64>,
    /// How far off each may be, in seconds.
    #[serde(default = "tenth")]
    pub give_or_take: f64,
}

/// The time between two moments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elapsed {
    /// From when.
    pub from: Moment,
    /// To when; of packets the first one after `from`.
    pub to: Moment,
    /// Seconds it takes at least.
    #[serde(default)]
    pub at_least: f64,
    /// Seconds it takes at most.
    pub at_most: f64,
}

/// A moment of the run.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Moment {
    /// When this step began.
    Start(Spanned<String>),
    /// When this step was done.
    End(Spanned<String>),
    /// When the first such packet was seen.
    Packet(Place),
}

/// A counter of the kernel, by its name in /proc/net/snmp, netstat or dev: `Ip.ForwDatagrams`,
/// `TcpExt.IPReversePathFilter`, `tun0.rx_dropped`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// The host.
    pub on: Spanned<String>,
    /// The counter.
    pub name: String,
    /// It rose by so much or more.
    #[serde(default)]
    pub at_least: Option<u64>,
    /// It rose by so much or less.
    #[serde(default)]
    pub at_most: Option<u64>,
    /// It rose by so much.
    #[serde(default)]
    pub exactly: Option<u64>,
}

/// What a command said, on stdout or stderr, and how it ended. Letters big and small are the same.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The step that ran or started it.
    pub of: Spanned<String>,
    /// Said.
    #[serde(default)]
    pub says: Vec<String>,
    /// Not said.
    #[serde(default)]
    pub never: Vec<String>,
    /// The exit code.
    #[serde(default)]
    pub code: Option<i32>,
}

/// Where the kernel would send a packet.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The host that is asked.
    pub on: Spanned<String>,
    /// The destination.
    pub to: IpAddr,
    /// The packet's source, where it comes from outside.
    #[serde(default)]
    pub from: Option<IpAddr>,
    /// The device it comes in by.
    #[serde(default)]
    pub iif: Option<String>,
    /// The step after which it is asked; else at the end.
    #[serde(default)]
    pub after: Option<Spanned<String>>,
    /// The device it leaves by.
    #[serde(default)]
    pub dev: Option<String>,
    /// The router it is given to.
    #[serde(default)]
    pub via: Option<IpAddr>,
    /// The errors with which the kernel may refuse: `EINVAL`, or `EXDEV` on older ones.
    #[serde(default)]
    pub refused: Vec<String>,
}

/// What the kernel knows of an address on a link.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// The host that is asked.
    pub on: Spanned<String>,
    /// The device.
    pub dev: String,
    /// The address.
    pub address: IpAddr,
    /// The step after which it is asked; else at the end.
    #[serde(default)]
    pub after: Option<Spanned<String>>,
    /// One of these states: `REACHABLE`, `FAILED`, `none` where nothing is known.
    pub state: Vec<String>,
    /// Its hardware address.
    #[serde(default)]
    pub mac: Option<String>,
}

/// The state of a connection.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Tcp {
    /// The host that is asked.
    pub on: Spanned<String>,
    /// The other end's address.
    pub peer: IpAddr,
    /// The other end's port.
    pub port: u16,
    /// The step after which it is asked; else at the end.
    #[serde(default)]
    pub after: Option<Spanned<String>>,
    /// As ss(8) has it: `ESTAB`.
    #[serde(default)]
    pub state: Option<String>,
    /// What it waits for.
    #[serde(default)]
    pub timer: Option<Timer>,
    /// Unanswered retransmissions at least.
    #[serde(default)]
    pub retransmits_at_least: Option<u64>,
    /// Unanswered retransmissions at most.
    #[serde(default)]
    pub retransmits_at_most: Option<u64>,
}

/// The timer of a connection, as ss(8) calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// None runs.
    Off,
    /// What was sent is to be sent again.
    On,
    /// The peer is to be asked whether it has room; also what waits when nothing could be sent.
    Persist,
    /// The peer is to be asked whether it lives, or another timer runs.
    Keepalive,
}

/// The state of a device.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// The host that is asked.
    pub on: Spanned<String>,
    /// The device.
    pub name: String,
    /// The step after which it is asked; else at the end.
    #[serde(default)]
    pub after: Option<Spanned<String>>,
    /// Whether there is one.
    #[serde(default = "yes")]
    pub exists: bool,
    /// Whether it is up.
    #[serde(default)]
    pub up: Option<bool>,
    /// Whether it has a link layer (`ether`) or none.
    #[serde(default)]
    pub link: Option<String>,
    /// Its IPv4 addresses, all of them.
    #[serde(default)]
    pub addresses: Option<Vec<String>>,
}

/// The amount that a check gives by its three keys.
///
/// # Errors
/// Words for whoever wrote the task, when it gives none or several.
pub fn amount(
    at_least: Option<u64>,
    at_most: Option<u64>,
    exactly: Option<u64>,
) -> Result<Amount, &'static str> {
    match (at_least, at_most, exactly) {
        (Some(number), None, None) => Ok(Amount::AtLeast(number)),
        (None, Some(number), None) => Ok(Amount::AtMost(number)),
        (None, None, Some(number)) => Ok(Amount::Exactly(number)),
        _ => Err("give one of at_least, at_most and exactly"),
    }
}

impl Amount {
    /// Whether `number` is as wanted.
    pub fn holds(self, number: u64) -> bool {
        match self {
            Amount::AtLeast(least) => number >= least,
            Amount::AtMost(most) => number <= most,
            Amount::Exactly(exactly) => number == exactly,
        }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Amount::AtLeast(number) => write!(out, "at least {number}"),
            Amount::AtMost(0) | Amount::Exactly(0) => out.write_str("none"),
            Amount::AtMost(number) => write!(out, "at most {number}"),
            Amount::Exactly(number) => write!(out, "exactly {number}"),
        }
    }
}

fn one() -> u64 {
    1
}

fn tenth() -> f64 {
    0.1
}

fn yes() -> bool {
    true
}
