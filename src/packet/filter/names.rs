//! What a filter can speak of: tunlab's names (`icmp.type`), and Wireshark's own as aliases.

use super::nearest::distance;
use crate::model::{
    Face, Field, Holds, InOption, Kind, Layer, Names, NamesOf, Packet, Protocol, Width,
};
use crate::proto;
use std::sync::LazyLock;

/// Where a name's values come from.
#[derive(Clone, Copy)]
pub(super) struct Source {
    /// The layer's protocol; nothing for the frame itself.
    pub(super) protocol: Option<&'static Protocol>,
    pub(super) part: Part,
    /// What makes the value out of a field's number.
    pub(super) derive: Option<fn(u64) -> u64>,
}

/// Which part of a layer or frame.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// Header and payload.
    Whole,
    /// The same, of layers that have a name of their own.
    Face(fn(&Packet, usize) -> bool),
    /// A number made out of the layer.
    Computed(fn(&Packet, usize) -> Option<u64>),
    /// What follows the header, when there is something.
    Payload,
    /// Bytes of that, or of all when there is no header.
    Length,
    /// A number or flags field at a place that is the same in every packet, in bits.
    Fixed { position: usize, width: usize },
    /// An address at a place that is the same in every packet, in bytes.
    Address { start: usize, length: usize },
    /// A field that must be looked for.
    Field(&'static Field),
    /// One that counts only in the layers where the function says so.
    FieldWhere(&'static Field, fn(&Layer) -> bool),
    /// One bit of a flags field that must be looked for.
    Flag { field: &'static Field, bit: usize },
    /// The Ethernet address that a field starts with, in the layers where it does.
    Mac(&'static Field, fn(&Layer) -> bool),
    /// What stands in an option of a field.
    Option(&'static Field, &'static InOption),
    /// `frame.number`
    Number,
    /// `frame.len`
    WireLen,
    /// `frame.cap_len`
    CapLen,
    /// `frame.time_relative`
    Seconds,
    /// `frame.time_epoch`
    Epoch,
    /// `frame.interface_name`
    Interface,
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
    Text,
}

/// A resolved name.
pub(super) struct Named {
    pub(super) sources: Vec<Source>,
    /// What the values can be: several kinds where fields share the name.
    pub(super) shapes: Vec<Shape>,
    /// What numbers are called.
    pub(super) values: Option<&'static Names>,
}

struct Entry {
    name: String,
    source: Source,
    shape: Shape,
    values: Option<&'static Names>,
}

/// Every name there is, worked out when the first filter is compiled.
static NAMES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut names = Vec::new();
    for (name, part, shape) in FRAME {
        let source = Source {
            protocol: None,
            part,
            derive: None,
        };
        names.push(Entry {
            name: name.to_owned(),
            source,
            shape,
            values: None,
        });
    }
    for protocol in proto::all() {
        of_protocol(protocol, &mut names);
    }
    names
});

const FRAME: [(&str, Part, Shape); 7] = [
    ("frame", Part::Whole, Shape::Bytes),
    ("frame.number", Part::Number, Shape::Number),
    ("frame.len", Part::WireLen, Shape::Number),
    ("frame.cap_len", Part::CapLen, Shape::Number),
    ("frame.time_relative", Part::Seconds, Shape::Seconds),
    ("frame.time_epoch", Part::Epoch, Shape::Seconds),
    ("frame.interface_name", Part::Interface, Shape::Text),
];

/// The names by which a filter can speak of `field` of `protocol`.
pub fn names_of(protocol: &'static Protocol, field: &'static Field) -> Vec<String> {
    let derived = field.derived.iter().map(|(name, _)| (*name).to_owned());
    let in_options = field.in_options.iter().map(|option| option.name.to_owned());
    let names = field_names(protocol, field).into_iter();
    let macs = field.macs.iter().map(|(name, _)| (*name).to_owned());
    let somewhere = field.aliases_where.iter();
    let somewhere = somewhere.map(|(name, _)| (*name).to_owned());
    let names = names.chain(somewhere).chain(derived);
    names.chain(macs).chain(in_options).collect()
}

/// Resolves a name; letters' case does not matter.
pub(super) fn resolve(name: &str) -> Option<Named> {
    let mut found = Named {
        sources: Vec::new(),
        shapes: Vec::new(),
        values: None,
    };
    for entry in NAMES
        .iter()
        .filter(|entry| entry.name.eq_ignore_ascii_case(name))
    {
        found.sources.push(entry.source);
        if !found.shapes.contains(&entry.shape) {
            found.shapes.push(entry.shape);
        }
        found.values = found.values.or(entry.values);
    }
    (!found.sources.is_empty()).then_some(found)
}

/// Names of Wireshark's that need more than the packet itself, by how they start, and what can be
/// asked instead.
const BEYOND_THE_PACKET: [(&str, &str); 12] = [
    ("tcp.stream", "ask for its addresses and ports"),
    ("udp.stream", "ask for its addresses and ports"),
    ("tcp.analysis", "compare tcp.seq_raw and tcp.ack_raw by eye"),
    ("tcp.completeness", "ask for tcp.flags"),
    ("tcp.window_size", "ask for tcp.window_size_value"),
    ("tcp.time_", "ask for frame.time_relative"),
    ("frame.time_delta", "ask for frame.time_relative"),
    ("icmp.resp", "ask for icmp.ident and icmp.seq"),
    ("icmpv6.resp", "ask for icmpv6.echo.sequence_number"),
    ("dns.time", "ask for dns.id"),
    ("dns.response_", "ask for dns.id"),
    ("dns.retransmi", "ask for dns.id"),
];

/// What to say of a name that nothing has.
pub(super) fn unknown(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let beyond = BEYOND_THE_PACKET
        .iter()
        .find(|(start, _)| lower.starts_with(start));
    if let Some((_, instead)) = beyond {
        return format!(
            "{name} depends on other packets, and each is judged alone here; {instead}"
        );
    }
    match nearest(name) {
        Some(nearest) => format!("nothing is called {name}; did you mean {nearest}?"),
        None => format!("nothing is called {name}; `tunlab proto` lists the names"),
    }
}

/// The known name that is most like `name`, if one is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for known in NAMES.iter().map(|entry| &entry.name) {
        let longest = name.len().max(known.len());
        let better = best.map_or(usize::MAX, |(least, _)| least.saturating_sub(1));
        let allowed = (longest / 4 + 1).min(better);
        if name.len().abs_diff(known.len()) > allowed {
            continue;
        }
        let distance = distance(&name, known);
        if distance <= allowed {
            best = Some((distance, known));
        }
    }
    best.map(|(_, known)| known)
}

