//! What a field holds in one packet.

use super::{DomainName, Layer, LinkType, Protocol, Text};
use std::net::{Ipv4Addr, Ipv6Addr};

/// A field's value, borrowed from the packet.
// Its tag fills a word: a value is then moved by words. By odd pieces, which must wait for one
// another, it takes longer to move than to read.
#[derive(Clone, Copy)]
#[repr(C, u64)]
pub enum Value<'a> {
    /// A number of at most 64 bits; flags too.
    Uint(u64),
    /// An Ethernet address.
    Mac([u8; 6]),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
    /// Bytes without further meaning.
    Bytes(&'a [u8]),
    /// A domain name (RFC 1035).
    Name(DomainName<'a>),
    /// The name of a number, in a list.
    Word(&'static str),
    /// Bytes with a notation of their own, in a list.
    Written(&'a [u8], fn(&[u8], &mut Text)),
    /// A list of simple values.
    List(List<'a>),
    /// A list of addresses.
    Addresses(Addresses<'a>),
    /// A list of named options, as TCP's.
    Items(Items<'a>),
    /// Headers inside a header, as IPv4's options.
    Packets(Packets),
    /// A whole packet inside a header, as the one that a redirect is about; not dissected yet.
    Frame(LinkType, &'a [u8]),
    /// The field belongs to the header but not a bit of it is in this packet.
    Absent,
}

impl Value<'_> {
    /// The number, zero for anything else.
    pub fn number(&self) -> u64 {
        match self {
            Value::Uint(number) => *number,
            _ => 0,
        }
    }
}

/// A list of IPv4 (4 bytes each) or IPv6 (16 bytes each) addresses.
#[derive(Clone, Copy)]
pub struct Addresses<'a> {
    /// The addresses back to back; a shorter rest is not an address.
    pub bytes: &'a [u8],
    /// Bytes an address.
    pub size: usize,
}

impl<'a> Addresses<'a> {
    /// The whole addresses in order.
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> {
        self.bytes.chunks_exact(self.size).map(|bytes| {
            match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
                (Ok(octets), _) => Value::Ipv4(Ipv4Addr::from(octets)),
                (_, Ok(octets)) => Value::Ipv6(Ipv6Addr::from(octets)),
                _ => Value::Bytes(bytes),
            }
        })
    }
}

/// A list of simple values, read as it is iterated.
#[derive(Clone, Copy)]
pub struct List<'a> {
    /// The values' bytes.
    pub bytes: &'a [u8],
    /// How far the reading is, in the reader's own measure; starts at 0.
    pub at: usize,
    /// How they are read and written.
    pub of: &'static ListOf,
}

/// How the values of a list are read and written.
pub struct ListOf {
    /// Reads the next value and moves the place, which must grow.
    pub next: NextValue,
    /// What `show` puts around words and notations: nothing, or a quotation mark.
    pub quote: &'static str,
}

/// From the list's bytes and the place: the next value.
pub type NextValue = for<'a> fn(&'a [u8], &mut usize) -> Option<Value<'a>>;

impl<'a> Iterator for List<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        (self.of.next)(self.bytes, &mut self.at)
    }
}

/// From the option bytes left: the first option and how many bytes it used (at least 1 is taken).
pub type SplitItems = fn(&[u8]) -> Option<(Item<'_>, usize)>;

/// From the parent, the child's number and the bytes left: what comes first and how many bytes
/// belong to it (at least 1 is taken).
pub type SplitHeaders = fn(&Layer, usize, &[u8]) -> Option<(&'static Protocol, usize)>;

/// A list of options, split as they are read.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    /// The options back to back.
    pub bytes: &'a [u8],
    /// Takes the first option off: the option and the bytes it used (at least 1).
    pub split: SplitItems,
    /// How `show` writes them.
    pub notation: Notation,
}

/// How a list of named options is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// `[('MSS', 1460), ('NOP', None)]`
    Pairs,
    /// `[message-type=discover end]`
    Assignments,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let (item, used) = (self.split)(self.bytes)?;
        self.bytes = self.bytes.get(used.max(1)..).unwrap_or_default();
        Some(item)
    }
}

