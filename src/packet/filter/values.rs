//! What a name stands for in a packet, value by value.

use super::expression::Operand;
use super::names::{Part, Source};
use crate::model::{
    DomainName, Field, Holds, InOption, Items, Layer, Packet, Packets, Piece, Present, Protocol,
    Trouble, Value,
};
use arrayvec::ArrayVec;
use std::io::Write;

/// What a filter can ask that is not in the packet's bytes.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The packet's number, from 1.
    pub number: u64,
    /// Its length on the wire.
    pub wire_len: u32,
    /// When it was seen, in nanoseconds since 1970.
    pub time: u64,
    /// The same of the first packet.
    pub started: u64,
    /// Name of the interface, where it is known.
    pub interface: Option<&'a str>,
}

/// Nanoseconds in a second.
const NANOS: f64 = 1e9;

/// A value at the moment of asking.
#[derive(Clone, Copy)]
pub(super) enum Datum<'a> {
    Number(u64),
    Seconds(f64),
    /// A hardware, IPv4 or IPv6 address, told apart by its length.
    Address(&'a [u8]),
    /// Bytes or text.
    Bytes(&'a [u8]),
    /// Text whose letters are to be made small or big.
    Folded(&'a [u8], fn(&u8) -> u8),
}

impl<'a> Datum<'a> {
    /// The bytes; numbers have none.
    pub(super) fn bytes(&self) -> &'a [u8] {
        match self {
            Datum::Address(bytes) | Datum::Bytes(bytes) | Datum::Folded(bytes, _) => bytes,
            Datum::Number(_) | Datum::Seconds(_) => &[],
        }
    }
}

/// Tells whether a value passes. Values are handed on like this, rather than returned, so that
/// those that are put together for the asking live on the stack.
pub(super) type Test<'t> = &'t mut dyn FnMut(&Datum) -> bool;

/// Calls `test` with the values as they stand in the packet, until one passes.
pub(super) fn each(operand: &Operand, packet: &Packet, facts: &Facts, test: Test) -> bool {
    operand.sources.iter().any(|source| {
        let Some(protocol) = source.protocol else {
            return is_wanted(operand, 1, 1)
                && frame(source, packet, facts).is_some_and(|datum| test(&datum));
        };
        packet.layers.iter().enumerate().any(|(index, layer)| {
            if !operand.layers.is_empty() {
                let (number, count) = among_its_like(packet, index);
                if !is_wanted(operand, number, count) {
                    return false;
                }
            }
            if std::ptr::eq(layer.protocol, protocol) {
                return match source.part {
                    Part::Face(has) => has(packet, index) && test(&Datum::Bytes(layer.bytes())),
                    Part::Length if !protocol.opaque => {
                        let length = packet.wire_end(index).checked_sub(layer.end);
                        length.is_some_and(|length| test(&Datum::Number(length as u64)))
                    }
                    Part::Computed(of) => {
                        of(packet, index).is_some_and(|number| test(&Datum::Number(number)))
                    }
                    _ => of_layer(source, layer, test),
                };
            }
            // Headers inside headers (options, records) are no layers of their own.
            protocol.under.is_empty()
                && layer.nests()
                && inside(layer, protocol, &mut |nested| {
                    of_layer(source, nested, test)
                })
        })
    })
}

/// Whether the filter speaks of the layer with this number, of `count` of the protocol.
fn is_wanted(operand: &Operand, number: usize, count: usize) -> bool {
    let mut layers = operand.layers.iter();
    operand.layers.is_empty() || layers.any(|layers| layers.takes(number, count))
}

/// The layer's number, from 1, among the packet's layers of its protocol, and how many they are.
/// The messages of a family such as ICMPv6 are of one protocol.
fn among_its_like(packet: &Packet, index: usize) -> (usize, usize) {
    let column = packet.layers[index].protocol.column;
    let alike = |layers: &[Layer]| {
        let alike = layers
            .iter()
            .filter(|layer| layer.protocol.column == column);
        alike.count()
    };
    (alike(&packet.layers[..=index]), alike(&packet.layers))
}

/// Calls `each` with every header of `protocol` inside the layer's fields, until it is content.
fn inside(
    layer: &Layer,
    protocol: &'static Protocol,
    each: &mut dyn FnMut(&Layer) -> bool,
) -> bool {
    layer.fields().any(|present| match present.value {
        Value::Packets(children) => children.of(layer).any(|child| {
            if std::ptr::eq(child.protocol, protocol) {
                each(&child)
            } else {
                child.nests() && inside(&child, protocol, each)
            }
        }),
        _ => false,
    })
}

fn frame<'a>(source: &Source, packet: &Packet<'a>, facts: &Facts<'a>) -> Option<Datum<'a>> {
    Some(match source.part {
        Part::Number => Datum::Number(facts.number),
        Part::WireLen => Datum::Number(facts.wire_len.into()),
        Part::CapLen => Datum::Number(packet.bytes.len() as u64),
        Part::Seconds => Datum::Seconds((facts.time as f64 - facts.started as f64) / NANOS),
        Part::Epoch => Datum::Seconds(facts.time as f64 / NANOS),
        Part::Interface => Datum::Bytes(facts.interface?.as_bytes()),
        _ => Datum::Bytes(packet.bytes),
    })
}

/// The source's values in one layer.
fn of_layer(source: &Source, layer: &Layer, test: Test) -> bool {
    let number = |number: u64| {
        Datum::Number(match source.derive {
            Some(derive) => derive(number),
            None => number,
        })
    };
    let find = |field: &'static Field| {
        let mut fields = layer.fields();
        fields.find(|present| std::ptr::eq(present.field, field))
    };
    let mut any = |field| match find(field) {
        Some(Present {
            value: Value::Uint(value),
            ..
        }) => test(&number(value)),
        Some(present) => of_value(present.value, layer, test),
        None => false,
    };
    match source.part {
        Part::Fixed { position, width } => {
            let there = layer.header().len() * 8 >= position + width;
            there && test(&number(layer.bits(position, width)))
        }
        Part::Address { start, length } => {
            let address = layer.header().get(start..start + length);
            address.is_some_and(|address| test(&Datum::Address(address)))
        }
        Part::Whole => test(&Datum::Bytes(layer.bytes())),
        Part::Payload => !layer.payload().is_empty() && test(&Datum::Bytes(layer.payload())),
        Part::Length if layer.protocol.opaque => test(&number(layer.header().len() as u64)),
        Part::Length => test(&number(layer.payload().len() as u64)),
        Part::WorkedOut(field, of) => find(field)
            .and_then(|present| of(present.value))
            .is_some_and(|worked_out| test(&number(worked_out))),
        Part::Written(field) => find(field).is_some_and(|present| {
            written(present.value).is_some_and(|text| test(&Datum::Bytes(&text)))
        }),
        Part::Flag { field, bit } => match find(field) {
            Some(Present {
                value: Value::Uint(value),
                ..
            }) => test(&number(value >> bit & 1)),
            _ => false,
        },
        Part::Field(field) => any(field),
        Part::FieldWhere(field, has) => has(layer) && any(field),
        Part::Mac(field, has) => match find(field) {
            Some(Present {
                value: Value::Bytes(bytes),
                ..
            }) if has(layer) => bytes.get(..6).is_some_and(|mac| test(&Datum::Address(mac))),
            _ => false,
        },
        Part::Option(field, wanted) => match find(field) {
            Some(Present {
                value: Value::Items(items),
                ..
            }) => of_options(wanted, items, test),
            Some(Present {
                value: Value::Packets(options),
                ..
            }) => of_headers(wanted, options, layer, test),
            _ => false,
        },
        Part::Face(_)
        | Part::Computed(_)
        | Part::Number
        | Part::WireLen
        | Part::CapLen
        | Part::Seconds
        | Part::Epoch
        | Part::Interface => false,
    }
}

