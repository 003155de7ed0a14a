//! The pipe: bytes in, action out. It decides what becomes of each packet and touches neither
//! device nor socket, so that every rule is tested without them.
//!
//! ```text
//!   device ──▶ from_device ──▶ Send(to) | SendToAll | Drop(why)
//!   socket ──▶ from_socket ──▶ Write | Show | Drop(why)
//! ```

use super::inner::{Address, Ends, longest};
use super::{Counters, Peers, Reason};
use crate::capture::Mode;
use crate::model::bits;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

/// What this end of the tunnel is.
#[derive(Debug)]
pub enum Role {
    /// Everything goes to one server.
    Client {
        /// Its address and port.
        server: SocketAddr,
    },
    /// Clients are told apart by what they send.
    Server(Peers),
    /// Packets are shown, and go no further (the course's task 3).
    PrintOnly,
}

/// The host that this end is on, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The device's MTU, in bytes.
    pub mtu: usize,
    /// The host's own addresses; a TAP's hardware address among them.
    pub own: Vec<Address>,
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Send it to this endpoint.
    Send(Ends, SocketAddr),
    /// Send it to every endpoint there is ([`Pipe::everyone`]).
    SendToAll(Ends),
    /// Write it to the device.
    Write(Ends),
    /// Show it, and that is all.
    Show(Ends),
    /// Nothing, for this reason.
    Drop(Reason),
}

/// One end of the tunnel.
#[derive(Debug)]
pub struct Pipe {
    mode: Mode,
    role: Role,
    host: Host,
    /// What it has done so far.
    pub counters: Counters,
}

impl Action {
    /// The ends of a packet that passes.
    pub fn ends(&self) -> Option<Ends> {
        match *self {
            Action::Send(ends, _)
            | Action::SendToAll(ends)
            | Action::Write(ends)
            | Action::Show(ends) => Some(ends),
            Action::Drop(_) => None,
        }
    }
}

impl Pipe {
    /// An end that carries packets or frames.
    pub fn new(mode: Mode, role: Role, host: Host) -> Pipe {
        Pipe {
            mode,
            role,
            host,
            counters: Counters::default(),
        }
    }

    /// Tells it that the host has changed.
    pub fn set_host(&mut self, host: Host) {
        self.host = host;
    }

    /// What to do with what the device gave.
    pub fn from_device(&mut self, packet: &[u8]) -> Action {
        let Some(ends) = Ends::of(self.mode, packet) else {
            return Action::Drop(Reason::NotIpHere {
                length: packet.len(),
                what: self.what(),
            });
        };
        let action = match &self.role {
            Role::Client { server } if self.is_own_datagram(packet, &ends, *server) => {
                return Action::Drop(Reason::Circle { server: *server });
            }
            Role::Client { server } => Action::Send(ends, *server),
            Role::Server(peers) => match peers.find(ends.destination) {
                _ if ends.destination.is_group() => Action::SendToAll(ends),
                Some(endpoint) => Action::Send(ends, endpoint),
                // A switch asks everywhere for a station that it does not know.
                None if self.mode == Mode::Tap => Action::SendToAll(ends),
                None => {
                    let destination = ends.destination;
                    return Action::Drop(Reason::Nobody { destination });
                }
            },
            Role::PrintOnly => Action::Show(ends),
        };
        self.counters.sent.count(packet.len());
        action
    }

