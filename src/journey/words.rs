//! What a journey says: packets, and what changed, in words. The JSON has the same ones.

use super::identity::{Leg, Outer};
use super::ip_packet::{ACK, Body, FIN, IcmpError, IpPacket, RST, SYN};
use super::path::{Change, End, Hop, Question};
use crate::proto::ping_words;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

impl fmt::Display for Outer {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        write!(out, "UDP {} to {}", self.src, self.dst)
    }
}

impl fmt::Display for End {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self.port {
            0 => self.address.fmt(out),
            port => std::net::SocketAddr::new(self.address, port).fmt(out),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Change::Ttl { from, to } => write!(out, "TTL {from} to {to}"),
            Change::Wrapped(outer) => write!(out, "wrapped in {outer}"),
            Change::Unwrapped => out.write_str("unwrapped"),
            Change::OuterRewritten { from, to } if from.dst == to.dst => {
                write!(out, "outer source {} to {} (NAT)", from.src, to.src)
            }
            Change::OuterRewritten { from, to } if from.src == to.src => {
                write!(out, "outer destination {} to {} (NAT)", from.dst, to.dst)
            }
            Change::OuterRewritten { to, .. } => write!(out, "wrapped anew in {to}"),
            Change::Source { from, to } => write!(out, "source {from} to {to} (NAT)"),
            Change::Destination { from, to } => write!(out, "destination {from} to {to} (NAT)"),
            Change::EchoId { from, to } => write!(out, "identifier {from} to {to} (NAT)"),
            Change::Fragment { piece, outer } => {
                let whole = if *outer {
                    " of the datagram around it"
                } else {
                    ""
                };
                let last = if piece.more { "" } else { ", the last one" };
                let end = piece.offset + piece.len;
                write!(
                    out,
                    "fragmented: bytes {} to {end}{whole}{last}",
                    piece.offset
                )
            }
            Change::Reassembled => out.write_str("put together again"),
            Change::Bounced => out.write_str("bounced: leaves by the device it came in by"),
            Change::SentAgain { after } => {
                write!(out, "sent again after {}", duration(*after))
            }
            Change::Copy { number } => {
                write!(
                    out,
                    "duplicate: a second copy of the packet at hop {number}"
                )
            }
            Change::AnsweredTwice => out.write_str("answered once more, as the packet came twice"),
            Change::WaitedForNeighbour {
                address,
                mac,
                after,
            } => {
                let after = duration(*after);
                let asked = match address {
                    IpAddr::V4(_) => "ARP",
                    IpAddr::V6(_) => "neighbour discovery",
                };
                let mac = Mac(*mac);
                write!(out, "waited {after} for {asked}: {address} is at {mac}")
            }
            Change::Answered(what) => write!(out, "answered: {what}"),
            Change::Reported(what) => write!(out, "reported: {what}"),
        }
    }
}

/// What the packet at a hop is: `echo request`, `TCP SYN`, `ICMP error: Time to live exceeded`.
pub fn what(hop: &Hop) -> String {
    let what = packet(&hop.packet);
    match hop.leg {
        Leg::Request | Leg::Answer => what,
        Leg::Error => format!("ICMP error: {what}"),
        Leg::Redirect => format!("ICMP redirect: {what}"),
    }
}

/// What a packet is.
pub fn packet(packet: &IpPacket) -> String {
    match &packet.body {
        Body::Echo { reply: false, .. } => "echo request".to_owned(),
        Body::Echo { reply: true, .. } => "echo reply".to_owned(),
        Body::Error(error) => icmp_error(error),
        Body::Udp { sport, dport, .. } => format!("UDP {sport} to {dport}"),
        Body::Tcp {
            sport,
            dport,
            flags,
            data,
            ..
        } => {
            let named = [(SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (ACK, "ACK")];
            let set = named.iter().filter(|(flag, _)| flags & flag != 0);
            let names: Vec<&str> = set.map(|(_, name)| *name).collect();
            let data = match data.len {
                0 => String::new(),
                len => format!(", {len} bytes"),
            };
            format!("TCP {sport} to {dport} {}{data}", names.join("+"))
        }
        Body::Other(_) if packet.piece.is_some() => "a later fragment".to_owned(),
        Body::Other(_) => format!("IP protocol {}", packet.protocol),
    }
}

fn icmp_error(error: &IcmpError) -> String {
    match error.gateway {
        Some(gateway) => format!("use {gateway} for {}", error.about.dst),
        None => ping_words::error_words(error.v6, error.kind, error.code),
    }
}

impl fmt::Display for Question {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let arp = &self.arp;
        let protocol = arp.protocol();
        if arp.reply {
            write!(out, "{protocol} {} is at {}", arp.sender, Mac(arp.mac))
        } else {
            write!(
                out,
                "{protocol} who has {}? tell {}",
                arp.target, arp.sender
            )
        }
    }
}

/// A hardware address with its colons.
struct Mac([u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

/// `120 µs`, `3.06 s`.
fn duration(nanos: u64) -> String {
    let time = Duration::from_nanos(nanos);
    match time.as_secs_f64() {
        ..0.001 => format!("{} µs", time.as_micros()),
        ..1.0 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}
