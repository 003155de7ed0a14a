//! Virtual Extensible LAN: RFC 7348, Ethernet frames inside UDP, and the form that may carry
//! something else, VXLAN-GPE.

use super::{ipv4, ipv6};
use crate::model::{
    Field, Flag, FlagSet, Layer, LinkType, Next, Packet, Names, Protocol, Remarks, Under,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&VXLAN];

const NEXT_PROTOCOL: u8 = 0x04;
const INSTANCE: u8 = 0x08;
const GROUP: u8 = 0x80;

const RESERVED: Flag = Flag { mark: "R", meaning: "reserved" };

static FLAGS: FlagSet = FlagSet {
    flags: &[
        Flag { mark: "OAM", meaning: "for the tunnel's own upkeep, not for a user" },
        RESERVED,
        Flag { mark: "NextProtocol", meaning: "says what is inside; else it is an Ethernet frame" },
        Flag { mark: "Instance", meaning: "the network's number is valid" },
        Flag { mark: "V1", meaning: "version" },
        Flag { mark: "V2", meaning: "version" },
        RESERVED,
        Flag { mark: "G", meaning: "carries a group for policies" },
    ],
    joiner: "+",
};

static GROUP_FLAGS: FlagSet = FlagSet {
    flags: &[
        RESERVED,
        RESERVED,
        RESERVED,
        Flag { mark: "A", meaning: "the policy has been applied" },
        RESERVED,
        RESERVED,
        Flag { mark: "D", meaning: "do not learn the source address" },
        RESERVED,
    ],
    joiner: "+",
};

static NEXT_PROTOCOLS: Names = Names(&[
    (0, "NotDefined"),
    (1, "IPv4"),
    (2, "IPv6"),
    (3, "Ethernet"),
    (4, "NSH"),
]);

static VXLAN: Protocol = Protocol::new("VXLAN", "VXLAN")
    .column("VxLAN")
    .reference("RFC 7348")
    .about("A virtual LAN across routers: whole Ethernet frames travel inside UDP, as in the course's tunnel with a TAP device.")
    .under(&[
        Under::field("UDP", "dport", 4789),
        // The form with a next protocol.
        Under::field("UDP", "dport", 4790),
        Under::field("UDP", "dport", 6633),
        // The port Linux used before there was an official one.
        Under::field("UDP", "dport", 8472),
        Under::field("UDP", "dport", 48879),
        Under::field("UDP", "sport", 4789),
        Under::field("UDP", "sport", 4790),
        Under::field("UDP", "sport", 6633),
        Under::field("UDP", "sport", 8472),
    ])
    .header_whole(|bytes| {
        let both = NEXT_PROTOCOL | GROUP;
        if bytes.first().is_some_and(|flags| flags & both == both) { 11 } else { 8 }
    })
    .never_last()
    .fields(&[
        Field::flags("flags", 8, &FLAGS)
            .derived(&[("vxlan.flag_i", |flags| flags >> 3 & 1)])
            .doc("Instance must be set: the number of the network follows (RFC 7348)."),
        Field::uint("reserved0", 16)
            .when(|vxlan| has(vxlan, NEXT_PROTOCOL))
            .doc("Kept for later, zero (draft-ietf-nvo3-vxlan-gpe)."),
        Field::uint("NextProtocol", 8)
            .aliases(&["vxlan.next_proto"])
            .names(&NEXT_PROTOCOLS)
            .when(|vxlan| has(vxlan, NEXT_PROTOCOL))
            .doc("What is inside (draft-ietf-nvo3-vxlan-gpe)."),
        Field::uint("reserved1", 24)
            .when(|vxlan| !has(vxlan, NEXT_PROTOCOL | GROUP))
            .doc("Kept for later, zero (RFC 7348)."),
        Field::flags("gpflags", 8, &GROUP_FLAGS)
            .when(|vxlan| has(vxlan, GROUP))
            .doc("How policies treat the frame (draft-smith-vxlan-group-policy)."),
        Field::uint("gpid", 16)
            .aliases(&["vxlan.gbp"])
            .when(|vxlan| has(vxlan, GROUP))
            .doc("Group of the sender, for policies (draft-smith-vxlan-group-policy)."),
        Field::hex("vni", 24)
            .doc("Number of the virtual network; frames never leave their own (RFC 7348)."),
        Field::hex("reserved2", 8).doc("Kept for later, zero (RFC 7348)."),
    ])
    .next(|vxlan| match (has(vxlan, NEXT_PROTOCOL), vxlan.u8(3)) {
        (false, _) | (true, 0 | 3) => Next::Frame(LinkType::ETHERNET),
        (true, 1) => Next::Is(&ipv4::IP),
        (true, 2) => Next::Is(&ipv6::IPV6),
        (true, _) => Next::Raw,
    })
    .cut(1, |_, _, _| true)
    .check(check);

fn has(vxlan: &Layer, flag: u8) -> bool {
    vxlan.u8(0) & flag != 0
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    if !has(&packet.layers[index], INSTANCE) {
        remarks.warn("flags", format_args!("Instance is not set: the receiver drops the frame"));
    }
}
