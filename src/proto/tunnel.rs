//! What the course's tunnel puts into a UDP datagram: one bare IP packet, or with a TAP device one
//! Ethernet frame, and no header of its own.

use crate::model::{Layer, LinkType, Next, Packet, Protocol, Text, Under, bits};

pub(super) static PROTOCOLS: &[&Protocol] = &[&TUNNEL];

static TUNNEL: Protocol = Protocol::new("Tunnel", "Tunnel")
    .column("UDP")
    .reference("the course")
    .about("The course's tunnel: one packet in one UDP datagram, neither encrypted nor authenticated. There is no header: the packet inside starts at once.")
    .under(&[
        Under::field("UDP", "dport", 9090).accept(is_packet),
        Under::field("UDP", "sport", 9090).accept(is_packet),
    ])
    .header(0)
    .next(|tunnel| Next::Tunnelled(inside(tunnel.payload()).unwrap_or(LinkType::RAW)))
    .info(info);

/// Other programs use the port, too: only what fits the datagram to the byte is a packet.
fn is_packet(bytes: &[u8]) -> bool {
    inside(bytes).is_some()
}

/// What the datagram carries. A packet that claims more than there is was cut by the capture.
fn inside(bytes: &[u8]) -> Option<LinkType> {
    const ETHER: usize = 14;
    if is_ip(bytes) {
        return Some(LinkType::RAW);
    }
    let carried = bytes.get(ETHER..)?;
    let frame = match bits::u16_at(bytes, 12) {
        0x0800 | 0x86dd => is_ip_start(carried),
        // ARP between Ethernet and IPv4 addresses (RFC 826).
        0x0806 => carried.get(..6) == Some(&[0, 1, 8, 0, 6, 4]),
        _ => false,
    };
    frame.then_some(LinkType::ETHERNET)
}

fn is_ip(bytes: &[u8]) -> bool {
    // RFC 791 and RFC 8200: the second length leaves out the 40 bytes of the header.
    let claimed = match bits::byte(bytes, 0) >> 4 {
        4 => usize::from(bits::u16_at(bytes, 2)),
        6 => usize::from(bits::u16_at(bytes, 4)) + 40,
        _ => return false,
    };
    is_ip_start(bytes) && claimed >= bytes.len()
}

/// Whether a version and a possible length of the header come first; frames may be padded.
fn is_ip_start(bytes: &[u8]) -> bool {
    match bits::byte(bytes, 0) {
        first @ 0x45..=0x4f => bytes.len() >= 4 * usize::from(first & 0xf),
        0x60..=0x6f => bytes.len() >= 40,
        _ => false,
    }
}

/// The datagram's own line; that of the packet inside follows it.
fn info(packet: &Packet, index: usize, text: &mut Text) {
    let Some(below) = index.checked_sub(1) else {
        return;
    };
    let udp: &Layer = &packet.layers[below];
    (udp.protocol.info)(packet, below, text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Dissector, dissect};

    const SOME: &[u8] = include_bytes!("../../fixtures/tunnel/capture.pcap");

    /// The fixture's first packet, sent to another port.
    fn to_port(port: u16) -> Vec<u8> {
        let mut frame = SOME[40..40 + 94].to_vec();
        frame[36..38].copy_from_slice(&port.to_be_bytes());
        frame
    }

    fn names(packet: &Packet) -> Vec<&'static str> {
        let layers = packet.layers.iter();
        layers.map(|layer| layer.protocol.name).collect()
    }

    #[test]
    fn another_port_is_the_tunnels_only_when_told_so() {
        let frame = to_port(9091);
        let plain = dissect(LinkType::ETHERNET, &frame);
        assert_eq!(names(&plain), ["Ether", "IP", "UDP", "Raw"]);
        let dissector = Dissector::default().tunnel_port(9091);
        let told = dissector.dissect(LinkType::ETHERNET, &frame);
        let inside = ["Ether", "IP", "UDP", "Tunnel", "IP", "ICMP", "Raw"];
        assert_eq!(names(&told), inside);
        assert_eq!(names(&dissector.dissect(LinkType::ETHERNET, &to_port(9090))), inside);
    }

    #[test]
    fn a_datagram_longer_than_its_packet_is_no_tunnel() {
        assert!(is_packet(&[0x45, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        assert!(!is_packet(&[0x45, 0, 0, 19, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        assert!(!is_packet(b"EHLO example.org\r\n"));
        assert!(!is_packet(&[]));
    }
}
