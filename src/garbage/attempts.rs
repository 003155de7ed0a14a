//! What is written to the device, one attempt after the other.

use crate::capture::Mode;
use pnet_packet::icmp::{IcmpTypes, MutableIcmpPacket, echo_request};
use pnet_packet::ip::IpNextHeaderProtocols;
use pnet_packet::ipv4::{self, MutableIpv4Packet};
use pnet_packet::{MutablePacket, icmp};
use std::net::Ipv4Addr;

/// Bytes to write, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// In a few words.
    pub what: String,
    /// Exactly what write(2) gets.
    pub bytes: Vec<u8>,
}

/// The device that is written to.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Packets or frames.
    pub mode: Mode,
    /// Whether four bytes of packet information come first.
    pub packet_information: bool,
    /// The host's own address on the device.
    pub own: Ipv4Addr,
    /// The device's hardware address, of a TAP.
    pub mac: [u8; 6],
}

/// Words that start with different letters: the first is taken, the second is not.
const WORDS: [&str; 2] = ["hello", "tunnel"];

/// A hardware address that nobody has: locally made up, for one station.
const STRANGER: [u8; 6] = [0x02, 0, 0, 0, 0, 0x99];

const IPV4: u16 = 0x0800;

/// Everything to try, `words` last; without any, two that show the difference.
pub fn attempts(setting: &Setting, words: &[String]) -> Vec<Attempt> {
    let mut list = match setting.mode {
        Mode::Tap => frames(setting),
        Mode::Tun => packets(setting),
    };
    let defaults = || WORDS.iter().map(|word| (*word).to_owned()).collect();
    let words: Vec<String> = if words.is_empty() {
        defaults()
    } else {
        words.to_vec()
    };
    for word in words {
        let first = word.bytes().next().unwrap_or(0);
        // Straight to the device, as a student's first try is: also where a prefix is due.
        list.push(Attempt {
            what: format!("the word {word:?}, first byte {first:#04x}"),
            bytes: word.into_bytes(),
        });
    }
    list
}

fn packets(setting: &Setting) -> Vec<Attempt> {
    let prefix: &[u8] = if setting.packet_information {
        &[0, 0, 8, 0] // struct tun_pi: no flags, EtherType IPv4
    } else {
        &[]
    };
    let mut list: Vec<Attempt> = (0..16u8)
        .map(|nibble| {
            let mut bytes = vec![0; 20];
            bytes[0] = nibble << 4;
            Attempt {
                what: format!("20 bytes, first nibble {nibble:x}"),
                bytes: [prefix, &bytes].concat(),
            }
        })
        .collect();
    let mut add = |what: &str, bytes: &[u8]| {
        list.push(Attempt {
            what: what.to_owned(),
            bytes: [prefix, bytes].concat(),
        });
    };
    let good = ping(peer_of(setting.own), setting.own);
    add("one byte, 0x45", &[0x45]);
    add("a ping without its IP header", &good[20..]);
    add("a whole ping", &good);
    add("a ping with a wrong IP checksum", &broken(&good, 11, 1));
    // 60,000 bytes announced: the checksum is right again, only the length lies.
    add("a ping announcing 60,000 bytes", &lengthened(&good));
    add(
        "a ping from the host itself",
        &ping(setting.own, setting.own),
    );
    add(
        "a ping from 127.0.0.1",
        &ping(Ipv4Addr::LOCALHOST, setting.own),
    );
    if setting.packet_information {
        list.push(Attempt {
            what: "three bytes of packet information".to_owned(),
            bytes: vec![0, 0, 8],
        });
        list.push(Attempt {
            what: "packet information, no packet".to_owned(),
            bytes: prefix.to_vec(),
        });
        list.push(Attempt {
            what: "a ping, no packet information".to_owned(),
            bytes: good,
        });
    }
    list.push(Attempt {
        what: "no bytes at all".to_owned(),
        bytes: Vec::new(),
    });
    list
}

