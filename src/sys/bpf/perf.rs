#![allow(unsafe_code)]
//! Buffers of the kernel's performance events (`man 2 perf_event_open`), one for each CPU, that
//! programs fill with records. Other than the ring buffer they take a whole packet, wherever its
//! pieces are.

use super::call::{Mapping, page_size, per_cpu, set_buffer};
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags};
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes for each CPU, a power of two: what the kernel lets every user have beside the page that
/// tells how full it is (`kernel.perf_event_mlock_kb`).
const SIZE: usize = 512 * 1024;

/// A buffer for each CPU.
#[derive(Debug)]
pub(super) struct Buffers {
    map: OwnedFd,
    buffers: Vec<Buffer>,
}

impl Buffers {
    /// One for each CPU that is on. What passes on others is lost, and counted so. They are readable
    /// when there is a record, or, if they are not to `wake` their reader, when they are half full.
    pub(super) fn new(wake: bool) -> Result<Buffers, Errno> {
        let on = fs::read_to_string("/sys/devices/system/cpu/online");
        let cpus = cpus(&on.unwrap_or_default());
        let map = per_cpu(cpus.iter().max().map_or(1, |last| last + 1))?;
        let mut buffers = Vec::new();
        for cpu in cpus {
            let buffer = Buffer::new(cpu, wake)?;
            set_buffer(map.as_fd(), cpu, buffer.event.as_fd())?;
            buffers.push(buffer);
        }
        Ok(Buffers { map, buffers })
    }

    /// The map of them, for programs.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.map.as_fd()
    }

    /// To wait for records.
    pub(super) fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.buffers
            .iter()
            .map(|one| PollFd::new(one.event.as_fd(), PollFlags::POLLIN))
    }

    /// Hands each new record to `take`, those of one CPU in order. `scratch` is for records that
    /// begin at the end of a buffer and end at its start.
    pub(super) fn drain<T>(
        &mut self,
        scratch: &mut Vec<u8>,
        mut take: impl FnMut(&[u8]) -> Option<T>,
    ) {
        for buffer in &mut self.buffers {
            buffer.drain(scratch, &mut take);
        }
    }
}

#[derive(Debug)]
struct Buffer {
    event: OwnedFd,
    /// A page with the positions, then the data.
    memory: Mapping,
}

/// Where the positions stand in the first page (`struct perf_event_mmap_page`).
const HEAD: usize = 1024;
const TAIL: usize = 1032;

/// A record's header: its kind, four bytes; flags, two; its length, two.
const HEADER: usize = 8;
/// A record that a program left: behind the header the length of what it left, four bytes
/// (`PERF_RECORD_SAMPLE` with `PERF_SAMPLE_RAW`).
const SAMPLE: u32 = 9;

impl Buffer {
    fn new(cpu: u32, wake: bool) -> Result<Buffer, Errno> {
        let event = open(cpu, wake)?;
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        let memory = Mapping::new(event.as_fd(), page_size() + SIZE, access, flags, 0)?;
        Ok(Buffer { event, memory })
    }

    fn drain<T>(&mut self, scratch: &mut Vec<u8>, take: &mut impl FnMut(&[u8]) -> Option<T>) {
        let page = self.memory.address.as_ptr();
        // SAFETY: the positions are aligned eight bytes in the first page of a live mapping; the
        // kernel writes the one and reads the other.
        let (head, tail) = unsafe {
            (
                &*page.add(HEAD).cast::<AtomicU64>(),
                &*page.add(TAIL).cast::<AtomicU64>(),
            )
        };
        // SAFETY: the data is the rest of the mapping. The kernel writes only beyond the head and
        // before the tail, and we read between the two.
        let data = unsafe { std::slice::from_raw_parts(page.add(page_size()), SIZE) };
        let end = head.load(Ordering::Acquire);
        let mut at = tail.load(Ordering::Relaxed);
        while at < end {
            let header = part(data, at, HEADER, scratch);
            let kind = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]);
            let length = usize::from(u16::from_ne_bytes([header[6], header[7]]));
            if length < HEADER {
                break;
            }
            let record = part(data, at, length, scratch);
            if kind == SAMPLE {
                take(record.get(HEADER + 4..).unwrap_or_default());
            }
            at += length as u64;
        }
        tail.store(end, Ordering::Release);
    }
}

