//! pcapng, read: several sections, interfaces, link types and clocks, both byte orders.
//! <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>
//!
//! ```text
//! file  = block*            a section header first, and again wherever files were joined
//! block = type u32, length u32, body, length u32
//! ```
//!
//! pcap-parser's blocks are not used here: they list every option of every packet on the heap,
//! read a time offset as little-endian in any file, and know no clock that ticks in powers of two.

mod clock;
mod order;
#[cfg(test)]
mod tests;

use super::window::{MAX_FILL, Window};
use super::{
    CaptureError, Direction, Frame, Interface, MAX_FRAME, Source, Timestamp, link_type,
    without_controls,
};
use crate::model::LinkType;
use clock::Clock;
use order::Order;

// Kinds of blocks.
pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
pub(super) const ENHANCED_PACKET: u32 = 6;

/// A section header's third word, as written by a host of its byte order.
pub(super) const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

// Options of an interface and of a packet.
pub(super) const IF_NAME: u16 = 2;
pub(super) const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;
pub(super) const EPB_FLAGS: u16 = 2;

// The direction in EPB_FLAGS.
const DIRECTION: u32 = 3;
pub(super) const INBOUND: u32 = 1;
pub(super) const OUTBOUND: u32 = 2;

/// Type and length before a block's body.
const BLOCK_HEADER: usize = 8;
/// Those and the length after it.
const BLOCK_FRAME: usize = BLOCK_HEADER + 4;
/// Where the packet starts in an enhanced packet block, and in the older packet block.
const PACKET_AT: usize = 28;
/// Where the packet starts in a simple packet block.
const SIMPLE_AT: usize = 12;

/// Bounds on what a section may make us remember.
pub(super) const MAX_INTERFACES: usize = 4096;
const MAX_NAME: usize = 255;

/// Whether a file that starts with these four bytes is pcapng.
pub(super) fn is_magic(start: &[u8]) -> bool {
    // The same in both byte orders.
    start.starts_with(&SECTION_HEADER.to_be_bytes())
}

/// A pcapng file or stream.
pub struct PcapngReader {
    window: Window,
    order: Order,
    /// Interfaces of the section, by their number.
    interfaces: Vec<Description>,
    /// Packets delivered so far.
    count: u64,
    /// Set by the first error: what follows damage cannot be trusted.
    ended: bool,
}

/// What an interface description block says.
struct Description {
    link: LinkType,
    snap_len: u32,
    name: Option<Box<str>>,
    clock: Clock,
}

impl PcapngReader {
    pub(super) fn new(window: Window) -> PcapngReader {
        PcapngReader {
            window,
            order: Order::Little,
            interfaces: Vec::new(),
            count: 0,
            ended: false,
        }
    }
}

impl Source for PcapngReader {
    fn next(&mut self) -> Result<Option<Frame<'_>>, CaptureError> {
        if self.ended {
            return Ok(None);
        }
        let found = self.next_packet();
        // Until a packet is found nothing more follows.
        self.ended = !matches!(found, Ok(Some(_)));
        let Some((block_len, packet)) = found? else {
            return Ok(None);
        };
        self.count += 1;
        let interface = &self.interfaces[packet.interface];
        Ok(Some(Frame {
            number: self.count,
            time: packet
                .ticks
                .map_or(Timestamp(0), |ticks| interface.clock.time(ticks)),
            link: interface.link,
            wire_len: packet.wire_len,
            bytes: &self.window.take(block_len)[packet.at..packet.at + packet.kept],
            interface: Some(Interface {
                number: packet.interface as u32,
                name: interface.name.as_deref(),
                snap_len: interface.snap_len,
            }),
            direction: packet.direction,
        }))
    }

    fn is_drained(&self) -> bool {
        self.window.bytes().is_empty()
    }
}

/// Where a packet lies in its block, and what the block says of it.
struct Packet {
    interface: usize,
    at: usize,
    kept: usize,
    wire_len: u32,
    /// None in a simple packet block, which has no time.
    ticks: Option<u64>,
    direction: Option<Direction>,
}

impl PcapngReader {
    /// Goes past blocks until one with a packet is at hand; gives its length too.
    fn next_packet(&mut self) -> Result<Option<(usize, Packet)>, CaptureError> {
        loop {
            let offset = self.window.offset();
            let damaged = |window: &Window, why: String| window.damaged(offset, why);
            if !self.window.fill(BLOCK_FRAME)? {
                return match self.window.bytes().len() {
                    0 => Ok(None),
                    had => Err(damaged(
                        &self.window,
                        format!("the block is cut short after {had} bytes"),
                    )),
                };
            }
            let kind = self.order.u32(self.window.bytes(), 0);
            if kind == SECTION_HEADER {
                self.order = Order::of_section(self.window.bytes())
                    .map_err(|why| damaged(&self.window, why))?;
            }
            let length = self.order.u32(self.window.bytes(), 4);
            if !length.is_multiple_of(4) || (length as usize) < BLOCK_FRAME {
                return Err(damaged(
                    &self.window,
                    format!("the block claims a length of {length} bytes"),
                ));
            }
            let ends_early = || format!("the block claims {length} bytes, the file ends before");
            if !matches!(
                kind,
                SECTION_HEADER | INTERFACE | PACKET | SIMPLE_PACKET | ENHANCED_PACKET
            ) {
                // Names, statistics, secrets, comments: gone past whatever their size.
                if !self.window.skip(u64::from(length))? {
                    return Err(damaged(&self.window, ends_early()));
                }
                continue;
            }
            let length = length as usize;
            if length > MAX_FILL {
                let why = format!("the block claims {length} bytes, more than any packet needs");
                return Err(damaged(&self.window, why));
            }
            if !self.window.fill(length)? {
                return Err(damaged(&self.window, ends_early()));
            }
            let block = &self.window.bytes()[..length];
            let again = self.order.u32(block, length - 4);
            if again as usize != length {
                let why =
                    format!("the block's length is {length} at its start, {again} at its end");
                return Err(damaged(&self.window, why));
            }
            let block = &block[..length - 4];
            match kind {
                SECTION_HEADER => {
                    check_version(self.order, block).map_err(|why| damaged(&self.window, why))?;
                    self.interfaces.clear();
                }
                INTERFACE => {
                    if self.interfaces.len() == MAX_INTERFACES {
                        let why = format!("more than {MAX_INTERFACES} interfaces");
                        return Err(damaged(&self.window, why));
                    }
                    let interface = Description::read(self.order, block)
                        .map_err(|why| damaged(&self.window, why))?;
                    self.interfaces.push(interface);
                }
                _ => {
                    let packet = self
                        .packet(kind, block)
                        .map_err(|why| damaged(&self.window, why))?;
                    return Ok(Some((length, packet)));
                }
            }
            self.window.take(length);
        }
    }

