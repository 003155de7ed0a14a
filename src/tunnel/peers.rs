//! Who lives behind which endpoint: learned from what arrives, or pinned.
//!
//! - An inner source belongs to the outer address that used it first.
//! - A new port of that address takes over at once: the client was started again.
//! - Another address is refused until the holder has been silent for [`SILENCE`].
//! - There is room for [`LIMIT`] inner sources. When it is full, a newcomer takes the place of who
//!   has long been silent, or of one of the outer address that has the most, if that is more than
//!   the newcomer's own: whoever makes up sources pushes out nobody else's.
//! - Pins decide before all that.

use super::{Address, Pin, Reason};
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// How long the holder of an inner source must be silent before another address may have it.
pub const SILENCE: Duration = Duration::from_secs(60);

/// How many inner sources are remembered.
pub const LIMIT: usize = 1024;

/// What was learned and what was pinned.
#[derive(Debug, Default)]
pub struct Peers {
    pins: Vec<Pin>,
    holders: HashMap<Address, Holder>,
    /// Each outer address that holds something.
    hosts: HashMap<IpAddr, Host>,
}

#[derive(Debug, Clone, Copy)]
struct Holder {
    endpoint: SocketAddr,
    heard: Instant,
}

#[derive(Debug)]
struct Host {
    /// The port it was heard from last.
    latest: SocketAddr,
    heard: Instant,
    /// How many inner sources it holds.
    sources: usize,
}

impl Peers {
    /// Nobody is known but who is pinned.
    pub fn new(mut pins: Vec<Pin>) -> Peers {
        // The narrowest network that holds an address is the one that counts.
        pins.sort_by_key(|pin| std::cmp::Reverse(pin.network.prefix_len()));
        Peers {
            pins,
            ..Peers::default()
        }
    }

    /// Takes note that `endpoint` sends from `source`, or tells why it must not.
    pub fn learn(
        &mut self,
        source: Address,
        endpoint: SocketAddr,
        now: Instant,
    ) -> Result<(), Reason> {
        self.check_pins(source, endpoint)?;
        if source.is_unspecified() {
            return Ok(()); // who has no address yet takes nobody's place
        }
        let host = endpoint.ip();
        match self.holders.get(&source).copied() {
            Some(holder) if holder.endpoint.ip() == host => {}
            Some(holder) if !self.is_silent(holder.endpoint.ip(), now) => {
                return Err(Reason::Held {
                    source_address: source,
                    from: endpoint,
                    holder: holder.endpoint.ip(),
                });
            }
            Some(_) => self.forget(source),
            None if self.holders.len() >= LIMIT && !self.make_room(host, now) => {
                return Err(Reason::Full {
                    source_address: source,
                    from: endpoint,
                    limit: LIMIT,
                });
            }
            None => {}
        }
        let heard = now;
        let known = self.holders.insert(source, Holder { endpoint, heard });
        let entry = self.hosts.entry(host).or_insert(Host {
            latest: endpoint,
            heard,
            sources: 0,
        });
        entry.latest = endpoint;
        entry.heard = now;
        entry.sources += usize::from(known.is_none());
        Ok(())
    }

    /// Where a packet for `destination` goes: to whom it is pinned, to who sent from it, or, when
    /// all that was ever heard is one client, to that: hosts behind it may not have spoken yet.
    pub fn find(&self, destination: Address) -> Option<SocketAddr> {
        if let Some(pin) = self.pin(destination)
            && let Some(endpoint) = pin.endpoint()
        {
            return Some(endpoint);
        }
        if let Some(holder) = self.holders.get(&destination) {
            return Some(holder.endpoint);
        }
        let host = match self.pin(destination) {
            Some(pin) => self.hosts.get(&pin.address),
            None if self.pins.is_empty() && self.hosts.len() == 1 => self.hosts.values().next(),
            None => None,
        };
        host.map(|host| host.latest)
    }

    /// Every endpoint that is known, once.
    pub fn everyone(&self) -> BTreeSet<SocketAddr> {
        let pinned = self.pins.iter().filter_map(Pin::endpoint);
        let heard = self.holders.values().map(|holder| holder.endpoint);
        pinned.chain(heard).collect()
    }

    /// How many inner sources are remembered.
    pub fn len(&self) -> usize {
        self.holders.len()
    }

    /// Whether nobody was heard.
    pub fn is_empty(&self) -> bool {
        self.holders.is_empty()
    }

