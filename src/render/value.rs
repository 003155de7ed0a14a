//! Values as scapy writes them: Python's notation for bytes and lists.

use crate::model::{
    Base, Field, Item, ItemName, ItemValue, Items, Kind, Layer, List, Notation, Present, Text,
    Value,
};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Writes the value of a field that is no list of headers.
#[inline]
pub(super) fn write(layer: &Layer, present: &Present, text: &mut Text) {
    match present.value {
        // Most values by far are numbers.
        Value::Uint(value) => number(layer, present.field, value, text),
        value => no_number(present.field, value, text),
    }
}

/// Writes the value of a field that is no number.
#[inline(never)]
fn no_number(field: &Field, value: Value, text: &mut Text) {
    match value {
        // scapy says how many zeros fill a gap, not which.
        Value::Bytes(bytes)
            if matches!(field.kind, Kind::Fill)
                && !bytes.is_empty()
                && bytes.iter().all(|byte| *byte == 0) =>
        {
            text.str("b'' (").dec(bytes.len() as u64).str(" octets)");
        }
        Value::Bytes(bytes) => match field.kind {
            Kind::CustomBytes(show) => show(bytes, text),
            Kind::Fill => _ = text.repr_filled(bytes),
            _ => _ = text.repr(bytes),
        },
        Value::Name(name) => _ = text.repr_of(name.bytes()),
        Value::List(list) => values(list, text),
        Value::Items(items) => match items.notation {
            Notation::Pairs => list(items, text),
            Notation::Assignments => assignments(items, text),
        },
        Value::Addresses(addresses) => {
            // scapy puts blanks inside the brackets of IPv6 lists only, and says nothing of
            // what it knows about their addresses.
            let blank = if addresses.size == 16 { " " } else { "" };
            text.str("[").str(blank);
            for (index, value) in addresses.iter().enumerate() {
                text.str(if index > 0 { ", " } else { "" });
                plain_address(value, text);
            }
            text.str(blank).str("]");
        }
        Value::Frame(_, bytes) => _ = text.repr(bytes),
        Value::Absent => _ = text.str(field.absent),
        plain if matches!(field.kind, Kind::Quoted(_)) => {
            text.str("'");
            address(plain, text);
            text.str("'");
        }
        other => address(other, text),
    }
}

/// Writes a number by its name, or in its field's notation.
fn number(layer: &Layer, field: &Field, number: u64, text: &mut Text) {
    let number = match field.kind {
        // scapy shows the first byte only, even of the other byte order.
        Kind::LittleEndian => number & 0xff,
        _ => number,
    };
    match (field.name_of(layer, number), field.kind) {
        (Some(name), _) => _ = text.str(name),
        (None, Kind::Flags(set)) => {
            for (index, flag) in set.set_in(number).enumerate() {
                text.str(if index > 0 { set.joiner } else { "" })
                    .str(flag.mark);
            }
        }
        (None, Kind::Custom(show)) => show(number, text),
        (None, Kind::Uint(Base::Hex)) => _ = text.hex(number, 1),
        (None, _) => _ = text.dec(number),
    }
}

/// Writes an address with what scapy knows about it.
fn address(value: Value, text: &mut Text) {
    plain_address(value, text);
    if let Value::Ipv6(address) = value {
        embedded(address, text);
    }
}

/// Writes a hardware or network address; nothing for other values.
pub(super) fn plain_address(value: Value, text: &mut Text) {
    match value {
        Value::Mac(mac) => _ = text.mac(mac),
        Value::Ipv4(address) => _ = text.ipv4(address),
        Value::Ipv6(address) => _ = text.ipv6(address),
        _ => {}
    }
}

