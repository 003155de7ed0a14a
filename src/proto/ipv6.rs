//! Internet Protocol version 6: RFC 8200.

use super::ip_protocol_names;
use super::numbers::NEXT_HEADERS;
use crate::model::{
    Context, Field, Layer, LinkType, Packet, Protocol, Remarks, Text, Under, Value, checksum,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&IPV6];

pub(super) static IPV6: Protocol = Protocol::new("IPv6", "IPv6")
    .quoted("IPv6 in ICMPv6", &[])
    .reference("RFC 8200")
    .about("The successor of IPv4: longer addresses, a header of fixed length, no checksum of its own. A fresh TUN device sends some by itself.")
    .under(&[
        Under::field("Ether", "type", 0x86dd),
        Under::link(LinkType::RAW.0).accept(is_ipv6),
        // The number that some systems write for RAW.
        Under::link(12).accept(is_ipv6),
        Under::link(14).accept(is_ipv6),
        Under::link(LinkType::IPV6.0),
        Under::field("IP", "proto", 41),
        Under::field("IPv6", "nh", 41),
    ])
    .header(40)
    .fields(&[
        Field::uint("version", 4)
            .aliases(&["ip.version"])
            .doc("Version of IP. A reader that takes every packet for IPv4 prints nonsense addresses here (RFC 8200)."),
        Field::uint("tc", 8)
            .aliases(&["ipv6.tclass"])
            .derived(&[("ipv6.tclass.dscp", |class| class >> 2), ("ipv6.tclass.ecn", |class| class & 3)])
            .doc("Traffic class: 6 bits of priority, 2 bits of congestion notice (RFC 8200)."),
        Field::uint("fl", 20)
            .aliases(&["ipv6.flow"])
            .doc("Flow label: the same for all packets of one conversation (RFC 6437)."),
        Field::uint("plen", 16)
            .doc("Bytes after this header (RFC 8200)."),
        Field::uint("nh", 8)
            .aliases(&["ipv6.nxt"])
            .names(&NEXT_HEADERS)
            .doc("What follows: an extension header or the payload's protocol (RFC 8200)."),
        Field::uint("hlim", 8)
            .doc("Hop limit: IPv4's ttl under a better name (RFC 8200).")
            .says(|_, limit, text| {
                match limit.number() {
                    1 => text.str("no router may pass it on"),
                    255 => text.str("not one router has passed it: neighbour discovery insists on that (RFC 4861)"),
                    _ => return,
                };
            }),
        Field::ipv6("src")
            .aliases(&["ipv6.addr"])
            .written(&["ipv6.host", "ipv6.src_host"])
            .doc("Address the packet says it comes from (RFC 8200).")
            .says(says_address),
        Field::ipv6("dst")
            .aliases(&["ipv6.addr"])
            .written(&["ipv6.host", "ipv6.dst_host"])
            .doc("Address the packet goes to (RFC 8200).")
            .says(says_address),
    ])
    .payload(|ip| match (ip.u16(4), ip.u8(6)) {
        (0, 0) => jumbogram(ip.payload()),
        (length, _) => Some(usize::from(length)),
    })
    .endpoints(|ip| (ip.ipv6(8), ip.ipv6(24)))
    .pseudo(pseudo)
    .info(|packet, index, text| match packet.layers[index].u8(6) {
        _ if has_other_version(packet, index) => other_version(packet, index, text),
        next => payload_info(packet, index, next, text),
    })
    .bogus(has_other_version)
    .cut(0, |packet, index, text| {
        if has_other_version(packet, index) {
            other_version(packet, index, text);
            return false;
        }
        if !packet.is_captured_short(index) {
            let there = packet.layers[index].header().len() as u64;
            text.str("Invalid IPv6 header (").dec(there);
            text.str(" bytes, need exactly 40)");
        }
        true
    })
    .check(check);

fn is_ipv6(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first >> 4 == 6)
}

