//! User Datagram Protocol: RFC 768.

use super::transport;
use super::verdict;
use crate::model::{Computed, Field, Layer, Packet, Protocol, Remarks, Text, Under};

pub(super) static PROTOCOLS: &[&Protocol] = &[&UDP];

const HEADER: u16 = 8;

static UDP: Protocol = Protocol::new("UDP", "UDP")
    .quoted("UDP in ICMP", transport::QUOTED_OVER)
    .reference("RFC 768")
    .about("Carries one message from port to port, without connection, order or repair. The course's tunnel puts each packet into one UDP datagram.")
    .under(&[
        Under::field("IP", "proto", 17),
        Under::field("IPv6", "nh", 17),
    ])
    .header(HEADER as usize)
    .computed(&[
        Computed::new(&["udp.checksum.status"], "Whether chksum is right; bad, too, where a network card is still to compute it.", |packet, index| Some(status(packet, index)))
            .values(&verdict::STATUS),
    ])
    .fields(&[
        Field::uint("sport", 16)
            .aliases(&["udp.srcport", "udp.port"])
            .doc("Port of the sender: where an answer goes (RFC 768).")
            .says(transport::says_port),
        Field::uint("dport", 16)
            .aliases(&["udp.dstport", "udp.port"])
            .doc("Port of the receiver: which program gets the data (RFC 768).")
            .says(transport::says_port),
        Field::uint("len", 16)
            .aliases(&["udp.length"])
            .doc("Bytes of header and data, so at least 8 (RFC 768)."),
        Field::hex("chksum", 16)
            .aliases(&["udp.checksum"])
            .doc("Sum over addresses, header and data (RFC 768).")
            .says(|_, sum, text| {
                if sum.number() == 0 {
                    text.str("zero: the sender computed none, which IPv4 allows");
                }
            }),
    ])
    .payload(|udp| {
        let length = udp.u16(4);
        Some(match length.checked_sub(HEADER) {
            Some(data) => data.into(),
            // As scapy: a length that is too short counts from the end.
            None => udp.payload().len().saturating_sub((HEADER - length).into()),
        })
    })
    .info(info)
    .bogus(|packet, index| matches!(packet.layers[index].u16(4), 1..HEADER))
    .cut(4, cut)
    .check(check);

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let udp = &packet.layers[index];
    // What a lower header leaves to this one, which may have asked for more.
    let room = packet.wire_end(index - 1).saturating_sub(udp.end);
    let version6 = packet.network_below(index).is_some_and(|ip| ip.u8(0) >> 4 == 6);
    transport::ports(udp, text);
    let Some(announced) = announced(udp, version6) else {
        text.str(" [BAD UDP LENGTH ").dec(udp.u16(4).into()).str(" < 8]");
        return;
    };
    let length = announced.unwrap_or(room);
    if length > room && !packet.is_piece(index) {
        text.str(" [BAD UDP LENGTH ").dec(udp.u16(4).into());
        text.str(" > IP PAYLOAD LENGTH]");
    }
    text.str(" Len=").dec(length as u64);
    if announced.is_none() {
        text.str(" [Jumbogram]");
    }
    if udp.u16(6) == 0 && version6 {
        text.str(" [ILLEGAL CHECKSUM (0)]");
    }
    if length > 0 && udp.payload().is_empty() || transport::is_unguessable(packet, index, 4) {
        text.str(packet.ran_out(index));
    }
}

/// The payload's length as the header has it: inside for a jumbogram of IPv6, which leaves it out
/// (RFC 2675); outside when it is too short for the header alone.
fn announced(udp: &Layer, version6: bool) -> Option<Option<usize>> {
    match udp.u16(4) {
        0 if version6 => Some(None),
        length => Some(Some(length.checked_sub(HEADER)?.into())),
    }
}

/// What is said of a header that is cut off.
fn cut(packet: &Packet, index: usize, text: &mut Text) -> bool {
    let udp = &packet.layers[index];
    transport::ports(udp, text);
    if udp.header().len() < 6 {
        return true;
    }
    let length = udp.u16(4);
    if usize::from(length) > packet.wire_end(index) - udp.start {
        text.str(" [BAD UDP LENGTH ").dec(length.into());
        text.str(" > IP PAYLOAD LENGTH]");
    }
    text.str(" Len=").dec(length.saturating_sub(HEADER).into());
    true
}

/// Whether it is not longer than what was captured of it.
fn is_whole(udp: &Layer) -> bool {
    usize::from(udp.u16(4)) <= udp.bytes().len()
}

/// How its checksum stands, as a filter asks.
fn status(packet: &Packet, index: usize) -> u64 {
    const NOT_PRESENT: u64 = 3;
    const ILLEGAL: u64 = 4;
    let udp = &packet.layers[index];
    let over_ipv6 = packet.network_below(index).is_some_and(|ip| ip.u8(0) >> 4 == 6);
    match udp.u16(6) {
        0 if over_ipv6 => ILLEGAL,
        0 => NOT_PRESENT,
        _ => {
            let whole = udp.u16(4) >= HEADER && is_whole(udp);
            let sum = || transport::sum(packet, index, 17, 6);
            verdict::status(whole.then(sum).flatten())
        }
    }
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let udp = &packet.layers[index];
    let length = udp.u16(4);
    if length < HEADER {
        let header = HEADER;
        remarks.error("len", format_args!("{length} is shorter than the header's own {header} bytes"));
        return;
    }
    if udp.u16(6) != 0 && is_whole(udp) {
        let sum = transport::sum(packet, index, 17, 6);
        transport::check_sum(udp, sum, 6, "chksum", remarks);
    }
}
