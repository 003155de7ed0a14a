//! Devices: listing them, finding one, changing one (`RTM_NEWLINK` and its family).

use std::os::fd::{AsRawFd, BorrowedFd};

use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    link::{
        InfoData, InfoKind, InfoVeth, LinkAttribute, LinkExtentMask, LinkFlags, LinkInfo,
        LinkLayerType, LinkMessage,
    },
};
use nix::{errno::Errno, libc::IFNAMSIZ};

use super::{Netlink, NetlinkError, refused, unexpected};

/// A network device, as it was when asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The number by which the kernel knows it; never 0.
    pub index: u32,
    /// The name by which people know it, at most 15 bytes.
    pub name: String,
    /// The driver's kind: `tun` (for TUN and TAP alike), `veth`, `bridge`...; none for `lo` and
    /// hardware.
    pub kind: Option<String>,
    /// Whether it has been brought up (`IFF_UP`).
    pub up: bool,
    /// Whether somebody is at its other end (`IFF_LOWER_UP`): a cable's other device is up, a
    /// program holds the TUN.
    pub carrier: bool,
    /// The largest packet it takes, in bytes without the link-layer header.
    pub mtu: u32,
    /// Its hardware address, where it is an Ethernet one; a TUN has none.
    pub mac: Option<[u8; 6]>,
}

impl Netlink {
    /// The device called `name`. `ENODEV` if there is none.
    pub fn link(&self, name: &str) -> Result<Link, NetlinkError> {
        let operation = format!("find device {name}");
        // A name that no device can have: the kernel would complain about the question.
        if name.is_empty() || name.len() >= IFNAMSIZ {
            return Err(refused(&operation, &Errno::ENODEV.into()));
        }
        let mut question = LinkMessage::default();
        question
            .attributes
            .push(LinkAttribute::IfName(name.to_owned()));
        question
            .attributes
            .push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
        match self.get(&operation, RouteNetlinkMessage::GetLink(question))? {
            RouteNetlinkMessage::NewLink(message) => Ok(Link::from(message)),
            _ => Err(unexpected(&operation, "it is about something else")),
        }
    }

    /// All devices of the namespace, in the order of their numbers.
    pub fn links(&self) -> Result<Vec<Link>, NetlinkError> {
        let mut question = LinkMessage::default();
        question.header.interface_family = AddressFamily::Unspec;
        question
            .attributes
            .push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
        let answer = self.dump("list devices", RouteNetlinkMessage::GetLink(question))?;
        let mut links: Vec<Link> = answer
            .into_iter()
            .filter_map(|message| match message {
                RouteNetlinkMessage::NewLink(message) => Some(Link::from(message)),
                _ => None,
            })
            .collect();
        links.sort_by_key(|link| link.index);
        Ok(links)
    }

    /// Creates a cable: the device `name` here, and its other end `peer` in another namespace.
    pub fn add_veth(
        &self,
        name: &str,
        peer: &str,
        peer_namespace: BorrowedFd,
    ) -> Result<(), NetlinkError> {
        let mut other = LinkMessage::default();
        // Made where it belongs: moving it there later would take longer.
        other.attributes = vec![
            LinkAttribute::IfName(peer.to_owned()),
            LinkAttribute::NetNsFd(peer_namespace.as_raw_fd()),
        ];
        let mut message = LinkMessage::default();
        message.attributes = vec![
            LinkAttribute::IfName(name.to_owned()),
            LinkAttribute::LinkInfo(vec![
                LinkInfo::Kind(InfoKind::Veth),
                LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(other))),
            ]),
        ];
        let operation = format!("create veth {name} with peer {peer}");
        self.create(operation, RouteNetlinkMessage::NewLink(message))
    }

    /// Brings a device up. Its addresses get their connected routes now.
    pub fn set_up(&self, link: &Link) -> Result<(), NetlinkError> {
        let mut message = about(link);
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        self.change(
            format!("bring {} up", link.name),
            RouteNetlinkMessage::SetLink(message),
            0,
        )
    }

    /// Brings a device down. Every route through it disappears.
    pub fn set_down(&self, link: &Link) -> Result<(), NetlinkError> {
        let mut message = about(link);
        message.header.change_mask = LinkFlags::Up;
        self.change(
            format!("bring {} down", link.name),
            RouteNetlinkMessage::SetLink(message),
            0,
        )
    }

    /// Sets the largest packet a device takes, in bytes.
    pub fn set_mtu(&self, link: &Link, mtu: u32) -> Result<(), NetlinkError> {
        let mut message = about(link);
        message.attributes.push(LinkAttribute::Mtu(mtu));
        let operation = format!("set mtu {mtu} on {}", link.name);
        self.change(operation, RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Sets a TAP's hardware address.
    pub fn set_mac(&self, link: &Link, mac: [u8; 6]) -> Result<(), NetlinkError> {
        let mut message = about(link);
        message
            .attributes
            .push(LinkAttribute::Address(mac.to_vec()));
        let [a, b, c, d, e, f] = mac;
        let operation = format!(
            "set address {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x} on {}",
            link.name
        );
        self.change(operation, RouteNetlinkMessage::SetLink(message), 0)
    }

    /// Removes a device: a persistent TUN or TAP that nobody holds any more, a veth pair.
    pub fn delete_link(&self, link: &Link) -> Result<(), NetlinkError> {
        let message = RouteNetlinkMessage::DelLink(about(link));
        self.change(format!("delete device {}", link.name), message, 0)
    }
}

fn about(link: &Link) -> LinkMessage {
    let mut message = LinkMessage::default();
    message.header.index = link.index;
    message
}

impl From<LinkMessage> for Link {
    fn from(message: LinkMessage) -> Self {
        let ethernet = message.header.link_layer_type == LinkLayerType::Ether;
        let mut link = Link {
            index: message.header.index,
            name: String::new(),
            kind: None,
            up: message.header.flags.contains(LinkFlags::Up),
            carrier: message.header.flags.contains(LinkFlags::LowerUp),
            mtu: 0,
            mac: None,
        };
        for attribute in message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name = name,
                LinkAttribute::Mtu(mtu) => link.mtu = mtu,
                LinkAttribute::Address(bytes) if ethernet => link.mac = bytes.try_into().ok(),
                LinkAttribute::LinkInfo(info) => {
                    link.kind = info.iter().find_map(|part| match part {
                        LinkInfo::Kind(kind) => Some(kind.to_string()),
                        _ => None,
                    });
                }
                _ => {}
            }
        }
        link
    }
}
