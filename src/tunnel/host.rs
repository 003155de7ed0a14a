//! What the pipe must know of the host it is on. Devices are changed while a tunnel runs, so it is
//! looked up again from time to time.

use super::{Address, Host};
use crate::capture::TunDevice;
use crate::sys::netlink::{Netlink, NetlinkError};
use std::time::{Duration, Instant};

/// How old what is known may be when a packet comes.
const AGE: Duration = Duration::from_secs(1);

/// Looks at the host, at most once a second.
#[derive(Debug)]
pub struct HostWatch<'h> {
    netlink: &'h Netlink,
    device: &'h TunDevice,
    next: Instant,
}

impl<'h> HostWatch<'h> {
    /// Looks for the first time. `netlink` belongs to the device's network namespace.
    pub fn new(netlink: &'h Netlink, device: &'h TunDevice) -> Result<(Self, Host), NetlinkError> {
        let host = look(netlink, device)?;
        let next = Instant::now() + AGE;
        let watch = HostWatch {
            netlink,
            device,
            next,
        };
        Ok((watch, host))
    }

    /// The host as it is now, if it is time to look again. A device that is gone tells so itself
    /// when it is read.
    pub fn again(&mut self, now: Instant) -> Option<Host> {
        if now < self.next {
            return None;
        }
        self.next = now + AGE;
        look(self.netlink, self.device).ok()
    }
}

fn look(netlink: &Netlink, device: &TunDevice) -> Result<Host, NetlinkError> {
    let link = netlink.link(device.name())?;
    let addresses = netlink.addresses()?;
    let own = addresses.iter().map(|own| Address::Ip(own.address));
    Ok(Host {
        mtu: link.mtu as usize,
        own: own.chain(link.mac.map(Address::Mac)).collect(),
    })
}
