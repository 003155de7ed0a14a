//! One protocol's share of a packet.

use super::{Fields, Kind, Protocol, Value, Width, bits};

/// Whose packet a layer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The packet itself.
    Plain,
    /// The packet that an ICMP error quotes (RFC 792): a copy of what failed, often cut short.
    Quoted,
    /// What a quoted packet carries beyond its own headers, titled as anywhere else.
    Carried,
}

/// A protocol and where it stands in the packet. Fields are read on demand.
#[derive(Clone, Copy)]
pub struct Layer<'a> {
    /// What the bytes are read as.
    pub protocol: &'static Protocol,
    /// The whole captured packet.
    pub packet: &'a [u8],
    /// First byte of the header.
    pub start: usize,
    /// Byte after the header.
    pub end: usize,
    /// Byte after the payload, as far as captured.
    pub limit: usize,
    /// Byte after what belongs to the layer behind its payload (ICMP extensions); mostly `limit`.
    pub tail: usize,
    /// Plain or quoted.
    pub context: Context,
    /// How many tunnels it travels in: of two layers, the one with more is further inside.
    pub tunnels: u8,
    /// What it rides on; nothing below the first layer. A header inside a header has its
    /// holder's.
    pub over: Option<&'static Protocol>,
    /// First byte and byte after the last of the message that the layer starts. A header inside
    /// a header has its holder's: compressed names point anywhere into it.
    pub message: (usize, usize),
}

impl<'a> Layer<'a> {
    /// The first layer of a packet, read as `protocol`.
    pub fn first(protocol: &'static Protocol, packet: &'a [u8]) -> Layer<'a> {
        let mut layer = Layer {
            protocol,
            packet,
            start: 0,
            end: packet.len(),
            limit: packet.len(),
            tail: packet.len(),
            context: Context::Plain,
            tunnels: 0,
            over: None,
            message: (0, packet.len()),
        };
        layer.end = protocol.header.length(&layer);
        layer
    }

    /// The header's bytes.
    #[inline]
    pub fn header(&self) -> &'a [u8] {
        self.packet.get(self.start..self.end).unwrap_or_default()
    }

    /// The bytes after the header, padding excluded.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        self.packet.get(self.end..self.limit).unwrap_or_default()
    }

    /// What belongs to the layer behind its payload.
    pub fn trailer(&self) -> &'a [u8] {
        self.packet.get(self.limit..self.tail).unwrap_or_default()
    }

    /// Header, payload and trailer.
    pub fn bytes(&self) -> &'a [u8] {
        self.packet.get(self.start..self.tail).unwrap_or_default()
    }

    /// The message that the layer starts, or that its holder starts.
    pub fn message(&self) -> &'a [u8] {
        let (start, end) = self.message;
        self.packet.get(start..end).unwrap_or_default()
    }

    /// Whether it rides on the protocol called `name`.
    pub fn rides_on(&self, name: &str) -> bool {
        self.over.is_some_and(|below| below.name == name)
    }

    /// The header byte at `index`, zero beyond its end.
    #[inline]
    pub fn u8(&self, index: usize) -> u8 {
        bits::byte(self.header(), index)
    }

    /// The header's big-endian 16-bit number at byte `index`.
    #[inline]
    pub fn u16(&self, index: usize) -> u16 {
        bits::u16_at(self.header(), index)
    }

    /// The header's big-endian 32-bit number at byte `index`.
    #[inline]
    pub fn u32(&self, index: usize) -> u32 {
        bits::u32_at(self.header(), index)
    }

    /// The IPv4 address at byte `index` of the header, if it is all there.
    pub fn ipv4(&self, index: usize) -> Value<'a> {
        let octets = self
            .header()
            .get(index..)
            .and_then(<[u8]>::first_chunk::<4>);
        octets.map_or(Value::Absent, |octets| Value::Ipv4((*octets).into()))
    }

    /// The IPv6 address at byte `index` of the header, if it is all there.
    pub fn ipv6(&self, index: usize) -> Value<'a> {
        let octets = self
            .header()
            .get(index..)
            .and_then(<[u8]>::first_chunk::<16>);
        octets.map_or(Value::Absent, |octets| Value::Ipv6((*octets).into()))
    }

    /// The header's `width` bits (at most 64) from bit `position` on.
    #[inline]
    pub fn bits(&self, position: usize, width: usize) -> u64 {
        bits::read_bits(self.header(), position, width)
    }

    /// The fields present in this packet, in wire order.
    pub fn fields(&self) -> Fields<'a> {
        Fields::new(*self)
    }

    /// Whether headers can stand inside this one, as IPv4's options: says no without reading a
    /// field where there is no room for any.
    pub(crate) fn nests(&self) -> bool {
        let bits = 8 * self.header().len();
        let mut least = 0;
        self.protocol.fields.iter().any(|field| {
            let (position, fixed) = (least, field.when.is_none());
            match (&field.kind, field.width) {
                (Kind::Packets(_) | Kind::Chain(_), Width::Trailer(_)) => {
                    return !self.trailer().is_empty();
                }
                (Kind::Packets(_) | Kind::Chain(_), _) => return bits > position,
                (_, Width::Bits(bits)) if fixed => least += bits,
                (_, Width::Bytes(bytes)) if fixed => least += 8 * bytes,
                _ => {}
            }
            false
        })
    }

    /// The value of the field called `name`, if it is present.
    pub fn get(&self, name: &str) -> Option<Value<'a>> {
        self.fields()
            .find(|present| present.field.name == name)
            .map(|present| present.value)
    }

    /// What `show` calls the layer.
    pub fn title(&self) -> &'static str {
        match self.context {
            Context::Quoted => self.protocol.quoted_title.unwrap_or(self.protocol.title),
            Context::Plain | Context::Carried => self.protocol.title,
        }
    }
}
