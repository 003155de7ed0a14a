//! Routes (`RTM_NEWROUTE` and its family), and the kernel's own answer to "where would this
//! packet go?".

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_core::{NLM_F_CREATE, NLM_F_REPLACE};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    route::{
        RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope,
        RouteType,
    },
};

use super::{Netlink, NetlinkError, unexpected};

/// The table in which routes are unless something else is said.
pub const MAIN: u32 = RouteHeader::RT_TABLE_MAIN as u32;

/// The table of the host's own addresses, which the kernel keeps.
pub const LOCAL: u32 = 255; // RT_TABLE_LOCAL, include/uapi/linux/rtnetlink.h

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The network it leads to; `0.0.0.0` or `::` with a prefix of 0 is the default route.
    pub destination: IpAddr,
    /// The bits of `destination` that must match.
    pub prefix_len: u8,
    /// The number of the device it leads through; a blackhole or a multipath route has none.
    pub index: Option<u32>,
    /// The router it leads through, if not straight to the destination.
    pub gateway: Option<IpAddr>,
    /// What becomes of packets that take it.
    pub kind: RouteKind,
    /// Which of several routes to the same network is taken: the one with the least; nothing for
    /// what the kernel takes where nothing is said.
    pub metric: Option<u32>,
    /// The source address of packets that have none yet.
    pub source: Option<IpAddr>,
    /// The number of its table.
    pub table: u32,
}

/// The kernel's answer to [`Netlink::route_lookup`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The number of the device the packet would leave through; for a packet to this host, the
    /// loopback device's.
    pub index: Option<u32>,
    /// The router it would be handed to.
    pub gateway: Option<IpAddr>,
    /// The source address the kernel would choose.
    pub source: Option<IpAddr>,
    /// What would become of it.
    pub kind: RouteKind,
}

/// What becomes of a packet that takes a route (`RTN_*`, include/uapi/linux/rtnetlink.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteKind {
    /// It leaves through a device.
    Unicast,
    /// It is for this host.
    Local,
    /// It is for everyone on the network, this host included.
    Broadcast,
    /// It is for the members of a group.
    Multicast,
    /// It disappears without a word.
    Blackhole,
    /// It is answered with "host unreachable".
    Unreachable,
    /// It is answered with "administratively prohibited".
    Prohibit,
    /// Another kind, by its number.
    Other(u8),
}

impl Netlink {
    /// Adds a route to its table. `EEXIST` if one to the same network is there, `EINVAL` if
    /// the destination has bits set beyond its prefix, `ENETUNREACH` if the device is down or the
    /// gateway is on none of its networks.
    pub fn add_route(&self, route: &Route) -> Result<(), NetlinkError> {
        self.create(describe("add", route), newroute(route))
    }

