//! Why a packet did not go through the tunnel, in words.

use super::Address;
use nix::errno::Errno;
use std::net::{IpAddr, SocketAddr};

/// Why a packet was dropped. Its words are said once; after that it is only counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A datagram that carries no packet.
    #[error("{from} sent {length} bytes that are no {what}")]
    NotIp {
        /// Its sender.
        from: SocketAddr,
        /// How much it sent.
        length: usize,
        /// What they should be.
        what: &'static str,
    },
    /// The device gave something that is no packet; a TUN is asked only for packets.
    #[error("the device gave {length} bytes that are no {what}")]
    NotIpHere {
        /// How much it gave.
        length: usize,
        /// What they should be.
        what: &'static str,
    },
    /// The inner source belongs to another outer address, which was heard lately.
    #[error("{from} sent a packet from {source_address}, which belongs to {holder}")]
    Held {
        /// Who it claims to be from.
        source_address: Address,
        /// Who sent it.
        from: SocketAddr,
        /// Who has it.
        holder: IpAddr,
    },
    /// The inner source is pinned to another endpoint, or to none.
    #[error("{from} sent a packet from {source_address}, which no --peer gives to it")]
    NotPinned {
        /// Who it claims to be from.
        source_address: Address,
        /// Who sent it.
        from: SocketAddr,
    },
    /// The inner source cannot be anybody's at the other end.
    #[error("{from} sent a packet from {source_address}, which is {what}")]
    Impossible {
        /// Who it claims to be from.
        source_address: Address,
        /// Who sent it.
        from: SocketAddr,
        /// What kind of address that is.
        what: &'static str,
    },
    /// There is no room for another inner source.
    #[error(
        "{from} sent a packet from {source_address}, and {limit} inner addresses are known already"
    )]
    Full {
        /// Who it claims to be from.
        source_address: Address,
        /// Who sent it.
        from: SocketAddr,
        /// How many there is room for.
        limit: usize,
    },
    /// The packet is longer than the device takes.
    #[error("{from} sent a packet of {length} bytes; the device takes {longest}")]
    Oversize {
        /// Who sent it.
        from: SocketAddr,
        /// Its length in bytes.
        length: usize,
        /// The most there may be.
        longest: usize,
    },
    /// The packet does not fit a datagram.
    #[error("a packet of {length} bytes for {to} does not fit a datagram")]
    TooLong {
        /// Whom it was for.
        to: SocketAddr,
        /// Its length in bytes.
        length: usize,
    },
    /// There are pins, and this endpoint is in none.
    #[error("{from} is no --peer")]
    Stranger {
        /// Who sent a datagram.
        from: SocketAddr,
    },
    /// The packet is the tunnel's own datagram, routed into the tunnel.
    #[error(
        "the way to {server} leads into the tunnel itself: give it a route of its own, \
         `ip route add {} via ...`", server.ip()
    )]
    Circle {
        /// The other end of the tunnel.
        server: SocketAddr,
    },
    /// The other end does not take datagrams: ECONNREFUSED where nothing listens.
    #[error("{to} takes no datagrams: {}", crate::sys::errno::text(*errno))]
    Unreachable {
        /// Whom a datagram was for.
        to: SocketAddr,
        /// What was heard of it.
        errno: Errno,
    },
    /// The device does not take packets: EIO while it is down.
    #[error("the device takes no packets: {}; `ip link` shows whether it is up", crate::sys::errno::text(*errno))]
    DeviceDown {
        /// What the kernel said.
        errno: Errno,
    },
    /// Nobody is known behind whom the destination could be.
    #[error("a packet for {destination} has nowhere to go: nobody with that address was heard")]
    Nobody {
        /// Who it is for.
        destination: Address,
    },
}

/// What a reason is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No packet, or no frame.
    NotIp,
    /// An inner source that its sender must not use.
    Spoofed,
    /// Too long.
    Oversize,
    /// Not wanted there, or not wanted here.
    Refused,
    /// The device does not take it.
    DeviceDown,
    /// No way for it.
    Nowhere,
}

impl Reason {
    /// What it is counted as.
    pub fn kind(&self) -> Kind {
        match self {
            Reason::NotIp { .. } | Reason::NotIpHere { .. } => Kind::NotIp,
            Reason::Held { .. }
            | Reason::NotPinned { .. }
            | Reason::Impossible { .. }
            | Reason::Full { .. } => Kind::Spoofed,
            Reason::Oversize { .. } | Reason::TooLong { .. } => Kind::Oversize,
            Reason::Stranger { .. } | Reason::Circle { .. } | Reason::Unreachable { .. } => {
                Kind::Refused
            }
            Reason::DeviceDown { .. } => Kind::DeviceDown,
            Reason::Nobody { .. } => Kind::Nowhere,
        }
    }
}
