//! The route that a host should have: found in the hosts' devices and addresses, as a person would
//! find it in a drawing of the network.
//!
//! ```text
//!   u ══tun══ s ──eth── v        v wants 192.168.53.99, u's TUN:  via s, for only s has a TUN
//!   u ──eth── s                  u wants 192.168.70.101:          through its TUN
//! ```

use std::collections::VecDeque;
use std::net::IpAddr;

use super::state::{HostState, is_tun};
use crate::lab::Cidr;
use crate::sys::netlink::Link;

/// A route to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The network that the destination is in.
    pub network: Cidr,
    /// The router to hand it to; none through a TUN, or where the destination is a neighbour.
    pub via: Option<IpAddr>,
    /// The device to leave through.
    pub dev: String,
}

impl Way {
    /// As `ip route` writes it behind the network: `via 192.168.70.1 dev eth0`.
    pub fn to(&self) -> String {
        match self.via {
            Some(via) => format!("via {via} dev {}", self.dev),
            None => format!("dev {}", self.dev),
        }
    }
}

/// A cable or a tunnel from one host to another.
struct Edge<'h> {
    to: usize,
    out: &'h Link,
    /// The device at the other end.
    far: &'h Link,
    /// The other end's address on a cable.
    router: Option<IpAddr>,
}

/// The way from the host called `from` to `destination`; nothing where none of the hosts has that
/// address, or there is no cable or tunnel.
pub fn find(hosts: &[HostState], from: &str, destination: IpAddr) -> Option<Way> {
    let start = hosts.iter().position(|host| host.name == from)?;
    let has = |host: &HostState| host.owner(destination).is_some();
    let goal = hosts
        .iter()
        .position(|host| host.name != from && has(host))?;
    let (target, own) = hosts[goal].owner(destination)?;
    let network = own.network();

    // Breadth first, tunnels before cables: of two ways of the same length the tunnel is meant.
    let mut first: Vec<Option<Edge>> = hosts.iter().map(|_| None).collect();
    let mut queue = VecDeque::from([start]);
    while let Some(here) = queue.pop_front() {
        let mut edges = edges(hosts, here, destination.is_ipv6());
        edges.sort_by_key(|edge| !is_tun(edge.out));
        for edge in edges {
            // What a TUN device has, only the tunnel reaches.
            let last = edge.to == goal;
            if last && is_tun(target) != is_tun(edge.far) {
                continue;
            }
            if edge.to == start || first[edge.to].is_some() {
                continue;
            }
            let to = edge.to;
            first[to] = match here == start {
                true => Some(edge),
                false => first[here].as_ref().map(Edge::again),
            };
            if last {
                let edge = first[to].as_ref()?;
                let neighbour = here == start;
                return Some(Way {
                    network,
                    via: edge.router.filter(|_| !neighbour),
                    dev: edge.out.name.clone(),
                });
            }
            queue.push_back(to);
        }
    }
    None
}

impl<'h> Edge<'h> {
    fn again(&self) -> Edge<'h> {
        Edge {
            to: self.to,
            out: self.out,
            far: self.far,
            router: self.router,
        }
    }
}

/// Where a host's devices lead, for packets of IPv4 or IPv6. A device counts although it is down:
/// that is for others to say.
fn edges(hosts: &[HostState], here: usize, v6: bool) -> Vec<Edge<'_>> {
    // Each cable is the same network to link-local addresses.
    let usable = move |address: &Cidr| match address.address() {
        IpAddr::V4(_) => !v6,
        IpAddr::V6(address) => v6 && !address.is_unicast_link_local(),
    };
    let mut edges = Vec::new();
    let this = &hosts[here];
    for out in this.links.iter().filter(|link| link.name != "lo") {
        let own = this.addresses_of(out).filter(usable);
        let networks: Vec<Cidr> = own.map(Cidr::network).collect();
        for (to, other) in hosts.iter().enumerate().filter(|(to, _)| *to != here) {
            for far in other.links.iter().filter(|link| link.name != "lo") {
                let tunnel = is_tun(out) && is_tun(far);
                let shared = other.addresses_of(far).filter(usable).find(|address| {
                    networks
                        .iter()
                        .any(|network| network.contains(address.address()))
                });
                let cable = shared.filter(|_| !is_tun(out) && !is_tun(far));
                if tunnel || cable.is_some() {
                    edges.push(Edge {
                        to,
                        out,
                        far,
                        router: cable.map(|address| address.address()),
                    });
                }
            }
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::super::samples::{course, without_tunnel};
    use super::*;

    fn way(hosts: &[HostState], from: &str, destination: &str) -> Option<(String, String)> {
        let way = find(hosts, from, destination.parse().unwrap())?;
        Some((way.network.to_string(), way.to()))
    }

    fn expect(network: &str, to: &str) -> Option<(String, String)> {
        Some((network.to_owned(), to.to_owned()))
    }

    #[test]
    fn through_the_tunnel_there_and_back() {
        let hosts = course();
        let there = way(&hosts, "u", "192.168.70.101");
        assert_eq!(there, expect("192.168.70.0/24", "dev tun0"));
        let back = expect("192.168.53.0/24", "via 192.168.70.1 dev eth0");
        assert_eq!(way(&hosts, "v", "192.168.53.99"), back);
        assert_eq!(
            way(&hosts, "s", "192.168.53.99"),
            expect("192.168.53.0/24", "dev tun0")
        );
        let cable = expect("192.168.70.0/24", "dev eth1");
        assert_eq!(way(&hosts, "s", "192.168.70.101"), cable);
    }

    #[test]
    fn by_cable_where_there_is_no_tunnel() {
        let hosts = without_tunnel();
        let there = expect("192.168.70.0/24", "via 10.0.2.11 dev eth0");
        assert_eq!(way(&hosts, "u", "192.168.70.101"), there);
        let back = expect("10.0.2.0/24", "via 192.168.70.1 dev eth0");
        assert_eq!(way(&hosts, "v", "10.0.2.8"), back);
    }

    #[test]
    fn nowhere() {
        assert_eq!(way(&course(), "u", "192.168.70.77"), None);
        assert_eq!(way(&course(), "x", "192.168.70.101"), None);
    }
}
