//! How a packet is known again: on the next device, in the tunnel, rewritten by NAT, cut into
//! fragments, answered, or quoted in an ICMP error.
//!
//! Addresses, ports and the TTL change on the way; what nobody changes is what identifies it: an
//! echo's sequence number and data, TCP's sequence number, a datagram's data, the IP
//! identification that fragments share (RFC 791).

use super::ip_packet::{ACK, Body, Data, FIN, IpPacket, REDIRECT, RST, SYN};
use std::net::{IpAddr, SocketAddr};

/// Bytes of data that, when equal, identify a packet whose ports or identifier were rewritten.
const TELLING: usize = 8;

/// Ways that a packet can take; also what a hop is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// The packet itself.
    Request,
    /// What the destination sent back.
    Answer,
    /// An ICMP error about either.
    Error,
    /// An ICMP redirect about either: the packet goes on nevertheless.
    Redirect,
}

/// The UDP datagram that a packet travels in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outer {
    /// Who sent the datagram.
    pub src: SocketAddr,
    /// Whom it is for.
    pub dst: SocketAddr,
}

/// A packet that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// What it is to the journey.
    pub leg: Leg,
    /// The packet.
    pub packet: IpPacket,
    /// What it travels in.
    pub outer: Option<Outer>,
    /// Whether a fragment of the datagram around it was seen, and not of the packet.
    pub outer_piece: bool,
}

/// The packet that is looked for, before it has been seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seed {
    /// An echo request.
    Echo {
        /// Identifier.
        id: u16,
        /// Sequence number.
        seq: u16,
        /// The start of its data.
        data: Data,
    },
    /// A UDP datagram.
    Udp {
        /// Source port.
        sport: u16,
        /// Destination port.
        dport: u16,
        /// The start of its data.
        data: Data,
    },
    /// The start of a TCP connection; its sequence number is the kernel's choice.
    Tcp {
        /// Source port.
        sport: u16,
        /// Destination port.
        dport: u16,
    },
    /// This very packet.
    Packet(Box<IpPacket>),
}

impl Seed {
    /// The packet that is looked for, if it is this one, travels in it, or is quoted by it: an
    /// error can be the first that is seen of a packet that never left.
    pub fn find<'p>(&self, packet: &'p IpPacket) -> Option<&'p IpPacket> {
        if self.is(packet) {
            return Some(packet);
        }
        match &packet.body {
            Body::Error(error) => self.find(&error.about),
            _ => packet.inside().iter().find_map(|inside| self.find(inside)),
        }
    }

    /// Whether its sender does not send it again when it gets lost, as TCP does.
    pub fn is_sent_once(&self) -> bool {
        match self {
            Seed::Tcp { .. } => false,
            Seed::Packet(packet) => !matches!(packet.body, Body::Tcp { .. }),
            Seed::Echo { .. } | Seed::Udp { .. } => true,
        }
    }

    fn is(&self, packet: &IpPacket) -> bool {
        match (self, &packet.body) {
            (
                Seed::Echo { id, seq, data },
                Body::Echo {
                    reply: false,
                    id: its_id,
                    seq: its_seq,
                    data: its_data,
                },
            ) => (id, seq) == (its_id, its_seq) && data.common(its_data).is_some(),
            (
                Seed::Udp { sport, dport, data },
                Body::Udp {
                    sport: its_sport,
                    dport: its_dport,
                    data: its_data,
                    ..
                },
            ) => (sport, dport) == (its_sport, its_dport) && data.common(its_data).is_some(),
            (
                Seed::Tcp { sport, dport },
                Body::Tcp {
                    sport: its_sport,
                    dport: its_dport,
                    flags,
                    ..
                },
            ) => (sport, dport) == (its_sport, its_dport) && flags & (SYN | ACK) == SYN,
            (Seed::Packet(wanted), _) => is_same(wanted, packet, false),
            _ => false,
        }
    }
}

/// Everything that is known of the packet so far: how it has looked, and what came back.
#[derive(Debug, Clone)]
pub struct Identity {
    requests: Vec<IpPacket>,
    answers: Vec<IpPacket>,
    /// By which later fragments are known, of the packet or of what it travels in.
    cut: Vec<Cut>,
}

