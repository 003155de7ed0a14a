//! A topology becomes a plan: every command, in order, that builds the lab.
//!
//! 1. The hosts: a network namespace each.
//! 2. Their settings, before any device exists, for a new device copies them (`default`).
//! 3. The cables.
//! 4. Addresses, devices up, and at last the default routes, which need both.

use super::Cidr;
use super::name::LabName;
use super::plan::{Op, Route, Step};
use super::private;
use super::topology::{Cable, Host, Topology};

/// What to build.
#[derive(Debug, Clone, Copy)]
pub struct Blueprint<'b> {
    /// The name of the lab, for several side by side.
    pub name: Option<&'b LabName>,
    /// Its hosts and cables.
    pub topology: &'static Topology,
    /// Whether the hosts have IPv6.
    pub ipv6: bool,
    /// Whether the kernel has IPv6 settings at all.
    pub kernel_ipv6: bool,
    /// The largest group number that may open ping sockets (`ping_group_range`): in a user
    /// namespace only the numbers that are mapped in it are valid.
    pub last_group: u32,
}

impl Blueprint<'_> {
    /// The namespace of a host: `tunlab-u`, or `tunlab-NAME-u`.
    pub fn netns(&self, host: &str) -> String {
        netns(self.name, host)
    }

    /// Every step, in order.
    pub fn steps(&self) -> Vec<Step> {
        let hosts = self.topology.hosts;
        let mut steps: Vec<Step> = hosts
            .iter()
            .map(|host| Step {
                netns: None,
                op: Op::NetnsAdd {
                    name: self.netns(host.name),
                },
            })
            .collect();
        for host in hosts {
            steps.extend(self.on(host.name, self.settings(host)));
        }
        for Cable([(host, dev), (peer_host, peer)]) in self.topology.cables {
            let op = Op::CableAdd {
                dev: (*dev).to_owned(),
                peer: (*peer).to_owned(),
                peer_netns: self.netns(peer_host),
            };
            steps.extend(self.on(host, vec![op]));
        }
        for host in hosts {
            steps.extend(self.on(host.name, configuration(host)));
        }
        steps
    }

    fn on(&self, host: &str, ops: Vec<Op>) -> impl Iterator<Item = Step> {
        let netns = self.netns(host);
        ops.into_iter().map(move |op| Step {
            netns: Some(netns.clone()),
            op,
        })
    }

    /// Those of the private network, and what makes a router a router.
    fn settings(&self, host: &Host) -> Vec<Op> {
        let mut ops = private::plan(self.ipv6, self.kernel_ipv6).ops;
        // The first one sets net.ipv4.ip_forward; it stays first.
        ops[0] = Op::sysctl("net.ipv4.ip_forward", i32::from(host.forwards));
        let range = format!("0 {}", self.last_group);
        ops.push(Op::sysctl("net.ipv4.ping_group_range", range));
        if self.ipv6 && self.kernel_ipv6 && host.forwards {
            ops.push(Op::sysctl("net.ipv6.conf.all.forwarding", 1));
        }
        ops
    }
}

/// The namespace of a host of a lab.
pub fn netns(lab: Option<&LabName>, host: &str) -> String {
    match lab {
        Some(lab) => format!("tunlab-{lab}-{host}"),
        None => format!("tunlab-{host}"),
    }
}

fn configuration(host: &Host) -> Vec<Op> {
    let mut ops = Vec::new();
    for device in host.devices {
        let dev = || device.name.to_owned();
        for addr in device.addrs {
            let addr = cidr(addr);
            ops.push(Op::AddrAdd { dev: dev(), addr });
        }
        ops.push(Op::LinkUp { dev: dev() });
    }
    if let Some(router) = host.default_via {
        let everywhere = cidr("0.0.0.0/0");
        let router = router.parse().expect("the topologies' addresses are valid");
        ops.push(Op::RouteAdd(Route::via(everywhere, router)));
    }
    ops
}

fn cidr(text: &str) -> Cidr {
    text.parse().expect("the topologies' networks are valid")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::topology;

    fn commands(name: Option<&LabName>, ipv6: bool) -> Vec<String> {
        let blueprint = Blueprint {
            name,
            topology: topology::ALL[0],
            ipv6,
            kernel_ipv6: true,
            last_group: 2_147_483_647,
        };
        blueprint.steps().iter().map(Step::command).collect()
    }

    #[test]
    fn the_commands_of_seed1() {
        let commands = commands(None, false);
        assert_eq!(
            commands[..4],
            [
                "ip netns add tunlab-u",
                "ip netns add tunlab-s",
                "ip netns add tunlab-v",
                "ip netns exec tunlab-u sysctl -qw net.ipv4.ip_forward=0",
            ]
        );
        for command in [
            "ip netns exec tunlab-s sysctl -qw net.ipv4.ip_forward=1",
            "ip netns exec tunlab-v sysctl -qw 'net.ipv4.ping_group_range=0 2147483647'",
            "ip netns exec tunlab-v sysctl -qw net.ipv6.conf.default.disable_ipv6=1",
            "ip -n tunlab-u link add eth0 type veth peer name eth0 netns tunlab-s",
            "ip -n tunlab-v link add eth0 type veth peer name eth1 netns tunlab-s",
            "ip -n tunlab-u addr add 10.0.2.8/24 dev eth0",
            "ip -n tunlab-s link set dev eth1 up",
        ] {
            assert!(commands.iter().any(|one| one == command), "{command}");
        }
        let last = "ip -n tunlab-v route add default via 192.168.70.1";
        assert_eq!(commands.last().unwrap(), last);
    }

    #[test]
    fn a_named_lab_and_ipv6() {
        let name = "two".parse().unwrap();
        let commands = commands(Some(&name), true);
        assert_eq!(commands[0], "ip netns add tunlab-two-u");
        let router = "ip netns exec tunlab-two-s sysctl -qw net.ipv6.conf.all.forwarding=1";
        assert!(commands.iter().any(|one| one == router));
        assert!(!commands.iter().any(|one| one.contains("disable_ipv6=1")));
    }
}
