//! Internet Protocol version 4: RFC 791.

use super::{ip_protocol_names, ipv4_options};
use super::numbers::IP_PROTOCOLS;
use super::verdict::{self, Sum};
use crate::model::{
    Computed, Context, Flag, FlagSet, Field, InOption, Kind, Layer, LinkType, Next, Packet, Protocol, Remarks, Text, Under,
    Value, Width, checksum,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&IP];

const SHORTEST: usize = 20;

static FLAGS: FlagSet = FlagSet {
    flags: &[
        Flag { mark: "MF", meaning: "more fragments follow" },
        Flag { mark: "DF", meaning: "don't fragment: a router that would have to must drop it and say so" },
        Flag { mark: "evil", meaning: "reserved, must be zero (RFC 3514 is a joke)" },
    ],
    joiner: "+",
};

pub(super) static IP: Protocol = Protocol::new("IP", "IP")
    .quoted("IP in ICMP", &["IP", "ICMP"])
    .column("IPv4")
    .reference("RFC 791")
    .about("Carries a packet from host to host across networks; each router looks at dst, takes one off ttl and passes it on.")
    .under(&[
        Under::field("Ether", "type", 0x0800),
        Under::field("IP", "proto", 4),
        Under::field("IPv6", "nh", 4),
        // As scapy: on a raw link, all that is not version 6 is read as IPv4.
        Under::link(LinkType::RAW.0).accept(is_no_ipv6),
        // The number that some systems write for RAW.
        Under::link(12).accept(is_no_ipv6),
        Under::link(14).accept(is_no_ipv6),
        Under::link(LinkType::IPV4.0),
    ])
    .header_from(SHORTEST, |bytes| {
        match 4 * usize::from(bytes.first().unwrap_or(&0) & 0xf) {
            short @ ..SHORTEST => short_header(short, bytes.len()),
            length => length,
        }
    })
    .computed(&[
        Computed::new(&["ip.checksum.status"], "Whether chksum is right.", |packet, index| {
            Some(verdict::status(sum(&packet.layers[index])))
        })
        .values(&verdict::STATUS),
    ])
    .fields(&[
        Field::uint("version", 4)
            .doc("Version of IP; the only four bits the kernel looks at when a program writes to a TUN device (RFC 791).")
            .says(|_, version, text| {
                if version.number() != 4 {
                    text.str("not 4, so this is no IPv4 packet at all");
                }
            }),
        Field::uint("ihl", 4)
            .derived(&[("ip.hdr_len", |words| 4 * words)])
            .doc("Length of this header in words of 4 bytes (RFC 791).")
            .says(|_, words, text| {
                text.dec(4 * words.number()).str(" bytes");
                match words.number() {
                    0..5 => text.str(", less than the 20 that every header has"),
                    5 => text.str(": no options"),
                    _ => text.str(": options follow the addresses"),
                };
            }),
        Field::hex("tos", 8)
            .aliases(&["ip.dsfield"])
            .derived(&[("ip.dsfield.dscp", |tos| tos >> 2), ("ip.dsfield.ecn", |tos| tos & 3)])
            .doc("Type of service: now 6 bits of DSCP priority (RFC 2474) and 2 bits of ECN congestion notice (RFC 3168).")
            .says(|_, tos, text| {
                match tos.number() {
                    0 => text.str("ordinary traffic"),
                    0x10 => text.str("low delay, as telnet and ssh ask for when one types"),
                    tos => text.str("DSCP ").dec(tos >> 2).str(", ECN ").dec(tos & 3),
                };
            }),
        Field::uint("len", 16)
            .doc("Bytes of the whole packet, header included (RFC 791).")
            .says(|layer, total, text| {
                let header = layer.header().len() as u64;
                text.dec(header).str(" of header and ")
                    .dec(total.number().saturating_sub(header))
                    .str(" of payload");
            }),
        Field::uint("id", 16)
            .doc("Number that the fragments of one packet have in common (RFC 791, RFC 6864)."),
        Field::flags("flags", 3, &FLAGS)
            .bit_names(&["mf", "df", "rb"])
            .doc("Whether the packet may be cut into fragments, and whether more of them follow (RFC 791)."),
        Field::uint("frag", 13)
            .aliases(&["ip.frag_offset"])
            .doc("Where this fragment's data belongs, in units of 8 bytes (RFC 791).")
            .says(|_, offset, text| {
                match offset.number() {
                    0 => text.str("the start of the data"),
                    offset => text.str("byte ").dec(8 * offset).str(" of the data: a later fragment, without the upper header"),
                };
            }),
        Field::uint("ttl", 8)
            .doc("Time to live: how many routers may still pass the packet on; each takes one off (RFC 791).")
            .says(|_, ttl, text| {
                match ttl.number() {
                    0 => text.str("used up: nobody may pass it on"),
                    1 => text.str("the next router will drop it and report `time exceeded`"),
                    64 => text.str("Linux's own start value: no router has passed it yet"),
                    ttl @ 33..64 => text.dec(64 - ttl).str(" below Linux's 64: passed by that many routers, if it started there"),
                    _ => return,
                };
            }),
        Field::uint("proto", 8)
            .names(&IP_PROTOCOLS)
            .doc("What the packet carries: 1 icmp, 6 tcp, 17 udp (RFC 791, IANA protocol numbers)."),
        Field::hex("chksum", 16)
            .aliases(&["ip.checksum"])
            .doc("Sum over this header only; every router computes it anew, since ttl changes (RFC 791)."),
        Field::ipv4("src")
            .aliases(&["ip.addr"])
            .written(&["ip.host", "ip.src_host"])
            .doc("Address the packet says it comes from; nothing in IP proves it (RFC 791).")
            .says(says_address),
        Field::ipv4("dst")
            .aliases(&["ip.addr"])
            .written(&["ip.host", "ip.dst_host"])
            .doc("Address the packet goes to; routers look at nothing else to choose its way (RFC 791).")
            .says(says_address),
        Field::of("options", Width::Rest, Kind::Packets(ipv4_options::split))
            .in_options(&[InOption::kinds("ip.opt.type", 0)])
            .doc("Rarely used extras such as record route; many routers drop packets that have them (RFC 791)."),
    ])
    .payload(|ip| usize::from(ip.u16(2)).checked_sub(4 * usize::from(ip.u8(0) & 0xf)))
    .next(|ip| {
        if ip.u16(6) & 0x1fff == 0 || is_read_all_the_same(ip) { Next::Bound } else { Next::Raw }
    })
    .endpoints(|ip| (ip.ipv4(12), ip.ipv4(16)))
    .pseudo(pseudo)
    .info(info)
    .bogus(|packet, index| {
        let ip = &packet.layers[index];
        let cut = ip.header().len() < 4 * usize::from(ip.u8(0) & 0xf);
        trouble(ip).is_some() || cut || ip.u16(6) & 0x1fff != 0
    })
    .cut(0, |packet, index, text| {
        let first = packet.layers[index].u8(0);
        let (version, header) = (first >> 4, 4 * usize::from(first & 0xf));
        let trouble = match version {
            4 if header >= SHORTEST => return true,
            4 => Trouble::Header(header),
            _ => Trouble::Version(version),
        };
        trouble.say(text);
        false
    })
    // Of a packet that travels whole in a piece of another, tshark counts only its own cutting.
    .piece(|ip| Some(ip.u16(6) & 0x3fff != 0))
    .check(check);

