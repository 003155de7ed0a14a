//! Neighbour Discovery for IPv6: RFC 4861, what ARP is for IPv4 and more.

use super::{icmpv6_end, icmpv6_nd_options};
use super::icmpv6::{CHECKSUM, CKSUM, CODE, TYPE, message, on_ipv6};
use crate::model::{Computed, Field, Layer, Names, Packet, Protocol, Text, Value};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &ROUTER_SOLICITATION,
    &ROUTER_ADVERTISEMENT,
    &NEIGHBOUR_SOLICITATION,
    &NEIGHBOUR_ADVERTISEMENT,
    &REDIRECT,
];

/// How much a router or route wants to be preferred (RFC 4191).
pub(super) static PREFERENCES: Names = Names(&[
    (0, "Medium (default)"),
    (1, "High"),
    (2, "Reserved"),
    (3, "Low"),
]);

static ROUTER_SOLICITATION: Protocol = message(
    "ICMPv6ND_RS",
    "ICMPv6 Neighbor Discovery - Router Solicitation",
)
.reference("RFC 4861")
.next(icmpv6_nd_options::next)
.about("A host asks whether there is a router. The kernel sends it on every new device that has IPv6.")
.under(&[on_ipv6::<133, 8>()])
.header(8)
.fields(&[
    TYPE,
    CODE,
    CKSUM,
    Field::uint("res", 32).doc("Kept for later, zero (RFC 4861)."),
])
;

static ROUTER_ADVERTISEMENT: Protocol = message(
    "ICMPv6ND_RA",
    "ICMPv6 Neighbor Discovery - Router Advertisement",
)
.reference("RFC 4861")
.next(icmpv6_nd_options::next)
.about("A router announces itself, and which addresses hosts may make for themselves.")
.under(&[on_ipv6::<134, 16>()])
.header(16)
.computed(&[CHECKSUM, Computed::new(
    &["icmpv6.nd.ra.flag"],
    "M to res as one number of 8 bits.",
    |packet, index| Some(packet.layers[index].u8(5).into()),
)
.most(0xff)])
.fields(&[
    TYPE,
    CODE,
    CKSUM,
    Field::uint("chlim", 8)
        .aliases(&["icmpv6.nd.ra.cur_hop_limit"])
        .doc("Hop limit that hosts should start with; 0 leaves it to them (RFC 4861)."),
    Field::uint("M", 1)
        .aliases(&["icmpv6.nd.ra.flag.m"])
        .doc("Managed: addresses come from DHCPv6 (RFC 4861)."),
    Field::uint("O", 1)
        .aliases(&["icmpv6.nd.ra.flag.o"])
        .doc("Other: further settings come from DHCPv6 (RFC 4861)."),
    Field::uint("H", 1)
        .aliases(&["icmpv6.nd.ra.flag.h"])
        .doc("The router is a home agent (RFC 6275)."),
    Field::uint("prf", 2)
        .aliases(&["icmpv6.nd.ra.flag.prf"])
        .names(&PREFERENCES)
        .doc("How much this router wants to be preferred (RFC 4191)."),
    Field::uint("P", 1)
        .aliases(&["icmpv6.nd.ra.flag.p"])
        .doc("Proxied by another router (RFC 4389)."),
    Field::uint("res", 2).doc("Kept for later, zero (RFC 4861)."),
    Field::uint("routerlifetime", 16)
        .aliases(&["icmpv6.nd.ra.router_lifetime"])
        .doc("Seconds that it may serve as default router; 0 means that it does not (RFC 4861)."),
    Field::uint("reachabletime", 32)
        .aliases(&["icmpv6.nd.ra.reachable_time"])
        .doc("Milliseconds that a neighbour counts as reachable; 0 leaves it to the host (RFC 4861)."),
    Field::uint("retranstimer", 32)
        .aliases(&["icmpv6.nd.ra.retrans_timer"])
        .doc("Milliseconds between two questions; 0 leaves it to the host (RFC 4861)."),
])
.info(|packet, index, text| {
    text.str("Router Advertisement");
    icmpv6_end::info(packet, index, text);
});

