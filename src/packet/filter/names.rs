//! What a filter can speak of: tunlab's names (`icmp.type`), and Wireshark's own as aliases.

use crate::model::{
    Face, Field, Holds, InOption, Kind, Layer, Names, NamesOf, Packet, Protocol, Value, Width,
};
use crate::proto;
use std::collections::HashSet;
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
    /// The text of a field's addresses.
    Written(&'static Field),
    /// A number worked out from a field that is none.
    WorkedOut(&'static Field, fn(Value) -> Option<u64>),
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
    pub(super) values: Called,
    /// The largest number there can be.
    pub(super) most: u64,
}

/// What numbers are called: as the field's table has it, and as Wireshark does.
pub(super) type Called = [Option<&'static Names>; 2];

/// What filters can call a single bit.
static SWITCH: Names = Names(&[(0, "Not set"), (1, "Set")]);

struct Entry {
    name: String,
    source: Source,
    shape: Shape,
    values: Called,
    most: u64,
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
            values: [None; 2],
            most: u64::MAX,
        });
    }
    for protocol in proto::all() {
        of_protocol(protocol, &mut names);
    }
    lists_give_way(&mut names);
    names
});

/// What Wireshark calls by a name goes before our list of headers: `dns.ns` is the name of a server.
fn lists_give_way(names: &mut Vec<Entry>) {
    let is_list = |entry: &Entry| match entry.source.part {
        Part::Field(field) => matches!(field.kind, Kind::Packets(_) | Kind::Chain(_)),
        _ => false,
    };
    let others = names.iter().filter(|entry| !is_list(entry));
    let others: HashSet<String> = others.map(|entry| entry.name.clone()).collect();
    names.retain(|entry| !is_list(entry) || !others.contains(&entry.name));
}

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
    let written = field.written.iter().map(|name| (*name).to_owned());
    let worked_out = field.worked_out.iter();
    let written = written.chain(worked_out.map(|(name, _)| (*name).to_owned()));
    let names = names.chain(written).chain(somewhere).chain(derived);
    names.chain(macs).chain(in_options).collect()
}

/// Resolves a name; letters' case does not matter.
pub(super) fn resolve(name: &str) -> Option<Named> {
    let mut found = Named {
        sources: Vec::new(),
        shapes: Vec::new(),
        values: [None; 2],
        most: 0,
    };
    for entry in NAMES
        .iter()
        .filter(|entry| entry.name.eq_ignore_ascii_case(name))
    {
        found.sources.push(entry.source);
        if !found.shapes.contains(&entry.shape) {
            found.shapes.push(entry.shape);
        }
        for (found, names) in found.values.iter_mut().zip(entry.values) {
            *found = found.or(names);
        }
        found.most = found.most.max(entry.most);
    }
    if found.sources.is_empty() {
        // As old books call it, and Wireshark still takes it.
        let renamed = name.get(..OLD_DHCP.len());
        let old = renamed.is_some_and(|start| start.eq_ignore_ascii_case(OLD_DHCP));
        return old.then(|| resolve(&format!("dhcp.{}", &name[OLD_DHCP.len()..])))?;
    }
    Some(found)
}

const OLD_DHCP: &str = "bootp.";

/// All names.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|entry| entry.name.as_str())
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
            values: [None; 2],
            most: u64::MAX,
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
            values: [computed.values, None],
            most: computed.most,
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
    let mut add = |name: &str, part, derive, shape, values, most| {
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
            most,
        });
    };
    let (shape, part, most) = (shape(&field.kind), part(field, place), most(field));
    let table = match field.names {
        NamesOf::Table(names) => Some(names),
        _ => None,
    };
    let nothing = [None; 2];
    let switch = [None, Some(&SWITCH)];
    let values = match field.also_called {
        None if most == 1 => [table, switch[1]],
        also => [table, also],
    };
    for name in field_names(protocol, field) {
        add(&name, part, None, shape, values, most);
        for (bit, bit_name) in bit_names(field).enumerate() {
            let part = match part {
                Part::Fixed { position, width } if bit < width => Part::Fixed {
                    position: position + width - 1 - bit,
                    width: 1,
                },
                _ => Part::Flag { field, bit },
            };
            let name = format!("{name}.{bit_name}");
            add(&name, part, None, Shape::Number, switch, 1);
        }
    }
    for (name, has) in field.aliases_where {
        let part = Part::FieldWhere(field, *has);
        add(name, part, None, shape, values, most);
    }
    for (name, derive) in field.derived {
        // Some answer yes or no, whatever the number is.
        let most = derive(most).max(in_bytes(most));
        add(name, part, Some(*derive), Shape::Number, switch, most);
    }
    for name in field.written {
        add(name, Part::Written(field), None, Shape::Text, nothing, 0);
    }
    for (name, of) in field.worked_out {
        let part = Part::WorkedOut(field, *of);
        add(name, part, None, Shape::Number, nothing, u64::MAX);
    }
    for (name, has) in field.macs {
        add(name, Part::Mac(field, *has), None, Shape::Mac, nothing, 0);
    }
    for option in field.in_options {
        let (shape, most) = match option.holds {
            Holds::Bytes => (Shape::Bytes, 0),
            Holds::Text => (Shape::Text, 0),
            Holds::Ipv4 => (Shape::Ipv4, 0),
            Holds::Kind { .. } => (Shape::Number, u64::from(u8::MAX)),
            Holds::Number(_) => (Shape::Number, u64::MAX),
            Holds::Numbers { width, .. } => (Shape::Number, ones(8 * width)),
        };
        let part = Part::Option(field, option);
        let values = [option.values, None];
        add(option.name, part, None, shape, values, most);
    }
}

/// The largest number that the field can hold.
fn most(field: &Field) -> u64 {
    match field.width {
        Width::Bits(bits) => ones(bits),
        Width::Bytes(bytes) => ones(8 * bytes),
        _ => u64::MAX,
    }
}

/// The largest number of so many bits.
fn ones(bits: usize) -> u64 {
    match bits {
        0 => 0,
        1..=64 => u64::MAX >> (64 - bits),
        _ => u64::MAX,
    }
}

/// The largest number in as many bytes as this one takes.
fn in_bytes(number: u64) -> u64 {
    ones((64 - number.leading_zeros() as usize).next_multiple_of(8))
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
