//! Drops, each made with plain commands.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test};
use super::{CASE, Case, play};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("why::routing_on_the_server", routing),
    ("why::firewalls", firewalls),
    ("why::the_sender", sender),
    ("why::devices", devices),
    ("why::the_destination", destination),
    ("why::spoiled_packets", spoiled),
    ("why::spoiled_segments", spoiled_segments),
    ("why::the_router", router),
    ("why::ports_and_cables", ports),
    ("why::a_program_that_is_gone", programs),
];

const UP: &str = "tunlab lab up --tunnel || exit";

/// U's TUN has another address than S expects (task 8).
const OTHER_ADDRESS: &str = "$u ip addr del 192.168.53.99/24 dev tun0
    $u ip addr add 192.168.30.99/24 dev tun0
    $u ip route replace 192.168.70.0/24 dev tun0";

const OWN_ADDRESS: &str = "$s ip route del 192.168.30.0/24
    $s sysctl -qw net.ipv4.conf.all.rp_filter=0
    $u ip addr del 192.168.30.99/24 dev tun0
    $u ip addr add 192.168.53.99/24 dev tun0
    $u ip route replace 192.168.70.0/24 dev tun0";

fn routing(bench: &Bench) -> Result<(), Problem> {
    let back = &[("s", "ip route add 192.168.30.0/24 dev tun0")];
    let cases = [
        Case {
            name: "rp_filter",
            broken: &[OTHER_ADDRESS, "$s sysctl -qw net.ipv4.conf.all.rp_filter=1"],
            cause: "rp_filter",
            reason: Some(("IP_RPFILTER", "ip_rcv_finish_core")),
            cures: back,
            mended: OWN_ADDRESS,
            ..CASE
        },
        Case {
            name: "rp_filter_loose",
            broken: &[OTHER_ADDRESS, "$s sysctl -qw net.ipv4.conf.all.rp_filter=2"],
            cause: "rp_filter_loose",
            reason: Some(("IP_RPFILTER", "ip_rcv_finish_core")),
            cures: back,
            mended: OWN_ADDRESS,
            ..CASE
        },
        Case {
            name: "no_route_forwarding",
            broken: &[OTHER_ADDRESS],
            cause: "no_route_forwarding",
            dev: Some("eth1"),
            reason: Some(("IP_INNOROUTES", "ip_error")),
            cures: back,
            mended: OWN_ADDRESS,
            ..CASE
        },
    ];
    play(bench, &cases, UP)
}

fn router(bench: &Bench) -> Result<(), Problem> {
    let cases = [
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
    ];
    play(bench, &cases, UP)
}

