//! Bytes in, layers out.
//!
//! 1. The link type names the first protocol.
//! 2. A header is measured: too short is [`End::Truncated`], and the bytes are Raw.
//! 3. Its own length field bounds the payload; what lies beyond is Padding, shown last.
//! 4. The header, or whoever declared to ride on it, names the next protocol; back to 2.

use crate::model::{Context, End, Layer, LinkType, MAX_LAYERS, Next, Packet, Protocol};
use crate::proto::{self, Binding};
use arrayvec::ArrayVec;

/// Dissects a captured packet whose first byte belongs to `link`, as the tables say. Never
/// fails: what cannot be decoded is Raw, and [`Packet::end`] says why.
pub fn dissect(link: LinkType, bytes: &[u8]) -> Packet<'_> {
    Dissector::default().dissect(link, bytes)
}

/// Dissects what was captured of a packet that was `wire_len` bytes long.
pub fn dissect_captured(link: LinkType, bytes: &[u8], wire_len: usize) -> Packet<'_> {
    let mut packet = Packet::new(link, bytes, wire_len);
    Dissector::default().find_layers(&mut packet);
    packet
}

/// The tables, and what the user knows beyond them.
#[derive(Default)]
pub struct Dissector {
    bindings: Vec<Binding>,
}

impl Dissector {
    /// Reads the payload of UDP port `port` as the tunnel's, too.
    pub fn tunnel_port(mut self, port: u16) -> Dissector {
        for field in ["sport", "dport"] {
            let binding = proto::bind("Tunnel", "UDP", field, port.into());
            self.bindings.push(binding);
        }
        self
    }

    /// Dissects a captured packet, as the function [`dissect`] does.
    pub fn dissect<'a>(&self, link: LinkType, bytes: &'a [u8]) -> Packet<'a> {
        let mut packet = Packet::new(link, bytes, bytes.len());
        self.find_layers(&mut packet);
        packet
    }

    /// Finds the layers of a fresh packet where it lies: it has room for 3 KB of them, and to
    /// copy that would take as long as to find them.
    pub fn find_layers(&self, packet: &mut Packet) {
        find_layers(&self.bindings, packet);
    }
}

fn find_layers(bindings: &[Binding], packet: &mut Packet) {
    let (link, bytes, wire_len) = (packet.link, packet.bytes, packet.wire_len);
    let mut padding: ArrayVec<(usize, usize), MAX_LAYERS> = ArrayVec::new();
    let mut next = proto::first(link, bytes);
    let (mut start, mut limit) = (0, bytes.len());
    let mut context = Context::Plain;
    let mut tunnels = 0;

    while start < limit {
        let rest = &bytes[start..limit];
        let Some(entry) = next else {
            raw(packet, start, limit, (context, tunnels), End::Payload);
            break;
        };
        let protocol = entry.protocol;
        if context == Context::Quoted && !is_quoted(protocol, packet) {
            context = Context::Carried;
        }
        let cut = context == Context::Quoted && protocol.quoted_cut == Some(rest.len());
        let needed = protocol.header.min(rest);
        if rest.len() < needed && !cut {
            let end = End::Truncated {
                protocol,
                needed,
                had: rest.len(),
                at: packet.layers.len(),
                context,
            };
            raw(packet, start, limit, (context, tunnels), end);
            break;
        }
        // The last place is kept for the bytes that no layer holds.
        if packet.layers.len() + 1 == MAX_LAYERS {
            raw(packet, start, limit, (context, tunnels), End::TooDeep);
            break;
        }
        let over = packet.layers.last().map(|below| below.protocol);
        packet.layers.push(Layer {
            protocol,
            packet: bytes,
            start,
            end: limit,
            limit,
            tail: limit,
            context,
            tunnels,
            over,
            message: (start, limit),
        });
        // Completed where it lies: to copy a layer takes as long as to find it.
        let Some(layer) = packet.layers.last_mut() else {
            break;
        };
        layer.end = start + protocol.header.length(layer);
        if let Some(length) = (protocol.payload)(layer)
            && layer.end + length < limit
        {
            layer.limit = layer.end + length;
            layer.tail = layer.limit;
            let _ = padding.try_push((layer.limit, limit));
        }
        let trailer = (protocol.trailer)(layer).min(layer.limit - layer.end);
        layer.limit -= trailer;
        if trailer > 0
            && !padding.is_empty()
            && context == Context::Plain
            && let Some(leaves) = protocol.leaves
        {
            padding.clear();
            let left = leaves(layer);
            if left > 0 {
                padding.push((layer.limit, layer.limit + left));
            }
        }
        (start, limit) = (layer.end, layer.limit);
        // Where the capture ends, the header that comes next is still named.
        let captured_short = limit == bytes.len() && wire_len > limit;
        if start < limit || captured_short || protocol.never_last {
            next = match (protocol.next)(layer) {
                Next::Bound => {
                    let bound = bindings.iter().find_map(|binding| binding.rider(layer));
                    bound.or_else(|| entry.rider(layer))
                }
                Next::Raw => None,
                Next::Frame(link) => proto::first(link, &bytes[start..limit]),
                Next::Tunnelled(link) => {
                    tunnels += 1;
                    proto::first(link, &bytes[start..limit])
                }
                Next::Is(protocol) => proto::entry_of(protocol),
                Next::Quoted(quoted) => {
                    context = Context::Quoted;
                    proto::entry_of(quoted)
                }
            };
        }
    }
    if start == limit
        && let Some(entry) = next
        && matches!(packet.end, End::Complete)
        && is_missing(packet)
    {
        packet.end = End::Truncated {
            protocol: entry.protocol,
            needed: entry.protocol.header.min(&[]),
            had: 0,
            at: packet.layers.len(),
            context,
        };
    }
    for &(start, limit) in padding.iter().rev() {
        let _ = packet.layers.try_push(opaque(
            proto::padding(),
            bytes,
            start,
            limit,
            (context, tunnels),
        ));
    }
}

/// Whether there was, or should have been, another header behind the last.
fn is_missing(packet: &Packet) -> bool {
    let beyond = packet.wire_len > packet.bytes.len();
    let last = packet.layers.last();
    last.is_some_and(|layer| layer.protocol.never_last)
        || beyond && packet.is_captured_short(packet.layers.len())
}

/// Whether a protocol that comes next is one of the headers of a quoted packet.
fn is_quoted(protocol: &Protocol, packet: &Packet) -> bool {
    match packet.layers.last() {
        Some(below) if protocol.quoted_title.is_some() && below.context == Context::Quoted => {
            protocol.quoted_over.contains(&below.protocol.name)
        }
        _ => true,
    }
}

fn raw(packet: &mut Packet, start: usize, limit: usize, within: (Context, u8), end: End) {
    let layer = opaque(proto::raw(), packet.bytes, start, limit, within);
    let _ = packet.layers.try_push(layer);
    packet.end = end;
}

fn opaque<'a>(
    protocol: &'static Protocol,
    packet: &'a [u8],
    start: usize,
    limit: usize,
    (context, tunnels): (Context, u8),
) -> Layer<'a> {
    Layer {
        protocol,
        packet,
        start,
        end: limit,
        limit,
        tail: limit,
        context,
        tunnels,
        over: None,
        message: (start, limit),
    }
}
