//! The kernel's own word on each packet it throws away (`enum skb_drop_reason`, Linux 5.17): a
//! small program at the tracepoint `kfree_skb`, written here instruction by instruction, so that
//! no compiler is needed and nothing stays behind.
//!
//! 1. `btf`: where this kernel keeps what is wanted, what it calls the reasons.
//! 2. `program`, by way of `assembler`: the program for the namespaces that are watched; `classic`:
//!    a filter in it.
//! 3. `call`: the kernel checks it, runs it at each drop, and fills a ring with records.
//! 4. [`DropWatch::drain`]: records become [`KernelDrop`]s.
//!
//! In the same way [`passing`] sees packets go by.
//!
//! It takes CAP_BPF and CAP_PERFMON of the machine; a user namespace has no such thing. The
//! helper that prints function names needs Linux 5.13.

mod assembler;
mod btf;
mod call;
mod classic;
mod names;
pub mod passing;
mod perf;
mod program;
pub(crate) mod reasons;

use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    sync::Arc,
};

use nix::errno::Errno;

use super::errno;
use super::packet_socket::program::Instruction as Classic;
use btf::{Btf, BtfError};
use call::Ring;
use names::Names;
use program::{Offsets, record};
use reasons::Reasons;

/// A packet that the kernel threw away. On a busy line these are tens of thousands a second, of
/// which somebody asks about a few: nothing in it is allocated for it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelDrop {
    /// The inode of the network namespace it happened in.
    pub inode: u64,
    /// The device it belonged to; empty for one that a program has just written to a TUN device.
    pub dev: Arc<str>,
    /// Why, without `SKB_DROP_REASON_`: `IP_RPFILTER`. Nothing before Linux 5.17.
    pub reason: Option<Arc<str>>,
    /// The function that threw it away, where the kernel tells: `ip_rcv_finish_core`.
    pub function: Arc<str>,
    /// Its length in bytes, from wherever its data began at that moment.
    pub length: u32,
    /// Its EtherType; 0 where it was not known yet.
    pub protocol: u16,
    /// Its first bytes, from its network header on. What lies behind the packet's end is not cut
    /// off.
    pub bytes: [u8; record::BYTES_LEN],
    /// When, by CLOCK_MONOTONIC, in nanoseconds.
    pub time: u64,
}

/// Why the kernel's reasons are not available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BpfError {
    /// The kernel does not describe itself.
    #[error("read {BTF}: {}", errno::text(*.0))]
    NoBtf(Errno),
    /// It describes itself in a way that is not understood.
    #[error("{BTF}: {0}")]
    Btf(#[from] BtfError),
    /// It refuses a step.
    #[error("{step}: {}", errno::text(*errno))]
    Refused {
        /// What was asked, as in `load a program into the kernel`.
        step: &'static str,
        /// Why not.
        errno: Errno,
    },
}

impl BpfError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            BpfError::Refused {
                errno: Errno::EPERM | Errno::EACCES,
                ..
            } => Some("run it as root (`sudo`): a user namespace does not suffice".to_owned()),
            BpfError::NoBtf(Errno::ENOENT) => {
                Some("use a kernel built with CONFIG_DEBUG_INFO_BTF".to_owned())
            }
            _ => None,
        }
    }
}

/// Where the kernel describes itself.
const BTF: &str = "/sys/kernel/btf/vmlinux";

/// Room for about 900 packets.
const RING: usize = 1 << 18;

/// Places that throw packets away and whose functions are named once: more than there are on a
/// machine's way through the network. Those of any further place are named each time.
const PLACES: u32 = 1024;

/// Watches what the kernel throws away in some network namespaces; ends when it is dropped.
#[derive(Debug)]
pub struct DropWatch {
    // Fields are closed in this order: first no more records, then the program.
    attached: OwnedFd,
    _program: OwnedFd,
    _format: OwnedFd,
    _named: OwnedFd,
    ring: Ring,
    lost: call::Counts,
    names: Names,
}

