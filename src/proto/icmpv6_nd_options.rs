//! Options of Neighbour Discovery: RFC 4861 section 4.6, RFC 4191, RFC 8106, RFC 5175.

use super::icmpv6_nd::PREFERENCES;
use crate::model::{Field, Kind, Layer, LinkType, Names, Next, Protocol, Text, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &SOURCE_ADDRESS,
    &TARGET_ADDRESS,
    &PREFIX,
    &REDIRECTED,
    &MTU,
    &ROUTE,
    &DNS_SERVERS,
    &FLAGS,
    &SHORTCUT,
    &INTERVAL,
    &HOME_AGENT,
    &SOURCE_LIST,
    &TARGET_LIST,
    &IP_ADDRESS,
    &NEW_PREFIX,
    &LINK_LAYER,
    &ANCHOR_POINT,
    &SEARCH_LIST,
    &CAPTIVE_PORTAL,
    &PREF64,
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
        6 => &SHORTCUT,
        7 => &INTERVAL,
        8 => &HOME_AGENT,
        9 => &SOURCE_LIST,
        10 => &TARGET_LIST,
        17 => &IP_ADDRESS,
        18 => &NEW_PREFIX,
        19 => &LINK_LAYER,
        23 => &ANCHOR_POINT,
        31 => &SEARCH_LIST,
        37 => &CAPTIVE_PORTAL,
        38 => &PREF64,
        _ => &UNKNOWN,
    })
}

const TYPE: Field = Field::uint("type", 8)
    .aliases(&["icmpv6.opt.type"])
    .doc("Which option it is (RFC 4861).");
const LEN: Field =
    Field::uint("len", 8)
        .aliases(&["icmpv6.opt.length"])
        .doc("Length of the whole option in units of 8 bytes (RFC 4861).");

const fn option(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .column("ICMPv6")
        .reference("RFC 4861")
        .next(next)
        // The message says itself where its options are cut off.
        .cut(1, |packet, index, text| {
            if let Some(message) = packet.below(index) {
                (message.protocol.info)(packet, index - 1, text);
            }
            false
        })
        .opaque()
}

/// The length that an option gives itself, in bytes.
fn announced(bytes: &[u8]) -> usize {
    8 * usize::from(*bytes.get(1).unwrap_or(&0)).max(1)
}

/// The same for an option that ends in IPv6 addresses: half of one belongs to what follows.
fn announced_addresses(bytes: &[u8]) -> usize {
    8 + announced(bytes).min(bytes.len()).saturating_sub(8) / 16 * 16
}

const LINK_ADDRESS: Field = Field::mac("lladdr").doc("The hardware address (RFC 4861).");

static SOURCE_ADDRESS: Protocol = option(
    "ICMPv6NDOptSrcLLAddr",
    "ICMPv6 Neighbor Discovery Option - Source Link-Layer Address",
)
.about("The hardware address of who sends the message.")
.header(8)
.fields(&[
    TYPE,
    LEN,
    LINK_ADDRESS.aliases(&["icmpv6.opt.linkaddr", "icmpv6.opt.src_linkaddr"]),
]);

static TARGET_ADDRESS: Protocol = option(
    "ICMPv6NDOptDstLLAddr",
    "ICMPv6 Neighbor Discovery Option - Destination Link-Layer Address",
)
.about("The hardware address that was asked for.")
.header(8)
.fields(&[
    TYPE,
    LEN,
    LINK_ADDRESS.aliases(&["icmpv6.opt.linkaddr", "icmpv6.opt.target_linkaddr"]),
]);

