#![allow(unsafe_code)]
//! The bpf system call (`man 2 bpf`) and the ring buffer it fills: maps, loading a program,
//! attaching it. Everything ends with its descriptor; after SIGKILL nothing is left.

use std::{
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
    ptr::{self, NonNull},
    sync::atomic::{AtomicU64, Ordering},
};

use nix::{errno::Errno, libc};

use super::assembler::Instruction;

/// Commands (`enum bpf_cmd`).
mod command {
    pub(super) const MAP_CREATE: i32 = 0;
    pub(super) const MAP_UPDATE_ELEM: i32 = 2;
    pub(super) const PROG_LOAD: i32 = 5;
    pub(super) const RAW_TRACEPOINT_OPEN: i32 = 17;
    pub(super) const MAP_FREEZE: i32 = 22;
    pub(super) const LINK_CREATE: i32 = 28;
}

/// Kinds of maps (`enum bpf_map_type`).
const HASH: u32 = 1;
const ARRAY: u32 = 2;
const PERF_EVENTS: u32 = 4;
const RINGBUF: u32 = 27;

/// A map that programs can only read (`BPF_F_RDONLY_PROG`).
const READ_ONLY_PROGRAM: u32 = 1 << 7;

/// A map whose values can be mapped into memory (`BPF_F_MMAPABLE`).
const MAPPABLE: u32 = 1 << 10;

/// A program for a tracepoint's arguments as they are (`enum bpf_prog_type`).
const RAW_TRACEPOINT: u32 = 17;
/// One for arguments with types, and that it is for a tracepoint (`enum bpf_attach_type`).
const TRACING: u32 = 26;
const TO_RAW_TRACEPOINT: u32 = 23;

/// One for the packets of a device, and which way they go there.
const CLASSIFIER: u32 = 3;
const TO_DEVICE_IN: u32 = 46;
const TO_DEVICE_OUT: u32 = 47;

/// The kernel's functions that the program calls are for programs under a licence compatible with
/// its own; these instructions are offered under MIT as well as under Apache-2.0.
const LICENCE: &[u8] = b"Dual MIT/GPL\0";

/// A map with one value that never changes: the format of a text.
pub(super) fn constant(text: &[u8; 8]) -> Result<OwnedFd, Errno> {
    let mut create = Attributes::default();
    create
        .u32(0, ARRAY)
        .u32(4, 4)
        .u32(8, text.len() as u32)
        .u32(12, 1);
    create.u32(16, READ_ONLY_PROGRAM);
    let map = descriptor(bpf(command::MAP_CREATE, &create)?);
    let key = 0u32;
    let mut update = Attributes::default();
    update.u32(0, map.as_raw_fd() as u32);
    update
        .pointer(8, (&raw const key).cast())
        .pointer(16, text.as_ptr());
    bpf(command::MAP_UPDATE_ELEM, &update)?;
    let mut freeze = Attributes::default();
    freeze.u32(0, map.as_raw_fd() as u32);
    bpf(command::MAP_FREEZE, &freeze)?;
    Ok(map)
}

/// A map from eight bytes to eight bytes, with room for so many.
pub(super) fn table(entries: u32) -> Result<OwnedFd, Errno> {
    let mut create = Attributes::default();
    create.u32(0, HASH).u32(4, 8).u32(8, 8).u32(12, entries);
    bpf(command::MAP_CREATE, &create).map(descriptor)
}

/// Loads a program; the kernel proves it harmless or refuses it with `EACCES` or `EINVAL`.
pub(super) fn load(code: &[Instruction]) -> Result<OwnedFd, Errno> {
    load_as(RAW_TRACEPOINT, code, 0, 0)
}

/// Runs the program at each passing of a tracepoint, until the descriptor is closed.
pub(super) fn attach(tracepoint: &[u8; 10], program: BorrowedFd) -> Result<OwnedFd, Errno> {
    let mut open = Attributes::default();
    open.pointer(0, tracepoint.as_ptr())
        .u32(8, program.as_raw_fd() as u32);
    bpf(command::RAW_TRACEPOINT_OPEN, &open).map(descriptor)
}

/// Loads a program for the arguments of a tracepoint, whose types the kernel knows: `tracepoint` is
/// the number of its type. Such a program may read through pointers as C does.
pub(super) fn load_for(code: &[Instruction], tracepoint: u32) -> Result<OwnedFd, Errno> {
    load_as(TRACING, code, TO_RAW_TRACEPOINT, tracepoint)
}

/// Loads a program for the packets of devices.
pub(super) fn load_for_device(code: &[Instruction], way: Way) -> Result<OwnedFd, Errno> {
    load_as(CLASSIFIER, code, to_device(way), 0)
}