    /// What to do with a datagram that came from `from` at `now`.
    pub fn from_socket(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> Action {
        match self.admit(datagram, from, now) {
            Ok(ends) => {
                self.counters.received.count(datagram.len());
                match self.role {
                    Role::PrintOnly => Action::Show(ends),
                    Role::Client { .. } | Role::Server(_) => Action::Write(ends),
                }
            }
            Err(reason) => Action::Drop(reason),
        }
    }

    /// Every endpoint that is known.
    pub fn everyone(&self) -> Vec<SocketAddr> {
        match &self.role {
            Role::Client { server } => vec![*server],
            Role::Server(peers) => peers.everyone().into_iter().collect(),
            Role::PrintOnly => Vec::new(),
        }
    }

    /// The checks of a datagram, in order.
    fn admit(&mut self, datagram: &[u8], from: SocketAddr, now: Instant) -> Result<Ends, Reason> {
        let length = datagram.len();
        let what = self.what();
        let ends = Ends::of(self.mode, datagram).ok_or(Reason::NotIp { from, length, what })?;
        if matches!(self.role, Role::PrintOnly) {
            return Ok(ends);
        }
        let longest = longest(self.mode, self.host.mtu);
        if length > longest {
            return Err(Reason::Oversize {
                from,
                length,
                longest,
            });
        }
        let source_address = ends.source;
        if let Some(what) = self.impossible(source_address) {
            return Err(Reason::Impossible {
                source_address,
                from,
                what,
            });
        }
        if let Role::Server(peers) = &mut self.role {
            peers.learn(source_address, from, now)?;
        }
        Ok(ends)
    }

    /// What makes a source impossible at the other end.
    fn impossible(&self, source: Address) -> Option<&'static str> {
        if source.is_group() {
            Some("a group's address")
        } else if source.is_loopback() {
            Some("a loopback address")
        } else if self.host.own.contains(&source) {
            Some("this host's own")
        } else {
            None
        }
    }

    /// Whether a packet is a datagram of this very tunnel: sent on, it would come back for ever.
    fn is_own_datagram(&self, packet: &[u8], ends: &Ends, server: SocketAddr) -> bool {
        const UDP: u8 = 17;
        let Address::Ip(destination) = ends.destination else {
            return false;
        };
        let (protocol, header) = match destination {
            IpAddr::V4(_) => (bits::byte(packet, 9), usize::from(packet[0] & 0xf) * 4),
            IpAddr::V6(_) => (bits::byte(packet, 6), 40),
        };
        destination == server.ip()
            && protocol == UDP
            && bits::u16_at(packet, header + 2) == server.port()
    }

