//! How ping words ICMP errors: short, and known to whoever has used it.

/// What an ICMP error says, in ping's words; `v6` for ICMPv6.
pub fn error_words(v6: bool, kind: u8, code: u8) -> String {
    let words = match (v6, kind, code) {
        (false, 3, 0) => "Destination Net Unreachable",
        (false, 3, 1) => "Destination Host Unreachable",
        (false, 3, 2) => "Destination Protocol Unreachable",
        (false, 3, 3) => "Destination Port Unreachable",
        (false, 3, 4) => "Frag needed and DF set",
        (false, 3, 13) => "Packet filtered",
        (false, 5, _) => "Redirect Host",
        (false, 11, 0) => "Time to live exceeded",
        (false, 11, _) => "Frag reassembly time exceeded",
        (true, 1, 0) => "Destination unreachable: No route",
        (true, 1, 1) => "Destination unreachable: Administratively prohibited",
        (true, 1, 3) => "Destination unreachable: Address unreachable",
        (true, 1, 4) => "Destination unreachable: Port unreachable",
        (true, 2, _) => "Packet too big",
        (true, 3, _) => "Time exceeded: Hop limit",
        _ => return format!("ICMP type {kind} code {code}"),
    };
    words.to_owned()
}