/// Loads a program of a kind: for what it is meant, and for the type with that number.
fn load_as(kind: u32, code: &[Instruction], to: u32, of: u32) -> Result<OwnedFd, Errno> {
    let bytes: Vec<[u8; 8]> = code.iter().map(|one| one.bytes()).collect();
    let mut load = Attributes::default();
    load.u32(0, kind).u32(4, code.len() as u32);
    load.pointer(8, bytes.as_ptr().cast())
        .pointer(16, LICENCE.as_ptr());
    load.u32(68, to).u32(108, of);
    bpf(command::PROG_LOAD, &load).map(descriptor)
}

/// Which way packets go where a program runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Out,
    In,
}

/// Runs a program of [`load_for_device`] for the device with this number of the calling thread's
/// network namespace, before others that are there, until the descriptor is closed.
pub(super) fn attach_to_device(
    program: BorrowedFd,
    device: u32,
    way: Way,
) -> Result<OwnedFd, Errno> {
    const FIRST: u32 = 1 << 3;
    let mut link = Attributes::default();
    link.u32(0, program.as_raw_fd() as u32).u32(4, device);
    link.u32(8, to_device(way)).u32(12, FIRST);
    bpf(command::LINK_CREATE, &link).map(descriptor)
}

fn to_device(way: Way) -> u32 {
    match way {
        Way::In => TO_DEVICE_IN,
        Way::Out => TO_DEVICE_OUT,
    }
}

/// Runs a program of [`load_for`] until the descriptor is closed.
pub(super) fn attach_loaded(program: BorrowedFd) -> Result<OwnedFd, Errno> {
    let mut open = Attributes::default();
    open.u32(8, program.as_raw_fd() as u32);
    bpf(command::RAW_TRACEPOINT_OPEN, &open).map(descriptor)
}

/// A map with a descriptor of a buffer for each CPU.
pub(super) fn per_cpu(cpus: u32) -> Result<OwnedFd, Errno> {
    let mut create = Attributes::default();
    create.u32(0, PERF_EVENTS).u32(4, 4).u32(8, 4).u32(12, cpus);
    bpf(command::MAP_CREATE, &create).map(descriptor)
}

/// Puts a buffer's descriptor into the map.
pub(super) fn set_buffer(map: BorrowedFd, cpu: u32, buffer: BorrowedFd) -> Result<(), Errno> {
    let value = buffer.as_raw_fd();
    let mut update = Attributes::default();
    update
        .u32(0, map.as_raw_fd() as u32)
        .pointer(8, (&raw const cpu).cast())
        .pointer(16, (&raw const value).cast());
    bpf(command::MAP_UPDATE_ELEM, &update).map(drop)
}

/// Numbers that programs count up, read without a call.
#[derive(Debug)]
pub(super) struct Counts {
    map: OwnedFd,
    values: Mapping,
    count: usize,
}

impl Counts {
    /// So many of them, all zero.
    pub(super) fn new(count: usize) -> Result<Counts, Errno> {
        let size = 8 * count.max(1);
        let mut create = Attributes::default();
        create
            .u32(0, ARRAY)
            .u32(4, 4)
            .u32(8, size as u32)
            .u32(12, 1);
        create.u32(16, MAPPABLE);
        let map = descriptor(bpf(command::MAP_CREATE, &create)?);
        let length = size.next_multiple_of(page_size());
        let (access, flags) = (libc::PROT_READ, libc::MAP_SHARED);
        let values = Mapping::new(map.as_fd(), length, access, flags, 0)?;
        Ok(Counts { map, values, count })
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.map.as_fd()
    }

    pub(super) fn read(&self) -> Vec<u64> {
        let first = self.values.address.as_ptr().cast::<AtomicU64>();
        // SAFETY: the mapping holds so many aligned eight bytes, which the kernel changes
        // atomically.
        let values = unsafe { std::slice::from_raw_parts(first, self.count) };
        let values = values.iter();
        values.map(|one| one.load(Ordering::Relaxed)).collect()
    }
}

/// Records that a program leaves, read in order and without a copy on the kernel's side
/// (Documentation/bpf/ringbuf.rst).
#[derive(Debug)]
pub(super) struct Ring {
    map: OwnedFd,
    /// The page with the position up to which we have read; ours to write.
    consumer: Mapping,
    /// The page with the position up to which the kernel has written, then the data, twice in a
    /// row so that no record is torn.
    producer: Mapping,
    size: usize,
}

/// A record's header: its length, and these bits.
const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
const HEADER: usize = 8;

impl Ring {
    /// A ring of `size` bytes, a power of two and at least a page.
    pub(super) fn new(size: usize) -> Result<Ring, Errno> {
        let mut create = Attributes::default();
        create.u32(0, RINGBUF).u32(12, size as u32);
        let map = descriptor(bpf(command::MAP_CREATE, &create)?);
        let page = page_size();
        let writable = libc::PROT_READ | libc::PROT_WRITE;
        let shared = libc::MAP_SHARED;
        let consumer = Mapping::new(map.as_fd(), page, writable, shared, 0)?;
        let data = page + 2 * size;
        let producer = Mapping::new(map.as_fd(), data, libc::PROT_READ, shared, page)?;
        Ok(Ring {
            map,
            consumer,
            producer,
            size,
        })
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.map.as_fd()
    }

