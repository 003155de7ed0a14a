//! What stands in the places of a cause's sentence and cures.

use std::net::IpAddr;

use super::check;
use super::clues::Clues;
use super::decide::Decision;
use super::evidence::{Evidence, Leg};
use super::point::Point;
use super::state::{HostState, is_tun};
use super::way::{self, Way};
use crate::causes::Cause;
use crate::journey::ProbeKind;
use crate::lab::Cidr;
use crate::sys::netlink::{LOCAL, MAIN, Route, RouteKind};

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
            "rp_filter" | "rp_filter_loose" => places.way_back(point, dev, evidence),
            "no_route" | "no_route_forwarding" => places.way(point, evidence),
            "routing_loop" | "bounced" => places.way_out(point, evidence),
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
                let next = point.route().and_then(|route| route.gateway);
                places.put("addr", Some(next.unwrap_or(point.dst).to_string()));
                let there = evidence
                    .hosts
                    .iter()
                    .any(|host| host.owner(point.dst).is_some());
                let way = way::find(&evidence.hosts, &host.name, point.dst);
                if there && way.is_some_and(|way| is_astray(host, point.route(), &way)) {
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
                places.forbidding(point);
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

    /// The route that the host should have, in the place of one that leads astray.
    fn way(&mut self, point: &Point, evidence: &Evidence) {
        if let Some(way) = way::find(&evidence.hosts, &point.host.name, point.dst) {
            self.route(&way, point.host, point.route());
        }
    }

    /// A route back through the device that it came in through, if that is the way; else it came
    /// by the wrong one, and somebody before has sent it there.
    fn way_back(&mut self, point: &Point, dev: Option<&str>, evidence: &Evidence) {
        let Some(way) = way::find(&evidence.hosts, &point.host.name, point.src) else {
            return;
        };
        if Some(way.dev.as_str()) == dev {
            let current = point.host.route_to(point.src, None, None);
            self.route(&way, point.host, current);
        } else {
            self.way_out(point, evidence);
        }
    }

    /// The route or the rule that says that the packet is not to be sent.
    fn forbidding(&mut self, point: &Point) {
        match point.decision() {
            Decision::Route(route) => {
                let kind = match route.kind {
                    RouteKind::Blackhole => "blackhole",
                    RouteKind::Unreachable => "unreachable",
                    RouteKind::Prohibit => "prohibit",
                    _ => return,
                };
                let Some(to) = Cidr::new(route.destination, route.prefix_len) else {
                    return;
                };
                let metric = route.metric.map(|metric| format!(" metric {metric}"));
                let table = match route.table {
                    MAIN => String::new(),
                    LOCAL => " table local".to_owned(),
                    table => format!(" table {table}"),
                };
                let metric = metric.unwrap_or_default();
                self.put("key", Some(kind.to_owned()));
                self.put("net", Some(format!("{to}{metric}{table}")));
            }
            Decision::Rule(rule) => {
                let family = if rule.v6 { "-6 " } else { "" };
                self.put("rules", Some(format!("{family}rule")));
                self.put("pref", Some(rule.priority.to_string()));
            }
            Decision::Nothing => {}
        }
    }

    /// `way`, in the place of the route that is there. One to a smaller network would go on
    /// winning, so that is the one that is replaced.
    fn route(&mut self, way: &Way, host: &HostState, current: Option<&Route>) {
        let current =
            current.filter(|route| route.table == MAIN && is_astray(host, Some(route), way));
        let network = current
            .and_then(|route| Cidr::new(route.destination, route.prefix_len))
            .filter(|network| network.prefix_len() > way.network.prefix_len())
            .unwrap_or(way.network);
        let there = host.has_route(network);
        self.put("to", Some(way.to()));
        self.put(
            "add",
            Some(if there { "replace" } else { "add" }.to_owned()),
        );
        self.put("net", Some(network.to_string()));
    }

    /// Of the hosts on its way, one has a route that leads astray: back, or by the wrong device.
    fn way_out(&mut self, point: &Point, evidence: &Evidence) {
        let in_it = |host: &&HostState| {
            let mut seen = evidence.seen.iter();
            seen.any(|seen| seen.leg != Leg::Error && seen.host == host.name)
        };
        let astray = evidence.hosts.iter().filter(in_it).find_map(|host| {
            let way = way::find(&evidence.hosts, &host.name, point.dst)?;
            let route = host.route_to(point.dst, None, None)?;
            let own = host.owner(point.dst).is_some();
            (!own && is_astray(host, Some(route), &way)).then_some((host, way, route))
        });
        if let Some((host, way, route)) = astray {
            self.route(&way, host, Some(route));
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
            let link = host.link_by_index(host.route_to(dst, None, None)?.index?)?;
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

/// Whether a host's route leads by another device or router than it should.
fn is_astray(host: &HostState, route: Option<&Route>, way: &Way) -> bool {
    let taken = route.and_then(|route| host.link_by_index(route.index?));
    let by = (
        taken.map(|link| link.name.as_str()),
        route.and_then(|route| route.gateway),
    );
    by != (Some(way.dev.as_str()), way.via)
}
