//! Following packets through looks at what was seen, as they fall on a busy machine.

use super::follow::{Follower, Journey};
use super::identity::Seed;
use super::ip_packet::Data;
use super::path::Place;
use super::samples::{ICMP, UDP, echo, from_to, seen, udp};
use super::sighting::Sighting;
use super::watch::{PLAYED, Watch};
use crate::model::LinkType;
use std::fs::File;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

const U: &str = "192.168.53.99";
const S: &str = "192.168.53.5";
const DATA: &[u8] = b"something that tells it apart";

fn places() -> Vec<Place> {
    let place = |name: &str, addresses: [&str; 2]| Place {
        name: name.into(),
        addresses: addresses.iter().map(|one| one.parse().unwrap()).collect(),
    };
    vec![place("u", ["10.0.2.8", U]), place("s", ["10.0.2.11", S])]
}

/// The eight hops of an echo through the tunnel, a hop every ten nanoseconds since `start`, from
/// when the probes were sent.
fn hops(start: u64, seq: u16) -> Vec<Sighting> {
    let request = from_to(U, S, 64, ICMP, &echo(8, seq, DATA));
    let reply = from_to(S, U, 64, ICMP, &echo(0, seq, DATA));
    let wrap = |from: &str, to: &str, ports: (u16, u16), packet: &[u8]| {
        from_to(from, to, 64, UDP, &udp(ports.0, ports.1, packet))
    };
    let there = wrap("10.0.2.8", "10.0.2.11", (41459, 9090), &request);
    let back = wrap("10.0.2.11", "10.0.2.8", (9090, 41459), &reply);
    let frames = [
        ("u.tun0 out", &request),
        ("u.eth0 out", &there),
        ("s.eth0 in", &there),
        ("s.tun0 in", &request),
        ("s.tun0 out", &reply),
        ("s.eth0 out", &back),
        ("u.eth0 in", &back),
        ("u.tun0 in", &reply),
    ];
    let frames = frames.into_iter().zip(1..);
    frames
        .map(|((place, frame), at)| {
            seen(PLAYED + start + 10 * at, place, LinkType::RAW, frame).sighting
        })
        .collect()
}

/// The journeys of two echoes that end with the first step.
fn step(looks: Vec<Vec<Sighting>>) -> Vec<Journey> {
    let mut follower = Follower::new(Watch::played(places(), looks), Duration::from_secs(60));
    for seq in 1..=2 {
        let (id, data) = (0x1234, Data::of(DATA));
        follower.probe(seq, "u", Seed::Echo { id, seq, data }, || Ok(()));
    }
    let never = File::open("/dev/null").unwrap();
    follower.step(Some(Instant::now()), never.as_fd()).unwrap()
}

/// One CPU is looked at before the other. What the first one still did while that was done with is
/// found by a further look; but with that the second answer came home, and the same held for it.
#[test]
fn an_answer_that_came_home_with_the_second_look_lost_hops() {
    let (first, mut second) = (hops(0, 1), hops(1000, 2));
    let home = second.pop().unwrap();
    let late = second.split_off(5);
    let journeys = step(vec![[first, second].concat(), vec![home], late]);
    let lengths = journeys.iter().map(|one| one.path.hops.len());
    assert_eq!(lengths.collect::<Vec<_>>(), [8, 8]);
}

#[test]
fn one_that_is_not_home_is_waited_for() {
    let mut second = hops(1000, 2);
    second.pop();
    let journeys = step(vec![[hops(0, 1), second].concat()]);
    assert_eq!(journeys.len(), 1);
    assert!(journeys[0].path.answered && journeys[0].number == 1);
}

/// The last piece had only come to S when the error about the first one was home, and seemed lost
/// there.
#[test]
fn an_error_about_the_first_piece_ended_the_journey_of_the_others() {
    let whole = echo(8, 1, &[DATA, &[0; 900]].concat());
    let piece = |offset: u16, data: &[u8]| {
        let mut packet = from_to(U, "192.168.70.101", 1, ICMP, data);
        let more = if offset == 0 { 0x2000 } else { 0 };
        packet[6..8].copy_from_slice(&((offset / 8) | more).to_be_bytes());
        packet
    };
    let (first, last) = (piece(0, &whole[..480]), piece(480, &whole[480..]));
    let about = [&[11, 0, 0, 0, 0, 0, 0, 0], &first[..]].concat();
    let error = from_to(S, U, 64, ICMP, &about);
    let at = |time, place, frame: &[u8]| seen(PLAYED + time, place, LinkType::RAW, frame).sighting;
    let soon = vec![
        at(10, "u.tun0 out", &first),
        at(11, "u.tun0 out", &last),
        at(20, "s.tun0 in", &first),
        at(30, "s.tun0 out", &error),
        at(40, "u.tun0 in", &error),
    ];
    let late = vec![at(50, "s.tun0 in", &last)];
    let looks = vec![soon, vec![], late];
    let mut follower = Follower::new(Watch::played(places(), looks), Duration::from_secs(60));
    let (id, data) = (0x1234, Data::of(&[DATA, &[0; 900]].concat()));
    follower.probe(1, "u", Seed::Echo { id, seq: 1, data }, || Ok(()));
    let never = File::open("/dev/null").unwrap();
    let mut step = || follower.step(Some(Instant::now()), never.as_fd()).unwrap();
    assert!(step().is_empty(), "its last piece is still on its way");
    let ended = std::iter::repeat_with(step).find(|ended| !ended.is_empty());
    let hops = ended.unwrap().remove(0).path.hops;
    assert_eq!(hops.len(), 6, "{hops:?}");
}

/// The two clocks differ by a little while one of them is set right.
#[test]
fn a_packet_seen_a_moment_before_it_was_sent_lost_its_first_hop() {
    let mut early = hops(0, 1);
    early[0].time.0 = PLAYED - 500;
    let journeys = step(vec![early]);
    assert_eq!(journeys[0].path.hops.len(), 8);
}
