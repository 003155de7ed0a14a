//! Sending and hearing ICMP through the kernel, for a ping without a device of its own.
//!
//! A raw socket where that is allowed (CAP_NET_RAW): it hears every ICMP message to this host,
//! errors included. Else a datagram socket, the "ping socket" of `man 7 icmp`, which
//! `net.ipv4.ping_group_range` opens to ordinary users: the kernel puts its own identifier into
//! what is sent, and errors come through a queue of their own. [`Heard`] is the same for both.

mod quotation;

use std::{
    io::{IoSlice, IoSliceMut},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    time::{Duration, SystemTime},
};

use nix::{
    cmsg_space,
    errno::Errno,
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{
        AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn,
        SockaddrIn6, SockaddrLike, SockaddrStorage, bind, getsockname, recvmsg, sendmsg,
        setsockopt, socket, sockopt,
    },
    sys::time::TimeSpec,
};

use super::errno;
use quotation::{quoted_v6, strip_v4};

/// A socket for ICMP (to an IPv4 destination) or ICMPv6.
#[derive(Debug)]
pub struct IcmpSocket {
    fd: OwnedFd,
    kind: Kind,
    v6: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Raw,
    Datagram,
}

/// One message that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Who sent it; of an error, who reported it.
    pub from: IpAddr,
    /// The TTL or hop limit it arrived with, where the kernel tells.
    pub ttl: Option<u8>,
    /// When the kernel received it.
    pub at: SystemTime,
    /// What it is.
    pub what: Heard,
}

/// What arrived; lengths are those of the bytes now at the start of the caller's buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// An ICMP message, from its type on.
    Message {
        /// Its length in bytes.
        len: usize,
    },
    /// An ICMP error about a message of ICMP that was sent; the buffer holds what it quotes of
    /// that message, from its type on.
    Error {
        /// The error's type.
        kind: u8,
        /// The error's code.
        code: u8,
        /// The length of the quoted message in bytes.
        len: usize,
    },
}

/// What the kernel would not do. Reads `send to 192.168.53.1: network is unreachable (ENETUNREACH)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {}", errno::text(*errno))]
pub struct IcmpError {
    /// What was asked, with its object.
    pub operation: String,
    /// Why not.
    pub errno: Errno,
}

impl IcmpError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self.errno {
            Errno::EPERM | Errno::EACCES => Some(
                "run it as root (`sudo`), or allow it: \
                 `sudo sysctl -w 'net.ipv4.ping_group_range=0 2147483647'`"
                    .to_owned(),
            ),
            Errno::ENETUNREACH => Some("add a route: `ip route` shows those there are".to_owned()),
            _ => None,
        }
    }
}

impl IcmpSocket {
    /// Opens a socket for the protocol of `destination`.
    pub fn open(destination: IpAddr) -> Result<Self, IcmpError> {
        let v6 = destination.is_ipv6();
        let (family, protocol) = if v6 {
            (AddressFamily::Inet6, SockProtocol::IcmpV6)
        } else {
            (AddressFamily::Inet, SockProtocol::Icmp)
        };
        let open = |kind| socket(family, kind, SockFlag::SOCK_CLOEXEC, protocol);
        let opened = match open(SockType::Raw) {
            Err(Errno::EPERM | Errno::EACCES) => {
                open(SockType::Datagram).map(|fd| (fd, Kind::Datagram))
            }
            raw => raw.map(|fd| (fd, Kind::Raw)),
        };
        let (fd, kind) = opened.map_err(failed("open an ICMP socket"))?;
        let socket = IcmpSocket { fd, kind, v6 };
        socket.prepare().map_err(failed("prepare an ICMP socket"))?;
        Ok(socket)
    }

    /// The echo identifier that the kernel puts into what is sent, if it does: the caller's own is
    /// sent as it is where this is `None`.
    pub fn identifier(&self) -> Option<u16> {
        if self.kind == Kind::Raw {
            return None;
        }
        let name: SockaddrStorage = getsockname(self.fd.as_raw_fd()).ok()?;
        name.as_sockaddr_in()
            .map(SockaddrIn::port)
            .or_else(|| name.as_sockaddr_in6().map(SockaddrIn6::port))
    }

    /// Sets the TTL (hop limit) of what is sent from now on.
    pub fn set_ttl(&self, ttl: u8) -> Result<(), IcmpError> {
        let ttl = ttl.into();
        let outcome = if self.v6 {
            setsockopt(&self.fd, sockopt::Ipv6Ttl, &ttl)
        } else {
            setsockopt(&self.fd, sockopt::Ipv4Ttl, &ttl)
        };
        outcome.map_err(failed(&format!("set the TTL to {ttl}")))
    }

    /// Sends one ICMP message, from its type on. The checksum is the caller's for ICMP, the
    /// kernel's for ICMPv6, whose pseudo-header needs the source address (RFC 4443 section 2.3).
    pub fn send(&self, message: &[u8], to: IpAddr) -> Result<(), IcmpError> {
        let address = SockaddrStorage::from(SocketAddr::new(to, 0));
        let parts = [IoSlice::new(message)];
        let flags = MsgFlags::MSG_NOSIGNAL;
        loop {
            match sendmsg(self.fd.as_raw_fd(), &parts, &[], flags, Some(&address)) {
                Err(Errno::EINTR) => {}
                outcome => return outcome.map(drop).map_err(failed(&format!("send to {to}"))),
            }
        }
    }

