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

/// What to say of a name that nothing has.
pub(super) fn unknown(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let beyond = BEYOND_THE_PACKET
        .iter()
        .find(|(start, _)| lower.starts_with(start));
    if let Some((_, instead)) = beyond {
        return format!(
            "{name} depends on other packets, and each is judged alone here; {instead}"
        );
    }
    match nearest(name) {
        Some(nearest) => format!("nothing is called {name}; did you mean {nearest}?"),
        None => format!("nothing is called {name}; `tunlab proto` lists the names"),
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
