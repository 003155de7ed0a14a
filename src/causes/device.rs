//! Devices and the programs behind them: what dies before IP has looked at it, or after.

use super::{Cause, Cure, Stage, entry, reason};

const TUN: &str = "drivers/net/tun.c";

/// A first nibble that is neither 4 nor 6.
pub static NOT_IP: Cause = entry!("not_ip", {
    function: "tun_get_user",
    file: TUN,
    stage: Stage::Writing,
    counters: &["{dev}.rx_dropped"],
    reasons: &[reason("NOT_SPECIFIED", "tun_get_user")],
    tasks: &["2d-garbage"],
});

/// A write of no bytes.
pub static EMPTY: Cause = entry!("empty", {
    function: "tun_get_user",
    file: TUN,
    stage: Stage::Writing,
    counters: &["{dev}.rx_dropped"],
    reasons: &[reason("NOT_SPECIFIED", "tun_get_user")],
    tasks: &["2d-garbage"],
});

/// Packet information cut short.
pub static NO_PACKET_INFORMATION: Cause = entry!("no_packet_information", {
    function: "tun_get_user",
    file: TUN,
    stage: Stage::Writing,
    tasks: &["2d-garbage"],
});

/// A frame without a whole Ethernet header.
pub static SHORT_FRAME: Cause = entry!("short_frame", {
    function: "tun_get_user",
    file: TUN,
    stage: Stage::Writing,
    tasks: &["2d-garbage", "9-tap"],
});

/// A write while the device is down.
pub static DEVICE_DOWN: Cause = entry!("device_down", {
    function: "tun_get_user",
    file: TUN,
    stage: Stage::Writing,
    counters: &["{dev}.rx_dropped"],
    reasons: &[reason("DEV_READY", "tun_get_user")],
    cures: &[Cure { commands: &["ip link set dev {dev} up"] }],
    example: &[("dev", "tun0")],
    tasks: &["2b-configure", "2d-garbage", "6-tunnel-breaking"],
});

/// The device that a packet should leave through is down, and its routes are gone with it.
pub static DEVICE_DOWN_SEND: Cause = entry!("device_down_send", {
    function: "fib_sync_down_dev",
    file: "net/ipv4/fib_semantics.c",
    stage: Stage::Sending,
    counters: &["Ip.OutNoRoutes", "IpExt.InNoRoutes"],
    reasons: &[reason("IP_INNOROUTES", "ip_error")],
    cures: &[
        Cure { commands: &["ip link set dev {dev} up", "ip route {add} {net} {to}"] },
        Cure { commands: &["ip link set dev {dev} up"] },
    ],
    example: &[
        ("dev", "tun0"),
        ("add", "add"),
        ("net", "192.168.70.0/24"),
        ("to", "dev tun0"),
        ("dst", "192.168.70.101"),
    ],
    tasks: &["2b-configure", "6-tunnel-breaking"],
});

/// A device that nobody has opened, or whose other end is not there.
pub static NO_READER: Cause = entry!("no_reader", {
    function: "tun_net_xmit",
    file: TUN,
    stage: Stage::Leaving,
    counters: &["{dev}.tx_dropped"],
    // Without a carrier the device's queueing discipline drops everything.
    reasons: &[
        reason("DEV_READY", "tun_net_xmit"),
        reason("QDISC_DROP", "__dev_queue_xmit"),
        reason("QDISC_DROP", "kfree_skb_list"),
    ],
    cures: &[Cure { commands: &["{program}"] }],
    example: &[("dev", "tun0"), ("program", "tunlab forward --server 10.0.2.11:9090 --name tun0")],
    tasks: &["2b-configure", "6-tunnel-breaking"],
});

/// A cable whose other end is down.
pub static NO_CARRIER: Cause = entry!("no_carrier", {
    function: "dev_deactivate",
    file: "net/sched/sch_generic.c",
    stage: Stage::Leaving,
    reasons: &[
        reason("QDISC_DROP", "__dev_queue_xmit"),
        reason("QDISC_DROP", "kfree_skb_list"),
        reason("NEIGH_FAILED", "neigh_invalidate"),
    ],
    cures: &[Cure { commands: &["ip link set dev {key} up"] }],
    example: &[("dev", "eth1"), ("key", "eth0")],
    tasks: &["1-network-setup"],
});

/// The device's queue is full: its program does not read.
pub static QUEUE_FULL: Cause = entry!("queue_full", {
    function: "tun_net_xmit",
    file: TUN,
    stage: Stage::Leaving,
    counters: &["{dev}.tx_dropped"],
    reasons: &[reason("FULL_RING", "tun_net_xmit")],
    example: &[("dev", "tun0")],
    advice: "Let the program read: start it again, or let it go on (`kill -CONT PID`).",
    tasks: &["6-tunnel-breaking"],
});

/// The queueing discipline of a device drops it.
pub static QDISC: Cause = entry!("qdisc", {
    function: "__dev_queue_xmit",
    file: "net/core/dev.c",
    stage: Stage::Leaving,
    counters: &[],
    reasons: &[
        reason("QDISC_DROP", "__dev_queue_xmit"),
        // Linux 5.15 frees a list, and gives no reason.
        reason("QDISC_DROP", "kfree_skb_list"),
        reason("TC_EGRESS", "__dev_queue_xmit"),
        reason("QDISC_OVERLIMIT", "__dev_queue_xmit"),
    ],
    cures: &[Cure { commands: &["tc qdisc del dev {dev} root"] }],
    example: &[("dev", "tun0")],
    tasks: &["6-tunnel-breaking"],
});

/// The program behind the device takes the packet, and does not carry it on.
pub static TUNNEL_SILENT: Cause = entry!("tunnel_silent", {
    function: "tun_do_read",
    file: TUN,
    stage: Stage::Program,
    advice: "Look at the program: start it again, or let it go on (`kill -CONT PID`).",
    tasks: &["3-send-through-tunnel", "4-vpn-server", "6-tunnel-breaking"],
});

/// A frame for another station.
pub static OTHER_HOST: Cause = entry!("other_host", {
    function: "ip_rcv_core",
    file: "net/ipv4/ip_input.c",
    stage: Stage::Arriving,
    reasons: &[reason("OTHERHOST", "ip_rcv_core")],
    cures: &[Cure { commands: &["ip neigh del {addr} dev {key}"] }],
    example: &[("dev", "eth0"), ("addr", "192.168.70.101"), ("key", "eth1")],
    tasks: &["9-tap", "9-arp-reply"],
});

/// A frame or packet of a protocol that nobody here handles.
pub static UNKNOWN_PROTOCOL: Cause = entry!("unknown_protocol", {
    function: "__netif_receive_skb_core",
    file: "net/core/dev.c",
    stage: Stage::Arriving,
    counters: &["{dev}.rx_dropped"],
    reasons: &[reason("UNHANDLED_PROTO", "__netif_receive_skb_core")],
    example: &[("dev", "tap0")],
    advice: "Whoever writes to the device must write what the host understands: IP or ARP in an Ethernet frame.",
    tasks: &["9-tap"],
});