/// What all fragments of a packet have in common.
#[derive(Debug, Clone)]
struct Cut {
    src: IpAddr,
    dst: IpAddr,
    id: u32,
    protocol: u8,
    leg: Leg,
    /// Of a datagram around the packet, the packet.
    carries: Option<Match>,
}

impl Cut {
    fn of(packet: &IpPacket, leg: Leg, carries: Option<&Match>) -> Cut {
        Cut {
            src: packet.src,
            dst: packet.dst,
            id: packet.id,
            protocol: packet.protocol,
            leg,
            carries: carries.cloned(),
        }
    }
}

impl Identity {
    /// Of a packet that was seen.
    pub fn new(request: IpPacket) -> Identity {
        Identity {
            requests: vec![request],
            answers: Vec::new(),
            cut: Vec::new(),
        }
    }

    /// What `packet` is to the journey, if anything: it, or one that travels in it. What it looks
    /// like now is remembered, so packets are shown in the order in which they passed.
    pub fn recognise(&mut self, packet: &IpPacket) -> Option<Match> {
        let found = self.find(packet, None);
        if let Some(found) = &found {
            self.remember(packet, found);
        }
        found
    }

    fn find(&self, packet: &IpPacket, outer: Option<Outer>) -> Option<Match> {
        if let Some(leg) = self.leg(packet) {
            return Some(Match {
                leg,
                packet: packet.clone(),
                outer,
                outer_piece: false,
            });
        }
        if let Some(found) = self.later_piece(packet, outer) {
            return Some(found);
        }
        let (src, dst) = packet.endpoints();
        let outer = Some(Outer { src, dst });
        let mut inside = packet.inside().iter();
        inside.find_map(|inside| self.find(inside, outer))
    }

    fn leg(&self, packet: &IpPacket) -> Option<Leg> {
        if let Body::Error(error) = &packet.body {
            let redirect = !error.v6 && error.kind == REDIRECT;
            let leg = if redirect { Leg::Redirect } else { Leg::Error };
            return self.is_quoted(&error.about).then_some(leg);
        }
        if self.is_request(packet, false) {
            return Some(Leg::Request);
        }
        self.is_answer(packet, false).then_some(Leg::Answer)
    }

    /// Whether an error about `packet` is about ours: it is ours, or carries it.
    fn is_quoted(&self, packet: &IpPacket) -> bool {
        self.is_request(packet, true)
            || self.is_answer(packet, true)
            || packet.inside().iter().any(|inside| self.is_quoted(inside))
    }

    fn is_request(&self, packet: &IpPacket, quoted: bool) -> bool {
        let mut requests = self.requests.iter();
        requests.any(|request| is_same(request, packet, quoted))
    }

    fn is_answer(&self, packet: &IpPacket, quoted: bool) -> bool {
        // The first thing that answers is the answer; from then on it is known as itself.
        if self.answers.is_empty() {
            return self.requests.iter().any(|ours| answers(packet, ours));
        }
        let mut answers = self.answers.iter();
        answers.any(|answer| is_same(answer, packet, quoted))
    }

    /// What a fragment without a header of its own belongs to; `outer` is what it travels in.
    fn later_piece(&self, packet: &IpPacket, outer: Option<Outer>) -> Option<Match> {
        packet.piece.filter(|piece| piece.offset > 0)?;
        let of_same = |cut: &&Cut| {
            (cut.id, cut.protocol) == (packet.id, packet.protocol)
                && (cut.src == packet.src || cut.dst == packet.dst)
        };
        let cut = self.cut.iter().rev().find(of_same)?;
        Some(match &cut.carries {
            Some(carried) => Match {
                outer_piece: true,
                ..carried.clone()
            },
            None => Match {
                leg: cut.leg,
                packet: packet.clone(),
                outer,
                outer_piece: false,
            },
        })
    }

