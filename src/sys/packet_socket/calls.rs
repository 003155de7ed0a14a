//! The system calls under a packet socket that no crate has in a safe form.
#![allow(unsafe_code)]

use super::program::Instruction;
use super::{Passed, stamps};
use nix::errno::Errno;
use nix::libc;
use std::io::IoSliceMut;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Sets a socket option whose value is plain data.
pub(super) fn set<T>(fd: &OwnedFd, level: i32, option: i32, value: &T) -> Result<(), Errno> {
    let size = mem::size_of::<T>() as libc::socklen_t;
    // SAFETY: the kernel reads `size` bytes of a value that is alive for the call.
    let outcome = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            option,
            std::ptr::from_ref(value).cast(),
            size,
        )
    };
    Errno::result(outcome).map(drop)
}

/// Lets the kernel ask `filter` of each packet.
pub(super) fn attach(fd: &OwnedFd, filter: &[Instruction]) -> Result<(), Errno> {
    let mut code: Vec<libc::sock_filter> = filter.iter().map(Instruction::raw).collect();
    let program = libc::sock_fprog {
        len: u16::try_from(code.len()).map_err(|_| Errno::EINVAL)?,
        filter: code.as_mut_ptr(),
    };
    set(fd, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
}

/// Lets a socket see every protocol on every device.
pub(super) fn bind_to_all(fd: &OwnedFd) -> Result<(), Errno> {
    // SAFETY: a sockaddr_ll is plain data; zero is a valid one.
    let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    let size = mem::size_of_val(&address) as libc::socklen_t;
    // SAFETY: the kernel reads `size` bytes of an address that is alive for the call.
    let outcome = unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), size) };
    Errno::result(outcome).map(drop)
}

/// Takes the next packet off a socket's queue, with what the kernel says of it.
pub(super) fn receive(fd: RawFd, buffer: &mut [u8]) -> Result<Passed, Errno> {
    // SAFETY: a sockaddr_ll is plain data; zero is a valid one.
    let mut from: libc::sockaddr_ll = unsafe { mem::zeroed() };
    // Control messages: the stamps, and the facts about the packet; aligned as a cmsghdr.
    let mut control = [MaybeUninit::<u64>::uninit(); 32];
    let mut part = [IoSliceMut::new(buffer)];
    // SAFETY: a msghdr is plain data; zero is a valid one.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_name = (&raw mut from).cast();
    message.msg_namelen = mem::size_of_val(&from) as libc::socklen_t;
    message.msg_iov = part.as_mut_ptr().cast();
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = mem::size_of_val(&control);
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    // SAFETY: every pointer in the message is to memory that is alive and as long as it says;
    // IoSliceMut is laid out as an iovec.
    let wire_len = Errno::result(unsafe { libc::recvmsg(fd, &mut message, flags) })? as usize;
    let len = wire_len.min(part[0].len());
    let mut passed = Passed {
        len,
        wire_len,
        time: None,
        device: from.sll_ifindex,
        hardware: from.sll_hatype,
        outgoing: from.sll_pkttype == libc::PACKET_OUTGOING,
        partial_checksum: false,
    };
    // SAFETY: the kernel filled in the control messages and their length.
    let mut part = unsafe { libc::CMSG_FIRSTHDR(&message) };
    while !part.is_null() {
        // SAFETY: CMSG_FIRSTHDR and CMSG_NXTHDR give headers inside the control buffer, or null;
        // the data behind them may be unaligned, and is as long as the kernel's own structures.
        unsafe {
            let data = libc::CMSG_DATA(part);
            match ((*part).cmsg_level, (*part).cmsg_type) {
                (libc::SOL_PACKET, libc::PACKET_AUXDATA) => {
                    let facts = data.cast::<libc::tpacket_auxdata>().read_unaligned();
                    passed.partial_checksum = facts.tp_status & libc::TP_STATUS_CSUMNOTREADY != 0;
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPING) => {
                    passed.time =
                        stamps::nanoseconds(data.cast::<[libc::timespec; 3]>().read_unaligned());
                }
                _ => {}
            }
            part = libc::CMSG_NXTHDR(&message, part);
        }
    }
    Ok(passed)
}

/// How many packets a socket had no room for since it was last asked: to ask is to reset.
pub(super) fn dropped(fd: RawFd) -> Result<u32, Errno> {
    let mut counts = libc::tpacket_stats {
        tp_packets: 0,
        tp_drops: 0,
    };
    let mut size = mem::size_of_val(&counts) as libc::socklen_t;
    // SAFETY: the pointers are to a tpacket_stats and its size, both alive for the call.
    let outcome = unsafe {
        libc::getsockopt(
            fd,
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            (&raw mut counts).cast(),
            &mut size,
        )
    };
    Errno::result(outcome)?;
    Ok(counts.tp_drops)
}

/// What a device of the socket's namespace is called.
pub(super) fn device_name(fd: RawFd, device: i32) -> Result<String, Errno> {
    // SAFETY: an ifreq is plain data; zero is a valid one.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    request.ifr_ifru.ifru_ifindex = device;
    // SAFETY: SIOCGIFNAME reads the number and writes the name into the ifreq it is given.
    let outcome = unsafe { libc::ioctl(fd, libc::SIOCGIFNAME as _, &mut request) };
    Errno::result(outcome)?;
    let name = request.ifr_name.iter().take_while(|letter| **letter != 0);
    Ok(name.map(|letter| char::from(*letter as u8)).collect())
}
