//! Devices, cables, ports, and what a firewall does.

use super::super::Test;
use super::{CASE, Case, UP, WITH_IPV6, play, tests};

tests! {
    "why::firewalls": UP, FIREWALLS;
    "why::an_answer_dropped_at_home_was_healthy": UP, AT_HOME;
    "why::a_rule_that_rejects_was_a_closed_port": UP, REJECTED;
    "why::a_device_s_chain_was_not_traced": UP, AT_DEVICES;
    "why::a_rule_for_ipv6_was_not_traced": WITH_IPV6, IPV6;
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

/// The service listens, and a rule says that it does not.
const REJECTED: &[Case] = &[
    Case {
        name: "a reset by a host's own rule",
        broken: &["$v nft add table ip wall
            $v nft add chain ip wall in '{ type filter hook input priority 0; }'
            $v nft add rule ip wall in tcp dport 23 reject with tcp reset"],
        host: "v",
        dev: Some("eth0"),
        cures: &[("v", "nft delete rule ip wall in handle 2")],
        mended: "$v nft delete table ip wall",
        ..BY_RESET
    },
    Case {
        name: "a reset by a router's rule",
        broken: &["$s nft add table ip wall
            $s nft add chain ip wall on '{ type filter hook forward priority 0; }'
            $s nft add rule ip wall on tcp dport 23 reject with tcp reset"],
        cures: &[("s", "nft delete rule ip wall on handle 2")],
        mended: "$s nft delete table ip wall",
        ..BY_RESET
    },
];

/// That a socket listens and TCP has sent no reset is enough to tell that a firewall did.
const BY_RESET: Case = Case {
    blind: &[],
    silent: &["counters", "kernel"],
    options: "--tcp 23",
    ..WALLED
};

const AT_DEVICES: &[Case] = &[
    Case {
        name: "what a device takes in",
        broken: &["$s nft add table netdev wall
            $s nft add chain netdev wall in '{ type filter hook ingress device eth1 priority -500; }'
            $s nft add rule netdev wall in icmp type echo-reply drop"],
        dev: Some("eth1"),
        cures: &[("s", "nft delete rule netdev wall in handle 2")],
        mended: "$s nft delete table netdev wall",
        ..WALLED
    },
    Case {
        name: "the same in a table for IPv4 and IPv6",
        broken: &["$v nft add table inet wall
            $v nft add chain inet wall in '{ type filter hook ingress device eth0 priority 0; }'
            $v nft add rule inet wall in icmp type echo-request drop"],
        host: "v",
        dev: Some("eth0"),
        cures: &[("v", "nft delete rule inet wall in handle 2")],
        mended: "$v nft delete table inet wall",
        ..WALLED
    },
    Case {
        name: "what a device lets out",
        broken: &["$s nft add table netdev wall
            $s nft add chain netdev wall out '{ type filter hook egress device eth1 priority 0; }'
            $s nft add rule netdev wall out icmp type echo-request drop"],
        dev: Some("eth1"),
        cures: &[("s", "nft delete rule netdev wall out handle 2")],
        mended: "$s nft delete table netdev wall",
        ..WALLED
    },
    Case {
        // Seen on no device.
        name: "the tunnel's datagram where it is sent",
        broken: &["$u nft add table ip wall
            $u nft add chain ip wall out '{ type filter hook output priority 0; }'
            $u nft add rule ip wall out udp dport 9090 drop"],
        host: "u",
        dev: None,
        cures: &[("u", "nft delete rule ip wall out handle 2")],
        mended: "$u nft delete table ip wall",
        ..WALLED
    },
];

const IPV6: &[Case] = &[
    Case {
        name: "a table for IPv6",
        broken: &["$s nft add table ip6 wall
            $s nft add chain ip6 wall on '{ type filter hook forward priority 0; }'
            $s nft add rule ip6 wall on icmpv6 type echo-reply drop"],
        dev: Some("eth1"),
        cures: &[("s", "nft delete rule ip6 wall on handle 2")],
        mended: "$s nft delete table ip6 wall",
        ..V6
    },
    Case {
        name: "a policy for both",
        broken: &["$v nft add table inet wall
            $v nft add chain inet wall in '{ type filter hook input priority 0; policy drop; }'
            $v nft add rule inet wall in icmpv6 type != echo-request accept"],
        host: "v",
        dev: Some("eth0"),
        cures: &[("v", "nft chain inet wall in '{ policy accept; }'")],
        mended: "$v nft delete table inet wall",
        ..V6
    },
    Case {
        name: "a reset over IPv6",
        broken: &["$v nft add table inet wall
            $v nft add chain inet wall in '{ type filter hook input priority 0; }'
            $v nft add rule inet wall in tcp dport 23 reject with tcp reset"],
        host: "v",
        dev: Some("eth0"),
        cures: &[("v", "nft delete rule inet wall in handle 2")],
        mended: "$v nft delete table inet wall",
        to: "fd00:70::65",
        ..BY_RESET
    },
];

const V6: Case = Case {
    to: "fd00:70::65",
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
