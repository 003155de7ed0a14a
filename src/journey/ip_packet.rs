//! What a journey needs to know of an IP packet to recognise it on the next device: read off the
//! layers that the dissector found, never off the bytes.
//!
//! Packets nest: a UDP datagram of the tunnel carries packets, an ICMP error quotes one. Both are
//! `IpPacket`s inside an [`IpPacket`], however deep.

use arrayvec::ArrayVec;
use std::net::{IpAddr, SocketAddr};

/// An IP packet, as far as it tells it apart from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IpPacket {
    /// Who sent it, as it says itself.
    pub src: IpAddr,
    /// Whom it is for.
    pub dst: IpAddr,
    /// TTL (RFC 791) or hop limit (RFC 8200).
    pub ttl: u8,
    /// The number that its fragments share: IPv4's identification, IPv6's only in a fragment.
    pub id: u32,
    /// Length as its header has it, in bytes.
    pub len: u32,
    /// The IP protocol number of what it carries (IANA).
    pub protocol: u8,
    /// Which piece of a packet that was cut up it is; nothing for a whole one.
    pub piece: Option<Piece>,
    /// What it carries.
    pub body: Body,
}

/// A fragment's place in the packet it was cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Where its data belongs, in bytes.
    pub offset: u32,
    /// How much data it has, in bytes.
    pub len: u32,
    /// Whether more pieces follow.
    pub more: bool,
}

/// What an IP packet carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// An ICMP or ICMPv6 echo request or reply.
    Echo {
        /// Whether it is the answer.
        reply: bool,
        /// Identifier.
        id: u16,
        /// Sequence number.
        seq: u16,
        /// What the asker put in.
        data: Data,
    },
    /// An ICMP or ICMPv6 message about another packet.
    Error(Box<IcmpError>),
    /// A UDP datagram.
    Udp {
        /// Source port.
        sport: u16,
        /// Destination port.
        dport: u16,
        /// Payload.
        data: Data,
        /// The packets of the tunnel in it: several in a datagram that the kernel will still
        /// segment (UDP GSO).
        inside: Vec<IpPacket>,
    },
    /// A TCP segment.
    Tcp {
        /// Source port.
        sport: u16,
        /// Destination port.
        dport: u16,
        /// Sequence number of its first byte.
        seq: u32,
        /// The byte it expects next.
        ack: u32,
        /// The low eight flags, CWR to FIN (RFC 9293).
        flags: u8,
        /// Payload.
        data: Data,
    },
    /// A later fragment, which has no header above IP's; or a protocol not named here.
    Other(Data),
}

/// An ICMP error or redirect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IcmpError {
    /// Whether it is ICMPv6.
    pub v6: bool,
    /// Type.
    pub kind: u8,
    /// Code.
    pub code: u8,
    /// Of a redirect, the router to use (RFC 792).
    pub gateway: Option<IpAddr>,
    /// The packet it is about; mostly cut short.
    pub about: IpPacket,
}

/// The start of a payload, and how long all of it is: enough to know it again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Data {
    /// Its first bytes.
    pub start: ArrayVec<u8, 32>,
    /// All its bytes, as far as captured or quoted.
    pub len: u32,
}

/// ICMP's redirect (RFC 792).
pub(super) const REDIRECT: u8 = 5;

/// TCP's flags (RFC 9293 section 3.1).
pub(super) const FIN: u8 = 1;
pub(super) const SYN: u8 = 2;
pub(super) const RST: u8 = 4;
pub(super) const ACK: u8 = 16;

impl Data {
    /// The data that `bytes` are.
    pub fn of(bytes: &[u8]) -> Data {
        let start = bytes.iter().copied().take(32).collect();
        Data {
            start,
            len: bytes.len() as u32,
        }
    }

    /// How many of the first bytes are the same, if none differs; `None` if one does.
    pub(super) fn common(&self, other: &Data) -> Option<usize> {
        let common = self.start.len().min(other.start.len());
        (self.start[..common] == other.start[..common]).then_some(common)
    }
}

impl IpPacket {
    /// The packets that travel in this one through the tunnel.
    pub fn inside(&self) -> &[IpPacket] {
        match &self.body {
            Body::Udp { inside, .. } => inside,
            _ => &[],
        }
    }

    /// Its addresses with the ports, where it has some.
    pub fn endpoints(&self) -> (SocketAddr, SocketAddr) {
        let (sport, dport) = match self.body {
            Body::Udp { sport, dport, .. } | Body::Tcp { sport, dport, .. } => (sport, dport),
            _ => (0, 0),
        };
        (
            SocketAddr::new(self.src, sport),
            SocketAddr::new(self.dst, dport),
        )
    }

    /// Whether it asks for a TCP connection.
    pub fn is_syn(&self) -> bool {
        matches!(self.body, Body::Tcp { flags, .. } if flags & (SYN | ACK) == SYN)
    }
}

impl IcmpError {
    /// Whether nobody listens on a port (RFC 792, RFC 4443 section 3.1).
    pub fn is_port_unreachable(&self) -> bool {
        match self.v6 {
            false => (self.kind, self.code) == (3, 3),
            true => (self.kind, self.code) == (1, 4),
        }
    }
}
