//! One line a packet, in tshark's columns: number, seconds since the first packet, source,
//! destination, protocol, length, info.

use super::{Paint, Role, View, value};
use crate::capture::Timestamp;
use crate::model::{Context, Packet, Summary, Text, Value};

/// Width that addresses are padded to.
const ADDRESS: usize = 12;

pub(super) fn packet(view: &View, started: Timestamp, paint: &Paint, text: &mut Text) {
    let (source, destination) = endpoints(view.packet);
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
    let summary = Summary::of(view.packet);
    paint.with(Role::Title, text, |text| _ = text.str(summary.column(view.packet)));
    text.str(" ").dec(view.frame.wire_len.into()).str(" ");
    summary.info(view.packet, text);
    text.str("\n");
}

/// Source and destination: those of the innermost layer that has addresses.
pub(super) fn endpoints<'a>(packet: &Packet<'a>) -> (Value<'a>, Value<'a>) {
    packet
        .layers
        .iter()
        .rev()
        .filter(|layer| layer.context == Context::Plain)
        .find_map(|layer| layer.protocol.endpoints.map(|of| of(layer)))
        .unwrap_or((Value::Absent, Value::Absent))
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
