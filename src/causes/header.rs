//! What IP finds wrong in a packet by itself, before it looks for a route.

use super::{Cause, Cure, Stage, entry, reason};

const FILE: &str = "net/ipv4/ip_input.c";

/// A wrong IPv4 header checksum.
pub static IP_CHECKSUM: Cause = entry!("ip_checksum", {
    function: "ip_rcv_core",
    file: FILE,
    stage: Stage::Arriving,
    counters: &["IpExt.InCsumErrors", "Ip.InHdrErrors"],
    reasons: &[reason("IP_CSUM", "ip_rcv_core")],
    tasks: &["2d-garbage"],
});

/// A total length beyond the data.
pub static IP_TRUNCATED: Cause = entry!("ip_truncated", {
    function: "ip_rcv_core",
    file: FILE,
    stage: Stage::Arriving,
    counters: &["IpExt.InTruncatedPkts"],
    reasons: &[reason("PKT_TOO_SMALL", "ip_rcv_core")],
    tasks: &["2d-garbage"],
});

/// A header that makes no sense.
pub static IP_HEADER: Cause = entry!("ip_header", {
    function: "ip_rcv_core",
    file: FILE,
    stage: Stage::Arriving,
    counters: &["Ip.InHdrErrors"],
    reasons: &[reason("IP_INHDR", "ip_rcv_core"), reason("NOT_SPECIFIED", "ip_rcv_core")],
    tasks: &["2d-garbage"],
});

/// IPv6 arriving where it is switched off.
pub static IPV6_OFF: Cause = entry!("ipv6_off", {
    function: "ip6_rcv_core",
    file: "net/ipv6/ip6_input.c",
    stage: Stage::Arriving,
    counters: &["Ip6InDiscards"],
    reasons: &[reason("IPV6DISABLED", "ip6_rcv_core")],
    cures: &[Cure { commands: &["sysctl -w net.ipv6.conf.{key}.disable_ipv6=0"] }],
    example: &[("dev", "tun0"), ("key", "tun0")],
    tasks: &["2d-garbage"],
});

/// An IPv6 header that makes no sense.
pub static IPV6_HEADER: Cause = entry!("ipv6_header", {
    function: "ip6_rcv_core",
    file: "net/ipv6/ip6_input.c",
    stage: Stage::Arriving,
    counters: &["Ip6InHdrErrors", "Ip6InTruncatedPkts"],
    reasons: &[reason("IP_INHDR", "ip6_rcv_core"), reason("PKT_TOO_SMALL", "ip6_rcv_core")],
    tasks: &["2d-garbage"],
});