    fn remember(&mut self, packet: &IpPacket, found: &Match) {
        let later = |packet: &IpPacket| packet.piece.is_some_and(|piece| piece.offset > 0);
        if later(packet) || later(&found.packet) {
            return;
        }
        // What is whole now may be cut up on the next device.
        self.cut.push(Cut::of(&found.packet, found.leg, None));
        if found.outer.is_some() {
            self.cut.push(Cut::of(packet, found.leg, Some(found)));
        }
        let known = match found.leg {
            Leg::Request => &mut self.requests,
            Leg::Answer => &mut self.answers,
            Leg::Error | Leg::Redirect => return,
        };
        let look = |one: &IpPacket| (one.endpoints(), echo_id(one));
        if !known.iter().any(|one| look(one) == look(&found.packet)) {
            known.push(found.packet.clone());
        }
    }
}

fn echo_id(packet: &IpPacket) -> Option<u16> {
    match packet.body {
        Body::Echo { id, .. } => Some(id),
        _ => None,
    }
}

/// Whether two packets are the same one, before and after whatever happens on a way; a quoted one
/// may be cut off after eight bytes (RFC 792).
fn is_same(known: &IpPacket, packet: &IpPacket, quoted: bool) -> bool {
    let one_address = known.src == packet.src || known.dst == packet.dst;
    let cut = quoted || known.piece.is_some() || packet.piece.is_some();
    match (&known.body, &packet.body) {
        (
            Body::Echo {
                reply,
                id,
                seq,
                data,
            },
            Body::Echo {
                reply: its_reply,
                id: its_id,
                seq: its_seq,
                data: its_data,
            },
        ) => {
            let Some(common) = data.common(its_data) else {
                return false;
            };
            (reply, seq) == (its_reply, its_seq)
                && (id == its_id && one_address || common >= TELLING)
        }
        (
            Body::Udp {
                sport, dport, data, ..
            },
            Body::Udp {
                sport: its_sport,
                dport: its_dport,
                data: its_data,
                ..
            },
        ) => {
            let Some(common) = data.common(its_data) else {
                return false;
            };
            let (sports, dports) = (sport == its_sport, dport == its_dport);
            let told = common > 0 || known.id == packet.id;
            let all = cut || data.len == its_data.len;
            all && (sports && dports && one_address && told
                || (sports || dports) && common >= TELLING)
        }
        (
            Body::Tcp {
                sport,
                dport,
                seq,
                ack,
                flags,
                data,
            },
            Body::Tcp {
                sport: its_sport,
                dport: its_dport,
                seq: its_seq,
                ack: its_ack,
                flags: its_flags,
                data: its_data,
            },
        ) => {
            let one_port = sport == its_sport || dport == its_dport;
            // An acknowledgement has no number of its own; one sent again may acknowledge more.
            let marks = flags & (SYN | FIN | RST) == its_flags & (SYN | FIN | RST);
            let whole = data.len == its_data.len && marks && (data.len > 0 || ack == its_ack);
            seq == its_seq && one_port && (cut || whole)
        }
        (Body::Other(data), Body::Other(its_data)) => {
            let same = (known.id, known.protocol) == (packet.id, packet.protocol);
            same && known.piece == packet.piece && one_address && data.common(its_data).is_some()
        }
        _ => false,
    }
}

/// Whether `packet` answers `request`.
fn answers(packet: &IpPacket, request: &IpPacket) -> bool {
    let (src, dst) = packet.endpoints();
    let turned = (dst, src) == request.endpoints();
    match (&request.body, &packet.body) {
        (
            Body::Echo { id, seq, data, .. },
            Body::Echo {
                reply: true,
                id: its_id,
                seq: its_seq,
                data: its_data,
            },
        ) => {
            let common = data.common(its_data);
            seq == its_seq && common.is_some_and(|common| id == its_id || common >= TELLING)
        }
        (Body::Udp { .. }, Body::Udp { .. }) => turned,
        (
            Body::Tcp {
                seq, flags, data, ..
            },
            Body::Tcp {
                flags: its_flags,
                ack,
                ..
            },
        ) => {
            let marks = u32::from(flags & SYN != 0) + u32::from(flags & FIN != 0);
            let expected = seq.wrapping_add(data.len).wrapping_add(marks);
            // The first answer to a SYN is SYN too, or RST.
            let fits = flags & SYN == 0 || its_flags & (SYN | RST) != 0;
            turned && its_flags & ACK != 0 && *ack == expected && fits
        }
        _ => false,
    }
}
