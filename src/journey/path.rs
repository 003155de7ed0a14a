//! The path of one packet: hops in order, and what changed between them.

use super::identity::{Leg, Outer};
use super::ip_packet::{Body, IpPacket, Piece, RST};
use super::read::Arp;
use super::sighting::Sighting;
use crate::capture::{Direction, Timestamp};
use std::net::IpAddr;
use std::sync::Arc;

/// Where a packet went, there and back.
#[derive(Debug, Clone, Default)]
pub struct Path {
    /// Every device it passed, in order of time.
    pub hops: Vec<Hop>,
    /// What hosts asked about their neighbours meanwhile, in order of time.
    pub questions: Vec<Question>,
    /// Whether the destination received it.
    pub delivered: bool,
    /// Whether an answer came back to who sent it.
    pub answered: bool,
}

/// A packet on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The host's name.
    pub host: Arc<str>,
    /// The device's name on that host.
    pub device: Arc<str>,
    /// Whether the host sent or received it there.
    pub direction: Direction,
    /// The kernel's time.
    pub time: Timestamp,
    /// The packet itself, an answer, an error.
    pub leg: Leg,
    /// What it looked like there; of a later fragment only IP's header.
    pub packet: IpPacket,
    /// The datagram it travelled in.
    pub outer: Option<Outer>,
    /// Which piece of that datagram, where it was cut up.
    pub outer_piece: Option<Piece>,
    /// Ethernet's addresses of the frame, whom it is for and whose it is; none on other links.
    pub ends: Option<[u8; 12]>,
    /// The frame's length on the wire in bytes, of all that travelled in it.
    pub wire_len: u32,
    /// Whether the transport checksum was still to be filled in.
    pub partial: bool,
    /// How many other packets travelled in the same datagram, which is still to be segmented.
    pub beside: usize,
    /// The hop that it continues, by its place among the hops; none where a leg begins, and where
    /// that hop was not seen.
    pub after: Option<usize>,
    /// What is different from that hop.
    pub changed: Vec<Change>,
}

/// A message about a neighbour, of a host that a packet waited for, or waits for still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The host that asks.
    pub host: Arc<str>,
    /// The device it asks on.
    pub device: Arc<str>,
    /// Out with the question, in with the answer.
    pub direction: Direction,
    /// The kernel's time.
    pub time: Timestamp,
    /// The message.
    pub arp: Arp,
}

/// What is different from the hop before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A router took one off, or somebody wrote another.
    Ttl {
        /// Before.
        from: u8,
        /// Now.
        to: u8,
    },
    /// It travels in a UDP datagram now.
    Wrapped(Outer),
    /// It no longer does.
    Unwrapped,
    /// The datagram around it has other addresses or ports.
    OuterRewritten {
        /// Before.
        from: Outer,
        /// Now.
        to: Outer,
    },
    /// Another source address or port: source NAT.
    Source {
        /// Before.
        from: End,
        /// Now.
        to: End,
    },
    /// Another destination address or port: destination NAT.
    Destination {
        /// Before.
        from: End,
        /// Now.
        to: End,
    },
    /// An echo's other identifier: NAT's way to tell two pings apart.
    EchoId {
        /// Before.
        from: u16,
        /// Now.
        to: u16,
    },
    /// It is a piece of what was whole before.
    Fragment {
        /// Which piece.
        piece: Piece,
        /// Whether of the datagram around it.
        outer: bool,
    },
    /// It is whole again.
    Reassembled,
    /// It left by the device by which it came in.
    Bounced,
    /// It passed here before, and is sent again.
    SentAgain {
        /// Since the first time, in nanoseconds.
        after: u64,
    },
    /// There are two of it from here on, and the other one is the packet.
    Copy {
        /// The number of its hop, from 1.
        number: usize,
    },
    /// It answers the copy of a packet.
    AnsweredTwice,
    /// It waited until a neighbour's address was known.
    WaitedForNeighbour {
        /// Whose.
        address: IpAddr,
        /// The answer.
        mac: [u8; 6],
        /// Since the question, in nanoseconds.
        after: u64,
    },
    /// The first hop of an answer: what it is.
    Answered(String),
    /// The first hop of an error or a redirect: what it is.
    Reported(String),
}

