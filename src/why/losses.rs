//! What is found of each loss besides the kernel's word, for tests: sightings, set-up, counters.

use std::net::{Ipv4Addr, SocketAddr};

use nix::errno::Errno;

use super::evidence::{Evidence, Moved};
use super::samples::{address, asked, course, moved, ping, route, seen, set};
use super::state::HostState;
use crate::journey::ProbeKind;
use crate::sys::netlink::{Address, MAIN, Neighbour, NeighbourState, Route, RouteKind};

/// A loss as it is found.
pub(super) struct Loss {
    /// Everything but the kernel's word.
    pub(super) evidence: fn() -> Evidence,
    /// Where the kernel drops.
    pub(super) host: &'static str,
    /// The device that the packet belongs to then.
    pub(super) dev: Option<&'static str>,
    /// Whether it can still be read.
    pub(super) readable: bool,
    /// Whether it is the tunnel's datagram.
    pub(super) wrapped: bool,
    /// Its length.
    pub(super) length: u32,
}

/// Who sends.
pub(super) const SENDER: Ipv4Addr = Ipv4Addr::new(192, 168, 53, 99);

/// The ends of the tunnel's datagram.
pub(super) fn datagram() -> (SocketAddr, SocketAddr) {
    (
        "10.0.2.8:40000".parse().unwrap(),
        "10.0.2.11:9090".parse().unwrap(),
    )
}

/// A packet that s threw away after it came out of tun0.
const ON_S: Loss = Loss {
    evidence: || on_s(course()),
    host: "s",
    dev: Some("tun0"),
    readable: true,
    wrapped: false,
    length: 84,
};

/// The loss of a cause.
pub(super) fn of(cause: &str) -> Loss {
    let there = |evidence| Loss { evidence, ..ON_S };
    let garbled = |evidence| Loss {
        evidence,
        readable: false,
        ..ON_S
    };
    let at = |host, dev, evidence| Loss {
        evidence,
        host,
        dev: Some(dev),
        ..ON_S
    };
    match cause {
        "rp_filter" => there(|| filtered("1")),
        "rp_filter_loose" => there(|| filtered("2")),
        "local_source" => there(|| {
            let mut hosts = course();
            hosts[1].addresses.push(Address {
                index: 3,
                address: SENDER.into(),
                prefix_len: 32,
            });
            answering(on_s_of(hosts), Err(Errno::EINVAL))
        }),
        "localnet" => there(|| {
            let mut evidence = on_s(course());
            evidence.seen[3].src = address("127.0.0.1");
            evidence
        }),
        "ip_forward" => there(|| {
            let mut hosts = course();
            set(&mut hosts[1], "net.ipv4.ip_forward", "0");
            let evidence = answering(on_s_of(hosts), Err(Errno::EHOSTUNREACH));
            counting(evidence, "s", "Ip.InAddrErrors")
        }),
        "no_route_forwarding" => there(|| {
            let mut hosts = course();
            hosts[1].routes.retain(|route| route.index != Some(3));
            let evidence = answering(on_s_of(hosts), Err(Errno::ENETUNREACH));
            counting(evidence, "s", "IpExt.InNoRoutes")
        }),
        "device_down_send" => there(|| {
            let mut hosts = course();
            link(&mut hosts[1], "eth1").up = false;
            hosts[1].routes.retain(|route| route.index != Some(3));
            answering(on_s_of(hosts), Err(Errno::ENETUNREACH))
        }),
        "blackhole" => there(|| {
            let mut hosts = course();
            hosts[1].routes.push(Route {
                destination: address("192.168.70.101"),
                prefix_len: 32,
                index: None,
                gateway: None,
                kind: RouteKind::Blackhole,
                metric: None,
                source: None,
                table: MAIN,
            });
            answering(on_s_of(hosts), Err(Errno::EINVAL))
        }),
        "ttl" => there(|| {
            let mut evidence = on_s(course());
            evidence.seen[3].ttl = 1;
            counting(evidence, "s", "Icmp.OutTimeExcds")
        }),
        "routing_loop" => there(|| {
            let mut evidence = on_s(course());
            let again = evidence.seen[3].clone();
            for ttl in [31, 1] {
                let mut visit = again.clone();
                visit.ttl = ttl;
                evidence.seen.push(visit);
            }
            counting(evidence, "s", "Icmp.OutTimeExcds")
        }),
        "bounced" => there(|| {
            let mut hosts = course();
            let back = route("192.168.70.101/32", None, 4);
            hosts[1].routes.push(back);
            let mut evidence = on_s_of(hosts);
            let mut out = evidence.seen[3].clone();
            (out.out, out.ttl) = (true, 63);
            evidence.seen.push(out);
            evidence
        }),
        "too_big" => there(|| {
            let mut hosts = course();
            link(&mut hosts[1], "eth1").mtu = 70;
            counting(answering(on_s_of(hosts), Ok(3)), "s", "Ip.FragFails")
        }),
        "nft_drop" => there(ON_S.evidence),
        "ip_checksum" => there(|| counting(on_s(course()), "s", "IpExt.InCsumErrors")),
        "ip_truncated" => garbled(|| unwrapped("IpExt.InTruncatedPkts")),
        "ip_header" => garbled(|| unwrapped("Ip.InHdrErrors")),
        "ipv6_off" => garbled(|| unwrapped("Ip6InDiscards")),
        "ipv6_header" => garbled(|| unwrapped("Ip6InHdrErrors")),
        "not_ip" => Loss {
            dev: None,
            ..garbled(|| unwrapped("tun0.rx_dropped"))
        },
        "empty" => Loss {
            dev: None,
            length: 0,
            ..garbled(|| unwrapped("tun0.rx_dropped"))
        },
        "device_down" => Loss {
            dev: None,
            ..garbled(|| {
                let mut evidence = unwrapped("tun0.rx_dropped");
                link(&mut evidence.hosts[1], "tun0").up = false;
                evidence
            })
        },
        "other_host" => at("v", "eth0", || {
            let mut hosts = course();
            hosts[1].neighbours.push(Neighbour {
                index: 3,
                address: address("192.168.70.101"),
                mac: Some([2, 0, 0, 0, 0, 0x99]),
                state: NeighbourState::Permanent,
            });
            at_v(hosts)
        }),
        "unknown_protocol" => at("v", "eth0", || {
            let mut evidence = on_s(course());
            evidence.moved = Some(vec![Moved {
                host: "v".to_owned(),
                counters: vec![("eth0.rx_bytes".to_owned(), 98)],
            }]);
            evidence
        }),
        "tcp_checksum" => at("v", "eth0", || syn("Tcp.InCsumErrors")),
        "tcp_port_closed" => at("v", "eth0", || syn("Tcp.OutRsts")),
        "udp_port_closed" => Loss {
            wrapped: true,
            ..at("s", "eth0", || unwrapped("Udp.NoPorts"))
        },
        "udp_checksum" => Loss {
            wrapped: true,
            ..at("s", "eth0", || unwrapped("Udp.InCsumErrors"))
        },
        "socket_full" => Loss {
            wrapped: true,
            ..at("s", "eth0", || unwrapped("Udp.RcvbufErrors"))
        },
        "neighbour" => at("s", "eth1", || {
            let mut hosts = course();
            hosts[1].neighbours.push(Neighbour {
                index: 3,
                address: address("192.168.70.101"),
                mac: None,
                state: NeighbourState::Failed,
            });
            on_s_of(hosts)
        }),
        "queue_full" => at("u", "tun0", || {
            let mut evidence = ping(course());
            evidence.seen = seen(1);
            counting(evidence, "u", "tun0.tx_dropped")
        }),
        "no_reader" => at("u", "tun0", || {
            let mut hosts = course();
            link(&mut hosts[0], "tun0").carrier = false;
            let mut evidence = ping(hosts);
            evidence.lookups = vec![asked("u", None, Ok(3))];
            counting(evidence, "u", "tun0.tx_dropped")
        }),
        "no_carrier" => at("s", "eth1", || {
            let mut hosts = course();
            link(&mut hosts[1], "eth1").carrier = false;
            on_s_of(hosts)
        }),
        "qdisc" => Loss {
            wrapped: true,
            ..at("u", "eth0", || {
                let mut evidence = ping(course());
                evidence.seen = seen(1);
                evidence
            })
        },
        _ => panic!("no loss is known of {cause}"),
    }
}

