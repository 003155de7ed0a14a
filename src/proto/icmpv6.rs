//! Internet Control Message Protocol for IPv6: RFC 4443. Errors and echo; multicast listeners
//! and neighbour discovery have files of their own.

use super::verdict::{self, Sum};
use super::{icmp_extensions, icmpv6_words, transport};
use crate::model::{Computed, End, Field, Names, Next, Packet, Protocol, Remarks, Text, Under, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &UNREACHABLE,
    &TOO_BIG,
    &TIME_EXCEEDED,
    &PARAMETER_PROBLEM,
    &ECHO_REQUEST,
    &ECHO_REPLY,
];

/// Message types: IANA ICMPv6 parameters.
static TYPES: Names = Names(&[
    (1, "Destination unreachable"),
    (2, "Packet too big"),
    (3, "Time exceeded"),
    (4, "Parameter problem"),
    (100, "Private Experimentation"),
    (101, "Private Experimentation"),
    (128, "Echo Request"),
    (129, "Echo Reply"),
    (130, "MLD Query"),
    (131, "MLD Report"),
    (132, "MLD Done"),
    (133, "Router Solicitation"),
    (134, "Router Advertisement"),
    (135, "Neighbor Solicitation"),
    (136, "Neighbor Advertisement"),
    (137, "Redirect Message"),
    (138, "Router Renumbering"),
    (139, "ICMP Node Information Query"),
    (140, "ICMP Node Information Response"),
    (141, "Inverse Neighbor Discovery Solicitation Message"),
    (142, "Inverse Neighbor Discovery Advertisement Message"),
    (143, "MLD Report Version 2"),
    (144, "Home Agent Address Discovery Request Message"),
    (145, "Home Agent Address Discovery Reply Message"),
    (146, "Mobile Prefix Solicitation"),
    (147, "Mobile Prefix Advertisement"),
    (148, "Certification Path Solicitation"),
    (149, "Certification Path Advertisement"),
    (151, "Multicast Router Advertisement"),
    (152, "Multicast Router Solicitation"),
    (153, "Multicast Router Termination"),
    (155, "RPL Control Message"),
    (200, "Private Experimentation"),
    (201, "Private Experimentation"),
]);

/// The fields that every message starts with.
pub(super) const TYPE: Field = Field::uint("type", 8)
    .names(&TYPES)
    .doc("Kind of message: below 128 an error, from 128 on a question or announcement (RFC 4443).");
pub(super) const CODE: Field =
    Field::uint("code", 8).doc("The reason, within the kind (RFC 4443).");
/// The protocol's number, which is part of what is summed.
const NUMBER: u8 = 58;
/// Where every message has its checksum.
const CKSUM_AT: usize = 2;

pub(super) const CKSUM: Field = Field::hex("cksum", 16)
    .aliases(&["icmpv6.checksum"])
    .doc("Sum over addresses and message; unlike ICMP's it covers the addresses (RFC 4443).");

/// A message of the given name; its file adds place and fields.
pub(super) const fn message(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .column("ICMPv6")
        .reference("RFC 4443")
        .info(icmpv6_words::info)
        .computed(&[CHECKSUM])
        .check(check)
}

pub(super) const CHECKSUM: Computed = Computed::new(
    &["icmpv6.checksum.status"],
    "Whether cksum is right.",
    |packet, index| Some(verdict::status(sum(packet, index))),
)
.values(&verdict::STATUS);

/// Rides on IPv6 with type `TYPE` and at least `MIN` bytes.
pub(super) const fn on_ipv6<const TYPE: u8, const MIN: usize>() -> Under {
    Under::field("IPv6", "nh", 58)
        .accept(|bytes| bytes.first() == Some(&TYPE) && bytes.len() >= MIN)
}

/// Remarks on a wrong checksum: every message has it at byte 2.
pub(super) fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let message = &packet.layers[index];
    transport::check_sum(message, sum(packet, index), CKSUM_AT, "cksum", remarks);
}

/// How the message's checksum stands. It is over all that IPv6 carries, be it more than the message
/// has a use for.
fn sum(packet: &Packet, index: usize) -> Option<Sum> {
    let below = packet.below(index)?;
    let bytes = packet.bytes.get(below.end..below.limit)?;
    transport::sum_over(bytes, packet, index, NUMBER, CKSUM_AT)
}

static UNREACHABLE_CODES: Names = Names(&[
    (0, "No route to destination"),
    (
        1,
        "Communication with destination administratively prohibited",
    ),
    (2, "Beyond scope of source address"),
    (3, "Address unreachable"),
    (4, "Port unreachable"),
]);

const LENGTH: Field = Field::uint("length", 8)
    .doc("Words of 8 bytes of the quoted packet, when extensions follow it (RFC 4884).");
const UNUSED: Field = Field::uint("unused", 24).doc("Unused, zero (RFC 4443).");