    /// Adds a route, in the place of one to the same network if there is one.
    pub fn replace_route(&self, route: &Route) -> Result<(), NetlinkError> {
        let operation = describe("replace", route);
        self.change(operation, newroute(route), NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Deletes a route of its table: the first to its destination whose device, gateway and
    /// kind are those of `route`, as far as it names them. `ESRCH` if there is none.
    pub fn delete_route(&self, route: &Route) -> Result<(), NetlinkError> {
        let mut message = about(route);
        message.header.scope = RouteScope::NoWhere; // any
        if route.kind == RouteKind::Unicast {
            message.header.kind = RouteType::Unspec; // any
        }
        let operation = describe("delete", route);
        self.change(operation, RouteNetlinkMessage::DelRoute(message), 0)
    }

    /// The main table, IPv4 and IPv6.
    pub fn routes(&self) -> Result<Vec<Route>, NetlinkError> {
        let all = self.all_routes()?;
        Ok(all
            .into_iter()
            .filter(|route| route.table == MAIN)
            .collect())
    }

    /// Every table, IPv4 and IPv6.
    pub fn all_routes(&self) -> Result<Vec<Route>, NetlinkError> {
        let mut routes = Vec::new();
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            let mut question = RouteMessage::default();
            question.header.address_family = family;
            let answer = self.dump("list routes", RouteNetlinkMessage::GetRoute(question))?;
            routes.extend(answer.into_iter().filter_map(|message| match message {
                RouteNetlinkMessage::NewRoute(message) => Some(Route::from(message)),
                _ => None,
            }));
        }
        Ok(routes)
    }

    /// Where the kernel would send a packet to `destination`, asked as `ip route get` does.
    ///
    /// With `iif` (a device's number) the question is about a packet from `source` that came *in*
    /// through that device, and the refusals tell what receiving would do:
    ///
    /// - `EINVAL` (`EXDEV` on some kernels): `rp_filter` would drop it, the way back to `source`
    ///   does not lead through that device (net/ipv4/fib_frontend.c, `fib_validate_source`);
    /// - `EHOSTUNREACH`: it is for someone else, and forwarding is off;
    /// - `ENETUNREACH`: no route.
    pub fn route_lookup(
        &self,
        destination: IpAddr,
        source: Option<IpAddr>,
        iif: Option<u32>,
    ) -> Result<Lookup, NetlinkError> {
        let mut operation = format!("look up the route to {destination}");
        let mut message = to(destination, host_prefix(destination));
        if let Some(source) = source {
            operation += &format!(" from {source}");
            message.header.source_prefix_length = host_prefix(source);
            message
                .attributes
                .push(RouteAttribute::Source(source.into()));
        }
        if let Some(iif) = iif {
            operation += &format!(" in through device {iif}");
            message.attributes.push(RouteAttribute::Iif(iif));
        }
        match self.get(&operation, RouteNetlinkMessage::GetRoute(message))? {
            RouteNetlinkMessage::NewRoute(message) => Ok(Lookup::from(message)),
            _ => Err(unexpected(&operation, "it is about something else")),
        }
    }
}

fn to(destination: IpAddr, prefix_len: u8) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = match destination {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    message.header.destination_prefix_length = prefix_len;
    if prefix_len > 0 {
        message
            .attributes
            .push(RouteAttribute::Destination(destination.into()));
    }
    message
}

fn newroute(route: &Route) -> RouteNetlinkMessage {
    let mut message = about(route);
    message.header.protocol = RouteProtocol::Boot;
    // Without a router the destination is on the link itself; the kernel wants to be told.
    let is_direct = route.gateway.is_none() && route.kind == RouteKind::Unicast;
    if is_direct && route.destination.is_ipv4() {
        message.header.scope = RouteScope::Link;
    }
    RouteNetlinkMessage::NewRoute(message)
}

fn about(route: &Route) -> RouteMessage {
    let mut message = to(route.destination, route.prefix_len);
    message.header.kind = route.kind.into();
    // Numbers that do not fit into the header stand in an attribute.
    match u8::try_from(route.table) {
        Ok(table) => message.header.table = table,
        Err(_) => message.attributes.push(RouteAttribute::Table(route.table)),
    }
    let metric = route.metric.map(RouteAttribute::Priority);
    let source = route.source.map(RouteAddress::from);
    let source = source.map(RouteAttribute::PrefSource);
    message.attributes.extend(metric.into_iter().chain(source));
    message
        .attributes
        .extend(route.index.map(RouteAttribute::Oif));
    let gateway = route.gateway.map(RouteAddress::from);
    message
        .attributes
        .extend(gateway.map(RouteAttribute::Gateway));
    message
}

fn describe(verb: &str, route: &Route) -> String {
    let Route {
        destination,
        prefix_len,
        ..
    } = route;
    let via = route
        .gateway
        .map_or_else(String::new, |router| format!(" via {router}"));
    format!("{verb} route {destination}/{prefix_len}{via}")
}

fn host_prefix(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl From<RouteMessage> for Route {
    fn from(message: RouteMessage) -> Self {
        let mut route = Route {
            destination: match message.header.address_family {
                AddressFamily::Inet6 => Ipv6Addr::UNSPECIFIED.into(),
                _ => Ipv4Addr::UNSPECIFIED.into(),
            },
            prefix_len: message.header.destination_prefix_length,
            index: None,
            gateway: None,
            kind: message.header.kind.into(),
            metric: None,
            source: None,
            table: message.header.table.into(),
        };
        for attribute in message.attributes {
            match attribute {
                RouteAttribute::Priority(metric) => route.metric = Some(metric),
                RouteAttribute::PrefSource(address) => route.source = ip(address),
                RouteAttribute::Table(table) => route.table = table,
                RouteAttribute::Destination(address) => {
                    route.destination = ip(address).unwrap_or(route.destination);
                }
                RouteAttribute::Oif(index) => route.index = Some(index),
                RouteAttribute::Gateway(address) => route.gateway = ip(address),
                _ => {}
            }
        }
        let unsaid = match route.destination {
            IpAddr::V4(_) => 0,
            IpAddr::V6(_) => 1024, // IP6_RT_PRIO_USER, include/net/ip6_fib.h
        };
        route.metric = route.metric.filter(|&metric| metric != unsaid);
        route
    }
}

impl From<RouteMessage> for Lookup {
    fn from(message: RouteMessage) -> Self {
        let mut lookup = Lookup {
            index: None,
            gateway: None,
            source: None,
            kind: message.header.kind.into(),
        };
        for attribute in message.attributes {
            match attribute {
                RouteAttribute::Oif(index) => lookup.index = Some(index),
                RouteAttribute::Gateway(address) => lookup.gateway = ip(address),
                RouteAttribute::PrefSource(address) => lookup.source = ip(address),
                _ => {}
            }
        }
        lookup
    }
}

impl From<RouteKind> for RouteType {
    fn from(kind: RouteKind) -> Self {
        match kind {
            RouteKind::Unicast => RouteType::Unicast,
            RouteKind::Local => RouteType::Local,
            RouteKind::Broadcast => RouteType::Broadcast,
            RouteKind::Multicast => RouteType::Multicast,
            RouteKind::Blackhole => RouteType::BlackHole,
            RouteKind::Unreachable => RouteType::Unreachable,
            RouteKind::Prohibit => RouteType::Prohibit,
            RouteKind::Other(number) => RouteType::from(number),
        }
    }
}

impl From<RouteType> for RouteKind {
    fn from(kind: RouteType) -> Self {
        match kind {
            RouteType::Unicast => RouteKind::Unicast,
            RouteType::Local => RouteKind::Local,
            RouteType::Broadcast => RouteKind::Broadcast,
            RouteType::Multicast => RouteKind::Multicast,
            RouteType::BlackHole => RouteKind::Blackhole,
            RouteType::Unreachable => RouteKind::Unreachable,
            RouteType::Prohibit => RouteKind::Prohibit,
            other => RouteKind::Other(other.into()),
        }
    }
}

fn ip(address: RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(v4) => Some(v4.into()),
        RouteAddress::Inet6(v6) => Some(v6.into()),
        _ => None,
    }
}
