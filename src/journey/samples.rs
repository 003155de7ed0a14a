//! Packets for tests.

use super::read::Reader;
use super::sighting::{Seen, Sighting};
use crate::capture::{Direction, Timestamp};
use crate::model::LinkType;

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;

/// An IPv4 packet from 10.0.0.1 to 10.0.0.2, its TTL 64 and its identification 7.
pub(super) fn ip(protocol: u8, payload: &[u8]) -> Vec<u8> {
    from_to("10.0.0.1", "10.0.0.2", 64, protocol, payload)
}

pub(super) fn from_to(src: &str, dst: &str, ttl: u8, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((20 + payload.len() as u16).to_be_bytes());
    packet.extend([0, 7, 0, 0, ttl, protocol, 0, 0]);
    for address in [src, dst] {
        packet.extend(address.parse::<std::net::Ipv4Addr>().unwrap().octets());
    }
    packet.extend(payload);
    packet
}

pub(super) fn udp(sport: u16, dport: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = [sport, dport, 8 + payload.len() as u16, 0]
        .map(u16::to_be_bytes)
        .concat();
    datagram.extend(payload);
    datagram
}

/// An ICMP echo: 8 asks, 0 answers.
pub(super) fn echo(kind: u8, seq: u16, data: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0, 0x12, 0x34];
    message.extend(seq.to_be_bytes());
    message.extend(data);
    message
}

pub(super) fn tcp(sport: u16, dport: u16, seq: u32, ack: u32, flags: u8) -> Vec<u8> {
    let mut segment = [sport, dport].map(u16::to_be_bytes).concat();
    segment.extend(seq.to_be_bytes());
    segment.extend(ack.to_be_bytes());
    segment.extend([0x50, flags, 0, 0, 0, 0, 0, 0]);
    segment
}

/// An ARP message in an Ethernet frame.
pub(super) fn arp(reply: bool, sender: &str, target: &str) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([
        2,
        0,
        0,
        0,
        0,
        1,
        8,
        6,
        0,
        1,
        8,
        0,
        6,
        4,
        0,
        1 + u8::from(reply),
    ]);
    frame.extend([2, 0, 0, 0, 0, 1]);
    frame.extend(sender.parse::<std::net::Ipv4Addr>().unwrap().octets());
    frame.extend([0; 6]);
    frame.extend(target.parse::<std::net::Ipv4Addr>().unwrap().octets());
    frame
}

/// What `place`, as `u.tun0 out`, saw at `time`, in nanoseconds.
pub(super) fn seen(time: u64, place: &str, link: LinkType, bytes: &[u8]) -> Seen {
    let (interface, way) = place.split_once(' ').unwrap();
    let (host, device) = interface.split_once('.').unwrap();
    let sighting = Sighting {
        host: host.into(),
        device: device.into(),
        direction: if way == "in" {
            Direction::In
        } else {
            Direction::Out
        },
        time: Timestamp(time),
        link,
        bytes: bytes.to_vec(),
        wire_len: bytes.len() as u32,
        partial: false,
    };
    sighting.read(&Reader::new(None))
}