fn link<'h>(host: &'h mut HostState, name: &str) -> &'h mut crate::sys::netlink::Link {
    let mut links = host.links.iter_mut();
    links.find(|link| link.name == name).unwrap()
}

/// Seen last coming out of s's tun0, whose routes lead on.
fn on_s(hosts: Vec<HostState>) -> Evidence {
    answering(on_s_of(hosts), Ok(3))
}

fn on_s_of(hosts: Vec<HostState>) -> Evidence {
    let mut evidence = ping(hosts);
    evidence.seen = seen(4);
    evidence.lookups = vec![asked("s", Some("tun0"), Ok(3))];
    evidence
}

/// Filtered by s's reverse path filter.
fn filtered(mode: &str) -> Evidence {
    let mut hosts = course();
    set(&mut hosts[1], "net.ipv4.conf.all.rp_filter", mode);
    let evidence = answering(on_s_of(hosts), Err(Errno::EINVAL));
    counting(evidence, "s", "TcpExt.IPReversePathFilter")
}

/// Seen last in the tunnel's datagram on s, which counted it.
fn unwrapped(counter: &str) -> Evidence {
    let mut evidence = ping(course());
    evidence.seen = seen(3);
    counting(evidence, "s", counter)
}

/// Seen last on v.
fn at_v(hosts: Vec<HostState>) -> Evidence {
    let mut evidence = ping(hosts);
    evidence.seen = seen(6);
    evidence
}

/// A SYN that v counted.
fn syn(counter: &str) -> Evidence {
    let mut evidence = at_v(course());
    evidence.kind = Some(ProbeKind::Tcp(23));
    counting(evidence, "v", counter)
}

/// What s answers when it is asked for the route of what came out of tun0.
fn answering(mut evidence: Evidence, answer: Result<u32, Errno>) -> Evidence {
    evidence.lookups = vec![asked("s", Some("tun0"), answer)];
    evidence
}

fn counting(mut evidence: Evidence, host: &str, counter: &str) -> Evidence {
    evidence.moved = Some(vec![moved(host, counter)]);
    evidence
}