/// One named option.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    /// Its name, or its number when it has none.
    pub name: ItemName,
    /// What it says.
    pub value: ItemValue<'a>,
}

/// How an option is called.
#[derive(Clone, Copy)]
pub enum ItemName {
    /// A known option.
    Known(&'static str),
    /// An unknown kind.
    Number(u8),
    /// No option at all: bytes that cannot be read as one.
    Nothing,
}

impl ItemName {
    /// Whether the option is called so.
    pub fn is(self, name: &str) -> bool {
        matches!(self, ItemName::Known(known) if known == name)
    }
}

/// What an option says.
#[derive(Clone, Copy)]
pub enum ItemValue<'a> {
    /// The option is a single byte (NOP, end of list).
    Nothing,
    /// Numbers of the given widths in bytes (1, 2, 4), the last width repeated to the end.
    Numbers(&'a [u8], &'static [u8]),
    /// Bytes without further meaning.
    Bytes(&'a [u8]),
    /// Bytes with a notation of their own.
    Written(&'a [u8], fn(&[u8], &mut Text)),
    /// Several values.
    Values(List<'a>),
    /// One value that is a list.
    List(List<'a>),
}

impl<'a> ItemValue<'a> {
    /// The option's data, kind and length excluded.
    pub fn data(self) -> &'a [u8] {
        match self {
            ItemValue::Nothing => &[],
            ItemValue::Numbers(bytes, _)
            | ItemValue::Bytes(bytes)
            | ItemValue::Written(bytes, _) => bytes,
            ItemValue::Values(list) | ItemValue::List(list) => list.bytes,
        }
    }

    /// The numbers of a [`ItemValue::Numbers`]; nothing for the others.
    pub fn numbers(self) -> impl Iterator<Item = u64> + 'a {
        let (mut bytes, widths) = match self {
            ItemValue::Numbers(bytes, widths) => (bytes, widths),
            _ => (&[][..], &[1u8][..]),
        };
        let mut index = 0;
        std::iter::from_fn(move || {
            let width = usize::from(*widths.get(index).or(widths.last())?);
            let (head, rest) = bytes.split_at_checked(width)?;
            (bytes, index) = (rest, index + 1);
            Some(head.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
        })
    }
}

/// Headers inside a header: where they stand, and how they are told apart. Values are copied
/// around for every field, so the layer that holds the headers is not kept in here.
#[derive(Clone, Copy)]
pub struct Packets {
    /// First byte in the packet.
    pub start: usize,
    /// Byte after the last in the packet.
    pub end: usize,
    /// Takes the next child off.
    pub split: SplitHeaders,
    /// Whether each child is the payload of the one before it.
    pub chained: bool,
}

impl Packets {
    /// The headers one after the other; `holder` is the layer whose field this is.
    pub fn of<'a>(self, holder: &Layer<'a>) -> Children<'a> {
        Children {
            holder: *holder,
            start: self.start,
            end: self.end,
            split: self.split,
            index: 0,
        }
    }
}

/// The headers inside a field, split as they are read.
#[derive(Clone)]
pub struct Children<'a> {
    holder: Layer<'a>,
    start: usize,
    end: usize,
    split: SplitHeaders,
    /// How many have been taken off.
    index: usize,
}

impl<'a> Iterator for Children<'a> {
    type Item = Layer<'a>;

    fn next(&mut self) -> Option<Layer<'a>> {
        let bytes = self.holder.packet.get(self.start..self.end)?;
        if bytes.is_empty() {
            return None;
        }
        let (protocol, length) = (self.split)(&self.holder, self.index, bytes)?;
        let end = self.start + length.clamp(1, bytes.len());
        let child = Layer {
            protocol,
            start: self.start,
            end,
            limit: end,
            tail: end,
            ..self.holder
        };
        self.start = end;
        self.index += 1;
        Some(child)
    }
}
