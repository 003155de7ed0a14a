//! What the tunnel's ends make of packets: header by header.

use super::super::Test;
use super::{CASE, Case, WITH_IPV6, play, tests};

tests! {
    "why::spoiled_packets": MANGLERS, PACKETS;
    "why::spoiled_segments": MANGLERS, SEGMENTS;
    "why::taken_for_ipv6": MANGLERS, TAKEN_FOR_IPV6;
    "why::ipv6_where_it_is_off": WITH_IPV6, IPV6_OFF;
}

/// The tunnel's ends are Python programs that spoil what they carry.
const MANGLERS: &str = "tunlab lab up || exit
    echo plain > $T/server; echo plain > $T/client
    $s python3 $P/mangler.py server 192.168.53.5/24 $T/server > $T/server.out & \
    until_said ready $T/server.out
    $u python3 $P/mangler.py client 192.168.53.99/24 $T/client 10.0.2.11 > $T/client.out & \
    until_said ready $T/client.out";

/// The server spoils it; no trace of the firewall sees that.
const BY_SERVER: Case = Case {
    blind: &["nft"],
    mended: "echo plain > $T/server",
    ..CASE
};

const PACKETS: &[Case] = &[
    Case {
        name: "ip_checksum",
        broken: &["echo checksum > $T/server"],
        cause: "ip_checksum",
        reason: Some(("IP_CSUM", "ip_rcv_core")),
        ..BY_SERVER
    },
    Case {
        name: "ip_truncated",
        broken: &["echo truncated > $T/server"],
        cause: "ip_truncated",
        reason: Some(("PKT_TOO_SMALL", "ip_rcv_core")),
        ..BY_SERVER
    },
    Case {
        name: "localnet",
        broken: &["echo loopback > $T/server"],
        cause: "localnet",
        reason: Some(("IP_LOCALNET", "ip_rcv_finish_core")),
        mended: "echo plain > $T/server",
        ..CASE
    },
    Case {
        // tunlab as the server would refuse it itself.
        name: "local_source",
        broken: &["$s ip addr add 192.168.53.99/32 dev lo"],
        cause: "local_source",
        reason: Some(("IP_LOCAL_SOURCE", "ip_rcv_finish_core")),
        cures: &[("s", "ip addr del 192.168.53.99/32 dev lo")],
        ..CASE
    },
    Case {
        name: "not_ip",
        broken: &["echo nibble > $T/server"],
        cause: "not_ip",
        reason: Some(("NOT_SPECIFIED", "tun_get_user")),
        ..BY_SERVER
    },
];

const SEGMENTS: &[Case] = &[
    Case {
        name: "udp_checksum",
        broken: &["echo datagram > $T/client"],
        cause: "udp_checksum",
        dev: Some("eth0"),
        reason: Some(("UDP_CSUM", "__first_packet_length")),
        blind: &["nft"],
        mended: "echo plain > $T/client",
        ..CASE
    },
    Case {
        name: "tcp_checksum",
        broken: &["echo tcp > $T/server"],
        cause: "tcp_checksum",
        host: "v",
        dev: Some("eth0"),
        reason: Some(("TCP_CSUM", "tcp_v4_rcv")),
        options: "--tcp 23",
        ..BY_SERVER
    },
    Case {
        name: "ip_header",
        broken: &["echo header > $T/server"],
        cause: "ip_header",
        reason: Some(("IP_INHDR", "ip_rcv_core")),
        ..BY_SERVER
    },
];

const TAKEN_FOR_IPV6: &[Case] = &[
    Case {
        name: "ipv6_off for what never was IPv6",
        broken: &["echo six > $T/server"],
        cause: "ipv6_off",
        reason: Some(("IPV6DISABLED", "ip6_rcv_core")),
        ..BY_SERVER
    },
    Case {
        name: "ipv6_header",
        broken: &[
            "$s sysctl -qw net.ipv6.conf.tun0.disable_ipv6=0",
            "echo six > $T/server",
        ],
        cause: "ipv6_header",
        reason: Some(("PKT_TOO_SMALL", "ip6_rcv_core")),
        blind: &["nft"],
        mended: "echo plain > $T/server; $s sysctl -qw net.ipv6.conf.tun0.disable_ipv6=1",
        ..CASE
    },
    Case {
        name: "empty",
        broken: &["echo empty > $T/server"],
        cause: "empty",
        reason: Some(("NOT_SPECIFIED", "tun_get_user")),
        // The counter rises with any write that is refused.
        divided: &["counters"],
        ..BY_SERVER
    },
];

const IPV6_OFF: &[Case] = &[Case {
    name: "ipv6_off",
    broken: &["$s sysctl -qw net.ipv6.conf.tun0.disable_ipv6=1"],
    cause: "ipv6_off",
    reason: Some(("IPV6DISABLED", "ip6_rcv_core")),
    blind: &["nft"],
    cures: &[("s", "sysctl -w net.ipv6.conf.tun0.disable_ipv6=0")],
    // The device's addresses went with IPv6.
    after: "$s ip addr add fd00:53::5/64 dev tun0 nodad",
    to: "fd00:70::65",
    ..CASE
}];
