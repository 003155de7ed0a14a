//! Devices, cables, ports, and what a firewall does.

use super::super::Test;
use super::{CASE, Case, UP, play, tests};

tests! {
    "why::firewalls": UP, FIREWALLS;
    "why::an_answer_dropped_at_home_was_healthy": UP, AT_HOME;
    "why::devices": UP, DEVICES;
    "why::ports_and_cables": UP, PORTS_AND_CABLES;
    "why::a_protocol_that_nobody_handles": UP, PROTOCOLS;
}

/// A firewall's drop.
const WALLED: Case = Case {
    cause: "nft_drop",
    reason: Some(("NETFILTER_DROP", "nft_do_chain")),
    blind: &["counters"],
    // The kernel does not say which rule.
    silent: &["kernel"],
    ..CASE
};

const FIREWALLS: &[Case] = &[
        Case {
            name: "nft_drop",
            broken: &["$s nft add table ip filter
                $s nft add chain ip filter pass '{ type filter hook forward priority 0; }'
                $s nft add rule ip filter pass icmp type echo-request drop"],
            cures: &[("s", "nft delete rule ip filter pass handle 2")],
            mended: "$s nft delete table ip filter",
            ..WALLED
        },
        Case {
            name: "a policy for what u itself sends",
            broken: &["$u nft add table ip filter
                $u nft add chain ip filter mine '{ type filter hook output priority 0; policy drop; }'"],
            host: "u",
            dev: None,
            blind: &[],
            silent: &["counters", "kernel"],
            cures: &[("u", "nft chain ip filter mine '{ policy accept; }'")],
            mended: "$u nft delete table ip filter",
            ..WALLED
        },
        Case {
            name: "the tunnel's datagrams",
            broken: &["$s nft add table inet wall
                $s nft add chain inet wall in '{ type filter hook input priority 0; }'
                $s nft add rule inet wall in udp dport 9090 drop"],
            dev: Some("eth0"),
            cures: &[("s", "nft delete rule inet wall in handle 2")],
            mended: "$s nft delete table inet wall",
            ..WALLED
        },
    ];

/// U lets nothing in through its TUN.
const SHUT: &str = "$u nft add table ip wall
    $u nft add chain ip wall in '{ type filter hook input priority 0; }'
    $u nft add rule ip wall in iif tun0 drop";

/// What was seen coming in may still die on its way to the program.
const AT_HOME: &[Case] = &[
    Case {
        name: "the answer to a ping",
        broken: &[SHUT],
        ..SHUT_OUT
    },
    Case {
        name: "the answer to a SYN",
        broken: &[SHUT],
        options: "--tcp 23",
        ..SHUT_OUT
    },
];

const SHUT_OUT: Case = Case {
    host: "u",
    cures: &[("u", "nft delete rule ip wall in handle 2")],
    mended: "$u nft delete table ip wall",
    ..WALLED
};

const DEVICES: &[Case] = &[
    Case {
        name: "device_down",
        broken: &["$s ip link set dev tun0 down"],
        cause: "device_down",
        reason: Some(("DEV_READY", "tun_get_user")),
        cures: &[("s", "ip link set dev tun0 up")],
        ..CASE
    },
    Case {
        name: "too_big",
        broken: &["$s ip link set dev eth1 mtu 70"],
        cause: "too_big",
        dev: Some("eth1"),
        reason: Some(("PKT_TOO_BIG", "ip_forward")),
        cures: &[("s", "ip link set dev eth1 mtu 1500")],
        // u remembers what it was told.
        between: "$u ip route flush cache",
        ..CASE
    },
    Case {
        name: "a router's device is down",
        broken: &["$s ip link set dev eth1 down"],
        cause: "device_down_send",
        dev: Some("eth1"),
        reason: Some(("IP_INNOROUTES", "ip_error")),
        cures: &[("s", "ip link set dev eth1 up")],
        ..CASE
    },
    Case {
        name: "qdisc",
        broken: &["$u tc qdisc add dev eth0 root pfifo limit 0"],
        cause: "qdisc",
        host: "u",
        dev: Some("eth0"),
        reason: Some(("QDISC_DROP", "__dev_queue_xmit")),
        blind: &["counters", "nft"],
        cures: &[("u", "tc qdisc del dev eth0 root")],
        mended: "$u tc qdisc del dev eth0 root 2> /dev/null",
        ..CASE
    },
];

const PORTS_AND_CABLES: &[Case] = &[
    Case {
        name: "udp_port_closed",
        cause: "udp_port_closed",
        host: "v",
        dev: Some("eth0"),
        reason: Some(("NO_SOCKET", "__udp4_lib_rcv")),
        blind: &["nft"],
        options: "--udp 7",
        ..CASE
    },
    Case {
        name: "tcp_port_closed",
        cause: "tcp_port_closed",
        host: "v",
        dev: Some("eth0"),
        options: "--tcp 7",
        ..CASE
    },
    Case {
        name: "no_carrier",
        broken: &["$v ip link set dev eth0 down"],
        cause: "no_carrier",
        dev: Some("eth1"),
        cures: &[("v", "ip link set dev eth0 up")],
        // v's default route went with its device.
        // The kernel tells of the cable a moment later (net/core/link_watch.c), and what s asked
        // for in vain before must not take the next question along when it is given up.
        after: "$v ip route add default via 192.168.70.1
                for try in $(seq 300); do
                  $s ip -br link show dev eth1 | grep -q ' UP ' && \
                    $v ip -br link show dev eth0 | grep -q ' UP ' && break
                  sleep 0.01
                done
                $s ip neigh flush dev eth1",
        ..CASE
    },
];

const PROTOCOLS: &[Case] = &[Case {
    // Nobody drops or counts it while we listen to all protocols; but bytes come in that are no
    // IP.
    name: "unknown_protocol",
    broken: &["$s nft add table netdev odd
        $s nft add chain netdev odd out '{ type filter hook egress device eth1 priority 0; }'
        $s nft add rule netdev odd out ip protocol icmp ether type set 0x88b5"],
    cause: "unknown_protocol",
    host: "v",
    dev: Some("eth0"),
    blind: &["nft", "kernel"],
    mended: "$s nft delete table netdev odd",
    ..CASE
}];
