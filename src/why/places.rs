//! What stands in the places of a cause's sentence and cures.

use std::net::IpAddr;

use super::check;
use super::clues::Clues;
use super::evidence::{Evidence, Leg};
use super::point::Point;
use super::state::{HostState, is_tun};
use super::way;
use crate::causes::Cause;
use crate::journey::ProbeKind;
use crate::lab::Cidr;
use crate::sys::netlink::RouteKind;

/// Names of places, each with its value.
#[derive(Debug, Default)]
pub(super) struct Places {
    pairs: Vec<(&'static str, String)>,
    /// The host that the cure is for, where it is another one than the host that drops.
    pub(super) elsewhere: Option<String>,
}

impl Places {
    pub(super) fn of(
        cause: &Cause,
        point: &Point,
        dev: Option<&str>,
        clues: &Clues,
        evidence: &Evidence,
    ) -> Places {
        let mut places = Places::default();
        places.put("src", Some(point.src.to_string()));
        places.put("dst", Some(point.dst.to_string()));
        places.put("dev", dev.map(str::to_owned));
        places.put("rule", clues.rule.as_ref().map(|rule| rule.cure()));
        let port = match (point.outer, evidence.kind) {
            (Some((_, to)), _) => Some(to.port()),
            (None, Some(ProbeKind::Udp(port) | ProbeKind::Tcp(port))) => Some(port),
            (None, Some(ProbeKind::Icmp) | None) => None,
        };
        places.put("port", port.map(|port| port.to_string()));
        let host = point.host;
        match cause.name {
            // The way back, through the device that it came in through.
            "rp_filter" | "rp_filter_loose" => {
                let network = network_of(point.src, evidence);
                places.network(network, point);
            }
            "no_route" | "no_route_forwarding" => places.way(point, evidence),
            "routing_loop" => places.way_out(point, evidence),
            // The route of the device's own network comes back by itself.
            "device_down_send" => {
                let link = dev.and_then(|dev| host.link(dev));
                let own = link.is_some_and(|link| {
                    let mut own = host.addresses_of(link);
                    own.any(|own| own.network().contains(point.dst))
                });
                if !own {
                    places.way(point, evidence);
                }
            }
            // A router is missing in the route, if the route is to blame at all.
            "neighbour" => {
                let there = evidence
                    .hosts
                    .iter()
                    .any(|host| host.owner(point.dst).is_some());
                let way = way::find(&evidence.hosts, &host.name, point.dst);
                let current = host.route_to(point.dst).and_then(|route| route.gateway);
                if there && way.is_some_and(|way| way.via != current) {
                    places.way(point, evidence);
                }
            }
            // A packet that comes back to its sender needs no address taken away.
            "local_source" if host.name != evidence.from => {
                let own = host.owner(point.src);
                places.put("addr", own.map(|(_, address)| address.to_string()));
                places.put("key", own.map(|(link, _)| link.name.clone()));
            }
            "ip_forward" if point.dst.is_ipv4() => {
                let own = host.setting("net.ipv4.ip_forward") != 0;
                let key = match own {
                    true => format!("conf.{}.forwarding", dev.unwrap_or_default()),
                    false => "ip_forward".to_owned(),
                };
                places.put("key", Some(key));
            }
            "blackhole" => {
                let route = host.route_to(point.dst);
                let kind = route.and_then(|route| match route.kind {
                    RouteKind::Blackhole => Some("blackhole"),
                    RouteKind::Unreachable => Some("unreachable"),
                    RouteKind::Prohibit => Some("prohibit"),
                    _ => None,
                });
                let network =
                    route.and_then(|route| Cidr::new(route.destination, route.prefix_len));
                places.put("key", kind.map(str::to_owned));
                places.put("net", network.map(|network| network.to_string()));
            }
            "too_big" => {
                let link = dev.and_then(|dev| host.link(dev));
                let mtu = link.map(|link| (link.mtu, if is_tun(link) { 1472 } else { 1500 }));
                // One that is as it should be is no mistake: the sender has to send less at a time.
                let mtu = mtu.filter(|(is, should)| is < should);
                places.put("mtu", mtu.map(|(_, should)| should.to_string()));
            }
            // The sender's host sets it, unless it is this one's.
            "ttl" => {
                let sender = evidence
                    .hosts
                    .iter()
                    .find(|host| host.owner(point.src).is_some());
                let setting = sender.and_then(|host| own_ttl(host, point.dst));
                places.put("key", setting);
                places.elsewhere = sender.map(|sender| sender.name.clone());
            }
            "no_carrier" => {
                if let Some((other, link)) = dev.and_then(|dev| far_end(point, dev, evidence)) {
                    places.put("key", Some(link));
                    places.elsewhere = Some(other);
                }
            }
            // Only the tunnel's server is known to be missing there.
            "udp_port_closed" => {
                let server = |(_, to): (_, std::net::SocketAddr)| {
                    format!("tunlab forward --listen 0.0.0.0:{}", to.port())
                };
                places.put("program", point.outer.map(server));
            }
            // What is IPv6 by its first nibble alone would die of the next check.
            "ipv6_off" if point.src.is_ipv6() => places.put("key", dev.map(str::to_owned)),
            "no_reader" => places.put("program", program(point, dev, evidence)),
            "other_host" => {
                // The wrong entry is on the host before, and so is the cure.
                if let Some(wrong) = check::wrong_neighbour(point, evidence) {
                    places.put("addr", Some(wrong.address.to_string()));
                    places.put("key", Some(wrong.dev));
                    places.elsewhere = Some(wrong.host);
                }
            }
            _ => {}
        }
        places
    }

