//! The older Ethernet frame, IEEE 802.3, whose third field is a length, and what stands in it
//! to tell what it carries: IEEE 802.2 LLC, and SNAP (RFC 1042).

use super::ether::{self, LEAST};
use super::numbers::ETHER_TYPES;
use crate::model::{
    Field, Kind, Layer, LinkType, Next, Packet, Protocol, Remarks, Text, Under, Value, Width,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&DOT3, &LLC, &SNAP];

/// From here on the field is a type.
const LONGEST: u16 = 1500;

static DOT3: Protocol = Protocol::new("Dot3", "802.3")
    .aliases(&["eth"])
    .column("LLC")
    .reference("IEEE 802.3")
    .about("The Ethernet frame that says how long it is instead of what it carries; switches still use it among themselves.")
    .under(&[
        Under::link(LinkType::ETHERNET.0).accept(is_length),
        Under::field("SNAP", "code", 1).accept(is_length),
        Under::field("CookedLinux", "proto", 1).accept(is_length),
        Under::field("CookedLinuxV2", "proto", 1).accept(is_length),
    ])
    .header(14)
    .least(LEAST)
    .fields(&[
        Field::mac("dst")
            .aliases(&["eth.addr"])
            .worked_out(&[("eth.dst.oui", ether::oui), ("eth.addr.oui", ether::oui)])
            .doc("The station, or group of stations, that shall take the frame (IEEE 802.3).")
            .says(says_group),
        Field::mac("src")
            .aliases(&["eth.addr"])
            .worked_out(&[("eth.src.oui", ether::oui), ("eth.addr.oui", ether::oui)])
            .doc("The station on this link that sent the frame (IEEE 802.3)."),
        Field::uint("len", 16)
            .doc("Bytes that follow, without the filling of short frames; from 1536 on it would be a type (IEEE 802.3)."),
    ])
    .payload(|frame| Some(frame.u16(12).into()))
    .next(|_| Next::Is(&LLC))
    .endpoints(|frame| {
        (
            frame.get("src").unwrap_or(Value::Absent),
            frame.get("dst").unwrap_or(Value::Absent),
        )
    })
    .check(|packet, index, remarks| {
        let frame = &packet.layers[index];
        let (length, there) = (usize::from(frame.u16(12)), packet.bytes.len() - frame.end);
        if length > there {
            remarks.warn("len", format_args!("{length} bytes announced, {there} there: cut off"));
        }
    });

fn is_length(frame: &[u8]) -> bool {
    frame
        .get(12..14)
        .is_some_and(|field| u16::from_be_bytes([field[0], field[1]]) <= LONGEST)
}

fn says_group(_: &Layer, address: Value, text: &mut Text) {
    match address {
        Value::Mac([1, 0x80, 0xc2, 0, 0, 0]) => text.str("all bridges: spanning tree"),
        Value::Mac([1, 0, 0x0c, 0xcc, 0xcc, _]) => text.str("Cisco's own protocols"),
        Value::Mac([first, ..]) if first & 1 == 1 => text.str("a group of stations"),
        _ => return,
    };
}

/// Unnumbered information: a message without connection, numbers or acknowledgement.
const UI: u8 = 3;

pub(super) static LLC: Protocol = Protocol::new("LLC", "LLC")
    .reference("IEEE 802.2")
    .about("Says which protocol of the sender talks to which of the receiver, as ports do.")
    .under(&[Under::field("Ether", "type", 0x8870)])
    .header(3)
    .fields(&[
        Field::hex("dsap", 8)
            .doc("Service access point of the receiver: 0x42 spanning tree, 0xaa SNAP (IEEE 802.2)."),
        Field::hex("ssap", 8)
            .doc("Service access point of the sender; its lowest bit marks a response (IEEE 802.2)."),
        Field::uint("ctrl", 8)
            .aliases(&["llc.control"])
            .doc("Kind of frame (IEEE 802.2).")
            .says(|_, control, text| {
                match control.number() {
                    3 => text.str("unnumbered information: just a message"),
                    control if control & 3 == 3 => text.str("an unnumbered frame: it opens, closes or tests"),
                    control if control & 3 == 1 => text.str("a supervisory frame: it acknowledges"),
                    _ => text.str("numbered information of a connection"),
                };
            }),
    ])
    .next(|llc| {
        if llc.u8(0) == llc.u8(1) && llc.u8(2) == UI {
            Next::Bound
        } else {
            Next::Raw
        }
    })
    .info(info)
    .cut(0, |_, _, _| true)
    .check(check);

/// Who stands behind a service access point.
fn access_point(point: u8) -> Option<&'static str> {
    Some(match point {
        0x00 => "NULL LSAP",
        0x02 => "LLC Sub-Layer Management",
        0x04 => "SNA Path Control",
        0x08 | 0x0c => "SNA",
        0x06 => "TCP/IP",
        0x0e => "PROWAY (IEC955) Network Management and Initialization",
        0x10 => "NetWare (unofficial?)",
        0x14 => "ISO Network Layer (OSLAN 1)",
        0x18 => "Texas Instruments",
        0x20 | 0x34 => "ISO Network Layer (unofficial?)",
        0x42 => "Spanning Tree BPDU",
        0x4e => "EIA RS-511 Manufacturing Message Service",
        0x7e => "ISO 8208 (X.25 over 802.2)",
        0x80 => "XNS",
        0x54 => "ISO Network Layer (OSLAN 2)",
        0x82 => "BACnet",
        0x86 => "Nestar",
        0x8e => "PROWAY (IEC955) Active Station List Maintenance",
        0x98 => "ARP",
        0xaa => "SNAP",
        0xb4 => "HP JetDirect Printer",
        0xba | 0xbc => "Banyan Vines",
        0xe0 => "NetWare",
        0xf0 => "NetBIOS",
        0xf4 => "IBM Net Management",
        0xf8 => "HP Extended LLC",
        0xfa => "Ungermann-Bass",
        0xfc => "Remote Program Load",
        0xfe => "ISO Network Layer",
        _ => return None,
    })
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let llc = &packet.layers[index];
    let (dsap, ssap) = (llc.u8(0), llc.u8(1));
    // The numbers of a connection take a second byte.
    if llc.u8(2) & 3 != 3 && llc.payload().is_empty() {
        text.str(packet.ran_out(index));
        return;
    }
    control(llc, text);
    text.str("; DSAP ");
    point(dsap, text);
    text.str(if dsap & 1 == 1 { " Group" } else { " Individual" });
    text.str(", SSAP ");
    point(ssap, text);
    text.str(if ssap & 1 == 1 { " Response" } else { " Command" });
}

