//! What a filter can speak of: tunlab's names (`icmp.type`), and Wireshark's own as aliases.

use crate::model::{Field, Kind, Protocol, Width};
use crate::proto;
use std::sync::LazyLock;

/// Where a name's values come from.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// The layer's protocol; nothing for the frame itself.
    pub(super) protocol: Option<&'static Protocol>,
    pub(super) part: Part,
    /// What a number is multiplied with: Wireshark counts header lengths in bytes.
    pub(super) scale: u64,
}

/// Which part of a layer or frame.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// Header and payload.
    Whole,
    /// What follows the header, when there is something.
    Payload,
    /// Bytes of that.
    PayloadLen,
    /// A number or flags field at a place that is the same in every packet, in bits.
    Fixed { position: usize, width: usize },
    /// A field that must be looked for.
    Field(&'static Field),
    /// One bit of a flags field.
    Flag { field: &'static Field, bit: usize },
    /// `frame.number`
    Number,
    /// `frame.len`
    WireLen,
    /// `frame.cap_len`
    CapLen,
    /// `frame.time_relative`
    Seconds,
}

/// What a name's values are, for reading the literal they are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Number,
    Seconds,
    Mac,
    Ipv4,
    Ipv6,
    Bytes,
}

/// A resolved name.
pub(super) struct Named {
    pub(super) sources: Vec<Source>,
    pub(super) shape: Shape,
}

/// Every name there is, worked out when the first filter is compiled.
static NAMES: LazyLock<Vec<(String, Source, Shape)>> = LazyLock::new(|| {
    let mut names = Vec::new();
    for (name, part, shape) in FRAME {
        let source = Source {
            protocol: None,
            part,
            scale: 1,
        };
        names.push((name.to_owned(), source, shape));
    }
    for protocol in proto::all() {
        each(protocol, &mut |name, source, shape| {
            names.push((name.to_owned(), source, shape))
        });
    }
    names
});

/// The names by which a filter can speak of `field` of `protocol`.
pub fn names_of(protocol: &'static Protocol, field: &'static Field) -> Vec<String> {
    let names = field_names(protocol, field).into_iter();
    names.map(|(name, _)| name).collect()
}

/// Resolves a name; letters' case does not matter.
pub(super) fn resolve(name: &str) -> Option<Named> {
    let called = |known: &&(String, Source, Shape)| known.0.eq_ignore_ascii_case(name);
    let (_, _, shape) = NAMES.iter().find(called)?;
    let sources = NAMES.iter().filter(called).map(|(_, source, _)| *source);
    Some(Named {
        sources: sources.collect(),
        shape: *shape,
    })
}

/// The known name that is most like `name`, if one is like it at all.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for (known, ..) in NAMES.iter() {
        let longest = name.len().max(known.len());
        let allowed = longest / 3 + 1;
        if name.len().abs_diff(known.len()) > allowed {
            continue;
        }
        let distance = distance(&name, known);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, known));
        }
    }
    best.map(|(_, known)| known)
}

const FRAME: [(&str, Part, Shape); 5] = [
    ("frame", Part::Whole, Shape::Bytes),
    ("frame.number", Part::Number, Shape::Number),
    ("frame.len", Part::WireLen, Shape::Number),
    ("frame.cap_len", Part::CapLen, Shape::Number),
    ("frame.time_relative", Part::Seconds, Shape::Seconds),
];

/// Calls `sink` with every name that speaks of `protocol`.
fn each(protocol: &'static Protocol, sink: &mut dyn FnMut(&str, Source, Shape)) {
    let source = |part| Source {
        protocol: Some(protocol),
        part,
        scale: 1,
    };
    for name in own_names(protocol) {
        sink(&name, source(Part::Whole), Shape::Bytes);
        let payload = format!("{name}.payload");
        sink(&payload, source(Part::Payload), Shape::Bytes);
        // A header that tells its own length has a field of that name (`ip.len`).
        if protocol.fields.iter().all(|field| field.name != "len") {
            let part = source(Part::PayloadLen);
            sink(&format!("{name}.len"), part, Shape::Number);
        }
    }
    let mut fixed = Some(0);
    for field in protocol.fields {
        let numeric = matches!(field.kind, Kind::Uint(_) | Kind::Flags(_) | Kind::Custom(_));
        let part = match (fixed, field.when, field.width) {
            (Some(position), None, Width::Bits(width)) if numeric => {
                Part::Fixed { position, width }
            }
            _ => Part::Field(field),
        };
        fixed = match (fixed, field.when, field.width) {
            (Some(position), None, Width::Bits(bits)) => Some(position + bits),
            (Some(position), None, Width::Bytes(bytes)) => Some(position + 8 * bytes),
            _ => None,
        };
        for (name, scale) in field_names(protocol, field) {
            let source = Source {
                scale,
                ..source(part)
            };
            sink(&name, source, shape(field));
            for (bit, bit_name) in bit_names(field).enumerate() {
                let part = Part::Flag { field, bit };
                let bit_name = format!("{name}.{bit_name}");
                sink(&bit_name, Source { part, ..source }, Shape::Number);
            }
        }
    }
}

/// Names of the protocol itself: a family such as ICMPv6 shares the name of its column.
fn own_names(protocol: &Protocol) -> Vec<String> {
    let mut names = vec![protocol.name.to_ascii_lowercase()];
    let column = protocol.column.to_ascii_lowercase();
    if !names.contains(&column) && !protocol.opaque {
        names.push(column);
    }
    names.extend(protocol.aliases.iter().map(|alias| (*alias).to_owned()));
    names
}

/// Names of a field, each with what its value is multiplied with.
fn field_names(protocol: &Protocol, field: &Field) -> Vec<(String, u64)> {
    let name = field.name.to_ascii_lowercase();
    let own = own_names(protocol);
    let own = own.iter().map(|own| (format!("{own}.{name}"), 1));
    let aliases = field.aliases.iter();
    own.chain(aliases.map(|alias| (alias.name.to_owned(), alias.scale)))
        .collect()
}

/// Names of a flags field's bits, least significant first.
fn bit_names(field: &'static Field) -> impl Iterator<Item = String> {
    let flags = match field.kind {
        Kind::Flags(set) => set.flags,
        _ => &[],
    };
    flags.iter().enumerate().map(|(bit, flag)| {
        let named = field.bit_names.get(bit);
        named.map_or_else(|| flag.mark.to_ascii_lowercase(), |name| (*name).to_owned())
    })
}

fn shape(field: &Field) -> Shape {
    match field.kind {
        Kind::Uint(_) | Kind::Flags(_) | Kind::Custom(_) => Shape::Number,
        Kind::Mac => Shape::Mac,
        Kind::Ipv4 | Kind::Ipv4List => Shape::Ipv4,
        Kind::Ipv6 | Kind::Ipv6List | Kind::Ipv6Prefix => Shape::Ipv6,
        _ => Shape::Bytes,
    }
}

/// Levenshtein's: how many letters must be put in, taken out or changed.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, expected) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *expected);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
