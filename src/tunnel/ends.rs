//! The two sides that the loop waits for, reads and writes: a device and a socket.

use super::{HostWatch, Reason};
use crate::capture::TunDevice;
use crate::sys::{errno, signals::Signals, udp_socket::Udp};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;

/// What the loop works with.
#[derive(Debug)]
pub struct Tunnel<'t> {
    /// The inner network; none where packets are only shown.
    pub device: Option<&'t TunDevice>,
    /// What the pipe knows of this host, kept up to date.
    pub host: Option<HostWatch<'t>>,
    /// The outer network.
    pub socket: &'t Udp,
    /// What ends the loop, or asks for the counters.
    pub signals: &'t Signals,
    /// Whether packets of the device are taken.
    pub sends: bool,
    /// Whether datagrams are taken.
    pub receives: bool,
}

/// What ends a tunnel.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    /// The kernel would not do something.
    #[error("{operation}: {}", errno::text(*errno))]
    Refused {
        /// What was asked, with its object.
        operation: String,
        /// Why not.
        errno: Errno,
    },
    /// Who looks on has failed.
    #[error(transparent)]
    Watcher(#[from] io::Error),
}

/// Which sides have something.
pub(super) struct Ready {
    pub(super) device: bool,
    pub(super) socket: bool,
    /// Whether the socket knows of datagrams that did not arrive.
    pub(super) undelivered: bool,
}

impl TunnelError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            // What tun_chr_read_iter() answers once the device is gone.
            TunnelError::Refused {
                errno: Errno::EBADFD,
                ..
            } => Some("the device was deleted: start the tunnel again".to_owned()),
            _ => None,
        }
    }
}

impl Tunnel<'_> {
    /// Waits until a side or a signal has something.
    pub(super) fn wait(&self) -> Result<Ready, TunnelError> {
        // Errors are told whatever is asked for. That a TUN is deleted is only told to who waits for
        // something of its sk_data_ready(): POLLPRI, which never comes, is that and no packet.
        let if_wanted = |wanted| match wanted {
            true => PollFlags::POLLIN,
            false => PollFlags::POLLPRI,
        };
        let signals = || PollFd::new(self.signals.as_fd(), PollFlags::POLLIN);
        let device = match self.device {
            Some(device) => PollFd::new(device.as_fd(), if_wanted(self.sends)),
            None => signals(),
        };
        let socket = PollFd::new(self.socket.as_fd(), if_wanted(self.receives));
        let mut fds = [device, socket, signals()];
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(refused("wait for packets", errno)),
        }
        let [device, socket, _] = fds.map(|fd| fd.revents().unwrap_or(PollFlags::empty()));
        Ok(Ready {
            device: self.device.is_some() && !device.is_empty(),
            socket: socket.contains(PollFlags::POLLIN),
            undelivered: socket.contains(PollFlags::POLLERR),
        })
    }

    /// The length of the next packet of the device, if one is there.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Result<Option<usize>, TunnelError> {
        let Some(device) = self.device else {
            return Ok(None);
        };
        match device.recv(buffer).map_err(|error| errno::of(&error)) {
            Ok(length) => Ok(Some(length)),
            Err(Errno::EAGAIN) => Ok(None),
            Err(errno) => Err(refused(&format!("read from {}", device.name()), errno)),
        }
    }

    /// The length of the next datagram, if one is there, and its sender.
    pub(super) fn receive(
        &self,
        buffer: &mut [u8],
    ) -> Result<Option<(usize, SocketAddr)>, TunnelError> {
        let received = self.socket.recv(buffer);
        received.map_err(|errno| refused("receive a datagram", errno))
    }

    /// Writes a packet to the device. One that is down says EIO, and takes packets again when it
    /// is up.
    pub(super) fn write(&self, packet: &[u8]) -> Result<(), Reason> {
        match self.device.map(|device| device.send(packet)) {
            Some(Err(error)) => Err(Reason::DeviceDown {
                errno: errno::of(&error),
            }),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    /// Sends a packet in a datagram.
    pub(super) fn send(&self, packet: &[u8], to: SocketAddr) -> Result<(), Reason> {
        let length = packet.len();
        self.socket.send(packet, to).map_err(|errno| match errno {
            Errno::EMSGSIZE => Reason::TooLong { to, length },
            errno => Reason::Unreachable { to, errno },
        })
    }
}

fn refused(operation: &str, errno: Errno) -> TunnelError {
    TunnelError::Refused {
        operation: operation.to_owned(),
        errno,
    }
}