    /// Reads a packet's block, given without the length after it.
    fn packet(&self, kind: u32, block: &[u8]) -> Result<Packet, String> {
        let order = self.order;
        let at = if kind == SIMPLE_PACKET {
            SIMPLE_AT
        } else {
            PACKET_AT
        };
        if block.len() < at {
            return Err(format!(
                "a packet block of {} bytes has no room for its header",
                block.len() + 4
            ));
        }
        let number = match kind {
            SIMPLE_PACKET => 0,
            PACKET => u32::from(order.u16(block, 8)),
            _ => order.u32(block, 8),
        } as usize;
        let Some(interface) = self.interfaces.get(number) else {
            return Err(format!(
                "the packet is of interface {number}, which no block describes"
            ));
        };
        if kind == SIMPLE_PACKET {
            let wire_len = order.u32(block, 8);
            let limit = if interface.snap_len == 0 {
                u32::MAX
            } else {
                interface.snap_len
            };
            let kept = wire_len.min(limit) as usize;
            return Ok(Packet {
                interface: number,
                at,
                kept: check_kept(kept, block.len() - at)?,
                wire_len,
                ticks: None,
                direction: None,
            });
        }
        let kept = check_kept(order.u32(block, 20) as usize, block.len() - at)?;
        let [high, low, wire_len] = [12, 16, 24].map(|at| order.u32(block, at));
        Ok(Packet {
            interface: number,
            at,
            kept,
            wire_len,
            ticks: Some(u64::from(high) << 32 | u64::from(low)),
            direction: direction(order, &block[at + kept..], kept),
        })
    }
}

fn check_kept(kept: usize, room: usize) -> Result<usize, String> {
    if kept > MAX_FRAME {
        return Err(format!(
            "the packet claims {kept} bytes, more than the {MAX_FRAME} any capture keeps"
        ));
    }
    if kept > room {
        return Err(format!(
            "the packet claims {kept} bytes, its block holds {room}"
        ));
    }
    Ok(kept)
}

fn check_version(order: Order, block: &[u8]) -> Result<(), String> {
    if block.len() < 24 {
        return Err(format!(
            "a section header of {} bytes is too short",
            block.len() + 4
        ));
    }
    match order.u16(block, 12) {
        1 => Ok(()),
        major => Err(format!(
            "the section is of version {major}.{}, not 1.0",
            order.u16(block, 14)
        )),
    }
}

impl Description {
    /// Reads an interface description block, given without the length after it.
    fn read(order: Order, block: &[u8]) -> Result<Description, String> {
        const OPTIONS_AT: usize = 16;
        if block.len() < OPTIONS_AT {
            return Err(format!(
                "an interface block of {} bytes is too short",
                block.len() + 4
            ));
        }
        let (mut name, mut resolution, mut offset) = (None, 6, 0);
        for (code, value) in order.options(&block[OPTIONS_AT..]) {
            match (code, value) {
                (IF_NAME, name_bytes) => {
                    let kept = &name_bytes[..name_bytes.len().min(MAX_NAME)];
                    let text = String::from_utf8_lossy(kept);
                    name = Some(without_controls(text.trim_end_matches('\0')).into());
                }
                (IF_TSRESOL, &[value]) => resolution = value,
                (IF_TSOFFSET, &[..]) if value.len() == 8 => {
                    let [a, b] = [0, 4].map(|at| u64::from(order.u32(value, at)));
                    offset = match order {
                        Order::Little => b << 32 | a,
                        Order::Big => a << 32 | b,
                    } as i64;
                }
                _ => {}
            }
        }
        Ok(Description {
            link: link_type(u32::from(order.u16(block, 8))),
            snap_len: order.u32(block, 12),
            name,
            clock: Clock::new(resolution, offset),
        })
    }
}

/// The direction in the flags option of a packet, `options` starting with the packet's padding.
fn direction(order: Order, options: &[u8], kept: usize) -> Option<Direction> {
    let padding = kept.wrapping_neg() % 4;
    let (_, flags) = order
        .options(options.get(padding..)?)
        .find(|(code, value)| *code == EPB_FLAGS && value.len() == 4)?;
    match order.u32(flags, 0) & DIRECTION {
        INBOUND => Some(Direction::In),
        OUTBOUND => Some(Direction::Out),
        _ => None,
    }
}
