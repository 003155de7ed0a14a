//! What UDP, TCP and ICMPv6 share: ports and the checksum over a pseudo-header.

use super::verdict::{self, Sum};
use crate::model::{Layer, Packet, Remarks, Text, Value, checksum};

/// The headers of a quoted packet over which UDP and TCP are quoted, too.
pub(super) const QUOTED_OVER: &[&str] = &[
    "IP",
    "IPv6",
    "IPv6ExtHdrHopByHop",
    "IPv6ExtHdrDestOpt",
    "IPv6ExtHdrFragment",
    "IPv6ExtHdrRouting",
    "IPv6ExtHdrSegmentRouting",
];

/// First port that Linux hands out to clients (net.ipv4.ip_local_port_range).
const FIRST_CLIENT_PORT: u64 = 32768;

/// `35932 → 23`
pub(super) fn ports(layer: &Layer, text: &mut Text) {
    text.dec(layer.u16(0).into())
        .str(" → ")
        .dec(layer.u16(2).into());
}

/// Whether the capture kept so few bytes of the payload that tshark runs out of them while it
/// looks for protocols that give themselves away by their first `needed` bytes. In a payload that
/// never had as many it does not look.
pub(super) fn is_unguessable(packet: &Packet, index: usize, needed: usize) -> bool {
    let there = packet.layers[index].payload().len();
    let sent = || {
        packet
            .wire_end(index)
            .saturating_sub(packet.layers[index].end)
    };
    (1..needed).contains(&there) && packet.is_captured_short(index) && sent() >= needed
}

/// What a port number says.
pub(super) fn says_port(_: &Layer, port: Value, text: &mut Text) {
    let known = match port.number() {
        23 => "telnet",
        53 => "DNS",
        67 => "DHCP, the server's side",
        68 => "DHCP, the client's side",
        80 => "HTTP",
        443 => "HTTPS",
        4789 => "VXLAN",
        9090 => "the port of the course's tunnel server",
        FIRST_CLIENT_PORT.. => "from the range that Linux hands out to clients",
        _ => return,
    };
    text.str(known);
}

/// Compares the checksum at byte `at` of the layer with the right one over pseudo-header
/// (RFC 768, RFC 9293 section 3.1, RFC 8200 section 8.1), header and payload; nothing where not all
/// of that is here.
pub(super) fn sum(packet: &Packet, index: usize, protocol: u8, at: usize) -> Option<Sum> {
    sum_over(packet.layers[index].bytes(), packet, index, protocol, at)
}

/// The same where header and payload are `bytes`.
pub(super) fn sum_over(
    bytes: &[u8],
    packet: &Packet,
    index: usize,
    protocol: u8,
    at: usize,
) -> Option<Sum> {
    let layer = &packet.layers[index];
    let addresses = packet.pseudo_below(index)?;
    let length = bytes.len() as u32;
    let pseudo = addresses + u32::from(protocol) + (length >> 16) + (length & 0xffff);
    let found = layer.u16(at);
    let mut right = checksum::right(pseudo, bytes, at);
    if protocol == 17 && right == 0 {
        right = 0xffff; // RFC 768: zero would say that there is no checksum
    }
    Some(match Sum::of(found, right) {
        Sum::Wrong(right) if found == checksum::fold(pseudo) => Sum::Partial(right),
        sum => sum,
    })
}

/// Says what is wrong with the checksum at byte `at` of the layer.
pub(super) fn check_sum(
    layer: &Layer,
    sum: Option<Sum>,
    at: usize,
    field: &str,
    remarks: &mut Remarks,
) {
    let found = layer.u16(at);
    match sum {
        None | Some(Sum::Right) => {}
        Some(Sum::Partial(right)) => remarks.note(
            field,
            format_args!("{found:#x} is the sum of the pseudo-header alone: the kernel left the rest to the network card (checksum offload); it will be {right:#x}"),
        ),
        Some(Sum::Wrong(right)) => {
            verdict::wrong(layer, field, (found, right), "the receiver drops it", remarks);
        }
    }
}
