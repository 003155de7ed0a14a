//! Whether a cause fits what is known about a place: each check gathers clues for it, or refutes
//! it.

use std::collections::BTreeSet;

use nix::errno::Errno;

use super::clues::{Clues, counters};
use super::decide::Decision;
use super::evidence::Evidence;
use super::firewall;
use super::met::is_header;
use super::point::{Phase, Point};
use super::state::{HostState, is_tun};
use super::way;
use crate::causes::Cause;
use crate::journey::ProbeKind;
use crate::lab::Cidr;
use crate::lab::plan::Mac;
use crate::sys::netlink::{
    Action, LOCAL, Link, Lookup, MAIN, Neighbour, NeighbourState, RouteKind,
};
use crate::sys::nftables::DEVICE_HOOKS;

/// The clues for a cause; nothing if something refutes it.
pub(super) fn check(cause: &Cause, point: &Point, evidence: &Evidence) -> Option<Clues> {
    let clues = counters(cause, point, evidence);
    let host = point.host;
    let dev = point.dev.as_deref().unwrap_or_default();
    let iif = (point.phase == Phase::In).then_some(dev);
    let lookup = evidence.lookup(&host.name, iif, point.src, point.dst);
    let errno = lookup.and_then(|answer| answer.as_ref().err().copied());
    let found = lookup.and_then(|answer| answer.as_ref().ok());
    let local = host.owner(point.dst).is_some();
    let told = |clues: Clues, errno: Errno| {
        let words = format!(
            "a route lookup on {} for this packet answers {errno:?}",
            host.name
        );
        clues.observed(4, words)
    };
    match cause.name {
        "rp_filter" | "rp_filter_loose" => {
            let wanted = if cause.name == "rp_filter" { 1 } else { 2 };
            let filters = host.rp_filter(dev) == wanted && host.owner(point.src).is_none();
            let errno = errno.filter(|errno| cause.lookup.contains(errno));
            let clues =
                clues.observed(1, format!("rp_filter is {wanted} on {}'s {dev}", host.name));
            filters.then_some(told(clues, errno?))
        }
        "local_source" => {
            let (link, address) = host.owner(point.src)?;
            let accepted = host.setting("net.ipv4.conf.all.accept_local") != 0;
            if point.src.is_loopback() || accepted {
                return None; // that is another check, or none
            }
            let words = format!("{} itself has {address}, on {}", host.name, link.name);
            let mut clues = clues.observed(5, words);
            clues.dev = Some(dev.to_owned());
            Some(clues)
        }
        "localnet" => {
            let loopback = point.src.is_loopback() || point.dst.is_loopback();
            loopback.then(|| clues.inferred(5, format!("{} to {}", point.src, point.dst)))
        }
        "ip_forward" => {
            let words = format!("forwarding is off on {}", host.name);
            let clues = clues.observed(2, words);
            // IPv6 looks up a route first, and asks whether it may forward afterwards.
            let unknown = found.is_none() || point.dst.is_ipv6();
            let off = !local && !host.forwards(dev, point.dst) && unknown;
            off.then(|| match errno {
                Some(errno) if cause.lookup.contains(&errno) => told(clues, errno),
                _ => clues,
            })
        }
        "no_route_forwarding" if matches!(point.decision(), Decision::Rule(_)) => None,
        "no_route_forwarding" => {
            let errno = errno.filter(|errno| cause.lookup.contains(errno))?;
            Some(told(clues, errno))
        }
        "no_route" => no_route(point, evidence, clues, errno),
        "device_down_send" => {
            let (link, weight) = way_down(point, evidence)?;
            let lost = no_route(point, evidence, clues, errno)?;
            let words = format!("{} of {} is down", link.name, host.name);
            let mut clues = lost.observed(weight, words);
            clues.dev = Some(link.name.clone());
            Some(clues)
        }
        "blackhole" => {
            let forbids = forbidden(point)?;
            Some(clues.observed(6, forbids))
        }
        "no_reader" => {
            let link = leaving(point, found, host)?;
            let empty = is_tun(link) && link.up && !link.carrier;
            let words = format!("{} of {} has no carrier", link.name, host.name);
            let mut clues = empty.then(|| clues.observed(5, words))?;
            clues.dev = Some(link.name.clone());
            Some(clues)
        }
        "no_carrier" => {
            let link = host.link_by_index(point.route()?.index?)?;
            let cut = !is_tun(link) && link.up && !link.carrier;
            let words = format!("{} of {} has no carrier", link.name, host.name);
            let mut clues = cut.then(|| clues.observed(8, words))?;
            clues.dev = Some(link.name.clone());
            Some(clues)
        }
        "queue_full" => {
            let link = leaving(point, found, host)?;
            let full = is_tun(link) && link.carrier;
            let counter = format!("{}.tx_dropped", link.name);
            let rose = evidence.rose(&host.name, &counter);
            let mut clues = full.then_some(clues)?;
            clues.dev = Some(link.name.clone());
            match (rose, &evidence.moved) {
                (None, Some(_)) => None,
                _ => Some(clues),
            }
        }
        "neighbour" => {
            let route = point.route()?;
            let next = route.gateway.unwrap_or(point.dst);
            let link = host.link_by_index(route.index?)?;
            let words =
                |next, silent| format!("{next} on {} of {} is {silent:?}", link.name, host.name);
            let mut clues = match unanswered(host, link.index, next) {
                Some(silent) => clues.observed(5, words(next, silent)),
                // The firewall may have given it another destination.
                None => {
                    let other = other_unanswered(host, link.index, point)?;
                    clues.inferred(2, words(other.address, other.state))
                }
            };
            clues.dev = Some(link.name.clone());
            Some(clues)
        }
        "other_host" => {
            let wrong = wrong_neighbour(point, evidence)?;
            let words = format!("{} takes {} to be {}", wrong.host, wrong.address, wrong.mac);
            Some(clues.observed(5, words))
        }
        "ttl" | "routing_loop" => {
            let visits = evidence
                .seen
                .iter()
                .filter(|glimpse| glimpse.host == host.name && glimpse.dev == dev && !glimpse.out);
            // All pieces of one visit have the same.
            let ttls: BTreeSet<u8> = visits.map(|glimpse| glimpse.ttl).collect();
            let loops = ttls.len() > 2;
            let runs_out = point.ttl <= 1 && !local && loops == (cause.name == "routing_loop");
            runs_out.then(|| clues.observed(4, lifetime(point, evidence)))
        }
        "bounced" => {
            let back = evidence
                .bounce()
                .filter(|(at, _)| at.host == host.name && at.dev == dev)?;
            let words = format!(
                "{} sent it back through {dev}, by which it came in",
                back.0.host
            );
            Some(clues.observed(6, words))
        }
        "too_big" => {
            let link = match point.phase {
                Phase::Entering | Phase::Out => host.link(dev)?,
                _ => host.link_by_index(found?.index?)?,
            };
            // The tunnel's datagram is longer by IPv4 and UDP.
            // Pieces that got on to where nobody sees them have an answer that is whole.
            let gone = point.phase == Phase::Out && evidence.next(point).is_none();
            let length = match point.length {
                0 => evidence.length,
                _ if gone => evidence.length,
                length => length,
            };
            let length = length + if point.outer.is_some() { 28 } else { 0 };
            let words = format!(
                "{} of {} takes {} bytes, the packet has {length}",
                link.name, host.name, link.mtu
            );
            let mut clues = (link.mtu < length).then(|| clues.observed(4, words))?;
            clues.dev = Some(link.name.clone());
            Some(clues)
        }
        "nft_drop" => firewall::check(point, evidence, clues),
        "device_down" => {
            let tun = host.links.iter().find(|link| is_tun(link) && !link.up)?;
            let mut clues = clues.observed(4, format!("{} of {} is down", tun.name, host.name));
            clues.dev = Some(tun.name.clone());
            Some(clues)
        }
        "echo_ignored" => {
            let ignored = local && host.setting("net.ipv4.icmp_echo_ignore_all") != 0;
            let words = format!("icmp_echo_ignore_all is 1 on {}", host.name);
            ignored.then(|| clues.observed(4, words))
        }
        "tunnel_silent" => {
            let carried = match point.phase {
                Phase::Wrapping => host.link(dev).is_some_and(|link| link.carrier),
                _ => true,
            };
            let words = "nothing of it was seen after that".to_owned();
            carried.then(|| clues.inferred(1, words))
        }
        "udp_port_closed" | "udp_checksum" | "socket_full" => {
            let udp = point.outer.is_some() || matches!(evidence.kind, Some(ProbeKind::Udp(_)));
            (udp && local).then_some(clues)
        }
        "tcp_port_closed" | "tcp_checksum" => {
            let tcp = point.outer.is_none() && matches!(evidence.kind, Some(ProbeKind::Tcp(_)));
            (tcp && local).then_some(clues)
        }
        "not_ip" | "empty" => {
            let tun = host.links.iter().find(|link| is_tun(link))?;
            // The kernel alone knows how much was written.
            let bytes = evidence
                .drops
                .iter()
                .flatten()
                .find(|drop| drop.host == host.name && drop.function == "tun_get_user")
                .map(|drop| drop.length);
            let fits = bytes.is_none_or(|bytes| (bytes == 0) == (cause.name == "empty"));
            let mut clues = (tun.up && fits).then_some(clues)?;
            if let Some(bytes) = bytes {
                clues = clues.observed(1, format!("{bytes} bytes were written to {}", tun.name));
            }
            clues.dev = Some(tun.name.clone());
            Some(clues)
        }
        // A TUN device of the tunnel carries IP or nothing.
        "unknown_protocol" => {
            let garbled = point.phase == Phase::Garbled;
            let carries_ip = host.link(dev).is_some_and(is_tun);
            let clues = (garbled && !carries_ip).then_some(clues)?;
            let taken = evidence.rose(&host.name, &format!("{dev}.rx_bytes"));
            let taken = taken.filter(|&bytes| has_other_than_arp(bytes, point, evidence));
            let ip = ["Ip.InReceives", "Ip6InReceives"];
            let heard = ip
                .iter()
                .any(|name| evidence.rose(&host.name, name).is_some());
            match taken {
                None if evidence.moved.is_some() => None,
                Some(bytes) if !heard => {
                    let words = format!("{dev} of {} took in {bytes} bytes, IP none", host.name);
                    Some(clues.observed(3, words))
                }
                _ => Some(clues),
            }
        }
        // What was recognised is IP, and which; what a firewall has seen behind the device has a
        // sound header.
        name if is_header(name) => {
            let readable = point.phase != Phase::Garbled;
            let v6 = name.starts_with("ipv6_");
            let other = v6 != point.src.is_ipv6();
            let traced = evidence.traces.iter().flatten();
            let passed = traced
                .filter(|trace| trace.src == point.src && trace.hook != DEVICE_HOOKS[0])
                .any(|trace| trace.host == host.name);
            (!readable || !other && !passed).then_some(clues)
        }
        // The rest is told by counters or by the kernel alone.
        _ => Some(clues),
    }
}

