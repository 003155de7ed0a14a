//! Virtual LANs: IEEE 802.1Q, a tag between the addresses and the type of an Ethernet frame,
//! and 802.1ad, the provider's tag around it.

use super::llc;
use super::numbers::ETHER_TYPES;
use crate::model::{Field, Layer, Next, Packet, Protocol, Remarks, Text, Under, Value};

pub(super) static PROTOCOLS: &[&Protocol] = &[&DOT1Q, &DOT1AD];

/// Up to here the type field is the length of what follows, as in an 802.3 frame.
const LONGEST: u16 = 1500;

const FIELDS: &[Field] = &[
    Field::uint("prio", 3)
        .aliases(&[".priority"])
        .doc("Priority from 0 to 7; switches let the more urgent frames pass first (IEEE 802.1Q).")
        .says(says_priority),
    Field::uint("dei", 1)
        .doc("Drop eligible: when a queue is full, such frames go first (IEEE 802.1Q).")
        .says(|_, eligible, text| {
            if eligible.number() == 1 {
                text.str("may be dropped first");
            }
        }),
    Field::uint("vlan", 12)
        .aliases(&[".id"])
        .doc("Which virtual LAN the frame belongs to: a switch delivers it inside that one only (IEEE 802.1Q).")
        .says(|_, vlan, text| {
            match vlan.number() {
                0 => text.str("none: the tag carries a priority only"),
                1 => text.str("the LAN that all ports of a fresh switch belong to"),
                0xfff => text.str("reserved, must not be used"),
                _ => return,
            };
        }),
    Field::hex("type", 16)
        .aliases(&[".etype"])
        .names(&ETHER_TYPES)
        .doc("What follows the tag, as in an Ethernet frame; up to 1500 it is a length (IEEE 802.1Q).")
        .says(|_, kind, text| {
            if kind.number() <= LONGEST.into() {
                text.dec(kind.number()).str(" bytes of an 802.3 frame follow");
            }
        }),
];

/// A tag; its place in the frame tells whose it is.
const fn tag(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .carries("type", "Ether", "type")
        .header(4)
        .never_last()
        .fields(FIELDS)
        .next(|tag| {
            if tag.u16(2) <= LONGEST {
                Next::Is(&llc::LLC)
            } else {
                Next::Bound
            }
        })
        .payload(|tag| (tag.u16(2) <= LONGEST).then_some(tag.u16(2).into()))
        .check(check)
}

static DOT1Q: Protocol = tag("Dot1Q", "802.1Q")
    .aliases(&["vlan"])
    .column("VLAN")
    .cut(0, |packet, index, text| {
        if packet.layers[index].header().len() > 1 {
            info(packet, index, "  DEI: ", "  ID: ", text);
        }
        true
    })
    .reference("IEEE 802.1Q")
    .about("Tells several LANs on one cable apart: each frame carries the number of its own.")
    .under(&[Under::field("Ether", "type", 0x8100)])
    .info(|packet, index, text| info(packet, index, "  DEI: ", "  ID: ", text));

static DOT1AD: Protocol = tag("Dot1AD", "802_1AD")
    .aliases(&["ieee8021ad"])
    .column("IEEE 802.1ad")
    .reference("IEEE 802.1ad")
    .about("The tag of a provider, who carries the tagged frames of his customers.")
    .under(&[Under::field("Ether", "type", 0x88a8)])
    .info(|packet, index, text| info(packet, index, "  DROP: ", " ID: ", text));

fn says_priority(_: &Layer, priority: Value, text: &mut Text) {
    let meaning = match priority.number() {
        0 => "best effort: ordinary traffic",
        1 => "background, less than ordinary",
        5 => "voice or video",
        6 | 7 => "control of the network itself",
        _ => return,
    };
    text.str(meaning);
}

fn info(packet: &Packet, index: usize, eligible: &str, lan: &str, text: &mut Text) {
    let tag = &packet.layers[index];
    let tci = tag.u16(0);
    text.str("PRI: ").dec(u64::from(tci >> 13));
    text.str(eligible).dec(u64::from(tci >> 12 & 1));
    text.str(lan).dec(u64::from(tci & 0xfff));
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let tag = &packet.layers[index];
    if tag.u16(0) & 0xfff == 0xfff {
        remarks.warn("vlan", format_args!("4095 is reserved: switches drop the frame"));
    }
    let (length, there) = (usize::from(tag.u16(2)), packet.bytes.len() - tag.end);
    if tag.u16(2) <= LONGEST && length > there {
        remarks.warn("type", format_args!("{length} bytes announced, {there} there: cut off"));
    }
}
