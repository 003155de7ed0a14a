//! ICMP, UDP and TCP: the packet has reached its host, or a connection waits.

use super::{Cause, Cure, Stage, entry, reason};

/// Nobody listens on the UDP port: a tunnel without its server.
pub static UDP_PORT_CLOSED: Cause = entry!("udp_port_closed", {
    function: "__udp4_lib_rcv",
    file: "net/ipv4/udp.c",
    stage: Stage::Delivering,
    counters: &["Udp.NoPorts"],
    reasons: &[reason("NO_SOCKET", "__udp4_lib_rcv")],
    cures: &[Cure { commands: &["{program}"] }],
    example: &[("port", "9090"), ("program", "tunlab forward --listen 0.0.0.0:9090")],
    tasks: &["3-send-through-tunnel", "6-tunnel-breaking"],
});

/// A wrong UDP checksum.
pub static UDP_CHECKSUM: Cause = entry!("udp_checksum", {
    function: "__udp4_lib_rcv",
    file: "net/ipv4/udp.c",
    stage: Stage::Delivering,
    counters: &["Udp.InCsumErrors"],
    reasons: &[reason("UDP_CSUM", "__udp4_lib_rcv")],
    tasks: &["2d-spoof"],
});

/// A program that does not read its datagrams, or not as fast as they come.
pub static SOCKET_FULL: Cause = entry!("socket_full", {
    function: "__udp_enqueue_schedule_skb",
    file: "net/ipv4/udp.c",
    stage: Stage::Delivering,
    counters: &["Udp.RcvbufErrors"],
    reasons: &[reason("SOCKET_RCVBUFF", "udp_queue_rcv_one_skb")],
    advice: "Let the program read: start it again, or let it go on (`kill -CONT PID`); or send more slowly.",
    tasks: &["6-tunnel-breaking"],
});

/// A wrong TCP checksum.
pub static TCP_CHECKSUM: Cause = entry!("tcp_checksum", {
    function: "tcp_v4_rcv",
    file: "net/ipv4/tcp_ipv4.c",
    stage: Stage::Delivering,
    counters: &["Tcp.InCsumErrors"],
    reasons: &[reason("TCP_CSUM", "tcp_v4_rcv")],
    tasks: &["2d-spoof"],
});

/// Nobody listens on the TCP port.
pub static TCP_PORT_CLOSED: Cause = entry!("tcp_port_closed", {
    function: "tcp_v4_rcv",
    file: "net/ipv4/tcp_ipv4.c",
    stage: Stage::Delivering,
    counters: &["Tcp.OutRsts"],
    reasons: &[reason("NO_SOCKET", "tcp_v4_rcv")],
    advice: "Start the program that should listen there.",
    tasks: &["5-both-directions"],
});

/// A host that was told not to answer pings.
pub static ECHO_IGNORED: Cause = entry!("echo_ignored", {
    function: "icmp_echo",
    file: "net/ipv4/icmp.c",
    stage: Stage::Delivering,
    counters: &["Icmp.InEchos"],
    cures: &[Cure { commands: &["sysctl -w net.ipv4.icmp_echo_ignore_all=0"] }],
    tasks: &["5-both-directions"],
});

/// TCP has sent, hears nothing, and sends again: the device is there, the way beyond is not.
pub static TCP_RETRANSMITTING: Cause = entry!("tcp_retransmitting", {
    function: "tcp_retransmit_timer",
    file: "net/ipv4/tcp_timer.c",
    stage: Stage::Waiting,
    counters: &["Tcp.RetransSegs", "TcpExt.TCPTimeouts"],
    example: &[("dst", "192.168.70.101")],
    advice: "Repair the way: the connection goes on by itself.",
    tasks: &["6-tunnel-breaking"],
});

/// TCP cannot even send, for there is no route, and tries again with its persist timer.
pub static TCP_PERSISTING: Cause = entry!("tcp_persisting", {
    function: "tcp_probe_timer",
    file: "net/ipv4/tcp_timer.c",
    stage: Stage::Waiting,
    counters: &["Ip.OutNoRoutes"],
    example: &[("dst", "192.168.70.101")],
    advice: "Repair the way: the connection goes on by itself.",
    tasks: &["6-tunnel-breaking"],
});
