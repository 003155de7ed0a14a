//! Generic Routing Encapsulation: RFC 2784, with key and sequence number (RFC 2890), and the
//! form that PPTP uses (RFC 2637).

use super::{llc, verdict};
use super::numbers::ETHER_TYPES;
use crate::model::{
    Computed, Field, Header, Layer, LinkType, Names, Next, Packet, Protocol, Remarks, Text, Under, Width,
    checksum,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&GRE_PPTP, &GRE, &ROUTING];

/// PPP frames: the header has another shape.
const PPP: u16 = 0x880b;

/// A whole Ethernet frame, `transparent Ethernet bridging`.
const TEB: u16 = 0x6558;

/// An 802.2 frame: the number that scapy gives it.
const LLC: u16 = 122;

const VLAN: u16 = 0x8100;
const ARP: u16 = 0x0806;

const CHECKSUM: u16 = 0x8000;
const ROUTES: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGEMENT: u16 = 0x0080;

const CHKSUM_PRESENT: Field =
    Field::uint("chksum_present", 1)
        .aliases(&["gre.flags.checksum"])
        .doc("Whether a checksum follows (RFC 2784).");
const ROUTING_PRESENT: Field = Field::uint("routing_present", 1)
    .aliases(&["gre.flags.routing"])
    .doc("Whether a list of routers follows; no longer in use (RFC 1701).");
const KEY_PRESENT: Field =
    Field::uint("key_present", 1)
        .aliases(&["gre.flags.key"])
        .doc("Whether a key follows (RFC 2890).");
const SEQNUM_PRESENT: Field =
    Field::uint("seqnum_present", 1)
        .aliases(&["gre.flags.sequence_number"])
        .doc("Whether a sequence number follows (RFC 2890).");
const STRICT: Field = Field::uint("strict_route_source", 1)
    .aliases(&["gre.flags.strict_source_route"])
    .doc("Whether the list of routers is complete; no longer in use (RFC 1701).");
const RECURSION: Field = Field::uint("recursion_control", 3)
    .aliases(&["gre.flags.recursion_control"])
    .doc("How often it may be put into GRE again; no longer in use (RFC 1701).");
const VERSION: Field =
    Field::uint("version", 3)
        .aliases(&["gre.flags.version"])
        .doc("0 for GRE, 1 for the form of PPTP (RFC 2784, RFC 2637).");
const PROTO: Field = Field::hex("proto", 16)
    .names(&ETHER_TYPES)
    .doc("What is inside, as an EtherType; 0x6558 is a whole Ethernet frame (RFC 2784).");
const SEQUENCE_NUMBER: Field = Field::hex("sequence_number", 32)
    .when(|gre| has(gre, SEQUENCE))
    .doc("Counts the packets, so that the receiver can put them in order (RFC 2890).");

const FLAGS_AND_VERSION: Computed = Computed::new(
    &["gre.flags_and_version"],
    "chksum_present to version as one number of 16 bits.",
    |packet, index| Some(packet.layers[index].u16(0).into()),
)
.most(0xffff);

static GRE: Protocol = Protocol::new("GRE", "GRE")
    .computed(&[FLAGS_AND_VERSION])
    .reference("RFC 2784")
    .about("A tunnel: carries packets of any protocol inside IP, with a header of four bytes or a few more.")
    .under(&[
        Under::field("IP", "proto", 47),
        Under::field("IPv6", "nh", 47),
        Under::field("UDP", "dport", 4754),
    ])
    .carries("proto", "Ether", "type")
    .header_whole(|bytes| header(flags(bytes)))
    .fields(&[
        CHKSUM_PRESENT,
        ROUTING_PRESENT,
        KEY_PRESENT,
        SEQNUM_PRESENT,
        STRICT,
        RECURSION,
        Field::uint("flags", 5).doc("Kept for later, zero (RFC 2784)."),
        VERSION,
        PROTO,
        Field::hex("chksum", 16)
            .aliases(&["gre.checksum"])
            .when(|gre| has(gre, CHECKSUM | ROUTES))
            .doc("Sum over this header and what is inside (RFC 2784)."),
        Field::hex("offset", 16)
            .when(|gre| has(gre, CHECKSUM | ROUTES))
            .doc("Where the next router stands in the list; zero nowadays (RFC 1701)."),
        Field::hex("key", 32)
            .when(|gre| has(gre, KEY))
            .doc("Tells several tunnels between the same two hosts apart; it protects nothing (RFC 2890)."),
        SEQUENCE_NUMBER,
    ])
    // As scapy: what it can carry beside IP counts more than the list of routers.
    .next(|gre| match gre.u16(2) {
        TEB => Next::Frame(LinkType::ETHERNET),
        LLC => Next::Is(&llc::LLC),
        VLAN | ARP => Next::Bound,
        _ if has(gre, ROUTES) => Next::Is(&ROUTING),
        _ => Next::Bound,
    })
    .info(info)
    .cut(4, |packet, index, text| {
        encapsulated(packet, index, text);
        true
    })
    .check(check);

fn flags(bytes: &[u8]) -> u16 {
    bytes
        .get(..2)
        .map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
}

/// Bytes of a header with these flags.
fn header(flags: u16) -> usize {
    let words = [CHECKSUM | ROUTES, KEY, SEQUENCE];
    4 + 4 * words.iter().filter(|word| flags & **word != 0).count()
}

fn has(gre: &Layer, flag: u16) -> bool {
    gre.u16(0) & flag != 0
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    encapsulated(packet, index, text);
    let gre = &packet.layers[index];
    let claimed = match gre.protocol.header {
        Header::Computed { of, .. } => of(gre.header()),
        _ => 0,
    };
    if gre.header().len() < claimed || !is_routed(gre) {
        text.str(packet.ran_out(index));
    }
}