    /// For [`Cause::cure`] and [`Cause::sentence`].
    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        let pairs = self.pairs.iter();
        pairs.map(|(name, value)| (*name, value.as_str())).collect()
    }

    fn put(&mut self, name: &'static str, value: Option<String>) {
        self.pairs.extend(value.map(|value| (name, value)));
    }

    fn way(&mut self, point: &Point, evidence: &Evidence) {
        if let Some(way) = way::find(&evidence.hosts, &point.host.name, point.dst) {
            self.put("to", Some(way.to()));
            self.network(Some(way.network), point);
        }
    }

    fn network(&mut self, network: Option<Cidr>, point: &Point) {
        if let Some(network) = network {
            self.route(network, point.host);
        }
    }

    fn route(&mut self, network: Cidr, host: &HostState) {
        let there = host.has_route(network);
        self.put(
            "add",
            Some(if there { "replace" } else { "add" }.to_owned()),
        );
        self.put("net", Some(network.to_string()));
    }

    /// The way out of a loop: of the hosts in it, one has a route that leads back.
    fn way_out(&mut self, point: &Point, evidence: &Evidence) {
        let in_it = |host: &&HostState| {
            let mut seen = evidence.seen.iter();
            seen.any(|seen| seen.leg != Leg::Error && seen.host == host.name)
        };
        let astray = evidence.hosts.iter().filter(in_it).find_map(|host| {
            let way = way::find(&evidence.hosts, &host.name, point.dst)?;
            let route = host.route_to(point.dst)?;
            let taken = host.link_by_index(route.index?)?;
            (taken.name != way.dev).then_some((host, way, route))
        });
        if let Some((host, way, route)) = astray {
            // The route that leads back must not win over the one that leads on.
            let leads_back = Cidr::new(route.destination, route.prefix_len);
            let closer = leads_back.filter(|back| back.prefix_len() > way.network.prefix_len());
            self.put("to", Some(way.to()));
            self.route(closer.unwrap_or(way.network), host);
            self.elsewhere = Some(host.name.clone());
        }
    }
}

/// The setting, without `net.`, by which a host gives packets to `dst` too low a TTL. One that was
/// asked for is its user's to change. IPv6's is that of the device they leave by.
fn own_ttl(host: &HostState, dst: IpAddr) -> Option<String> {
    let setting = match dst {
        IpAddr::V4(_) => "ipv4.ip_default_ttl".to_owned(),
        IpAddr::V6(_) => {
            let link = host.link_by_index(host.route_to(dst)?.index?)?;
            format!("ipv6.conf.{}.hop_limit", link.name.replace('.', "/"))
        }
    };
    (1..64)
        .contains(&host.setting(&format!("net.{setting}")))
        .then_some(setting)
}

/// The host and its device, down, that is in the network of this host's device.
fn far_end(point: &Point, dev: &str, evidence: &Evidence) -> Option<(String, String)> {
    let link = point.host.link(dev)?;
    let networks: Vec<Cidr> = point.host.addresses_of(link).map(Cidr::network).collect();
    let others = evidence
        .hosts
        .iter()
        .filter(|other| other.name != point.host.name);
    others
        .flat_map(|other| other.links.iter().map(move |link| (other, link)))
        .find(|(other, link)| {
            let mut own = other.addresses_of(link);
            let near = own.any(|own| networks.iter().any(|net| net.contains(own.address())));
            near && !link.up && !is_tun(link)
        })
        .map(|(other, link)| (other.name.clone(), link.name.clone()))
}

/// The program that should hold the device: the tunnel's server or its client.
fn program(point: &Point, dev: Option<&str>, evidence: &Evidence) -> Option<String> {
    let (server, address) = evidence.tunnel.as_ref()?;
    let end = match *server == point.host.name {
        true => format!("--listen 0.0.0.0:{}", address.port()),
        false => format!("--server {address}"),
    };
    Some(format!("tunlab forward {end} --name {}", dev?))
}

/// The network of an address, as the host that has it knows.
fn network_of(address: IpAddr, evidence: &Evidence) -> Option<Cidr> {
    let owner = evidence.hosts.iter().find_map(|host| host.owner(address));
    owner.map(|(_, own)| own.network())
}
