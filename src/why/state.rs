//! How a host is set up at one moment: devices, addresses, routes, neighbours, settings. Plain
//! data, so that a diagnosis can be replayed without a kernel.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::net::IpAddr;

use crate::lab::Cidr;
use crate::sys::netlink::{Address, Link, MAIN, Neighbour, Netlink, NetlinkError, Route, Rule};
use crate::sys::readings;

/// A host's set-up.
#[derive(Debug, Clone, Default)]
pub struct HostState {
    /// The host's name: `u`.
    pub name: String,
    /// Its devices.
    pub links: Vec<Link>,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// Its routes, of all tables.
    pub routes: Vec<Route>,
    /// Its policy rules, in the order in which they are asked; none where there are the usual ones.
    pub rules: Vec<Rule>,
    /// Whom it knows on its cables.
    pub neighbours: Vec<Neighbour>,
    /// Kernel settings that decide about packets, by their names.
    pub settings: BTreeMap<String, String>,
}

/// The settings that matter for every host; those of devices come on top.
const SETTINGS: [&str; 7] = [
    "net.ipv4.ip_forward",
    "net.ipv4.ip_default_ttl",
    "net.ipv4.icmp_echo_ignore_all",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.all.accept_local",
    "net.ipv4.conf.all.forwarding",
    "net.ipv6.conf.all.forwarding",
];

/// Those of a device.
const OF_DEVICE: [&str; 5] = [
    "ipv4.conf.{}.rp_filter",
    "ipv4.conf.{}.forwarding",
    "ipv4.conf.{}.route_localnet",
    "ipv6.conf.{}.force_forwarding",
    "ipv6.conf.{}.hop_limit",
];

/// The files of the settings that decide about packets, open: they can be read from anywhere, and
/// by whoever has given up all privileges.
#[derive(Debug)]
pub struct Settings(Vec<(String, File)>);

impl Settings {
    /// Opens those of the calling thread's network namespace.
    pub fn open(links: &[Link]) -> Settings {
        let open = |key: String| readings::open_sysctl(&key).ok().map(|file| (key, file));
        Settings(keys(links).filter_map(open).collect())
    }

    /// What they are now; those of a device that has gone are left out.
    pub fn read(&mut self) -> BTreeMap<String, String> {
        let read = |(key, file): &mut (String, File)| {
            let mut value = String::new();
            file.rewind().ok()?;
            file.read_to_string(&mut value).ok()?;
            Some((key.clone(), value.trim().to_owned()))
        };
        self.0.iter_mut().filter_map(read).collect()
    }
}

/// The names of all settings that decide about packets.
fn keys(links: &[Link]) -> impl Iterator<Item = String> {
    let of_devices = links.iter().flat_map(|link| {
        // sysctl(8) writes a dot in a device's name as a slash.
        let dev = link.name.replace('.', "/");
        OF_DEVICE.map(|setting| format!("net.{}", setting.replace("{}", &dev)))
    });
    SETTINGS.map(str::to_owned).into_iter().chain(of_devices)
}

impl HostState {
    /// Looks at the network namespace in which `netlink` was opened, and `settings` were read.
    pub fn take(
        name: &str,
        netlink: &Netlink,
        settings: BTreeMap<String, String>,
    ) -> Result<HostState, NetlinkError> {
        Ok(HostState {
            name: name.to_owned(),
            addresses: netlink.addresses()?,
            routes: netlink.all_routes()?,
            rules: netlink.rules()?,
            neighbours: netlink.neighbours()?,
            settings,
            links: netlink.links()?,
        })
    }

    /// The device of that name.
    pub fn link(&self, dev: &str) -> Option<&Link> {
        self.links.iter().find(|link| link.name == dev)
    }

    /// The device with that number.
    pub fn link_by_index(&self, index: u32) -> Option<&Link> {
        self.links.iter().find(|link| link.index == index)
    }

    /// The device that has the address, and the address with its network.
    pub fn owner(&self, address: IpAddr) -> Option<(&Link, Cidr)> {
        let own = self.addresses.iter().find(|own| own.address == address)?;
        let link = self.link_by_index(own.index)?;
        Some((link, Cidr::new(own.address, own.prefix_len)?))
    }

    /// The addresses of a device, each with its network.
    pub fn addresses_of(&self, link: &Link) -> impl Iterator<Item = Cidr> {
        let own = self.addresses.iter().filter(|own| own.index == link.index);
        own.filter_map(|own| Cidr::new(own.address, own.prefix_len))
    }

    /// Whether the main table has a route to exactly this network.
    pub fn has_route(&self, network: Cidr) -> bool {
        let network = network.network();
        let same = |route: &&Route| {
            (route.destination, route.prefix_len) == (network.address(), network.prefix_len())
        };
        let mut main = self.routes.iter().filter(|route| route.table == MAIN);
        main.any(|route| same(&route))
    }

    /// A setting as a number; 0 where it is not known.
    pub fn setting(&self, key: &str) -> i64 {
        let value = self.settings.get(key);
        value.and_then(|value| value.parse().ok()).unwrap_or(0)
    }

    /// The reverse path filter in effect on a device: the larger of `all` and the device's own.
    pub fn rp_filter(&self, dev: &str) -> i64 {
        let own = format!("net.ipv4.conf.{}.rp_filter", dev.replace('.', "/"));
        self.setting("net.ipv4.conf.all.rp_filter")
            .max(self.setting(&own))
    }

    /// Whether the host forwards packets for an address, that come in through a device.
    pub fn forwards(&self, dev: &str, to: IpAddr) -> bool {
        let own = |what: &str| format!("net.{}", what.replace("{}", &dev.replace('.', "/")));
        if to.is_ipv6() {
            // Each device's own setting says whether it is a router's, not whether it forwards.
            return self.setting("net.ipv6.conf.all.forwarding") != 0
                || self.setting(&own("ipv6.conf.{}.force_forwarding")) != 0;
        }
        match self.settings.get(&own("ipv4.conf.{}.forwarding")) {
            Some(value) => value != "0",
            None => self.setting("net.ipv4.ip_forward") != 0,
        }
    }
}

/// Whether a device is a TUN or TAP.
pub fn is_tun(link: &Link) -> bool {
    link.kind.as_deref() == Some("tun")
}