/// A later fragment starts in the middle of the upper layer. scapy reads that of IGMP, which is
/// never cut up, as a header all the same, and within the garbage that an ICMP error may quote
/// IPv6 in IPv4.
fn is_read_all_the_same(ip: &Layer) -> bool {
    match ip.u8(9) {
        2 => true,
        41 => ip.context != Context::Plain,
        _ => false,
    }
}

/// How much is taken for header and options where the header claims to be shorter than any can
/// be: scapy counts what is missing from the packet's end. Not of a packet so long that as many
/// options would fill the memory.
fn short_header(claimed: usize, there: usize) -> usize {
    match there {
        ..LONGEST_OPTIONS => there.saturating_sub(SHORTEST - claimed),
        _ => SHORTEST,
    }
}

const LONGEST_OPTIONS: usize = 0x4000;

fn is_no_ipv6(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first >> 4 != 6)
}

fn says_address(_: &Layer, address: Value, text: &mut Text) {
    let Value::Ipv4(address) = address else { return };
    if address.is_loopback() {
        text.str("loopback: means `this host` and may not travel on any wire");
    } else if address.is_multicast() {
        text.str("a multicast group");
    } else if address.is_broadcast() {
        text.str("everybody on this link");
    } else if address.is_private() {
        text.str("from the ranges kept for private networks (RFC 1918)");
    } else if address.is_unspecified() {
        text.str("no address yet");
    } else {
        text.str("a public address");
    }
}

fn pseudo(packet: &Packet, index: usize) -> Option<u32> {
    let ip = &packet.layers[index];
    let fragment = ip.u16(6) & 0x3fff != 0;
    let whole = ip.bytes().len() >= usize::from(ip.u16(2));
    if fragment || !whole {
        return None;
    }
    let sum = checksum::add(0, ip.header().get(12..20)?);
    match last_station(ip) {
        Some(address) => Some(checksum::exchange(sum, ip.header().get(16..20)?, address)),
        None => Some(sum),
    }
}

