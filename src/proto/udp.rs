//! User Datagram Protocol: RFC 768.

use super::transport;
use crate::model::{Field, Packet, Protocol, Remarks, Text, Under};

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
    .check(check);

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let udp = &packet.layers[index];
    transport::ports(udp, text);
    text.str(" Len=")
        .dec(udp.u16(4).saturating_sub(HEADER).into());
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let udp = &packet.layers[index];
    let length = udp.u16(4);
    if length < HEADER {
        let header = HEADER;
        remarks.error("len", format_args!("{length} is shorter than the header's own {header} bytes"));
        return;
    }
    // The datagram itself may be longer than what was captured of it.
    let whole = usize::from(length) <= udp.bytes().len();
    if udp.u16(6) != 0 && whole {
        transport::check_sum(packet, index, 17, 6, "chksum", remarks);
    }
}
