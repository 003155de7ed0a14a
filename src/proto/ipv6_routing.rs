//! Routing headers of IPv6, which name stations on the way: the old one, forbidden since
//! RFC 5095, that of mobile hosts (RFC 6275), and segment routing (RFC 8754).

use super::ipv6_options::{LENGTH, NEXT, announced, extension, is_short, outside};
use crate::model::{
    Field, Kind, Layer, Names, Packet, Protocol, Remarks, Text, Under, Width, checksum,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &SEGMENTS, &ROUTING, &PAD1, &PADN, &INGRESS, &EGRESS, &HMAC, &OTHER,
];

const TYPE: Field = Field::uint("type", 8)
    .doc("Kind of routing header: 0 the old one, 2 mobile hosts, 4 segment routing (IANA IPv6 parameters).");
const LEFT: Field =
    Field::uint("segleft", 8).doc("How many stations are still to come (RFC 8200 section 4.4).");

static ROUTING: Protocol = extension("IPv6ExtHdrRouting", "IPv6 Option Header Routing")
    .aliases(&["ipv6.routing"])
    .about("Names stations that the packet shall pass on its way.")
    .under(&[Under::field("IPv6", "nh", 43)])
    .header_from(8, |bytes| {
        // Half an address at the end belongs to whatever follows.
        8 + announced(bytes).saturating_sub(8).min(bytes.len().saturating_sub(8)) / 16 * 16
    })
    .fields(&[
        NEXT,
        LENGTH,
        TYPE,
        LEFT,
        Field::uint("reserved", 32).doc("Kept for later, zero (RFC 8200)."),
        Field::of("addresses", Width::Rest, Kind::Ipv6List).doc("The stations (RFC 8200)."),
    ])
    .stays(called)
    .bogus(is_short)
    .pseudo(pseudo)
    .check(check);

/// What tshark calls such a header.
fn called(_: &Packet, _: usize, text: &mut Text) {
    text.str("IPv6 routing");
}

const MOBILE: u8 = 2;
const SEGMENT_ROUTING: u8 = 4;
/// Sensor networks, which leave out what the addresses have in common (RFC 6554).
const COMPRESSED: u8 = 3;

/// Bytes of the addresses, as the number of the last one tells; half of one at the end of the
/// packet belongs to whatever follows.
fn addresses(bytes: &[u8]) -> usize {
    let announced = usize::from(*bytes.get(4).unwrap_or(&0)) + 1;
    16 * announced.min(bytes.len().saturating_sub(8) / 16)
}

/// Extras fill what the addresses leave of the header's length. As in scapy, more addresses than
/// fit into it count from the end of the packet.
fn segments_end(bytes: &[u8]) -> usize {
    let stations = 16 * (usize::from(*bytes.get(4).unwrap_or(&0)) + 1);
    let end = 8 + addresses(bytes);
    let (extras, rest) = (announced(bytes) - 8, bytes.len().saturating_sub(end));
    end + match extras.checked_sub(stations) {
        Some(extras) => extras.min(rest),
        None => rest.saturating_sub(stations - extras),
    }
}

/// While stations are to come, the checksum is over the last one instead of the address that
/// the IPv6 header holds now (RFC 8200 section 8.1). Of unknown kinds nobody knows.
fn pseudo(packet: &Packet, index: usize) -> Option<u32> {
    let routing = &packet.layers[index];
    let sum = packet.pseudo_below(index)?;
    let destination = match (routing.u8(3), routing.u8(2)) {
        (1.., COMPRESSED) => return None,
        (1.., 0 | MOBILE | SEGMENT_ROUTING) => last_station(routing)?,
        _ => return Some(sum),
    };
    // Of several such headers the last one is followed last.
    let now = outside(packet, index).find_map(last_station);
    let now = now.or(packet.network_below(index)?.header().get(24..40))?;
    Some(checksum::exchange(sum, now, destination))
}

/// Where a packet with this header ends up, while stations are to come.
fn last_station<'a>(routing: &Layer<'a>) -> Option<&'a [u8]> {
    let ours = [&ROUTING, &SEGMENTS].iter().any(|own| std::ptr::eq(routing.protocol, *own));
    if !ours || routing.u8(3) == 0 {
        return None;
    }
    let last = match routing.u8(2) {
        SEGMENT_ROUTING => 8,
        0 | MOBILE => routing.header().len().checked_sub(16)?.max(8),
        _ => return None,
    };
    routing.header().get(last..last + 16)
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let routing = &packet.layers[index];
    if routing.u8(2) == 0 {
        remarks.warn("type", format_args!("hosts and routers ignore this kind since RFC 5095: it let packets run to and fro between two stations"));
    }
}

