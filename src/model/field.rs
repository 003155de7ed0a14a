//! A field of a header: its place, its reading, its meaning.

use super::value::{Addresses, Items, List, ListOf, Notation, Packets, SplitHeaders, SplitItems};
use super::{
    Derived, DomainName, FlagSet, InOption, Label, Layer, LinkType, NamedWhere, Names, NamesOf,
    StartsWithMac, Text, Value, WorkedOut, bits,
};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// One row of a protocol's table.
#[derive(Clone, Copy)]
pub struct Field {
    /// scapy's name.
    pub name: &'static str,
    /// The same as `show` puts it before the value.
    pub label: Label,
    /// Further names in filters, Wireshark's; one that starts with a dot follows those of the
    /// protocol.
    pub aliases: &'static [&'static str],
    /// Such names that it has in some headers only.
    pub aliases_where: &'static [NamedWhere],
    /// Names in filters of its addresses as text, Wireshark's.
    pub written: &'static [&'static str],
    /// Names in filters of numbers worked out from this one, Wireshark's.
    pub derived: &'static [Derived],
    /// Names in filters of numbers worked out from a value that is none, Wireshark's.
    pub worked_out: &'static [WorkedOut],
    /// What filters may call its values besides, Wireshark's.
    pub also_called: Option<&'static Names>,
    /// Names in filters of the Ethernet address that it starts with, and when it does.
    pub macs: &'static [StartsWithMac],
    /// Names in filters of what stands in its options, Wireshark's.
    pub in_options: &'static [InOption],
    /// Names of its single bits in filters, least significant first: `syn` in `tcp.flags.syn`.
    /// Without them a bit is called by its mark.
    pub bit_names: &'static [&'static str],
    /// How many bits or bytes it has.
    pub width: Width,
    /// How its bits are read.
    pub kind: Kind,
    /// How its values are called.
    pub names: NamesOf,
    /// Whether it exists in this header.
    pub when: Option<fn(&Layer) -> bool>,
    /// What `show` prints in a quoted header that ends before the field: scapy's default.
    pub absent: &'static str,
    /// What it is for, in a sentence or two, with the RFC.
    pub doc: &'static str,
    /// Writes what this packet's value says; nothing when there is nothing to add.
    pub says: Option<fn(&Layer, Value, &mut Text)>,
}

/// How wide a field is.
#[derive(Clone, Copy)]
pub enum Width {
    /// So many bits, at most 64.
    Bits(usize),
    /// So many bytes.
    Bytes(usize),
    /// So many bytes as the layer tells; clipped to the header's end.
    From(fn(&Layer) -> usize),
    /// So many bytes as the layer tells, given the byte of the header at which the field starts:
    /// for fields that come after others of varying width. Clipped to the header's end.
    At(fn(&Layer, usize) -> usize),
    /// Up to the header's end.
    Rest,
    /// A part of the layer's trailer, as the layer tells; not there at all when it says so.
    Trailer(fn(&Layer) -> Option<Range<usize>>),
}

