//! The cooked header's second version, LINKTYPE_LINUX_SLL2, which also tells the device.

use super::cooked::{self, filled};
use super::numbers::ETHER_TYPES;
use crate::model::{Field, Kind, Next, Protocol, Under, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[&SLL2];

/// Bytes of the header; scapy reads one without an address, too.
const WHOLE: usize = 20;

static SLL2: Protocol = Protocol::new("CookedLinuxV2", "cooked linux v2")
    .column("SLL")
    .reference("LINKTYPE_LINUX_SLL2")
    .about("Stands in front of a packet that was captured on all devices at once, and says on which: tcpdump -i any writes it.")
    .under(&[Under::link(276)])
    .carries("proto", "Ether", "type")
    .header_from(12, |_| WHOLE)
    .never_last()
    .fields(&[
        Field::hex("proto", 16)
            .aliases_where(cooked::PROTOCOL_NAMES)
            .names(&ETHER_TYPES)
            .doc(cooked::PROTOCOL_DOC),
        Field::uint("reserved", 16).doc("Kept for later, zero (LINKTYPE_LINUX_SLL2)."),
        Field::uint("ifindex", 32)
            .doc("Number of the device; `ip link` shows it before the name (packet(7), sll_ifindex)."),
        Field::hex("lladdrtype", 16)
            .aliases(&["sll.hatype"])
            .doc(cooked::LINK_DOC)
            .says(cooked::says_link),
        Field::uint("pkttype", 8)
            .names(&cooked::PACKET_TYPES)
            .doc(cooked::PACKET_TYPE_DOC)
            .says(cooked::says_packet_type),
        Field::uint("lladdrlen", 8)
            .aliases(&["sll.halen"])
            .doc(cooked::LENGTH_DOC),
        Field::of("src", Width::From(|_| 8), Kind::CustomBytes(filled))
            .macs(&[("sll.src.eth", |sll| u16::from(sll.u8(11)) == 6)])
            .doc(cooked::SOURCE_DOC),
    ])
    .next(|cooked| match cooked.header().len() {
        WHOLE => cooked::next(cooked.u16(0)),
        _ => Next::Raw,
    })
    .endpoints(|cooked| cooked::source(cooked, 11, 12))
    .info(|packet, index, text| {
        cooked::info(packet, index, 10, text);
        if packet.layers[index].header().len() < WHOLE {
            text.str(packet.ran_out(index));
        }
    });
