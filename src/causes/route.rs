//! Routing: on the sender, on a router, on the receiver.

use nix::errno::Errno;

use super::{Cause, Cure, Stage, entry, reason};

const ROUTE: &str = "net/ipv4/route.c";
const FIB_FRONTEND: &str = "net/ipv4/fib_frontend.c";

/// The sender itself has no route.
pub static NO_ROUTE: Cause = entry!("no_route", {
    function: "ip_route_output_key_hash_rcu",
    file: ROUTE,
    stage: Stage::Sending,
    counters: &["Ip.OutNoRoutes"],
    lookup: &[Errno::ENETUNREACH],
    cures: &[Cure { commands: &["ip route {add} {net} {to}"] }],
    example: &[
        ("dst", "192.168.70.101"),
        ("add", "add"),
        ("net", "192.168.70.0/24"),
        ("to", "dev tun0"),
    ],
    tasks: &["1-network-setup", "2c-read", "7-routing-on-v"],
});

/// A route that leads nowhere on purpose.
pub static BLACKHOLE: Cause = entry!("blackhole", {
    function: "ip_route_output_key_hash_rcu",
    file: ROUTE,
    stage: Stage::Sending,
    counters: &[],
    reasons: &[
        // On a router; on the sender there is no packet yet.
        reason("NOT_SPECIFIED", "ip_error"),
        reason("NOT_SPECIFIED", "dst_discard"),
    ],
    lookup: &[Errno::EINVAL, Errno::EHOSTUNREACH, Errno::EACCES],
    cures: &[
        Cure { commands: &["ip route del {key} {net}"] },
        Cure { commands: &["ip {rules} del pref {pref}"] },
    ],
    example: &[
        ("dst", "192.168.70.101"),
        ("key", "blackhole"),
        ("net", "192.168.70.0/24"),
        ("rules", "rule"),
        ("pref", "100"),
    ],
    tasks: &["1-network-setup"],
});

/// The reverse path filter, strict (RFC 3704 section 2.2).
pub static RP_FILTER: Cause = entry!("rp_filter", {
    function: "fib_validate_source",
    file: FIB_FRONTEND,
    stage: Stage::Arriving,
    counters: &["TcpExt.IPReversePathFilter"],
    reasons: &[reason("IP_RPFILTER", "ip_rcv_finish_core")],
    // EXDEV on some kernels.
    lookup: &[Errno::EINVAL, Errno::EXDEV],
    cures: &[
        Cure { commands: &["ip route {add} {net} {to}"] },
        Cure { commands: &[
            "sysctl -w net.ipv4.conf.all.rp_filter=0",
            "sysctl -w net.ipv4.conf.{dev}.rp_filter=0",
        ] },
    ],
    example: &[
        ("dev", "tun0"),
        ("src", "192.168.30.99"),
        ("add", "add"),
        ("net", "192.168.30.0/24"),
        ("to", "dev tun0"),
    ],
    tasks: &["2d-spoof", "8-tun-address"],
});

/// The reverse path filter, loose (RFC 3704 section 2.4): any route back will do.
pub static RP_FILTER_LOOSE: Cause = entry!("rp_filter_loose", {
    function: "fib_validate_source",
    file: FIB_FRONTEND,
    stage: Stage::Arriving,
    counters: &["TcpExt.IPReversePathFilter"],
    reasons: &[reason("IP_RPFILTER", "ip_rcv_finish_core")],
    lookup: &[Errno::EINVAL, Errno::EXDEV],
    cures: &[
        Cure { commands: &["ip route {add} {net} {to}"] },
        Cure { commands: &["ip route add {src}/32 dev {dev}"] },
    ],
    example: &[
        ("dev", "tun0"),
        ("src", "192.168.30.99"),
        ("add", "add"),
        ("net", "192.168.30.0/24"),
        ("to", "dev tun0"),
    ],
    tasks: &["2d-spoof", "8-tun-address"],
});

/// A source address that is the host's own.
pub static LOCAL_SOURCE: Cause = entry!("local_source", {
    function: "fib_validate_source",
    file: FIB_FRONTEND,
    stage: Stage::Arriving,
    reasons: &[reason("IP_LOCAL_SOURCE", "ip_rcv_finish_core")],
    lookup: &[Errno::EINVAL],
    cures: &[Cure { commands: &["ip addr del {addr} dev {key}"] }],
    example: &[("src", "192.168.53.5"), ("addr", "192.168.53.5/24"), ("key", "tun0")],
    tasks: &["2d-garbage", "3-send-through-tunnel"],
});

/// A loopback address from outside, as source or as destination.
pub static LOCALNET: Cause = entry!("localnet", {
    function: "ip_route_input_slow",
    file: ROUTE,
    stage: Stage::Arriving,
    reasons: &[reason("IP_LOCALNET", "ip_rcv_finish_core")],
    lookup: &[Errno::EINVAL],
    tasks: &["2d-garbage"],
});