/// How little was left of the packet's time to live, in words.
fn lifetime(point: &Point, evidence: &Evidence) -> String {
    let mut came = evidence.seen.iter().filter(|seen| {
        !seen.out && seen.host == point.host.name && Some(&seen.dev) == point.dev.as_ref()
    });
    match came.next_back().map(|seen| seen.ttl) {
        Some(ttl) if ttl > 1 => format!(
            "it arrived with a TTL of {ttl}, and had {} when it was to be passed on: a rule of {}'s \
             firewall changes it (`nft list ruleset`)",
            point.ttl, point.host.name
        ),
        _ => format!("it arrived with a TTL of {}", point.ttl),
    }
}

/// What says that the packet is not to be sent, in words.
fn forbidden(point: &Point) -> Option<String> {
    let (host, dst) = (&point.host.name, point.dst);
    match point.decision() {
        Decision::Route(route) => {
            let kind = match route.kind {
                RouteKind::Blackhole => "a blackhole",
                RouteKind::Unreachable => "unreachable",
                RouteKind::Prohibit => "prohibited",
                _ => return None,
            };
            let table = match route.table {
                MAIN => String::new(),
                LOCAL => " in table local".to_owned(),
                table => format!(" in table {table}"),
            };
            Some(format!("{host}'s route to {dst}{table} is {kind}"))
        }
        Decision::Rule(rule) => {
            let what = match rule.action {
                Action::Blackhole => "a blackhole",
                Action::Unreachable => "unreachable",
                _ => "prohibited",
            };
            let place = rule.priority;
            Some(format!(
                "{host}'s policy rule {place} makes {dst} {what} (`ip rule`)"
            ))
        }
        Decision::Nothing => None,
    }
}

