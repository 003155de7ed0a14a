//! Headers between IPv6 and its payload that hold options: hop-by-hop and destination options,
//! RFC 8200 sections 4.2, 4.3 and 4.6.

use super::ipv6::payload_info;
use super::numbers::NEXT_HEADERS;
use crate::model::{
    Field, InOption, Kind, Layer, Names, Packet, Protocol, Remarks, Text, Under, Value, Width, checksum,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &HOP_BY_HOP,
    &DESTINATION,
    &PAD1,
    &PADN,
    &ROUTER_ALERT,
    &RPL,
    &JUMBO,
    &HOME_ADDRESS,
    &UNKNOWN,
];

pub(super) const NEXT: Field = Field::uint("nh", 8)
    .aliases(&[".nxt"])
    .names(&NEXT_HEADERS)
    .doc("What follows this header: another one, or the payload's protocol (RFC 8200).");
pub(super) const LENGTH: Field = Field::uint("len", 8)
    .doc("Length of this header in units of 8 bytes, the first 8 not counted (RFC 8200).")
    .says(|_, units, text| _ = text.dec(8 + 8 * units.number()).str(" bytes"));

const FIELDS: &[Field] = &[
    NEXT,
    LENGTH,
    Field::of("autopad", Width::Bits(0), Kind::Custom(|_, text| _ = text.str("On")))
        .doc("Not in the packet: when forging, options are filled up to a multiple of 8 bytes (RFC 8200)."),
    Field::of("options", Width::Rest, Kind::Packets(split))
        .in_options(&[InOption::kinds("ipv6.opt.type", u8::MAX)])
        .doc("The options, one after the other (RFC 8200 section 4.2)."),
];

/// A header between IPv6 and its payload; they all carry what IPv6 carries.
pub(super) const fn extension(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .column("IPv6")
        .reference("RFC 8200")
        .carries("nh", "IPv6", "nh")
        .info(info)
}

/// The length that such a header gives itself.
pub(super) fn announced(bytes: &[u8]) -> usize {
    8 + 8 * usize::from(*bytes.get(1).unwrap_or(&0))
}

/// Whether there is less of the header than it announces.
pub(super) fn is_short(packet: &Packet, index: usize) -> bool {
    let header = &packet.layers[index];
    announced(header.header()) > header.bytes().len()
}

static HOP_BY_HOP: Protocol = extension(
    "IPv6ExtHdrHopByHop",
    "IPv6 Extension Header - Hop-by-Hop Options Header",
)
.aliases(&["ipv6.hopopts"])
.about("Options that every router on the way shall read; multicast listener reports carry one.")
.under(&[Under::field("IPv6", "nh", 0)])
.stays(|_, _, text| _ = text.str("IPv6 hop-by-hop options"))
.header_from(2, announced)
.fields(FIELDS)
.pseudo(pseudo)
.check(check);

static DESTINATION: Protocol = extension(
    "IPv6ExtHdrDestOpt",
    "IPv6 Extension Header - Destination Options Header",
)
.aliases(&["ipv6.dstopts"])
.about("Options that only the destination shall read.")
.under(&[Under::field("IPv6", "nh", 60)])
.stays(|_, _, text| _ = text.str("IPv6 destination options"))
.header_from(2, announced)
.fields(FIELDS)
.pseudo(pseudo)
.check(check);

/// A mobile host's checksum is over its home address, which stands in an option, instead of the
/// one that it has on the way (RFC 6275 section 6.3).
fn pseudo(packet: &Packet, index: usize) -> Option<u32> {
    let sum = packet.pseudo_below(index)?;
    let Some(home) = home(&packet.layers[index]) else {
        return Some(sum);
    };
    let now = outside(packet, index).find_map(self::home);
    let now = now.or(packet.network_below(index)?.header().get(8..24))?;
    Some(checksum::exchange(sum, now, home))
}

/// The home address that a header's options tell; of several, which may not be, the last.
fn home<'a>(header: &Layer<'a>) -> Option<&'a [u8]> {
    let Some(Value::Packets(options)) = header.get("options") else {
        return None;
    };
    let is_home = |option: &Layer| std::ptr::eq(option.protocol, &HOME_ADDRESS);
    let homes = options.of(header).filter(is_home);
    homes.last()?.header().get(2..18)
}

/// The extension headers between the one at `index` and the IPv6 header, from the inside out.
pub(super) fn outside<'p, 'a>(
    packet: &'p Packet<'a>,
    index: usize,
) -> impl Iterator<Item = &'p Layer<'a>> {
    let below = packet.layers[..index].iter().rev();
    below.take_while(|layer| layer.protocol.endpoints.is_none())
}

/// What tshark says of an IPv6 packet whose chain of headers ends here.
fn info(packet: &Packet, index: usize, text: &mut Text) {
    let header = &packet.layers[index];
    if is_short(packet, index) {
        (header.protocol.stays)(packet, index, text);
        text.str(packet.ran_out(index));
    } else {
        payload_info(packet, index, header.u8(0), text);
    }
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let header = &packet.layers[index];
    let (length, there) = (announced(header.header()), header.header().len());
    if length > there {
        remarks.error("len", format_args!("{length} bytes announced, {there} there"));
    }
    if header.protocol.name == HOP_BY_HOP.name
        && packet.below(index).is_some_and(|below| below.protocol.name != "IPv6")
    {
        remarks.error("", format_args!("must stand right behind the IPv6 header (RFC 8200 section 4.1)"));
    }
}