static UNREACHABLE: Protocol = message("ICMPv6DestUnreach", "ICMPv6 Destination Unreachable")
    .about("A packet could not be delivered; its start is quoted.")
    .under(&[on_ipv6::<1, 8>()])
    .header(8)
    .fields(&[
        TYPE,
        CODE.names(&UNREACHABLE_CODES),
        CKSUM,
        LENGTH,
        Field::hex("unused", 24).doc(UNUSED.doc),
        icmp_extensions::EXTPAD,
        icmp_extensions::EXT,
    ])
    .next(|_| Next::Quoted(&super::ipv6::IPV6))
    .trailer(|icmp| icmp_extensions::length(icmp, 4))
    .leaves(icmp_extensions::left_behind)
    .info(error);

static TOO_BIG: Protocol = message("ICMPv6PacketTooBig", "ICMPv6 Packet Too Big")
    .about("A packet does not fit the next link, and IPv6 routers do not cut packets.")
    .under(&[on_ipv6::<2, 8>()])
    .header(8)
    .fields(&[
        TYPE,
        CODE,
        CKSUM,
        Field::uint("mtu", 32).doc("Largest packet that fits; the sender adapts (RFC 8201)."),
    ])
    .next(|_| Next::Quoted(&super::ipv6::IPV6))
    .info(error);

static TIME_EXCEEDED_CODES: Names = Names(&[
    (0, "hop limit exceeded in transit"),
    (1, "fragment reassembly time exceeded"),
]);

static TIME_EXCEEDED: Protocol = message("ICMPv6TimeExceeded", "ICMPv6 Time Exceeded")
    .about("The hop limit ran out on the way; traceroute lives on it.")
    .under(&[on_ipv6::<3, 8>()])
    .header(8)
    .fields(&[
        TYPE,
        CODE.names(&TIME_EXCEEDED_CODES),
        CKSUM,
        LENGTH,
        Field::hex("unused", 24).doc(UNUSED.doc),
        icmp_extensions::EXTPAD,
        icmp_extensions::EXT,
    ])
    .next(|_| Next::Quoted(&super::ipv6::IPV6))
    .trailer(|icmp| icmp_extensions::length(icmp, 4))
    .leaves(icmp_extensions::left_behind)
    .info(error);

static PARAMETER_CODES: Names = Names(&[
    (0, "erroneous header field encountered"),
    (1, "unrecognized Next Header type encountered"),
    (2, "unrecognized IPv6 option encountered"),
    (3, "first fragment has incomplete header chain"),
]);

static PARAMETER_PROBLEM: Protocol = message("ICMPv6ParamProblem", "ICMPv6 Parameter Problem")
    .about("A header makes no sense to somebody on the way.")
    .under(&[on_ipv6::<4, 8>()])
    .header(8)
    .fields(&[
        TYPE,
        CODE.names(&PARAMETER_CODES),
        CKSUM,
        Field::uint("ptr", 32)
            .aliases(&["icmpv6.pointer"])
            .doc("Byte of the quoted packet where the trouble is (RFC 4443)."),
    ])
    .next(|_| Next::Quoted(&super::ipv6::IPV6))
    .info(error);

fn error(packet: &Packet, index: usize, text: &mut Text) {
    icmpv6_words::reason(packet, index, text);
    let icmp = &packet.layers[index];
    let quote_cut = packet.is_captured_short(index) && matches!(packet.end, End::Truncated { .. });
    // Where extensions may follow, the quoted packet has a length (RFC 4884).
    let quoted = match icmp.u8(0) {
        1 | 3 => 8 * usize::from(icmp.u8(4)),
        _ => 0,
    };
    let there = icmp.bytes().len() - icmp.header().len();
    if there < quoted.max(1) || quote_cut {
        text.str(packet.ran_out(index));
    }
}

const ECHO: &[Field] = &[
    TYPE,
    CODE,
    CKSUM,
    Field::hex("id", 16)
        .aliases(&["icmpv6.echo.identifier"])
        .doc("Tells one ping program from another (RFC 4443)."),
    Field::hex("seq", 16)
        .aliases(&["icmpv6.echo.sequence_number"])
        .doc("Number of this question; the answer repeats it (RFC 4443)."),
    Field::bytes("data", Width::Rest).doc("Comes back unchanged in the answer (RFC 4443)."),
];

static ECHO_REQUEST: Protocol = message("ICMPv6EchoRequest", "ICMPv6 Echo Request")
    .about("ping's question.")
    .under(&[on_ipv6::<128, 8>()])
    .header_rest(8)
    .fields(ECHO)
    .info(|packet, index, text| echo("Echo (ping) request id=", packet, index, text));

static ECHO_REPLY: Protocol = message("ICMPv6EchoReply", "ICMPv6 Echo Reply")
    .about("The answer that ping waits for.")
    .under(&[on_ipv6::<129, 8>()])
    .header_rest(8)
    .fields(ECHO)
    .info(|packet, index, text| echo("Echo (ping) reply id=", packet, index, text));

fn echo(start: &str, packet: &Packet, index: usize, text: &mut Text) {
    let icmp = &packet.layers[index];
    text.str(start).hex(icmp.u16(4).into(), 4);
    text.str(", seq=").dec(icmp.u16(6).into());
    if let Some(ip) = packet.network_below(index) {
        text.str(", hop limit=").dec(ip.u8(7).into());
    }
}