/// An address, with a port where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The address.
    pub address: IpAddr,
    /// The port; 0 where there is none.
    pub port: u16,
}

/// A host, as far as a journey must know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: Arc<str>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
}

impl Path {
    /// Microseconds from the first hop to `time`, or from the first question when there is no hop;
    /// negative before it.
    pub fn since_start(&self, time: Timestamp) -> f64 {
        let hops = self.hops.iter().map(|hop| hop.time);
        let questions = self.questions.iter().map(|question| question.time);
        let start = hops.chain(questions).next().unwrap_or(time);
        // Nanoseconds since 1970 are more than an f64 can tell apart, their difference is not.
        match time.0.checked_sub(start.0) {
            Some(after) => after as f64 / 1e3,
            None => -((start.0 - time.0) as f64) / 1e3,
        }
    }

    /// The hops of one leg.
    pub fn leg(&self, leg: Leg) -> impl Iterator<Item = &Hop> {
        self.hops.iter().filter(move |hop| hop.leg == leg)
    }

    /// Whether the packet came to nothing: a question has no answer; anything else was not received,
    /// or somebody reported that it failed.
    pub fn is_dead(&self) -> bool {
        let asks = self.hops.first().is_some_and(|hop| match hop.packet.body {
            Body::Echo { reply, .. } => !reply,
            _ => hop.packet.is_syn(),
        });
        let failed = !self.delivered || self.leg(Leg::Error).next().is_some();
        if asks { !self.answered } else { failed }
    }

    /// What refused the packet, where that was made: a reset in answer to a SYN, or the destination's
    /// own error that nobody listens on a UDP port.
    pub fn refusal(&self) -> Option<&Hop> {
        let asks = self.hops.first()?.packet.is_syn();
        let refuses = |hop: &&Hop| match &hop.packet.body {
            Body::Tcp { flags, .. } => asks && flags & RST != 0,
            Body::Error(error) => {
                let own = hop.packet.src == error.about.dst;
                let datagram = matches!(error.about.body, Body::Udp { .. });
                own && datagram && error.is_port_unreachable()
            }
            _ => false,
        };
        let first = |leg| self.leg(leg).next().filter(refuses);
        let refusal = first(Leg::Answer).filter(|_| self.answered);
        refusal.or(first(Leg::Error)).filter(|_| self.delivered)
    }

    /// Whether the path has this sighting, as a hop or as a host's question.
    pub fn includes(&self, sighting: &Sighting) -> bool {
        let wanted = (&sighting.host, &sighting.device, sighting.direction);
        let at = |time| time == sighting.time;
        let mut hops = self.hops.iter();
        let mut questions = self.questions.iter();
        hops.any(|hop| at(hop.time) && (&hop.host, &hop.device, hop.direction) == wanted)
            || questions
                .any(|one| at(one.time) && (&one.host, &one.device, one.direction) == wanted)
    }

    /// Whether two packets took the same way: the same devices in the same order, with the same
    /// packet in them.
    pub fn is_same_way(&self, other: &Path) -> bool {
        let way = |hop: &Hop| (hop.leg, hop.direction, hop.outer.is_some(), hop.packet.ttl);
        self.hops.len() == other.hops.len()
            && (self.delivered, self.answered) == (other.delivered, other.answered)
            && self.hops.iter().zip(&other.hops).all(|(one, other)| {
                (&one.host, &one.device) == (&other.host, &other.device) && way(one) == way(other)
            })
    }
}

impl Hop {
    /// Whether two hops are on the same device of the same host.
    pub fn is_where(&self, other: &Hop) -> bool {
        (&self.host, &self.device) == (&other.host, &other.device)
    }

    /// Whether two hops are of the same piece, or of the whole.
    pub(super) fn is_same_piece(&self, other: &Hop) -> bool {
        (self.packet.piece, self.outer_piece) == (other.packet.piece, other.outer_piece)
    }
}
