//! Commands as operations: the inverse of [`Op::command`], so that steps written as a student would
//! type them run over netlink, without iproute2.
//!
//! Understood are the forms of `ip netns|link|addr|route|neigh` and `sysctl -w` that [`Op`] can
//! hold, with iproute2's own abbreviations of the objects; a word too many is an error.

use std::net::IpAddr;

use super::plan::{Mac, Op, Route};
use super::{Cidr, CidrError};
use crate::sys::netlink::{LOCAL, MAIN, RouteKind};

/// Why a command is no [`Op`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpParseError {
    /// A word that does not belong there.
    #[error("{command}: {word:?} is not understood here")]
    Word {
        /// The whole command.
        command: String,
        /// The word.
        word: String,
    },
    /// It ends too early.
    #[error("{command}: {what} is missing")]
    Missing {
        /// The whole command.
        command: String,
        /// What should follow.
        what: &'static str,
    },
    /// An address or a network is not right.
    #[error("{command}: {why}")]
    Address {
        /// The whole command.
        command: String,
        /// What is wrong with it.
        why: CidrError,
    },
}

impl Op {
    /// Reads a command such as `ip route add 192.168.70.0/24 dev tun0` or
    /// `sysctl -w net.ipv4.ip_forward=1`.
    pub fn parse(command: &str) -> Result<Op, OpParseError> {
        let words = split(command);
        let mut words = Words {
            command,
            rest: &words,
        };
        let op = match words.next("a command")? {
            "ip" => ip(&mut words)?,
            "sysctl" => sysctl(&mut words)?,
            word => return Err(words.odd(word)),
        };
        match words.rest.first() {
            Some(word) => Err(words.odd(word)),
            None => Ok(op),
        }
    }
}

/// What is left of a command.
struct Words<'w> {
    command: &'w str,
    rest: &'w [String],
}