    fn what(&self) -> &'static str {
        match self.mode {
            Mode::Tun => "IP packet",
            Mode::Tap => "Ethernet frame",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tunnel::samples::{frame, udp, v4, v6};
    use std::time::Duration;

    const U: &str = "10.0.2.8:35613";
    const OTHER: &str = "10.0.2.66:4000";

    fn endpoint(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn host() -> Host {
        let own = ["192.168.53.5", "fd53::5", "127.0.0.1"];
        Host {
            mtu: 1472,
            own: own.map(|ip| Address::Ip(ip.parse().unwrap())).to_vec(),
        }
    }

    fn server() -> Pipe {
        Pipe::new(Mode::Tun, Role::Server(Peers::default()), host())
    }

    fn client() -> Pipe {
        let server = endpoint("10.0.2.11:9090");
        Pipe::new(Mode::Tun, Role::Client { server }, host())
    }

    fn kind(action: Action) -> Option<super::super::Kind> {
        match action {
            Action::Drop(reason) => Some(reason.kind()),
            _ => None,
        }
    }

    #[test]
    fn a_client_sends_all_to_its_server_and_writes_what_comes() {
        let mut client = client();
        let request = v4("192.168.53.99", "192.168.70.101", 64);
        match client.from_device(&request) {
            Action::Send(ends, to) => {
                assert_eq!(ends.to_string(), "192.168.53.99 --> 192.168.70.101");
                assert_eq!(to, endpoint("10.0.2.11:9090"));
            }
            other => panic!("{other:?}"),
        }
        let reply = v4("192.168.70.101", "192.168.53.99", 64);
        let action = client.from_socket(&reply, endpoint("10.0.2.11:9090"), Instant::now());
        assert!(matches!(action, Action::Write(_)), "{action:?}");
        assert_eq!(client.counters.sent.to_string(), "1 packet (84 bytes)");
        assert_eq!(client.counters.received.to_string(), "1 packet (84 bytes)");
    }

    #[test]
    fn a_server_answers_where_the_question_came_from() {
        let mut server = server();
        let reply = v4("192.168.70.101", "192.168.53.99", 8);
        let nobody = server.from_device(&reply);
        assert_eq!(kind(nobody), Some(super::super::Kind::Nowhere));
        let request = v4("192.168.53.99", "192.168.70.101", 8);
        let action = server.from_socket(&request, endpoint(U), Instant::now());
        assert!(matches!(action, Action::Write(_)), "{action:?}");
        let action = server.from_device(&reply);
        assert!(matches!(action, Action::Send(_, to) if to == endpoint(U)));
        let question = v6("fd53::99", "fd70::101", 8);
        let from = endpoint("[fd00::8]:1");
        let action = server.from_socket(&question, from, Instant::now());
        assert!(matches!(action, Action::Write(_)), "{action:?}");
        let answer = v6("fd70::101", "fd53::99", 8);
        assert!(matches!(server.from_device(&answer), Action::Send(_, to) if to == from));
    }

    #[test]
    fn what_must_not_pass_does_not() {
        use super::super::Kind::{NotIp, Oversize, Spoofed};
        let mut server = server();
        let now = Instant::now();
        let first = v4("192.168.53.99", "192.168.70.101", 8);
        assert_eq!(kind(server.from_socket(&first, endpoint(U), now)), None);
        let fits = v4("192.168.53.99", "192.168.70.101", 1452);
        assert_eq!(kind(server.from_socket(&fits, endpoint(U), now)), None);
        let table = [
            (b"GET / HTTP/1.0".to_vec(), NotIp),
            (v4("192.168.53.99", "192.168.70.101", 1453), Oversize),
            (first, Spoofed),
            (v4("192.168.53.5", "192.168.70.101", 8), Spoofed),
            (v6("fd53::5", "fd70::1", 8), Spoofed),
            (v4("127.0.0.2", "192.168.70.101", 8), Spoofed),
            (v4("224.0.0.5", "192.168.70.101", 8), Spoofed),
            (v6("ff02::1", "fd70::1", 8), Spoofed),
        ];
        for (packet, expected) in table {
            let action = server.from_socket(&packet, endpoint(OTHER), now);
            assert_eq!(kind(action), Some(expected), "{action:?}");
        }
    }

    #[test]
    fn a_smaller_mtu_counts_as_soon_as_it_is_known() {
        let mut server = server();
        let packet = v4("192.168.53.99", "192.168.70.101", 1000);
        assert_eq!(
            kind(server.from_socket(&packet, endpoint(U), Instant::now())),
            None
        );
        server.set_host(Host {
            mtu: 1000,
            ..host()
        });
        let action = server.from_socket(&packet, endpoint(U), Instant::now());
        assert!(matches!(
            action,
            Action::Drop(Reason::Oversize { longest: 1000, .. })
        ));
    }

    #[test]
    fn who_has_no_address_yet_takes_nobodys_place() {
        let mut server = server();
        let now = Instant::now();
        let solicitation = v6("::", "ff02::1:ff00:99", 24);
        for from in [U, OTHER] {
            let action = server.from_socket(&solicitation, endpoint(from), now);
            assert!(matches!(action, Action::Write(_)), "{action:?}");
        }
        assert_eq!(server.everyone(), []);
    }

    #[test]
    fn groups_are_for_everyone() {
        let mut server = server();
        let now = Instant::now();
        for (source, from) in [("192.168.53.99", U), ("192.168.53.98", OTHER)] {
            server.from_socket(&v4(source, "192.168.70.101", 8), endpoint(from), now);
        }
        let action = server.from_device(&v6("fe80::5", "ff02::2", 8));
        assert!(matches!(action, Action::SendToAll(_)), "{action:?}");
        assert_eq!(server.everyone(), [endpoint(U), endpoint(OTHER)]);
    }

    #[test]
    fn frames_are_switched_by_their_stations() {
        let mut server = Pipe::new(Mode::Tap, Role::Server(Peers::default()), host());
        let now = Instant::now();
        let (u, v, s) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 5]);
        server.set_host(Host {
            mtu: 1458,
            own: vec![Address::Mac(s)],
        });
        server.from_socket(&frame(u, [0xff; 6]), endpoint(U), now);
        let action = server.from_device(&frame(s, u));
        assert!(matches!(action, Action::Send(_, to) if to == endpoint(U)));
        server.from_socket(&frame(v, u), endpoint(OTHER), now);
        let unknown = server.from_device(&frame(s, [2, 0, 0, 0, 0, 9]));
        assert!(matches!(unknown, Action::SendToAll(_)), "{unknown:?}");
        let own = server.from_socket(&frame(s, u), endpoint(OTHER), now);
        assert_eq!(kind(own), Some(super::super::Kind::Spoofed));
        let group = server.from_socket(&frame([0xff; 6], u), endpoint(OTHER), now);
        assert_eq!(kind(group), Some(super::super::Kind::Spoofed));
        let mut long = frame(v, u);
        long.resize(1458 + 18, 0);
        assert_eq!(kind(server.from_socket(&long, endpoint(OTHER), now)), None);
        long.push(0);
        let action = server.from_socket(&long, endpoint(OTHER), now);
        assert_eq!(kind(action), Some(super::super::Kind::Oversize));
    }

