//! The four bytes before a packet of a BSD or macOS loopback device: LINKTYPE_NULL, in the order
//! of the machine that captured it, and LINKTYPE_LOOP, in network order.

use super::{ipv4, ipv6};
use crate::model::{Field, Names, Next, Packet, Protocol, Text, Under};

pub(super) static PROTOCOLS: &[&Protocol] = &[&NULL, &LOOP];

/// Address families. IPv6 has a number of its own in each system.
static FAMILIES: Names = Names(&[
    (2, "IPv4"),
    (7, "OSI"),
    (16, "Appletalk"),
    (23, "Netware IPX/SPX"),
    (24, "IPv6"),
    (28, "IPv6"),
    (30, "IPv6"),
]);

const DOC: &str = "Address family of the packet: 2 is IPv4; IPv6 is 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS (LINKTYPE_NULL).";

static NULL: Protocol = Protocol::new("Loopback", "Loopback")
    .column("NULL")
    .reference("LINKTYPE_NULL")
    .about("Stands in front of each packet of a loopback device where that is no Ethernet, as on BSD and macOS.")
    .under(&[Under::link(0)])
    .header(4)
    .fields(&[Field::little_endian("type", 32)
        .derived(&[("null.family", family)])
        .names(&FAMILIES)
        .doc(DOC)
        .says(|_, number, text| {
            if family(number.number()) != number.number() {
                text.str("family ").dec(family(number.number()));
                text.str(" of a machine that writes its highest byte first");
            }
        })])
    .next(|loopback| next(family(loopback.u32(0).swap_bytes().into()) as u32))
    .info(info)
    .bogus(is_unknown);

static LOOP: Protocol = Protocol::new("LoopbackOpenBSD", "OpenBSD Loopback")
    .column("NULL")
    .reference("LINKTYPE_LOOP")
    .about("Stands in front of each packet of OpenBSD's loopback device.")
    .under(&[Under::link(108)])
    .header(4)
    .fields(&[Field::uint("type", 32)
    .derived(&[("null.family", family)])
    .names(&FAMILIES).doc(DOC)])
    .next(|loopback| next(loopback.u32(0)))
    .info(info)
    .bogus(is_unknown);

/// The family in the order of the machine that captured it: such numbers are small.
fn family(number: u64) -> u64 {
    match number {
        0..0x1_0000 => number,
        other => (other as u32).swap_bytes().into(),
    }
}

/// No family at all, which scapy takes for IPv4.
const NO_FAMILY: u32 = 0;

/// IPv6 on Linux, whose loopback device has no such header; scapy reads it where it runs.
const LINUX_IPV6: u32 = 10;

/// Families that only scapy knows: `line` says that they are unknown, as tshark does.
fn is_unknown(packet: &Packet, index: usize) -> bool {
    let number = packet.layers[index].fields().next();
    let number = number.map_or(0, |present| family(present.value.number()));
    [NO_FAMILY, LINUX_IPV6].contains(&(number as u32))
}

fn next(family: u32) -> Next {
    match family {
        2 | NO_FAMILY => Next::Is(&ipv4::IP),
        24 | 28 | 30 | LINUX_IPV6 => Next::Is(&ipv6::IPV6),
        _ => Next::Raw,
    }
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let family = packet.layers[index].fields().next();
    let family = family.map_or(0, |present| present.value.number());
    match FAMILIES.get(family) {
        Some(name) => _ = text.str(name),
        None => _ = text.str("Unknown family ").dec(family),
    }
}
