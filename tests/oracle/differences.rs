//! What is compared with what, and what remains different, with the reason.

use super::ours::Printed;
use super::peers::Said;
use serde_json::Value;
use tunlab::model::MAX_LAYERS;

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

/// Whether a value that tshark gives belongs to the field's own header: it lists an IPv6 packet's
/// version under IPv4's name, too.
pub(crate) fn is_own(field: &str, said: &str) -> bool {
    field != "ip.version" || said != "6"
}

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
            .find(|letter: char| !letter.is_ascii_digit())
            .map_or(info.len(), |end| at + 5 + end);
        info.replace_range(at + 5..end, window);
    }
    info.trim_end().to_owned()
}

/// Why `line` differs from tshark on purpose, if this packet is such a case.
pub(crate) fn of_line(
    theirs: &Said,
    column: &str,
    info: &str,
    ours: &Printed,
) -> Option<&'static str> {
    let protocols = super::first(theirs, "frame.protocols");
    let layers: Vec<&str> = protocols.split(':').collect();
    let ports = ["udp.srcport", "udp.dstport"].map(|field| super::first(theirs, field));
    let ports = [ports[0].as_str(), ports[1].as_str()];
    if layers.len() > MAX_LAYERS {
        return Some("tunlab stops after so many layers, and says so");
    }
    let foreign = |pair: &[&str]| {
        matches!(
            pair,
            ["ipv6", "icmp" | "igmp" | "shim6"]
                | ["ip" | "ipv6", "eth" | "eth_maybefcs" | "eth_withoutfcs"]
        )
    };
    if layers.windows(2).any(foreign) {
        return Some("what IP carries by no standard, or tunlab lacks: scapy lacks it, too");
    }
    match (column, layers.as_slice()) {
        ("DNS", [.., "tcp", "dns"]) if info.ends_with("[BoundErrorUnreassembled Packet]") => {
            Some("DNS over TCP that goes on in another segment: tunlab shows the segment")
        }
        ("BOOTP" | "DHCP", _) if !matches!(ports, ["67", "67" | "68"] | ["68", "67"]) => {
            Some("DHCP between ports that are not its own: tunlab takes it for UDP, as scapy does")
        }
        ("DHCP", _)
            if ours.protocol() == column
                && info
                    .strip_suffix("[Malformed Packet]")
                    .is_some_and(|info| ours.info().starts_with(info)) =>
        {
            Some("the data of an option makes no sense: tunlab goes on behind it")
        }
        ("IPv6", [.., last])
            if last.starts_with("ipv6.")
                && info.ends_with(" Packet]")
                && !ours.info().starts_with("IPv6 ") =>
        {
            Some("an extension header that makes no sense: tunlab goes on behind it, as scapy does")
        }
        ("UDP", _) if matches!(ports, [_, "8472" | "6633" | "48879"] | ["8472" | "6633", _]) => {
            Some("VXLAN on a port that is not its own: tunlab reads it, as scapy does")
        }
        ("VxLAN", _) if info.trim().is_empty() => {
            Some("flags of drafts that tshark does not know: tunlab reads on, as scapy does")
        }
        ("LLC", _) if info.contains("; SNAP, OUI 0x") && !info.contains("OUI 0x000000") => Some(
            "a SNAP code that a maker numbers: tunlab takes it for an EtherType, as scapy does",
        ),
        ("GRE", _) if info.contains("0x8100") && carries(ours, "GRE", "Dot1Q") => {
            Some("a VLAN's tag in GRE: tunlab reads it, as scapy does")
        }
        ("ARP", _) if ours.protocol() == "Ethernet" => {
            Some("reverse ARP: tunlab does not read it, nor does scapy")
        }
        ("SLL" | "GRE", _) if ours.protocol() == "LLC" => {
            Some("no EtherType but a length: tunlab reads LLC, as scapy does")
        }
        ("TCP" | "UDP" | "ICMP" | "ICMPv6", [.., last])
            if !super::line::LAYERS.contains(last)
                && info.ends_with("[Packet size limited during capture]") =>
        {
            Some("cut off, so that what tshark tries as a guess runs out of bytes")
        }
        _ => None,
    }
}