/// Whether so many bytes that a device took in are more than ARP's alone, and enough for the packet
/// among them.
fn has_other_than_arp(bytes: i64, point: &Point, evidence: &Evidence) -> bool {
    const ARP: i64 = 42; // with Ethernet's header
    let dev = point.dev.as_deref().unwrap_or_default();
    let frames = evidence.rose(&point.host.name, &format!("{dev}.rx_packets"));
    bytes >= i64::from(evidence.length) + ARP * frames.unwrap_or(1).saturating_sub(1)
}

fn no_route(
    point: &Point,
    evidence: &Evidence,
    clues: Clues,
    lookup: Option<Errno>,
) -> Option<Clues> {
    let host = &point.host.name;
    // A rule answers so, too.
    if matches!(point.decision(), Decision::Rule(_)) {
        return None;
    }
    let own = point.dst == evidence.to && *host == evidence.from;
    match (evidence.refused.filter(|_| own), lookup) {
        (Some(Errno::ENETUNREACH), _) => {
            let words = format!("sending it was answered with ENETUNREACH on {host}");
            Some(clues.observed(5, words))
        }
        (_, Some(Errno::ENETUNREACH)) => {
            let words = format!(
                "a route lookup on {host} for {} answers ENETUNREACH",
                point.dst
            );
            Some(clues.observed(5, words))
        }
        _ => None,
    }
}

