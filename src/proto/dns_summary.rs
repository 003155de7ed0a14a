//! What `line` says of a resource record of DNS, as tshark says it.

use super::dns::{name_width, prefix, printable, readable, type_name};
use super::dns_data;
use super::dns_records::skip;
use crate::model::{DomainName, Layer, Text, Value};

/// ` A`: the type of a record.
pub(super) fn heading(record: &Layer, multicast: bool, text: &mut Text) {
    let at = name_width(record, 0);
    let kind = record.u16(at);
    text.str(" ");
    type_name(kind, text);
    if multicast && kind != 41 && record.u16(at + 2) & 0x8000 != 0 {
        text.str(", cache flush");
    }
}

/// ` A 192.0.2.1` and the like: type and the most telling part of the data; and whether the data can
/// be read to its end.
pub(super) fn summary(record: &Layer, multicast: bool, text: &mut Text) -> bool {
    heading(record, multicast, text);
    let at = name_width(record, 0);
    let kind = record.u16(at);
    let data = skip(record.header(), at + 10);
    if data.is_empty() {
        return true;
    }
    let whole = dns_data::is_whole(record, at + 10, kind);
    if !whole && !says_early(record, at, kind) {
        return false;
    }
    let number = |name: &str, text: &mut Text| {
        let value = record.get(name).map_or(0, |value| value.number());
        text.str(" ").dec(value);
    };
    let value = |name: &str, text: &mut Text| match record.get(name) {
        Some(Value::Ipv4(address)) => _ = text.str(" ").ipv4(address),
        Some(Value::Ipv6(address)) => _ = text.str(" ").ipv6(address),
        Some(Value::Name(name)) => {
            text.str(" ");
            readable(name, text);
        }
        Some(Value::Bytes(bytes)) => {
            text.str(" ");
            printable(bytes, text);
        }
        _ => {}
    };
    match kind {
        1 | 2 | 5 | 12 | 28 | 39 => value("rdata", text),
        // These show what they belong to.
        3 | 4 | 7..=10 | 14 | 17..=23 | 26 | 27 | 42 | 49 | 51 | 52 | 55 => value("rrname", text),
        6 => value("mname", text),
        11 => well_known_services(data, text),
        13 => {
            value("cpu", text);
            value("os", text);
        }
        15 => {
            number("preference", text);
            value("exchange", text);
        }
        33 => {
            number("priority", text);
            number("weight", text);
            number("port", text);
            value("target", text);
        }
        35 => {
            number("order", text);
            number("preference", text);
            value("flags", text);
        }
        36 => key_exchanger(record, data, text),
        38 => a6(record, data, text),
        47 => value("nextname", text),
        _ => {}
    }
    whole
}

/// Whether a record says what it says before its data is read to the end.
fn says_early(record: &Layer, at: usize, kind: u16) -> bool {
    match kind {
        47 => dns_data::is_whole(record, at + 10, NS),
        _ => matches!(kind, 3 | 4 | 7..=11 | 14 | 17..=23 | 26 | 27 | 42 | 49 | 51 | 52 | 55),
    }
}

/// A record whose data is a name.
const NS: u16 = 2;

/// Whose services the record lists (RFC 1035 section 3.4.2).
fn well_known_services(data: &[u8], text: &mut Text) {
    if let Some(octets) = data.first_chunk::<4>() {
        text.str(" ").ipv4((*octets).into());
    }
}

/// A number and a host, as in MX (RFC 2230).
fn key_exchanger(record: &Layer, data: &[u8], text: &mut Text) {
    if let [high, low, host @ ..] = data
        && !host.is_empty()
    {
        text.str(" ")
            .dec(u16::from_be_bytes([*high, *low]).into())
            .str(" ");
        readable(name_in(record, host), text);
    }
}

/// The end of an address, and the name whose address it starts with (RFC 2874).
fn a6(record: &Layer, data: &[u8], text: &mut Text) {
    let Some((&bits, rest)) = data.split_first() else {
        return;
    };
    let own = usize::from(128u8.saturating_sub(bits)).div_ceil(8);
    let Some((end, name)) = rest.split_at_checked(own) else {
        return;
    };
    if bits > 0 && name.is_empty() {
        return;
    }
    let mut address = [0; 16];
    address[16 - own..].copy_from_slice(end);
    text.str(" ")
        .dec(bits.into())
        .str(" ")
        .ipv6(address.into())
        .str(" ");
    if bits > 0 {
        readable(name_in(record, name), text);
    }
}

/// The name that `bytes` of a record start with.
pub(super) fn name_in<'a>(record: &Layer<'a>, bytes: &'a [u8]) -> DomainName<'a> {
    DomainName {
        bytes: &bytes[..DomainName::measure(bytes)],
        message: skip(record.message(), prefix(record)),
    }
}
