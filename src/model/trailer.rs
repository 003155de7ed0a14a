//! What stands behind a packet in its frame, as far as the capture kept it: `line` says where tshark
//! wants to see more.

use super::{Layer, Packet};

/// Bytes of the sum at an Ethernet frame's end, and of the shortest frame with it (IEEE 802.3).
const SUM: usize = 4;
const WITH_SUM: usize = 64;

/// Bytes of a time that a probe notes behind a frame.
const STAMP: usize = 8;

/// Lengths of what tshark takes for such a time: alone or with four bytes behind it, and maybe a
/// last one.
const STAMPED: [usize; 4] = [8, 9, 12, 13];

impl Packet<'_> {
    /// Whether the capture ends in what follows a frame's packet, where tshark wants to see more of
    /// it: zeros up to the least length that the link has, or behind them the sum of the frame, or
    /// the time that a probe has noted there.
    pub(super) fn is_trailer_cut(&self) -> bool {
        let Some(last) = self.layers.last().filter(|last| last.protocol.filling) else {
            return false;
        };
        let around = self.layers.iter().enumerate().rev();
        let mut around = around.filter(|(_, layer)| layer.tail > last.start);
        let frame = around.find_map(|(at, layer)| Some((at, layer, layer.protocol.least?)));
        let Some((index, frame, least)) = frame else {
            return false;
        };
        let tagged = |layer: &&Layer| {
            let carries = layer.protocol.carries;
            carries.is_some_and(|of| of.parent == frame.protocol.name)
        };
        // A wrong length further up leaves a part of the packet, and no filling.
        let mut inside = self.layers.iter().skip(index + 1).skip_while(tagged);
        if inside.next().is_none_or(|packet| packet.tail > last.start) {
            return false;
        }
        let sent = self.wire_end(index) - frame.start;
        let there = self.bytes.len() - frame.start;
        let packet = last.start - frame.start;
        let filled = frame.start + there.min(least);
        let zeros = self.bytes.get(last.start..filled).unwrap_or_default();
        let is_filled = sent >= least && zeros.iter().all(|byte| *byte == 0);
        let start = if is_filled { packet.max(least) } else { packet };
        let length = sent.saturating_sub(start);
        // The filling in a tagged frame is that of the tag, which has no sum.
        let is_plain = !self.layers.get(index + 1).as_ref().is_some_and(tagged);
        let summed = is_plain && sent >= WITH_SUM && length >= SUM;
        let stamped = STAMPED.contains(&length) && there < start + STAMP;
        there < sent && (is_filled && there < least || summed || stamped)
    }
}