/// The device that is down on the way to the destination, and how much that weighs: the one that
/// leads there by all that is known, or that has the destination's network; else, where nothing is
/// known of other hosts, one with an address, for the routes through it went with it.
fn way_down<'e>(point: &Point<'e>, evidence: &Evidence) -> Option<(&'e Link, u32)> {
    let host = point.host;
    let down = |link: &&Link| !link.up;
    if let Some(way) = way::find(&evidence.hosts, &host.name, point.dst) {
        return Some((host.link(&way.dev).filter(down)?, 3));
    }
    let networks = |link: &'e Link| host.addresses_of(link).map(Cidr::network);
    let own = |link: &&'e Link| networks(link).any(|network| network.contains(point.dst));
    let all = || host.links.iter().filter(down);
    let nearby = all().find(own).map(|link| (link, 3));
    // A device that is down has lost its addresses of IPv6, so nobody knows where it led.
    let alone = evidence.hosts.len() == 1 || point.dst.is_ipv6();
    let any = all().find(|link| networks(link).next().is_some());
    nearby.or_else(|| any.filter(|_| alone).map(|link| (link, 1)))
}

/// The device that the packet is to leave through.
fn leaving<'h>(point: &Point, found: Option<&Lookup>, host: &'h HostState) -> Option<&'h Link> {
    match point.phase {
        Phase::Wrapping | Phase::Out => host.link(point.dev.as_deref()?),
        _ => host.link_by_index(found?.index?),
    }
}

/// The state of a neighbour that has not answered.
fn unanswered(host: &HostState, index: u32, address: std::net::IpAddr) -> Option<NeighbourState> {
    let is_it = |one: &&Neighbour| one.index == index && one.address == address;
    let state = host.neighbours.iter().find(is_it)?.state;
    is_silent(state).then_some(state)
}

/// A neighbour that has not answered a router, which has a packet to pass on to somebody else.
fn other_unanswered<'h>(host: &'h HostState, index: u32, point: &Point) -> Option<&'h Neighbour> {
    let passing = point.phase == Phase::In && host.owner(point.dst).is_none();
    let mut neighbours = host.neighbours.iter().filter(|_| passing);
    neighbours.find(|one| one.index == index && is_silent(one.state))
}

fn is_silent(state: NeighbourState) -> bool {
    matches!(state, NeighbourState::Incomplete | NeighbourState::Failed)
}

/// A wrong entry in a neighbour table.
pub(super) struct WrongNeighbour {
    /// The host that has it.
    pub(super) host: String,
    /// Its device.
    pub(super) dev: String,
    pub(super) address: std::net::IpAddr,
    /// What it takes the address to be.
    pub(super) mac: String,
}

/// The entry by which the host before sends to a hardware address that is not the device's.
pub(super) fn wrong_neighbour(point: &Point, evidence: &Evidence) -> Option<WrongNeighbour> {
    let before = evidence
        .seen
        .iter()
        .rfind(|glimpse| glimpse.out && glimpse.host != point.host.name)?;
    let sender = evidence.host(&before.host)?;
    let link = sender.link(&before.dev)?;
    let here = point.host.link(point.dev.as_deref()?)?;
    let own: Vec<_> = point
        .host
        .addresses_of(here)
        .map(|own| own.address())
        .collect();
    let entry = sender.neighbours.iter().find(|entry| {
        entry.index == link.index && own.contains(&entry.address) && entry.mac != here.mac
    })?;
    Some(WrongNeighbour {
        host: sender.name.clone(),
        dev: link.name.clone(),
        address: entry.address,
        mac: Mac(entry.mac?).to_string(),
    })
}
