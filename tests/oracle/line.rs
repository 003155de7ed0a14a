//! tshark's columns judge `line`: protocol and info of every packet, asked with the options that
//! `line` imitates and no others.

use super::differences;
use super::ours::{self, Printed};
use super::peers::{self, CAPTURES, Said};
use super::tally::{Packet, Tally};
use libtest_mimic::Failed;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// What tshark is asked for.
const FIELDS: &[&str] = &[
    "_ws.col.Protocol",
    "_ws.col.Info",
    "frame.protocols",
    "tcp.window_size_value",
    "udp.srcport",
    "udp.dstport",
];

/// The columns of the protocols that tunlab decodes.
const COLUMNS: &[&str] = &[
    "ARP",
    "BOOTP",
    "DHCP",
    "DNS",
    "Ethernet",
    "GRE",
    "ICMP",
    "ICMPv6",
    "IEEE 802.1ad",
    "IGMP",
    "IGMPv0",
    "IGMPv1",
    "IGMPv2",
    "IGMPv3",
    "IPv4",
    "IPv6",
    "LLC",
    "LLMNR",
    "MDNS",
    "SLL",
    "STP",
    "TCP",
    "TELNET",
    "UDP",
    "VLAN",
    "VxLAN",
];

/// tshark's names of the layers that tunlab decodes.
pub(crate) const LAYERS: &[&str] = &[
    "arp",
    "dhcp",
    "dns",
    "eth",
    "ethertype",
    "gre",
    "icmp",
    "icmpv6",
    "ieee8021ad",
    "ieee8021ah",
    "igmp",
    "ip",
    "ipv6",
    "ipv6.dstopts",
    "ipv6.fraghdr",
    "ipv6.hopopts",
    "ipv6.routing",
    "llc",
    "llmnr",
    "mdns",
    "null",
    "raw",
    "sll",
    "stp",
    "tcp",
    "telnet",
    "udp",
    "vlan",
    "vxlan",
];

/// Generated captures that only the other formats are judged by: their bytes are drawn by chance,
/// so that most of their headers lie or end too early, and tshark's words for that depend on which
/// of its steps stumbles first. `generate_line.py` makes the damaged packets for `line`.
const BY_CHANCE: &[&str] = &[
    "cooked.pcap",
    "cooked2.pcap",
    "dns_broken.pcap",
    "dot3.pcap",
    "gre.pcap",
    "icmpv6_odd.pcap",
    "igmp.pcap",
    "ipv6_headers.pcap",
    "loop.pcap",
    "mutated.pcap",
    "nested.pcap",
    "null.pcap",
    "tags.pcap",
    "udp.pcap",
    "vxlan.pcap",
];

/// Captures that only `line` is judged by, before those for all formats.
static EXTRA: LazyLock<Result<Vec<PathBuf>, String>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("generated_line");
    peers::run(
        std::process::Command::new("python3")
            .arg(peers::script("generate_line.py"))
            .arg(&folder),
    )?;
    super::common::files(&folder)
});

static CAPTURES_OF_LINE: LazyLock<Result<Vec<PathBuf>, String>> = LazyLock::new(|| {
    let mut captures = EXTRA.clone()?;
    captures.extend(CAPTURES.clone()?);
    Ok(captures)
});

static COLUMNS_OF_TSHARK: LazyLock<Result<Vec<Vec<Said>>, String>> = LazyLock::new(|| {
    peers::every(CAPTURES_OF_LINE.as_ref()?, |capture| {
        peers::tshark(capture, &[], FIELDS)
    })
});

static OURS_OF_EXTRA: LazyLock<Result<Vec<Vec<Printed>>, String>> = LazyLock::new(|| {
    EXTRA
        .as_ref()?
        .iter()
        .map(|capture| ours::print(capture))
        .collect()
});

/// Compares protocol and info, where tshark's top protocol is one of tunlab's.
pub(crate) fn line() -> Result<Result<(), Failed>, &'static String> {
    let (columns, layers): (HashSet<_>, HashSet<_>) = (
        COLUMNS.iter().copied().collect(),
        LAYERS.iter().copied().collect(),
    );
    let captures = CAPTURES_OF_LINE.as_ref()?;
    let ours = OURS_OF_EXTRA.as_ref()?.iter().chain(ours::OURS.as_ref()?);
    let mut tally = Tally::new("line");
    for ((capture, ours), theirs) in captures.iter().zip(ours).zip(COLUMNS_OF_TSHARK.as_ref()?) {
        if BY_CHANCE.iter().any(|name| capture.ends_with(name)) {
            continue;
        }
        for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let column = super::first(theirs, "_ws.col.Protocol");
            if !columns.contains(column.as_str()) || !reached(theirs, &layers) {
                continue;
            }
            let packet = Packet {
                capture,
                number: index + 1,
            };
            compare(packet, ours, theirs, &column, &mut tally);
        }
    }
    Ok(tally.verdict(|column| match column {
        "all" => 98.0,
        "ARP" | "ICMP" => 100.0,
        _ => 97.0,
    }))
}

/// Whether tshark came to its top protocol through layers that tunlab has: not through PPP, MPLS
/// or Geneve.
fn reached(theirs: &Said, layers: &HashSet<&str>) -> bool {
    let protocols = super::first(theirs, "frame.protocols");
    let all: Vec<&str> = protocols.split(':').collect();
    let top = all.iter().rposition(|layer| layers.contains(layer));
    top.is_none_or(|top| all[..top].iter().all(|layer| layers.contains(layer)))
}

fn compare(packet: Packet, ours: &Printed, theirs: &Said, column: &str, tally: &mut Tally) {
    let info = super::first(theirs, "_ws.col.Info");
    let info = differences::without_other_packets(&info, theirs);
    let same = ours.protocol() == column && ours.info().trim_end() == info.trim_end();
    if !same && let Some(why) = differences::of_line(theirs, column, &info, ours) {
        tally.excepted(why);
        return;
    }
    tally.count(column, same);
    tally.count("all", same);
    if !same {
        let (protocol, said) = (ours.protocol(), ours.info());
        tally.differs(
            packet,
            format!("theirs: {column} {info}\n      ours:   {protocol} {said}"),
        );
    }
}
