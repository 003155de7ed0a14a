//! What one datagram of the tunnel carries: a packet or a frame, and its two ends.

use crate::capture::Mode;
use crate::model::bits;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of an Ethernet header without a VLAN tag (IEEE 802.3).
pub const ETHERNET: usize = 14;

/// Bytes that a VLAN tag adds (IEEE 802.1Q); a device's MTU leaves them out.
const VLAN_TAG: usize = 4;

/// An end of an inner packet or frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Address {
    /// Of a packet.
    Ip(IpAddr),
    /// Of a frame.
    Mac([u8; 6]),
}

/// From where to where. Reads `192.168.53.99 --> 192.168.70.101`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// Who it claims to be from.
    pub source: Address,
    /// Who it is for.
    pub destination: Address,
}

impl Ends {
    /// The ends of what a device of this mode carries; nothing when the bytes are no IP packet
    /// (RFC 791, RFC 8200) or no frame. Bytes after a packet's end are let pass, as the kernel
    /// cuts them off; what lacks a part of itself is none.
    pub fn of(mode: Mode, bytes: &[u8]) -> Option<Ends> {
        match mode {
            Mode::Tun => ip(bytes),
            Mode::Tap => ether(bytes),
        }
    }
}

/// The longest packet or frame of a device with this MTU, in bytes.
pub(super) fn longest(mode: Mode, mtu: usize) -> usize {
    match mode {
        Mode::Tun => mtu,
        Mode::Tap => mtu + ETHERNET + VLAN_TAG,
    }
}

impl Address {
    /// Whether it means a group of stations, or all: nobody's own address.
    pub fn is_group(&self) -> bool {
        match self {
            Address::Ip(IpAddr::V4(v4)) => v4.is_multicast() || v4.is_broadcast(),
            Address::Ip(IpAddr::V6(v6)) => v6.is_multicast(),
            Address::Mac(mac) => mac[0] & 1 == 1,
        }
    }

    /// Whether it stands for no address: the source of one who has none yet (RFC 4862).
    pub fn is_unspecified(&self) -> bool {
        match self {
            Address::Ip(ip) => ip.is_unspecified(),
            Address::Mac(mac) => *mac == [0; 6],
        }
    }

    /// Whether it never leaves its own host.
    pub fn is_loopback(&self) -> bool {
        matches!(self, Address::Ip(ip) if ip.to_canonical().is_loopback())
    }
}

fn ip(bytes: &[u8]) -> Option<Ends> {
    let version = bytes.first()? >> 4;
    match version {
        4 => {
            let header = usize::from(bytes[0] & 0xf) * 4;
            let total = usize::from(bits::u16_at(bytes, 2));
            let whole = header >= 20 && total >= header && bytes.len() >= total;
            let at = |place| {
                Some(Address::Ip(
                    Ipv4Addr::from(array::<4>(bytes, place)?).into(),
                ))
            };
            whole.then_some(Ends {
                source: at(12)?,
                destination: at(16)?,
            })
        }
        6 => {
            let total = usize::from(bits::u16_at(bytes, 4)) + 40;
            let at = |place| {
                Some(Address::Ip(
                    Ipv6Addr::from(array::<16>(bytes, place)?).into(),
                ))
            };
            (bytes.len() >= total).then_some(Ends {
                source: at(8)?,
                destination: at(24)?,
            })
        }
        _ => None,
    }
}

fn ether(bytes: &[u8]) -> Option<Ends> {
    let at = |place| Some(Address::Mac(array(bytes, place)?));
    (bytes.len() >= ETHERNET).then_some(Ends {
        source: at(6)?,
        destination: at(0)?,
    })
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(ip) => ip.fmt(out),
            Address::Mac([a, b, c, d, e, f]) => {
                write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
            }
        }
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} --> {}", self.source, self.destination)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tunnel::samples::{frame, v4, v6};

    fn tun(bytes: &[u8]) -> Option<String> {
        Ends::of(Mode::Tun, bytes).map(|ends| ends.to_string())
    }

    #[test]
    fn both_versions_tell_their_ends() {
        let packet = v4("192.168.53.99", "192.168.70.101", 8);
        let words = "192.168.53.99 --> 192.168.70.101";
        assert_eq!(tun(&packet).as_deref(), Some(words));
        let padded = [packet, vec![0; 5]].concat();
        assert_eq!(tun(&padded).as_deref(), Some(words));
        // A fresh TUN's router solicitation: not the 0.0.0.0 --> 222.178.26.124 of the course.
        let solicitation = v6("fe80::1", "ff02::2", 8);
        assert_eq!(tun(&solicitation).as_deref(), Some("fe80::1 --> ff02::2"));
    }

    #[test]
    fn what_is_no_packet_has_none() {
        for text in [
            &b""[..],
            b"E",
            b"hello",
            b"course",
            b"Hello, world: this is a text of 40 bytes",
        ] {
            assert_eq!(tun(text), None, "{text:?}");
        }
        for packet in [v4("10.0.0.1", "10.0.0.2", 8), v6("fd00::1", "fd00::2", 8)] {
            for length in 0..packet.len() {
                assert_eq!(tun(&packet[..length]), None, "{length} bytes");
            }
        }
        let mut packet = v4("10.0.0.1", "10.0.0.2", 8);
        packet[0] = 0x44; // a header shorter than a header
        assert_eq!(tun(&packet), None);
        packet[0] = 0x4f; // a header longer than the packet
        assert_eq!(tun(&packet), None);
    }

    #[test]
    fn frames_tell_their_stations() {
        let bytes = frame([2, 0, 0, 0, 0, 1], [0xff; 6]);
        let ends = Ends::of(Mode::Tap, &bytes).unwrap();
        assert_eq!(ends.to_string(), "02:00:00:00:00:01 --> ff:ff:ff:ff:ff:ff");
        assert!(ends.destination.is_group() && !ends.source.is_group());
        assert_eq!(Ends::of(Mode::Tap, &bytes[..13]), None);
    }

    #[test]
    fn addresses_that_are_nobodys_own() {
        let address = |text: &str| Address::Ip(text.parse().unwrap());
        for group in ["224.0.0.1", "239.1.2.3", "255.255.255.255", "ff02::2"] {
            assert!(address(group).is_group(), "{group}");
        }
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(address(own).is_loopback(), "{own}");
        }
        for none in ["0.0.0.0", "::"] {
            assert!(address(none).is_unspecified(), "{none}");
        }
        let plain = address("192.168.53.99");
        assert!(!plain.is_group() && !plain.is_loopback() && !plain.is_unspecified());
    }
}
