//! The networks of the course as data.
//!
//! ```text
//! seed1      U ────────── S ────────── V          the course's first edition
//!        10.0.2.8   10.0.2.11
//!                   192.168.70.1   192.168.70.101
//!
//! seed2      U ────────── S ────────── V          its second edition
//!        10.9.0.5   10.9.0.11
//!                   192.168.60.11  192.168.60.5, 192.168.60.6
//!
//! site2site  U ────────── C ────────── S ────────── V      two offices, a router each
//!  192.168.50.5  192.168.50.12     10.9.0.11
//!                    10.9.0.12     192.168.60.11  192.168.60.5
//! ```

/// A network of hosts.
#[derive(Debug, PartialEq, Eq)]
pub struct Topology {
    /// The name it is asked for by.
    pub name: &'static str,
    /// One sentence for a list.
    pub about: &'static str,
    /// The hosts, from left to right.
    pub hosts: &'static [Host],
    /// The cables between them.
    pub cables: &'static [Cable],
    /// Where the course's tunnel leads.
    pub tunnel: Tunnel,
}

/// One machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name: a single letter.
    pub name: &'static str,
    /// What it is in the course.
    pub role: &'static str,
    /// Its devices.
    pub devices: &'static [Device],
    /// Whether it passes on packets for others.
    pub forwards: bool,
    /// The router of its default route; none where it has none.
    pub default_via: Option<&'static str>,
    /// Whether the line service listens on it.
    pub line_service: bool,
}

/// A network device of a host.
#[derive(Debug, PartialEq, Eq)]
pub struct Device {
    /// Its name on the host.
    pub name: &'static str,
    /// Its addresses, each with its network.
    pub addrs: &'static [&'static str],
}

/// A cable: a host and its device at either end.
#[derive(Debug, PartialEq, Eq)]
pub struct Cable(pub [(&'static str, &'static str); 2]);

/// The tunnel of `lab up --tunnel`.
#[derive(Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The host that listens.
    pub server: TunnelEnd,
    /// The host that connects.
    pub client: TunnelEnd,
    /// Where the client finds the server.
    pub server_address: &'static str,
}

/// One end of the tunnel.
#[derive(Debug, PartialEq, Eq)]
pub struct TunnelEnd {
    /// The host.
    pub host: &'static str,
    /// The address of its TUN device, with its network.
    pub addr: &'static str,
    /// The networks it reaches through the tunnel.
    pub routes: &'static [&'static str],
}

/// All of them; the first is the default.
pub static ALL: &[&Topology] = &[&SEED1, &SEED2, &SITE2SITE];

/// The topology of that name.
pub fn find(name: &str) -> Option<&'static Topology> {
    ALL.iter().copied().find(|topology| topology.name == name)
}

/// U has no default route, so that V is unreachable for it before there is a tunnel; V has the one
/// that the course gives it, and that task 7 takes away.
static SEED1: Topology = Topology {
    name: "seed1",
    about: "the course's first edition: U 10.0.2.8, S, V 192.168.70.101",
    hosts: &[
        Host {
            name: "u",
            role: "the VPN client",
            devices: &[Device {
                name: "eth0",
                addrs: &["10.0.2.8/24"],
            }],
            forwards: false,
            default_via: None,
            line_service: false,
        },
        Host {
            name: "s",
            role: "the VPN server, a router",
            devices: &[
                Device {
                    name: "eth0",
                    addrs: &["10.0.2.11/24"],
                },
                Device {
                    name: "eth1",
                    addrs: &["192.168.70.1/24"],
                },
            ],
            forwards: true,
            default_via: None,
            line_service: false,
        },
        Host {
            name: "v",
            role: "a host in the private network",
            devices: &[Device {
                name: "eth0",
                addrs: &["192.168.70.101/24"],
            }],
            forwards: false,
            default_via: Some("192.168.70.1"),
            line_service: true,
        },
    ],
    cables: &[
        Cable([("u", "eth0"), ("s", "eth0")]),
        Cable([("v", "eth0"), ("s", "eth1")]),
    ],
    tunnel: Tunnel {
        server: TunnelEnd {
            host: "s",
            addr: "192.168.53.5/24",
            routes: &[],
        },
        client: TunnelEnd {
            host: "u",
            addr: "192.168.53.99/24",
            routes: &["192.168.70.0/24"],
        },
        server_address: "10.0.2.11",
    },
};