fn point(point: u8, text: &mut Text) {
    let individual = point & 0xfe;
    match access_point(individual) {
        Some(name) => _ = text.str(name),
        None => _ = text.hex(individual.into(), 2),
    }
}

/// The control field: `U, func=UI`, or numbers of a connection, which take a second byte.
fn control(llc: &Layer, text: &mut Text) {
    let first = llc.u8(2);
    let second = llc.payload().first().copied().unwrap_or(0);
    let response = llc.u8(1) & 1 == 1;
    let numbered = match first & 3 {
        3 => {
            let last = first & 0x10 != 0;
            text.str(if last && response { "U F, func=" } else if last { "U P, func=" } else { "U, func=" });
            text.str(match first & 0xef {
                0x03 => "UI",
                0x07 => if response { "RIM" } else { "SIM" },
                0x0f => if response { "DM" } else { "SARM" },
                0x23 => "UP",
                0x2f => "SABM",
                0x4f => "SARME",
                0x43 => if response { "RD" } else { "DISC" },
                0x63 => "UA",
                0x6f => "SABME",
                0x83 => "SNRM",
                0x87 => "FRMR",
                0x8f => "RESET",
                0xaf => "XID",
                0xc7 => "CFGR",
                0xcf => "SNRME",
                0xe3 => "TEST",
                0xef => "BCN",
                _ => "Unknown",
            });
            return;
        }
        1 => {
            text.str("S");
            None
        }
        _ => {
            text.str("I");
            Some(first >> 1)
        }
    };
    if second & 1 == 1 {
        text.str(if response && numbered.is_none() { " F" } else { " P" });
    }
    if numbered.is_none() {
        text.str(match first & 0xc {
            0 => ", func=RR",
            4 => ", func=RNR",
            8 => ", func=REJ",
            _ => ", func=SREJ",
        });
    }
    text.str(", N(R)=").dec(u64::from(second >> 1));
    if let Some(sent) = numbered {
        text.str(", N(S)=").dec(sent.into());
    }
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let llc = &packet.layers[index];
    if llc.u8(0) == 0xff && llc.u8(1) == 0xff {
        remarks.note("dsap", format_args!("ff ff: no LLC at all, but an old NetWare packet straight in the frame"));
    }
}

static SNAP: Protocol = Protocol::new("SNAP", "SNAP")
    .column("LLC")
    .reference("RFC 1042")
    .about("Five more bytes behind LLC, so that an 802.3 frame can carry what an Ethernet frame does.")
    .under(&[Under::field("LLC", "dsap", 0xaa)])
    .carries("code", "Ether", "type")
    .header(5)
    .never_last()
    .fields(&[
        Field::of("OUI", Width::Bits(24), Kind::Custom(organisation))
            .aliases(&["llc.oui"])
            .doc("Who numbers the codes: 00:00:00 for EtherTypes, else a maker of cards (RFC 1042)."),
        Field::hex("code", 16)
            .aliases(&["llc.type"])
            .names(&ETHER_TYPES)
            .doc("What follows; an EtherType when OUI is zero (RFC 1042)."),
    ])
    .info(|packet, index, text| {
        let snap = &packet.layers[index];
        if let Some(llc) = packet.below(index) {
            control(llc, text);
        }
        let number = snap.bits(0, 24);
        text.str("; SNAP, OUI 0x").hex_upper(number, 6);
        let owner = owner(number).split('\t').next().unwrap_or_default();
        text.str(" (").str(if owner.is_empty() { "Unknown" } else { owner });
        text.str("), PID 0x").hex_upper(snap.u16(3).into(), 4);
    });

/// Whose an OUI is, where that is often seen here; behind a tab a remark that scapy has.
fn owner(number: u64) -> &'static str {
    match number {
        0x00_0000 => "Officially Xerox, but 0:0:0:0:0:0 is more common",
        0x00_000c => "Cisco Systems, Inc",
        0x00_00f8 => "Digital Equipment Corporation",
        0x00_80c2 => "IEEE\t# 802.1 Committee",
        0x00_a0c9 => "Intel (PRO100B and PRO100+)\t# [used on Cisco PIX firewall among others]",
        0x08_0007 => "Apple, Inc.",
        _ => "",
    }
}

/// The three bytes, and whose they are.
fn organisation(number: u64, text: &mut Text) {
    let owner = owner(number);
    text.str(owner).str(if owner.is_empty() { "" } else { " (" });
    for shift in [16, 8, 0] {
        text.hex_bytes(&[(number >> shift) as u8]);
        text.str(if shift > 0 { ":" } else { "" });
    }
    if !owner.is_empty() {
        text.str(")");
    }
}