/// What a field holds, value by value.
fn of_value(value: Value, layer: &Layer, test: Test) -> bool {
    match value {
        Value::Uint(number) => test(&Datum::Number(number)),
        Value::Mac(mac) => test(&Datum::Address(&mac)),
        Value::Ipv4(address) => test(&Datum::Address(&address.octets())),
        Value::Ipv6(address) => test(&Datum::Address(&address.octets())),
        Value::Bytes(bytes) | Value::Written(bytes, _) | Value::Frame(_, bytes) => {
            test(&Datum::Bytes(bytes))
        }
        Value::Word(word) => test(&Datum::Bytes(word.as_bytes())),
        Value::Name(name) => test(&Datum::Bytes(&readable(name))),
        Value::List(mut values) => values.any(|value| of_value(value, layer, test)),
        Value::Addresses(addresses) => {
            let mut addresses = addresses.iter();
            addresses.any(|address| of_value(address, layer, test))
        }
        // A list without anything in it is not there.
        Value::Items(items) => !items.bytes.is_empty() && test(&Datum::Bytes(items.bytes)),
        Value::Packets(children) if children.start >= children.end => false,
        Value::Packets(children) => {
            let bytes = layer.packet.get(children.start..children.end);
            test(&Datum::Bytes(bytes.unwrap_or_default()))
        }
        Value::Absent => false,
    }
}