impl DropWatch {
    /// Starts to watch the namespaces with these inodes (`/proc/PID/ns/net`). Of plain IPv4 packets
    /// with a sender or a device it may leave out those that `filter` does not keep: on a busy line
    /// that is most. Of any packets it leaves out those of one piece that are longer than the number
    /// of bytes that may stand beside it.
    pub fn start(
        inodes: &[u64],
        filter: Option<(&[Classic], Option<u32>)>,
    ) -> Result<DropWatch, BpfError> {
        let text = Description::read().map_err(|error| BpfError::NoBtf(errno::of(&error)))?;
        let btf = Btf::parse(text.bytes())?;
        let offsets = Offsets::of(&btf)?;
        let refused = |step| move |errno| BpfError::Refused { step, errno };

        let ring = Ring::new(RING).map_err(refused("make a ring buffer"))?;
        let format = call::constant(b"%ps\0\0\0\0\0").map_err(refused("make a constant"))?;
        let named = call::table(PLACES).map_err(refused("make a table"))?;
        // Namespaces' inodes are 32 bits wide (include/linux/ns_common.h).
        let inodes: Vec<u32> = inodes.iter().map(|&inode| inode as u32).collect();
        let lost = call::Counts::new(1).map_err(refused("make a count"))?;
        let maps = program::Maps {
            ring: ring.descriptor().as_raw_fd(),
            format: format.as_raw_fd(),
            named: named.as_raw_fd(),
            lost: lost.descriptor().as_raw_fd(),
        };
        let code = program::program(&offsets, &inodes, filter, maps)
            .ok_or(Errno::ENOTSUP)
            .map_err(refused("translate a filter"))?;
        let program = call::load(&code).map_err(refused("load a program into the kernel"))?;
        let attached = call::attach(b"kfree_skb\0", program.as_fd())
            .map_err(refused("attach to the tracepoint kfree_skb"))?;
        Ok(DropWatch {
            attached,
            _program: program,
            _format: format,
            _named: named,
            ring,
            lost,
            names: Names::new(Reasons::of(&btf)),
        })
    }

    /// How many there was no room for, in all: nothing is known of them.
    pub fn lost(&self) -> u64 {
        self.lost.read().iter().sum()
    }

    /// Hands the packets thrown away since the last call to `take`, in the kernel's order.
    pub fn drain(&mut self, mut take: impl FnMut(KernelDrop)) {
        let names = &mut self.names;
        self.ring.drain(|record| {
            read(record, names).map(&mut take);
        });
    }
}

/// The kernel's description of itself: mapped where the kernel allows it (Linux 6.16), for reading
/// it takes a system call a page.
enum Description {
    Mapped(call::ReadOnly),
    Read(Vec<u8>),
}

impl Description {
    fn read() -> io::Result<Description> {
        let file = File::open(BTF)?;
        let length = file.metadata()?.len() as usize;
        match call::ReadOnly::new(file.as_fd(), length) {
            Ok(mapped) => Ok(Description::Mapped(mapped)),
            Err(_) => Ok(Description::Read(fs::read(BTF)?)),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Description::Mapped(mapped) => mapped.bytes(),
            Description::Read(bytes) => bytes,
        }
    }
}

impl AsFd for DropWatch {
    /// Readable when there is something to drain.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ring.descriptor()
    }
}

impl DropWatch {
    /// Ends the watch: the program runs no more.
    pub fn stop(self) {
        drop(self.attached);
    }
}

fn read(record: &[u8], names: &mut Names) -> Option<KernelDrop> {
    let record: &[u8; record::LEN] = record.first_chunk()?;
    let four = |at: usize| u32::from_ne_bytes(part(record, at));
    let eight = |at: usize| u64::from_ne_bytes(part(record, at));
    let symbol = &record[record::SYMBOL..record::SYMBOL + record::SYMBOL_LEN];
    Some(KernelDrop {
        inode: four(record::INODE).into(),
        dev: names.device(&record[record::NAME..record::NAME + 16]),
        reason: names.reason(four(record::REASON)),
        function: names.function(eight(record::LOCATION), symbol),
        length: four(record::LENGTH),
        protocol: u16::from_be_bytes(part(record, record::PROTOCOL)),
        bytes: part(record, record::BYTES),
        time: eight(record::TIME),
    })
}

/// The bytes at a place of a record.
fn part<const N: usize>(record: &[u8; record::LEN], at: usize) -> [u8; N] {
    std::array::from_fn(|index| record[at + index])
}

#[cfg(test)]
mod tests {
    use super::reasons::kernels;
    use super::*;

    #[test]
    fn a_record_becomes_a_drop() {
        let mut bytes = vec![0; record::LEN];
        bytes[record::REASON] = 11;
        bytes[record::INODE..record::INODE + 4].copy_from_slice(&4026532000u32.to_ne_bytes());
        bytes[record::NAME..record::NAME + 4].copy_from_slice(b"tun0");
        bytes[record::PROTOCOL] = 8;
        bytes[record::SYMBOL..record::SYMBOL + 22].copy_from_slice(b"nft_do_chain [nf_table");
        bytes[record::BYTES] = 0x45;
        let mut names = Names::new(kernels::reasons("6.1"));
        let drop = read(&bytes, &mut names).unwrap();
        assert_eq!((&*drop.dev, drop.protocol), ("tun0", 0x0800));
        assert_eq!(&*drop.function, "nft_do_chain");
        assert_eq!(drop.reason.as_deref(), Some("IP_RPFILTER"));
        assert_eq!((drop.inode, drop.bytes[0]), (4026532000, 0x45));
        assert_eq!(read(&bytes[..100], &mut names), None);
    }
}
