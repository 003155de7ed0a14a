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
    // A family such as ICMPv6 shares the name of its column.
    let mut own = vec![protocol.name.to_ascii_lowercase()];
    let column = protocol.column.to_ascii_lowercase();
    if !own.contains(&column) && !protocol.opaque {
        own.push(column);
    }
    own.extend(protocol.aliases.iter().map(|alias| (*alias).to_owned()));
    for name in &own {
        sink(name, source(Part::Whole), Shape::Bytes);
        sink(
            &format!("{name}.payload"),
            source(Part::Payload),
            Shape::Bytes,
        );
        // A header that tells its own length has a field of that name (`ip.len`).
        if protocol.fields.iter().all(|field| field.name != "len") {
            let part = source(Part::PayloadLen);
            sink(&format!("{name}.len"), part, Shape::Number);
        }
    }
    let mut fixed = Some(0);
    for field in protocol.fields {
        let shape = shape(field);
        let part = match (fixed, field.width, field.kind) {
            (
                Some(position),
                Width::Bits(width),
                Kind::Uint(_) | Kind::Flags(_) | Kind::Custom(_),
            ) => Part::Fixed { position, width },
            _ => Part::Field(field),
        };
        fixed = match (fixed, field.when, field.width) {
            (Some(position), None, Width::Bits(bits)) => Some(position + bits),
            (Some(position), None, Width::Bytes(bytes)) => Some(position + 8 * bytes),
            _ => None,
        };
        let part = if field.when.is_some() {
            Part::Field(field)
        } else {
            part
        };
        let mut names: Vec<(String, u64)> = own
            .iter()
            .map(|own| (format!("{own}.{}", field.name.to_ascii_lowercase()), 1))
            .collect();
        names.extend(
            field
                .aliases
                .iter()
                .map(|alias| (alias.name.to_owned(), alias.scale)),
        );
        for (name, scale) in &names {
            let source = Source {
                scale: *scale,
                ..source(part)
            };
            sink(name, source, shape);
            let Kind::Flags(set) = field.kind else {
                continue;
            };
            for (bit, flag) in set.flags.iter().enumerate() {
                let part = Part::Flag { field, bit };
                let mark = flag.mark.to_ascii_lowercase();
                let bit_name = field.bit_names.get(bit).copied().unwrap_or(&mark);
                let flag = format!("{name}.{bit_name}");
                sink(&flag, Source { part, ..source }, Shape::Number);
            }
        }
    }
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