/// How a field's bits are read and shown.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A number.
    Uint(Base),
    /// A number whose last byte stands first.
    LittleEndian,
    /// Single bits with marks.
    Flags(&'static FlagSet),
    /// A number with a notation of its own, as ICMP's time of day.
    Custom(fn(u64, &mut Text)),
    /// Bytes with a notation of their own.
    CustomBytes(fn(&[u8], &mut Text)),
    /// An Ethernet address.
    Mac,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// The first bytes of an IPv4 address, whose zeros at the end are left out.
    Ipv4Prefix,
    /// The first bytes of an IPv6 address, whose zeros at the end are left out.
    Ipv6Prefix,
    /// Bytes.
    Bytes,
    /// Bytes that mean nothing; when all are zero, only their number is shown.
    Fill,
    /// IPv4 addresses back to back.
    Ipv4List,
    /// IPv6 addresses back to back.
    Ipv6List,
    /// Another kind, whose values `show` puts between quotation marks.
    Quoted(&'static Kind),
    /// A domain name; compressed ones point into [`Layer::message`] from the byte told here on.
    Name(fn(&Layer) -> usize),
    /// Simple values one after the other.
    List(&'static ListOf),
    /// Named options back to back.
    Items(SplitItems),
    /// Named options back to back, written as assignments.
    Assignments(SplitItems),
    /// Headers back to back.
    Packets(SplitHeaders),
    /// Headers back to back, each the payload of the one before it.
    Chain(SplitHeaders),
    /// A whole packet that starts as frames of this link type do. Renderers recurse into it, so
    /// its length must be bounded by a small number.
    Frame(LinkType),
}

/// In which base a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// `84`
    Dec,
    /// `0x54`
    Hex,
}

impl Field {
    const fn new(name: &'static str, width: Width, kind: Kind) -> Field {
        Field {
            name,
            label: Label::new(name),
            aliases: &[],
            aliases_where: &[],
            written: &[],
            derived: &[],
            worked_out: &[],
            also_called: None,
            macs: &[],
            in_options: &[],
            bit_names: &[],
            width,
            kind,
            names: NamesOf::Nothing,
            when: None,
            absent: "0",
            doc: "",
            says: None,
        }
    }

    /// A number of `bits` bits, shown in decimal.
    pub const fn uint(name: &'static str, bits: usize) -> Field {
        Field::new(name, Width::Bits(bits), Kind::Uint(Base::Dec))
    }

    /// A number of `bits` bits, shown in hexadecimal.
    pub const fn hex(name: &'static str, bits: usize) -> Field {
        Field::new(name, Width::Bits(bits), Kind::Uint(Base::Hex))
    }

    /// A number of `bits` bits (whole bytes) in the order of a PC, shown in decimal.
    pub const fn little_endian(name: &'static str, bits: usize) -> Field {
        Field::new(name, Width::Bits(bits), Kind::LittleEndian)
    }

    /// Flags in `bits` bits.
    pub const fn flags(name: &'static str, bits: usize, set: &'static FlagSet) -> Field {
        Field::new(name, Width::Bits(bits), Kind::Flags(set))
    }

    /// A number of `bits` bits with a notation of its own.
    pub const fn custom(name: &'static str, bits: usize, show: fn(u64, &mut Text)) -> Field {
        Field::new(name, Width::Bits(bits), Kind::Custom(show))
    }

    /// An Ethernet address.
    pub const fn mac(name: &'static str) -> Field {
        Field::new(name, Width::Bytes(6), Kind::Mac)
    }

    /// An IPv4 address.
    pub const fn ipv4(name: &'static str) -> Field {
        Field::new(name, Width::Bytes(4), Kind::Ipv4)
    }

    /// An IPv6 address.
    pub const fn ipv6(name: &'static str) -> Field {
        Field::new(name, Width::Bytes(16), Kind::Ipv6)
    }

    /// Bytes of the given width.
    pub const fn bytes(name: &'static str, width: Width) -> Field {
        Field::new(name, width, Kind::Bytes)
    }

    /// A field of any kind.
    pub const fn of(name: &'static str, width: Width, kind: Kind) -> Field {
        Field::new(name, width, kind)
    }

    /// Sets Wireshark's names, for filters.
    pub const fn aliases(mut self, aliases: &'static [&'static str]) -> Field {
        self.aliases = aliases;
        self
    }

    /// Sets names of Wireshark's that the field has where the function says so, for filters.
    pub const fn aliases_where(mut self, names: &'static [NamedWhere]) -> Field {
        self.aliases_where = names;
        self
    }

    /// Names its addresses as they are written, for filters.
    pub const fn written(mut self, written: &'static [&'static str]) -> Field {
        self.written = written;
        self
    }

    /// Names numbers worked out from this one, for filters.
    pub const fn derived(mut self, derived: &'static [Derived]) -> Field {
        self.derived = derived;
        self
    }

    /// Names numbers worked out from a value that is none, for filters.
    pub const fn worked_out(mut self, worked_out: &'static [WorkedOut]) -> Field {
        self.worked_out = worked_out;
        self
    }

    /// Sets what filters may call the values besides.
    pub const fn also_called(mut self, names: &'static Names) -> Field {
        self.also_called = Some(names);
        self
    }

    /// Names the Ethernet address that it starts with, for filters, and tells when it does.
    pub const fn macs(mut self, macs: &'static [StartsWithMac]) -> Field {
        self.macs = macs;
        self
    }

    /// Names what stands in its options, for filters.
    pub const fn in_options(mut self, in_options: &'static [InOption]) -> Field {
        self.in_options = in_options;
        self
    }

    /// Names the single bits in filters, least significant first.
    pub const fn bit_names(mut self, names: &'static [&'static str]) -> Field {
        self.bit_names = names;
        self
    }

    /// Names the values.
    pub const fn names(mut self, names: &'static Names) -> Field {
        self.names = NamesOf::Table(names);
        self
    }

    /// Names the values by another field.
    pub const fn names_by(mut self, choose: fn(&Layer) -> Option<&'static Names>) -> Field {
        self.names = NamesOf::By(choose);
        self
    }

    /// Says when the field exists.
    pub const fn when(mut self, when: fn(&Layer) -> bool) -> Field {
        self.when = Some(when);
        self
    }

    /// Sets what `show` prints for it in a header cut before it.
    pub const fn absent(mut self, text: &'static str) -> Field {
        self.absent = text;
        self
    }

    /// Says what the field is for.
    pub const fn doc(mut self, doc: &'static str) -> Field {
        self.doc = doc;
        self
    }

    /// Says what a value means in its packet.
    pub const fn says(mut self, says: fn(&Layer, Value, &mut Text)) -> Field {
        self.says = Some(says);
        self
    }

    /// The name of `value`, when the field's values have names.
    #[inline]
    pub fn name_of(&self, layer: &Layer, value: u64) -> Option<&'static str> {
        self.names.get(layer, value)
    }
}

