//! Address Resolution Protocol: RFC 826.

use super::numbers::{ETHER_TYPES, HARDWARE_TYPES};
use crate::model::{
    Computed, Field, Kind, Layer, MALFORMED, Names, Packet, Protocol, Remarks, Text, Under, Value, Width,
};

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
    .header_whole(length)
    .computed(&[
        Computed::new(
            &["arp.isgratuitous"],
            "There, and 1, when the sender tells its own address unasked.",
            |packet, index| is(packet, index, |all, op| all.are_gratuitous(op)),
        ),
        Computed::new(
            &["arp.isprobe"],
            "There, and 1, when somebody asks whether an address is free (RFC 5227).",
            |packet, index| is(packet, index, |all, op| all.probe(op)),
        ),
        Computed::new(
            &["arp.isannouncement"],
            "There, and 1, when somebody says that it has taken an address (RFC 5227).",
            |packet, index| is(packet, index, |all, op| all.announce(op)),
        ),
    ])
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
            .also_called(&Names(&[(1, "request"), (2, "reply")]))
            .doc("Question or answer (RFC 826).")
            .says(says_operation),
        Field::mac("hwsrc")
            .aliases(&["arp.src.hw_mac"])
            .when(has_mac)
            .doc("Hardware address of who sends this; receivers put it into their neighbour table (RFC 826)."),
        Field::of("hwsrc", Width::From(|arp| arp.u8(4).into()), FILLED)
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
        Field::of("psrc", Width::From(|arp| arp.u8(5).into()), FILLED)
            .aliases(&["arp.src.proto"])
            .when(|arp| !has_ipv4(arp) && !has_ipv6(arp))
            .doc("Protocol address of the sender, of a kind other than IP (RFC 826)."),
        Field::mac("hwdst")
            .aliases(&["arp.dst.hw_mac"])
            .when(has_mac)
            .doc("Hardware address of the target: zeros in a question, since it is what is asked (RFC 826)."),
        Field::of("hwdst", Width::From(|arp| arp.u8(4).into()), FILLED)
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
        Field::of("pdst", Width::From(|arp| arp.u8(5).into()), FILLED)
            .aliases(&["arp.dst.proto"])
            .when(|arp| !has_ipv4(arp) && !has_ipv6(arp))
            .doc("Protocol address of the target, of a kind other than IP (RFC 826)."),
    ])
    .payload(|_| Some(0))
    .column_by(column)
    .info(info)
    .cut(0, cut)
    .check(check);

/// Zeros at the end of an address that is neither Ethernet's nor IP's say nothing, as in scapy.
const FILLED: Kind = Kind::CustomBytes(|bytes, text| _ = text.repr_filled(bytes));

/// How long the message is. Where an address that has a form of its own is cut off the message
/// cannot be read; others are as long as there are bytes.
fn length(bytes: &[u8]) -> usize {
    let Some(&[hardware_high, hardware_low, protocol_high, protocol_low, hwlen, plen, ..]) =
        bytes.first_chunk::<8>()
    else {
        return 8;
    };
    let whole = 8 + 2 * (usize::from(hwlen) + usize::from(plen));
    if whole <= bytes.len() {
        return whole;
    }
    let mac = is_mac(u16::from_be_bytes([hardware_high, hardware_low]), hwlen);
    let protocol = u16::from_be_bytes([protocol_high, protocol_low]);
    let ip = is_ipv4(protocol, plen) || is_ipv6(protocol, plen);
    let mut end = 8;
    for (size, has_form) in [(hwlen, mac), (plen, ip), (hwlen, mac), (plen, ip)] {
        end += usize::from(size);
        if has_form && end > bytes.len() {
            return end;
        }
        end = end.min(bytes.len());
    }
    end
}

fn is_mac(hardware: u16, size: u8) -> bool {
    hardware == 1 && size == 6
}

fn is_ipv4(protocol: u16, size: u8) -> bool {
    protocol == 0x0800 && size == 4
}

fn is_ipv6(protocol: u16, size: u8) -> bool {
    protocol == 0x86dd && size == 16
}

fn has_mac(arp: &Layer) -> bool {
    is_mac(arp.u16(0), arp.u8(4))
}

fn has_ipv4(arp: &Layer) -> bool {
    is_ipv4(arp.u16(2), arp.u8(5))
}

fn has_ipv6(arp: &Layer) -> bool {
    is_ipv6(arp.u16(2), arp.u8(5))
}

fn says_operation(_: &Layer, operation: Value, text: &mut Text) {
    match operation.number() as u16 {
        REQUEST => text.str("who has pdst? tell psrc"),
        REPLY => text.str("psrc is at hwsrc; no question is needed for it to be believed"),
        _ => return,
    };
}

/// The four addresses of a message: hardware and protocol, of the sender and of the target.
struct Addresses<'a> {
    hwsrc: &'a [u8],
    psrc: &'a [u8],
    hwdst: &'a [u8],
    pdst: &'a [u8],
}

impl Addresses<'_> {
    /// Who tells its own address unasked; it may answer a question that it did not get.
    fn are_gratuitous(&self, operation: u16) -> bool {
        matches!(operation, REQUEST | REPLY) && self.psrc == self.pdst && !self.psrc.is_empty()
    }

    /// Who asks whether an address is free has none yet (RFC 5227 section 2.1.1).
    fn probe(&self, operation: u16) -> bool {
        let free = !self.psrc.is_empty() && zero(self.psrc) && zero(self.hwdst);
        operation == REQUEST && free && !self.are_gratuitous(operation)
    }

    /// Who has found it free says so, and leaves the target's hardware address empty (RFC 5227
    /// section 3).
    fn announce(&self, operation: u16) -> bool {
        operation == REQUEST && self.are_gratuitous(operation) && zero(self.hwdst)
    }
}

