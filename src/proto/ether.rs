//! Ethernet II: IEEE 802.3, the frame a TAP device carries.

use super::numbers::ETHER_TYPES;
use crate::model::{Computed, Field, Layer, LinkType, Packet, Protocol, Text, Under, Value};

pub(super) static PROTOCOLS: &[&Protocol] = &[&ETHER];

/// The shortest frame, its checksum left out.
pub(super) const LEAST: usize = 60;

/// Below this the type field is an 802.3 length.
const FIRST_TYPE: u16 = 1501;

/// Whose addresses start like this one: the number of its first 24 bits.
pub(super) fn oui(address: Value) -> Option<u64> {
    match address {
        Value::Mac([high, middle, low, ..]) => {
            Some(u32::from_be_bytes([0, high, middle, low]).into())
        }
        _ => None,
    }
}

static ETHER: Protocol = Protocol::new("Ether", "Ethernet")
    .aliases(&["eth"])
    .reference("IEEE 802.3")
    .about("Carries a packet over one link, from one hardware address to the next. A TAP device carries whole Ethernet frames; a TUN device does not know them.")
    .under(&[
        Under::link(LinkType::ETHERNET.0).accept(is_ethernet_ii),
        // A frame that a bridge passes on (RFC 2684 section 5.1).
        Under::field("SNAP", "code", 1).accept(is_ethernet_ii),
        Under::field("CookedLinux", "proto", 1).accept(is_ethernet_ii),
        Under::field("CookedLinuxV2", "proto", 1).accept(is_ethernet_ii),
    ])
    .header(14)
    .never_last()
    .least(LEAST)
    .fields(&[
        Field::mac("dst")
            .aliases(&["eth.addr"])
            .worked_out(&[("eth.dst.oui", oui), ("eth.addr.oui", oui)])
            .doc("The station on this link that shall take the frame; ff:ff:ff:ff:ff:ff is everybody (IEEE 802.3).")
            .says(says_address),
        Field::mac("src")
            .aliases(&["eth.addr"])
            .worked_out(&[("eth.src.oui", oui), ("eth.addr.oui", oui)])
            .doc("The station on this link that sent the frame; every router on the way puts its own here (IEEE 802.3).")
            .says(says_address),
        Field::hex("type", 16)
            .names(&ETHER_TYPES)
            .doc("What the frame carries: 0x800 IPv4, 0x806 ARP, 0x86dd IPv6 (IEEE 802 numbers)."),
    ])
    .computed(&[
        Computed::new(
            &["eth.dst.ig", "eth.ig"],
            "1 when dst is the address of a group or of everybody.",
            |packet, index| address_bit(packet, index, 0, 0),
        ),
        Computed::new(
            &["eth.src.ig", "eth.ig"],
            "1 when src is the address of a group, which no station has.",
            |packet, index| address_bit(packet, index, 6, 0),
        ),
        Computed::new(
            &["eth.dst.lg", "eth.lg"],
            "1 when dst was given by software, as a TAP device's is.",
            |packet, index| address_bit(packet, index, 0, 1),
        ),
        Computed::new(
            &["eth.src.lg", "eth.lg"],
            "1 when src was given by software, as a TAP device's is.",
            |packet, index| address_bit(packet, index, 6, 1),
        ),
    ])
    .endpoints(|layer| {
        (
            layer.get("src").unwrap_or(Value::Absent),
            layer.get("dst").unwrap_or(Value::Absent),
        )
    })
    .info(info)
    .cut(0, |_, _, _| true);

/// A bit of an address's first byte: 0 says that it is a group's, 1 that it was not the maker of the
/// hardware who gave it (IEEE 802 section 8.2).
fn address_bit(packet: &Packet, index: usize, address: usize, bit: usize) -> Option<u64> {
    let first = packet.layers[index].header().get(address)?;
    Some(u64::from(first >> bit & 1))
}

fn is_ethernet_ii(frame: &[u8]) -> bool {
    match frame.get(12..14) {
        Some(kind) => u16::from_be_bytes([kind[0], kind[1]]) >= FIRST_TYPE,
        None => true,
    }
}

fn says_address(_: &Layer, address: Value, text: &mut Text) {
    let Value::Mac(address) = address else { return };
    if address == [0xff; 6] {
        text.str("broadcast: every station on the link takes it");
    } else if address[0] & 1 == 1 {
        text.str("a multicast group: the lowest bit of the first byte is set");
    } else if address[0] & 2 == 2 {
        text.str("one station; locally made up (the second lowest bit of the first byte is set), as virtual devices have");
    } else {
        text.str("one station; the first three bytes name the maker of its card");
    }
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let layer = &packet.layers[index];
    let kind = layer.u16(12);
    match ETHER_TYPES.get(u64::from(kind)) {
        Some(name) => text.str(name),
        // Neither a length nor a type.
        None if kind < 1536 => text
            .str("Ethernet Unknown: Invalid length/type: ")
            .hex(kind.into(), 4)
            .str(" (")
            .dec(kind.into())
            .str(")"),
        None => text.hex(u64::from(kind), 4),
    };
}