/// A field that is there, with its value.
#[derive(Clone, Copy)]
pub struct Present<'a> {
    /// The row of the table.
    pub field: &'static Field,
    /// What it holds.
    pub value: Value<'a>,
    /// Where it starts, in bits from the layer's first byte.
    pub position: usize,
    /// How many bits it has here.
    pub bits: usize,
}

/// The fields of a layer, read one after the other.
#[derive(Clone)]
pub struct Fields<'a> {
    layer: Layer<'a>,
    rows: std::slice::Iter<'static, Field>,
    position: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(layer: Layer<'a>) -> Self {
        Fields {
            rows: layer.protocol.fields.iter(),
            layer,
            position: 0,
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Present<'a>;

    // Always: to hand a value back in memory takes longer than to read it.
    #[inline(always)]
    fn next(&mut self) -> Option<Present<'a>> {
        let field = loop {
            let field = self.rows.next()?;
            if field.when.is_none_or(|exists| exists(&self.layer)) {
                break field;
            }
        };
        // A number that is all there, as nearly every field is.
        if let (Width::Bits(bits), Kind::Uint(_) | Kind::Flags(_) | Kind::Custom(_)) =
            (field.width, &field.kind)
        {
            let (header, position) = (self.layer.header(), self.position);
            if position + bits <= 8 * header.len() && bits <= 64 {
                self.position += bits;
                return Some(Present {
                    field,
                    value: Value::Uint(bits::read_bits(header, position, bits)),
                    position,
                    bits,
                });
            }
        }
        // Whole bytes that are all there, as an address.
        if let Width::Bytes(bytes) = field.width
            && self.position.is_multiple_of(8)
        {
            let (layer, position) = (&self.layer, self.position);
            let start = layer.start + position / 8;
            if start + bytes <= layer.end {
                self.position += 8 * bytes;
                return Some(Present {
                    field,
                    value: read(layer, &field.kind, start..start + bytes),
                    position,
                    bits: 8 * bytes,
                });
            }
        }
        Some(self.any(field))
    }
}

