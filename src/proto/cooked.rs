//! What Linux captures on `any`, where frames of different links meet: the cooked header,
//! LINKTYPE_LINUX_SLL.

use super::llc;
use super::numbers::ETHER_TYPES;
use crate::model::{Field, Kind, Layer, LinkType, NamedWhere, Names, Next, Packet, Protocol, Text, Under, Value, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[&SLL];

/// Whom a frame was for: PACKET_HOST and its like in packet(7).
pub(super) static PACKET_TYPES: Names = Names(&[
    (0, "unicast"),
    (1, "broadcast"),
    (2, "multicast"),
    (3, "unicast-to-another-host"),
    (4, "sent-by-us"),
]);

pub(super) const PACKET_TYPE_DOC: &str =
    "Whom the frame was for, as the kernel saw it (packet(7), sll_pkttype).";
pub(super) const LINK_DOC: &str =
    "Kind of device: 1 Ethernet, 772 loopback, 65534 a TUN device (ARPHRD_ numbers of Linux).";
pub(super) const LENGTH_DOC: &str = "Bytes of src that count (packet(7), sll_halen).";
pub(super) const SOURCE_DOC: &str =
    "Hardware address of the sender, filled with zeros; the destination's is not kept (packet(7)).";
pub(super) const PROTOCOL_DOC: &str =
    "What the frame carries, as an EtherType; 4 stands for an 802.2 frame (LINKTYPE_LINUX_SLL).";

/// Wireshark calls it differently where it is no EtherType.
pub(super) const PROTOCOL_NAMES: &[NamedWhere] = &[
    ("sll.etype", |cooked| protocol(cooked) > LAST_OTHER),
    ("sll.ltype", |cooked| protocol(cooked) <= LAST_OTHER),
];

/// Numbers up to this one are Linux's own (ETH_P_802_3_MIN).
const LAST_OTHER: u16 = 1536;

fn protocol(cooked: &Layer) -> u16 {
    let first = std::ptr::eq(cooked.protocol, &SLL);
    cooked.u16(if first { 14 } else { 0 })
}

static SLL: Protocol = Protocol::new("CookedLinux", "cooked linux")
    .column("SLL")
    .reference("LINKTYPE_LINUX_SLL")
    .about("Stands in front of a packet that was captured on all devices at once: the link's own header is gone, what the kernel knew of it is here.")
    .under(&[Under::link(113)])
    .carries("proto", "Ether", "type")
    .header(16)
    .never_last()
    .fields(&[
        Field::uint("pkttype", 16)
            .names(&PACKET_TYPES)
            .doc(PACKET_TYPE_DOC)
            .says(says_packet_type),
        Field::hex("lladdrtype", 16)
            .aliases(&["sll.hatype"])
            .doc(LINK_DOC)
            .says(says_link),
        Field::uint("lladdrlen", 16)
            .aliases(&["sll.halen"])
            .doc(LENGTH_DOC),
        Field::of("src", Width::Bytes(8), Kind::CustomBytes(filled))
            .macs(&[("sll.src.eth", |sll| sll.u16(4) == 6)])
            .doc(SOURCE_DOC),
        Field::hex("proto", 16)
            .aliases_where(PROTOCOL_NAMES)
            .names(&ETHER_TYPES)
            .doc(PROTOCOL_DOC),
    ])
    .next(|cooked| next(cooked.u16(14)))
    .endpoints(|cooked| source(cooked, 4, 6))
    .info(|packet, index, text| info(packet, index, 0, text))
    .cut(2, |packet, index, text| {
        info(packet, index, 0, text);
        true
    });

/// Eight bytes are kept for addresses of any length.
pub(super) fn filled(address: &[u8], text: &mut Text) {
    text.repr_filled(address);
}

/// What follows, where the protocol is no EtherType.
pub(super) fn next(protocol: u16) -> Next {
    match protocol {
        // The whole frame, though Linux means Novell's own kind.
        1 => Next::Frame(LinkType::ETHERNET),
        4 | 122 => Next::Is(&llc::LLC),
        _ => Next::Bound,
    }
}

/// The sender's Ethernet address; its length stands in the 16 bits before `at` and its bytes
/// from there on.
pub(super) fn source<'a>(
    cooked: &Layer<'a>,
    length: usize,
    at: usize,
) -> (Value<'a>, Value<'a>) {
    let size = if at - length == 2 {
        cooked.u16(length)
    } else {
        cooked.u8(length).into()
    };
    let bytes = cooked.header().get(at..at + 6).unwrap_or_default();
    let address = match <[u8; 6]>::try_from(bytes) {
        Ok(mac) if size == 6 => Value::Mac(mac),
        _ => Value::Absent,
    };
    (address, Value::Absent)
}

pub(super) fn says_packet_type(_: &Layer, kind: Value, text: &mut Text) {
    let meaning = match kind.number() {
        0 => "for this host",
        1 => "for everybody on the link",
        2 => "for a group",
        3 => "for another host; seen because the device listens to everything",
        4 => "this host itself sent it",
        _ => return,
    };
    text.str(meaning);
}

pub(super) fn says_link(_: &Layer, link: Value, text: &mut Text) {
    let meaning = match link.number() {
        1 => "Ethernet, or a device that behaves so, as TAP and veth",
        512 => "PPP",
        768 => "a tunnel of IP in IP",
        772 => "loopback",
        776 => "a tunnel of IPv6 in IPv4",
        778 => "a GRE tunnel",
        0xfffe => "no link header at all: a TUN device",
        _ => return,
    };
    text.str(meaning);
}

/// Whom the frame was for, from the number whose last byte stands at `at` + 1 or, as in the
/// second version, at `at`.
pub(super) fn info(packet: &Packet, index: usize, at: usize, text: &mut Text) {
    let cooked = &packet.layers[index];
    let kind = if at == 0 {
        cooked.u16(0)
    } else {
        cooked.u8(at).into()
    };
    text.str(match kind {
        0 => "Unicast to us",
        1 => "Broadcast",
        2 => "Multicast",
        3 => "Unicast to another host",
        4 => "Sent by us",
        _ => {
            text.str("Unknown (").dec(kind.into()).str(")");
            return;
        }
    });
}