/// The IPv4 address inside a 6to4 (RFC 3056) or Teredo (RFC 4380) address, as scapy adds it.
fn embedded(address: Ipv6Addr, text: &mut Text) {
    let octets = address.octets();
    match address.segments() {
        [0x2002, ..] => {
            let gateway = Ipv4Addr::new(octets[2], octets[3], octets[4], octets[5]);
            text.str(" [6to4 GW: ").ipv4(gateway).str("]");
        }
        [0x2001, 0, _, _, _, port, high, low] => {
            let server = Ipv4Addr::new(octets[4], octets[5], octets[6], octets[7]);
            let client = Ipv4Addr::from(!(u32::from(high) << 16 | u32::from(low)));
            text.str(" [Teredo srv: ").ipv4(server).str(" cli: ");
            text.ipv4(client).str(":").dec((!port).into()).str("]");
        }
        _ => {}
    }
}

/// A Python list: `[b'a', b'b']`, `['A', 'NS']`.
fn values(list: List, text: &mut Text) {
    text.str("[");
    for (index, value) in list.enumerate() {
        text.str(if index > 0 { ", " } else { "" });
        simple(value, list.of.quote, text);
    }
    text.str("]");
}

/// A value that stands in a list.
fn simple(value: Value, quote: &str, text: &mut Text) {
    match value {
        Value::Uint(number) => _ = text.dec(number),
        Value::Bytes(bytes) => _ = text.repr(bytes),
        Value::Word(word) => _ = text.str(quote).str(word).str(quote),
        Value::Written(bytes, write) => {
            text.str(quote);
            write(bytes, text);
            text.str(quote);
        }
        other => address(other, text),
    }
}

/// A list of assignments: `[router=10.0.2.2 end]`.
fn assignments(items: Items, text: &mut Text) {
    text.str("[");
    for (index, Item { name, value }) in items.enumerate() {
        text.str(if index > 0 { " " } else { "" });
        match name {
            ItemName::Known(name) => _ = text.str(name),
            ItemName::Number(number) => _ = text.dec(number.into()),
            ItemName::Nothing => {}
        }
        let equals = match (name, value) {
            (ItemName::Nothing, _) | (_, ItemValue::Nothing) => "",
            _ => "=",
        };
        text.str(equals);
        match value {
            ItemValue::Nothing => {}
            ItemValue::Bytes(bytes) if equals.is_empty() => {
                for byte in bytes {
                    text.ascii(if (b' '..127).contains(byte) {
                        *byte
                    } else {
                        b'.'
                    });
                }
            }
            ItemValue::Bytes(bytes) => _ = text.repr(bytes),
            ItemValue::Written(bytes, write) => write(bytes, text),
            ItemValue::Numbers(..) => {
                for (index, number) in value.numbers().enumerate() {
                    text.str(if index > 0 { "," } else { "" }).dec(number);
                }
            }
            ItemValue::Values(list) => {
                for (index, value) in list.enumerate() {
                    text.str(if index > 0 { "," } else { "" });
                    simple(value, list.of.quote, text);
                }
            }
            ItemValue::List(list) => values(list, text),
        }
    }
    text.str("]");
}

/// A Python list of pairs: `[('MSS', 1460), ('NOP', None)]`.
fn list(items: Items, text: &mut Text) {
    text.str("[");
    for (index, Item { name, value }) in items.enumerate() {
        text.str(if index > 0 { ", (" } else { "(" });
        match name {
            ItemName::Known(name) => _ = text.str("'").str(name).str("'"),
            ItemName::Number(number) => _ = text.dec(number.into()),
            ItemName::Nothing => _ = text.str("None"),
        }
        text.str(", ");
        match value {
            ItemValue::Nothing => _ = text.str("None"),
            ItemValue::Bytes(bytes) => _ = text.repr(bytes),
            ItemValue::Written(bytes, write) => write(bytes, text),
            ItemValue::Numbers(..) => numbers(value, text),
            ItemValue::Values(values) | ItemValue::List(values) => self::values(values, text),
        }
        text.str(")");
    }
    text.str("]");
}

/// One number plainly, several as a tuple.
fn numbers(value: ItemValue, text: &mut Text) {
    let count = value.numbers().count();
    text.str(if count == 1 { "" } else { "(" });
    for (index, number) in value.numbers().enumerate() {
        text.str(if index > 0 { ", " } else { "" }).dec(number);
    }
    text.str(if count == 1 { "" } else { ")" });
}