impl<'a> Fields<'a> {
    /// A field of whatever width and kind, which need not be all there.
    fn any(&mut self, field: &'static Field) -> Present<'a> {
        if let Width::Trailer(part) = field.width {
            return self.trailer(field, part(&self.layer));
        }
        let position = self.position;
        let total = (self.layer.end - self.layer.start) * 8;
        let wanted = match field.width {
            Width::Bits(bits) => bits,
            Width::Bytes(bytes) => bytes * 8,
            Width::From(of) => of(&self.layer).saturating_mul(8),
            Width::At(of) => of(&self.layer, position / 8).saturating_mul(8),
            Width::Rest | Width::Trailer(_) => total,
        };
        let bits = wanted.min(total.saturating_sub(position));
        self.position += bits;
        let fixed = matches!(field.width, Width::Bits(_) | Width::Bytes(_));
        let value = if fixed && bits < wanted {
            Value::Absent
        } else {
            let (layer, header) = (&self.layer, self.layer.header());
            match field.kind {
                Kind::Uint(_) | Kind::Flags(_) | Kind::Custom(_) => {
                    Value::Uint(bits::read_bits(header, position, bits.min(64)))
                }
                Kind::LittleEndian => {
                    let number = bits::read_bits(header, position, bits.min(64));
                    Value::Uint(number.swap_bytes() >> (64 - bits.clamp(1, 64)))
                }
                _ => {
                    let start = layer.start + position / 8;
                    read(layer, &field.kind, start..start + bits.div_ceil(8))
                }
            }
        };
        Present {
            field,
            value,
            position,
            bits,
        }
    }

    fn trailer(&self, field: &'static Field, part: Option<Range<usize>>) -> Present<'a> {
        let layer = &self.layer;
        let range = part.map(|part| layer.limit + part.start..layer.limit + part.end);
        let start = range.as_ref().map_or(layer.limit, |range| range.start);
        Present {
            field,
            position: (start - layer.start) * 8,
            bits: range.as_ref().map_or(0, |range| range.len() * 8),
            value: match range {
                Some(range) => read(layer, &field.kind, range),
                None => Value::Absent,
            },
        }
    }
}

/// Reads whole bytes, given by their place in the packet.
fn read<'a>(layer: &Layer<'a>, kind: &Kind, range: Range<usize>) -> Value<'a> {
    let (start, end) = (range.start, range.end);
    let bytes = layer.packet.get(range.clone()).unwrap_or_default();
    match *kind {
        Kind::Quoted(inner) => read(layer, inner, range),
        Kind::Uint(_) | Kind::Flags(_) | Kind::Custom(_) => {
            Value::Uint(bits::read_bits(bytes, 0, 8 * bytes.len().min(8)))
        }
        Kind::LittleEndian => {
            let ordered = bytes.iter().rev().take(8);
            Value::Uint(ordered.fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        Kind::Mac => bytes.try_into().map_or(Value::Absent, Value::Mac),
        Kind::Ipv4 => <[u8; 4]>::try_from(bytes)
            .map_or(Value::Absent, |octets| Value::Ipv4(Ipv4Addr::from(octets))),
        Kind::Ipv6 => <[u8; 16]>::try_from(bytes)
            .map_or(Value::Absent, |octets| Value::Ipv6(Ipv6Addr::from(octets))),
        Kind::Ipv6Prefix => {
            let mut octets = [0; 16];
            let length = bytes.len().min(16);
            octets[..length].copy_from_slice(&bytes[..length]);
            Value::Ipv6(Ipv6Addr::from(octets))
        }
        Kind::Ipv4Prefix => {
            let mut octets = [0; 4];
            let length = bytes.len().min(4);
            octets[..length].copy_from_slice(&bytes[..length]);
            Value::Ipv4(Ipv4Addr::from(octets))
        }
        Kind::Bytes | Kind::Fill | Kind::CustomBytes(_) => Value::Bytes(bytes),
        Kind::Name(origin) => Value::Name(DomainName {
            bytes,
            message: layer.message().get(origin(layer)..).unwrap_or_default(),
        }),
        Kind::List(of) => Value::List(List { bytes, at: 0, of }),
        Kind::Ipv4List => Value::Addresses(Addresses { bytes, size: 4 }),
        Kind::Ipv6List => Value::Addresses(Addresses { bytes, size: 16 }),
        Kind::Items(split) => Value::Items(Items {
            bytes,
            split,
            notation: Notation::Pairs,
        }),
        Kind::Assignments(split) => Value::Items(Items {
            bytes,
            split,
            notation: Notation::Assignments,
        }),
        Kind::Packets(split) | Kind::Chain(split) => Value::Packets(Packets {
            start,
            end,
            split,
            chained: matches!(kind, Kind::Chain(_)),
        }),
        Kind::Frame(_) if bytes.is_empty() => Value::Bytes(bytes),
        Kind::Frame(link) => Value::Frame(link, bytes),
    }
}
