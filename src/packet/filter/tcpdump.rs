//! Filters as tcpdump and `pcap-filter(7)` write them: what is meant, in the language of these.

use super::token::{Kind, Token};

/// What a filter means that cannot be read: where it looks like tcpdump's and how it is written here.
pub(super) struct Meant<'t> {
    /// Its tokens: the first and the last.
    pub(super) from: Token<'t>,
    pub(super) to: Token<'t>,
    pub(super) written: String,
}

/// Looks for tcpdump's way of speaking of addresses and ports: `src net 10.0.0.0/8`, `tcp port 80`.
pub(super) fn meant<'t>(tokens: &[Token<'t>]) -> Option<Meant<'t>> {
    (0..tokens.len()).find_map(|at| primitive(&tokens[at..]))
}

fn primitive<'t>(tokens: &[Token<'t>]) -> Option<Meant<'t>> {
    let mut rest = tokens;
    let protocol = take(&mut rest, &["tcp", "udp", "ip", "ip6", "ether"]);
    let direction = take(&mut rest, &["src", "dst"]);
    let kind = take(&mut rest, &["host", "net", "portrange", "port"]);
    if direction.is_none() && kind.is_none() {
        return None;
    }
    let value = *rest.first()?;
    if value.kind != Kind::Word || !value.text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let written = match kind {
        Some("port") => ports(protocol, direction, &format!("== {}", value.text)),
        Some("portrange") => {
            let (first, last) = value.text.split_once('-')?;
            ports(protocol, direction, &format!("in {{{first}..{last}}}"))
        }
        _ => address(protocol, direction, value.text),
    };
    let (from, to) = (tokens[0], value);
    Some(Meant { from, to, written })
}

/// Goes past the next token if it is one of `words`.
fn take(tokens: &mut &[Token], words: &[&'static str]) -> Option<&'static str> {
    let (first, rest) = tokens.split_first()?;
    let mut words = words.iter();
    let found = words.find(|word| first.kind == Kind::Word && first.text == **word)?;
    *tokens = rest;
    Some(found)
}

fn ports(protocol: Option<&str>, direction: Option<&str>, condition: &str) -> String {
    let field = match direction {
        Some("src") => "srcport",
        Some(_) => "dstport",
        None => "port",
    };
    match protocol {
        Some(protocol @ ("tcp" | "udp")) => format!("{protocol}.{field} {condition}"),
        _ => format!("tcp.{field} {condition} || udp.{field} {condition}"),
    }
}

fn address(protocol: Option<&str>, direction: Option<&str>, address: &str) -> String {
    let protocol = match protocol {
        Some("ether") => "eth",
        Some("ip6") => "ipv6",
        None if address.contains(':') => "ipv6",
        _ => "ip",
    };
    format!("{protocol}.{} == {address}", direction.unwrap_or("addr"))
}
