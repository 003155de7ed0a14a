//! One JSON object a line, always with these keys, `iface` and `dir` only where they are known:
//!
//! | Key | Type | Meaning |
//! | --- | --- | --- |
//! | `n` | number | the packet's number, from 1 |
//! | `time` | string | seconds since 1970, a point, nine digits: nanoseconds survive |
//! | `link` | string | link type without `LINKTYPE_`: `RAW`, `ETHERNET`; its number if unnamed |
//! | `iface` | string | the device |
//! | `dir` | string | `in` or `out`, as the host sees it |
//! | `caplen`, `len` | number | bytes that were captured, bytes on the wire |
//! | `src`, `dst` | string | the addresses of `line`; empty if there are none |
//! | `protocol`, `info` | string | the columns of `line` |
//! | `layers` | list of layers | from the outside in |
//! | `remarks` | list of remarks | what is odd, maybe nothing |
//!
//! A layer is `{"name", "offset", "length", "fields", "names"}`: scapy's class name, where its
//! header starts in the packet, how long it is, every field that is there, and the names of those
//! whose value has one. Numbers are numbers, addresses strings, bytes lower-case hexadecimal,
//! flags as `show` writes them. A list holds numbers, strings, pairs of an option's name (or
//! number, or null) and value, or headers, which have the shape of a layer.
//!
//! A remark is `{"layer", "field", "level", "text"}`: both names empty when it is about the whole
//! packet, the level `note`, `warning` or `error`.

use super::{View, line, remarks, value};
use crate::capture::Direction;
use crate::model::json::{list, quoted, string};
use crate::model::{ItemName, ItemValue, Kind, Layer, LinkType, Present, Summary, Text, Value};
use crate::packet::dissect;
use std::fmt::Write;

pub(super) fn packet(view: &View, text: &mut Text) {
    let frame = view.frame;
    text.str("{\"n\":").dec(frame.number);
    text.str(",\"time\":\"").dec(frame.time.seconds()).str(".");
    text.dec_padded(frame.time.subsec_nanos().into(), 9, b'0');
    text.str("\",\"link\":");
    link(frame.link, text);
    if let Some(name) = frame.interface.and_then(|interface| interface.name) {
        text.str(",\"iface\":");
        string(name, text);
    }
    if let Some(direction) = frame.direction {
        text.str(match direction {
            Direction::In => ",\"dir\":\"in\"",
            Direction::Out => ",\"dir\":\"out\"",
        });
    }
    text.str(",\"caplen\":").dec(frame.bytes.len() as u64);
    text.str(",\"len\":").dec(frame.wire_len.into());
    let (source, destination) = line::endpoints(view.packet, 0);
    text.str(",\"src\":\"");
    value::plain_address(source, text);
    text.str("\",\"dst\":\"");
    value::plain_address(destination, text);
    text.str("\",\"protocol\":\"");
    let summary = Summary::of(view.packet);
    text.str(summary.column(view.packet));
    text.str("\",\"info\":");
    quoted(text, |text| line::info(summary, view.packet, text));
    text.str(",\"layers\":[");
    for (index, layer) in view.packet.layers.iter().enumerate() {
        text.str(if index > 0 { "," } else { "" });
        self::layer(layer, text);
    }
    text.str("],\"remarks\":[");
    let mut first = true;
    remarks::each(view, &mut |remark| {
        text.str(if first { "" } else { "," });
        first = false;
        text.str("{\"layer\":\"").str(remark.layer);
        text.str("\",\"field\":\"").str(remark.field);
        text.str("\",\"level\":\"").str(remark.level.name());
        text.str("\",\"text\":");
        quoted(text, |text| _ = text.write_fmt(remark.text));
        text.str("}");
    });
    text.str("]}\n");
}

fn link(link: LinkType, text: &mut Text) {
    match link.name() {
        Some(name) => _ = text.str("\"").str(name).str("\""),
        None => _ = text.str("\"").dec(link.0.into()).str("\""),
    }
}

fn layer(layer: &Layer, text: &mut Text) {
    text.str("{\"name\":\"").str(layer.protocol.name);
    text.str("\",\"offset\":").dec(layer.start as u64);
    text.str(",\"length\":")
        .dec((layer.end - layer.start) as u64);
    text.str(",\"fields\":{");
    let mut first = true;
    for present in layer.fields() {
        if matches!(present.value, Value::Absent) {
            continue;
        }
        text.str(if first { "\"" } else { ",\"" });
        first = false;
        text.str(present.field.name).str("\":");
        field(layer, &present, text);
    }
    text.str("},\"names\":{");
    let mut first = true;
    for present in layer.fields() {
        let Value::Uint(number) = present.value else {
            continue;
        };
        if let Some(name) = present.field.name_of(layer, number) {
            text.str(if first { "\"" } else { ",\"" });
            first = false;
            text.str(present.field.name).str("\":");
            string(name, text);
        }
    }
    text.str("}}");
}

fn field(layer: &Layer, present: &Present, text: &mut Text) {
    match present.value {
        Value::Uint(number) => match present.field.kind {
            Kind::Flags(_) => {
                text.str("\"");
                value::write(layer, present, text);
                text.str("\"");
            }
            _ => _ = text.dec(number),
        },
        Value::Bytes(bytes) => _ = text.str("\"").hex_bytes(bytes).str("\""),
        Value::Name(name) => quoted(text, |text| name.plain(text)),
        Value::List(values) => list(values, text, simple),
        Value::Addresses(addresses) => list(addresses.iter(), text, |address, text| {
            text.str("\"");
            value::plain_address(address, text);
            text.str("\"");
        }),
        Value::Items(items) => list(items, text, |item, text| {
            text.str("[");
            match item.name {
                ItemName::Known(name) => string(name, text),
                ItemName::Number(number) => _ = text.dec(number.into()),
                ItemName::Nothing => _ = text.str("null"),
            }
            text.str(",");
            match item.value {
                ItemValue::Nothing => _ = text.str("null"),
                ItemValue::Bytes(bytes) => _ = text.str("\"").hex_bytes(bytes).str("\""),
                ItemValue::Numbers(..) if item.value.numbers().count() == 1 => {
                    item.value.numbers().for_each(|number| _ = text.dec(number));
                }
                ItemValue::Written(bytes, _) => _ = text.str("\"").hex_bytes(bytes).str("\""),
                ItemValue::Values(values) | ItemValue::List(values) => list(values, text, simple),
                ItemValue::Numbers(..) => list(item.value.numbers(), text, |number, text| {
                    text.dec(number);
                }),
            }
            text.str("]");
        }),
        Value::Packets(children) => list(children.of(layer), text, |child, text| {
            self::layer(&child, text)
        }),
        Value::Frame(link, bytes) => {
            let inner = dissect(link, bytes);
            list(inner.layers.iter(), text, |child, text| {
                self::layer(child, text)
            });
        }
        Value::Absent => _ = text.str("null"),
        address => {
            text.str("\"");
            value::plain_address(address, text);
            text.str("\"");
        }
    }
}

/// A value that stands in a list.
fn simple(value: Value, text: &mut Text) {
    match value {
        Value::Uint(number) => _ = text.dec(number),
        Value::Bytes(bytes) => _ = text.str("\"").hex_bytes(bytes).str("\""),
        Value::Word(word) => string(word, text),
        Value::Written(bytes, write) => quoted(text, |text| write(bytes, text)),
        address => {
            text.str("\"");
            value::plain_address(address, text);
            text.str("\"");
        }
    }
}
