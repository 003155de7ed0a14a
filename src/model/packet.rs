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
    },
    /// More than [`MAX_LAYERS`] layers.
    TooDeep,
}

/// A packet's bytes and the layers found in them.
pub struct Packet<'a> {
    /// The captured bytes.
    pub bytes: &'a [u8],
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
    pub fn new(link: LinkType, bytes: &'a [u8]) -> Packet<'a> {
        Packet {
            bytes,
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

    /// The innermost layer of the packet inside so many tunnels that decodes something: what a
    /// one-line summary is about.
    pub fn top(&self, tunnels: u8) -> Option<(usize, &Layer<'a>)> {
        self.own(tunnels).find(|(_, layer)| !layer.protocol.opaque)
    }
}
