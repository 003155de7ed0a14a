//! The kernel's own word on each packet it throws away (`enum skb_drop_reason`, Linux 5.17): a
//! small program at the tracepoint `kfree_skb`, written here instruction by instruction, so that
//! no compiler is needed and nothing stays behind.
//!
//! 1. `btf`: where this kernel keeps what is wanted, what it calls the reasons.
//! 2. `program`, by way of `assembler`: the program for the namespaces that are watched.
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
pub mod passing;
mod perf;
mod program;
pub(crate) mod reasons;

use std::{
    fs::{self, File},
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
};

use nix::errno::Errno;

use super::errno;
use btf::{Btf, BtfError};
use call::Ring;
use program::{Offsets, record};
use reasons::Reasons;

/// A packet that the kernel threw away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KernelDrop {
    /// The inode of the network namespace it happened in.
    pub inode: u64,
    /// The device it belonged to; empty for one that a program has just written to a TUN device.
    pub dev: String,
    /// Why, without `SKB_DROP_REASON_`: `IP_RPFILTER`. Nothing before Linux 5.17.
    pub reason: Option<String>,
    /// The function that threw it away, where the kernel tells: `ip_rcv_finish_core`.
    pub function: String,
    /// Its length in bytes, from wherever its data began at that moment.
    pub length: u32,
    /// Its EtherType; 0 where it was not known yet.
    pub protocol: u16,
    /// Its first bytes, at most 160, from its network header on. What lies behind the packet's end
    /// is not cut off.
    pub bytes: Vec<u8>,
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

/// Watches what the kernel throws away in some network namespaces; ends when it is dropped.
#[derive(Debug)]
pub struct DropWatch {
    // Fields are closed in this order: first no more records, then the program.
    attached: OwnedFd,
    _program: OwnedFd,
    _format: OwnedFd,
    ring: Ring,
    lost: call::Counts,
    reasons: Reasons,
}

impl DropWatch {
    /// Starts to watch the namespaces with these inodes (`/proc/PID/ns/net`).
    pub fn start(inodes: &[u64]) -> Result<DropWatch, BpfError> {
        let text = Description::read().map_err(|error| BpfError::NoBtf(errno::of(&error)))?;
        let btf = Btf::parse(text.bytes())?;
        let offsets = Offsets::of(&btf)?;
        let refused = |step| move |errno| BpfError::Refused { step, errno };

        let ring = Ring::new(RING).map_err(refused("make a ring buffer"))?;
        let format = call::constant(b"%ps\0\0\0\0\0").map_err(refused("make a constant"))?;
        // Namespaces' inodes are 32 bits wide (include/linux/ns_common.h).
        let inodes: Vec<u32> = inodes.iter().map(|&inode| inode as u32).collect();
        let lost = call::Counts::new(1).map_err(refused("make a count"))?;
        let maps = program::Maps {
            ring: ring.descriptor().as_raw_fd(),
            format: format.as_raw_fd(),
            lost: lost.descriptor().as_raw_fd(),
        };
        let code = program::program(&offsets, &inodes, maps);
        let program = call::load(&code).map_err(refused("load a program into the kernel"))?;
        let attached = call::attach(b"kfree_skb\0", program.as_fd())
            .map_err(refused("attach to the tracepoint kfree_skb"))?;
        Ok(DropWatch {
            attached,
            _program: program,
            _format: format,
            ring,
            lost,
            reasons: Reasons::of(&btf),
        })
    }

    /// How many there was no room for, in all: nothing is known of them.
    pub fn lost(&self) -> u64 {
        self.lost.read().iter().sum()
    }

    /// The packets thrown away since the last call, in the kernel's order.
    pub fn drain(&mut self) -> Vec<KernelDrop> {
        let mut drops = Vec::new();
        let reasons = &self.reasons;
        self.ring
            .drain(|record| drops.extend(read(record, reasons)));
        drops
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

fn read(record: &[u8], reasons: &Reasons) -> Option<KernelDrop> {
    if record.len() < record::LEN {
        return None;
    }
    let four = |at: usize| u32::from_ne_bytes(record[at..at + 4].try_into().unwrap_or_default());
    let eight = |at: usize| u64::from_ne_bytes(record[at..at + 8].try_into().unwrap_or_default());
    let protocol = [record[record::PROTOCOL], record[record::PROTOCOL + 1]];
    let symbol = text(&record[record::SYMBOL..record::SYMBOL + record::SYMBOL_LEN]);
    Some(KernelDrop {
        inode: four(record::INODE).into(),
        dev: text(&record[record::NAME..record::NAME + 16]),
        reason: reasons.name(four(record::REASON)),
        function: function(&symbol),
        length: four(record::LENGTH),
        protocol: u16::from_be_bytes(protocol),
        bytes: record[record::BYTES..].to_vec(),
        time: eight(record::TIME),
    })
}

/// Up to the first zero.
fn text(bytes: &[u8]) -> String {
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// The function without what the compiler and the module loader added: `nft_do_chain [nf_tables]`,
/// `ip_rcv_core.isra.0`. An address where the kernel knows no name.
fn function(symbol: &str) -> String {
    let name = symbol.split([' ', '.']).next().unwrap_or_default();
    name.to_owned()
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
        let drop = read(&bytes, &kernels::reasons("6.1")).unwrap();
        assert_eq!((drop.dev.as_str(), drop.protocol), ("tun0", 0x0800));
        assert_eq!(drop.function, "nft_do_chain");
        assert_eq!(drop.reason.as_deref(), Some("IP_RPFILTER"));
        assert_eq!((drop.inode, drop.bytes[0]), (4026532000, 0x45));
        assert_eq!(read(&bytes[..100], &kernels::reasons("6.1")), None);
    }

    #[test]
    fn functions_lose_what_the_compiler_adds() {
        assert_eq!(function("ip_rcv_core.isra.0"), "ip_rcv_core");
        assert_eq!(function("tun_get_user [tun]"), "tun_get_user");
    }
}