fn encapsulated(packet: &Packet, index: usize, text: &mut Text) {
    let kind = packet.layers[index].u16(2);
    text.str("Encapsulated ");
    match KINDS.get(kind.into()) {
        Some(name) => _ = text.str(name),
        None => _ = text.str("0x").hex_upper(kind.into(), 4).str(" (unknown)"),
    }
}

/// What can be inside, as tshark calls it.
static KINDS: Names = Names(&[
    (0x0000, "Possible GRE keepalive packet"),
    (0x00fe, "OSI"),
    (0x0800, "IP"),
    (0x0806, "ARP"),
    (0x2000, "CDP (Cisco)"),
    (0x2001, "NHRP"),
    (0x22eb, "ERSPAN III"),
    (0x6558, "Transparent Ethernet bridging"),
    (0x6559, "Frame Relay"),
    (0x8137, "IPX"),
    (0x86dd, "IPv6"),
    (0x880b, "PPP"),
    (0x883e, "WCCP"),
    (0x8847, "MPLS label switched packet"),
    (0x88be, "ERSPAN"),
    (0x8909, "CiscoMetaData"),
    (0x894f, "Network Service Header"),
]);

/// Whether the list of routers has its end (RFC 1701); a header without one is whole.
fn is_routed(gre: &Layer) -> bool {
    // As in GRE even where PPP is inside, which has no such list.
    let mut routes = gre.bytes().get(header(gre.u16(0))..).unwrap_or_default();
    while has(gre, ROUTES) {
        routes = match routes {
            [0, 0, _, 0, ..] => return true,
            [_, _, _, length, rest @ ..] if rest.len() >= usize::from(*length) => {
                &rest[usize::from(*length)..]
            }
            _ => return false,
        };
    }
    true
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let gre = &packet.layers[index];
    if gre.u16(0) & 7 != 0 {
        remarks.warn("version", format_args!("only version 0 has this form"));
    }
    if !has(gre, CHECKSUM) || packet.pseudo_below(index).is_none() {
        return;
    }
    let (found, right) = (gre.u16(4), checksum::right(0, gre.bytes(), 4));
    if found != right && !(found == 0xffff && right == 0) {
        verdict::wrong(gre, "chksum", (found, right), "the receiver drops it", remarks);
    }
}

static GRE_PPTP: Protocol = Protocol::new("GRE_PPTP", "GRE PPTP")
    .computed(&[FLAGS_AND_VERSION])
    .column("GRE")
    .reference("RFC 2637")
    .about("The tunnel of PPTP: PPP frames, numbered and acknowledged.")
    .under(&[
        Under::field("IP", "proto", 47).accept(is_ppp),
        Under::field("IPv6", "nh", 47).accept(is_ppp),
    ])
    .header_whole(|bytes| {
        let flags = flags(bytes);
        let words = [SEQUENCE, ACKNOWLEDGEMENT];
        8 + 4 * words.iter().filter(|word| flags & **word != 0).count()
    })
    .fields(&[
        CHKSUM_PRESENT,
        ROUTING_PRESENT,
        KEY_PRESENT,
        SEQNUM_PRESENT,
        STRICT,
        RECURSION,
        Field::uint("acknum_present", 1)
            .doc("Whether an acknowledgement follows (RFC 2637)."),
        Field::uint("flags", 4).doc("Kept for later, zero (RFC 2637)."),
        VERSION,
        PROTO,
        Field::uint("payload_len", 16).doc("Bytes of the PPP frame (RFC 2637)."),
        Field::uint("call_id", 16).doc("Which of the receiver's calls it belongs to (RFC 2637)."),
        SEQUENCE_NUMBER,
        Field::hex("ack_number", 32)
            .when(|gre| has(gre, ACKNOWLEDGEMENT))
            .doc("Highest number received so far (RFC 2637)."),
    ])
    .next(|gre| if has(gre, ROUTES) { Next::Is(&ROUTING) } else { Next::Raw })
    .info(info)
    .cut(4, |packet, index, text| {
        encapsulated(packet, index, text);
        true
    });

fn is_ppp(bytes: &[u8]) -> bool {
    bytes.get(2..4) == Some(&PPP.to_be_bytes())
}

static ROUTING: Protocol = Protocol::new("GRErouting", "GRE routing information")
    .column("GRE")
    .reference("RFC 1701")
    .about("A list of routers that the packet shall pass; no longer in use.")
    .header_from(4, |bytes| 4 + usize::from(*bytes.get(3).unwrap_or(&0)))
    .fields(&[
        Field::uint("address_family", 16).doc("Kind of the addresses; 0 ends the list (RFC 1701)."),
        Field::uint("SRE_offset", 8).doc("Where the next address stands (RFC 1701)."),
        Field::uint("SRE_len", 8).doc("Bytes of addresses (RFC 1701)."),
        Field::bytes("routing_info", Width::Rest).doc("The addresses (RFC 1701)."),
    ])
    .info(|packet, index, text| {
        // Lists may follow one another; what is inside stands in front of them.
        let below = packet.layers[..index].iter();
        if let Some(gre) = below.rev().position(|layer| layer.protocol.name != "GRErouting") {
            info(packet, index - 1 - gre, text);
        }
    })
    .next(|routes| match (routes.u16(0), routes.u8(3)) {
        (0, 0) => Next::Raw,
        _ => Next::Is(&ROUTING),
    });