/// A jumbogram says its length in a hop-by-hop option (RFC 2675), in one of the places where that
/// may stand. Without the option the options are all there is; scapy reads the option's number
/// backwards, which makes it longer than any packet.
fn jumbogram(payload: &[u8]) -> Option<usize> {
    let extension = match payload.get(..8) {
        Some(start) => 8 + 8 * usize::from(start[1]),
        None => return Some(0),
    };
    let mut places = payload.iter().skip(2).step_by(4);
    let jumbo = places.any(|kind| *kind == JUMBO);
    // One place further scapy fails, and nothing bounds the payload.
    let fails = payload.len() % 4 == 2;
    (!jumbo && !fails).then_some(extension)
}

const JUMBO: u8 = 0xc2;

fn says_address(_: &Layer, address: Value, text: &mut Text) {
    let Value::Ipv6(address) = address else { return };
    let meaning = match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "no address yet",
        [0, 0, 0, 0, 0, 0, 0, 1] => "loopback",
        [0xff02, 0, 0, 0, 0, 0, 0, 1] => "all nodes on this link",
        [0xff02, 0, 0, 0, 0, 0, 0, 2] => "all routers on this link",
        [0xff02, 0, 0, 0, 0, 0, 0, 0x16] => "all routers that keep track of multicast listeners",
        [0xff02, 0, 0, 0, 0, 1, ..] => "the solicited-node group: whoever's address ends the same way",
        [0xff00..=0xffff, ..] => "a multicast group",
        [0xfe80..=0xfebf, ..] => "link-local: valid on this link only, every device makes one for itself",
        [0xfc00..=0xfdff, ..] => "from the range kept for private networks (RFC 4193)",
        [0x2002, ..] => "6to4: an IPv4 address is inside (RFC 3056)",
        _ => return,
    };
    text.str(meaning);
}

fn pseudo(packet: &Packet, index: usize) -> Option<u32> {
    let ip = &packet.layers[index];
    let whole = ip.bytes().len() >= 40 + usize::from(ip.u16(4));
    whole.then(|| checksum::add(0, ip.header().get(8..40).unwrap_or_default()))
}

fn has_other_version(packet: &Packet, index: usize) -> bool {
    packet.layers[index].u8(0) >> 4 != 6
}

/// tshark takes back that it is IPv6, and names the bytes as what lies below calls them.
fn other_version(packet: &Packet, index: usize, text: &mut Text) {
    match packet.below(index).map(|below| below.protocol.column) {
        Some("IPv4") => text.str("IPv6 (41)"),
        Some("IPv6") => text.str("Unknown IP Protocol: IPv6 (41)"),
        _ => {
            let version = packet.layers[index].u8(0) >> 4;
            text.str("Bogus IPv6 version (").dec(version.into()).str(", must be 6)")
        }
    };
}

const NO_NEXT_HEADER: u8 = 59;

/// What `line` says when nothing decodes what follows this header or an extension of it.
pub(super) fn payload_info(packet: &Packet, index: usize, next: u8, text: &mut Text) {
    let name = ip_protocol_names::name(next);
    if next == NO_NEXT_HEADER {
        text.str("IPv6 no next header");
    } else if packet.layers[index].payload().is_empty() && NEXT_HEADERS.get(next.into()).is_some() {
        (packet.layers[index].protocol.stays)(packet, index, text);
        text.str(packet.ran_out(index));
    } else {
        text.str("Unknown IP Protocol: ").str(name);
        text.str(" (").dec(next.into()).str(")");
    }
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let ip = &packet.layers[index];
    let (length, there) = (usize::from(ip.u16(4)), packet.bytes.len() - ip.end);
    if length > there && ip.context == Context::Plain {
        remarks.warn("plen", format_args!("{length} bytes announced, {there} there: cut off"));
    }
    if index == 0 && packet.link == LinkType::RAW && ip.u16(8) & 0xffc0 == 0xfe80 {
        remarks.note("", format_args!("the kernel sends this on a fresh TUN device by itself; a reader that takes it for IPv4 sees nonsense addresses"));
    }
}
