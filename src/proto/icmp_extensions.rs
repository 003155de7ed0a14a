//! What a router may add behind the packet that an ICMP error quotes: RFC 4884, RFC 5837.

use crate::model::{Field, Kind, Layer, Names, Protocol, Width};

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

fn padding(icmp: &Layer) -> Option<std::ops::Range<usize>> {
    Some(0..extensions(icmp)?.start)
}

fn extensions(icmp: &Layer) -> Option<std::ops::Range<usize>> {
    let trailer = icmp.trailer().len();
    let length = icmp.bytes().len().checked_sub(START)?;
    (trailer > 0).then(|| trailer - length..trailer)
}

/// A header, then objects, of which scapy reads the first; the rest of it is raw.
fn split(_: &Layer, index: usize, bytes: &[u8]) -> Option<(&'static Protocol, usize)> {
    match (index, bytes.len()) {
        (0, 4..) => Some((&HEADER, 4)),
        (1, 4..) if bytes[2] == 2 => Some((&INTERFACE, bytes.len())),
        (1, 4..) => Some((&OBJECT, 4)),
        _ => Some((super::raw(), bytes.len())),
    }
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
.header_rest(4)
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
