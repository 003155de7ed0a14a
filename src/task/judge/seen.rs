//! Recorded packets, dissected: which match, and which belong together.

use super::window::{Window, is_of};
use crate::model::{Context, Layer, Level, LinkType, Packet, Remarks};
use crate::packet::dissect_captured;
use crate::packet::filter::Facts;
use crate::task::evidence::{Evidence, Sighting};
use crate::task::selection::Selection;

/// Where and what to look for.
pub(super) struct Wanted<'w> {
    pub(super) on: &'w str,
    pub(super) dev: Option<&'w str>,
    pub(super) filter: &'w Selection,
    /// Whether packets that nobody would accept count, too.
    pub(super) damaged: bool,
}

/// Packets that match.
#[derive(Default)]
pub(super) struct Matches {
    /// By their places in the evidence.
    pub(super) places: Vec<usize>,
    /// Others that match, but have wrong checksums.
    pub(super) damaged: usize,
    /// Others that match, but were seen in another run.
    pub(super) foreign: usize,
}

impl Wanted<'_> {
    /// Looks through the window.
    pub(super) fn find(&self, evidence: &Evidence, window: &Window) -> Matches {
        let mut matches = Matches::default();
        for (place, seen) in evidence.packets.iter().enumerate() {
            let here = seen.host == self.on && self.dev.is_none_or(|dev| dev == seen.dev);
            let foreign = !is_of(seen, evidence);
            if !here || !(foreign || window.holds(seen, evidence)) {
                continue;
            }
            let packet = dissect(seen);
            if !self.filter.filter.selects(&packet, &facts(place, seen)) {
                continue;
            }
            if foreign {
                matches.foreign += 1;
            } else if !self.damaged && is_damaged(&packet) {
                matches.damaged += 1;
            } else {
                matches.places.push(place);
            }
        }
        matches
    }
}

impl Matches {
    /// What was left out, for whoever wonders: empty, or words in brackets.
    pub(super) fn left_out(&self) -> String {
        let mut words = Vec::new();
        if self.foreign > 0 {
            words.push(format!("{} of another run", self.foreign));
        }
        if self.damaged > 0 {
            words.push(format!("{} with wrong checksums", self.damaged));
        }
        if words.is_empty() {
            return String::new();
        }
        format!(" (not counted: {})", words.join(", "))
    }
}

/// The packet's layers.
pub(super) fn dissect(seen: &Sighting) -> Packet<'_> {
    dissect_captured(LinkType(seen.link), &seen.bytes, seen.len as usize)
}

pub(super) fn facts(place: usize, seen: &Sighting) -> Facts<'_> {
    Facts {
        number: place as u64 + 1,
        wire_len: seen.len,
        time: seen.time,
        started: seen.time,
        interface: Some(&seen.dev),
    }
}

/// Whether a header of the packet's own says something that its receiver will refuse. A checksum
/// that a device is still to fill in is no error.
fn is_damaged(packet: &Packet) -> bool {
    packet.layers.iter().enumerate().any(|(place, layer)| {
        let mut wrong = false;
        let mut sink = |remark: crate::model::Remark| wrong |= remark.level == Level::Error;
        if layer.context == Context::Plain {
            (layer.protocol.check)(
                packet,
                place,
                &mut Remarks::new(layer.protocol.name, &mut sink),
            );
        }
        wrong
    })
}

/// What stays the same in a packet on its way, and in the answer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// An ICMP echo's identifier, number and data.
    Echo(u16, u16, Vec<u8>),
    /// The IPv4 address that an ARP message is about: asked for, or told.
    Arp([u8; 4]),
    /// A TCP segment: its ports, sequence number and data.
    Tcp(u16, u16, u32, Vec<u8>),
}

/// The key of the innermost packet: of a packet inside a tunnel that of the inner one. Quoted
/// packets have none.
pub(super) fn key(packet: &Packet) -> Option<Key> {
    let layers = packet.layers.iter().rev();
    let mut own = layers.filter(|layer| layer.context == Context::Plain);
    own.find_map(of_layer)
}

fn of_layer(layer: &Layer) -> Option<Key> {
    match layer.protocol.name {
        // RFC 792: type, code, checksum, identifier, number, data.
        "ICMP" if matches!(layer.u8(0), 0 | 8) => Some(Key::Echo(
            layer.u16(4),
            layer.u16(6),
            layer.payload().to_vec(),
        )),
        // RFC 826, of IPv4 on Ethernet: psrc at 14, pdst at 24.
        "ARP" => {
            let about = if layer.u16(6) == 2 { 14 } else { 24 };
            let address = layer.header().get(about..about + 4)?;
            Some(Key::Arp(address.try_into().ok()?))
        }
        "TCP" => Some(Key::Tcp(
            layer.u16(0),
            layer.u16(2),
            layer.u32(4),
            layer.payload().to_vec(),
        )),
        _ => None,
    }
}
