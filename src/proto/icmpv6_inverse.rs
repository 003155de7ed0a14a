//! Inverse Neighbour Discovery: RFC 3122, which asks for the IPv6 address of a hardware address.

use super::icmpv6::{CKSUM, CODE, TYPE, message, on_ipv6};
use super::icmpv6_nd_options;
use crate::model::{Field, Protocol};

pub(super) static PROTOCOLS: &[&Protocol] = &[&SOLICITATION, &ADVERTISEMENT];

const FIELDS: &[Field] = &[
    TYPE,
    CODE,
    CKSUM,
    Field::hex("reserved", 32).doc("Kept for later, zero (RFC 3122)."),
];

static SOLICITATION: Protocol = message(
    "ICMPv6ND_INDSol",
    "ICMPv6 Inverse Neighbor Discovery Solicitation",
)
.reference("RFC 3122")
.about("Asks which IPv6 addresses a hardware address has.")
.under(&[on_ipv6::<141, 8>()])
.header(8)
.fields(FIELDS)
.next(icmpv6_nd_options::next);

static ADVERTISEMENT: Protocol = message(
    "ICMPv6ND_INDAdv",
    "ICMPv6 Inverse Neighbor Discovery Advertisement",
)
.reference("RFC 3122")
.about("Says which IPv6 addresses a hardware address has.")
.under(&[on_ipv6::<142, 8>()])
.header(8)
.fields(FIELDS)
.next(icmpv6_nd_options::next);
