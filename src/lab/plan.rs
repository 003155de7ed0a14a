//! Operations as data: what will be done, in which order, and the command by which a student could
//! do the same.
//!
//! A plan is about one host, the namespace it is applied in. A lab of several hosts is a list of
//! [`Step`]s: an operation, and the host it is done on.

use std::{fmt, net::IpAddr};

use super::Cidr;
use crate::capture::Mode;
use crate::sys::netlink::{Action, LOCAL, MAIN, RouteKind, Rule};

/// One change to a host's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Create a host: a named network namespace.
    NetnsAdd {
        /// Its name under `/run/netns`: `tunlab-u`.
        name: String,
    },
    /// Remove a host.
    NetnsDel {
        /// Its name under `/run/netns`.
        name: String,
    },
    /// Lay a cable to another host: a veth pair.
    CableAdd {
        /// The device at this end.
        dev: String,
        /// The device at the other end.
        peer: String,
        /// The namespace of the other end.
        peer_netns: String,
    },
    /// Remove a device, and with one end of a cable the other.
    DeviceDel {
        /// Its name.
        dev: String,
    },
    /// Set a kernel setting.
    Sysctl {
        /// Its name as sysctl(8) writes it: `net.ipv4.ip_forward`.
        key: String,
        /// Its value.
        value: String,
    },
    /// Create a TUN or TAP device. It lives as long as the file that created it is open, so this
    /// is recorded in a plan and carried out by whoever will hold that file.
    DeviceCreate {
        /// Its name.
        dev: String,
        /// Packets or frames.
        mode: Mode,
    },
    /// Bring a device up.
    LinkUp {
        /// Its name.
        dev: String,
    },
    /// Bring a device down.
    LinkDown {
        /// Its name.
        dev: String,
    },
    /// Set the largest packet a device takes.
    Mtu {
        /// Its name.
        dev: String,
        /// In bytes.
        mtu: u32,
    },
    /// Give a device an address.
    AddrAdd {
        /// Its name.
        dev: String,
        /// The address, with its network.
        addr: Cidr,
    },
    /// Take an address from a device.
    AddrDel {
        /// Its name.
        dev: String,
        /// The address, with its network.
        addr: Cidr,
    },
    /// Add a route.
    RouteAdd(Route),
    /// Add a route, in the place of one to the same network.
    RouteReplace(Route),
    /// Delete a route.
    RouteDel(Route),
    /// Add a policy rule.
    RuleAdd(Rule),
    /// Delete the first policy rule at a place.
    RuleDel {
        /// Whether it is IPv6's.
        v6: bool,
        /// Its place.
        priority: u32,
    },
    /// Tell a host another's hardware address, for good, or in the place of what it had learned.
    NeighReplace {
        /// The device behind which the neighbour is.
        dev: String,
        /// Its IP address.
        addr: IpAddr,
        /// Its hardware address.
        mac: Mac,
    },
    /// Make a host forget a neighbour.
    NeighDel {
        /// The device behind which the neighbour is.
        dev: String,
        /// Its IP address.
        addr: IpAddr,
    },
    /// Make a host forget what it has learned about the neighbours behind a device.
    NeighFlush {
        /// The device.
        dev: String,
    },
}

/// A route to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The network it leads to; a prefix length of 0 makes it the default route.
    pub to: Cidr,
    /// What becomes of packets that take it.
    pub kind: RouteKind,
    /// The router it leads through, if not straight to the destination.
    pub via: Option<IpAddr>,
    /// The device it leads through; without one the kernel finds the one that `via` is behind.
    pub dev: Option<String>,
    /// The source address of packets that have none yet, if it is not the kernel's to choose.
    pub src: Option<IpAddr>,
    /// Which of several routes to the same network is taken: the one with the least.
    pub metric: Option<u32>,
    /// The number of its table, if that is not the main one.
    pub table: Option<u32>,
}

/// An Ethernet address. Reads `aa:bb:cc:dd:ee:ff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

/// An operation on one of several hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The namespace of the host; none where the operation makes or removes that.
    pub netns: Option<String>,
    /// What is done there.
    pub op: Op,
}

/// Operations in the order in which they must be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The operations.
    pub ops: Vec<Op>,
}

/// Configures a TUN or TAP device that exists: its MTU (in bytes) and address, up, its routes.
///
/// The MTU comes first, for an MTU under 1280 removes IPv6 addresses (RFC 8200 section 5); routes
/// come last, for they need the device up.
pub fn device_plan(dev: &str, addr: Option<Cidr>, routes: &[Cidr], mtu: Option<u32>) -> Plan {
    let dev = || dev.to_owned();
    let mut ops = Vec::new();
    ops.extend(mtu.map(|mtu| Op::Mtu { dev: dev(), mtu }));
    ops.extend(addr.map(|addr| Op::AddrAdd { dev: dev(), addr }));
    ops.push(Op::LinkUp { dev: dev() });
    ops.extend(
        routes
            .iter()
            .map(|&to| Op::RouteAdd(Route::direct(to, dev()))),
    );
    Plan { ops }
}

