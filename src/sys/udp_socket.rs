//! A UDP socket that also tells which of its datagrams nobody took.
//!
//! The kernel keeps ICMP errors about datagrams in a queue of the socket's own when asked to
//! (IP_RECVERR, `man 7 ip`), and with each the address that the datagram was for: without that a
//! socket that serves many would not hear of a closed port at all.

use super::errno;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, RecvMsg, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// A UDP socket, bound. IPv4 addresses are IPv4 ones, also on a socket of both families.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    v6: bool,
}

/// A datagram that did not arrive, as the kernel tells later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undelivered {
    /// Whom it was for.
    pub to: SocketAddr,
    /// Why not: ECONNREFUSED when the port is closed.
    pub errno: Errno,
}

/// What the kernel would not do. Reads `listen on 0.0.0.0:9090: address already in use (EADDRINUSE)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {}", errno::text(*errno))]
pub struct UdpError {
    /// What was asked, with its object.
    pub operation: String,
    /// Why not.
    pub errno: Errno,
}

impl UdpError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        let step = match self.errno {
            Errno::EADDRINUSE => {
                "end the program that has the port (`ss -ulpn` names it), or choose another"
            }
            Errno::EADDRNOTAVAIL => "use an address of this host: `ip addr` lists them",
            Errno::EACCES => "ports below 1024 are root's: choose a higher one",
            Errno::ENETUNREACH => "add a route: `ip route` shows those there are",
            _ => return None,
        };
        Some(step.to_owned())
    }
}

impl Udp {
    /// Hears datagrams to `local` from anybody; `[::]` hears IPv4 as well.
    pub fn listen(local: SocketAddr) -> Result<Udp, UdpError> {
        Udp::bind(local).map_err(|error| failed(format!("listen on {local}"), &error))
    }

    /// Sends to `remote` and hears only from there.
    pub fn connect(remote: SocketAddr) -> Result<Udp, UdpError> {
        let any: IpAddr = match remote {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let connect = || {
            let udp = Udp::bind(SocketAddr::new(any, 0))?;
            udp.socket.connect(remote)?;
            Ok(udp)
        };
        connect().map_err(|error| failed(format!("connect to {remote}"), &error))
    }

    fn bind(local: SocketAddr) -> io::Result<Udp> {
        let socket = UdpSocket::bind(local)?;
        let v6 = local.is_ipv6();
        if v6 {
            setsockopt(&socket, sockopt::Ipv6RecvErr, &true)?;
        }
        // On a socket of both families IPv4's errors have a switch of their own.
        setsockopt(&socket, sockopt::Ipv4RecvErr, &true)?;
        Ok(Udp { socket, v6 })
    }

    /// Where it is bound.
    ///
    /// # Errors
    /// That of getsockname(2).
    pub fn local(&self) -> io::Result<SocketAddr> {
        Ok(canonical(self.socket.local_addr()?))
    }

    /// Takes the next datagram, without waiting: its length and its sender. One longer than
    /// `buffer` loses its end; 65,507 bytes hold any.
    ///
    /// # Errors
    /// That of recvmsg(2), but neither `WouldBlock` nor what was heard of earlier datagrams.
    pub fn recv(&self, buffer: &mut [u8]) -> nix::Result<Option<(usize, SocketAddr)>> {
        let fd = self.socket.as_raw_fd();
        loop {
            let mut slices = [IoSliceMut::new(buffer)];
            let flags = MsgFlags::MSG_DONTWAIT;
            let received: nix::Result<RecvMsg<SockaddrStorage>> =
                recvmsg(fd, &mut slices, None, flags);
            match received {
                Ok(message) => {
                    let from = message.address.as_ref().and_then(address);
                    let from = from.ok_or(Errno::EAFNOSUPPORT)?;
                    return Ok(Some((message.bytes, from)));
                }
                Err(Errno::EAGAIN) => return Ok(None),
                Err(errno) if is_echo(errno) => {} // its details are in the queue
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Sends a datagram, waiting while the way out is full.
    ///
    /// # Errors
    /// That of sendto(2): EMSGSIZE for more than a datagram holds, ENETUNREACH without a route.
    pub fn send(&self, datagram: &[u8], to: SocketAddr) -> nix::Result<()> {
        // What was heard of an earlier datagram ends the first attempt; it is in the queue, too.
        match self.send_once(datagram, to) {
            Err(errno) if is_echo(errno) => self.send_once(datagram, to),
            outcome => outcome,
        }
    }

    fn send_once(&self, datagram: &[u8], to: SocketAddr) -> nix::Result<()> {
        let to = match to {
            SocketAddr::V4(v4) if self.v6 => {
                SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port())
            }
            to => to,
        };
        let sent = self.socket.send_to(datagram, to);
        sent.map(drop).map_err(|error| errno::of(&error))
    }

    /// The next datagram known not to have arrived; `None` when no more is known. Poll reports
    /// POLLERR while something is.
    pub fn undelivered(&self) -> Option<Undelivered> {
        let mut rest = [0; 0];
        let mut slices = [IoSliceMut::new(&mut rest)];
        let mut space = cmsg_space!(libc::sock_extended_err, libc::sockaddr_in6);
        let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
        let fd = self.socket.as_raw_fd();
        let message: RecvMsg<SockaddrStorage> =
            recvmsg(fd, &mut slices, Some(&mut space), flags).ok()?;
        let to = message.address.as_ref().and_then(address)?;
        let number = message.cmsgs().ok()?.find_map(|control| match control {
            ControlMessageOwned::Ipv4RecvErr(error, _)
            | ControlMessageOwned::Ipv6RecvErr(error, _) => Some(error.ee_errno),
            _ => None,
        })?;
        let errno = Errno::from_raw(number as i32);
        Some(Undelivered { to, errno })
    }
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Whether an error may be about an earlier datagram (icmp(7), `icmp_err_convert` in the kernel's
/// net/ipv4/icmp.c).
fn is_echo(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::ECONNREFUSED
            | Errno::EHOSTUNREACH
            | Errno::ENETUNREACH
            | Errno::EHOSTDOWN
            | Errno::ENONET
            | Errno::ENOPROTOOPT
            | Errno::EOPNOTSUPP
            | Errno::EPROTO
            | Errno::EACCES
            | Errno::EMSGSIZE
    )
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddrV4::from(*v4).into());
    }
    let v6 = SocketAddrV6::from(*storage.as_sockaddr_in6()?);
    Some(canonical(v6.into()))
}

/// An IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) as what it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddr::new(v4.into(), v6.port()),
            None => address,
        },
        SocketAddr::V4(_) => address,
    }
}

