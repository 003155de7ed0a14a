//! Addresses on devices (`RTM_NEWADDR` and its family).

use std::net::IpAddr;

use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::{AddressAttribute, AddressHeaderFlags, AddressMessage},
};

use super::{Link, Netlink, NetlinkError};

/// An address that a device has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The device's number.
    pub index: u32,
    /// The device's own address.
    pub address: IpAddr,
    /// The bits of it that name the network.
    pub prefix_len: u8,
}

impl Netlink {
    /// Gives a device an address. `EEXIST` if it has it already.
    ///
    /// IPv6 addresses skip duplicate address detection (RFC 4862 section 5.4): there is nobody yet
    /// on a device that was just made, and an address is of no use during that second.
    pub fn add_address(
        &self,
        link: &Link,
        address: IpAddr,
        prefix_len: u8,
    ) -> Result<(), NetlinkError> {
        let operation = format!("add address {address}/{prefix_len} to {}", link.name);
        let message = about(link, address, prefix_len);
        self.create(operation, RouteNetlinkMessage::NewAddress(message))
    }

    /// Takes an address from a device. `EADDRNOTAVAIL` if it does not have it.
    pub fn delete_address(
        &self,
        link: &Link,
        address: IpAddr,
        prefix_len: u8,
    ) -> Result<(), NetlinkError> {
        let operation = format!("delete address {address}/{prefix_len} from {}", link.name);
        let message = about(link, address, prefix_len);
        self.change(operation, RouteNetlinkMessage::DelAddress(message), 0)
    }

    /// All addresses of the namespace, IPv4 and IPv6.
    pub fn addresses(&self) -> Result<Vec<Address>, NetlinkError> {
        let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let answer = self.dump("list addresses", question)?;
        Ok(answer
            .into_iter()
            .filter_map(|message| match message {
                RouteNetlinkMessage::NewAddress(message) => read(message),
                _ => None,
            })
            .collect())
    }
}

fn about(link: &Link, address: IpAddr, prefix_len: u8) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.index = link.index;
    message.header.prefix_len = prefix_len;
    message.attributes.push(AddressAttribute::Local(address));
    message.attributes.push(AddressAttribute::Address(address));
    match address {
        IpAddr::V4(_) => message.header.family = AddressFamily::Inet,
        IpAddr::V6(_) => {
            message.header.family = AddressFamily::Inet6;
            message.header.flags = AddressHeaderFlags::Nodad;
        }
    }
    message
}

/// `IFA_LOCAL` is the device's own address; on IPv6 without a peer there is only `IFA_ADDRESS`.
fn read(message: AddressMessage) -> Option<Address> {
    let mut own = None;
    for attribute in message.attributes {
        match attribute {
            AddressAttribute::Local(address) => own = Some(address),
            AddressAttribute::Address(address) if own.is_none() => own = Some(address),
            _ => {}
        }
    }
    Some(Address {
        index: message.header.index,
        address: own?,
        prefix_len: message.header.prefix_len,
    })
}
