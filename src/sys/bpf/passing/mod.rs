//! Packets as they pass the devices of network namespaces, seen by programs in the kernel rather
//! than by packet sockets: at its tracepoints, which all devices share, or at single devices.
//!
//! For each packet socket the kernel copies the head of every packet that is sent, before it asks
//! the socket's filter, and stamps every packet with the time; these programs look first, and only
//! what the filter keeps costs more.
//!
//! 1. `program`: what runs there, with a filter in it.
//! 2. `perf`: a buffer for each CPU, which the programs fill.
//! 3. [`PassingWatch::drain`]: records become packets.
//!
//! Different from packet sockets are devices on top of a device (VLAN, macvlan), for which the
//! kernel passes the second tracepoint only once; and devices that are made later, at which no
//! program runs yet.

#[cfg(test)]
pub(crate) mod machine;
mod offsets;
mod program;

use super::btf::{Btf, BtfError};
use super::call::Way;
use super::perf::Buffers;
use super::{BpfError, Description, call};
use crate::sys::errno;
use crate::sys::packet_socket::Passed;
use crate::sys::packet_socket::program::Instruction;
use nix::errno::Errno;
use nix::poll::PollFd;
use nix::time::{ClockId, clock_gettime};
use offsets::Offsets;
use program::{ETHER_HEADER, Maps, SNAP, Spot, record};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// The longest packet that is seen whole, in bytes, from its IP header on.
pub const LONGEST: u16 = SNAP as u16 - ETHER_HEADER as u16;

/// A checksum that is still to be computed (`CHECKSUM_PARTIAL`).
const PARTIAL: u8 = 3;

/// Sees what passes in some network namespaces; ends when it is dropped.
#[derive(Debug)]
pub struct PassingWatch {
    // Fields are closed in this order: first no more records, then what they go to.
    attached: Vec<OwnedFd>,
    /// The programs that run at devices, and which way packets go there.
    loaded: Vec<(Way, OwnedFd)>,
    buffers: Buffers,
    lost: call::Counts,
    /// The time of the day when the machine's clock was at zero, in nanoseconds.
    epoch: u64,
    frame: Vec<u8>,
}

/// What is to be seen.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'w> {
    /// The network namespaces, by their inodes (`/proc/PID/ns/net`).
    pub inodes: &'w [u64],
    /// Keeps packets by their bytes.
    pub filter: &'w [Instruction],
    /// Frames of one piece that are longer, in bytes, are not even judged.
    pub longest: Option<u32>,
    /// Whether the watch is readable as soon as a packet has passed; if not, which costs less, only
    /// when much is to be read.
    pub wake: bool,
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

fn refused(step: &'static str) -> impl Fn(Errno) -> BpfError {
    move |errno| BpfError::Refused { step, errno }
}

impl PassingWatch {
    /// Watches all devices of the namespaces, at the tracepoints that all devices of the machine
    /// share.
    pub fn at_tracepoints(wish: &Wish) -> Result<PassingWatch, BpfError> {
        let text = Description::read().map_err(|error| BpfError::NoBtf(errno::of(&error)))?;
        let btf = Btf::parse(text.bytes())?;
        let mut watch = PassingWatch::new(wish)?;
        for (way, name) in [
            (Way::In, "netif_receive_skb"),
            (Way::Out, "net_dev_start_xmit"),
        ] {
            let missing = || BtfError::NoTracepoint(name.to_owned());
            let tracepoint = btf.tracepoint(name).ok_or_else(missing)?;
            let load = |code: &_| call::load_for(code, tracepoint);
            let program = watch.load(wish, &btf, (Spot::Tracepoint, way), load)?;
            let on = call::attach_loaded(program.as_fd());
            let on = on.map_err(refused("attach to a tracepoint of packets"))?;
            watch.attached.push(on);
        }
        Ok(watch)
    }

    /// Watches the devices that [`PassingWatch::join`] is told of, and nothing that passes
    /// elsewhere is slower for it (tcx, Linux 6.6).
    pub fn at_devices(wish: &Wish) -> Result<PassingWatch, BpfError> {
        let text = Description::read().map_err(|error| BpfError::NoBtf(errno::of(&error)))?;
        let btf = Btf::parse(text.bytes())?;
        let mut watch = PassingWatch::new(wish)?;
        for way in [Way::In, Way::Out] {
            let load = |code: &_| call::load_for_device(code, way);
            let program = watch.load(wish, &btf, (Spot::Device, way), load)?;
            watch.loaded.push((way, program));
        }
        Ok(watch)
    }

    /// Watches the device with this number of the calling thread's network namespace, too.
    pub fn join(&mut self, device: u32) -> Result<(), BpfError> {
        for (way, program) in &self.loaded {
            let on = call::attach_to_device(program.as_fd(), device, *way);
            self.attached
                .push(on.map_err(refused("attach to a device"))?);
        }
        Ok(())
    }

    fn new(wish: &Wish) -> Result<PassingWatch, BpfError> {
        let buffers = Buffers::new(wish.wake).map_err(refused("make buffers for packets"))?;
        let lost = call::Counts::new(wish.inodes.len()).map_err(refused("make counts"))?;
        Ok(PassingWatch {
            attached: Vec::new(),
            loaded: Vec::new(),
            buffers,
            lost,
            epoch: now(ClockId::CLOCK_REALTIME).saturating_sub(now(ClockId::CLOCK_MONOTONIC)),
            frame: Vec::new(),
        })
    }

    fn load(
        &self,
        wish: &Wish,
        btf: &Btf,
        place: (Spot, Way),
        load: impl Fn(&[program::Instruction]) -> Result<OwnedFd, Errno>,
    ) -> Result<OwnedFd, BpfError> {
        let offsets = Offsets::of(btf)?;
        let maps = Maps {
            out: self.buffers.descriptor().as_raw_fd(),
            lost: self.lost.descriptor().as_raw_fd(),
        };
        // Namespaces' inodes are 32 bits wide (include/linux/ns_common.h).
        let inodes: Vec<u32> = wish.inodes.iter().map(|&inode| inode as u32).collect();
        let load = |offsets: &Offsets| {
            let what = (wish.filter, wish.longest);
            let code = program::program(offsets, place, &inodes, what, maps)
                .ok_or(Errno::ENOTSUP)
                .map_err(refused("translate a filter"))?;
            load(&code).map_err(refused("load a program into the kernel"))
        };
        // Not every kernel lets packets be read in place.
        load(&offsets).or_else(|_| load(&offsets.copying()))
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
    let start = match head[record::APART] {
        0 => record::LEN,
        _ => record::HEADER,
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
        bytes[record::APART] = (!outgoing && hardware == 1).into();
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