    fn check_pins(&self, source: Address, endpoint: SocketAddr) -> Result<(), Reason> {
        if self.pins.is_empty() || self.pin(source).is_some_and(|pin| pin.admits(endpoint)) {
            return Ok(());
        }
        let from = endpoint;
        if self.pins.iter().any(|pin| pin.admits(endpoint)) {
            if source.is_unspecified() {
                return Ok(());
            }
            Err(Reason::NotPinned {
                source_address: source,
                from,
            })
        } else {
            Err(Reason::Stranger { from })
        }
    }

    fn pin(&self, address: Address) -> Option<&Pin> {
        let Address::Ip(ip) = address else {
            return None;
        };
        self.pins.iter().find(|pin| pin.network.contains(ip))
    }

    fn is_silent(&self, host: IpAddr, now: Instant) -> bool {
        let heard = self.hosts.get(&host).map(|host| host.heard);
        heard.is_none_or(|heard| now.saturating_duration_since(heard) >= SILENCE)
    }

    /// Forgets one inner source for a newcomer from `host`, if one may be forgotten.
    fn make_room(&mut self, host: IpAddr, now: Instant) -> bool {
        let own = self.hosts.get(&host).map_or(0, |host| host.sources);
        let longest_silent = self.hosts.iter().min_by_key(|(_, host)| host.heard);
        let largest = self.hosts.iter().max_by_key(|(_, host)| host.sources);
        let loser = match (longest_silent, largest) {
            (Some((&silent, _)), _) if self.is_silent(silent, now) => silent,
            // After the exchange the loser still has no less than the newcomer.
            (_, Some((&largest, its))) if its.sources > own + 1 => largest,
            _ => return false,
        };
        let sources = self.holders.iter();
        let of_loser = sources.filter(|(_, holder)| holder.endpoint.ip() == loser);
        let oldest = of_loser.min_by_key(|(_, holder)| holder.heard);
        let Some((&source, _)) = oldest else {
            return false;
        };
        self.forget(source);
        true
    }

