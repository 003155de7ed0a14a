//! What `ip addr` and `ip route` would show, in short, for machines without iproute2.

use crate::sys::netlink::{Netlink, NetlinkError, RouteKind};
use std::fmt::Write;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Devices and their addresses.
    Addresses,
    /// The routes of the main table.
    Routes,
}

impl Look {
    /// The look that these words ask for.
    pub(super) fn of(words: &[String]) -> Option<Look> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["ip", "addr" | "address" | "a"] | ["ip", "addr" | "address" | "a", "show"] => {
                Some(Look::Addresses)
            }
            ["ip", "route" | "r"] | ["ip", "route" | "r", "show"] => Some(Look::Routes),
            _ => None,
        }
    }

    /// Looks, in the calling thread's network namespace.
    pub(super) fn take(self) -> Result<String, NetlinkError> {
        let netlink = Netlink::open()?;
        let links = netlink.links()?;
        let mut text = String::new();
        match self {
            Look::Addresses => {
                let addresses = netlink.addresses()?;
                for link in &links {
                    let state = if link.up { "UP" } else { "DOWN" };
                    // Writing into a string cannot fail.
                    let _ = write!(text, "{:8} {state}", link.name);
                    for one in addresses.iter().filter(|one| one.index == link.index) {
                        let _ = write!(text, " {}/{}", one.address, one.prefix_len);
                    }
                    text.push('\n');
                }
            }
            Look::Routes => {
                let routes = netlink.routes()?;
                let shown = |kind| matches!(kind, RouteKind::Unicast | RouteKind::Blackhole);
                for route in routes.iter().filter(|route| shown(route.kind)) {
                    let _ = write!(text, "{}/{}", route.destination, route.prefix_len);
                    if let Some(via) = route.gateway {
                        let _ = write!(text, " via {via}");
                    }
                    let link = links.iter().find(|link| Some(link.index) == route.index);
                    if let Some(link) = link {
                        let _ = write!(text, " dev {}", link.name);
                    }
                    text.push('\n');
                }
            }
        }
        Ok(text)
    }
}