    #[test]
    fn the_tunnels_own_datagrams_do_not_go_round_in_circles() {
        let mut client = client();
        let action = client.from_device(&udp("10.0.2.8", "10.0.2.11", 9090));
        assert!(
            matches!(action, Action::Drop(Reason::Circle { .. })),
            "{action:?}"
        );
        let other_port = client.from_device(&udp("10.0.2.8", "10.0.2.11", 53));
        assert!(matches!(other_port, Action::Send(..)), "{other_port:?}");
    }

    #[test]
    fn print_only_shows_whatever_is_a_packet() {
        let mut shown = Pipe::new(Mode::Tun, Role::PrintOnly, host());
        let now = Instant::now();
        // Nothing is written anywhere: neither length nor source can do harm.
        for packet in [
            v4("192.168.53.5", "10.0.0.1", 1),
            v4("1.2.3.4", "10.0.0.1", 9000),
        ] {
            let action = shown.from_socket(&packet, endpoint(U), now);
            assert!(matches!(action, Action::Show(_)), "{action:?}");
        }
        let action = shown.from_socket(b"hello", endpoint(U), now);
        assert_eq!(kind(action), Some(super::super::Kind::NotIp));
    }

    #[test]
    fn random_bytes_never_panic_and_are_all_counted_once() {
        let mut server = server();
        let mut random: u64 = 0x5eed;
        let mut now = Instant::now();
        let mut dropped = 0;
        for round in 0..50_000_u64 {
            // Knuth's MMIX: the same bytes in every run.
            let mut bytes = Vec::new();
            for _ in 0..random >> 58 {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(round | 1);
                bytes.push((random >> 56) as u8);
            }
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            if let Some(first) = bytes.first_mut().filter(|_| round % 2 == 0) {
                *first = if round % 4 == 0 { 0x45 } else { 0x60 };
            }
            now += Duration::from_millis(1);
            if let Action::Drop(reason) = server.from_socket(&bytes, endpoint(U), now) {
                server.counters.drop(&reason);
                dropped += 1;
            }
            server.from_device(&bytes);
        }
        let counted = server.counters.dropped;
        assert_eq!(counted.not_ip + counted.spoofed, dropped);
        assert_eq!(server.counters.received.packets + dropped, 50_000);
    }
}
