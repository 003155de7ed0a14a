//! What is compared with what, and what remains different, with the reason.

use super::peers::Said;

/// Protocols that tunlab decodes where the peers do not.
pub(crate) const FURTHER: &[&str] = &["Telnet", "Tunnel"];

/// tshark's field, our layer and field, and how tshark's value is read to look like ours.
type Compared = (&'static str, &'static str, &'static str, fn(&str) -> String);

/// Every field whose values are compared.
pub(crate) const VALUES: &[Compared] = &[
    ("ip.version", "IP", "version", number),
    ("ip.hdr_len", "IP", "ihl", words),
    ("ip.dsfield", "IP", "tos", number),
    ("ip.len", "IP", "len", number),
    ("ip.id", "IP", "id", number),
    ("ip.flags", "IP", "flags", ip_flags),
    ("ip.frag_offset", "IP", "frag", number),
    ("ip.ttl", "IP", "ttl", number),
    ("ip.proto", "IP", "proto", number),
    ("ip.checksum", "IP", "chksum", number),
    ("ip.src", "IP", "src", text),
    ("ip.dst", "IP", "dst", text),
    ("ipv6.version", "IPv6", "version", number),
    ("ipv6.tclass", "IPv6", "tc", number),
    ("ipv6.flow", "IPv6", "fl", number),
    ("ipv6.plen", "IPv6", "plen", number),
    ("ipv6.nxt", "IPv6", "nh", number),
    ("ipv6.hlim", "IPv6", "hlim", number),
    ("ipv6.src", "IPv6", "src", text),
    ("ipv6.dst", "IPv6", "dst", text),
    ("tcp.srcport", "TCP", "sport", number),
    ("tcp.dstport", "TCP", "dport", number),
    ("tcp.seq_raw", "TCP", "seq", number),
    ("tcp.ack_raw", "TCP", "ack", number),
    ("tcp.hdr_len", "TCP", "dataofs", words),
    ("tcp.flags", "TCP", "flags", tcp_flags),
    ("tcp.window_size_value", "TCP", "window", number),
    ("tcp.checksum", "TCP", "chksum", number),
    ("tcp.urgent_pointer", "TCP", "urgptr", number),
    ("udp.srcport", "UDP", "sport", number),
    ("udp.dstport", "UDP", "dport", number),
    ("udp.length", "UDP", "len", number),
    ("udp.checksum", "UDP", "chksum", number),
    ("icmp.type", "ICMP", "type", number),
    ("icmp.code", "ICMP", "code", number),
    ("icmp.checksum", "ICMP", "chksum", number),
    ("icmp.ident", "ICMP", "id", number),
    ("icmp.seq", "ICMP", "seq", number),
    ("arp.hw.type", "ARP", "hwtype", number),
    ("arp.proto.type", "ARP", "ptype", number),
    ("arp.hw.size", "ARP", "hwlen", number),
    ("arp.proto.size", "ARP", "plen", number),
    ("arp.opcode", "ARP", "op", number),
    ("arp.src.hw_mac", "ARP", "hwsrc", text),
    ("arp.src.proto_ipv4", "ARP", "psrc", text),
    ("arp.dst.hw_mac", "ARP", "hwdst", text),
    ("arp.dst.proto_ipv4", "ARP", "pdst", text),
];

/// tshark's verdict (0 is bad), our layer and field.
pub(crate) const CHECKSUMS: &[(&str, &str, &str)] = &[
    ("ip.checksum.status", "IP", "chksum"),
    ("tcp.checksum.status", "TCP", "chksum"),
    ("udp.checksum.status", "UDP", "chksum"),
    ("icmp.checksum.status", "ICMP", "chksum"),
    ("icmpv6.checksum.status", "ICMPv6*", "cksum"),
];

/// tshark's info without what it says of other packets, and with the header's own window.
pub(crate) fn without_other_packets(info: &str, said: &Said) -> String {
    let mut info = info.to_owned();
    for start in [
        " (reply in ",
        " (request in ",
        " (no response found!)",
        " [ETHERNET FRAME CHECK",
    ] {
        if let Some(at) = info.find(start) {
            info.truncate(at);
        }
    }
    while let Some(at) = info.find("[TCP ") {
        let Some(length) = info[at..]
            .find("] ")
            .map(|end| end + 2)
            .or(info[at..].find(']').map(|end| end + 1))
        else {
            break;
        };
        info.replace_range(at..at + length, "");
    }
    if let Some(window) = said
        .get("tcp.window_size_value")
        .and_then(|values| values.last())
        && let Some(at) = info.find(" Win=")
    {
        let end = info[at + 5..]
            .find(' ')
            .map_or(info.len(), |end| at + 5 + end);
        info.replace_range(at + 5..end, window);
    }
    info.trim_end().to_owned()
}

/// Why `line` differs from tshark on purpose, if this packet is such a case.
pub(crate) fn of_line(_: &Said, _: &str) -> Option<&'static str> {
    None
}

fn text(said: &str) -> String {
    said.to_owned()
}

fn number(said: &str) -> String {
    parse(said).map_or(said.to_owned(), |number| number.to_string())
}

fn parse(said: &str) -> Option<u64> {
    match said.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => said.parse().ok(),
    }
}

/// Bytes to words of four bytes.
fn words(said: &str) -> String {
    parse(said).map_or(said.to_owned(), |bytes| (bytes / 4).to_string())
}

fn ip_flags(said: &str) -> String {
    let flags = parse(said).unwrap_or(0);
    let names = [(1, "MF"), (2, "DF"), (4, "evil")];
    let set: Vec<&str> = names
        .iter()
        .filter(|(bit, _)| flags & bit != 0)
        .map(|(_, name)| *name)
        .collect();
    set.join("+")
}

fn tcp_flags(said: &str) -> String {
    let flags = parse(said).unwrap_or(0);
    let set = "FSRPAUECN".chars().enumerate();
    set.filter(|(bit, _)| flags >> bit & 1 == 1)
        .map(|(_, letter)| letter)
        .collect()
}