static SEGMENTS: Protocol = extension(
    "IPv6ExtHdrSegmentRouting",
    "IPv6 Option Header Segment Routing",
)
.aliases(&["ipv6.routing"])
.reference("RFC 8754")
.about("Names the stations of a packet's way through one provider's network, the last one first.")
.under(&[Under::field("IPv6", "nh", 43).accept(|bytes| bytes.get(2) == Some(&SEGMENT_ROUTING))])
.header_from(8, segments_end)
.stays(called)
.bogus(is_short)
.fields(&[
    NEXT,
    LENGTH,
    TYPE,
    LEFT,
    Field::uint("lastentry", 8).doc("Number of the last address in the list (RFC 8754)."),
    Field::uint("unused1", 1).doc("Kept for later, zero (RFC 8754)."),
    Field::uint("protected", 1).doc("Was rerouted around a failure; an old draft's flag."),
    Field::uint("oam", 1).doc("For the network's own upkeep (RFC 9259)."),
    Field::uint("alert", 1).doc("Extras are to be looked at; an old draft's flag."),
    Field::uint("hmac", 1).doc("A signature follows; an old draft's flag."),
    Field::uint("unused2", 3).doc("Kept for later, zero (RFC 8754)."),
    Field::uint("tag", 16).doc("Groups packets that are treated alike (RFC 8754)."),
    Field::of("addresses", Width::From(|routing| addresses(routing.header())), Kind::Ipv6List)
        .doc("The stations, the last one first (RFC 8754)."),
    Field::of("tlv_objects", Width::Rest, Kind::Packets(split)).doc("Extras (RFC 8754)."),
])
.pseudo(pseudo);

fn split(_: &Layer, _: usize, bytes: &[u8]) -> Option<(&'static Protocol, usize)> {
    let announced = 2 + usize::from(*bytes.get(1).unwrap_or(&0));
    let (object, length, least) = match bytes.first()? {
        0 => (&PAD1, 1, 1),
        1 => (&INGRESS, 20, 20),
        2 => (&EGRESS, 20, 20),
        4 => (&PADN, announced, 2),
        5 => (&HMAC, announced.saturating_sub(40).max(8), 8),
        _ => (&OTHER, announced, 2),
    };
    if bytes.len() < least {
        return Some((super::raw(), bytes.len()));
    }
    Some((object, length))
}

static KINDS: Names = Names(&[
    (0, "Pad1 TLV"),
    (1, "Ingress Node TLV"),
    (2, "Egress Node TLV"),
    (4, "PadN TLV"),
    (5, "HMAC TLV"),
]);

const KIND: Field = Field::uint("type", 8).names(&KINDS).doc("Which extra it is (RFC 8754).");
const SIZE: Field = Field::uint("len", 8).doc("Bytes that follow (RFC 8754).");

const fn object(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .reference("RFC 8754")
        .about("An extra of a segment routing header.")
        .opaque()
}

static PAD1: Protocol = object(
    "IPv6ExtHdrSegmentRoutingTLVPad1",
    "IPv6 Option Header Segment Routing - Pad1 TLV",
)
.header(1)
.fields(&[KIND]);

static PADN: Protocol = object(
    "IPv6ExtHdrSegmentRoutingTLVPadN",
    "IPv6 Option Header Segment Routing - PadN TLV",
)
.header_rest(2)
.fields(&[
    KIND,
    SIZE,
    Field::bytes("padding", Width::Rest).doc("Zeros (RFC 8754)."),
]);

const RESERVED: Field = Field::uint("reserved", 8).doc("Kept for later, zero.");
const FLAGS: Field = Field::uint("flags", 8).doc("None is defined.");

static INGRESS: Protocol = object(
    "IPv6ExtHdrSegmentRoutingTLVIngressNode",
    "IPv6 Option Header Segment Routing - Ingress Node TLV",
)
.header(20)
.fields(&[
    KIND,
    SIZE,
    RESERVED,
    FLAGS,
    Field::ipv6("ingress_node").doc("Where the packet came in; an old draft's extra."),
]);

static EGRESS: Protocol = object(
    "IPv6ExtHdrSegmentRoutingTLVEgressNode",
    "IPv6 Option Header Segment Routing - Egress Node TLV",
)
.header(20)
.fields(&[
    KIND,
    SIZE,
    RESERVED,
    FLAGS,
    Field::ipv6("egress_node").doc("Where the packet goes out; an old draft's extra."),
]);

static HMAC: Protocol = object(
    "IPv6ExtHdrSegmentRoutingTLVHMAC",
    "IPv6 Option Header Segment Routing - HMAC TLV",
)
.header_rest(8)
.fields(&[
    KIND,
    SIZE,
    Field::uint("D", 1).doc("Leaves the destination out of the signature (RFC 8754)."),
    Field::uint("reserved", 15).doc("Kept for later, zero (RFC 8754)."),
    Field::uint("hmackeyid", 32).doc("Which key signed (RFC 8754)."),
    Field::bytes("hmac", Width::Rest).doc("The signature (RFC 8754)."),
]);

static OTHER: Protocol = object(
    "IPv6ExtHdrSegmentRoutingTLV",
    "IPv6 Option Header Segment Routing - Generic TLV",
)
.header_rest(2)
.fields(&[
    KIND,
    SIZE,
    Field::bytes("value", Width::Rest).doc("The extra's data."),
]);
