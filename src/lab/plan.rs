//! Operations as data: what will be done, in which order, and the command by which a student could
//! do the same.
//!
//! A plan is about one host, the namespace it is applied in. A lab of several hosts is a list of
//! (host, operation), and its operations that make namespaces and cables are further [`Op`]s.

use std::{fmt, net::IpAddr};

use super::Cidr;
use crate::capture::Mode;

/// One change to a host's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
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
    /// Delete a route.
    RouteDel(Route),
}

/// A route to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The network it leads to.
    pub to: Cidr,
    /// The device it leads through.
    pub dev: String,
    /// The router it leads through, if not straight to the destination.
    pub via: Option<IpAddr>,
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
    ops.extend(routes.iter().map(|&to| {
        Op::RouteAdd(Route {
            to,
            dev: dev(),
            via: None,
        })
    }));
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
            Op::RouteDel(route) => format!("ip route del {route}"),
        }
    }

    /// The operation that takes this one back, where the operation alone tells. What a setting or
    /// an MTU was before is known only to who carries it out; a device goes with the file that
    /// holds it.
    pub fn undo(&self) -> Option<Op> {
        Some(match self {
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
            Op::Sysctl { .. } | Op::Mtu { .. } | Op::DeviceCreate { .. } => return None,
        })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.to)?;
        if let Some(via) = self.via {
            write!(out, " via {via}")?;
        }
        write!(out, " dev {}", self.dev)
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
        let via = Some("192.168.70.1".parse().unwrap());
        let route = Route {
            to: cidr("192.168.53.0/24"),
            dev: "eth0".to_owned(),
            via,
        };
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