static NEIGHBOUR_SOLICITATION: Protocol = message(
    "ICMPv6ND_NS",
    "ICMPv6 Neighbor Discovery - Neighbor Solicitation",
)
.reference("RFC 4861")
.next(icmpv6_nd_options::next)
.about("Asks which hardware address has an IPv6 address: IPv6's who-has.")
.under(&[on_ipv6::<135, 24>()])
.header(24)
.fields(&[
    TYPE,
    CODE,
    CKSUM,
    Field::uint("res", 32).doc("Kept for later, zero (RFC 4861)."),
    Field::ipv6("tgt")
        .aliases(&["icmpv6.nd.ns.target_address"])
        .doc("The address that is looked for (RFC 4861)."),
])
.info(|packet, index, text| {
    text.str("Neighbor Solicitation for ");
    target(&packet.layers[index], text);
    icmpv6_end::info(packet, index, text);
});

static NEIGHBOUR_ADVERTISEMENT: Protocol = message(
    "ICMPv6ND_NA",
    "ICMPv6 Neighbor Discovery - Neighbor Advertisement",
)
.reference("RFC 4861")
.next(icmpv6_nd_options::next)
.about("Says which hardware address has an IPv6 address: IPv6's is-at.")
.under(&[on_ipv6::<136, 24>()])
.header(24)
.fields(&[
    TYPE,
    CODE,
    CKSUM,
    Field::uint("R", 1)
        .aliases(&["icmpv6.nd.na.flag.r"])
        .doc("The sender is a router (RFC 4861)."),
    Field::uint("S", 1)
        .aliases(&["icmpv6.nd.na.flag.s"])
        .doc("Solicited: answers a question (RFC 4861)."),
    Field::uint("O", 1)
        .aliases(&["icmpv6.nd.na.flag.o"])
        .doc("Override: replace what you knew (RFC 4861)."),
    Field::hex("res", 29).doc("Kept for later, zero (RFC 4861)."),
    Field::ipv6("tgt")
        .aliases(&["icmpv6.nd.na.target_address"])
        .doc("The address that is spoken of (RFC 4861)."),
])
.info(advertisement);

static REDIRECT: Protocol = message("ICMPv6ND_Redirect", "ICMPv6 Neighbor Discovery - Redirect")
    .reference("RFC 4861")
.next(icmpv6_nd_options::next)
    .about("A router names a better first hop for a destination.")
    .under(&[on_ipv6::<137, 40>()])
    .header(40)
    .fields(&[
        TYPE,
        CODE,
        CKSUM,
        Field::hex("res", 32).doc("Kept for later, zero (RFC 4861)."),
        Field::ipv6("tgt")
            .aliases(&["icmpv6.nd.rd.target_address"])
            .doc("The better first hop (RFC 4861)."),
        Field::ipv6("dst").doc("The destination it is better for (RFC 4861)."),
    ])
    .info(|packet, index, text| {
        text.str("Redirect");
        icmpv6_end::info(packet, index, text);
    });

fn target(message: &Layer, text: &mut Text) {
    if let Some(Value::Ipv6(address)) = message.get("tgt") {
        text.ipv6(address);
    }
}

fn advertisement(packet: &Packet, index: usize, text: &mut Text) {
    let message = &packet.layers[index];
    text.str("Neighbor Advertisement ");
    target(message, text);
    let mut separator = " (";
    for (bit, word) in [(0x80, "rtr"), (0x40, "sol"), (0x20, "ovr")] {
        if message.u8(4) & bit != 0 {
            text.str(separator).str(word);
            separator = ", ";
        }
    }
    text.str(if separator == ", " { ")" } else { " (none)" });
    icmpv6_end::info(packet, index, text);
}
