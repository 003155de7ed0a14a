//! Address Resolution Protocol: RFC 826.

use super::numbers::{ETHER_TYPES, HARDWARE_TYPES};
use crate::model::{Field, Layer, Names, Packet, Protocol, Remarks, Text, Under, Value, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[&ARP];

const REQUEST: u16 = 1;
const REPLY: u16 = 2;

static OPERATIONS: Names = Names(&[
    (1, "who-has"),
    (2, "is-at"),
    (3, "RARP-req"),
    (4, "RARP-rep"),
    (5, "Dyn-RARP-req"),
    (6, "Dyn-RAR-rep"),
    (7, "Dyn-RARP-err"),
    (8, "InARP-req"),
    (9, "InARP-rep"),
]);

static ARP: Protocol = Protocol::new("ARP", "ARP")
    .reference("RFC 826")
    .about("Asks a link which hardware address has an IPv4 address. Anybody may answer, and the asker believes it: that is why forging a reply works.")
    .under(&[Under::field("Ether", "type", 0x0806)])
    .header_from(8, |bytes| {
        let sizes = |index: usize| 2 * usize::from(*bytes.get(index).unwrap_or(&0));
        8 + sizes(4) + sizes(5)
    })
    .fields(&[
        Field::hex("hwtype", 16)
            .aliases(&["arp.hw.type"])
            .names(&HARDWARE_TYPES)
            .doc("Kind of link the hardware addresses belong to (RFC 826)."),
        Field::hex("ptype", 16)
            .aliases(&["arp.proto.type"])
            .names(&ETHER_TYPES)
            .doc("Kind of address that is looked for, as an EtherType (RFC 826)."),
        Field::uint("hwlen", 8)
            .aliases(&["arp.hw.size"])
            .doc("Bytes in a hardware address: 6 on Ethernet (RFC 826)."),
        Field::uint("plen", 8)
            .aliases(&["arp.proto.size"])
            .doc("Bytes in a protocol address: 4 for IPv4 (RFC 826)."),
        Field::uint("op", 16)
            .aliases(&["arp.opcode"])
            .names(&OPERATIONS)
            .doc("Question or answer (RFC 826).")
            .says(says_operation),
        Field::mac("hwsrc")
            .aliases(&["arp.src.hw_mac"])
            .when(has_mac)
            .doc("Hardware address of who sends this; receivers put it into their neighbour table (RFC 826)."),
        Field::bytes("hwsrc", Width::From(|arp| arp.u8(4).into()))
            .aliases(&["arp.src.hw"])
            .when(|arp| !has_mac(arp))
            .doc("Hardware address of the sender, of a link that is not Ethernet (RFC 826)."),
        Field::ipv4("psrc")
            .aliases(&["arp.src.proto_ipv4"])
            .when(has_ipv4)
            .doc("IPv4 address of who sends this; with hwsrc it is what the others learn (RFC 826)."),
        Field::ipv6("psrc")
            .when(has_ipv6)
            .doc("Protocol address of the sender."),
        Field::bytes("psrc", Width::From(|arp| arp.u8(5).into()))
            .aliases(&["arp.src.proto"])
            .when(|arp| !has_ipv4(arp) && !has_ipv6(arp))
            .doc("Protocol address of the sender, of a kind other than IP (RFC 826)."),
        Field::mac("hwdst")
            .aliases(&["arp.dst.hw_mac"])
            .when(has_mac)
            .doc("Hardware address of the target: zeros in a question, since it is what is asked (RFC 826)."),
        Field::bytes("hwdst", Width::From(|arp| arp.u8(4).into()))
            .aliases(&["arp.dst.hw"])
            .when(|arp| !has_mac(arp))
            .doc("Hardware address of the target, of a link that is not Ethernet (RFC 826)."),
        Field::ipv4("pdst")
            .aliases(&["arp.dst.proto_ipv4"])
            .when(has_ipv4)
            .doc("IPv4 address that is looked for, or of who asked (RFC 826)."),
        Field::ipv6("pdst")
            .when(has_ipv6)
            .doc("Protocol address that is looked for."),
        Field::bytes("pdst", Width::From(|arp| arp.u8(5).into()))
            .aliases(&["arp.dst.proto"])
            .when(|arp| !has_ipv4(arp) && !has_ipv6(arp))
            .doc("Protocol address of the target, of a kind other than IP (RFC 826)."),
    ])
    .payload(|_| Some(0))
    .info(info)
    .check(check);

fn has_mac(arp: &Layer) -> bool {
    arp.u16(0) == 1 && arp.u8(4) == 6
}

fn has_ipv4(arp: &Layer) -> bool {
    arp.u16(2) == 0x0800 && arp.u8(5) == 4
}

fn has_ipv6(arp: &Layer) -> bool {
    arp.u16(2) == 0x86dd && arp.u8(5) == 16
}

fn says_operation(_: &Layer, operation: Value, text: &mut Text) {
    match operation.number() as u16 {
        REQUEST => text.str("who has pdst? tell psrc"),
        REPLY => text.str("psrc is at hwsrc; no question is needed for it to be believed"),
        _ => return,
    };
}

/// Sender and target of an IPv4-over-Ethernet message.
fn addresses<'a>(arp: &Layer<'a>) -> Option<(Value<'a>, Value<'a>, Value<'a>)> {
    if !has_mac(arp) || !has_ipv4(arp) || arp.header().len() < 28 {
        return None;
    }
    Some((arp.get("psrc")?, arp.get("hwsrc")?, arp.get("pdst")?))
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let arp = &packet.layers[index];
    let Some((Value::Ipv4(sender), Value::Mac(mac), Value::Ipv4(target))) = addresses(arp) else {
        text.str("ARP operation ").dec(arp.u16(6).into());
        return;
    };
    let target_mac = arp.header().get(18..24).unwrap_or_default();
    match arp.u16(6) {
        REQUEST if sender == target => {
            // RFC 5227 section 3: an announcement leaves the target's hardware address empty.
            if target_mac == [0; 6] {
                text.str("ARP Announcement for ").ipv4(target);
            } else {
                text.str("Gratuitous ARP for ").ipv4(target).str(" (Request)");
            }
        }
        REPLY if sender == target => {
            text.str("Gratuitous ARP for ").ipv4(target).str(" (Reply)");
        }
        REQUEST if sender.is_unspecified() => {
            text.str("Who has ").ipv4(target).str("? (ARP Probe)");
        }
        REQUEST => {
            text.str("Who has ").ipv4(target).str("? Tell ").ipv4(sender);
        }
        REPLY => {
            text.ipv4(sender).str(" is at ").mac(mac);
        }
        other => {
            text.str("ARP operation ").dec(other.into());
        }
    }
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let arp = &packet.layers[index];
    let Some(frame) = packet.below(index) else {
        return;
    };
    if let (Some(Value::Mac(sender)), Some(Value::Mac(source))) = (arp.get("hwsrc"), frame.get("src"))
        && sender != source
    {
        remarks.warn(
            "hwsrc",
            format_args!("differs from the frame's own source address: one of the two is made up"),
        );
    }
}