/// So many bytes of the data from a position on, put together if they reach over its end.
fn part<'d>(data: &'d [u8], at: u64, length: usize, scratch: &'d mut Vec<u8>) -> &'d [u8] {
    let start = at as usize % data.len();
    let Some(over) = (start + length)
        .checked_sub(data.len())
        .filter(|&over| over > 0)
    else {
        return &data[start..start + length];
    };
    scratch.clear();
    scratch.extend_from_slice(&data[start..]);
    scratch.extend_from_slice(&data[..over.min(start)]);
    scratch
}

/// The CPUs of a list as the kernel writes them: `0-3,8`. The first one where it cannot be read.
fn cpus(list: &str) -> Vec<u32> {
    let range = |text: &str| {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Some(first.parse::<u32>().ok()?..=last.parse().ok()?)
    };
    let ranges = list.trim().split(',').filter_map(range);
    let cpus: Vec<u32> = ranges.flatten().collect();
    if cpus.is_empty() { vec![0] } else { cpus }
}

/// Opens the event that stands for the records of programs on a CPU.
fn open(cpu: u32, wake: bool) -> Result<OwnedFd, Errno> {
    /// The first fields of `struct perf_event_attr`, as the kernel first had them (64 bytes).
    #[repr(C)]
    struct Attributes {
        kind: u32,
        size: u32,
        config: u64,
        sample_period: u64,
        sample_type: u64,
        read_format: u64,
        flags: u64,
        /// How many records, or how many bytes (`BY_BYTES`).
        wakeup: u32,
        breakpoint_type: u32,
        config1: u64,
    }
    const SOFTWARE: u32 = 1;
    const OUTPUT_OF_PROGRAMS: u64 = 10;
    const RAW: u64 = 1 << 10;
    const BY_BYTES: u64 = match cfg!(target_endian = "big") {
        true => 1 << (63 - 14),
        false => 1 << 14,
    };
    const CLOSE_ON_EXEC: u64 = 8;
    let attributes = Attributes {
        kind: SOFTWARE,
        size: size_of::<Attributes>() as u32,
        config: OUTPUT_OF_PROGRAMS,
        sample_period: 1,
        sample_type: RAW,
        read_format: 0,
        flags: if wake { 0 } else { BY_BYTES },
        wakeup: if wake { 1 } else { SIZE as u32 / 2 },
        breakpoint_type: 0,
        config1: 0,
    };
    let (anybody, no_group) = (-1_i64, -1_i64);
    // SAFETY: the kernel reads as many bytes of the attributes as they say they have.
    let opened = unsafe {
        libc::syscall(
            libc::SYS_perf_event_open,
            &raw const attributes,
            anybody,
            i64::from(cpu),
            no_group,
            CLOSE_ON_EXEC,
        )
    };
    let fd = Errno::result(opened)? as i32;
    // SAFETY: the kernel has just made this descriptor for us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus() {
        assert_eq!(cpus("0-1\n"), [0, 1]);
        assert_eq!(cpus("0,2-4,7\n"), [0, 2, 3, 4, 7]);
        assert_eq!(cpus(""), [0]);
    }

    #[test]
    fn a_record_over_the_end_is_put_together() {
        let data: Vec<u8> = (0..16).collect();
        let mut scratch = Vec::new();
        assert_eq!(part(&data, 18, 4, &mut scratch), [2, 3, 4, 5]);
        assert_eq!(part(&data, 30, 4, &mut scratch), [14, 15, 0, 1]);
        assert_eq!(part(&data, 28, 4, &mut scratch), [12, 13, 14, 15]);
    }
}