/// Adds every name that speaks of `protocol`.
fn of_protocol(protocol: &'static Protocol, names: &mut Vec<Entry>) {
    let mut add = |name: &str, part, shape| {
        let source = Source {
            protocol: Some(protocol),
            part,
            derive: None,
        };
        names.push(Entry {
            name: name.to_owned(),
            source,
            shape,
            values: None,
        });
    };
    for name in own_names(protocol) {
        if !has_face(protocol, &name) {
            add(&name, Part::Whole, Shape::Bytes);
        }
        add(&format!("{name}.payload"), Part::Payload, Shape::Bytes);
        // A header that tells its own length has a field of that name (`ip.len`), and under the
        // other names Wireshark may mean something else by it (`vlan.len`).
        let own = name.eq_ignore_ascii_case(protocol.name) || protocol.opaque;
        if own && protocol.fields.iter().all(|field| field.name != "len") {
            add(&format!("{name}.len"), Part::Length, Shape::Number);
        }
    }
    for (name, has) in protocol.faces {
        add(name, Part::Face(*has), Shape::Bytes);
    }
    for computed in protocol.computed {
        names.extend(computed.names.iter().map(|name| Entry {
            name: (*name).to_owned(),
            source: Source {
                protocol: Some(protocol),
                part: Part::Computed(computed.of),
                derive: None,
            },
            shape: Shape::Number,
            values: computed.values,
        }));
    }
    let mut fixed = Some(0);
    for field in protocol.fields {
        let place = fixed.filter(|_| field.when.is_none());
        fixed = place.and_then(|place| Some(place + bits(field)?));
        of_field(protocol, field, place, names);
    }
}

