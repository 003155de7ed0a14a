//! Programs that are gone, stand still or keep silent, and what takes time to show: queues,
//! neighbours, connections.

use super::super::Test;
use super::{CASE, Case, WITNESSES, play, tests};

tests! {
    "why::a_program_that_is_gone": NO_TUNNEL, GONE;
    "why::a_program_that_stands_still": ENDS, STANDS_STILL;
    "why::a_socket_that_is_not_read": ENDS, NOT_READ;
    "why::a_neighbour_that_does_not_answer": ENDS, NEIGHBOUR;
    "why::a_connection_that_sends_again": ENDS, SENDS_AGAIN;
    "why::a_connection_without_a_route": ENDS, WITHOUT_A_ROUTE;
}

const NO_TUNNEL: &str = "tunlab lab up || exit";

const GONE: &[Case] = &[Case {
    name: "no_reader",
    broken: &[
        "$s tunlab forward --listen 0.0.0.0:9090 > /dev/null 2> $T/server & \
                until_said listening $T/server",
        "$u ip tuntap add dev tun0 mode tun; $u ip addr add 192.168.53.99/24 dev tun0
                $u ip link set dev tun0 up; $u ip route add 192.168.70.0/24 dev tun0",
    ],
    cause: "no_reader",
    host: "u",
    reason: Some(("QDISC_DROP", "__dev_queue_xmit")),
    cures: &[("u", "tunlab forward --server 10.0.2.11:9090 --name tun0")],
    runs_on: Some("tunnel to"),
    ..CASE
}];

/// A lab whose tunnel's ends can be stopped and ended: their numbers in the lab's own PID namespace
/// are in `$T/u.pid` and `$T/s.pid`, so that a signal goes through `tell`.
const ENDS: &str = r#"tunlab lab up || exit
end() { host=$1; said=$2; shift 2; tunlab lab exec $host -- sh -c 'echo $$ > $0; exec tunlab forward "$@"' \
    $T/$host.pid "$@" > $T/$host.out 2> $T/$host.err & until_said "$said" $T/$host.err; }
server() { end s 'listening on' --listen 0.0.0.0:9090 "$@"; }
client() { end u 'tunnel to' --server 10.0.2.11:9090 --route 192.168.70.0/24; }
server; client
tell() { tunlab lab exec $1 -- sh -c "kill -$2 $(cat $T/$1.pid)"; }
gone() { tell $1 TERM; for try in $(seq 300); do tell $1 0 2> /dev/null || break; sleep 0.01; done; }
"#;

const STANDS_STILL: &[Case] = &[
    Case {
        // Task 3: the server only prints.
        name: "a server that only prints",
        broken: &["gone s; server --print-only"],
        cause: "tunnel_silent",
        dev: Some("eth0"),
        blind: &["counters", "nft", "kernel"],
        mended: "gone s; server",
        ..CASE
    },
    Case {
        name: "a client that is stopped",
        broken: &["tell u STOP"],
        cause: "tunnel_silent",
        host: "u",
        blind: &["counters", "nft"],
        mended: "tell u CONT; sleep 0.3",
        ..CASE
    },
    Case {
        name: "queue_full",
        broken: &["tell u STOP", FILL],
        cause: "queue_full",
        host: "u",
        reason: Some(("FULL_RING", "tun_net_xmit")),
        blind: &["nft"],
        mended: "tell u CONT; sleep 0.3",
        ..CASE
    },
    Case {
        name: "a tunnel without its server",
        broken: &["gone s"],
        cause: "udp_port_closed",
        dev: Some("eth0"),
        reason: Some(("NO_SOCKET", "__udp4_lib_rcv")),
        blind: &["nft"],
        cures: &[("s", "tunlab forward --listen 0.0.0.0:9090")],
        runs_on: Some("listening on"),
        ..CASE
    },
];

/// A datagram more than a socket keeps does not wait any more.
const NOT_READ: &[Case] = &[Case {
    name: "socket_full",
    broken: &["tell s STOP", FILL],
    cause: "socket_full",
    dev: Some("eth0"),
    reason: Some(("SOCKET_RCVBUFF", "udp_queue_rcv_one_skb")),
    blind: &["nft"],
    mended: "tell s CONT; sleep 0.3",
    ..CASE
}];

/// More datagrams than a TUN device keeps, or a socket.
const FILL: &str = r#"$u python3 -c "
import socket
many = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for turn in range(600):
    many.sendto(b'x', ('192.168.70.101', 9))
""#;

const NEIGHBOUR: &[Case] = &[Case {
    // Task 7's wrong route: V asks its own cable for U.
    name: "neighbour",
    broken: &["$v ip route add 192.168.53.0/24 dev eth0"],
    cause: "neighbour",
    host: "v",
    dev: Some("eth0"),
    cures: &[(
        "v",
        "ip route replace 192.168.53.0/24 via 192.168.70.1 dev eth0",
    )],
    mended: "$v ip route del 192.168.53.0/24",
    ..CASE
}];

/// Says a letter to V's port 23 every half second.
const TALKER: &str = r#"$u python3 -c "
import socket, time
talk = socket.create_connection(('192.168.70.101', 23))
print('connected', flush=True)
for turn in range(60):
    time.sleep(0.5)
    talk.send(b'x')
" > $T/talk & until_said connected $T/talk"#;

const SENDS_AGAIN: &[Case] = &[Case {
    // Task 6: beside what is wrong on the way.
    name: "tcp_retransmitting",
    broken: &[TALKER, "tell s STOP; sleep 3.5"],
    cause: "tcp_retransmitting",
    host: "u",
    divided: &WITNESSES,
    // It goes on by itself.
    mended: "tell s CONT; sleep 1",
    ..CASE
}];

const WITHOUT_A_ROUTE: &[Case] = &[Case {
    // Task 6: beside the device that is down.
    name: "tcp_persisting",
    broken: &[TALKER, "$u ip link set dev tun0 down; sleep 3.5"],
    cause: "tcp_persisting",
    host: "u",
    divided: &WITNESSES,
    mended: "$u ip link set dev tun0 up; $u ip route add 192.168.70.0/24 dev tun0; sleep 1",
    ..CASE
}];