static PREFIX: Protocol = option(
    "ICMPv6NDOptPrefixInfo",
    "ICMPv6 Neighbor Discovery Option - Prefix Information",
)
.about("A prefix of this link, from which hosts may make addresses.")
.header(32)
.fields(&[
    TYPE,
    LEN,
    Field::uint("prefixlen", 8)
        .aliases(&["icmpv6.opt.prefix.length"])
        .doc("Bits of the prefix that count (RFC 4861)."),
    Field::uint("L", 1)
        .aliases(&["icmpv6.opt.prefix.flag.l"])
        .doc("On-link: such addresses are reached directly (RFC 4861)."),
    Field::uint("A", 1)
        .aliases(&["icmpv6.opt.prefix.flag.a"])
        .doc("Autonomous: hosts may make themselves an address of it (RFC 4862)."),
    Field::uint("R", 1).doc("The prefix is a whole address of the router (RFC 6275)."),
    Field::uint("res1", 5).doc("Kept for later, zero (RFC 4861)."),
    Field::hex("validlifetime", 32)
        .aliases(&["icmpv6.opt.prefix.valid_lifetime"])
        .doc("Seconds that addresses of it stay valid (RFC 4861)."),
    Field::hex("preferredlifetime", 32)
        .aliases(&["icmpv6.opt.prefix.preferred_lifetime"])
        .doc("Seconds that addresses of it stay preferred (RFC 4861)."),
    Field::hex("res2", 32).doc("Kept for later, zero (RFC 4861)."),
    Field::ipv6("prefix")
        .aliases(&["icmpv6.opt.prefix"])
        .doc("The prefix (RFC 4861)."),
]);

static REDIRECTED: Protocol = option(
    "ICMPv6NDOptRedirectedHdr",
    "ICMPv6 Neighbor Discovery Option - Redirected Header",
)
.about("The start of the packet that caused the redirect.")
.header_from(2, announced)
.fields(&[
    TYPE,
    LEN,
    Field::of("res", Width::From(|_| 6), Kind::CustomBytes(|bytes, text| _ = text.repr_filled(bytes)))
        .doc("Kept for later, zero (RFC 4861)."),
    Field::of("pkt", Width::Rest, Kind::Frame(LinkType::IPV6))
        .when(|option| !is_empty(option))
        .doc("The packet (RFC 4861)."),
    Field::of("pkt", Width::Trailer(|_| None), Kind::Bytes)
        .when(is_empty)
        .absent("None")
        .doc("The packet (RFC 4861)."),
]);


/// Whether an option says that it has no packet, and another one follows: scapy tells that from
/// the end of the message.
fn is_empty(option: &Layer) -> bool {
    option.u8(1) == 1 && !option.payload().is_empty()
}

static MTU: Protocol = option("ICMPv6NDOptMTU", "ICMPv6 Neighbor Discovery Option - MTU")
    .about("The MTU that all on this link shall use.")
    .header(8)
    .fields(&[
        TYPE,
        LEN,
        Field::hex("res", 16).doc("Kept for later, zero (RFC 4861)."),
        Field::uint("mtu", 32)
            .aliases(&["icmpv6.opt.mtu"])
            .doc("Largest packet in bytes (RFC 4861)."),
    ]);

