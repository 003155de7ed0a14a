//! One line a packet, in tshark's columns: number, seconds since the first packet, source,
//! destination, protocol, length, info. The packet inside a tunnel follows after a bar.

use super::{Paint, Role, View, value};
use crate::capture::Timestamp;
use crate::model::{Layer, Packet, Text, Value};

/// Width that addresses are padded to.
const ADDRESS: usize = 12;

pub(super) fn packet(view: &View, started: Timestamp, paint: &Paint, text: &mut Text) {
    let (source, destination) = endpoints(view.packet, 0);
    text.dec_padded(view.frame.number, 5, b' ').str(" ");
    seconds(started, view.frame.time, text);
    text.str(" ");
    paint.with(Role::Address, text, |text| {
        let start = text.len();
        value::plain_address(source, text);
        text.pad_left(start, ADDRESS);
    });
    text.str(" → ");
    paint.with(Role::Address, text, |text| {
        let start = text.len();
        value::plain_address(destination, text);
        text.spaces(ADDRESS.saturating_sub(text.len() - start));
    });
    text.str(" ");
    paint.with(Role::Title, text, |text| column(view.packet, text));
    text.str(" ").dec(view.frame.wire_len.into()).str(" ");
    info(view.packet, text);
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

/// The protocol that the packet is about.
pub(super) fn column(packet: &Packet, text: &mut Text) {
    text.str(packet.top(0).map_or("Data", |top| column_of(packet, top)));
}

fn column_of(packet: &Packet, (index, layer): (usize, &Layer)) -> &'static str {
    match layer.protocol.column_by {
        Some(by) => by(packet, index),
        None => layer.protocol.column,
    }
}

/// What the packet says; and, after a bar, who says what in the packet inside a tunnel.
pub(super) fn info(packet: &Packet, text: &mut Text) {
    let mut tunnels = 0;
    let mut next = packet.top(tunnels);
    while let Some(top) = next {
        let (index, layer) = top;
        if tunnels > 0 {
            let (source, destination) = endpoints(packet, tunnels);
            text.str(" | ");
            value::plain_address(source, text);
            text.str(" → ");
            value::plain_address(destination, text);
            text.str(" ").str(column_of(packet, top)).str(" ");
        }
        (layer.protocol.info)(packet, index, text);
        tunnels += 1;
        next = packet.top(tunnels);
    }
}

/// Seconds with six decimals; a packet may be older than the first one.
pub(super) fn seconds(started: Timestamp, time: Timestamp, text: &mut Text) {
    let start = text.len();
    if time < started {
        text.str("-");
    }
    let micros = time.0.abs_diff(started.0) / 1000;
    text.dec(micros / 1_000_000).str(".");
    text.dec_padded(micros % 1_000_000, 6, b'0');
    text.pad_left(start, 10);
}
