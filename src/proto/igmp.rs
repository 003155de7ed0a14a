//! Internet Group Management Protocol: how a host tells the routers of its link which multicast
//! groups it listens to. Versions 1 (RFC 1112), 2 (RFC 2236) and 3 (RFC 9776; its reports are in
//! `igmp_report`), and the search for multicast routers (RFC 4286).

use super::verdict;
use crate::model::{
    Computed, Field, Flag, FlagSet, Kind, Layer, Names, Next, Packet, Phantom, Protocol, Remarks, Text, Under,
    Value,
    Width, checksum,
};
use std::net::Ipv4Addr;

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &QUERY3,
    &QUERY,
    &REPORT1,
    &REPORT2,
    &LEAVE,
    &ROUTER_ADVERTISEMENT,
    &ROUTER_SOLICITATION,
    &ROUTER_TERMINATION,
    &OTHER,
    &SHORT,
];

static TYPES: Names = Names(&[
    (0x11, "Group Membership Query"),
    (0x12, "Version 1 - Membership Report"),
    (0x16, "Version 2 - Membership Report"),
    (0x17, "Leave Group"),
]);

static TYPES3: Names = Names(&[
    (0x11, "Membership Query"),
    (0x22, "Version 3 - Membership Report"),
    (0x30, "Multicast Router Advertisement"),
    (0x31, "Multicast Router Solicitation"),
    (0x32, "Multicast Router Termination"),
]);

const TYPE: Field = Field::uint("type", 8)
    .names(&TYPES)
    .doc("Kind of message (RFC 2236).");
pub(super) const TYPE3: Field = Field::uint("type", 8)
    .names(&TYPES3)
    .doc("Kind of message (RFC 9776).");
pub(super) const CHKSUM: Field = Field::hex("chksum", 16)
    .aliases(&["igmp.checksum"])
    .doc("Sum over the whole message (RFC 2236).");
const GROUP: Field = Field::ipv4("gaddr")
    .aliases(&["igmp.maddr"])
    .doc("The multicast group; 0.0.0.0 in a query asks for all of them (RFC 2236).");
pub(super) const RESERVED: Field = Field::uint("reserved", 8).doc("Kept for later, zero (RFC 9776).");

/// A message; its file adds place and fields.
pub(super) const fn message(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .aliases(&["igmp"])
        .column("IGMP")
        .next(|_| Next::Raw)
        .computed(&[VERSION])
        .phantom(ROUTER_ALERT)
        .check(check)
}

const VERSION: Computed = Computed::new(
    &["igmp.version"],
    "Which version of the protocol the message is of.",
    |packet, index| {
        let message = &packet.layers[index];
        Some(match message.u8(0) {
            0x11 if message.header().len() >= LONG => 3,
            0x11 if message.u8(1) == 0 => 1,
            0x12 => 1,
            0x11 | 0x16 | 0x17 => 2,
            0x22 => 3,
            _ => return None,
        })
    },
)
.most(0xff);

/// Every message should have one (RFC 2236 section 2), and scapy lists one where there is none.
const ROUTER_ALERT: Phantom = Phantom {
    below: "IP",
    field: "options",
    bytes: &[0x94, 4, 0, 0],
    what: "router alert",
};

/// Rides on IP with type `TYPE` and at least `MIN` bytes.
pub(super) const fn on_ip<const TYPE: u8, const MIN: usize>() -> Under {
    Under::field("IP", "proto", 2)
        .accept(|bytes| bytes.first() == Some(&TYPE) && bytes.len() >= MIN)
}

const VERSION2: &[Field] = &[
    TYPE,
    Field::custom("mrcode", 8, tenths)
        .aliases(&["igmp.max_resp"])
        .doc("Longest time until the answer, in tenths of a second; in a query of version 1 zero (RFC 2236)."),
    CHKSUM,
    GROUP,
];

/// A query's eight bytes, with more behind them, are version 3.
const LONG: usize = 12;

static QUERY: Protocol = message("IGMP_MQ", "IGMPv1/v2 Membership Query")
    .column_by(|packet, index| match packet.layers[index].u8(1) {
        0 => "IGMPv1",
        _ => "IGMPv2",
    })
    .reference("RFC 2236")
    .about("A router asks who on this link listens to which multicast group.")
    .under(&[on_ip::<0x11, 8>()])
    .header(8)
    .fields(VERSION2)
    .info(|packet, index, text| {
        text.str("Membership Query");
        let query = &packet.layers[index];
        if query.u8(1) != 0 {
            asked(query, text);
        }
    });

static REPORT1: Protocol = message("IGMP_MR", "IGMPv1 Membership Report")
    .column("IGMPv1")
    .reference("RFC 1112")
    .about("A host says that it listens to a multicast group.")
    .under(&[on_ip::<0x12, 8>()])
    .header(8)
    .fields(VERSION2)
    .info(|_, _, text| _ = text.str("Membership Report"));

