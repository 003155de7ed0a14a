//! What to say of a name that nothing has.

use super::names;
use super::nearest::distance;

/// Names of Wireshark's that need more than the packet itself, by how they start, and what can be
/// asked instead.
const BEYOND_THE_PACKET: [(&str, &str); 12] = [
    ("tcp.stream", "ask for its addresses and ports"),
    ("udp.stream", "ask for its addresses and ports"),
    ("tcp.analysis", "compare tcp.seq_raw and tcp.ack_raw by eye"),
    ("tcp.completeness", "ask for tcp.flags"),
    ("tcp.window_size", "ask for tcp.window_size_value"),
    ("tcp.time_", "ask for frame.time_relative"),
    ("frame.time_delta", "ask for frame.time_relative"),
    ("icmp.resp", "ask for icmp.ident and icmp.seq"),
    ("icmpv6.resp", "ask for icmpv6.echo.sequence_number"),
    ("dns.time", "ask for dns.id"),
    ("dns.response_", "ask for dns.id"),
    ("dns.retransmi", "ask for dns.id"),
];

/// Names of Wireshark's for what tunlab does not have, by how they start, and what it has instead.
const INSTEAD: [(&str, &str); 8] = [
    (
        "frame.time",
        "frame.time_epoch and frame.time_relative count seconds",
    ),
    (
        "frame.protocols",
        "ask for each protocol by its name, such as `ip && tcp`",
    ),
    ("eth.padding", "what fills a frame up is called padding"),
    ("eth.trailer", "what fills a frame up is called padding"),
    ("eth.fcs", "captures rarely keep a frame's checksum"),
    ("data", "bytes that nothing decodes are called raw"),
    ("_ws.", "it is about Wireshark, not about the packet"),
    ("ws.", "it is about Wireshark, not about the packet"),
];

/// Protocols that are not decoded, and how to find their packets all the same.
const NOT_DECODED: [(&str, &str); 43] = [
    ("ah", "ip.proto == 51"),
    ("bgp", "tcp.port == 179"),
    ("dhcpv6", "udp.port in {546, 547}"),
    ("esp", "ip.proto == 50"),
    ("ftp", "tcp.port == 21"),
    ("ftp-data", "tcp.port == 20"),
    ("http", "tcp.port == 80"),
    ("http2", "tcp.port == 443"),
    ("imap", "tcp.port == 143"),
    ("isakmp", "udp.port == 500"),
    ("kerberos", "tcp.port == 88 || udp.port == 88"),
    ("ldap", "tcp.port == 389"),
    ("lldp", "eth.type == 0x88cc"),
    ("memcache", "tcp.port == 11211"),
    ("modbus", "tcp.port == 502"),
    ("mpls", "eth.type == 0x8847"),
    ("mqtt", "tcp.port == 1883"),
    ("mysql", "tcp.port == 3306"),
    ("nbns", "udp.port == 137"),
    ("nbss", "tcp.port == 139"),
    ("ntp", "udp.port == 123"),
    ("openvpn", "udp.port == 1194"),
    ("ospf", "ip.proto == 89"),
    ("pgsql", "tcp.port == 5432"),
    ("pop", "tcp.port == 110"),
    ("quic", "udp.port == 443"),
    ("radius", "udp.port in {1812, 1813}"),
    ("rdp", "tcp.port == 3389"),
    ("rip", "udp.port == 520"),
    ("rtsp", "tcp.port == 554"),
    ("sctp", "ip.proto == 132"),
    ("sip", "udp.port == 5060"),
    ("smb", "tcp.port == 445"),
    ("smb2", "tcp.port == 445"),
    ("smtp", "tcp.port == 25"),
    ("snmp", "udp.port in {161, 162}"),
    ("ssdp", "udp.port == 1900"),
    ("ssh", "tcp.port == 22"),
    ("ssl", "tcp.port == 443"),
    ("syslog", "udp.port == 514"),
    ("tftp", "udp.port == 69"),
    ("tls", "tcp.port == 443"),
    ("wg", "udp.port == 51820"),
];

/// What to say of a name that nothing has.
pub(super) fn unknown(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let starting = |table: &[(&str, &'static str)]| {
        let mut table = table.iter();
        let found = table.find(|(start, _)| lower.starts_with(start))?;
        Some(found.1)
    };
    if let Some(instead) = starting(&BEYOND_THE_PACKET) {
        return format!(
            "{name} depends on other packets, and each is judged alone here; {instead}"
        );
    }
    let protocol = lower.split('.').next().unwrap_or_default();
    let mut not_decoded = NOT_DECODED.iter();
    if let Some((protocol, filter)) = not_decoded.find(|(known, _)| *known == protocol) {
        return format!("tunlab does not decode {protocol}; find its packets by `{filter}`");
    }
    match (nearest(name), starting(&INSTEAD)) {
        (_, Some(instead)) => format!("nothing is called {name}; {instead}"),
        (Some(nearest), _) => format!("nothing is called {name}; did you mean {nearest}?"),
        _ => format!("nothing is called {name}; `tunlab proto` lists the names"),
    }
}

/// The known name that is most like `name`, if one is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for known in names::all() {
        let longest = name.len().max(known.len());
        let better = best.map_or(usize::MAX, |(least, _)| least.saturating_sub(1));
        let allowed = (longest / 4 + 1).min(better);
        if name.len().abs_diff(known.len()) > allowed {
            continue;
        }
        let distance = distance(&name, known);
        if distance <= allowed {
            best = Some((distance, known));
        }
    }
    best.map(|(_, known)| known)
}

/// The filters that are told instead of a protocol.
#[cfg(test)]
pub(super) fn filters() -> impl Iterator<Item = &'static str> {
    NOT_DECODED.iter().map(|(_, filter)| *filter)
}