fn frames(setting: &Setting) -> Vec<Attempt> {
    let ping = ping(peer_of(setting.own), setting.own);
    let attempt = |what: &str, bytes: Vec<u8>| Attempt {
        what: what.to_owned(),
        bytes,
    };
    vec![
        attempt("no bytes at all", Vec::new()),
        attempt("one byte, 0x45", vec![0x45]),
        attempt("13 bytes: one less than a header", vec![0xff; 13]),
        attempt("14 bytes: a header only", frame(setting.mac, IPV4, &[])),
        attempt(
            "a frame of EtherType 0x88b5",
            frame(setting.mac, 0x88b5, &[0; 46]),
        ),
        attempt("a ping for another MAC", frame(STRANGER, IPV4, &ping)),
        attempt("a ping without Ethernet header", ping.clone()),
        attempt("a ping's ICMP alone", ping[20..].to_vec()),
        attempt("a whole ping in a frame", frame(setting.mac, IPV4, &ping)),
    ]
}

/// Another address of the same network: the next one, or the one before.
fn peer_of(own: Ipv4Addr) -> Ipv4Addr {
    let number = u32::from(own);
    Ipv4Addr::from(if number % 256 < 254 {
        number + 1
    } else {
        number - 1
    })
}

/// An echo request with right checksums.
fn ping(from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
    let mut bytes = vec![0; 20 + 8 + 56];
    let total = bytes.len() as u16;
    for (index, byte) in bytes[28..].iter_mut().enumerate() {
        *byte = index as u8;
    }
    if let Some(mut echo) = echo_request::MutableEchoRequestPacket::new(&mut bytes[20..]) {
        echo.set_icmp_type(IcmpTypes::EchoRequest);
        echo.set_identifier(0x7475);
        echo.set_sequence_number(1);
        if let Some(mut message) = MutableIcmpPacket::new(echo.packet_mut()) {
            let sum = icmp::checksum(&message.to_immutable());
            message.set_checksum(sum);
        }
    }
    if let Some(mut ip) = MutableIpv4Packet::new(&mut bytes) {
        ip.set_version(4);
        ip.set_header_length(5);
        ip.set_total_length(total);
        ip.set_ttl(64);
        ip.set_next_level_protocol(IpNextHeaderProtocols::Icmp);
        ip.set_source(from);
        ip.set_destination(to);
        let sum = ipv4::checksum(&ip.to_immutable());
        ip.set_checksum(sum);
    }
    bytes
}

fn broken(packet: &[u8], index: usize, flip: u8) -> Vec<u8> {
    let mut bytes = packet.to_vec();
    bytes[index] ^= flip;
    bytes
}

fn lengthened(packet: &[u8]) -> Vec<u8> {
    let mut bytes = packet.to_vec();
    if let Some(mut ip) = MutableIpv4Packet::new(&mut bytes) {
        ip.set_total_length(60_000);
        let sum = ipv4::checksum(&ip.to_immutable());
        ip.set_checksum(sum);
    }
    bytes
}

fn frame(to: [u8; 6], ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&to[..], &STRANGER, &ethertype.to_be_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(mode: Mode, packet_information: bool) -> Setting {
        Setting {
            mode,
            packet_information,
            own: Ipv4Addr::new(192, 168, 53, 99),
            mac: [2, 0, 0, 0, 0, 1],
        }
    }

    #[test]
    fn every_nibble_is_tried() {
        let list = attempts(&setting(Mode::Tun, false), &[]);
        for nibble in 0..16 {
            assert!(list.iter().any(|attempt| {
                attempt.bytes.len() == 20 && attempt.bytes.first() == Some(&(nibble << 4))
            }));
        }
        assert!(list.iter().any(|attempt| attempt.bytes.is_empty()));
    }

    #[test]
    fn packet_information_comes_first() {
        let list = attempts(&setting(Mode::Tun, true), &["x".to_owned()]);
        assert_eq!(list[4].bytes[..5], [0, 0, 8, 0, 0x40]);
        assert_eq!(list.last().unwrap().bytes, b"x");
    }

    #[test]
    fn the_good_ping_is_good() {
        let ping = ping(Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        assert_eq!(pnet_packet::util::checksum(&ping[..20], 100), 0);
        assert_eq!(pnet_packet::util::checksum(&ping[20..], 100), 0);
        let wrong = broken(&ping, 11, 1);
        assert_ne!(pnet_packet::util::checksum(&wrong[..20], 100), 0);
    }
}
