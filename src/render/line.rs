//! One line a packet, in tshark's columns: number, seconds since the first packet, source,
//! destination, protocol, length, info. The packet inside a tunnel follows after a bar.

use super::{Paint, Role, View, value};
use crate::capture::Timestamp;
use crate::model::{Packet, Summary, Text, Value};

/// Width that whole seconds are padded to.
const SECONDS: usize = 3;

/// Width that addresses are padded to.
const ADDRESS: usize = 12;

pub(super) fn packet(view: &View, started: Timestamp, paint: &Paint, text: &mut Text) {
    let (source, destination) = endpoints(view.packet, 0);
    text.dec_padded(view.frame.number, 5, b' ').str(" ");
    seconds(started, view.frame.time, text);
    text.str(" ");
    paint.with(Role::Address, text, |text| {
        if let Value::Ipv4(address) = source {
            text.ipv4_padded(address, ADDRESS);
        } else {
            let start = text.len();
            value::plain_address(source, text);
            text.pad_left(start, ADDRESS);
        }
    });
    text.str(" → ");
    paint.with(Role::Address, text, |text| {
        let start = text.len();
        value::plain_address(destination, text);
        text.spaces(ADDRESS.saturating_sub(text.len() - start));
    });
    text.str(" ");
    let summary = Summary::of(view.packet);
    paint.with(Role::Title, text, |text| {
        _ = text.str(summary.column(view.packet))
    });
    text.str(" ").dec(view.frame.wire_len.into()).str(" ");
    info(summary, view.packet, text);
    text.str("\n");
}

/// Source and destination of the packet inside so many tunnels: those of the innermost layer
/// that has addresses.
pub(super) fn endpoints<'a>(packet: &Packet<'a>, tunnels: u8) -> (Value<'a>, Value<'a>) {
    packet
        .own(tunnels)
        .find_map(|(_, layer)| layer.protocol.endpoints.map(|of| of(layer)))
        .unwrap_or((Value::Absent, Value::Absent))
}

/// What the packet says; and, after a bar, who says what in the packet inside a tunnel.
pub(super) fn info(summary: Summary, packet: &Packet, text: &mut Text) {
    summary.info(packet, text);
    if packet.layers.last().is_none_or(|layer| layer.tunnels == 0) {
        return;
    }
    let insides = (1..).map(|tunnels| (tunnels, Summary::inside(packet, tunnels)));
    for (tunnels, inside) in insides.take_while(|(_, inside)| !inside.is_empty()) {
        let (source, destination) = endpoints(packet, tunnels);
        text.str(" | ");
        value::plain_address(source, text);
        text.str(" → ");
        value::plain_address(destination, text);
        text.str(" ").str(inside.column(packet)).str(" ");
        inside.info(packet, text);
    }
}

/// Seconds with six decimals; a packet may be older than the first one.
pub(super) fn seconds(started: Timestamp, time: Timestamp, text: &mut Text) {
    let micros = time.0.abs_diff(started.0) / 1000;
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    if time < started {
        let start = text.len();
        text.str("-").dec(seconds).pad_left(start, SECONDS);
    } else {
        text.dec_padded(seconds, SECONDS, b' ');
    }
    text.ascii(b'.').six_digits(micros as u32);
}