fn firewalls(bench: &Bench) -> Result<(), Problem> {
    let cases = [
        Case {
            name: "nft_drop",
            broken: &["$s nft add table ip filter
                $s nft add chain ip filter pass '{ type filter hook forward priority 0; }'
                $s nft add rule ip filter pass icmp type echo-request drop"],
            cause: "nft_drop",
            reason: Some(("NETFILTER_DROP", "nft_do_chain")),
            blind: &["counters"],
            // The kernel does not say which rule.
            silent: &["kernel"],
            cures: &[("s", "nft delete rule ip filter pass handle 2")],
            mended: "$s nft delete table ip filter",
            ..CASE
        },
        Case {
            name: "a policy for what u itself sends",
            broken: &["$u nft add table ip filter
                $u nft add chain ip filter mine '{ type filter hook output priority 0; policy drop; }'"],
            cause: "nft_drop",
            host: "u",
            dev: None,
            reason: Some(("NETFILTER_DROP", "nft_do_chain")),
            silent: &["counters", "kernel"],
            cures: &[("u", "nft chain ip filter mine '{ policy accept; }'")],
            mended: "$u nft delete table ip filter",
            ..CASE
        },
        Case {
            name: "the tunnel's datagrams",
            broken: &["$s nft add table inet wall
                $s nft add chain inet wall in '{ type filter hook input priority 0; }'
                $s nft add rule inet wall in udp dport 9090 drop"],
            cause: "nft_drop",
            dev: Some("eth0"),
            reason: Some(("NETFILTER_DROP", "nft_do_chain")),
            blind: &["counters"],
            silent: &["kernel"],
            cures: &[("s", "nft delete rule inet wall in handle 2")],
            mended: "$s nft delete table inet wall",
            ..CASE
        },
    ];
    play(bench, &cases, UP)
}

fn sender(bench: &Bench) -> Result<(), Problem> {
    let again = "$u ip route replace 192.168.70.0/24 dev tun0";
    let cases = [
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
            cured: false,
            mended: again,
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
    play(bench, &cases, UP)
}

fn devices(bench: &Bench) -> Result<(), Problem> {
    let cases = [
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
    needs(&["tc"])?;
    play(bench, &cases, UP)
}

fn destination(bench: &Bench) -> Result<(), Problem> {
    let cases = [
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
    play(bench, &cases, UP)
}

fn ports(bench: &Bench) -> Result<(), Problem> {
    let cases = [
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
            cured: false,
            // The kernel tells of the cable a moment later (net/core/link_watch.c), and what s asked
            // for in vain before must not take the next question along when it is given up.
            mended: "$v ip link set dev eth0 up; $v ip route add default via 192.168.70.1
                for try in $(seq 300); do
                  $s ip -br link show dev eth1 | grep -q ' UP ' && \
                    $v ip -br link show dev eth0 | grep -q ' UP ' && break
                  sleep 0.01
                done
                $s ip neigh flush dev eth1",
            ..CASE
        },
    ];
    play(bench, &cases, UP)
}

/// The tunnel's ends are Python programs that spoil what they carry.
const MANGLERS: &str = "tunlab lab up || exit
    echo plain > $T/server; echo plain > $T/client
    $s python3 $P/mangler.py server 192.168.53.5/24 $T/server > $T/server.out & \
    until_said ready $T/server.out
    $u python3 $P/mangler.py client 192.168.53.99/24 $T/client 10.0.2.11 > $T/client.out & \
    until_said ready $T/client.out";

fn spoiled(bench: &Bench) -> Result<(), Problem> {
    let cases = [
        Case {
            name: "ip_checksum",
            broken: &["echo checksum > $T/server"],
            cause: "ip_checksum",
            reason: Some(("IP_CSUM", "ip_rcv_core")),
            blind: &["nft"],
            mended: "echo plain > $T/server",
            ..CASE
        },
        Case {
            name: "ip_truncated",
            broken: &["echo truncated > $T/server"],
            cause: "ip_truncated",
            reason: Some(("PKT_TOO_SMALL", "ip_rcv_core")),
            blind: &["nft"],
            mended: "echo plain > $T/server",
            ..CASE
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
            blind: &["nft"],
            mended: "echo plain > $T/server",
            ..CASE
        },
    ];
    play(bench, &cases, MANGLERS)
}

fn spoiled_segments(bench: &Bench) -> Result<(), Problem> {
    let cases = [
        Case {
            name: "udp_checksum",
            broken: &["echo datagram > $T/client"],
            cause: "udp_checksum",
            dev: Some("eth0"),
            blind: &["nft", "kernel"],
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
            blind: &["nft"],
            mended: "echo plain > $T/server",
            options: "--tcp 23",
            ..CASE
        },
        Case {
            name: "ip_header",
            broken: &["echo header > $T/server"],
            cause: "ip_header",
            reason: Some(("IP_INHDR", "ip_rcv_core")),
            blind: &["nft"],
            mended: "echo plain > $T/server",
            ..CASE
        },
    ];
    play(bench, &cases, MANGLERS)
}

fn programs(bench: &Bench) -> Result<(), Problem> {
    let cases = [Case {
        name: "no_reader",
        broken: &[
            "$u ip tuntap add dev tun0 mode tun; $u ip addr add 192.168.53.99/24 dev tun0
                $u ip link set dev tun0 up; $u ip route add 192.168.70.0/24 dev tun0",
        ],
        cause: "no_reader",
        host: "u",
        reason: Some(("QDISC_DROP", "__dev_queue_xmit")),
        cures: &[("u", "tunlab forward --server 10.0.2.11:9090 --name tun0")],
        // It goes on running.
        cured: false,
        mended: "$s tunlab forward --listen 0.0.0.0:9090 > /dev/null 2> $T/server & \
                until_said listening $T/server
                $u tunlab forward --server 10.0.2.11:9090 --name tun0 > /dev/null 2> $T/client & \
                until_said 'tunnel to' $T/client",
        ..CASE
    }];
    play(bench, &cases, "tunlab lab up || exit")
}