impl Plan {
    /// The equivalent commands, in order.
    pub fn commands(&self) -> impl Iterator<Item = String> + '_ {
        self.ops.iter().map(Op::command)
    }
}

impl Op {
    /// A kernel setting.
    pub fn sysctl(key: &str, value: impl fmt::Display) -> Op {
        Op::Sysctl {
            key: key.to_owned(),
            value: value.to_string(),
        }
    }

    /// The command that does the same.
    pub fn command(&self) -> String {
        match self {
            Op::NetnsAdd { name } => format!("ip netns add {name}"),
            Op::NetnsDel { name } => format!("ip netns del {name}"),
            Op::CableAdd {
                dev,
                peer,
                peer_netns,
            } => format!("ip link add {dev} type veth peer name {peer} netns {peer_netns}"),
            Op::DeviceDel { dev } => format!("ip link del dev {dev}"),
            Op::Sysctl { key, value } if value.contains(' ') => {
                format!("sysctl -qw '{key}={value}'")
            }
            Op::Sysctl { key, value } => format!("sysctl -qw {key}={value}"),
            Op::DeviceCreate { dev, mode } => {
                let mode = match mode {
                    Mode::Tun => "tun",
                    Mode::Tap => "tap",
                };
                format!("ip tuntap add dev {dev} mode {mode}")
            }
            Op::LinkUp { dev } => format!("ip link set dev {dev} up"),
            Op::LinkDown { dev } => format!("ip link set dev {dev} down"),
            Op::Mtu { dev, mtu } => format!("ip link set dev {dev} mtu {mtu}"),
            // Netlink::add_address tells why there is nobody to detect.
            Op::AddrAdd { dev, addr } if addr.address().is_ipv6() => {
                format!("ip addr add {addr} dev {dev} nodad")
            }
            Op::AddrAdd { dev, addr } => format!("ip addr add {addr} dev {dev}"),
            Op::AddrDel { dev, addr } => format!("ip addr del {addr} dev {dev}"),
            Op::RouteAdd(route) => format!("ip route add {route}"),
            Op::RouteReplace(route) => format!("ip route replace {route}"),
            Op::RouteDel(route) => format!("ip route del {route}"),
            Op::RuleAdd(rule) => rule_command(rule),
            Op::RuleDel { v6, priority } => {
                format!(
                    "ip {}rule del pref {priority}",
                    if *v6 { "-6 " } else { "" }
                )
            }
            Op::NeighReplace { dev, addr, mac } => {
                format!("ip neigh replace {addr} lladdr {mac} dev {dev}")
            }
            Op::NeighDel { dev, addr } => format!("ip neigh del {addr} dev {dev}"),
            Op::NeighFlush { dev } => format!("ip neigh flush dev {dev}"),
        }
    }

    /// The operation that takes this one back, where the operation alone tells. What a setting or
    /// an MTU was before is known only to who carries it out; a device goes with the file that
    /// holds it.
    pub fn undo(&self) -> Option<Op> {
        Some(match self {
            Op::NetnsAdd { name } => Op::NetnsDel { name: name.clone() },
            Op::CableAdd { dev, .. } => Op::DeviceDel { dev: dev.clone() },
            Op::NeighReplace { dev, addr, .. } => Op::NeighDel {
                dev: dev.clone(),
                addr: *addr,
            },
            Op::RuleAdd(rule) => Op::RuleDel {
                v6: rule.v6,
                priority: rule.priority,
            },
            Op::LinkUp { dev } => Op::LinkDown { dev: dev.clone() },
            Op::LinkDown { dev } => Op::LinkUp { dev: dev.clone() },
            Op::AddrAdd { dev, addr } => Op::AddrDel {
                dev: dev.clone(),
                addr: *addr,
            },
            Op::AddrDel { dev, addr } => Op::AddrAdd {
                dev: dev.clone(),
                addr: *addr,
            },
            Op::RouteAdd(route) => Op::RouteDel(route.clone()),
            Op::RouteDel(route) => Op::RouteAdd(route.clone()),
            Op::Sysctl { .. }
            | Op::Mtu { .. }
            | Op::DeviceCreate { .. }
            | Op::NetnsDel { .. }
            | Op::DeviceDel { .. }
            | Op::RouteReplace(_)
            | Op::RuleDel { .. }
            | Op::NeighDel { .. }
            | Op::NeighFlush { .. } => return None,
        })
    }
}

/// As `ip rule` takes it: `ip rule add pref 100 to 192.168.70.0/24 prohibit`.
fn rule_command(rule: &Rule) -> String {
    let family = if rule.v6 { "-6 " } else { "" };
    let mut words = format!("ip {family}rule add pref {}", rule.priority);
    if rule.inverted {
        words += " not";
    }
    for (word, network) in [("from", rule.from), ("to", rule.to)] {
        if let Some((address, bits)) = network {
            words += &format!(" {word} {address}/{bits}");
        }
    }
    for (word, dev) in [("iif", &rule.iif), ("oif", &rule.oif)] {
        if let Some(dev) = dev {
            words += &format!(" {word} {dev}");
        }
    }
    if let Some((mark, mask)) = rule.mark {
        words += &format!(" fwmark {mark:#x}/{mask:#x}");
    }
    words += &match rule.action {
        Action::Table(MAIN, None) => " table main".to_owned(),
        Action::Table(table, None) => format!(" table {table}"),
        Action::Table(table, Some(bits)) => format!(" table {table} suppress_prefixlength {bits}"),
        Action::Goto(priority) => format!(" goto {priority}"),
        Action::Nop => " nop".to_owned(),
        Action::Blackhole => " blackhole".to_owned(),
        Action::Unreachable => " unreachable".to_owned(),
        Action::Prohibit => " prohibit".to_owned(),
    };
    words
}

