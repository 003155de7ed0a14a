//! The options of an IPv4 header: RFC 791 section 3.1.

use crate::model::{Field, Kind, Layer, Names, Protocol, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &EOL, &NOP, &SECURITY, &RR, &LSRR, &SSRR, &STREAM_ID, &MTU_PROBE, &MTU_REPLY, &TRACEROUTE,
    &TIMESTAMP, &ADDRESS_EXTENSION, &ROUTER_ALERT, &SDBM, &OTHER,
];

/// The first option of `bytes` and its length. Only the options without a form of their own go by
/// their length field; what cannot be read takes the rest with it.
fn measure(bytes: &[u8]) -> Option<(&'static Protocol, usize)> {
    let there = bytes.len();
    let fixed = |protocol, length| (there >= length).then_some((protocol, length));
    match bytes.first()? & 0x1f {
        0 => fixed(&EOL, 1),
        1 => fixed(&NOP, 1),
        // The code at its end may be cut off.
        2 if there >= 8 => Some((&SECURITY, 11)),
        3 => listed(&LSRR, 3, bytes),
        4 => match bytes.get(3)? & 0xf {
            0 => fixed(&TIMESTAMP, 8),
            _ => fixed(&TIMESTAMP, 12),
        },
        7 => listed(&RR, 3, bytes),
        8 => fixed(&STREAM_ID, 4),
        9 => listed(&SSRR, 3, bytes),
        11 => fixed(&MTU_PROBE, 4),
        12 => fixed(&MTU_REPLY, 4),
        18 => fixed(&TRACEROUTE, 12),
        19 => fixed(&ADDRESS_EXTENSION, 10),
        20 => fixed(&ROUTER_ALERT, 4),
        21 => listed(&SDBM, 2, bytes),
        2 => None,
        _ => Some((&OTHER, announced(2, bytes)?)),
    }
}

/// An option that is a list of addresses behind `before` bytes.
fn listed(
    protocol: &'static Protocol,
    before: usize,
    bytes: &[u8],
) -> Option<(&'static Protocol, usize)> {
    let length = announced(before, bytes)?;
    (length - before).is_multiple_of(4).then_some((protocol, length))
}

/// The length that an option gives itself, as far as it is there. One below the `before` bytes
/// that every such option has counts from the end, as in scapy.
fn announced(before: usize, bytes: &[u8]) -> Option<usize> {
    let there = bytes.len().checked_sub(before)?;
    let length = usize::from(bytes[1]);
    Some(before + match length.checked_sub(before) {
        Some(wanted) => wanted.min(there),
        None => there.saturating_sub(before - length),
    })
}

/// Takes the first option off.
pub(super) fn split(_: &Layer, _: usize, bytes: &[u8]) -> Option<(&'static Protocol, usize)> {
    Some(measure(bytes).unwrap_or((super::raw(), bytes.len())))
}

pub(super) fn is_route(option: &Layer) -> bool {
    std::ptr::eq(option.protocol, &LSRR) || std::ptr::eq(option.protocol, &SSRR)
}

/// The last address of a source route that is not used up yet.
pub(super) fn last_station<'a>(route: &Layer<'a>) -> Option<&'a [u8]> {
    let (next, bytes) = (route.u8(2), route.header());
    let points = next >= 4 && next.is_multiple_of(4) && next < route.u8(1);
    (points && bytes.len() > 3).then(|| &bytes[bytes.len() - 4..])
}

static CLASSES: Names = Names(&[(0, "control"), (2, "debug")]);

static NAMES: Names = Names(&[
    (0, "end_of_list"),
    (1, "nop"),
    (2, "security"),
    (3, "loose_source_route"),
    (4, "timestamp"),
    (5, "extended_security"),
    (6, "commercial_security"),
    (7, "record_route"),
    (8, "stream_id"),
    (9, "strict_source_route"),
    (10, "experimental_measurement"),
    (11, "mtu_probe"),
    (12, "mtu_reply"),
    (13, "flow_control"),
    (14, "access_control"),
    (15, "encode"),
    (16, "imi_traffic_descriptor"),
    (17, "extended_IP"),
    (18, "traceroute"),
    (19, "address_extension"),
    (20, "router_alert"),
    (21, "selective_directed_broadcast_mode"),
    (23, "dynamic_packet_state"),
    (24, "upstream_multicast_packet"),
    (25, "quick_start"),
    (30, "rfc4727_experiment"),
]);

const COPY: Field = Field::uint("copy_flag", 1)
    .doc("Whether every fragment gets a copy of the option (RFC 791).");
const CLASS: Field = Field::uint("optclass", 2)
    .names(&CLASSES)
    .doc("Control, or debugging and measurement (RFC 791).");
const KIND: Field = Field::uint("option", 5)
    .names(&NAMES)
    .doc("Which option it is (IANA IP option numbers).");
const LENGTH: Field =
    Field::uint("length", 8).doc("Bytes of the whole option, these two included (RFC 791).");
const POINTER: Field =
    Field::uint("pointer", 8).doc("Where the next address goes, counted from 1 (RFC 791).");
const ROUTERS: Field = Field::of("routers", Width::Rest, Kind::Ipv4List)
    .doc("Routers passed, or to be passed (RFC 791).");

/// Zeros at the end say nothing.
const FILLED: Kind = Kind::CustomBytes(|bytes, text| _ = text.repr_filled(bytes));

/// The part that all options have in common.
const fn option(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .reference("RFC 791")
        .about("An option of an IPv4 header.")
}

