//! What devices need beyond nix: a TUN descriptor out of the tun crate, an interface's kind.

#![allow(unsafe_code)]

use nix::libc::{self, c_char};
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

/// The device's descriptor, now owned by the caller alone; closing it removes the device
/// unless it is persistent.
pub(crate) fn into_fd(device: tun::Device) -> OwnedFd {
    let raw = device.into_raw_fd();
    // SAFETY: `into_raw_fd` consumed the device and with it the descriptor's only owner, and
    // the device held it open until now.
    unsafe { OwnedFd::from_raw_fd(raw) }
}

/// The ARPHRD_ number (`linux/if_arp.h`) of an interface in the socket's network namespace.
pub(crate) fn hardware_type(socket: &OwnedFd, interface: &str) -> nix::Result<u16> {
    // SAFETY: ifreq is plain C data, for which zeroes are a value.
    let mut request: libc::ifreq = unsafe { mem::zeroed() };
    // The last byte stays zero and ends the name.
    let place = &mut request.ifr_name[..libc::IFNAMSIZ - 1];
    for (place, byte) in place.iter_mut().zip(interface.bytes()) {
        *place = byte as c_char;
    }
    // SAFETY: the request is a whole ifreq that outlives the call, as SIOCGIFHWADDR wants it.
    unsafe { get_hardware_address(socket.as_raw_fd(), &mut request) }?;
    // SAFETY: on success the kernel has written this member of the union.
    Ok(unsafe { request.ifr_ifru.ifru_hwaddr.sa_family })
}

nix::ioctl_read_bad!(
    /// netdevice(7).
    get_hardware_address,
    libc::SIOCGIFHWADDR,
    libc::ifreq
);
