//! A network that this machine already routes: giving it to a TUN as well would take packets away
//! from where they went before.

use std::fmt;

use super::Cidr;
use crate::sys::netlink::{Address, Link, Netlink, NetlinkError, Route};

/// What stands in the way of a wanted network. Reads
/// `192.168.53.0/24 is already routed: 192.168.0.0/16 via 10.0.0.1 dev eth0`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} is already {taken}")]
pub struct Conflict {
    /// The network that was asked for.
    pub wanted: Cidr,
    /// What has it, or part of it, or more.
    pub taken: Taken,
}

/// Who has a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// A route of the main table, as `ip route` would write it.
    Routed {
        /// The network it leads to.
        to: Cidr,
        /// The router, if any.
        via: Option<std::net::IpAddr>,
        /// The device; a blackhole has none.
        dev: Option<String>,
    },
    /// A device that is in it.
    Assigned {
        /// The device's address, with its network.
        addr: Cidr,
        /// The device.
        dev: String,
    },
}

impl Conflict {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        Some(
            "choose another network, or use a private one: end the command with `-- CMD`"
                .to_owned(),
        )
    }
}

/// Looks for a conflict with `wanted` in the namespace of `netlink`; `own` is the device that is
/// to get it, whose own configuration does not count.
pub fn look(netlink: &Netlink, wanted: Cidr, own: &str) -> Result<Option<Conflict>, NetlinkError> {
    Ok(find(
        wanted,
        own,
        &netlink.links()?,
        &netlink.addresses()?,
        &netlink.routes()?,
    ))
}

/// [`look`] as a pure function. A default route is no conflict: a more specific one beside it is
/// what the course does.
pub fn find(
    wanted: Cidr,
    own: &str,
    links: &[Link],
    addresses: &[Address],
    routes: &[Route],
) -> Option<Conflict> {
    let wanted = wanted.network();
    let name = |index: u32| {
        links
            .iter()
            .find(|link| link.index == index)
            .map(|link| &link.name)
    };
    let is_own = |index: u32| name(index).is_some_and(|name| name == own);

    let routed = routes.iter().find_map(|route| {
        let to = Cidr::new(route.destination, route.prefix_len)?;
        let elsewhere = !route.index.is_some_and(is_own);
        (elsewhere && collides(wanted, to)).then(|| Taken::Routed {
            to,
            via: route.gateway,
            dev: route.index.and_then(name).cloned(),
        })
    });
    // Addresses say more than the main table only for single addresses and for lo, but those a
    // student types too: 127.0.0.1/8.
    let assigned = || {
        addresses.iter().find_map(|address| {
            let addr = Cidr::new(address.address, address.prefix_len)?;
            let elsewhere = !is_own(address.index);
            (elsewhere && collides(wanted, addr)).then(|| Taken::Assigned {
                addr,
                dev: name(address.index).cloned().unwrap_or_default(),
            })
        })
    };
    routed
        .or_else(assigned)
        .map(|taken| Conflict { wanted, taken })
}

/// Two networks that cannot both be right. Default routes are left out, and so are the link-local
/// networks that every IPv6 device has (RFC 4291 section 2.5.6).
fn collides(wanted: Cidr, taken: Cidr) -> bool {
    let is_link_local = match taken.address() {
        std::net::IpAddr::V6(v6) => v6.is_unicast_link_local(),
        std::net::IpAddr::V4(_) => false,
    };
    taken.prefix_len() > 0 && wanted.prefix_len() > 0 && !is_link_local && wanted.overlaps(taken)
}

impl fmt::Display for Taken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Taken::Routed { to, via, dev } => {
                write!(out, "routed: {to}")?;
                if let Some(via) = via {
                    write!(out, " via {via}")?;
                }
                match dev {
                    Some(dev) => write!(out, " dev {dev}"),
                    None => out.write_str(" (through no device of its own)"),
                }
            }
            Taken::Assigned { addr, dev } => write!(out, "in use: {addr} dev {dev}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::netlink::{MAIN, RouteKind};

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    fn link(index: u32, name: &str) -> Link {
        Link {
            index,
            name: name.to_owned(),
            kind: None,
            up: true,
            carrier: true,
            mtu: 1500,
            mac: None,
        }
    }

    fn route(to: &str, index: Option<u32>) -> Route {
        let to = cidr(to);
        Route {
            destination: to.address(),
            prefix_len: to.prefix_len(),
            index,
            gateway: None,
            kind: RouteKind::Unicast,
            metric: None,
            source: None,
            table: MAIN,
        }
    }

    fn conflict(wanted: &str, routes: &[Route]) -> Option<String> {
        let links = [link(1, "lo"), link(2, "eth0"), link(3, "tun0")];
        let lo = Address {
            index: 1,
            address: "127.0.0.1".parse().unwrap(),
            prefix_len: 8,
        };
        find(cidr(wanted), "tun0", &links, &[lo], routes).map(|conflict| conflict.to_string())
    }

    #[test]
    fn equal_wider_and_narrower_routes_conflict() {
        for (to, wanted) in [
            ("192.168.53.0/24", "192.168.53.99/24"),
            ("192.168.0.0/16", "192.168.53.99/24"),
            ("192.168.53.128/25", "192.168.53.99/24"),
        ] {
            assert_eq!(
                conflict(wanted, &[route(to, Some(2))]),
                Some(format!("192.168.53.0/24 is already routed: {to} dev eth0"))
            );
        }
    }

    #[test]
    fn default_routes_neighbours_and_our_own_do_not() {
        let routes = [
            route("0.0.0.0/0", Some(2)),
            route("192.168.52.0/24", Some(2)),
            route("192.168.53.0/24", Some(3)),
            route("fe80::/64", Some(2)),
        ];
        assert_eq!(conflict("192.168.53.99/24", &routes), None);
        assert_eq!(conflict("fe80::1/64", &routes), None);
    }

    #[test]
    fn a_route_through_nothing_and_the_loopback_do() {
        assert_eq!(
            conflict("10.1.0.0/16", &[route("10.0.0.0/8", None)]).unwrap(),
            "10.1.0.0/16 is already routed: 10.0.0.0/8 (through no device of its own)"
        );
        assert_eq!(
            conflict("127.0.0.5/24", &[]).unwrap(),
            "127.0.0.0/24 is already in use: 127.0.0.1/8 dev lo"
        );
    }
}