static REPORT2: Protocol = message("IGMPv2_MR", "IGMPv2 Membership Report")
    .column("IGMPv2")
    .reference("RFC 2236")
    .about("A host says that it listens to a multicast group.")
    .under(&[on_ip::<0x16, 8>()])
    .header(8)
    .fields(VERSION2)
    .info(|packet, index, text| {
        text.str("Membership Report");
        group(" group ", packet.layers[index].u32(4), text);
    });

static LEAVE: Protocol = message("IGMPv2_LG", "IGMPv2 Leave Group")
    .column("IGMPv2")
    .reference("RFC 2236")
    .about("A host says that it no longer listens to a multicast group.")
    .under(&[on_ip::<0x17, 8>()])
    .header(8)
    .fields(VERSION2)
    .info(|packet, index, text| {
        text.str("Leave Group");
        group(" ", packet.layers[index].u32(4), text);
    });

fn tenths(time: u64, text: &mut Text) {
    text.dec(time).str(" 1/10sec");
}

/// From 128 on the number has a mantissa and an exponent (RFC 9776 section 4.1.1).
fn says_float(_: &Layer, code: Value, text: &mut Text) {
    let code = code.number();
    if code >= 128 {
        text.str("a floating-point number: ");
        tenths((code & 0xf | 0x10) << ((code >> 4 & 7) + 3), text);
    }
}

/// The group that a query is about.
fn asked(query: &Layer, text: &mut Text) {
    group(", specific for group ", query.u32(4), text);
}

/// The group after `what`, or `, general`.
fn group(what: &str, group: u32, text: &mut Text) {
    match group {
        0 => _ = text.str(", general"),
        group => _ = text.str(what).ipv4(group.into()),
    }
}

/// A flag without meaning yet; scapy calls it by its place.
pub(super) const fn no_flag(mark: &'static str) -> Flag {
    Flag { mark, meaning: "kept for later" }
}

static QUERY_FLAGS: FlagSet = FlagSet {
    flags: &[
        no_flag("bit_0"),
        no_flag("bit_1"),
        no_flag("bit_2"),
        Flag { mark: "extended", meaning: "extensions follow" },
    ],
    joiner: "+",
};

static QUERY3: Protocol = message("IGMPv3_MQ", "IGMPv3 Membership Query")
    .column("IGMPv3")
    .reference("RFC 9776")
    .about("A router asks who on this link listens to which multicast group, and from which sources.")
    .under(&[on_ip::<0x11, LONG>()])
    .header_whole(|bytes| addresses_end(bytes, LONG, 10))
    .fields(&[
        TYPE3,
        Field::custom("mrcode", 8, tenths)
            .aliases(&["igmp.max_resp"])
            .doc("Longest time until the answer, in tenths of a second; above 127 a small floating-point number (RFC 9776).")
            .says(says_float),
        CHKSUM,
        GROUP,
        Field::flags("flags", 4, &QUERY_FLAGS).doc("Whether extensions follow (RFC 9279)."),
        Field::uint("s", 1).doc("Tells other routers not to act on this query (RFC 9776)."),
        Field::uint("qrv", 3).doc("How many reports may get lost (RFC 9776)."),
        Field::uint("qqic", 8).doc("How often the router asks, in seconds (RFC 9776)."),
        Field::uint("numsrc", 16)
            .aliases(&["igmp.num_src"])
            .doc("How many sources follow (RFC 9776)."),
        Field::of("srcaddrs", Width::Rest, Kind::Ipv4List)
            .aliases(&["igmp.saddr"])
            .doc("The sources that are asked about (RFC 9776)."),
    ])
    .info(|packet, index, text| {
        if !query(&packet.layers[index], text) {
            text.str(packet.ran_out(index));
        }
    })
    .cut(1, |packet, index, text| !query(&packet.layers[index], text));

/// What a query of version 3 asks; whether all its sources are there.
fn query(query: &Layer, text: &mut Text) -> bool {
    text.str("Membership Query");
    asked(query, text);
    let addresses = query.header().get(LONG..).unwrap_or_default();
    sources(", source", query.u16(10), addresses, text)
}

pub(super) fn count(bytes: &[u8], at: usize) -> u16 {
    bytes
        .get(at..at + 2)
        .map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
}

/// Where the addresses behind `start` bytes end, whose number stands at `at`. Fewer addresses
/// than announced are all there are; a part of one cannot be read.
pub(super) fn addresses_end(bytes: &[u8], start: usize, at: usize) -> usize {
    let there = bytes.len().saturating_sub(start).div_ceil(4);
    start + 4 * there.min(count(bytes, at).into())
}

/// The `count` sources in braces, `what` in the plural when there are several; nothing for none.
/// Whether they are all there.
pub(super) fn sources(what: &str, count: u16, addresses: &[u8], text: &mut Text) -> bool {
    if count == 0 {
        return true;
    }
    text.str(what).str(if count > 1 { "s {" } else { " {" });
    list(count, addresses, text)
}

/// `count` addresses and a closing brace; whether they are all there.
pub(super) fn list(count: u16, addresses: &[u8], text: &mut Text) -> bool {
    let mut addresses = addresses.as_chunks::<4>().0.iter();
    for index in 0..count {
        text.str(if index > 0 { ", " } else { "" });
        let Some(address) = addresses.next() else {
            return false;
        };
        text.ipv4(Ipv4Addr::from(*address));
    }
    text.str("}");
    true
}

