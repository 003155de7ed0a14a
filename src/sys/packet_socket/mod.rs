//! Packets as they pass the devices of a network namespace (`man 7 packet`).
//!
//! One socket, bound to no device in particular, sees every device of its namespace, those that
//! come later too. The kernel says with each packet when and on which device it passed, which way
//! it went, and whether its checksum is still to be computed. What it had no room to keep it
//! counts.
//!
//! - [`program`]: a filter that the kernel runs, so that a busy device does not fill the socket
//! - [`machine`]: the same filter, run here
//! - `calls`: the system calls that no crate has
//! - `stamps`: waiting until the kernel stamps packets as they pass

mod calls;
pub mod machine;
pub mod program;
mod stamps;

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, setsockopt, socket, sockopt,
};
use program::Instruction;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use super::errno;
pub use stamps::await_stamps;

/// Bytes of packets that may wait to be read. The kernel counts more than a packet's own bytes.
const BUFFER: usize = 8 * 1024 * 1024;

/// A socket that sees what passes the devices of the namespace it was opened in.
#[derive(Debug)]
pub struct PacketSocket {
    fd: OwnedFd,
    lost: u64,
}

/// A packet that passed; its bytes are at the start of the caller's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Bytes in the buffer.
    pub len: usize,
    /// Bytes on the wire; more where the buffer was too small.
    pub wire_len: usize,
    /// Nanoseconds since 1970, taken as it passed; nothing when the kernel did not yet do that.
    pub time: Option<u64>,
    /// The device's number.
    pub device: i32,
    /// The kind of device, an `ARPHRD_` number of `<net/if_arp.h>`: what the first byte is.
    pub hardware: u16,
    /// Whether the host sent it.
    pub outgoing: bool,
    /// Whether its transport checksum is still to be computed by a device.
    pub partial_checksum: bool,
}

/// What the kernel would not do. Reads `open a packet socket: operation not permitted (EPERM)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {}", errno::text(*errno))]
pub struct PacketError {
    /// What was asked, with its object.
    pub operation: String,
    /// Why not.
    pub errno: Errno,
}

impl PacketError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self.errno {
            Errno::EPERM | Errno::EACCES => Some(
                "seeing packets needs CAP_NET_RAW: run as root (`sudo`), or in a lab of your own"
                    .to_owned(),
            ),
            Errno::EAFNOSUPPORT => Some("load the driver: `modprobe af_packet`".to_owned()),
            _ => None,
        }
    }
}

impl PacketSocket {
    /// Opens a socket in the calling thread's network namespace, where it stays. With a `filter`
    /// it sees only what that accepts.
    pub fn open(filter: Option<&[Instruction]>) -> Result<Self, PacketError> {
        let open = || {
            // Of protocol 0 it sees nothing until it is bound, when it is ready.
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let fd = socket(
                AddressFamily::Packet,
                SockType::Raw,
                flags,
                None::<SockProtocol>,
            )?;
            if setsockopt(&fd, sockopt::RcvBufForce, &BUFFER).is_err() {
                // The most that net.core.rmem_max allows.
                setsockopt(&fd, sockopt::RcvBuf, &BUFFER)?;
            }
            stamps::ask_for(&fd)?;
            calls::set(&fd, libc::SOL_PACKET, libc::PACKET_AUXDATA, &1_i32)?;
            if let Some(filter) = filter {
                calls::attach(&fd, filter)?;
            }
            calls::bind_to_all(&fd)?;
            Ok(fd)
        };
        match open() {
            Ok(fd) => Ok(PacketSocket { fd, lost: 0 }),
            Err(errno) => Err(failed("open a packet socket", errno)),
        }
    }

    /// The next packet that passed, if one waits; its bytes go into `buffer`.
    pub fn receive(&self, buffer: &mut [u8]) -> Result<Option<Passed>, PacketError> {
        match calls::receive(self.fd.as_raw_fd(), buffer) {
            Ok(passed) => Ok(Some(passed)),
            // A device that went down is reported once, and the others go on.
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ENETDOWN) => Ok(None),
            Err(errno) => Err(failed("read from a packet socket", errno)),
        }
    }

    /// How many packets there was no room for, since the socket was opened.
    pub fn lost(&mut self) -> Result<u64, PacketError> {
        let dropped = calls::dropped(self.fd.as_raw_fd())
            .map_err(|errno| failed("ask what a packet socket lost", errno))?;
        // To ask is to reset.
        self.lost += u64::from(dropped);
        Ok(self.lost)
    }

    /// What the device of that number is called in the socket's namespace.
    pub fn device_name(&self, device: i32) -> Result<String, PacketError> {
        let named = |errno| failed(&format!("ask for the name of device {device}"), errno);
        calls::device_name(self.fd.as_raw_fd(), device).map_err(named)
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn failed(operation: &str, errno: Errno) -> PacketError {
    PacketError {
        operation: operation.to_owned(),
        errno,
    }
}