/// The first option of `bytes` and its length.
fn split(_: &Layer, _: usize, bytes: &[u8]) -> Option<(&'static Protocol, usize)> {
    let announced = 2 + usize::from(*bytes.get(1).unwrap_or(&0));
    let (option, length, least) = match bytes.first()? {
        0x00 => (&PAD1, 1, 1),
        0x01 => (&PADN, announced, 2),
        0x05 => (&ROUTER_ALERT, 4, 4),
        0x63 => (&RPL, 6, 6),
        0xc2 => (&JUMBO, 6, 6),
        0xc9 => (&HOME_ADDRESS, 18, 18),
        _ => (&UNKNOWN, announced, 2),
    };
    if bytes.len() < least {
        return Some((super::raw(), bytes.len()));
    }
    Some((option, length))
}

static TYPES: Names = Names(&[
    (0x00, "Pad1"),
    (0x01, "PadN"),
    (0x04, "Tunnel Encapsulation Limit"),
    (0x05, "Router Alert"),
    (0x06, "Quick-Start"),
    (0xc2, "Jumbo Payload"),
    (0xc9, "Home Address Option"),
]);

const TYPE: Field = Field::custom("otype", 8, option_type)
    .doc("Which option; its first two bits tell what to do when one does not know it, the third whether routers may change it (RFC 8200 section 4.2).");
const OPTION_LENGTH: Field =
    Field::uint("optlen", 8).doc("Bytes of the option's data (RFC 8200 section 4.2).");

/// The name, and what the first three bits ask for.
fn option_type(kind: u64, text: &mut Text) {
    match TYPES.get(kind) {
        Some(name) => text.str(name),
        None => text.dec(kind),
    };
    text.str(match kind >> 6 {
        0 => " [00: skip",
        1 => " [01: discard",
        2 => " [10: discard+ICMP",
        _ => " [11: discard+ICMP not mcast",
    });
    text.str(if kind & 0x20 == 0 {
        ", 0: Don't change en-route]"
    } else {
        ", 1: May change en-route]"
    });
}

const fn option(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .reference("RFC 8200")
        .about("An option of an IPv6 header.")
        .opaque()
}

static PAD1: Protocol = option("Pad1", "Pad1")
    .about("One byte of filling.")
    .header(1)
    .fields(&[TYPE]);

const DATA: Field = Field::bytes("optdata", Width::Rest).doc("The option's data (RFC 8200).");

static PADN: Protocol = option("PadN", "PadN")
    .about("Filling, so that what follows starts at a round place.")
    .header_rest(2)
    .fields(&[TYPE, OPTION_LENGTH, DATA]);

static ALERTS: Names = Names(&[
    (0, "Datagram contains a MLD message"),
    (1, "Datagram contains RSVP message"),
    (2, "Datagram contains an Active Network message"),
    (68, "NSIS NATFW NSLP"),
    (69, "MPLS OAM"),
    (65535, "Reserved"),
]);

static ROUTER_ALERT: Protocol = option("RouterAlert", "Router Alert")
    .reference("RFC 2711")
    .about("Asks every router on the way to look inside.")
    .header(4)
    .fields(&[
        TYPE,
        OPTION_LENGTH,
        Field::uint("value", 16)
            .names(&ALERTS)
            .doc("What there is to see (RFC 2711)."),
    ]);

static RPL: Protocol = option("RplOption", "RPL Option")
    .reference("RFC 6553")
    .about("Finds loops in networks of small radio devices.")
    .header(6)
    .fields(&[
        TYPE,
        OPTION_LENGTH,
        Field::uint("Down", 1).doc("Whether it goes away from the root (RFC 6553)."),
        Field::uint("RankError", 1).doc("Whether it went the wrong way before (RFC 6553)."),
        Field::uint("ForwardError", 1).doc("Whether a router had no way for it (RFC 6553)."),
        Field::uint("unused", 5).doc("Kept for later, zero (RFC 6553)."),
        Field::hex("RplInstanceId", 8).doc("Which network it travels in (RFC 6553)."),
        Field::hex("SenderRank", 16).doc("How far the sender is from the root (RFC 6553)."),
    ]);

static JUMBO: Protocol = option("Jumbo", "Jumbo Payload")
    .reference("RFC 2675")
    .about("The length of a payload of more than 65,535 bytes.")
    .header(6)
    .fields(&[
        TYPE,
        OPTION_LENGTH,
        Field::uint("jumboplen", 32)
            .doc("Bytes after the IPv6 header, whose own plen is zero then (RFC 2675)."),
    ]);

static HOME_ADDRESS: Protocol = option("HAO", "Home Address Option")
    .reference("RFC 6275")
    .about("The address under which a host that moves is known at home.")
    .header(18)
    .fields(&[
        TYPE,
        OPTION_LENGTH,
        Field::ipv6("hoa").doc("The address at home (RFC 6275)."),
    ]);

static UNKNOWN: Protocol = option("HBHOptUnknown", "Scapy6 Unknown Option")
    .about("An option that tunlab does not know.")
    .header_rest(2)
    .fields(&[TYPE, OPTION_LENGTH, DATA]);
