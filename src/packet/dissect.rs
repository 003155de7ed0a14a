//! Bytes in, layers out.
//!
//! 1. The link type names the first protocol.
//! 2. A header is measured: too short is [`End::Truncated`], and the bytes are Raw.
//! 3. Its own length field bounds the payload; what lies beyond is Padding, shown last.
//! 4. The header, or whoever declared to ride on it, names the next protocol; back to 2.

use crate::model::{Context, End, Header, Layer, LinkType, MAX_LAYERS, Next, Packet, Protocol};
use crate::proto;
use arrayvec::ArrayVec;

/// Dissects a packet whose first byte belongs to `link`. Never fails: what cannot be decoded is
/// Raw, and [`Packet::end`] says why.
pub fn dissect(link: LinkType, bytes: &[u8]) -> Packet<'_> {
    dissect_captured(link, bytes, bytes.len())
}

/// Dissects what was captured of a packet that was `wire_len` bytes long.
pub fn dissect_captured(link: LinkType, bytes: &[u8], wire_len: usize) -> Packet<'_> {
    let mut packet = Packet {
        bytes,
        wire_len,
        link,
        layers: ArrayVec::new(),
        end: End::Complete,
    };
    let mut padding: ArrayVec<(usize, usize), MAX_LAYERS> = ArrayVec::new();
    let mut next = proto::first(link, bytes);
    let (mut start, mut limit) = (0, bytes.len());
    let mut context = Context::Plain;

    while start < limit {
        let rest = &bytes[start..limit];
        let Some(entry) = next else {
            raw(&mut packet, start, limit, context, End::Payload);
            break;
        };
        let protocol = entry.protocol;
        let cut = context == Context::Quoted && protocol.quoted_cut == Some(rest.len());
        if rest.len() < protocol.header.min() && !cut {
            let end = End::Truncated {
                protocol,
                needed: protocol.header.min(),
                had: rest.len(),
                at: packet.layers.len(),
                context,
            };
            raw(&mut packet, start, limit, context, end);
            break;
        }
        // The last place is kept for the bytes that no layer holds.
        if packet.layers.len() + 1 == MAX_LAYERS {
            raw(&mut packet, start, limit, context, End::TooDeep);
            break;
        }
        let mut layer = Layer {
            protocol,
            packet: bytes,
            start,
            end: limit,
            limit,
            tail: limit,
            context,
            over: packet.layers.last().map(|below| below.protocol),
            message: (start, limit),
        };
        let header = match protocol.header {
            Header::Fixed(length) => length,
            Header::Computed { min, of } => of(rest).max(min),
            Header::Walked { min, of } => of(&layer).max(min),
            Header::Rest => rest.len(),
        };
        layer.end = start + header.min(rest.len());
        if let Some(length) = (protocol.payload)(&layer)
            && layer.end + length < limit
        {
            layer.limit = layer.end + length;
            layer.tail = layer.limit;
            let _ = padding.try_push((layer.limit, limit));
        }
        layer.limit -= (protocol.trailer)(&layer).min(layer.limit - layer.end);
        packet.layers.push(layer);
        (start, limit) = (layer.end, layer.limit);
        // Where the capture ends, the header that comes next is still named.
        let captured_short = limit == bytes.len() && wire_len > limit;
        if start < limit || captured_short {
            next = match (protocol.next)(&layer) {
                Next::Bound => entry.rider(&layer),
                Next::Raw => None,
                Next::Frame(link) => proto::first(link, &bytes[start..limit]),
                Next::Is(protocol) => proto::entry_of(protocol),
                Next::Quoted(quoted) => {
                    context = Context::Quoted;
                    proto::entry_of(quoted)
                }
            };
        }
    }
    if start == limit
        && wire_len > bytes.len()
        && let Some(entry) = next
        && matches!(packet.end, End::Complete)
        && packet.is_captured_short(packet.layers.len())
    {
        packet.end = End::Truncated {
            protocol: entry.protocol,
            needed: entry.protocol.header.min(),
            had: 0,
            at: packet.layers.len(),
            context,
        };
    }
    for (start, limit) in padding.into_iter().rev() {
        let _ = packet
            .layers
            .try_push(opaque(proto::padding(), bytes, start, limit, context));
    }
    packet
}

fn raw(packet: &mut Packet, start: usize, limit: usize, context: Context, end: End) {
    let layer = opaque(proto::raw(), packet.bytes, start, limit, context);
    let _ = packet.layers.try_push(layer);
    packet.end = end;
}

fn opaque<'a>(
    protocol: &'static Protocol,
    packet: &'a [u8],
    start: usize,
    limit: usize,
    context: Context,
) -> Layer<'a> {
    Layer {
        protocol,
        packet,
        start,
        end: limit,
        limit,
        tail: limit,
        context,
        over: None,
        message: (start, limit),
    }
}