/// Why `show` differs from scapy on purpose, if this packet is such a case.
pub(crate) fn of_show(ours: &Printed) -> Option<&'static str> {
    let layers = ours.layers();
    if layers.is_empty() {
        return Some("an empty packet: scapy shows the defaults of a header that is not there");
    }
    if layers.len() == MAX_LAYERS {
        return Some("tunlab stops after so many layers, and says so");
    }
    layers.iter().enumerate().find_map(|(index, layer)| {
        let number = |field: &str| layer["fields"][field].as_u64();
        let above = layers.get(index + 1);
        let next = above.and_then(|above| above["name"].as_str());
        match (layer["name"].as_str()?, next) {
            ("Loopback" | "LoopbackOpenBSD", Some("IPv6")) => {
                Some("IPv6 over a loopback header: tshark reads it, scapy stops")
            }
            ("CookedLinux" | "CookedLinuxV2", Some("LLC")) if number("proto") == Some(4) => {
                Some("802.2 in a cooked capture: tshark reads it, scapy waits for another number")
            }
            ("STP", _) if layer["length"] == 4 => {
                Some("a change of the spanning tree: tshark reads it, scapy wants all the fields")
            }
            ("IP", Some("Raw")) if number("frag") > Some(0) && number("proto") == Some(41) => {
                Some("a later fragment of IPv6 in IPv4: scapy takes its middle for a header")
            }
            ("IPv6", Some("Raw")) if number("nh") == Some(43) && length(above) < 3 => {
                Some("a routing header of less than 3 bytes: scapy fails and drops the IPv6 header")
            }
            ("Loopback", Some("Raw")) if number("type") > Some(0xff_ffff) => {
                Some("the other byte order: scapy takes every family for IPv4")
            }
            ("IGMPv3_MR", _) if has(&layer["fields"]["records"], "auxdlen") => {
                Some("auxiliary data: scapy reads it as the next record")
            }
            ("IPv6ExtHdrSegmentRouting", _)
                if has(&layer["fields"]["tlv_objects"], "hmackeyid") =>
            {
                Some("a signed route: scapy reads the object's length as 16 bits")
            }
            _ => None,
        }
    })
}

/// Why a value in JSON differs from scapy's on purpose, if this field is such a case.
pub(crate) fn of_option(fields: &Value, name: &str) -> Option<&'static str> {
    let igmp = name == "options" && fields["proto"] == 2 && fields[name] == Value::from([0; 0]);
    igmp.then_some("scapy puts a router alert into an IGMP packet that has none")
}

/// Why remarks on the checksums of the `judged` layers called so differ from tshark's verdict on
/// purpose, if this packet is such a case.
pub(crate) fn of_checksums(
    ours: &Printed,
    layer: &str,
    field: &str,
    judged: usize,
) -> Option<&'static str> {
    if ours.values(layer, field).len() < judged {
        return Some("a header cut in the middle, or a protocol that tunlab does not have");
    }
    if ours.announces_more() {
        return Some("more bytes are announced than are there: tshark sums those, tunlab says so");
    }
    if ours.values("UDP", "len").contains(&Value::from(0)) {
        return Some("no length over IPv6: tshark takes it for a jumbogram");
    }
    (layer != "IP" && ours.quotes_a_part())
        .then_some("a quoted packet that is cut: tshark sums what is left of it")
}

/// Whether one header stands right behind another.
fn carries(ours: &Printed, below: &str, above: &str) -> bool {
    let pairs = ours.layers().windows(2);
    pairs
        .into_iter()
        .any(|pair| pair[0]["name"] == below && pair[1]["name"] == above)
}

/// Whether one of the headers inside a header has a field that is not zero.
fn has(headers: &Value, field: &str) -> bool {
    let headers = headers.as_array().map_or(&[][..], Vec::as_slice);
    headers
        .iter()
        .any(|header| header["fields"][field].as_u64() > Some(0))
}

fn length(layer: Option<&Value>) -> u64 {
    layer
        .and_then(|layer| layer["length"].as_u64())
        .unwrap_or(0)
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