/// A router that was never told to be one.
pub static IP_FORWARD: Cause = entry!("ip_forward", {
    function: "ip_route_input_slow",
    file: ROUTE,
    stage: Stage::Forwarding,
    counters: &["Ip.InAddrErrors"],
    reasons: &[reason("IP_INADDRERRORS", "ip_error")],
    lookup: &[Errno::EHOSTUNREACH],
    cures: &[
        Cure { commands: &["sysctl -w net.ipv4.{key}=1"] },
        Cure { commands: &["sysctl -w net.ipv6.conf.all.forwarding=1"] },
    ],
    example: &[("key", "ip_forward")],
    tasks: &["1-network-setup", "4-vpn-server", "5-both-directions"],
});

/// A router without a route to the destination.
pub static NO_ROUTE_FORWARDING: Cause = entry!("no_route_forwarding", {
    function: "ip_error",
    file: ROUTE,
    stage: Stage::Forwarding,
    counters: &["IpExt.InNoRoutes"],
    reasons: &[reason("IP_INNOROUTES", "ip_error")],
    lookup: &[Errno::ENETUNREACH],
    cures: &[Cure { commands: &["ip route {add} {net} {to}"] }],
    example: &[
        ("dst", "192.168.53.99"),
        ("add", "add"),
        ("net", "192.168.53.0/24"),
        ("to", "via 192.168.70.1 dev eth0"),
    ],
    tasks: &["1-network-setup", "8-tun-address"],
});

/// A time to live that has run out.
pub static TTL: Cause = entry!("ttl", {
    function: "ip_forward",
    file: "net/ipv4/ip_forward.c",
    stage: Stage::Forwarding,
    counters: &["Icmp.OutTimeExcds", "Ip.InHdrErrors"],
    reasons: &[reason("IP_INHDR", "ip_forward")],
    cures: &[Cure { commands: &["sysctl -w net.{key}=64"] }],
    example: &[("key", "ipv4.ip_default_ttl")],
    tasks: &["5-both-directions"],
});

/// Two routers that send the packet to each other until its time to live has run out.
pub static ROUTING_LOOP: Cause = entry!("routing_loop", {
    function: "ip_forward",
    file: "net/ipv4/ip_forward.c",
    stage: Stage::Forwarding,
    counters: &["Icmp.OutTimeExcds", "Ip.InHdrErrors"],
    reasons: &[reason("IP_INHDR", "ip_forward")],
    cures: &[Cure { commands: &["ip route {add} {net} {to}"] }],
    example: &[("add", "replace"), ("net", "192.168.70.0/24"), ("to", "dev eth1")],
    tasks: &["3-send-through-tunnel", "8-site-to-site"],
});

/// A router that sends the packet back the way it came, to a host that does not want it.
pub static BOUNCED: Cause = entry!("bounced", {
    function: "ip_forward",
    file: "net/ipv4/ip_forward.c",
    stage: Stage::Forwarding,
    cures: &[Cure { commands: &["ip route {add} {net} {to}"] }],
    example: &[
        ("dst", "192.168.53.77"),
        ("dev", "tun0"),
        ("add", "replace"),
        ("net", "192.168.70.0/24"),
        ("to", "dev eth1"),
    ],
    advice: "Ask whether anybody has that address, and where.",
    tasks: &["3-send-through-tunnel", "8-site-to-site"],
});

/// A packet that is too big for the next link, and may not be cut.
pub static TOO_BIG: Cause = entry!("too_big", {
    function: "ip_forward",
    file: "net/ipv4/ip_forward.c",
    stage: Stage::Forwarding,
    counters: &["Ip.FragFails"],
    reasons: &[reason("PKT_TOO_BIG", "ip_forward")],
    cures: &[Cure { commands: &["ip link set dev {dev} mtu {mtu}"] }],
    example: &[("dev", "eth1"), ("mtu", "1500")],
    tasks: &["5-both-directions"],
});

/// The next hop does not answer ARP.
pub static NEIGHBOUR: Cause = entry!("neighbour", {
    function: "neigh_invalidate",
    file: "net/core/neighbour.c",
    stage: Stage::Leaving,
    counters: &["Icmp.OutDestUnreachs"],
    reasons: &[reason("NEIGH_FAILED", "neigh_invalidate"), reason("NEIGH_QUEUEFULL", "__neigh_event_send")],
    cures: &[Cure { commands: &["ip route {add} {net} {to}"] }],
    example: &[
        ("dev", "eth0"),
        ("addr", "192.168.53.99"),
        ("add", "replace"),
        ("net", "192.168.53.0/24"),
        ("to", "via 192.168.70.1 dev eth0"),
    ],
    tasks: &["7-routing-on-v", "9-tap"],
});

/// A rule of the firewall.
pub static NFT_DROP: Cause = entry!("nft_drop", {
    function: "nft_do_chain",
    file: "net/netfilter/nf_tables_core.c",
    stage: Stage::Forwarding,
    reasons: &[reason("NETFILTER_DROP", "nft_do_chain"), reason("NETFILTER_DROP", "nf_hook_slow")],
    cures: &[Cure { commands: &["{rule}"] }],
    example: &[("rule", "nft delete rule ip filter forward handle 4")],
    tasks: &["5-both-directions", "8-site-to-site"],
});
