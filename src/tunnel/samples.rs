//! Packets and frames for the tests of this folder.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An IPv4 packet with this many bytes of payload.
pub(super) fn v4(source: &str, destination: &str, payload: usize) -> Vec<u8> {
    let total = 20 + payload as u16;
    let mut packet = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0];
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet.extend(source.parse::<Ipv4Addr>().unwrap().octets());
    packet.extend(destination.parse::<Ipv4Addr>().unwrap().octets());
    packet.resize(usize::from(total), 0x55);
    packet
}

/// An IPv6 packet with this many bytes of payload.
pub(super) fn v6(source: &str, destination: &str, payload: u16) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 0, 58, 255];
    packet[4..6].copy_from_slice(&payload.to_be_bytes());
    packet.extend(source.parse::<Ipv6Addr>().unwrap().octets());
    packet.extend(destination.parse::<Ipv6Addr>().unwrap().octets());
    packet.resize(40 + usize::from(payload), 0x55);
    packet
}

/// A UDP datagram in an IPv4 packet.
pub(super) fn udp(source: &str, destination: &str, port: u16) -> Vec<u8> {
    let mut packet = v4(source, destination, 8);
    packet[9] = 17;
    packet[22..24].copy_from_slice(&port.to_be_bytes());
    packet
}

/// A frame of 60 bytes.
pub(super) fn frame(source: [u8; 6], destination: [u8; 6]) -> Vec<u8> {
    let mut frame = [destination, source].concat();
    frame.extend([0x08, 0x06]);
    frame.resize(60, 0);
    frame
}
