//! Pieces and copies of a packet, which are under way together.

use super::samples::{ICMP, UDP, echo, from_to, seen, udp};
use super::*;
use crate::model::LinkType;

const U: &str = "192.168.53.99";
const V: &str = "192.168.70.101";
const DATA: &[u8] = b"something that tells it apart";

fn places() -> Vec<Place> {
    let place = |name: &str, addresses: &[&str]| Place {
        name: name.into(),
        addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
    };
    vec![
        place("u", &["10.0.2.8", U]),
        place("s", &["10.0.2.11", "192.168.70.1", "192.168.53.5"]),
        place("v", &[V]),
    ]
}

fn request(ttl: u8) -> Vec<u8> {
    from_to(U, V, ttl, ICMP, &echo(8, 1, DATA))
}

fn reply(ttl: u8) -> Vec<u8> {
    from_to(V, U, ttl, ICMP, &echo(0, 1, DATA))
}

/// In a frame from a device to another one, each known by a number.
fn frame(from: u8, to: u8, packet: &[u8]) -> Vec<u8> {
    let ends = [[2, 0, 0, 0, 0, to], [2, 0, 0, 0, 0, from]].concat();
    [&ends[..], &[8, 0], packet].concat()
}

/// Frames on Ethernet, packets of TUN devices; one every ten nanoseconds.
fn follow(passed: &[(&str, Vec<u8>)]) -> Path {
    let link = |place: &str| match place.contains("tun") {
        true => LinkType::RAW,
        false => LinkType::ETHERNET,
    };
    let seen: Vec<Seen> = passed
        .iter()
        .zip(1..)
        .map(|((place, bytes), at)| seen(10 * at, place, link(place), bytes))
        .collect();
    let data = Data::of(DATA);
    let (id, seq) = (0x1234, 1);
    stitch(&Seed::Echo { id, seq, data }, "u", &places(), &seen)
}

/// The number of the hop that each continues, from 1; 0 where one begins.
fn lines(path: &Path) -> Vec<usize> {
    let after = path.hops.iter().map(|hop| hop.after);
    after.map(|at| at.map_or(0, |at| at + 1)).collect()
}

fn copies(path: &Path) -> Vec<(usize, String)> {
    let told = (1..).zip(&path.hops).flat_map(|(number, hop)| {
        let words = hop.changed.iter().map(Change::to_string);
        words.map(move |words| (number, words))
    });
    told.filter(|(_, words)| words.contains("copy") || words.contains("more"))
        .collect()
}

/// Its first piece was received before the second one was sent.
#[test]
fn the_second_piece_of_the_datagram_around_it_went_from_the_receiver_to_the_sender() {
    let whole = udp(41459, 9090, &request(64));
    let piece = |offset: usize| {
        let data = if offset == 0 {
            &whole[..48]
        } else {
            &whole[48..]
        };
        let mut packet = from_to("10.0.2.8", "10.0.2.11", 64, UDP, data);
        let more = if offset == 0 { 0x2000 } else { 0 };
        packet[6..8].copy_from_slice(&((offset as u16 / 8) | more).to_be_bytes());
        frame(1, 2, &packet)
    };
    let path = follow(&[
        ("u.tun0 out", request(64)),
        ("u.eth0 out", piece(0)),
        ("s.eth0 in", piece(0)),
        ("u.eth0 out", piece(48)),
        ("s.eth0 in", piece(48)),
        ("s.tun0 in", request(64)),
    ]);
    assert_eq!(lines(&path), [0, 1, 2, 1, 4, 5]);
    let said = |hop: usize| {
        let words = path.hops[hop].changed.iter().map(Change::to_string);
        words.collect::<Vec<_>>().join("; ")
    };
    assert!(said(3).contains("bytes 48 to 65 of the datagram around it, the last one"));
    // It was cut once.
    assert_eq!(said(4), "");
    assert_eq!(copies(&path), []);
}

/// S sends a copy back to U before it forwards the packet (`dup to`).
#[test]
fn the_copy_and_the_packet_were_one_line_that_ran_to_and_fro() {
    let path = follow(&[
        ("u.tun0 out", request(64)),
        ("s.tun0 in", request(64)),
        ("s.eth0 out", frame(2, 1, &request(63))),
        ("s.eth1 out", frame(3, 4, &request(63))),
        ("u.eth0 in", frame(2, 1, &request(63))),
        ("v.eth0 in", frame(3, 4, &request(63))),
        ("v.eth0 out", frame(4, 3, &reply(64))),
    ]);
    assert_eq!(lines(&path), [0, 1, 2, 2, 3, 4, 0]);
    let words = "duplicate: a second copy of the packet at hop 4".to_owned();
    assert_eq!(copies(&path), [(3, words)]);
}

#[test]
fn a_copy_that_arrives_was_the_packet_once_more_and_so_was_its_answer() {
    let mut second = reply(64);
    second[5] = 8;
    let path = follow(&[
        ("s.tun0 in", request(64)),
        ("s.eth1 out", frame(3, 4, &request(63))),
        ("v.eth0 in", frame(3, 4, &request(63))),
        ("s.eth1 out", frame(3, 4, &request(63))),
        ("v.eth0 in", frame(3, 4, &request(63))),
        ("v.eth0 out", frame(4, 3, &reply(64))),
        ("v.eth0 out", frame(4, 3, &second)),
    ]);
    assert_eq!(lines(&path), [0, 1, 2, 1, 4, 0, 0]);
    let told = [
        (4, "duplicate: a second copy of the packet at hop 2"),
        (7, "answered once more, as the packet came twice"),
    ];
    let told = told.map(|(hop, words)| (hop, words.to_owned()));
    assert_eq!(copies(&path), told);
}

/// The sender's own firewall makes one: neither comes from the other.
#[test]
fn a_copy_made_by_the_sender_led_to_the_packet() {
    let path = follow(&[
        ("u.eth0 out", frame(1, 2, &request(64))),
        ("s.eth0 in", frame(1, 2, &request(64))),
        ("u.tun0 out", request(64)),
    ]);
    assert_eq!(lines(&path), [0, 1, 0]);
    let words = "duplicate: a second copy of the packet at hop 1".to_owned();
    assert_eq!(copies(&path), [(3, words)]);
}
