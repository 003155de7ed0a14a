//! Spanning Tree Protocol: IEEE 802.1D, how switches agree on which cables to leave unused.

use crate::model::{Field, Layer, Packet, Protocol, Text, Under, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[&STP, &SHORT];

const CONFIGURATION: u8 = 0x00;
const RAPID: u8 = 0x02;
const CHANGE: u8 = 0x80;

/// Bytes of a message that has all fields.
const WHOLE: usize = 35;

static STP: Protocol = Protocol::new("STP", "Spanning Tree Protocol")
    .column("STP")
    .reference("IEEE 802.1D")
    .about("Switches elect a root and shut the cables that would make a loop: in a loop, broadcasts would circle for ever.")
    .under(&[
        Under::field("LLC", "dsap", 0x42).accept(readable),
        // Cisco's tree for each virtual LAN.
        Under::field("SNAP", "code", 0x10b).accept(readable),
    ])
    .header_from(4, |bytes| if change(bytes) { 4 } else { WHOLE })
    .fields(&[
        Field::uint("proto", 16)
            .aliases(&["stp.protocol"])
            .doc("Always 0 (IEEE 802.1D)."),
        Field::uint("version", 8)
            .doc("0 the first spanning tree, 2 the rapid one, 3 several trees (IEEE 802.1Q)."),
        Field::uint("bpdutype", 8)
            .aliases(&["stp.type"])
            .doc("Kind of message (IEEE 802.1D).")
            .says(|_, kind, text| {
                match kind.number() as u8 {
                    CONFIGURATION => text.str("configuration: how far the root is"),
                    RAPID => text.str("configuration of the rapid spanning tree"),
                    CHANGE => text.str("a port went up or down somewhere: forget old addresses soon"),
                    _ => return,
                };
            }),
        Field::uint("bpduflags", 8)
            .aliases(&["stp.flags"])
            .derived(&[("stp.flags.tc", |flags| flags & 1), ("stp.flags.tcack", |flags| flags >> 7)])
            .when(has_all)
            .doc("Bit 0 says that the tree changed, bit 7 acknowledges that (IEEE 802.1D)."),
        Field::uint("rootid", 16)
            .derived(&[("stp.root.prio", |id| id & 0xf000), ("stp.root.ext", |id| id & 0xfff)])
            .when(has_all)
            .doc("Priority of the root; the switch with the lowest becomes root (IEEE 802.1D)."),
        Field::mac("rootmac")
            .aliases(&["stp.root.hw"])
            .when(has_all)
            .doc("Address of the root; decides between equal priorities (IEEE 802.1D)."),
        Field::uint("pathcost", 32)
            .aliases(&["stp.root.cost"])
            .when(has_all)
            .doc("How far the root is from the sender; fast links cost less (IEEE 802.1D)."),
        Field::uint("bridgeid", 16)
            .derived(&[("stp.bridge.prio", |id| id & 0xf000), ("stp.bridge.ext", |id| id & 0xfff)])
            .when(has_all)
            .doc("Priority of the sender (IEEE 802.1D)."),
        Field::mac("bridgemac")
            .aliases(&["stp.bridge.hw"])
            .when(has_all)
            .doc("Address of the sender (IEEE 802.1D)."),
        Field::uint("portid", 16)
            .aliases(&["stp.port"])
            .when(has_all)
            .doc("The sender's port, its priority first (IEEE 802.1D)."),
        Field::custom("age", 16, seconds)
            .when(has_all)
            .doc("Seconds since the root sent this (IEEE 802.1D)."),
        Field::custom("maxage", 16, seconds)
            .when(has_all)
            .doc("Seconds after which it is no longer believed (IEEE 802.1D)."),
        Field::custom("hellotime", 16, seconds)
            .when(has_all)
            .doc("Seconds between two messages of the root (IEEE 802.1D)."),
        Field::custom("fwddelay", 16, seconds)
            .when(has_all)
            .doc("Seconds that a port listens and learns before it forwards (IEEE 802.1D)."),
    ])
    .info(info);

// `show` calls it Raw, as scapy does.
static SHORT: Protocol = Protocol::new("STPShort", "Raw")
    .column("STP")
    .reference("IEEE 802.1D")
    .about("A message that ends before all its fields.")
    .under(&[Under::field("LLC", "dsap", 0x42), Under::field("SNAP", "code", 0x10b)])
    .header_rest(1)
    .fields(&[Field::bytes("load", Width::Rest).doc("What there is of the message (IEEE 802.1D).")])
    .info(|packet, index, text| {
        let stp = &packet.layers[index];
        let unknown = !matches!(stp.u8(3), CONFIGURATION | RAPID | CHANGE);
        let there = stp.header().len();
        if there > PORT || unknown && there > 4 {
            configuration(stp, text);
        }
        if !unknown || there < 5 {
            text.str(packet.ran_out(index));
        }
    });

/// A message about a change ends after its kind; one that goes on is read as the others are.
fn change(bytes: &[u8]) -> bool {
    bytes.get(3) == Some(&CHANGE) && bytes.len() < WHOLE
}

fn readable(bytes: &[u8]) -> bool {
    bytes.len() >= WHOLE || change(bytes)
}

fn has_all(stp: &Layer) -> bool {
    stp.header().len() >= WHOLE
}

/// Times count in 256ths of a second.
fn seconds(parts: u64, text: &mut Text) {
    text.dec(parts >> 8).str(".");
    let mut rest = parts & 0xff;
    loop {
        rest *= 10;
        text.dec(rest >> 8);
        rest &= 0xff;
        if rest == 0 {
            break;
        }
    }
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let stp = &packet.layers[index];
    configuration(stp, text);
    // The rapid kinds end with the length of what version 1 would have added.
    if stp.u8(3) == RAPID && stp.bytes().len() == WHOLE {
        text.str(packet.ran_out(index));
    }
}

/// The last byte that is spoken of in `line`: the port's.
const PORT: usize = 26;

/// `RST. Root = 32768/0/00:01:02:03:04:05  Cost = 0  Port = 0x8001`
fn configuration(stp: &Layer, text: &mut Text) {
    let kind = match (stp.u8(3), stp.u8(2)) {
        (CHANGE, _) => {
            text.str("Topology Change Notification");
            return;
        }
        (CONFIGURATION, _) => "Conf. ",
        (RAPID, 3) => "MST. ",
        (RAPID, 4..) => "SPT. ",
        (RAPID, _) => "RST. ",
        _ => {
            text.str("Unknown BPDU type (").dec(stp.u8(3).into()).str(")");
            return;
        }
    };
    text.str(kind);
    if stp.u8(4) & 1 == 1 {
        text.str("TC + ");
    }
    let root = stp.u16(5);
    text.str("Root = ").dec((root & 0xf000).into());
    text.str("/").dec((root & 0xfff).into()).str("/");
    let root = stp.header().get(7..13).unwrap_or_default();
    text.mac(root.try_into().unwrap_or_default());
    // tshark takes the highest bit for a sign.
    let cost = stp.u32(13).cast_signed();
    text.str(if cost < 0 { "  Cost = -" } else { "  Cost = " });
    text.dec(cost.unsigned_abs().into());
    text.str("  Port = ").hex(stp.u16(25).into(), 4);
}
