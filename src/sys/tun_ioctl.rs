//! Taking a TUN descriptor out of the tun crate.

#![allow(unsafe_code)]

use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd};

/// The device's descriptor, now owned by the caller alone; closing it removes the device
/// unless it is persistent.
pub(crate) fn into_fd(device: tun::Device) -> OwnedFd {
    let raw = device.into_raw_fd();
    // SAFETY: `into_raw_fd` consumed the device and with it the descriptor's only owner, and
    // the device held it open until now.
    unsafe { OwnedFd::from_raw_fd(raw) }
}