    /// Hands each new record to `take`.
    pub(super) fn drain(&mut self, mut take: impl FnMut(&[u8])) {
        // SAFETY: both positions are eight aligned bytes at the start of a live mapping, which the
        // kernel changes atomically.
        let (consumed, produced) = unsafe {
            (
                &*self.consumer.address.as_ptr().cast::<AtomicU64>(),
                &*self.producer.address.as_ptr().cast::<AtomicU64>(),
            )
        };
        let mut position = consumed.load(Ordering::Relaxed);
        while position < produced.load(Ordering::Acquire) {
            let at = page_size() + (position as usize & (self.size - 1));
            // SAFETY: a record's header is aligned to eight bytes and lies within the first half of
            // the data; the kernel clears the busy bit with release order when it has written the
            // record.
            let header = unsafe {
                let header = self.producer.address.as_ptr().add(at).cast::<AtomicU64>();
                (*header).load(Ordering::Acquire) as u32
            };
            if header & BUSY != 0 {
                break;
            }
            let length = (header & !(BUSY | DISCARDED)) as usize;
            if header & DISCARDED == 0 && length <= self.size {
                // SAFETY: the data is mapped twice in a row, so a record of at most `size` bytes
                // that begins in the first half lies within the mapping; the kernel does not touch
                // it before the consumer's position has passed it.
                take(unsafe {
                    let start = self.producer.address.as_ptr().add(at + HEADER);
                    std::slice::from_raw_parts(start, length)
                });
            }
            position += (HEADER + length.next_multiple_of(8)) as u64;
            consumed.store(position, Ordering::Release);
        }
    }
}

/// Memory shared with the kernel.
#[derive(Debug)]
pub(super) struct Mapping {
    pub(super) address: NonNull<u8>,
    pub(super) length: usize,
}

// SAFETY: the mapping is plain memory, used through one owner only.
unsafe impl Send for Mapping {}

impl Mapping {
    pub(super) fn new(
        fd: BorrowedFd,
        length: usize,
        protection: i32,
        flags: i32,
        offset: usize,
    ) -> Result<Self, Errno> {
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory of ours.
        let address = unsafe {
            let (fd, offset) = (fd.as_raw_fd(), offset as libc::off_t);
            libc::mmap(ptr::null_mut(), length, protection, flags, fd, offset)
        };
        if address == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let address = NonNull::new(address.cast()).ok_or(Errno::ENOMEM)?;
        Ok(Mapping { address, length })
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nobody borrows from it any more.
        let _ = unsafe { libc::munmap(self.address.as_ptr().cast(), self.length) };
    }
}

/// A file of the kernel's that never changes, in memory.
#[derive(Debug)]
pub(super) struct ReadOnly(Mapping);

impl ReadOnly {
    /// Maps the first `length` bytes; refused (`ENODEV`) for files that cannot be mapped.
    pub(super) fn new(file: BorrowedFd, length: usize) -> Result<Self, Errno> {
        Mapping::new(file, length, libc::PROT_READ, libc::MAP_PRIVATE, 0).map(ReadOnly)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is as long as it says, lives as long as the borrow, and the kernel's
        // image behind it is read-only.
        unsafe { std::slice::from_raw_parts(self.0.address.as_ptr(), self.0.length) }
    }
}

/// `union bpf_attr`: fields at fixed places, the rest zero.
#[derive(Default)]
struct Attributes([u64; 16]);

impl Attributes {
    fn u32(&mut self, at: usize, value: u32) -> &mut Self {
        self.put(at, &value.to_ne_bytes())
    }

    fn pointer(&mut self, at: usize, value: *const u8) -> &mut Self {
        self.put(at, &(value as u64).to_ne_bytes())
    }

    fn put(&mut self, at: usize, value: &[u8]) -> &mut Self {
        let word = &mut self.0[at / 8];
        let mut bytes = word.to_ne_bytes();
        bytes[at % 8..at % 8 + value.len()].copy_from_slice(value);
        *word = u64::from_ne_bytes(bytes);
        self
    }
}

fn bpf(command: i32, attributes: &Attributes) -> Result<i32, Errno> {
    let (start, length) = (attributes.0.as_ptr(), size_of_val(&attributes.0));
    // SAFETY: the attributes are as long as we say, the pointers in them were taken from borrows
    // that outlive the call, and these commands write nothing through them.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, start, length) };
    Errno::result(result).map(|value| value as i32)
}

fn descriptor(fd: i32) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor for us (with close-on-exec).
    unsafe { OwnedFd::from_raw_fd(fd) }
}

pub(super) fn page_size() -> usize {
    // SAFETY: a question without side effects.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}