    fn forget(&mut self, source: Address) {
        let Some(holder) = self.holders.remove(&source) else {
            return;
        };
        let host = holder.endpoint.ip();
        if let Some(entry) = self.hosts.get_mut(&host) {
            entry.sources -= 1;
            if entry.sources == 0 {
                self.hosts.remove(&host);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn inner(text: &str) -> Address {
        Address::Ip(text.parse().unwrap())
    }

    fn numbered(number: usize) -> Address {
        Address::Ip(Ipv4Addr::from(0x0a00_0000 + number as u32).into())
    }

    fn outer(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    struct Play {
        peers: Peers,
        start: Instant,
    }

    impl Play {
        fn new(pins: &[&str]) -> Play {
            let pins = pins.iter().map(|pin| pin.parse().unwrap()).collect();
            Play {
                peers: Peers::new(pins),
                start: Instant::now(),
            }
        }

        fn at(&mut self, seconds: u64, source: &str, from: &str) -> Result<(), Reason> {
            let now = self.start + Duration::from_secs(seconds);
            self.peers.learn(inner(source), outer(from), now)
        }

        fn find(&self, destination: &str) -> Option<SocketAddr> {
            self.peers.find(inner(destination))
        }
    }

    #[test]
    fn a_new_port_takes_over_at_once() {
        let mut play = Play::new(&[]);
        play.at(0, "192.168.53.99", "10.0.2.8:4000").unwrap();
        play.at(0, "192.168.53.99", "10.0.2.8:5000").unwrap();
        assert_eq!(play.find("192.168.53.99"), Some(outer("10.0.2.8:5000")));
        assert_eq!(play.peers.len(), 1);
    }

    #[test]
    fn another_address_waits_until_the_holder_is_silent() {
        let mut play = Play::new(&[]);
        play.at(0, "192.168.53.99", "10.0.2.8:4000").unwrap();
        let held = play.at(1, "192.168.53.99", "10.0.2.66:4000").unwrap_err();
        assert_eq!(
            held.to_string(),
            "10.0.2.66:4000 sent a packet from 192.168.53.99, which belongs to 10.0.2.8"
        );
        // The holder speaks from another inner address: it is not silent.
        play.at(30, "192.168.53.98", "10.0.2.8:4001").unwrap();
        assert!(play.at(89, "192.168.53.99", "10.0.2.66:4000").is_err());
        assert_eq!(play.find("192.168.53.99"), Some(outer("10.0.2.8:4000")));
        play.at(90, "192.168.53.99", "10.0.2.66:4000").unwrap();
        assert_eq!(play.find("192.168.53.99"), Some(outer("10.0.2.66:4000")));
        assert!(play.at(91, "192.168.53.99", "10.0.2.8:4000").is_err());
    }

    #[test]
    fn many_clients_are_kept_apart() {
        let mut play = Play::new(&[]);
        play.at(0, "192.168.53.99", "10.0.2.8:4000").unwrap();
        // Behind a lone client there may be hosts that were not heard yet.
        assert_eq!(play.find("192.168.50.7"), Some(outer("10.0.2.8:4000")));
        play.at(0, "192.168.53.98", "10.0.2.8:4001").unwrap();
        play.at(0, "192.168.53.97", "10.0.2.9:4000").unwrap();
        assert_eq!(play.find("192.168.53.98"), Some(outer("10.0.2.8:4001")));
        assert_eq!(play.find("192.168.53.97"), Some(outer("10.0.2.9:4000")));
        assert_eq!(play.find("192.168.50.7"), None);
        assert_eq!(play.peers.everyone().len(), 3);
    }

    #[test]
    fn pins_decide_and_shut_out_all_others() {
        let mut play = Play::new(&["192.168.53.0/24=10.0.2.8", "192.168.53.7/32=10.0.2.9:4000"]);
        assert_eq!(play.find("192.168.53.99"), None);
        assert_eq!(play.find("192.168.53.7"), Some(outer("10.0.2.9:4000")));
        play.at(0, "192.168.53.99", "10.0.2.8:1").unwrap();
        play.at(0, "192.168.53.7", "10.0.2.9:4000").unwrap();
        assert_eq!(play.find("192.168.53.5"), Some(outer("10.0.2.8:1")));
        let reasons = [
            ("192.168.53.7", "10.0.2.8:1", "no --peer gives to it"),
            ("192.168.60.1", "10.0.2.8:1", "no --peer gives to it"),
            ("192.168.53.99", "10.0.2.9:4000", "no --peer gives to it"),
            (
                "192.168.53.7",
                "10.0.2.9:4001",
                "10.0.2.9:4001 is no --peer",
            ),
            ("192.168.53.99", "10.0.2.66:1", "10.0.2.66:1 is no --peer"),
        ];
        for (source, from, words) in reasons {
            let reason = play.at(1, source, from).unwrap_err().to_string();
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn made_up_sources_fill_the_table_and_push_out_nobody() {
        let mut play = Play::new(&[]);
        let start = play.start;
        play.at(0, "192.168.53.99", "10.0.2.8:4000").unwrap();
        let flood = outer("10.0.2.66:6666");
        let learned = (0..100_000)
            .filter(|&number| play.peers.learn(numbered(number), flood, start).is_ok())
            .count();
        assert_eq!(learned, LIMIT - 1);
        assert_eq!(play.peers.len(), LIMIT);
        assert_eq!(play.find("192.168.53.99"), Some(outer("10.0.2.8:4000")));
        // A newcomer still gets in, in place of a made-up one.
        play.at(0, "192.168.53.98", "10.0.2.9:4000").unwrap();
        assert_eq!(play.find("192.168.53.98"), Some(outer("10.0.2.9:4000")));
        assert_eq!(play.peers.len(), LIMIT);
        assert!(play.at(0, "10.200.0.1", "10.0.2.66:6666").is_err());
        // When the flood is over, its places are free.
        play.at(59, "192.168.53.99", "10.0.2.8:4000").unwrap();
        play.at(61, "10.200.0.1", "10.0.2.8:4000").unwrap();
    }

    #[test]
    fn each_of_the_endpoints_has_its_place() {
        let mut play = Play::new(&[]);
        for number in 0..LIMIT {
            let endpoint = SocketAddr::new(Ipv4Addr::new(10, 0, 2, 8).into(), 1 + number as u16);
            let learned = play.peers.learn(numbered(number), endpoint, play.start);
            assert_eq!(learned, Ok(()));
        }
        assert_eq!(play.peers.everyone().len(), LIMIT);
        let last = play.at(0, "192.168.53.99", "10.0.2.8:60000").unwrap_err();
        assert!(last.to_string().contains("1024 inner addresses are known"));
    }
}