impl<'w> Words<'w> {
    fn next(&mut self, what: &'static str) -> Result<&'w str, OpParseError> {
        let (first, rest) = self
            .rest
            .split_first()
            .ok_or_else(|| OpParseError::Missing {
                command: self.command.to_owned(),
                what,
            })?;
        self.rest = rest;
        Ok(first)
    }

    /// Takes the next word if it is this one.
    fn skip(&mut self, word: &str) -> bool {
        let is_next = self.rest.first().is_some_and(|first| first == word);
        if is_next {
            self.rest = &self.rest[1..];
        }
        is_next
    }

    /// `dev NAME`, in which some commands leave out the `dev`.
    fn device(&mut self) -> Result<String, OpParseError> {
        self.skip("dev");
        Ok(self.next("a device")?.to_owned())
    }

    fn address(&mut self) -> Result<IpAddr, OpParseError> {
        let word = self.next("an address")?;
        word.parse().map_err(|_| self.odd(word))
    }

    fn cidr(&mut self) -> Result<Cidr, OpParseError> {
        let word = self.next("an address")?;
        word.parse().map_err(|why| self.wrong(why))
    }

    fn number(&mut self) -> Result<u32, OpParseError> {
        let word = self.next("a number")?;
        word.parse().map_err(|_| self.odd(word))
    }

    /// The number or name of a routing table; nothing for the main one.
    fn table(&mut self) -> Result<Option<u32>, OpParseError> {
        let number = match self.rest.first().map(String::as_str) {
            Some("main") => MAIN,
            Some("local") => LOCAL,
            _ => return Ok(Some(self.number()?).filter(|&number| number != MAIN)),
        };
        self.rest = &self.rest[1..];
        Ok(Some(number).filter(|&number| number != MAIN))
    }

    fn odd(&self, word: &str) -> OpParseError {
        OpParseError::Word {
            command: self.command.to_owned(),
            word: word.to_owned(),
        }
    }

    fn wrong(&self, why: CidrError) -> OpParseError {
        OpParseError::Address {
            command: self.command.to_owned(),
            why,
        }
    }
}

/// The words of a command as a shell would split them: quotes keep spaces.
fn split(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for letter in command.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, letter) if letter.is_whitespace() => words.extend(word.take()),
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

fn sysctl(words: &mut Words) -> Result<Op, OpParseError> {
    while ["-w", "-q", "-qw"].iter().any(|flag| words.skip(flag)) {}
    let setting = words.next("a setting")?;
    let (key, value) = setting.split_once('=').ok_or_else(|| words.odd(setting))?;
    Ok(Op::sysctl(key, value))
}

fn ip(words: &mut Words) -> Result<Op, OpParseError> {
    let ipv6 = words.skip("-6");
    if !ipv6 {
        words.skip("-4");
    }
    match words.next("an object")? {
        "netns" => netns(words),
        "link" | "l" => link(words),
        "addr" | "address" | "a" => addr(words),
        "route" | "r" | "ro" => route(words, ipv6),
        "rule" | "ru" => rule(words, ipv6),
        "neigh" | "neighbour" | "neighbor" | "n" => neigh(words),
        word => Err(words.odd(word)),
    }
}

/// Rules are deleted by their places; those that are added are written by hand.
fn rule(words: &mut Words, v6: bool) -> Result<Op, OpParseError> {
    match words.next("del")? {
        "del" | "delete" => {}
        word => return Err(words.odd(word)),
    }
    match words.next("pref")? {
        "pref" | "preference" | "priority" => {}
        word => return Err(words.odd(word)),
    }
    let priority = words.number()?;
    Ok(Op::RuleDel { v6, priority })
}

fn netns(words: &mut Words) -> Result<Op, OpParseError> {
    let verb = words.next("add or del")?;
    let name = words.next("a name")?.to_owned();
    match verb {
        "add" => Ok(Op::NetnsAdd { name }),
        "del" | "delete" => Ok(Op::NetnsDel { name }),
        word => Err(words.odd(word)),
    }
}

fn link(words: &mut Words) -> Result<Op, OpParseError> {
    match words.next("set, add or del")? {
        "set" => {
            let dev = words.device()?;
            match words.next("up, down or mtu")? {
                "up" => Ok(Op::LinkUp { dev }),
                "down" => Ok(Op::LinkDown { dev }),
                "mtu" => {
                    let word = words.next("a number of bytes")?;
                    let mtu = word.parse().map_err(|_| words.odd(word))?;
                    Ok(Op::Mtu { dev, mtu })
                }
                word => Err(words.odd(word)),
            }
        }
        "add" => {
            let dev = words.device()?;
            for word in ["type", "veth", "peer", "name"] {
                let found = words.next("`type veth peer name`")?;
                if found != word {
                    return Err(words.odd(found));
                }
            }
            let peer = words.next("the peer's name")?.to_owned();
            match words.next("`netns`")? {
                "netns" => Ok(Op::CableAdd {
                    dev,
                    peer,
                    peer_netns: words.next("a namespace")?.to_owned(),
                }),
                word => Err(words.odd(word)),
            }
        }
        "del" | "delete" => Ok(Op::DeviceDel {
            dev: words.device()?,
        }),
        word => Err(words.odd(word)),
    }
}

fn addr(words: &mut Words) -> Result<Op, OpParseError> {
    let verb = words.next("add or del")?;
    let addr = words.cidr()?;
    let dev = words.device()?;
    words.skip("nodad"); // what is done anyway: Netlink::add_address tells why
    match verb {
        "add" => Ok(Op::AddrAdd { dev, addr }),
        "del" | "delete" => Ok(Op::AddrDel { dev, addr }),
        word => Err(words.odd(word)),
    }
}

fn route(words: &mut Words, ipv6: bool) -> Result<Op, OpParseError> {
    let verb = words.next("add, replace or del")?;
    let kind = [
        ("blackhole", RouteKind::Blackhole),
        ("unreachable", RouteKind::Unreachable),
        ("prohibit", RouteKind::Prohibit),
    ];
    let kind = kind.into_iter().find(|(word, _)| words.skip(word));
    let kind = kind.map_or(RouteKind::Unicast, |(_, kind)| kind);
    let destination = words.next("a network")?;
    let (mut via, mut dev, mut src, mut metric, mut table) = (None, None, None, None, None);
    loop {
        if words.skip("via") {
            via = Some(words.address()?);
        } else if words.skip("dev") {
            dev = Some(words.device()?);
        } else if words.skip("src") {
            src = Some(words.address()?);
        } else if words.skip("metric") {
            metric = Some(words.number()?);
        } else if words.skip("table") {
            table = words.table()?;
        } else {
            break;
        }
    }
    let is_ipv6 = ipv6 || via.is_some_and(|router| router.is_ipv6());
    let route = Route {
        to: network(words, destination, is_ipv6)?,
        kind,
        via,
        dev,
        src,
        metric,
        table,
    };
    match verb {
        "add" => Ok(Op::RouteAdd(route)),
        "replace" => Ok(Op::RouteReplace(route)),
        "del" | "delete" => Ok(Op::RouteDel(route)),
        word => Err(words.odd(word)),
    }
}

/// The destination of a route; an address alone is a network of one.
fn network(words: &Words, text: &str, ipv6: bool) -> Result<Cidr, OpParseError> {
    let text = match (text, ipv6) {
        ("default", false) => "0.0.0.0/0",
        ("default", true) => "::/0",
        (text, _) => text,
    };
    let alone = text.parse().ok().and_then(|address: IpAddr| {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        Cidr::new(address, bits)
    });
    match alone {
        Some(network) => Ok(network),
        None => Cidr::parse_network(text).map_err(|why| words.wrong(why)),
    }
}

fn neigh(words: &mut Words) -> Result<Op, OpParseError> {
    let verb = words.next("add, replace, del or flush")?;
    if verb == "flush" {
        let dev = words.device()?;
        return Ok(Op::NeighFlush { dev });
    }
    let addr = words.address()?;
    let mut mac = None;
    if words.skip("lladdr") {
        let word = words.next("a hardware address")?;
        mac = Some(parse_mac(word).ok_or_else(|| words.odd(word))?);
    }
    let dev = words.device()?;
    if words.skip("nud") {
        let word = words.next("permanent")?;
        if word != "permanent" {
            return Err(words.odd(word));
        }
    }
    match (verb, mac) {
        ("add" | "replace", Some(mac)) => Ok(Op::NeighReplace { dev, addr, mac }),
        ("add" | "replace", None) => Err(OpParseError::Missing {
            command: words.command.to_owned(),
            what: "lladdr",
        }),
        ("del" | "delete", _) => Ok(Op::NeighDel { dev, addr }),
        (word, _) => Err(words.odd(word)),
    }
}

fn parse_mac(text: &str) -> Option<Mac> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next()?;
        let is_hex = part.len() <= 2 && part.bytes().all(|one| one.is_ascii_hexdigit());
        *byte = is_hex.then(|| u8::from_str_radix(part, 16).ok())??;
    }
    parts.next().is_none().then_some(Mac(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Commands that come back as they were written.
    const FAITHFUL: &[&str] = &[
        "ip netns add tunlab-u",
        "ip netns del tunlab-u",
        "ip link add eth0 type veth peer name eth1 netns tunlab-s",
        "ip link del dev eth0",
        "ip link set dev tun0 up",
        "ip link set dev tun0 down",
        "ip link set dev tun0 mtu 1400",
        "ip addr add 192.168.53.99/24 dev tun0",
        "ip addr add fd00::1/64 dev tun0 nodad",
        "ip addr del 192.168.53.99/24 dev tun0",
        "ip route add 192.168.70.0/24 dev tun0",
        "ip route add 192.168.53.0/24 via 192.168.70.1",
        "ip route replace default via 192.168.70.1 dev eth0",
        "ip route add blackhole 1.2.3.0/24",
        "ip route add unreachable default",
        "ip route add prohibit fd00::/64",
        "ip route add ::/0 via fd00::1",
        "ip route del default",
        "ip neigh replace 192.168.70.101 lladdr aa:bb:cc:dd:ee:0f dev eth1",
        "ip neigh del 192.168.70.101 dev eth1",
        "ip neigh flush dev eth1",
        "sysctl -qw net.ipv4.ip_forward=1",
        "sysctl -qw 'net.ipv4.ping_group_range=0 100'",
    ];

    #[test]
    fn commands_come_back() {
        for command in FAITHFUL {
            let op = Op::parse(command).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(op.command(), *command);
            assert_eq!(Op::parse(&op.command()), Ok(op));
        }
    }

    #[test]
    fn other_spellings() {
        for (typed, written) in [
            (
                "ip r add 1.2.3.4 dev tun0",
                "ip route add 1.2.3.4/32 dev tun0",
            ),
            (
                "ip -4 route del default dev eth0",
                "ip route del default dev eth0",
            ),
            (
                "ip -6 route add default dev eth0",
                "ip route add ::/0 dev eth0",
            ),
            ("ip link set tun0 up", "ip link set dev tun0 up"),
            ("sysctl -w a.b=1", "sysctl -qw a.b=1"),
            ("sysctl -w a.b='1 2'", "sysctl -qw 'a.b=1 2'"),
            (
                "ip neigh add 1.2.3.4 lladdr a:b:c:d:e:f dev x nud permanent",
                "ip neigh replace 1.2.3.4 lladdr 0a:0b:0c:0d:0e:0f dev x",
            ),
        ] {
            assert_eq!(Op::parse(typed).unwrap().command(), written);
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (command, message) in [
            ("", ": a command is missing"),
            ("reboot", "reboot: \"reboot\" is not understood here"),
            (
                "ip route add 1.2.3.0/24 dev tun0 onlink",
                "ip route add 1.2.3.0/24 dev tun0 onlink: \"onlink\" is not understood here",
            ),
            (
                "ip route add 1.2.3.4/24 dev tun0",
                "ip route add 1.2.3.4/24 dev tun0: 1.2.3.4/24: bits are set beyond the prefix \
                 length; write 1.2.3.0/24",
            ),
            (
                "ip link set dev tun0 mtu x",
                "ip link set dev tun0 mtu x: \"x\" is not understood here",
            ),
            (
                "ip addr add 1.2.3.4/24",
                "ip addr add 1.2.3.4/24: a device is missing",
            ),
            (
                "ip neigh add 1.2.3.4 lladdr aa:bb dev x",
                "ip neigh add 1.2.3.4 lladdr aa:bb dev x: \"aa:bb\" is not understood here",
            ),
            (
                "sysctl -w net.ipv4.ip_forward",
                "sysctl -w net.ipv4.ip_forward: \"net.ipv4.ip_forward\" is not understood here",
            ),
        ] {
            assert_eq!(Op::parse(command).unwrap_err().to_string(), message);
        }
    }
}
