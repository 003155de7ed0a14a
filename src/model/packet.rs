//! A dissected packet: its layers, and why the dissection ended where it did.

use super::{Context, Layer, LinkType, Protocol};
use arrayvec::ArrayVec;

/// Layers a packet can have; deeper nesting ends as [`End::TooDeep`].
pub const MAX_LAYERS: usize = 32;

/// Why dissection stopped. Every packet has an end; none is an error.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// Every byte is accounted for.
    Complete,
    /// The last bytes are somebody's payload that no protocol claims.
    Payload,
    /// A header was expected and is cut off.
    Truncated {
        /// The protocol that should stand here.
        protocol: &'static Protocol,
        /// Bytes its header needs at least.
        needed: usize,
        /// Bytes there are.
        had: usize,
        /// Place of those bytes among the layers; behind the last one when there are none.
        at: usize,
        /// Whose header it was.
        context: Context,
    },
    /// More than [`MAX_LAYERS`] layers.
    TooDeep,
}

/// A packet's bytes and the layers found in them.
pub struct Packet<'a> {
    /// The captured bytes.
    pub bytes: &'a [u8],
    /// Length on the wire; more than the bytes when the capture kept only a part.
    pub wire_len: usize,
    /// What the first byte belongs to.
    pub link: LinkType,
    /// The layers from the outside in; padding last.
    pub layers: ArrayVec<Layer<'a>, MAX_LAYERS>,
    /// Why there are no more.
    pub end: End,
}

impl<'a> Packet<'a> {
    /// A packet whose layers are still to be found.
    #[inline]
    pub fn new(link: LinkType, bytes: &'a [u8], wire_len: usize) -> Packet<'a> {
        Packet {
            bytes,
            wire_len,
            link,
            layers: ArrayVec::new(),
            end: End::Complete,
        }
    }

    /// The layer just above `index` that encloses it, if any.
    pub fn below(&self, index: usize) -> Option<&Layer<'a>> {
        self.layers.get(index.checked_sub(1)?)
    }

    /// The nearest layer outside `index` whose addresses stand in a pseudo-header: IPv4 or IPv6.
    pub fn network_below(&self, index: usize) -> Option<&Layer<'a>> {
        self.layers[..index.min(self.layers.len())]
            .iter()
            .rev()
            .find(|layer| layer.protocol.pseudo.is_some() && layer.protocol.endpoints.is_some())
    }

    /// The sum of the addresses in the pseudo-header of the layer at `index`; nothing when it is
    /// not all here.
    pub fn pseudo_below(&self, index: usize) -> Option<u32> {
        let below = self.layers.get(..index)?;
        below.iter().enumerate().rev().find_map(|(index, layer)| {
            let sum = layer.protocol.pseudo?;
            Some(sum(self, index))
        })?
    }

    /// The layers that are the packet's own, from the inside out, with their places: of the
    /// packet inside so many tunnels, and not of one that an error quotes.
    pub fn own(&self, tunnels: u8) -> impl Iterator<Item = (usize, &Layer<'a>)> {
        let own = move |layer: &Layer| layer.tunnels == tunnels && layer.context == Context::Plain;
        let layers = self.layers.iter().enumerate().rev();
        layers.filter(move |(_, layer)| own(layer))
    }

    /// Where the layer at `index` ended on the wire, counted from the packet's first byte: beyond
    /// the last byte when the capture cut it off.
    pub fn wire_end(&self, index: usize) -> usize {
        let captured = self.bytes.len();
        let Some(layer) = self.layers.get(index) else {
            // A layer of which not even the first byte was captured.
            return match index.checked_sub(1) {
                Some(below) => self.wire_end(below),
                None => self.wire_len,
            };
        };
        if layer.tail < captured || self.wire_len <= captured {
            return layer.tail;
        }
        // A header that is itself cut off does not tell where its payload starts.
        let whole = self.layers[..=index]
            .iter()
            .filter(|layer| layer.end < captured);
        let bounds = whole.filter_map(|layer| {
            let payload = (layer.protocol.payload)(layer)?;
            Some(layer.end + payload)
        });
        bounds.fold(self.wire_len, usize::min)
    }

    /// Whether the layer at `index` belongs to the first piece of a message that was cut up.
    pub fn is_piece(&self, index: usize) -> bool {
        self.layers[..index.min(self.layers.len())]
            .iter()
            .rev()
            .find_map(|layer| (layer.protocol.piece)(layer))
            .unwrap_or(false)
    }
}
