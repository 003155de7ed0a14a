//! Who is behind a device under which hardware address (`RTM_NEWNEIGH` and its family): what ARP
//! (RFC 826) and neighbour discovery (RFC 4861) have learned.

use std::net::IpAddr;

use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState},
};

use super::{Link, Netlink, NetlinkError};

/// An entry of the neighbour table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The number of the device it is behind.
    pub index: u32,
    /// Its IP address.
    pub address: IpAddr,
    /// Its hardware address; none while nobody has answered.
    pub mac: Option<[u8; 6]>,
    /// How sure the kernel is.
    pub state: NeighbourState,
}

impl Netlink {
    /// All neighbours of the namespace, IPv4 and IPv6; without those that need none (`NOARP`).
    pub fn neighbours(&self) -> Result<Vec<Neighbour>, NetlinkError> {
        let question = RouteNetlinkMessage::GetNeighbour(NeighbourMessage::default());
        let answer = self.dump("list neighbours", question)?;
        Ok(answer
            .into_iter()
            .filter_map(|message| match message {
                RouteNetlinkMessage::NewNeighbour(message) => read(message),
                _ => None,
            })
            .filter(|neighbour| neighbour.state != NeighbourState::Noarp)
            .collect())
    }

    /// Sets a neighbour's hardware address for good, whatever had been learned.
    pub fn replace_neighbour(
        &self,
        link: &Link,
        address: IpAddr,
        mac: [u8; 6],
    ) -> Result<(), NetlinkError> {
        let mut message = about(link.index, address);
        message.header.state = NeighbourState::Permanent;
        message
            .attributes
            .push(NeighbourAttribute::LinkLayerAddress(mac.to_vec()));
        let operation = format!("set neighbour {address} on {}", link.name);
        let message = RouteNetlinkMessage::NewNeighbour(message);
        self.change(operation, message, NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Forgets a neighbour. `ENOENT` if there is none like it.
    pub fn delete_neighbour(&self, link: &Link, address: IpAddr) -> Result<(), NetlinkError> {
        let operation = format!("delete neighbour {address} on {}", link.name);
        let message = RouteNetlinkMessage::DelNeighbour(about(link.index, address));
        self.change(operation, message, 0)
    }

    /// Forgets what was learned about the neighbours behind a device; what was set stays, as with
    /// `ip neigh flush`.
    pub fn flush_neighbours(&self, link: &Link) -> Result<(), NetlinkError> {
        for neighbour in self.neighbours()? {
            if neighbour.index == link.index && neighbour.state != NeighbourState::Permanent {
                self.delete_neighbour(link, neighbour.address)?;
            }
        }
        Ok(())
    }
}

fn about(index: u32, address: IpAddr) -> NeighbourMessage {
    let mut message = NeighbourMessage::default();
    let (family, destination) = match address {
        IpAddr::V4(v4) => (AddressFamily::Inet, NeighbourAddress::Inet(v4)),
        IpAddr::V6(v6) => (AddressFamily::Inet6, NeighbourAddress::Inet6(v6)),
    };
    message.header.family = family;
    message.header.ifindex = index;
    message
        .attributes
        .push(NeighbourAttribute::Destination(destination));
    message
}

fn read(message: NeighbourMessage) -> Option<Neighbour> {
    let mut address = None;
    let mut mac = None;
    for attribute in message.attributes {
        match attribute {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(v4)) => {
                address = Some(v4.into())
            }
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(v6)) => {
                address = Some(v6.into());
            }
            NeighbourAttribute::LinkLayerAddress(bytes) => mac = bytes.try_into().ok(),
            _ => {}
        }
    }
    Some(Neighbour {
        index: message.header.ifindex,
        address: address?,
        mac,
        state: message.header.state,
    })
}