fn zero(address: &[u8]) -> bool {
    address.iter().all(|byte| *byte == 0)
}

/// 1 for a message whose addresses are of a sort; nothing for others.
fn is(packet: &Packet, index: usize, sort: fn(&Addresses, u16) -> bool) -> Option<u64> {
    let arp = &packet.layers[index];
    sort(&addresses(arp)?, arp.u16(6)).then_some(1)
}

/// ATM has lengths of its own (RFC 2225), which nothing here reads.
const ATM: u16 = 19;

/// The addresses, if they are all there.
fn addresses<'a>(arp: &Layer<'a>) -> Option<Addresses<'a>> {
    if arp.u16(0) == ATM {
        return None;
    }
    let (hardware, protocol) = (usize::from(arp.u8(4)), usize::from(arp.u8(5)));
    let (hwsrc, rest) = arp.header().get(8..)?.split_at_checked(hardware)?;
    let (psrc, rest) = rest.split_at_checked(protocol)?;
    let (hwdst, rest) = rest.split_at_checked(hardware)?;
    let pdst = rest.get(..protocol)?;
    Some(Addresses { hwsrc, psrc, hwdst, pdst })
}

fn column(packet: &Packet, index: usize) -> &'static str {
    let arp = &packet.layers[index];
    if addresses(arp).is_none() {
        return "ARP";
    }
    match arp.u16(6) {
        3 | 4 => "RARP",
        5..=7 => "DRARP",
        8 | 9 => "Inverse ARP",
        11..=22 => "MARS",
        23 => "MAPOS",
        _ => "ARP",
    }
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let arp = &packet.layers[index];
    let Some(all) = addresses(arp) else {
        if cut(packet, index, text) {
            text.str(packet.ran_out(index));
        }
        return;
    };
    let Addresses { hwsrc, psrc, hwdst, pdst } = all;
    match arp.u16(6) {
        operation if all.announce(operation) => {
            text.str("ARP Announcement for ");
            protocol(arp, pdst, text);
        }
        operation if all.are_gratuitous(operation) => {
            text.str("Gratuitous ARP for ");
            protocol(arp, pdst, text);
            text.str(if operation == REQUEST { " (Request)" } else { " (Reply)" });
        }
        REQUEST => {
            text.str("Who has ");
            protocol(arp, pdst, text);
            if all.probe(REQUEST) {
                text.str("? (ARP Probe)");
            } else {
                text.str("? Tell ");
                protocol(arp, psrc, text);
            }
        }
        REPLY => {
            protocol(arp, psrc, text);
            text.str(" is at ");
            hardware(arp, hwsrc, text);
        }
        9 => {
            hardware(arp, hwsrc, text);
            text.str(" is at ");
            protocol(arp, psrc, text);
        }
        3 | 5 | 8 => {
            text.str("Who is ");
            hardware(arp, hwdst, text);
            text.str("? Tell ");
            hardware(arp, hwsrc, text);
        }
        4 | 6 => {
            hardware(arp, hwdst, text);
            text.str(" is at ");
            protocol(arp, pdst, text);
        }
        operation => unaddressed(operation, text),
    }
}

/// An operation of which no address is said.
fn unaddressed(operation: u16, text: &mut Text) {
    match operation {
        7 => _ = text.str("DRARP Error"),
        10 => _ = text.str("ARP NAK"),
        0 | 65535 => {
            text.str("Reserved opcode ").dec(operation.into());
        }
        24 | 25 => {
            text.str("Experimental ").dec(u64::from(operation) - 23);
            text.str(" ( opcode ").dec(operation.into()).str(" )");
        }
        operation => {
            text.str("Unknown ARP opcode ").hex(operation.into(), 4);
        }
    }
}

/// What is said of a message that is cut off; whether tshark wants more of it.
fn cut(packet: &Packet, index: usize, text: &mut Text) -> bool {
    let arp = &packet.layers[index];
    if arp.header().len() < 8 || arp.u16(0) == ATM {
        return true;
    }
    let whole = 8 + 2 * (usize::from(arp.u8(4)) + usize::from(arp.u8(5)));
    if arp.start + whole > packet.wire_end(index) {
        text.str(MALFORMED);
        return false;
    }
    let operation = arp.u16(6);
    if !matches!(operation, 1..=6 | 8 | 9) {
        unaddressed(operation, text);
    }
    true
}

/// `10.0.2.8`, or plain bytes where they are no IPv4 address.
fn protocol(arp: &Layer, address: &[u8], text: &mut Text) {
    match (<[u8; 4]>::try_from(address), arp.u16(2)) {
        (Ok(address), 0x0800) => _ = text.ipv4(address.into()),
        _ => bytes(address, text),
    }
}

/// `08:00:27:77:2e:c3`, or plain bytes where they are no Ethernet address.
fn hardware(arp: &Layer, address: &[u8], text: &mut Text) {
    match (<[u8; 6]>::try_from(address), arp.u16(0)) {
        (Ok(address), 1 | 6) => _ = text.mac(address),
        _ => bytes(address, text),
    }
}

fn bytes(address: &[u8], text: &mut Text) {
    match address {
        [] => _ = text.str("<No address>"),
        _ => {
            let shown = address.len().min(LONGEST);
            text.hex_bytes(&address[..shown]);
            text.str(if shown < address.len() { "…" } else { "" });
        }
    }
}

/// Bytes of an address that `line` shows.
const LONGEST: usize = 36;

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