static ROUTE: Protocol = option(
    "ICMPv6NDOptRouteInfo",
    "ICMPv6 Neighbor Discovery Option - Route Information Option",
)
.reference("RFC 4191")
.about("A network that this router leads to.")
// The prefix has up to 16 bytes, all of which must be there.
.header_whole(|bytes| if announced(bytes) <= 24 { announced(bytes) } else { usize::MAX })
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
.header_from(8, announced_addresses)
.fields(&[
    TYPE,
    LEN,
    Field::uint("res", 16).doc("Kept for later, zero (RFC 8106)."),
    Field::uint("lifetime", 32)
        .aliases(&["icmpv6.opt.rdnss.lifetime"])
        .doc("Seconds that they may be used (RFC 8106)."),
    Field::of("dns", Width::Rest, Kind::Ipv6List)
        .aliases(&["icmpv6.opt.rdnss"])
        .doc("The servers (RFC 8106)."),
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

static SHORTCUT: Protocol = option(
    "ICMPv6NDOptShortcutLimit",
    "ICMPv6 Neighbor Discovery Option - NBMA Shortcut Limit",
)
.reference("RFC 2491")
.about("How eager a host shall be to reach others directly on a link without broadcast.")
.header(8)
.fields(&[
    TYPE,
    LEN,
    Field::uint("shortcutlim", 8).doc("Routers that a direct way may bypass (RFC 2491)."),
    Field::uint("res1", 8).doc("Kept for later, zero (RFC 2491)."),
    Field::uint("res2", 32).doc("Kept for later, zero (RFC 2491)."),
]);

static INTERVAL: Protocol = option(
    "ICMPv6NDOptAdvInterval",
    "ICMPv6 Neighbor Discovery - Interval Advertisement",
)
.reference("RFC 6275")
.about("How often the router announces itself, so that a host on the move notices its absence.")
.header(8)
.fields(&[
    TYPE,
    LEN,
    Field::uint("res", 16).doc("Kept for later, zero (RFC 6275)."),
    Field::uint("advint", 32).doc("Milliseconds between two announcements (RFC 6275)."),
]);

static HOME_AGENT: Protocol = option(
    "ICMPv6NDOptHAInfo",
    "ICMPv6 Neighbor Discovery - Home Agent Information",
)
.reference("RFC 6275")
.about("How well the router serves hosts on the move as their agent at home.")
.header(8)
.fields(&[
    TYPE,
    LEN,
    Field::uint("res", 16).doc("Kept for later, zero (RFC 6275)."),
    Field::uint("pref", 16).doc("How much it wants to be preferred (RFC 6275)."),
    Field::uint("lifetime", 16).doc("Seconds that it will serve (RFC 6275)."),
]);

const ADDRESS_LIST: &[Field] = &[
    TYPE,
    LEN,
    Field::of(
        "res",
        Width::Bytes(6),
        Kind::CustomBytes(|zeros, text| _ = text.repr_filled(zeros)),
    )
    .doc("Kept for later, zero (RFC 3122)."),
    Field::of("addrlist", Width::Rest, Kind::Ipv6List).doc("The addresses (RFC 3122)."),
];

static SOURCE_LIST: Protocol = option(
    "ICMPv6NDOptSrcAddrList",
    "ICMPv6 Inverse Neighbor Discovery Option - Source Address List",
)
.reference("RFC 3122")
.about("The sender's own addresses.")
.header_from(8, announced_addresses)
.fields(ADDRESS_LIST);

static TARGET_LIST: Protocol = option(
    "ICMPv6NDOptTgtAddrList",
    "ICMPv6 Inverse Neighbor Discovery Option - Target Address List",
)
.reference("RFC 3122")
.about("The addresses that were asked for.")
.header_from(8, announced_addresses)
.fields(ADDRESS_LIST);

static CARE_OF: Names = Names(&[
    (1, "Old Care-Of Address"),
    (2, "New Care-Of Address"),
    (3, "NAR's IP address"),
]);

const PREFIX_LENGTH: Field =
    Field::uint("plen", 8).doc("Bits of the prefix that count (RFC 5568).");
const RES32: Field = Field::uint("res", 32).doc("Kept for later, zero (RFC 5568).");

static IP_ADDRESS: Protocol = option(
    "ICMPv6NDOptIPAddr",
    "ICMPv6 Neighbor Discovery - IP Address Option (FH for MIPv6)",
)
.reference("RFC 5568")
.about("An address of a host that changes from one router to another.")
.header(24)
.fields(&[
    TYPE,
    LEN,
    Field::uint("optcode", 8)
        .names(&CARE_OF)
        .doc("Whose address it is (RFC 5568)."),
    PREFIX_LENGTH,
    RES32,
    Field::ipv6("addr").doc("The address (RFC 5568)."),
]);

static NEW_PREFIX: Protocol = option(
    "ICMPv6NDOptNewRtrPrefix",
    "ICMPv6 Neighbor Discovery - New Router Prefix Information Option (FH for MIPv6)",
)
.reference("RFC 5568")
.about("The prefix of the router that a host changes to.")
.header(24)
.fields(&[
    TYPE,
    LEN,
    Field::uint("optcode", 8).doc("Zero (RFC 5568)."),
    PREFIX_LENGTH,
    RES32,
    Field::ipv6("prefix").doc("The prefix (RFC 5568)."),
]);

static LINK_LAYER_CODES: Names = Names(&[
    (0, "Wildcard requesting resolution for all nearby AP"),
    (1, "LLA for the new AP"),
    (2, "LLA of the MN"),
    (3, "LLA of the NAR"),
    (4, "LLA of the src of TrSolPr or PrRtAdv msg"),
    (5, "AP identified by LLA belongs to current iface of router"),
    (6, "No preifx info available for AP identified by the LLA"),
    (7, "No fast handovers support for AP identified by the LLA"),
]);

static LINK_LAYER: Protocol = option(
    "ICMPv6NDOptLLA",
    "ICMPv6 Neighbor Discovery - Link-Layer Address (LLA) Option (FH for MIPv6)",
)
.reference("RFC 5568")
.about("The hardware address of an access point or of a host that changes to it.")
.header(9)
.fields(&[
    TYPE,
    LEN,
    Field::uint("optcode", 8)
        .names(&LINK_LAYER_CODES)
        .doc("Whose address it is (RFC 5568)."),
    Field::mac("lla").doc("The address (RFC 5568)."),
]);

static ANCHOR_POINT: Protocol =
    option("ICMPv6NDOptMAP", "ICMPv6 Neighbor Discovery - MAP Option")
        .reference("RFC 5380")
        .about("A nearby agent for hosts on the move.")
        .header(24)
        .fields(&[
            TYPE,
            LEN,
            Field::uint("dist", 4).doc("How far it is (RFC 5380)."),
            Field::uint("pref", 4).doc("How much it wants to be preferred (RFC 5380)."),
            Field::uint("R", 1).doc("Whether hosts shall make themselves an address there (RFC 5380)."),
            Field::uint("res", 7).doc("Kept for later, zero (RFC 5380)."),
            Field::uint("validlifetime", 32).doc("Seconds that it will serve (RFC 5380)."),
            Field::ipv6("addr").doc("Its address (RFC 5380)."),
        ]);

static SEARCH_LIST: Protocol = option(
    "ICMPv6NDOptDNSSL",
    "ICMPv6 Neighbor Discovery Option - DNS Search List Option",
)
.reference("RFC 8106")
.about("Domains that are appended to short names.")
.header_from(8, announced)
.fields(&[
    TYPE,
    LEN,
    Field::uint("res", 16).doc("Kept for later, zero (RFC 8106)."),
    Field::uint("lifetime", 32).doc("Seconds that they may be used (RFC 8106)."),
    Field::of("searchlist", Width::Rest, Kind::CustomBytes(domains))
        .doc("The domains (RFC 8106)."),
]);

/// A Python list of names, each a row of labels that a zero ends; more zeros fill the option.
fn domains(mut bytes: &[u8], text: &mut Text) {
    text.str("[");
    let mut labels = 0;
    let mut names = 0;
    while let Some((length, rest)) = bytes.split_first() {
        bytes = rest;
        if *length == 0 {
            text.str(if labels > 0 { "'" } else { "" });
            labels = 0;
            continue;
        }
        if labels == 0 {
            text.str(if names > 0 { ", '" } else { "'" });
            names += 1;
        }
        labels += 1;
        let (label, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        for byte in label {
            match byte {
                b'\'' | b'\\' => _ = text.str("\\").ascii(*byte),
                0x20..0x7f => _ = text.ascii(*byte),
                _ => _ = text.str("\\x").hex_bytes(&[*byte]),
            }
        }
        text.str(".");
        bytes = rest;
    }
    text.str(if labels > 0 { "']" } else { "]" });
}

static CAPTIVE_PORTAL: Protocol = option(
    "ICMPv6NDOptCaptivePortal",
    "ICMPv6 Neighbor Discovery Option - Captive-Portal Option",
)
.reference("RFC 8910")
.about("Where one must log in before the network lets packets through.")
.header_from(2, announced)
.fields(&[
    TYPE,
    LEN,
    Field::of("URI", Width::Rest, Kind::CustomBytes(|uri, text| _ = text.repr_filled(uri)))
        .doc("The page (RFC 8910)."),
]);

static PREFIX_LENGTHS: Names = Names(&[
    (0, "/96"),
    (1, "/64"),
    (2, "/56"),
    (3, "/48"),
    (4, "/40"),
    (5, "/32"),
]);

static PREF64: Protocol = option(
    "ICMPv6NDOptPREF64",
    "ICMPv6 Neighbor Discovery Option - PREF64 Option",
)
.reference("RFC 8781")
.about("The prefix under which IPv4 hosts are reached from a network that has IPv6 only.")
.header(16)
.fields(&[
    TYPE,
    LEN,
    Field::uint("scaledlifetime", 13).doc("Units of 8 seconds that it may be used (RFC 8781)."),
    Field::uint("plc", 3)
        .names(&PREFIX_LENGTHS)
        .doc("Length of the prefix (RFC 8781)."),
    Field::of("prefix", Width::Rest, Kind::Ipv6Prefix).doc("The prefix (RFC 8781)."),
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
