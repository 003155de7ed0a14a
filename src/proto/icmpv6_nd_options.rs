//! Options of Neighbour Discovery: RFC 4861 section 4.6, RFC 4191, RFC 8106, RFC 5175.

use super::icmpv6_nd::PREFERENCES;
use crate::model::{Field, Kind, Layer, Next, Protocol, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &SOURCE_ADDRESS,
    &TARGET_ADDRESS,
    &PREFIX,
    &REDIRECTED,
    &MTU,
    &ROUTE,
    &DNS_SERVERS,
    &FLAGS,
    &UNKNOWN,
];

/// The option that follows a message or another option.
pub(super) fn next(layer: &Layer) -> Next {
    let bytes = layer.payload();
    if bytes.len() < 2 {
        return Next::Raw;
    }
    Next::Is(match bytes[0] {
        1 => &SOURCE_ADDRESS,
        2 => &TARGET_ADDRESS,
        3 => &PREFIX,
        4 => &REDIRECTED,
        5 => &MTU,
        24 => &ROUTE,
        25 => &DNS_SERVERS,
        26 => &FLAGS,
        _ => &UNKNOWN,
    })
}

const TYPE: Field = Field::uint("type", 8).doc("Which option it is (RFC 4861).");
const LEN: Field =
    Field::uint("len", 8).doc("Length of the whole option in units of 8 bytes (RFC 4861).");

const fn option(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .column("ICMPv6")
        .reference("RFC 4861")
        .next(next)
        .opaque()
}

/// The length that an option gives itself, in bytes.
fn announced(bytes: &[u8]) -> usize {
    8 * usize::from(*bytes.get(1).unwrap_or(&0)).max(1)
}

const LINK_ADDRESS: &[Field] = &[
    TYPE,
    LEN,
    Field::mac("lladdr").doc("The hardware address (RFC 4861)."),
];

static SOURCE_ADDRESS: Protocol = option(
    "ICMPv6NDOptSrcLLAddr",
    "ICMPv6 Neighbor Discovery Option - Source Link-Layer Address",
)
.about("The hardware address of who sends the message.")
.header(8)
.fields(LINK_ADDRESS);

static TARGET_ADDRESS: Protocol = option(
    "ICMPv6NDOptDstLLAddr",
    "ICMPv6 Neighbor Discovery Option - Destination Link-Layer Address",
)
.about("The hardware address that was asked for.")
.header(8)
.fields(LINK_ADDRESS);

static PREFIX: Protocol = option(
    "ICMPv6NDOptPrefixInfo",
    "ICMPv6 Neighbor Discovery Option - Prefix Information",
)
.about("A prefix of this link, from which hosts may make addresses.")
.header(32)
.fields(&[
    TYPE,
    LEN,
    Field::uint("prefixlen", 8).doc("Bits of the prefix that count (RFC 4861)."),
    Field::uint("L", 1).doc("On-link: such addresses are reached directly (RFC 4861)."),
    Field::uint("A", 1).doc("Autonomous: hosts may make themselves an address of it (RFC 4862)."),
    Field::uint("R", 1).doc("The prefix is a whole address of the router (RFC 6275)."),
    Field::uint("res1", 5).doc("Kept for later, zero (RFC 4861)."),
    Field::hex("validlifetime", 32).doc("Seconds that addresses of it stay valid (RFC 4861)."),
    Field::hex("preferredlifetime", 32)
        .doc("Seconds that addresses of it stay preferred (RFC 4861)."),
    Field::hex("res2", 32).doc("Kept for later, zero (RFC 4861)."),
    Field::ipv6("prefix").doc("The prefix (RFC 4861)."),
]);

static REDIRECTED: Protocol = option(
    "ICMPv6NDOptRedirectedHdr",
    "ICMPv6 Neighbor Discovery Option - Redirected Header",
)
.about("The start of the packet that caused the redirect.")
.header_from(8, announced)
.fields(&[
    TYPE,
    LEN,
    Field::bytes("res", Width::Bytes(6)).doc("Kept for later, zero (RFC 4861)."),
    Field::bytes("pkt", Width::Rest).doc("The packet (RFC 4861)."),
]);

static MTU: Protocol = option("ICMPv6NDOptMTU", "ICMPv6 Neighbor Discovery Option - MTU")
    .about("The MTU that all on this link shall use.")
    .header(8)
    .fields(&[
        TYPE,
        LEN,
        Field::hex("res", 16).doc("Kept for later, zero (RFC 4861)."),
        Field::uint("mtu", 32).doc("Largest packet in bytes (RFC 4861)."),
    ]);

static ROUTE: Protocol = option(
    "ICMPv6NDOptRouteInfo",
    "ICMPv6 Neighbor Discovery Option - Route Information Option",
)
.reference("RFC 4191")
.about("A network that this router leads to.")
.header_from(8, announced)
.fields(&[
    TYPE,
    LEN,
    Field::uint("plen", 8).doc("Bits of the prefix that count (RFC 4191)."),
    Field::uint("res1", 3).doc("Kept for later, zero (RFC 4191)."),
    Field::uint("prf", 2)
        .names(&PREFERENCES)
        .doc("How much this route wants to be preferred (RFC 4191)."),
    Field::uint("res2", 3).doc("Kept for later, zero (RFC 4191)."),
    Field::uint("rtlifetime", 32).doc("Seconds that the route stays valid (RFC 4191)."),
    Field::of("prefix", Width::Rest, Kind::Ipv6Prefix)
        .doc("The network; zeros at its end may be left out (RFC 4191)."),
]);

static DNS_SERVERS: Protocol = option(
    "ICMPv6NDOptRDNSS",
    "ICMPv6 Neighbor Discovery Option - Recursive DNS Server Option",
)
.reference("RFC 8106")
.about("DNS servers that hosts may ask.")
.header_from(8, announced)
.fields(&[
    TYPE,
    LEN,
    Field::uint("res", 16).doc("Kept for later, zero (RFC 8106)."),
    Field::uint("lifetime", 32).doc("Seconds that they may be used (RFC 8106)."),
    Field::of("dns", Width::Rest, Kind::Ipv6List).doc("The servers (RFC 8106)."),
]);

static FLAGS: Protocol = option(
    "ICMPv6NDOptEFA",
    "ICMPv6 Neighbor Discovery Option - Expanded Flags Option",
)
.reference("RFC 5175")
.about("Room for further flags of a router advertisement.")
.header(8)
.fields(&[
    TYPE,
    LEN,
    Field::uint("res", 48).doc("The flags; none is defined (RFC 5175)."),
]);

static UNKNOWN: Protocol = option(
    "ICMPv6NDOptUnknown",
    "ICMPv6 Neighbor Discovery Option - Scapy Unimplemented",
)
.about("An option that tunlab does not know; hosts skip such options.")
.header_from(2, announced)
.fields(&[
    TYPE,
    LEN,
    Field::bytes("data", Width::Rest).doc("The option's data."),
]);
