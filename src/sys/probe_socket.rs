//! Sockets that send one UDP datagram, or ask for one TCP connection, with a TTL of their own and
//! a source port that is known beforehand.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, SockaddrLike, SockaddrStorage, bind, connect,
    getsockname, recv, sendto, setsockopt, socket, sockopt,
};

use super::errno;

/// A socket for one probe.
#[derive(Debug)]
pub struct ProbeSocket {
    fd: OwnedFd,
    port: u16,
    transport: Transport,
}

/// What carries a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A datagram.
    Udp,
    /// A SYN, and whatever the kernel makes of the answer.
    Tcp,
}

/// What the kernel would not do. Reads `send to 192.168.70.101: network is unreachable
/// (ENETUNREACH)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {}", errno::text(*errno))]
pub struct ProbeError {
    /// What was asked, with its object.
    pub operation: String,
    /// Why not.
    pub errno: Errno,
}

impl ProbeError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        None
    }
}

impl ProbeSocket {
    /// Opens a socket towards `to`, in the calling thread's network namespace.
    pub fn open(transport: Transport, to: IpAddr, ttl: Option<u8>) -> Result<Self, ProbeError> {
        let v6 = to.is_ipv6();
        let family = if v6 {
            AddressFamily::Inet6
        } else {
            AddressFamily::Inet
        };
        let kind = match transport {
            Transport::Udp => SockType::Datagram,
            Transport::Tcp => SockType::Stream,
        };
        let open = || {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let fd = socket(family, kind, flags, None)?;
            if let Some(ttl) = ttl {
                let ttl = ttl.into();
                match v6 {
                    true => setsockopt(&fd, sockopt::Ipv6Ttl, &ttl)?,
                    false => setsockopt(&fd, sockopt::Ipv4Ttl, &ttl)?,
                }
            }
            if transport == Transport::Tcp {
                // Closing resets: nothing lingers where the probe went.
                let linger = libc::linger {
                    l_onoff: 1,
                    l_linger: 0,
                };
                setsockopt(&fd, sockopt::Linger, &linger)?;
            }
            let any = match v6 {
                true => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
                false => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            };
            bind(fd.as_raw_fd(), &SockaddrStorage::from(any))?;
            let port = port(&fd)?;
            Ok(ProbeSocket {
                fd,
                port,
                transport,
            })
        };
        open().map_err(|errno| ProbeError {
            operation: "open a socket for the probe".to_owned(),
            errno,
        })
    }

    /// The port that it sends from.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sends `data` in a datagram, or asks for a connection; does not wait for anything.
    pub fn send(&self, data: &[u8], to: SocketAddr) -> Result<(), ProbeError> {
        let address = SockaddrStorage::from(to);
        let outcome = match self.transport {
            Transport::Udp => {
                let flags = MsgFlags::MSG_NOSIGNAL;
                sendto(self.fd.as_raw_fd(), data, &address, flags).map(drop)
            }
            Transport::Tcp => match connect(self.fd.as_raw_fd(), &address) {
                Err(Errno::EINPROGRESS) => Ok(()),
                outcome => outcome,
            },
        };
        outcome.map_err(|errno| ProbeError {
            operation: format!("send to {}", to.ip()),
            errno,
        })
    }
}

impl ProbeSocket {
    /// Whether an answer has come: a datagram, the other end's consent, or its refusal. Waits for
    /// it at most that long. A datagram is taken out: the next one answers something else.
    pub fn has_heard(&self, timeout: Duration) -> bool {
        let wanted = match self.transport {
            Transport::Udp => PollFlags::POLLIN,
            Transport::Tcp => PollFlags::POLLOUT,
        };
        let mut ready = [PollFd::new(self.fd.as_fd(), wanted)];
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        if !poll(&mut ready, timeout).is_ok_and(|ready| ready > 0) {
            return false;
        }
        match self.transport {
            // An error that was reported is none.
            Transport::Udp => recv(self.fd.as_raw_fd(), &mut [0], MsgFlags::empty()).is_ok(),
            Transport::Tcp => true,
        }
    }
}

fn port(fd: &OwnedFd) -> Result<u16, Errno> {
    let name: SockaddrStorage = getsockname(fd.as_raw_fd())?;
    let port = match name.family() {
        Some(AddressFamily::Inet6) => name.as_sockaddr_in6().map(|name| name.port()),
        _ => name.as_sockaddr_in().map(|name| name.port()),
    };
    port.ok_or(Errno::EAFNOSUPPORT)
}