/// Letters of the longest IPv6 address.
const LONGEST_ADDRESS: usize = 45;

/// An address as one writes it.
fn written(value: Value) -> Option<ArrayVec<u8, LONGEST_ADDRESS>> {
    let mut text = ArrayVec::new();
    match value {
        Value::Ipv4(address) => write!(text, "{address}").ok()?,
        Value::Ipv6(address) => write!(text, "{address}").ok()?,
        _ => return None,
    }
    Some(text)
}

/// A name as Wireshark writes it: no dot at its end, and words instead of what is broken.
fn readable(name: DomainName) -> ArrayVec<u8, 256> {
    let mut text = ArrayVec::new();
    for piece in name.pieces() {
        // A name of more than 255 bytes has been cut off by its reader: there is room for all.
        let mut add = |bytes: &[u8]| _ = text.try_extend_from_slice(bytes);
        match piece {
            Piece::Label(label) => {
                add(label);
                add(b".");
            }
            Piece::Broken(Trouble::Cut) => {}
            Piece::Broken(Trouble::TooLong) => return words(b"<Name too long>"),
            Piece::Broken(Trouble::Loop | Trouble::TooManyJumps) => {
                return words(b"<Name contains a pointer that loops>");
            }
        }
    }
    match text.pop() {
        Some(_) => text,
        None => words(b"<Root>"),
    }
}

fn words(text: &[u8]) -> ArrayVec<u8, 256> {
    text.iter().copied().collect()
}

/// What stands in the options of a list.
fn of_options(wanted: &InOption, mut items: Items, test: Test) -> bool {
    let Holds::Kind { last } = wanted.holds else {
        return items
            .any(|item| item.name.is(wanted.option) && of_option(wanted, item.value.data(), test));
    };
    while let [kind, ..] = items.bytes {
        if items.next().is_none() {
            return false;
        }
        if test(&Datum::Number((*kind).into())) {
            return true;
        }
        if *kind == last {
            return false;
        }
    }
    false
}

/// The numbers of options that are headers of their own.
fn of_headers(wanted: &InOption, options: Packets, holder: &Layer, test: Test) -> bool {
    let Holds::Kind { last } = wanted.holds else {
        return false;
    };
    for option in options.of(holder) {
        let kind = option.u8(0);
        if test(&Datum::Number(kind.into())) {
            return true;
        }
        if kind == last {
            return false;
        }
    }
    false
}

/// What stands in an option's data.
fn of_option(wanted: &InOption, data: &[u8], test: Test) -> bool {
    match wanted.holds {
        Holds::Kind { .. } => false,
        Holds::Bytes | Holds::Text => test(&Datum::Bytes(data)),
        Holds::Number(of) => of(data).is_some_and(|number| test(&Datum::Number(number))),
        Holds::Ipv4 => data
            .chunks_exact(4)
            .any(|address| test(&Datum::Address(address))),
        Holds::Numbers { at, width, step } => {
            let data = data.get(at..).unwrap_or_default();
            data.chunks(step).any(|chunk| match chunk.get(..width) {
                Some(bytes) => test(&Datum::Number(big_endian(bytes))),
                None => false,
            })
        }
    }
}

pub(super) fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