impl Step {
    /// The command that does the same from the machine's own namespace.
    pub fn command(&self) -> String {
        let command = self.op.command();
        match (&self.netns, command.strip_prefix("ip ")) {
            (None, _) => command,
            (Some(netns), Some(rest)) => format!("ip -n {netns} {rest}"),
            (Some(netns), None) => format!("ip netns exec {netns} {command}"),
        }
    }
}

impl Route {
    /// To a network whose hosts are straight behind `dev`.
    pub fn direct(to: Cidr, dev: impl Into<String>) -> Route {
        Route {
            to,
            kind: RouteKind::Unicast,
            via: None,
            dev: Some(dev.into()),
            src: None,
            metric: None,
            table: None,
        }
    }

    /// To a network through a router.
    pub fn via(to: Cidr, router: IpAddr) -> Route {
        Route {
            to,
            kind: RouteKind::Unicast,
            via: Some(router),
            dev: None,
            src: None,
            metric: None,
            table: None,
        }
    }
}

/// As `ip route` takes it: `blackhole 192.168.70.0/24`, `default via 192.168.70.1`.
impl fmt::Display for Route {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            RouteKind::Blackhole => out.write_str("blackhole ")?,
            RouteKind::Unreachable => out.write_str("unreachable ")?,
            RouteKind::Prohibit => out.write_str("prohibit ")?,
            _ => {}
        }
        if self.to.prefix_len() == 0 && self.to.address().is_ipv4() {
            out.write_str("default")?;
        } else {
            write!(out, "{}", self.to)?;
        }
        if let Some(via) = self.via {
            write!(out, " via {via}")?;
        }
        if let Some(dev) = &self.dev {
            write!(out, " dev {dev}")?;
        }
        if let Some(src) = self.src {
            write!(out, " src {src}")?;
        }
        if let Some(metric) = self.metric {
            write!(out, " metric {metric}")?;
        }
        match self.table {
            Some(LOCAL) => out.write_str(" table local"),
            Some(table) => write!(out, " table {table}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().unwrap()
    }

    #[test]
    fn a_device_is_configured_in_this_order() {
        let addr = Some(cidr("192.168.53.99/24"));
        let plan = device_plan("tun0", addr, &[cidr("192.168.70.0/24")], Some(1400));
        assert_eq!(
            plan.commands().collect::<Vec<_>>(),
            [
                "ip link set dev tun0 mtu 1400",
                "ip addr add 192.168.53.99/24 dev tun0",
                "ip link set dev tun0 up",
                "ip route add 192.168.70.0/24 dev tun0",
            ]
        );
        let bare = device_plan("tun0", None, &[], None);
        assert_eq!(
            bare.commands().collect::<Vec<_>>(),
            ["ip link set dev tun0 up"]
        );
    }

    #[test]
    fn commands() {
        let router = "192.168.70.1".parse().unwrap();
        let mut route = Route::via(cidr("192.168.53.0/24"), router);
        route.dev = Some("eth0".to_owned());
        assert_eq!(
            Op::RouteAdd(route).command(),
            "ip route add 192.168.53.0/24 via 192.168.70.1 dev eth0"
        );
        assert_eq!(
            Op::sysctl("net.ipv4.conf.all.rp_filter", 0).command(),
            "sysctl -qw net.ipv4.conf.all.rp_filter=0"
        );
        assert_eq!(
            Op::sysctl("net.ipv4.ping_group_range", "0 100").command(),
            "sysctl -qw 'net.ipv4.ping_group_range=0 100'"
        );
        let tap = Op::DeviceCreate {
            dev: "tap0".to_owned(),
            mode: Mode::Tap,
        };
        assert_eq!(tap.command(), "ip tuntap add dev tap0 mode tap");
        let v6 = Op::AddrAdd {
            dev: "tun0".to_owned(),
            addr: cidr("fd00::1/64"),
        };
        assert_eq!(v6.command(), "ip addr add fd00::1/64 dev tun0 nodad");
    }

    #[test]
    fn undoing_twice_is_doing() {
        let plan = device_plan(
            "tun0",
            Some(cidr("10.0.0.1/8")),
            &[cidr("11.0.0.0/8")],
            None,
        );
        for op in &plan.ops {
            assert_eq!(op.undo().unwrap().undo().as_ref(), Some(op));
        }
        assert_eq!(Op::sysctl("net.ipv4.ip_forward", 0).undo(), None);
    }
}
