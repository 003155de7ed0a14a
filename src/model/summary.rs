//! What a one-line summary is about: one layer, or a header that is cut off.

use super::{Context, End, Packet, Protocol, Text};

/// The layer that `line` is about.
#[derive(Clone, Copy)]
pub struct Summary {
    /// Its place in the packet; nothing when not even the first header is there.
    index: Option<usize>,
    /// The header behind it that is cut off, and its place among the layers.
    cut: Option<(usize, &'static Protocol)>,
}

impl Summary {
    /// The innermost layer that is the packet's own and decodes something, as long as no header
    /// below it is bogus.
    pub fn of(packet: &Packet) -> Summary {
        Summary::inside(packet, 0)
    }

    /// The same of the packet inside so many tunnels; empty when there are fewer.
    pub fn inside(packet: &Packet, tunnels: u8) -> Summary {
        let mut index = None;
        let layers = packet.layers.iter().enumerate();
        for (at, layer) in layers.skip_while(|(_, layer)| layer.tunnels < tunnels) {
            let other = layer.tunnels > tunnels || layer.context != Context::Plain;
            if other || layer.protocol.opaque {
                break;
            }
            index = Some(at);
            if layer.protocol.bogus.is_some_and(|bogus| bogus(packet, at)) {
                return Summary { index, cut: None };
            }
        }
        let cut = match index {
            Some(index) => cut_behind(packet, index + 1),
            None if tunnels == 0 => cut_behind(packet, 0),
            None => None,
        };
        Summary { index, cut }
    }

    /// Whether there is nothing to say anything about.
    pub fn is_empty(&self) -> bool {
        self.index.is_none() && self.cut.is_none()
    }

    /// The protocol column.
    pub fn column(&self, packet: &Packet) -> &'static str {
        if let Some((at, protocol)) = self.named(packet) {
            return match protocol.column_by {
                Some(by) if at < packet.layers.len() => by(packet, at),
                _ => protocol.column,
            };
        }
        let Some((index, layer)) = self.index.and_then(|at| Some((at, packet.layers.get(at)?)))
        else {
            return "Data";
        };
        match layer.protocol.column_by {
            Some(by) => by(packet, index),
            None => layer.protocol.column,
        }
    }

    /// The info column.
    pub fn info(&self, packet: &Packet, text: &mut Text) {
        if let Some((at, protocol)) = self.named(packet) {
            if at < packet.layers.len() && !(protocol.cut.info)(packet, at, text) {
                return;
            }
        } else if let Some((index, layer)) =
            self.index.and_then(|at| Some((at, packet.layers.get(at)?)))
        {
            let says =
                |(at, protocol): (usize, &Protocol)| protocol.opaque || at == packet.layers.len();
            match self.cut.is_none_or(says) {
                true => (layer.protocol.info)(packet, index, text),
                false => (layer.protocol.stays)(packet, index, text),
            }
        }
        // Of a payload without a byte the layer below has said what there is to say.
        if let Some((at, _)) = self.cut
            && (at < packet.layers.len() || self.named(packet).is_some())
        {
            text.str(packet.ran_out(at));
        }
        if packet.wire_len > packet.bytes.len() && packet.is_trailer_cut() {
            text.str(LIMITED);
        }
    }

    /// The header that is cut off, when enough is there to name it.
    fn named(&self, packet: &Packet) -> Option<(usize, &'static Protocol)> {
        let (at, protocol) = self.cut?;
        let there = packet
            .layers
            .get(at)
            .map_or(0, |layer| layer.header().len());
        (there >= protocol.cut.named).then_some((at, protocol))
    }
}

/// The header at `at` that is cut off, if dissection ended for that.
fn cut_behind(packet: &Packet, at: usize) -> Option<(usize, &'static Protocol)> {
    match packet.end {
        End::Truncated {
            protocol,
            at: place,
            context: Context::Plain,
            ..
        } if place == at => Some((at, protocol)),
        _ => None,
    }
}

/// What `line` says of a packet that ends too early by itself.
pub const MALFORMED: &str = "[Malformed Packet]";

/// What `line` says of a packet whose rest may come with another.
pub const UNREASSEMBLED: &str = "[BoundErrorUnreassembled Packet]";

/// What `line` says of a packet of which the capture kept too little.
const LIMITED: &str = "[Packet size limited during capture]";

impl Packet<'_> {
    /// Whether the capture kept only a part of the layer at `index`.
    pub fn is_captured_short(&self, index: usize) -> bool {
        self.wire_end(index) > self.bytes.len()
    }

    /// What `line` says when the layer at `index` should go on where its bytes end: the capture
    /// kept no more, or the message goes on in another packet, or there never was more.
    pub fn ran_out(&self, index: usize) -> &'static str {
        if self.is_captured_short(index) {
            LIMITED
        } else if self.is_piece(index) {
            UNREASSEMBLED
        } else {
            MALFORMED
        }
    }
}
