//! Packets of an interface that exists already, as `read -i` shows them.
//!
//! pnet's datalink lists the interfaces, binds the packet socket and turns promiscuous mode on.
//! The socket itself is made here and its packets are received here, because pnet's own would
//! collect packets of every interface until it is bound, and drops the kernel's time and
//! direction of each packet.

use super::interface_error::{InterfaceError, missing};
use super::{Direction, Frame, Interface, MAX_FRAME, Timestamp};
use crate::model::LinkType;
use crate::sys::tun_ioctl;
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockType, recvmsg,
    setsockopt, socket,
};
use nix::sys::time::TimeSpec;
use pnet::datalink::{self, NetworkInterface};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd};
use std::time::Duration;

/// A packet socket on one interface. It sees what the interface receives and sends.
pub struct LiveInterface {
    socket: OwnedFd,
    name: String,
    link: LinkType,
    loopback: bool,
    timeout: Option<Duration>,
    buffer: Box<[u8]>,
    control: Vec<u8>,
    count: u64,
}

impl LiveInterface {
    /// Listens on the interface of this name, in promiscuous mode. `timeout` bounds how long
    /// [`recv`](LiveInterface::recv) waits; none waits forever, zero not at all.
    ///
    /// # Errors
    /// [`InterfaceError`] when there is no such interface, it may not be listened on, or its
    /// packets start with neither Ethernet nor IP.
    pub fn open(name: &str, timeout: Option<Duration>) -> Result<LiveInterface, InterfaceError> {
        let interface = find(name)?;
        let failed = |errno| InterfaceError::failed(name, errno);
        let socket = bound_socket(&interface).map_err(failed)?;
        setsockopt(&socket, ReceiveTimestampns, &true).map_err(failed)?;
        // /sys may show another network namespace, and a list of addresses leaves out a device
        // without one, as every TUN is.
        let hardware = tun_ioctl::hardware_type(&socket, name).map_err(failed)?;
        let link = link_type(hardware).ok_or_else(|| InterfaceError::OtherHardware {
            name: name.to_owned(),
            hardware,
        })?;
        Ok(LiveInterface {
            socket,
            name: name.to_owned(),
            link,
            loopback: hardware == libc::ARPHRD_LOOPBACK,
            timeout,
            buffer: vec![0; MAX_FRAME].into_boxed_slice(),
            control: nix::cmsg_space!(TimeSpec),
            count: 0,
        })
    }

    /// The interface's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a packet's first byte belongs to.
    pub fn link_type(&self) -> LinkType {
        self.link
    }

    /// The next packet; `None` when the timeout passes or a signal arrives first, so that the
    /// caller can look whether to go on.
    ///
    /// # Errors
    /// [`InterfaceError::Down`] when the interface is down or removed.
    pub fn recv(&mut self) -> Result<Option<Frame<'_>>, InterfaceError> {
        let packet = loop {
            match self.receive() {
                // The loopback interface shows each packet leaving and arriving: once is enough.
                Ok(packet) if self.loopback && packet.direction == Direction::Out => {}
                Ok(packet) => break packet,
                Err(Errno::EAGAIN) if self.wait()? => {}
                Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
                Err(errno) => return Err(InterfaceError::failed(&self.name, errno)),
            }
        };
        self.count += 1;
        Ok(Some(Frame {
            number: self.count,
            time: packet.time.unwrap_or_else(Timestamp::now),
            link: self.link,
            wire_len: u32::try_from(packet.length).unwrap_or(u32::MAX),
            bytes: &self.buffer[..packet.length.min(self.buffer.len())],
            interface: Some(Interface::named(&self.name)),
            direction: Some(packet.direction),
        }))
    }
}

impl AsFd for LiveInterface {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What the kernel says of a packet beside its bytes.
struct Seen {
    /// On the wire, in bytes.
    length: usize,
    time: Option<Timestamp>,
    direction: Direction,
}

impl LiveInterface {
    /// One packet into the buffer, without waiting.
    fn receive(&mut self) -> Result<Seen, Errno> {
        let mut place = [IoSliceMut::new(&mut self.buffer)];
        let message = recvmsg::<LinkAddr>(
            self.socket.as_raw_fd(),
            &mut place,
            Some(&mut self.control),
            // Makes the length that on the wire, even where it exceeds the buffer.
            MsgFlags::MSG_TRUNC,
        )?;
        let time = message.cmsgs()?.find_map(|control| match control {
            ControlMessageOwned::ScmTimestampns(time) => Some(Timestamp::new(
                u64::try_from(time.tv_sec()).unwrap_or(0),
                u64::try_from(time.tv_nsec()).unwrap_or(0),
            )),
            _ => None,
        });
        let sent = message
            .address
            .is_some_and(|from| from.pkttype() == libc::PACKET_OUTGOING);
        Ok(Seen {
            length: message.bytes,
            time,
            direction: if sent { Direction::Out } else { Direction::In },
        })
    }

    /// Waits for a packet, and says whether one came.
    fn wait(&self) -> Result<bool, InterfaceError> {
        let timeout = match self.timeout {
            None => PollTimeout::NONE,
            Some(time) => PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX),
        };
        let mut sockets = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut sockets, timeout) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::EINTR) => Ok(false),
            Err(errno) => Err(InterfaceError::failed(&self.name, errno)),
        }
    }
}

fn find(name: &str) -> Result<NetworkInterface, InterfaceError> {
    let all = datalink::interfaces();
    match all.iter().find(|interface| interface.name == name) {
        Some(found) => Ok(found.clone()),
        None => Err(missing(name, all.into_iter().map(|one| one.name))),
    }
}

/// A packet socket that has seen nothing but this interface.
fn bound_socket(interface: &NetworkInterface) -> Result<OwnedFd, Errno> {
    // Without a protocol it receives nothing until bind names one.
    let socket = socket(
        AddressFamily::Packet,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    let errno = |error: io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO));
    // pnet closes the descriptor it is given; the socket and its membership live on in ours.
    let for_pnet = socket.try_clone().map_err(errno)?;
    let config = datalink::Config {
        socket_fd: Some(for_pnet.into_raw_fd()),
        ..datalink::Config::default()
    };
    datalink::channel(interface, config).map_err(errno)?;
    Ok(socket)
}

fn link_type(hardware: u16) -> Option<LinkType> {
    match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Some(LinkType::ETHERNET),
        // A TUN device has no link layer.
        libc::ARPHRD_NONE => Some(LinkType::RAW),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_types_by_hardware() {
        assert_eq!(link_type(libc::ARPHRD_ETHER), Some(LinkType::ETHERNET));
        assert_eq!(link_type(libc::ARPHRD_LOOPBACK), Some(LinkType::ETHERNET));
        assert_eq!(link_type(libc::ARPHRD_NONE), Some(LinkType::RAW));
        assert_eq!(link_type(libc::ARPHRD_PPP), None);
    }

    #[test]
    fn a_missing_interface_is_refused_before_a_socket_is_made() {
        let Err(error) = LiveInterface::open("no-such-device", None) else {
            panic!("opened an interface that does not exist");
        };
        assert_eq!(
            error.to_string(),
            "capture on no-such-device: no such device (ENODEV)"
        );
    }
}
