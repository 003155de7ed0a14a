//! The messages of ICMPv6 for hosts that move (RFC 6275), for finding multicast routers
//! (RFC 4286), and for networks of small radio devices (RFC 6550).

use super::icmpv6::{CKSUM, CODE, TYPE, message, on_ipv6};
use super::icmpv6_nd_options;
use crate::model::{Field, Kind, Names, Next, Protocol, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &ROUTER_ADVERTISEMENT,
    &ROUTER_SOLICITATION,
    &ROUTER_TERMINATION,
    &HOME_AGENT_REQUEST,
    &HOME_AGENT_REPLY,
    &PREFIX_SOLICITATION,
    &PREFIX_ADVERTISEMENT,
    &RPL,
];

const RESERVED: Field = Field::uint("res", 8).doc("Kept for later, zero (RFC 4286).");

static ROUTER_ADVERTISEMENT: Protocol = message(
    "ICMPv6MRD_Advertisement",
    "ICMPv6 Multicast Router Discovery Advertisement",
)
.reference("RFC 4286")
.about("A multicast router announces itself to the switches of its link.")
.under(&[on_ipv6::<151, 8>()])
.header(8)
.fields(&[
    TYPE,
    Field::uint("advinter", 8).doc("Seconds between two announcements (RFC 4286)."),
    CKSUM,
    Field::uint("queryint", 16).doc("Seconds between two queries (RFC 4286)."),
    Field::uint("robustness", 16).doc("How many reports may get lost (RFC 4286)."),
])
.payload(|_| Some(8))
.next(|_| Next::Raw);

static ROUTER_SOLICITATION: Protocol = message(
    "ICMPv6MRD_Solicitation",
    "ICMPv6 Multicast Router Discovery Solicitation",
)
.reference("RFC 4286")
.about("Asks multicast routers to announce themselves.")
.under(&[on_ipv6::<152, 4>()])
.header(4)
.fields(&[TYPE, RESERVED, CKSUM])
.payload(|_| Some(4))
.next(|_| Next::Raw);

static ROUTER_TERMINATION: Protocol = message(
    "ICMPv6MRD_Termination",
    "ICMPv6 Multicast Router Discovery Termination",
)
.reference("RFC 4286")
.about("A multicast router says that it stops.")
.under(&[on_ipv6::<153, 4>()])
.header(4)
.fields(&[TYPE, RESERVED, CKSUM])
.payload(|_| Some(4))
.next(|_| Next::Raw);

static MOBILE_ROUTER: Names = Names(&[(1, "MR")]);

const ID: Field =
    Field::hex("id", 16).doc("Tells which question an answer belongs to (RFC 6275).");
const R: Field = Field::uint("R", 1)
    .names(&MOBILE_ROUTER)
    .doc("Asks for agents that serve whole networks on the move (RFC 3963).");
const REST: Field = Field::hex("res", 15).doc("Kept for later, zero (RFC 6275).");

static HOME_AGENT_REQUEST: Protocol = message(
    "ICMPv6HAADRequest",
    "ICMPv6 Home Agent Address Discovery Request",
)
.reference("RFC 6275")
.about("A host on the move asks who at home can forward its packets.")
.under(&[on_ipv6::<144, 8>()])
.header(8)
.fields(&[TYPE, CODE, CKSUM, ID, R, REST])
.next(|_| Next::Raw);

static HOME_AGENT_REPLY: Protocol = message(
    "ICMPv6HAADReply",
    "ICMPv6 Home Agent Address Discovery Reply",
)
.reference("RFC 6275")
.about("Names those at home who forward packets to a host on the move.")
.under(&[on_ipv6::<145, 8>()])
.header_from(8, |bytes| 8 + bytes.len().saturating_sub(8) / 16 * 16)
.fields(&[
    TYPE,
    CODE,
    CKSUM,
    ID,
    R,
    REST,
    Field::of("addresses", Width::Rest, Kind::Ipv6List).doc("Their addresses (RFC 6275)."),
])
.next(|_| Next::Raw);

static PREFIX_SOLICITATION: Protocol =
    message("ICMPv6MPSol", "ICMPv6 Mobile Prefix Solicitation")
        .reference("RFC 6275")
        .about("A host on the move asks for the prefixes of its home.")
        .under(&[on_ipv6::<146, 8>()])
        .header(8)
        .fields(&[
            TYPE,
            CODE,
            CKSUM,
            ID,
            Field::hex("res", 16).doc("Kept for later, zero (RFC 6275)."),
        ])
        .next(|_| Next::Raw);

static PREFIX_FLAGS: Names = Names(&[(1, "O"), (2, "M")]);

static PREFIX_ADVERTISEMENT: Protocol =
    message("ICMPv6MPAdv", "ICMPv6 Mobile Prefix Advertisement")
        .reference("RFC 6275")
        .about("Tells a host on the move the prefixes of its home.")
        .under(&[on_ipv6::<147, 8>()])
        .header(8)
        .fields(&[
            TYPE,
            CODE,
            CKSUM,
            ID,
            Field::uint("flags", 2)
                .names(&PREFIX_FLAGS)
                .doc("Whether addresses or further settings come from DHCPv6 (RFC 6275)."),
            Field::hex("res", 14).doc("Kept for later, zero (RFC 6275)."),
        ])
        .next(icmpv6_nd_options::next);

static RPL_CODES: Names = Names(&[
    (0, "DIS"),
    (1, "DIO"),
    (2, "DAO"),
    (3, "DAO-ACK"),
    (7, "DCO"),
    (8, "DCO-ACK"),
]);

static RPL: Protocol = message("ICMPv6RPL", "RPL")
    .reference("RFC 6550")
    .about("Finds ways through networks of small radio devices.")
    .under(&[on_ipv6::<155, 4>()])
    .header(4)
    .fields(&[TYPE, CODE.names(&RPL_CODES), CKSUM])
    .next(|_| Next::Raw);
