//! What the tunnel has done so far, in numbers.

use super::{Kind, Reason};
use std::fmt;
use std::mem::{Discriminant, discriminant};

/// Packets in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many.
    pub packets: u64,
    /// Their length together.
    pub bytes: u64,
}

/// What went through, and what did not.
#[derive(Debug, Default)]
pub struct Counters {
    /// From the device into the tunnel.
    pub sent: Traffic,
    /// Out of the tunnel.
    pub received: Traffic,
    /// Packets of the device that nobody at the other end is known for.
    pub nowhere: u64,
    /// The rest of what was dropped.
    pub dropped: Dropped,
    /// Reasons that have been said.
    said: Vec<Discriminant<Reason>>,
}

/// Dropped packets. Reads `not-ip 0, spoofed 0, oversize 0, refused 0, device-down 0`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Datagrams that carry no packet.
    pub not_ip: u64,
    /// Packets whose inner source is another's.
    pub spoofed: u64,
    /// Packets longer than the device's MTU when they arrived.
    pub oversize: u64,
    /// Datagrams that the other end refused, or from an endpoint that is no `--peer`.
    pub refused: u64,
    /// Packets that the device did not take.
    pub device_down: u64,
}

impl Counters {
    /// Counts a dropped packet; tells whether it is the first for such a reason.
    pub fn drop(&mut self, reason: &Reason) -> bool {
        let dropped = &mut self.dropped;
        *match reason.kind() {
            Kind::NotIp => &mut dropped.not_ip,
            Kind::Spoofed => &mut dropped.spoofed,
            Kind::Oversize => &mut dropped.oversize,
            Kind::Refused => &mut dropped.refused,
            Kind::DeviceDown => &mut dropped.device_down,
            Kind::Nowhere => &mut self.nowhere,
        } += 1;
        let kind = discriminant(reason);
        let first = !self.said.contains(&kind);
        if first {
            self.said.push(kind);
        }
        first
    }
}

impl Traffic {
    /// Counts a packet of this length.
    pub fn count(&mut self, length: usize) {
        self.packets += 1;
        self.bytes += length as u64;
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.packets == 1 { "" } else { "s" };
        write!(
            out,
            "{} packet{plural} ({} bytes)",
            self.packets, self.bytes
        )
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "not-ip {}, spoofed {}, oversize {}, refused {}, device-down {}",
            self.not_ip, self.spoofed, self.oversize, self.refused, self.device_down
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_counted_and_the_first_is_told() {
        let mut counters = Counters::default();
        let from = "10.0.2.8:1".parse().unwrap();
        let what = "IP packet";
        let not_ip = |length| Reason::NotIp { from, length, what };
        assert!(counters.drop(&not_ip(1)));
        assert!(!counters.drop(&not_ip(2)));
        assert!(counters.drop(&Reason::Stranger { from }));
        let words = "not-ip 2, spoofed 0, oversize 0, refused 1, device-down 0";
        assert_eq!(counters.dropped.to_string(), words);
    }

    #[test]
    fn traffic_in_words() {
        let mut traffic = Traffic::default();
        traffic.count(84);
        assert_eq!(traffic.to_string(), "1 packet (84 bytes)");
        traffic.count(16);
        assert_eq!(traffic.to_string(), "2 packets (100 bytes)");
    }
}
