//! Packets as they pass the devices of network namespaces, seen by programs at the kernel's
//! tracepoints rather than by packet sockets.
//!
//! For each packet socket the kernel copies the head of every packet that is sent, before it asks
//! the socket's filter, and stamps every packet with the time; these programs look first, and only
//! what the filter keeps costs more.
//!
//! 1. `program`: what runs at the tracepoints, with a filter in it.
//! 2. `perf`: a buffer for each CPU, which the programs fill.
//! 3. [`PassingWatch::drain`]: records become packets.
//!
//! Different from packet sockets are devices on top of a device (VLAN, macvlan), for which the
//! kernel passes the second tracepoint only once.

#[cfg(test)]
pub(crate) mod machine;
mod program;

use super::btf::{Btf, BtfError};
use super::perf::Buffers;
use super::{BpfError, Description, call};
use crate::sys::errno;
use crate::sys::packet_socket::Passed;
use crate::sys::packet_socket::program::Instruction;
use nix::errno::Errno;
use nix::poll::PollFd;
use nix::time::{ClockId, clock_gettime};
use program::{ETHER_HEADER, ETHERNET, Maps, Offsets, SNAP, Way, record};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// The longest packet that is seen whole, in bytes, from its IP header on.
pub const LONGEST: u16 = SNAP as u16 - ETHER_HEADER as u16;

/// A checksum that is still to be computed (`CHECKSUM_PARTIAL`).
const PARTIAL: u8 = 3;

/// Sees what passes in some network namespaces; ends when it is dropped.
#[derive(Debug)]
pub struct PassingWatch {
    // Fields are closed in this order: first no more records, then what they go to.
    _attached: Vec<OwnedFd>,
    buffers: Buffers,
    lost: call::Counts,
    /// The time of the day when the machine's clock was at zero, in nanoseconds.
    epoch: u64,
    frame: Vec<u8>,
}

/// A packet that passed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight<'b> {
    /// The inode of the network namespace.
    pub inode: u64,
    /// The device's name.
    pub device: &'b str,
    /// When and how.
    pub passed: Passed,
    /// Its bytes.
    pub bytes: &'b [u8],
}

impl PassingWatch {
    /// Starts to watch the namespaces with these inodes (`/proc/PID/ns/net`), for packets that
    /// `filter` keeps; frames of one piece that are longer than `longest` bytes are not even judged.
    /// With `wake` it is readable as soon as one has passed; without, which costs
    /// less, only when much is to be read.
    pub fn start(
        inodes: &[u64],
        filter: &[Instruction],
        longest: Option<u32>,
        wake: bool,
    ) -> Result<PassingWatch, BpfError> {
        let text = Description::read().map_err(|error| BpfError::NoBtf(errno::of(&error)))?;
        let btf = Btf::parse(text.bytes())?;
        let offsets = Offsets::of(&btf)?;
        let refused = |step| move |errno| BpfError::Refused { step, errno };

        let buffers = Buffers::new(wake).map_err(refused("make buffers for packets"))?;
        let lost = call::Counts::new(inodes.len()).map_err(refused("make counts"))?;
        let maps = Maps {
            out: buffers.descriptor().as_raw_fd(),
            lost: lost.descriptor().as_raw_fd(),
        };
        // Namespaces' inodes are 32 bits wide (include/linux/ns_common.h).
        let inodes: Vec<u32> = inodes.iter().map(|&inode| inode as u32).collect();
        let mut attached = Vec::new();
        for (way, name) in [
            (Way::In, "netif_receive_skb"),
            (Way::Out, "net_dev_start_xmit"),
        ] {
            let missing = || BtfError::NoTracepoint(name.to_owned());
            let tracepoint = btf.tracepoint(name).ok_or_else(missing)?;
            let load = |offsets: &Offsets| {
                let code = program::program(offsets, way, &inodes, (filter, longest), maps)
                    .ok_or(Errno::ENOTSUP)
                    .map_err(refused("translate a filter"))?;
                call::load_for(&code, tracepoint).map_err(refused("load a program into the kernel"))
            };
            // Not every kernel lets packets be read in place.
            let program = load(&offsets).or_else(|_| load(&offsets.copying()))?;
            let on = call::attach_loaded(program.as_fd());
            attached.push(on.map_err(refused("attach to a tracepoint of packets"))?);
        }
        Ok(PassingWatch {
            _attached: attached,
            buffers,
            lost,
            epoch: now(ClockId::CLOCK_REALTIME).saturating_sub(now(ClockId::CLOCK_MONOTONIC)),
            frame: Vec::new(),
        })
    }