static ROUTER_ADVERTISEMENT: Protocol = message("IGMPv3_MRA", "IGMPv3_MRA")
    .reference("RFC 4286")
    .about("A multicast router announces itself to the switches of its link.")
    .under(&[on_ip::<0x30, 8>()])
    .header(8)
    .fields(&[
        TYPE3,
        Field::uint("advIntvl", 8).doc("Seconds between two announcements (RFC 4286)."),
        CHKSUM,
        Field::uint("qryIntvl", 16).doc("Seconds between two queries (RFC 4286)."),
        Field::uint("robust", 16).doc("How many reports may get lost (RFC 4286)."),
    ])
    .info(unknown);

static ROUTER_SOLICITATION: Protocol = message("IGMPv3_MRS", "IGMPv3_MRS")
    .reference("RFC 4286")
    .about("Asks multicast routers to announce themselves.")
    .under(&[on_ip::<0x31, 4>()])
    .header(4)
    .fields(&[TYPE3, RESERVED, CHKSUM])
    .info(unknown);

static ROUTER_TERMINATION: Protocol = message("IGMPv3_MRT", "IGMPv3_MRT")
    .reference("RFC 4286")
    .about("A multicast router says that it stops.")
    .under(&[on_ip::<0x32, 4>()])
    .header(4)
    .fields(&[TYPE3, RESERVED, CHKSUM])
    .info(unknown);

// Behind all the messages in the list.
static OTHER: Protocol = message("IGMP", "IGMPv1/v2 Membership Query")
    .column_by(column)
    .reference("RFC 2236")
    .about("A message of a kind that this program does not know; scapy titles it as the first one of its list.")
    .under(&[Under::field("IP", "proto", 2).accept(|bytes| bytes.len() >= 8)])
    .header(8)
    .fields(VERSION2)
    .info(kind);

// `show` calls it Raw, as scapy does.
static SHORT: Protocol = Protocol::new("IGMPShort", "Raw")
    .column_by(column)
    .reference("RFC 2236")
    .about("A message that is too short for its kind.")
    .under(&[Under::field("IP", "proto", 2)])
    .header_rest(1)
    .fields(&[Field::bytes("load", Width::Rest).doc("The message, its kind first (RFC 2236).")])
    .info(kind);

fn column(packet: &Packet, index: usize) -> &'static str {
    let igmp = &packet.layers[index];
    match (igmp.u8(0), igmp.u8(1)) {
        (0..=0x0f, _) => "IGMPv0",
        (0x11, 0) | (0x12, _) => "IGMPv1",
        (0x11 | 0x16 | 0x17, _) => "IGMPv2",
        (0x13, _) => "DVMRP",
        (0x14, _) => "PIMv1",
        (0x22, _) => "IGMPv3",
        _ => "IGMP",
    }
}

/// A message's kind, and whether it is long enough for that.
fn kind(packet: &Packet, index: usize, text: &mut Text) {
    let igmp = &packet.layers[index];
    match OLD_KINDS.get(igmp.u8(0).into()) {
        Some(name) => _ = text.str(name),
        None => unknown(packet, index, text),
    }
    let needed = match igmp.u8(0) {
        0..=0x0f => 20,
        0x1e | 0x1f => 24,
        0x11..=0x17 | 0x22 => 8,
        _ => 1,
    };
    if igmp.bytes().len() < needed {
        text.str(packet.ran_out(index));
    }
}

/// The kinds of version 0 (RFC 988), and those of which nothing more is known here.
static OLD_KINDS: Names = Names(&[
    (0x01, "Create Group Request"),
    (0x02, "Create Group Reply"),
    (0x03, "Join Group Request"),
    (0x04, "Join Group Reply"),
    (0x05, "Leave Group Request"),
    (0x06, "Leave Group Reply"),
    (0x07, "Confirm Group Request"),
    (0x08, "Confirm Group Reply"),
    (0x11, "Membership Query"),
    (0x12, "Membership Report"),
    (0x16, "Membership Report"),
    (0x17, "Leave Group"),
    (0x1e, "Traceroute Response, 0 blocks"),
    (0x1f, "Traceroute Request"),
    (0x22, "Membership Report"),
]);

/// tshark's word for the messages of RFC 4286, which it does not look for here.
fn unknown(packet: &Packet, index: usize, text: &mut Text) {
    text.str("Unknown Type:0x");
    text.hex_bytes(&[packet.layers[index].u8(0)]);
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let igmp = &packet.layers[index];
    if packet.pseudo_below(index).is_none() {
        return;
    }
    let (found, right) = (igmp.u16(2), checksum::right(0, igmp.bytes(), 2));
    if found != right && !(found == 0xffff && right == 0) {
        verdict::wrong(igmp, "chksum", (found, right), "the receiver drops the message", remarks);
    }
    if packet.network_below(index).is_some_and(|ip| ip.u8(8) != 1) {
        remarks.warn("", format_args!("the IP header's ttl is not 1: the message must not leave its link"));
    }
}