static SEED2: Topology = Topology {
    name: "seed2",
    about: "the course's second edition: U 10.9.0.5, S, V 192.168.60.5 and .6",
    hosts: &[
        Host {
            name: "u",
            role: "the VPN client",
            devices: &[Device {
                name: "eth0",
                addrs: &["10.9.0.5/24"],
            }],
            forwards: false,
            default_via: None,
            line_service: false,
        },
        Host {
            name: "s",
            role: "the VPN server, a router",
            devices: &[
                Device {
                    name: "eth0",
                    addrs: &["10.9.0.11/24"],
                },
                Device {
                    name: "eth1",
                    addrs: &["192.168.60.11/24"],
                },
            ],
            forwards: true,
            default_via: None,
            line_service: false,
        },
        Host {
            name: "v",
            role: "two hosts of the private network in one",
            devices: &[Device {
                name: "eth0",
                addrs: &["192.168.60.5/24", "192.168.60.6/24"],
            }],
            forwards: false,
            default_via: Some("192.168.60.11"),
            line_service: true,
        },
    ],
    cables: &[
        Cable([("u", "eth0"), ("s", "eth0")]),
        Cable([("v", "eth0"), ("s", "eth1")]),
    ],
    tunnel: Tunnel {
        server: TunnelEnd {
            host: "s",
            addr: "192.168.53.5/24",
            routes: &[],
        },
        client: TunnelEnd {
            host: "u",
            addr: "192.168.53.99/24",
            routes: &["192.168.60.0/24"],
        },
        server_address: "10.9.0.11",
    },
};

static SITE2SITE: Topology = Topology {
    name: "site2site",
    about: "two private networks, 192.168.50.0/24 and 192.168.60.0/24, a router each: C and S",
    hosts: &[
        Host {
            name: "u",
            role: "a host in the first private network",
            devices: &[Device {
                name: "eth0",
                addrs: &["192.168.50.5/24"],
            }],
            forwards: false,
            default_via: Some("192.168.50.12"),
            line_service: false,
        },
        Host {
            name: "c",
            role: "the VPN client, U's router",
            devices: &[
                Device {
                    name: "eth0",
                    addrs: &["10.9.0.12/24"],
                },
                Device {
                    name: "eth1",
                    addrs: &["192.168.50.12/24"],
                },
            ],
            forwards: true,
            default_via: None,
            line_service: false,
        },
        Host {
            name: "s",
            role: "the VPN server, V's router",
            devices: &[
                Device {
                    name: "eth0",
                    addrs: &["10.9.0.11/24"],
                },
                Device {
                    name: "eth1",
                    addrs: &["192.168.60.11/24"],
                },
            ],
            forwards: true,
            default_via: None,
            line_service: false,
        },
        Host {
            name: "v",
            role: "a host in the second private network",
            devices: &[Device {
                name: "eth0",
                addrs: &["192.168.60.5/24"],
            }],
            forwards: false,
            default_via: Some("192.168.60.11"),
            line_service: true,
        },
    ],
    cables: &[
        Cable([("u", "eth0"), ("c", "eth1")]),
        Cable([("c", "eth0"), ("s", "eth0")]),
        Cable([("v", "eth0"), ("s", "eth1")]),
    ],
    tunnel: Tunnel {
        server: TunnelEnd {
            host: "s",
            addr: "192.168.53.5/24",
            routes: &["192.168.50.0/24"],
        },
        client: TunnelEnd {
            host: "c",
            addr: "192.168.53.99/24",
            routes: &["192.168.60.0/24"],
        },
        server_address: "10.9.0.11",
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::Cidr;

    #[test]
    fn cables_end_in_devices_and_join_one_network() {
        for topology in ALL {
            let device = |(host, name): (&'static str, &'static str)| {
                let mut hosts = topology.hosts.iter();
                let host = hosts.find(|one| one.name == host).unwrap();
                host.devices.iter().find(|one| one.name == name).unwrap()
            };
            let network = |device: &Device| device.addrs[0].parse::<Cidr>().unwrap().network();
            let mut ends: Vec<(&str, &str)> = Vec::new();
            for Cable(pair) in topology.cables {
                let [one, other] = pair.map(device);
                assert_eq!(network(one), network(other), "{}", topology.name);
                ends.extend(pair);
            }
            ends.sort_unstable();
            ends.dedup();
            let devices = topology.hosts.iter().map(|host| host.devices.len());
            assert_eq!(ends.len(), devices.sum::<usize>(), "{}", topology.name);
        }
    }

    #[test]
    fn tunnels_end_on_hosts() {
        for topology in ALL {
            for end in [&topology.tunnel.server, &topology.tunnel.client] {
                assert!(topology.hosts.iter().any(|host| host.name == end.host));
                end.addr.parse::<Cidr>().unwrap();
                for route in end.routes {
                    Cidr::parse_network(route).unwrap();
                }
            }
        }
        assert_eq!(find("site2site").unwrap().tunnel.client.host, "c");
        assert_eq!(find("seed3"), None);
    }
}