/// Where a packet with a source route ends up, which is what the checksum is over (RFC 1122
/// section 3.2.1.8); nothing when it is on its last leg.
fn last_station<'a>(ip: &Layer<'a>) -> Option<&'a [u8]> {
    if ip.header().len() == SHORTEST {
        return None;
    }
    let Some(Value::Packets(options)) = ip.get("options") else {
        return None;
    };
    // A packet has one such route at most (RFC 791 section 3.1): the first counts.
    let route = options.of(ip).find(ipv4_options::is_route)?;
    ipv4_options::last_station(&route)
}

/// Why a header makes no sense.
enum Trouble {
    Version(u8),
    /// The header's length.
    Header(usize),
    /// The packet's length, shorter than the header's.
    Total(usize, usize),
}

impl Trouble {
    fn say(&self, text: &mut Text) {
        match *self {
            Trouble::Version(version) => {
                text.str("Bogus IPv4 version (").dec(version.into()).str(", must be 4)");
            }
            Trouble::Header(header) => {
                text.str("Bogus IP header length (").dec(header as u64);
                text.str(", must be at least 20)");
            }
            Trouble::Total(total, header) => {
                text.str("Bogus IP length (").dec(total as u64);
                text.str(", less than header length ").dec(header as u64).str(")");
            }
        }
    }
}

fn trouble(ip: &Layer) -> Option<Trouble> {
    let (version, header) = (ip.u8(0) >> 4, 4 * usize::from(ip.u8(0) & 0xf));
    let total = usize::from(ip.u16(2));
    if version != 4 {
        Some(Trouble::Version(version))
    } else if header < SHORTEST {
        Some(Trouble::Header(header))
    } else if total < header && total != 0 {
        // A length of 0 is left to the network card, which cuts the packet up (offload).
        Some(Trouble::Total(total, header))
    } else {
        None
    }
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    match trouble(&packet.layers[index]) {
        Some(trouble) => trouble.say(text),
        None => payload_info(packet, index, text),
    }
}

/// What the payload is that nothing decodes.
fn payload_info(packet: &Packet, index: usize, text: &mut Text) {
    let ip = &packet.layers[index];
    let (protocol, offset) = (ip.u8(9), ip.u16(6) & 0x1fff);
    if ip.payload().is_empty() {
        let cut = ip.header().len() < 4 * usize::from(ip.u8(0) & 0xf);
        if cut || packet.is_captured_short(index) {
            text.str(packet.ran_out(index));
        }
        if cut || offset == 0 || packet.is_captured_short(index) {
            return;
        }
    }
    let name = ip_protocol_names::name(protocol);
    if offset == 0 {
        text.str(name).str(" (").dec(protocol.into()).str(")");
        return;
    }
    text.str("Fragmented IP protocol (proto=").str(name);
    text.str(" ").dec(protocol.into());
    text.str(", off=").dec(8 * u64::from(offset));
    text.str(", ID=").hex_bytes(&ip.u16(4).to_be_bytes());
    text.str(")");
}

/// How the header's checksum stands; nothing where it is not all there.
fn sum(ip: &Layer) -> Option<Sum> {
    let header = ip.header();
    let whole = header.len() == usize::from(ip.u8(0) & 0xf) * 4 && header.len() >= SHORTEST;
    whole.then(|| Sum::of(ip.u16(10), checksum::right(0, header, 10)))
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let ip = &packet.layers[index];
    let (version, words) = (ip.u8(0) >> 4, ip.u8(0) & 0xf);
    if version != 4 {
        remarks.error("version", format_args!("{version} is neither 4 nor 6: not an IP packet"));
        return;
    }
    if usize::from(words) * 4 < SHORTEST {
        remarks.error("ihl", format_args!("{words} words are less than the 20 bytes of the shortest header"));
        return;
    }
    if let Some(Sum::Wrong(right)) = sum(ip) {
        let then = "the kernel drops the packet (Ip.InHdrErrors)";
        verdict::wrong(ip, "chksum", (ip.u16(10), right), then, remarks);
    }
    let (total, there) = (usize::from(ip.u16(2)), packet.bytes.len() - ip.start);
    if total < ip.header().len() {
        remarks.error("len", format_args!("{total} bytes are less than the header alone"));
    } else if total > there && ip.context == Context::Plain {
        remarks.warn("len", format_args!("{total} bytes announced, {there} there: cut off"));
    }
    if ip.u16(6) & 0x8000 != 0 {
        remarks.warn("flags", format_args!("the reserved bit is set"));
    }
}
