//! Routing, on the sender, the router and the destination.

use super::super::Test;
use super::{CASE, Case, UP, play, tests};

tests! {
    "why::routing_on_the_server": UP, ON_THE_SERVER;
    "why::the_sender": UP, ON_THE_SENDER;
    "why::the_router": UP, ON_THE_ROUTER;
    "why::the_destination": UP, AT_THE_DESTINATION;
    "why::routers_that_send_it_in_circles": OFFICES, IN_CIRCLES;
}

/// U's TUN has another address than S expects (task 8).
const OTHER_ADDRESS: &str = "$u ip addr del 192.168.53.99/24 dev tun0
    $u ip addr add 192.168.30.99/24 dev tun0
    $u ip route replace 192.168.70.0/24 dev tun0";

const OWN_ADDRESS: &str = "$s ip route del 192.168.30.0/24
    $s sysctl -qw net.ipv4.conf.all.rp_filter=0
    $u ip addr del 192.168.30.99/24 dev tun0
    $u ip addr add 192.168.53.99/24 dev tun0
    $u ip route replace 192.168.70.0/24 dev tun0";

/// S's route back to it.
const BACK: &[(&str, &str)] = &[("s", "ip route add 192.168.30.0/24 dev tun0")];

/// U's route to V.
const AGAIN: &str = "$u ip route replace 192.168.70.0/24 dev tun0";

/// What S makes of U's new address.
const STRANGER: Case = Case {
    reason: Some(("IP_RPFILTER", "ip_rcv_finish_core")),
    cures: BACK,
    mended: OWN_ADDRESS,
    ..CASE
};

const ON_THE_SERVER: &[Case] = &[
    Case {
        name: "rp_filter",
        broken: &[OTHER_ADDRESS, "$s sysctl -qw net.ipv4.conf.all.rp_filter=1"],
        cause: "rp_filter",
        ..STRANGER
    },
    Case {
        name: "rp_filter_loose",
        broken: &[OTHER_ADDRESS, "$s sysctl -qw net.ipv4.conf.all.rp_filter=2"],
        cause: "rp_filter_loose",
        ..STRANGER
    },
    Case {
        name: "no_route_forwarding",
        broken: &[OTHER_ADDRESS],
        cause: "no_route_forwarding",
        dev: Some("eth1"),
        reason: Some(("IP_INNOROUTES", "ip_error")),
        ..STRANGER
    },
];

const ON_THE_ROUTER: &[Case] = &[
    Case {
        name: "ip_forward",
        broken: &["$s sysctl -qw net.ipv4.ip_forward=0"],
        cause: "ip_forward",
        reason: Some(("IP_INADDRERRORS", "ip_error")),
        cures: &[("s", "sysctl -w net.ipv4.ip_forward=1")],
        ..CASE
    },
    Case {
        name: "blackhole on a router",
        broken: &["$s ip route add blackhole 192.168.70.101/32"],
        cause: "blackhole",
        reason: Some(("NOT_SPECIFIED", "ip_error")),
        cures: &[("s", "ip route del blackhole 192.168.70.101/32")],
        ..CASE
    },
    Case {
        name: "a blackhole in a table of its own went unseen",
        broken: &[
            "$s ip rule add pref 100 iif tun0 lookup 77",
            "$s ip route add blackhole default table 77",
        ],
        cause: "blackhole",
        reason: Some(("NOT_SPECIFIED", "ip_error")),
        cures: &[("s", "ip route del blackhole 0.0.0.0/0 table 77")],
        mended: "$s ip rule del pref 100",
        ..CASE
    },
    Case {
        name: "a policy rule that forbids went unseen",
        broken: &["$s ip rule add pref 100 to 192.168.70.0/24 prohibit"],
        cause: "blackhole",
        reason: Some(("NOT_SPECIFIED", "ip_error")),
        cures: &[("s", "ip rule del pref 100")],
        ..CASE
    },
    Case {
        name: "bounced",
        broken: &["$s ip route add 192.168.70.101/32 dev tun0"],
        cause: "bounced",
        cures: &[("s", "ip route replace 192.168.70.101/32 dev eth1")],
        mended: "$s ip route del 192.168.70.101/32",
        ..CASE
    },
    Case {
        // The cure sent the answer around the tunnel for good, and its undoing took U's route away.
        name: "an answer that comes by the wrong device",
        broken: &[
            "$s ip route add 192.168.53.99/32 via 10.0.2.8",
            "$u sysctl -qw net.ipv4.conf.all.rp_filter=1",
        ],
        cause: "rp_filter",
        host: "u",
        dev: Some("eth0"),
        reason: Some(("IP_RPFILTER", "ip_rcv_finish_core")),
        cures: &[("s", "ip route replace 192.168.53.99/32 dev tun0")],
        mended: "$s ip route del 192.168.53.99/32
            $u sysctl -qw net.ipv4.conf.all.rp_filter=0",
        ..CASE
    },
];