static EOL: Protocol = option("IPOption_EOL", "IP Option End of Options List")
    .header(1)
    .fields(&[COPY, CLASS, KIND]);

static NOP: Protocol = option("IPOption_NOP", "IP Option No Operation")
    .header(1)
    .fields(&[COPY, CLASS, KIND]);

static SECURITY: Protocol = option("IPOption_Security", "IP Option Security")
    .header_from(8, |_| 11)
    .fields(&[
        COPY,
        CLASS,
        KIND,
        LENGTH,
        Field::uint("security", 16).doc("Level of secrecy (RFC 791)."),
        Field::uint("compartment", 16).doc("Compartment of secrecy (RFC 791)."),
        Field::uint("handling_restrictions", 16).doc("Who may handle it (RFC 791)."),
        Field::of("transmission_control_code", Width::From(|_| 3), FILLED)
            .doc("Separates groups of users (RFC 791)."),
    ]);

static RR: Protocol = option("IPOption_RR", "IP Option Record Route")
    .header_rest(3)
    .fields(&[COPY, CLASS, KIND, LENGTH, POINTER, ROUTERS]);

static LSRR: Protocol = option("IPOption_LSRR", "IP Option Loose Source and Record Route")
    .header_rest(3)
    .fields(&[COPY, CLASS, KIND, LENGTH, POINTER, ROUTERS]);

static SSRR: Protocol = option("IPOption_SSRR", "IP Option Strict Source and Record Route")
    .header_rest(3)
    .fields(&[COPY, CLASS, KIND, LENGTH, POINTER, ROUTERS]);

static STREAM_ID: Protocol = option("IPOption_Stream_Id", "IP Option Stream ID")
    .header(4)
    .fields(&[
        COPY,
        CLASS,
        KIND,
        LENGTH,
        Field::uint("security", 16).doc("The SATNET stream (RFC 791); scapy's name for it."),
    ]);

static MTU_PROBE: Protocol = option("IPOption_MTU_Probe", "IP Option MTU Probe")
    .reference("RFC 1063")
    .header(4)
    .fields(&[COPY, CLASS, KIND, LENGTH, MTU]);

static MTU_REPLY: Protocol = option("IPOption_MTU_Reply", "IP Option MTU Reply")
    .reference("RFC 1063")
    .header(4)
    .fields(&[COPY, CLASS, KIND, LENGTH, MTU]);

const MTU: Field = Field::uint("mtu", 16).doc("Smallest MTU seen so far (RFC 1063).");

static TRACEROUTE: Protocol = option("IPOption_Traceroute", "IP Option Traceroute")
    .reference("RFC 1393")
    .header(12)
    .fields(&[
        COPY,
        CLASS,
        KIND,
        LENGTH,
        Field::uint("id", 16).doc("Identifies the trace (RFC 1393)."),
        Field::uint("outbound_hops", 16).doc("Routers passed on the way there (RFC 1393)."),
        Field::uint("return_hops", 16).doc("Routers passed on the way back (RFC 1393)."),
        Field::ipv4("originator_ip").doc("Who gets the reports (RFC 1393)."),
    ]);

static TIMESTAMP_FLAGS: Names = Names(&[
    (0, "timestamp_only"),
    (1, "timestamp_and_ip_addr"),
    (3, "prespecified_ip_addr"),
]);

static TIMESTAMP: Protocol = option("IPOption_Timestamp", "IP Option Timestamp")
    .header_rest(8)
    .fields(&[
        COPY,
        CLASS,
        KIND,
        LENGTH,
        POINTER,
        Field::uint("oflw", 4).doc("Hosts that found no room (RFC 791)."),
        Field::uint("flg", 4)
            .names(&TIMESTAMP_FLAGS)
            .doc("Times only, or times with addresses (RFC 791)."),
        Field::ipv4("internet_address")
            .when(|option| option.u8(3) & 0xf != 0)
            .doc("The host that stamped (RFC 791)."),
        Field::uint("timestamp", 32).doc("Milliseconds since midnight, universal time (RFC 791)."),
    ]);

static ADDRESS_EXTENSION: Protocol =
    option("IPOption_Address_Extension", "IP Option Address Extension")
        .reference("RFC 1475")
        .header(10)
        .fields(&[
            COPY,
            CLASS,
            KIND,
            LENGTH,
            Field::ipv4("src_ext").doc("Further bits of the source (RFC 1475)."),
            Field::ipv4("dst_ext").doc("Further bits of the destination (RFC 1475)."),
        ]);

static ALERTS: Names = Names(&[(0, "router_shall_examine_packet")]);

static ROUTER_ALERT: Protocol = option("IPOption_Router_Alert", "IP Option Router Alert")
    .reference("RFC 2113")
    .header(4)
    .fields(&[
        COPY,
        CLASS,
        KIND,
        LENGTH,
        Field::uint("alert", 16)
            .names(&ALERTS)
            .doc("Asks every router to look inside; IGMP uses it (RFC 2113)."),
    ]);

static SDBM: Protocol = option(
    "IPOption_SDBM",
    "IP Option Selective Directed Broadcast Mode",
)
.reference("RFC 1770")
.header_rest(2)
.fields(&[
    COPY,
    CLASS,
    KIND,
    LENGTH,
    Field::of("addresses", Width::Rest, Kind::Ipv4List).doc("Destinations (RFC 1770)."),
]);

static OTHER: Protocol = option("IPOption", "IP Option").header_rest(2).fields(&[
    COPY,
    CLASS,
    KIND,
    LENGTH,
    Field::bytes("value", Width::Rest).doc("The option's data."),
]);
