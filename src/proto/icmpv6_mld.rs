//! Multicast Listener Discovery: RFC 2710 and, for version 2, RFC 3810. A fresh TUN device
//! sends version 2 reports as soon as it is up.

use super::icmpv6::{CKSUM, CODE, TYPE, message, on_ipv6};
use crate::model::{Field, Kind, Layer, Protocol, Text, Value, Width};

pub(super) static PROTOCOLS: &[&Protocol] =
    &[&QUERY2, &QUERY, &REPORT, &DONE, &REPORT2, &RECORD];

const MRD: Field = Field::uint("mrd", 16)
    .aliases(&["icmpv6.mld.maximum_response_delay"])
    .doc("Maximum response delay: within so many milliseconds listeners answer (RFC 2710).");
const RESERVED: Field = Field::uint("reserved", 16).doc("Kept for later, zero (RFC 2710).");
const GROUP: Field =
    Field::ipv6("mladdr")
        .aliases(&["icmpv6.mld.multicast_address"])
        .doc("The multicast group; `::` asks for all of them (RFC 2710).");

const VERSION1: &[Field] = &[TYPE, CODE, CKSUM, MRD, RESERVED, GROUP];

static QUERY: Protocol = message("ICMPv6MLQuery", "MLD - Multicast Listener Query")
    .reference("RFC 2710")
    .about("A router asks who on this link listens to which group.")
    .under(&[on_ipv6::<130, 24>()])
    .header(24)
    .fields(VERSION1);

static REPORT: Protocol = message("ICMPv6MLReport", "MLD - Multicast Listener Report")
    .reference("RFC 2710")
    .about("A host says that it listens to a group.")
    .under(&[on_ipv6::<131, 24>()])
    .header(24)
    .fields(VERSION1);

static DONE: Protocol = message("ICMPv6MLDone", "MLD - Multicast Listener Done")
    .reference("RFC 2710")
    .about("A host says that it no longer listens to a group.")
    .under(&[on_ipv6::<132, 24>()])
    .header(24)
    .fields(VERSION1);

// RFC 3810 section 8.1: a longer query is one of version 2.
static QUERY2: Protocol = message("ICMPv6MLQuery2", "MLDv2 - Multicast Listener Query")
    .reference("RFC 3810")
    .about("A router asks who on this link listens to which group, and from which sources.")
    .under(&[on_ipv6::<130, 28>()])
    .header_from(28, |bytes| addresses_end(bytes, 28, 26))
    .fields(&[
        TYPE,
        CODE,
        CKSUM,
        MRD,
        RESERVED,
        GROUP,
        Field::uint("Resv", 4).doc("Kept for later, zero (RFC 3810)."),
        Field::uint("S", 1).doc("Tells other routers not to act on this query (RFC 3810)."),
        Field::uint("QRV", 3).doc("How many reports may get lost (RFC 3810)."),
        Field::uint("QQIC", 8).doc("How often the router asks, in seconds (RFC 3810)."),
        Field::uint("sources_number", 16)
            .aliases(&["icmpv6.mld.nb_sources"])
            .doc("How many sources follow (RFC 3810)."),
        Field::of("sources", Width::Rest, Kind::Ipv6List)
            .aliases(&["icmpv6.mld.source_address"])
            .doc("The sources that are asked about (RFC 3810)."),
    ]);

static REPORT2: Protocol = message("ICMPv6MLReport2", "MLDv2 - Multicast Listener Report")
    .reference("RFC 3810")
    .about("A host says which groups it listens to. The kernel sends it on every new device that has IPv6.")
    .under(&[on_ipv6::<143, 8>()])
    .header_from(8, |bytes| match bytes.get(6..8) {
        Some([0, 0]) => 8,
        _ => bytes.len(),
    })
    .fields(&[
        TYPE,
        Field::uint("res", 8).doc("Kept for later, zero (RFC 3810)."),
        CKSUM,
        Field::uint("reserved", 16).doc("Kept for later, zero (RFC 3810)."),
        Field::uint("records_number", 16)
            .aliases(&["icmpv6.mldr.nb_mcast_records"])
            .doc("How many records follow (RFC 3810)."),
        Field::of("records", Width::Rest, Kind::Chain(split))
            .doc("One record a group (RFC 3810)."),
    ]);

/// The next record and its length. As scapy, whatever follows the first record is its payload,
/// however many are announced.
fn split(_: &Layer, _: usize, bytes: &[u8]) -> Option<(&'static Protocol, usize)> {
    if bytes.len() < 20 {
        return Some((super::raw(), bytes.len()));
    }
    Some((&RECORD, addresses_end(bytes, 20, 2) + usize::from(bytes[1])))
}

/// Where the whole addresses behind `start` bytes end, whose number stands at byte `at`.
fn addresses_end(bytes: &[u8], start: usize, at: usize) -> usize {
    let there = bytes.len().saturating_sub(start) / 16;
    let announced = bytes.get(at..at + 2).map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]));
    start + 16 * there.min(announced.into())
}

static RECORD: Protocol = Protocol::new(
    "ICMPv6MLDMultAddrRec",
    "ICMPv6 MLDv2 - Multicast Address Record",
)
.reference("RFC 3810")
.about("What a host wants of one group.")
.header_rest(20)
.fields(&[
    Field::uint("rtype", 8)
        .aliases(&["icmpv6.mldr.mar.record_type"])
        .doc("State or change of the listening (RFC 3810).")
        .says(says_record),
    Field::uint("auxdata_len", 8).doc("Words of 4 bytes of auxiliary data; none is defined (RFC 3810)."),
    Field::uint("sources_number", 16)
        .aliases(&["icmpv6.mldr.mar.nb_sources"])
        .doc("How many sources follow (RFC 3810)."),
    Field::ipv6("dst")
        .aliases(&["icmpv6.mldr.mar.multicast_address"])
        .doc("The group (RFC 3810)."),
    Field::of("sources", Width::From(|record| addresses_end(record.header(), 20, 2) - 20), Kind::Ipv6List)
        .aliases(&["icmpv6.mldr.mar.source_address"])
        .doc("The sources that the host wants, or does not want (RFC 3810)."),
    Field::bytes("auxdata", Width::From(|record| record.u8(1).into()))
        .doc("Auxiliary data; none is defined (RFC 3810)."),
]);

fn says_record(_: &Layer, kind: Value, text: &mut Text) {
    let meaning = match kind.number() {
        1 => "listens to the sources given only",
        2 => "listens to all sources but those given",
        3 => "from now on listens to the sources given only; to none, when none is given: it leaves",
        4 => "from now on listens to all sources but those given: it joins",
        5 => "listens to these sources, too",
        6 => "no longer listens to these sources",
        _ => return,
    };
    text.str(meaning);
}