const ON_THE_SENDER: &[Case] = &[
    Case {
        name: "no_route",
        broken: &["$u ip route del 192.168.70.0/24"],
        cause: "no_route",
        host: "u",
        dev: None,
        cures: &[("u", "ip route add 192.168.70.0/24 dev tun0")],
        ..CASE
    },
    Case {
        name: "blackhole",
        broken: &["$u ip route replace unreachable 192.168.70.0/24"],
        cause: "blackhole",
        host: "u",
        dev: None,
        cures: &[("u", "ip route del unreachable 192.168.70.0/24")],
        // What was there before is still to be done.
        after: AGAIN,
        ..CASE
    },
    Case {
        name: "device_down_send",
        broken: &["$u ip link set dev tun0 down"],
        cause: "device_down_send",
        host: "u",
        cures: &[
            ("u", "ip link set dev tun0 up"),
            ("u", "ip route add 192.168.70.0/24 dev tun0"),
        ],
        ..CASE
    },
    Case {
        name: "ttl",
        broken: &["$u sysctl -qw net.ipv4.ip_default_ttl=1"],
        cause: "ttl",
        reason: Some(("IP_INHDR", "ip_forward")),
        cures: &[("u", "sysctl -w net.ipv4.ip_default_ttl=64")],
        ..CASE
    },
];

const AT_THE_DESTINATION: &[Case] = &[
    Case {
        name: "no way back",
        broken: &["$v ip route del default"],
        cause: "no_route",
        host: "v",
        dev: None,
        cures: &[(
            "v",
            "ip route add 192.168.53.0/24 via 192.168.70.1 dev eth0",
        )],
        mended: "$v ip route del 192.168.53.0/24; $v ip route add default via 192.168.70.1",
        ..CASE
    },
    Case {
        name: "other_host",
        broken: &["$s ip neigh replace 192.168.70.101 lladdr 02:00:00:00:00:99 dev eth1"],
        cause: "other_host",
        host: "v",
        dev: Some("eth0"),
        reason: Some(("OTHERHOST", "ip_rcv_core")),
        cures: &[("s", "ip neigh del 192.168.70.101 dev eth1")],
        ..CASE
    },
    Case {
        name: "echo_ignored",
        broken: &["$v sysctl -qw net.ipv4.icmp_echo_ignore_all=1"],
        cause: "echo_ignored",
        host: "v",
        dev: Some("eth0"),
        cures: &[("v", "sysctl -w net.ipv4.icmp_echo_ignore_all=0")],
        ..CASE
    },
];

/// Two offices (the site-to-site variant of task 8): U behind C, V behind S, a tunnel between.
const OFFICES: &str = "tunlab lab up site2site --tunnel || exit";

/// S sends back what is for its own office.
const ASTRAY: &str = "$s ip route add 192.168.60.5/32 dev tun0";

const CIRCLES: Case = Case {
    cause: "routing_loop",
    reason: Some(("IP_INHDR", "ip_forward")),
    cures: &[("s", "ip route replace 192.168.60.5/32 dev eth1")],
    ..CASE
};

const IN_CIRCLES: &[Case] = &[
    Case {
        name: "routing_loop",
        broken: &[ASTRAY],
        mended: "$s ip route del 192.168.60.5/32",
        ..CIRCLES
    },
    Case {
        // The cure was a route that was there already, on the router where the TTL ran out.
        name: "a loop that ends at the router whose route is right",
        broken: &[ASTRAY, "$u sysctl -qw net.ipv4.ip_default_ttl=63"],
        host: "c",
        mended: "$s ip route del 192.168.60.5/32; $u sysctl -qw net.ipv4.ip_default_ttl=64",
        ..CIRCLES
    },
];
