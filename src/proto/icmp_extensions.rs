//! What a router may add behind the packet that an ICMP error quotes: RFC 4884, RFC 5837.

use crate::model::{Context, Field, Kind, Layer, Names, Protocol, Width};
use std::ops::Range;

pub(super) static PROTOCOLS: &[&Protocol] = &[&HEADER, &OBJECT, &INTERFACE];

/// RFC 4884 section 5.2: extensions start at this byte of the ICMP message; before the length
/// field existed nothing else told where, and scapy still reads it so.
const START: usize = 136;

/// A message shorter than this has none.
const SHORTEST: usize = 144;

/// Zeros between the quoted packet and the extensions.
pub(super) const EXTPAD: Field = Field::of("extpad", Width::Trailer(padding), Kind::Fill)
    .absent("b''")
    .doc("Zeros between the quoted packet and the extensions (RFC 4884).");

/// The extensions.
pub(super) const EXT: Field = Field::of("ext", Width::Trailer(extensions), Kind::Packets(split))
    .absent("None")
    .doc("Extensions: labels or interfaces of the router that reports (RFC 4884).");

/// Bytes behind the quoted packet, whose length field stands at byte `at` of it: 2 in IPv4;
/// in IPv6, at 4, it counts from the end of the 40 bytes of the header.
pub(super) fn length(icmp: &Layer, at: usize) -> usize {
    let message = icmp.bytes().len();
    if message < SHORTEST {
        return 0;
    }
    let announced = match icmp.payload().get(at..at + 2) {
        Some(bytes) => usize::from(u16::from_be_bytes([bytes[0], bytes[1]])),
        None => 0,
    };
    let quoted = announced + if at == 4 { 40 } else { 0 };
    let header = icmp.header().len();
    message - (header + quoted).clamp(header, START)
}

/// scapy moves the packet's last padding here, whichever that is: what follows the message on the
/// link, if anything does, and else the gap. A quoted message does the same once more.
fn padding(icmp: &Layer) -> Option<Range<usize>> {
    let gap = 0..extensions(icmp)?.start;
    let behind = icmp.tail - icmp.limit..icmp.packet.len() - icmp.limit;
    let moved = icmp.context == Context::Plain && !behind.is_empty();
    Some(if moved && (gap.is_empty() || !quotes_error(icmp)) { behind } else { gap })
}

/// Bytes of the gap that stay padding, because what follows the message was moved in their place.
pub(super) fn left_behind(icmp: &Layer) -> usize {
    match extensions(icmp) {
        Some(extensions) if !quotes_error(icmp) => extensions.start,
        _ => 0,
    }
}

/// Whether the quoted packet is a message that may have extensions, too.
fn quotes_error(icmp: &Layer) -> bool {
    let quoted = icmp.payload();
    match quoted.first().map(|first| first >> 4) {
        Some(6) => quoted.get(6) == Some(&58) && matches!(quoted.get(40), Some(1 | 3)),
        _ => quoted.get(9) == Some(&1),
    }
}

fn extensions(icmp: &Layer) -> Option<Range<usize>> {
    let trailer = icmp.trailer().len();
    let length = icmp.bytes().len().checked_sub(START)?;
    (trailer > 0).then(|| trailer - length..trailer)
}

/// A header, then objects, of which scapy reads the first; the rest of it is raw.
fn split(_: &Layer, index: usize, bytes: &[u8]) -> Option<(&'static Protocol, usize)> {
    match (index, bytes.len()) {
        (0, 4..) => Some((&HEADER, 4)),
        (1, 4..) if bytes[2] == 2 => match interface_length(bytes) {
            length if length <= bytes.len() => Some((&INTERFACE, length)),
            _ => Some((super::raw(), bytes.len())),
        },
        (1, 4..) => Some((&OBJECT, 4)),
        _ => Some((super::raw(), bytes.len())),
    }
}