    /// Hands each packet since the last call to `take`, those of one CPU in the kernel's order.
    pub fn drain(&mut self, mut take: impl FnMut(Sight)) {
        let (epoch, frame) = (self.epoch, &mut self.frame);
        self.buffers
            .drain(frame, |record| read(record, epoch).map(&mut take));
    }

    /// How many packets there was no room for, for each namespace, since the start.
    pub fn lost(&self) -> Vec<u64> {
        self.lost.read()
    }

    /// The time of the packets' clock, in nanoseconds since 1970. Other than the time of the day it
    /// does not jump when somebody sets that.
    pub fn now(&self) -> u64 {
        self.epoch + now(ClockId::CLOCK_MONOTONIC)
    }

    /// To wait for packets.
    pub fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.buffers.poll_fds()
    }
}

fn now(clock: ClockId) -> u64 {
    clock_gettime(clock).map_or(0, |time| {
        time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
    })
}

/// What a record says; nothing if it is too short to be one.
fn read(bytes: &[u8], epoch: u64) -> Option<Sight<'_>> {
    let head: &[u8; record::LEN] = bytes.first_chunk()?;
    let four = |at: usize| u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let time = head[record::TIME..].first_chunk()?;
    let hardware = u16::from_ne_bytes([head[record::HARDWARE], head[record::HARDWARE + 1]]);
    let outgoing = head[record::OUTGOING] != 0;
    let length = four(record::LENGTH);
    let start = match !outgoing && ETHERNET.contains(&hardware) {
        true => record::HEADER,
        false => record::LEN,
    };
    let before = record::LEN - start;
    let len = before + length.min(SNAP) as usize;
    let name = &head[record::NAME..record::NAME + 16];
    let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    Some(Sight {
        inode: four(record::INODE).into(),
        device: str::from_utf8(name).unwrap_or("?"),
        passed: Passed {
            len,
            wire_len: before + length as usize,
            time: Some(epoch + u64::from_ne_bytes(*time)),
            device: four(record::INDEX) as i32,
            hardware,
            outgoing,
            partial_checksum: head[record::SUMMED] == PARTIAL,
        },
        bytes: bytes.get(start..start + len)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(hardware: u16, outgoing: bool, length: u32, behind: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; record::LEN];
        bytes[record::TIME..][..8].copy_from_slice(&5_u64.to_ne_bytes());
        bytes[record::INODE..][..4].copy_from_slice(&4_026_532_000_u32.to_ne_bytes());
        bytes[record::NAME..][..4].copy_from_slice(b"tun0");
        bytes[record::LENGTH..][..4].copy_from_slice(&length.to_ne_bytes());
        bytes[record::HARDWARE..][..2].copy_from_slice(&hardware.to_ne_bytes());
        bytes[record::SUMMED] = PARTIAL;
        bytes[record::OUTGOING] = outgoing.into();
        bytes[record::HEADER..].fill(b'h');
        bytes.extend(behind);
        bytes
    }

    #[test]
    fn a_record_becomes_a_packet() {
        let bytes = record(0xfffe, true, 3, b"abc.....");
        let seen = read(&bytes, 100).unwrap();
        assert_eq!((seen.inode, seen.device), (4_026_532_000, "tun0"));
        assert_eq!((seen.passed.time, seen.bytes), (Some(105), &b"abc"[..]));
        assert!(seen.passed.outgoing && seen.passed.partial_checksum);
        assert_eq!(read(&bytes[..record::LEN + 2], 100), None);
        assert_eq!(read(&bytes[..record::LEN - 1], 100), None);
    }

    #[test]
    fn what_comes_in_has_its_ethernet_header_in_the_record() {
        let bytes = record(1, false, 3, b"abc.....");
        let seen = read(&bytes, 0).unwrap();
        assert_eq!(seen.bytes, b"hhhhhhhhhhhhhhabc");
        assert_eq!((seen.passed.len, seen.passed.wire_len), (17, 17));
    }

    #[test]
    fn a_packet_too_long_for_a_record_keeps_its_length() {
        let bytes = record(1, true, 70_000, &vec![b'x'; SNAP as usize]);
        let seen = read(&bytes, 0).unwrap();
        assert_eq!((seen.bytes.len(), seen.passed.wire_len), (65_000, 70_000));
    }
}
