//! Hosts as they stand in the course, and what can be found out about them, for tests.

use std::collections::BTreeMap;
use std::net::IpAddr;

use nix::errno::Errno;

use super::evidence::{Asked, Company, Drop, Dropped, Evidence, Glimpse, Leg, Moved, Rule, Trace};
use super::state::HostState;
use crate::journey::ProbeKind;
use crate::lab::Cidr;
use crate::sys::netlink::{Address, Link, Lookup, MAIN, Route, RouteKind};

/// u, s and v with the tunnel between u and s, everything in order.
pub(super) fn course() -> Vec<HostState> {
    vec![
        host(
            "u",
            &[("eth0", "10.0.2.8/24"), ("tun0", "192.168.53.99/24")],
            &[("192.168.70.0/24", None, 3)],
        ),
        host(
            "s",
            &[
                ("eth0", "10.0.2.11/24"),
                ("eth1", "192.168.70.1/24"),
                ("tun0", "192.168.53.5/24"),
            ],
            &[],
        ),
        host(
            "v",
            &[("eth0", "192.168.70.101/24")],
            &[("0.0.0.0/0", Some("192.168.70.1"), 2)],
        ),
    ]
}

/// The same before there is a tunnel.
pub(super) fn without_tunnel() -> Vec<HostState> {
    let mut hosts = course();
    for host in &mut hosts {
        let tun = host.link("tun0").map(|link| link.index);
        host.links.retain(|link| link.name != "tun0");
        host.addresses.retain(|address| Some(address.index) != tun);
        host.routes.retain(|route| route.index != tun);
    }
    hosts
}

/// A ping from u to v of which nothing is known yet.
pub(super) fn ping(hosts: Vec<HostState>) -> Evidence {
    Evidence {
        from: "u".to_owned(),
        to: address("192.168.70.101"),
        length: 84,
        kind: Some(ProbeKind::Icmp),
        company: Company::Nobody,
        refused: None,
        answered: false,
        reset: false,
        seen: Vec::new(),
        drops: Some(Vec::new()),
        traces: None,
        moved: Some(Vec::new()),
        lookups: Vec::new(),
        waiting: Vec::new(),
        listeners: None,
        tunnel: Some(("s".to_owned(), "10.0.2.11:9090".parse().unwrap())),
        not_available: Vec::new(),
        hosts,
    }
}

/// The way of a request as far as `hops` hops of the known six.
pub(super) fn seen(hops: usize) -> Vec<Glimpse> {
    let wrapped = Some((
        "10.0.2.8:40000".parse().unwrap(),
        "10.0.2.11:9090".parse().unwrap(),
    ));
    let way = [
        ("u", "tun0", true, 64, None),
        ("u", "eth0", true, 64, wrapped),
        ("s", "eth0", false, 64, wrapped),
        ("s", "tun0", false, 64, None),
        ("s", "eth1", true, 63, None),
        ("v", "eth0", false, 63, None),
    ];
    let glimpse = |(host, dev, out, ttl, outer): (&str, &str, bool, u8, _)| Glimpse {
        host: host.to_owned(),
        dev: dev.to_owned(),
        out,
        leg: Leg::Request,
        src: address("192.168.53.99"),
        dst: address("192.168.70.101"),
        ttl,
        outer,
        length: 84,
        piece: None,
        outer_piece: None,
    };
    way.into_iter().take(hops).map(glimpse).collect()
}

/// The kernel threw the request away on s.
pub(super) fn drop_on_s(reason: Option<&str>, function: &str) -> Drop {
    Drop {
        host: "s".to_owned(),
        dev: Some("tun0".to_owned()),
        reason: reason.map(str::to_owned),
        function: function.to_owned(),
        length: 84,
        packet: Some(Dropped {
            leg: Leg::Request,
            src: address("192.168.53.99"),
            dst: address("192.168.70.101"),
            ttl: 64,
            outer: None,
        }),
    }
}

/// How far the request got through the firewall of s, or its answer through that of v: it passed
/// the hook.
pub(super) fn traced(host: &str, hook: &str) -> Trace {
    let (u, v) = (address("192.168.53.99"), address("192.168.70.101"));
    let (src, dst) = if host == "v" { (v, u) } else { (u, v) };
    Trace {
        host: host.to_owned(),
        hook: hook.to_owned(),
        oif: None,
        dropped_by: None,
        src,
        dst,
    }
}

/// A rule of the firewall that drops.
pub(super) fn rule(family: &str) -> Rule {
    Rule {
        family: family.to_owned(),
        table: "wall".to_owned(),
        chain: "in".to_owned(),
        handle: Some(2),
        text: Some("icmp type echo-request drop".to_owned()),
    }
}

pub(super) fn moved(host: &str, counter: &str) -> Moved {
    Moved {
        host: host.to_owned(),
        counters: vec![(counter.to_owned(), 1)],
    }
}

/// A route lookup for the request on a host.
pub(super) fn asked(host: &str, iif: Option<&str>, answer: Result<u32, Errno>) -> Asked {
    Asked {
        host: host.to_owned(),
        iif: iif.map(str::to_owned),
        src: Some(address("192.168.53.99")),
        dst: address("192.168.70.101"),
        answer: answer.map(|index| Lookup {
            index: Some(index),
            gateway: None,
            source: None,
            kind: RouteKind::Unicast,
        }),
    }
}

pub(super) fn set(host: &mut HostState, key: &str, value: &str) {
    host.settings.insert(key.to_owned(), value.to_owned());
}

pub(super) fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Devices are numbered from 2, after lo, each with the route of its own network; `routes` come on
/// top: network, router, device.
fn host(name: &str, devices: &[(&str, &str)], routes: &[(&str, Option<&str>, u32)]) -> HostState {
    let mut state = HostState {
        name: name.to_owned(),
        links: Vec::new(),
        addresses: Vec::new(),
        rules: Vec::new(),
        routes: Vec::new(),
        neighbours: Vec::new(),
        settings: BTreeMap::new(),
    };
    set(&mut state, "net.ipv4.ip_forward", "1");
    for (index, (dev, own)) in (2..).zip(devices) {
        let own: Cidr = own.parse().unwrap();
        let tun = dev.starts_with("tun");
        state.links.push(Link {
            index,
            name: (*dev).to_owned(),
            kind: Some(if tun { "tun" } else { "veth" }.to_owned()),
            up: true,
            carrier: true,
            mtu: if tun { 1472 } else { 1500 },
            mac: (!tun).then_some([2, 0, 0, 0, name.as_bytes()[0], index as u8]),
        });
        state.addresses.push(Address {
            index,
            address: own.address(),
            prefix_len: own.prefix_len(),
        });
        state
            .routes
            .push(route(&own.network().to_string(), None, index));
    }
    let more = routes
        .iter()
        .map(|(to, via, index)| route(to, *via, *index));
    state.routes.extend(more);
    state
}

pub(super) fn route(to: &str, via: Option<&str>, index: u32) -> Route {
    let to: Cidr = to.parse().unwrap();
    Route {
        destination: to.address(),
        prefix_len: to.prefix_len(),
        index: Some(index),
        gateway: via.map(address),
        kind: RouteKind::Unicast,
        metric: None,
        source: None,
        table: MAIN,
    }
}