fn failed(operation: String, error: &io::Error) -> UdpError {
    let errno = errno::of(error);
    UdpError { operation, errno }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn loopback(port: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, port).into()
    }

    /// Waits for what the loopback device delivers a moment later.
    fn soon<T>(mut look: impl FnMut() -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(started.elapsed() < Duration::from_secs(5), "nothing comes");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_closed_port_is_told_with_its_address_and_nothing_else_is_lost() {
        let server = Udp::listen(loopback(0)).unwrap();
        let gone = Udp::listen(loopback(0)).unwrap();
        let closed = gone.local().unwrap();
        drop(gone);
        let client = Udp::connect(server.local().unwrap()).unwrap();
        server.send(b"to nobody", closed).unwrap();
        // The error is pending now; it must not cost the datagram that comes next.
        server.send(b"second", client.local().unwrap()).unwrap();
        let mut buffer = [0; 16];
        let (length, from) = soon(|| client.recv(&mut buffer).unwrap());
        assert_eq!(&buffer[..length], b"second");
        assert_eq!(from, server.local().unwrap());
        let undelivered = soon(|| server.undelivered());
        assert_eq!(undelivered.to, closed);
        assert_eq!(undelivered.errno, Errno::ECONNREFUSED);
        assert_eq!(server.undelivered(), None);
        assert_eq!(server.recv(&mut buffer).unwrap(), None);
    }

    #[test]
    fn a_socket_of_both_families_speaks_of_ipv4_as_ipv4() {
        let Ok(server) = Udp::listen((Ipv6Addr::UNSPECIFIED, 0).into()) else {
            return; // a machine without IPv6
        };
        let port = server.local().unwrap().port();
        let client = Udp::connect(loopback(port)).unwrap();
        client.send(b"hello", loopback(port)).unwrap();
        let mut buffer = [0; 16];
        let (_, from) = soon(|| server.recv(&mut buffer).unwrap());
        assert_eq!(from, client.local().unwrap());
        server.send(b"answer", from).unwrap();
        let (length, _) = soon(|| client.recv(&mut buffer).unwrap());
        assert_eq!(&buffer[..length], b"answer");
    }

    #[test]
    fn a_taken_port_says_so() {
        let first = Udp::listen(loopback(0)).unwrap();
        let local = first.local().unwrap();
        let error = Udp::listen(local).unwrap_err();
        let words = format!("listen on {local}: address already in use (EADDRINUSE)");
        assert_eq!(error.to_string(), words);
        assert!(error.remedy().unwrap().contains("ss -ulpn"));
    }
}