    /// Waits for one message, at most `timeout`, and puts it at the start of `buffer`. `None` when
    /// the time is up, or when what woke us was of no use.
    pub fn receive(
        &self,
        buffer: &mut [u8],
        timeout: Duration,
    ) -> Result<Option<Arrival>, IcmpError> {
        let mut ready = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
        // Rounded up: a wait of less than a millisecond must not become a busy one.
        let millis = timeout.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i32;
        let timeout = PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX);
        match poll(&mut ready, timeout) {
            Ok(0) | Err(Errno::EINTR) => return Ok(None),
            outcome => outcome.map_err(failed("wait for a reply"))?,
        };
        let queued = ready[0]
            .revents()
            .is_some_and(|events| events.contains(PollFlags::POLLERR));
        let outcome = if queued {
            self.read_error(buffer)
        } else {
            self.read_message(buffer)
        };
        match outcome {
            // An error that the queue reports too; and a message that someone else took.
            Err(Errno::EAGAIN | Errno::EHOSTUNREACH | Errno::ENETUNREACH | Errno::ECONNREFUSED) => {
                Ok(None)
            }
            outcome => outcome.map_err(failed("receive a reply")),
        }
    }

    fn prepare(&self) -> Result<(), Errno> {
        setsockopt(&self.fd, sockopt::ReceiveTimestampns, &true)?;
        if self.v6 {
            setsockopt(&self.fd, sockopt::Ipv6RecvHopLimit, &true)?;
        } else {
            setsockopt(&self.fd, sockopt::Ipv4RecvTtl, &true)?;
        }
        if self.kind == Kind::Datagram {
            if self.v6 {
                setsockopt(&self.fd, sockopt::Ipv6RecvErr, &true)?;
            } else {
                setsockopt(&self.fd, sockopt::Ipv4RecvErr, &true)?;
            }
            // Only a bound ping socket knows its identifier before it sends.
            let any: SocketAddr = if self.v6 {
                SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0).into()
            } else {
                SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0).into()
            };
            bind(self.fd.as_raw_fd(), &SockaddrStorage::from(any))?;
        }
        Ok(())
    }

    fn read_message(&self, buffer: &mut [u8]) -> Result<Option<Arrival>, Errno> {
        let arrived = self.read(buffer, MsgFlags::MSG_DONTWAIT)?;
        let len = arrived.len;
        let what = if self.kind == Kind::Raw && !self.v6 {
            strip_v4(&mut buffer[..len])
        } else if self.kind == Kind::Raw {
            Some(quoted_v6(&mut buffer[..len]))
        } else {
            Some(Heard::Message { len })
        };
        let Some(what) = what else { return Ok(None) };
        let from = arrived.from.unwrap_or(self.any());
        Ok(Some(Arrival {
            from,
            ttl: arrived.ttl,
            at: arrived.at,
            what,
        }))
    }

    fn read_error(&self, buffer: &mut [u8]) -> Result<Option<Arrival>, Errno> {
        let arrived = self.read(buffer, MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT)?;
        let Some((kind, code, reporter)) = arrived.error else {
            return Ok(None);
        };
        let what = Heard::Error {
            kind,
            code,
            len: arrived.len,
        };
        let from = reporter.unwrap_or(self.any());
        Ok(Some(Arrival {
            from,
            ttl: arrived.ttl,
            at: arrived.at,
            what,
        }))
    }

    fn read(&self, buffer: &mut [u8], flags: MsgFlags) -> Result<Raw, Errno> {
        let mut control = cmsg_space!(
            TimeSpec,
            libc::c_int,
            libc::sock_extended_err,
            libc::sockaddr_in6
        );
        let mut parts = [IoSliceMut::new(buffer)];
        let message =
            recvmsg::<SockaddrStorage>(self.fd.as_raw_fd(), &mut parts, Some(&mut control), flags)?;
        let mut raw = Raw {
            len: message.bytes,
            from: message.address.as_ref().and_then(ip),
            ttl: None,
            at: SystemTime::now(),
            error: None,
        };
        for part in message.cmsgs()? {
            match part {
                ControlMessageOwned::Ipv4Ttl(ttl) | ControlMessageOwned::Ipv6HopLimit(ttl) => {
                    raw.ttl = ttl.try_into().ok();
                }
                ControlMessageOwned::ScmTimestampns(time) => {
                    raw.at = SystemTime::UNIX_EPOCH + Duration::from(time);
                }
                ControlMessageOwned::Ipv4RecvErr(error, reporter) => {
                    let reporter = reporter.map(|at| u32::from_be(at.sin_addr.s_addr));
                    let reporter = reporter.map(|bits| IpAddr::from(Ipv4Addr::from(bits)));
                    raw.error = Some((error.ee_type, error.ee_code, reporter));
                }
                ControlMessageOwned::Ipv6RecvErr(error, reporter) => {
                    let reporter = reporter.map(|at| IpAddr::from(at.sin6_addr.s6_addr));
                    raw.error = Some((error.ee_type, error.ee_code, reporter));
                }
                _ => {}
            }
        }
        Ok(raw)
    }

    fn any(&self) -> IpAddr {
        if self.v6 {
            Ipv6Addr::UNSPECIFIED.into()
        } else {
            Ipv4Addr::UNSPECIFIED.into()
        }
    }
}

impl AsFd for IcmpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// One datagram and what the kernel said about it.
struct Raw {
    len: usize,
    from: Option<IpAddr>,
    ttl: Option<u8>,
    at: SystemTime,
    error: Option<(u8, u8, Option<IpAddr>)>,
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    match address.family()? {
        AddressFamily::Inet => Some(address.as_sockaddr_in()?.ip().into()),
        AddressFamily::Inet6 => Some(address.as_sockaddr_in6()?.ip().into()),
        _ => None,
    }
}

fn failed(operation: &str) -> impl Fn(Errno) -> IcmpError {
    move |errno| IcmpError {
        operation: operation.to_owned(),
        errno,
    }
}