/// Whether an object about an interface ends before what it announces, for `line`: tshark looks for
/// extensions at the same place, and reads an object's parts one after the other.
pub(super) fn are_short(message: &[u8]) -> bool {
    let Some([0x10..0x30, _, _, _, objects @ ..]) = message.get(START..) else {
        return false;
    };
    let mut objects = objects;
    while let [high, low, class, kind, data @ ..] = objects {
        if *class == 2 && interface_parts(*kind, data).is_none() {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        objects = match length {
            4.. => objects.get(length..).unwrap_or_default(),
            _ => return false,
        };
    }
    false
}

/// Fails where the parts that `kind` announces (RFC 5837 section 4.1) are not all there.
fn interface_parts(kind: u8, data: &[u8]) -> Option<()> {
    let mut data = data;
    if kind & 8 != 0 {
        data = data.get(4..)?;
    }
    if kind & 4 != 0
        && let [high, low, ..] = data
    {
        data = match (high, low) {
            (0, 1) => data.get(8..)?,
            (0, 2) => data.get(20..)?,
            _ => return None,
        };
    }
    if kind & 2 != 0 {
        let [length, _, ..] = data else { return None };
        data = data.get(usize::from(*length)..)?;
    }
    if kind & 1 != 0 {
        data.get(4..)?;
    }
    Some(())
}

static CLASSES: Names = Names(&[
    (1, "MPLS"),
    (2, "Interface Information"),
    (3, "Interface Identification"),
    (4, "Extended Information"),
]);

static HEADER: Protocol =
    Protocol::new("ICMPExtension_Header", "ICMP Extension Header (RFC4884)")
        .reference("RFC 4884")
        .about("Opens the extensions of an ICMP error.")
        .header(4)
        .fields(&[
            Field::uint("version", 4).doc("Always 2 (RFC 4884)."),
            Field::uint("reserved", 12).doc("Kept for later, zero (RFC 4884)."),
            Field::hex("chksum", 16).doc("Sum over the extensions (RFC 4884)."),
        ]);

const LEN: Field = Field::uint("len", 16).doc("Bytes of this object (RFC 4884).");
const CLASS: Field = Field::uint("classnum", 8)
    .names(&CLASSES)
    .doc("What the object is about (RFC 4884).");

static OBJECT: Protocol = Protocol::new("ICMPExtension_Object", "ICMP Extension Object")
    .reference("RFC 4884")
    .about("One statement of the router that reports.")
    .header(4)
    .fields(&[
        LEN,
        CLASS,
        Field::uint("classtype", 8).doc("Kind within the class (RFC 4884)."),
    ]);

static INTERFACE: Protocol = Protocol::new(
    "ICMPExtension_InterfaceInformation",
    "ICMP Extension Object - Interface Information Object (RFC5837)",
)
.reference("RFC 5837")
.about("The interface of the router at which the packet failed.")
.header_from(4, interface_length)
.fields(&[
    LEN,
    CLASS,
    Field::uint("classtype", 2).doc("Incoming, outgoing or next-hop interface (RFC 5837)."),
    Field::uint("reserved", 2).doc("Kept for later, zero (RFC 5837)."),
    Field::uint("has_ifindex", 1).doc("Whether the interface's number follows (RFC 5837)."),
    Field::uint("has_ipaddr", 1).doc("Whether its address follows (RFC 5837)."),
    Field::uint("has_ifname", 1).doc("Whether its name follows (RFC 5837)."),
    Field::uint("has_mtu", 1).doc("Whether its MTU follows (RFC 5837)."),
    Field::uint("ifindex", 32)
        .when(|object| has(object, 0x08))
        .doc("The interface's number in SNMP (RFC 5837)."),
    Field::uint("afi", 16)
        .when(|object| has(object, 0x04))
        .doc("Kind of address: 1 IPv4, 2 IPv6 (RFC 5837)."),
    Field::uint("reserved2", 16)
        .when(|object| has(object, 0x04))
        .doc("Kept for later, zero (RFC 5837)."),
    Field::ipv4("ip4")
        .when(|object| family(object) == 1)
        .doc("The interface's address (RFC 5837)."),
    Field::ipv6("ip6")
        .when(|object| family(object) == 2)
        .doc("The interface's address (RFC 5837)."),
    Field::uint("ifname_len", 8)
        .when(|object| has(object, 0x02))
        .doc("Bytes of the name (RFC 5837)."),
    Field::bytes("ifname", Width::From(|object| object.u8(name_at(object)).into()))
        .when(|object| has(object, 0x02))
        .doc("The interface's name (RFC 5837)."),
    Field::uint("mtu", 32)
        .when(|object| has(object, 0x01))
        .doc("The interface's MTU (RFC 5837)."),
]);

fn has(object: &Layer, bit: u8) -> bool {
    object.u8(3) & bit != 0
}

fn family(object: &Layer) -> u16 {
    let at = if has(object, 0x08) { 8 } else { 4 };
    if has(object, 0x04) { object.u16(at) } else { 0 }
}

/// Bytes of an interface object that its own bits announce, whatever its length field says: what
/// is behind them belongs to the next object. Of the name as much as there is.
fn interface_length(bytes: &[u8]) -> usize {
    let bits = bytes.get(3).copied().unwrap_or(0);
    let (index, address, name, mtu) = (bits & 8 != 0, bits & 4 != 0, bits & 2 != 0, bits & 1 != 0);
    let mut end = 4 + if index { 4 } else { 0 };
    if address {
        end += match bytes.get(end..end + 2) {
            Some([0, 1]) => 8,
            Some([0, 2]) => 20,
            _ => 4,
        };
    }
    if name {
        let length = bytes.get(end).copied().unwrap_or(0);
        end = (end + 1 + usize::from(length)).min(bytes.len().max(end + 1));
    }
    end + if mtu { 4 } else { 0 }
}

fn name_at(object: &Layer) -> usize {
    let index = if has(object, 0x08) { 4 } else { 0 };
    let address = match (has(object, 0x04), family(object)) {
        (false, _) => 0,
        (true, 1) => 8,
        (true, 2) => 20,
        (true, _) => 4,
    };
    4 + index + address
}