/// Adds every name of a field, which stands `place` bits into the header if that is known.
fn of_field(
    protocol: &'static Protocol,
    field: &'static Field,
    place: Option<usize>,
    names: &mut Vec<Entry>,
) {
    let mut add = |name: &str, part, derive, shape, values| {
        let source = Source {
            protocol: Some(protocol),
            part,
            derive,
        };
        names.push(Entry {
            name: name.to_owned(),
            source,
            shape,
            values,
        });
    };
    let (shape, part) = (shape(&field.kind), part(field, place));
    let values = match field.names {
        NamesOf::Table(names) => Some(names),
        _ => None,
    };
    for name in field_names(protocol, field) {
        add(&name, part, None, shape, values);
        for (bit, bit_name) in bit_names(field).enumerate() {
            let part = match part {
                Part::Fixed { position, width } if bit < width => Part::Fixed {
                    position: position + width - 1 - bit,
                    width: 1,
                },
                _ => Part::Flag { field, bit },
            };
            add(
                &format!("{name}.{bit_name}"),
                part,
                None,
                Shape::Number,
                None,
            );
        }
    }
    for (name, has) in field.aliases_where {
        add(name, Part::FieldWhere(field, *has), None, shape, values);
    }
    for (name, derive) in field.derived {
        add(name, part, Some(*derive), Shape::Number, None);
    }
    for (name, has) in field.macs {
        add(name, Part::Mac(field, *has), None, Shape::Mac, None);
    }
    for option in field.in_options {
        let shape = match option.holds {
            Holds::Bytes => Shape::Bytes,
            Holds::Text => Shape::Text,
            Holds::Ipv4 => Shape::Ipv4,
            Holds::Kind { .. } | Holds::Numbers { .. } => Shape::Number,
        };
        add(option.name, Part::Option(field, option), None, shape, None);
    }
}

/// Where a field is read: at once where its place is known.
fn part(field: &'static Field, place: Option<usize>) -> Part {
    match (field.kind, place, field.width) {
        (Kind::Uint(_) | Kind::Flags(_) | Kind::Custom(_), Some(position), Width::Bits(width)) => {
            Part::Fixed { position, width }
        }
        (Kind::Mac | Kind::Ipv4 | Kind::Ipv6, Some(position), Width::Bytes(length)) => {
            Part::Address {
                start: position / 8,
                length,
            }
        }
        _ => Part::Field(field),
    }
}

fn bits(field: &Field) -> Option<usize> {
    match field.width {
        Width::Bits(bits) => Some(bits),
        Width::Bytes(bytes) => Some(8 * bytes),
        _ => None,
    }
}

/// Names of the protocol itself: a family such as ICMPv6 shares the name of its column.
fn own_names(protocol: &Protocol) -> Vec<String> {
    let mut names = vec![protocol.name.to_ascii_lowercase()];
    let column = protocol.column.to_ascii_lowercase();
    if !names.contains(&column) && !protocol.opaque {
        names.push(column);
    }
    for alias in protocol.aliases {
        if !names.iter().any(|name| name == alias) {
            names.push((*alias).to_owned());
        }
    }
    names
}

fn has_face(protocol: &Protocol, name: &str) -> bool {
    protocol.faces.iter().any(|(face, _): &Face| *face == name)
}

/// Names of a field itself.
fn field_names(protocol: &Protocol, field: &Field) -> Vec<String> {
    let name = field.name.to_ascii_lowercase();
    let own = own_names(protocol);
    let mut names: Vec<String> = own.iter().map(|own| format!("{own}.{name}")).collect();
    for alias in field.aliases {
        if alias.starts_with('.') {
            names.extend(protocol.aliases.iter().map(|own| format!("{own}{alias}")));
        } else if !names.iter().any(|name| name == alias) {
            // Wireshark often agrees with scapy.
            names.push((*alias).to_owned());
        }
    }
    names
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

fn shape(kind: &Kind) -> Shape {
    match kind {
        Kind::Uint(_) | Kind::LittleEndian | Kind::Flags(_) | Kind::Custom(_) => Shape::Number,
        Kind::Mac => Shape::Mac,
        Kind::Ipv4 | Kind::Ipv4Prefix | Kind::Ipv4List => Shape::Ipv4,
        Kind::Ipv6 | Kind::Ipv6Prefix | Kind::Ipv6List => Shape::Ipv6,
        Kind::Name(_) | Kind::List(_) => Shape::Text,
        Kind::Quoted(inner) => shape(inner),
        _ => Shape::Bytes,
    }
}
