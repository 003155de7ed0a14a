//! Journeys played from packets made here, each case as it looks on real devices.

use super::samples::{ICMP, TCP, UDP, arp, echo, from_to, seen, tcp, udp};
use super::*;
use crate::model::LinkType;

const RAW: LinkType = LinkType::RAW;
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

fn seed() -> Seed {
    Seed::Echo {
        id: 0x1234,
        seq: 1,
        data: Data::of(DATA),
    }
}

fn request(ttl: u8) -> Vec<u8> {
    from_to(U, V, ttl, ICMP, &echo(8, 1, DATA))
}

fn reply(ttl: u8) -> Vec<u8> {
    from_to(V, U, ttl, ICMP, &echo(0, 1, DATA))
}

fn there(packet: &[u8]) -> Vec<u8> {
    from_to("10.0.2.8", "10.0.2.11", 64, UDP, &udp(41459, 9090, packet))
}

fn back(packet: &[u8]) -> Vec<u8> {
    from_to("10.0.2.11", "10.0.2.8", 64, UDP, &udp(9090, 41459, packet))
}

/// The path of task 5, a hop every ten nanoseconds.
fn task5() -> Vec<Seen> {
    let frames = [
        ("u.tun0 out", request(64)),
        ("u.eth0 out", there(&request(64))),
        ("s.eth0 in", there(&request(64))),
        ("s.tun0 in", request(64)),
        ("s.eth1 out", request(63)),
        ("v.eth0 in", request(63)),
        ("v.eth0 out", reply(64)),
        ("s.eth1 in", reply(64)),
        ("s.tun0 out", reply(63)),
        ("s.eth0 out", back(&reply(63))),
        ("u.eth0 in", back(&reply(63))),
        ("u.tun0 in", reply(63)),
    ];
    let frames = frames.iter().zip(1..);
    frames
        .map(|((place, frame), at)| seen(10 * at, place, RAW, frame))
        .collect()
}

fn follow(seen: &[Seen]) -> Path {
    stitch(&seed(), "u", &places(), seen)
}

/// `u.tun0 out: wrapped in ..., ...`
fn told(path: &Path) -> Vec<String> {
    let way = |hop: &Hop| format!("{}.{} {:?}", hop.host, hop.device, hop.direction);
    let changes = |hop: &Hop| {
        hop.changed
            .iter()
            .map(Change::to_string)
            .collect::<Vec<_>>()
    };
    let line = |hop: &Hop| format!("{}: {}", way(hop), changes(hop).join(", "));
    path.hops.iter().map(line).collect()
}

#[test]
fn the_path_of_task_5_has_twelve_hops() {
    let path = follow(&task5());
    assert_eq!(
        told(&path),
        [
            "u.tun0 Out: ",
            "u.eth0 Out: wrapped in UDP 10.0.2.8:41459 to 10.0.2.11:9090",
            "s.eth0 In: ",
            "s.tun0 In: unwrapped",
            "s.eth1 Out: TTL 64 to 63",
            "v.eth0 In: ",
            "v.eth0 Out: answered: echo reply",
            "s.eth1 In: ",
            "s.tun0 Out: TTL 64 to 63",
            "s.eth0 Out: wrapped in UDP 10.0.2.11:9090 to 10.0.2.8:41459",
            "u.eth0 In: ",
            "u.tun0 In: unwrapped",
        ]
    );
    assert!(path.delivered && path.answered);
}

#[test]
fn the_order_of_reading_does_not_matter() {
    let mut shuffled = task5();
    shuffled.reverse();
    shuffled.swap(2, 7);
    assert_eq!(follow(&shuffled).hops, follow(&task5()).hops);
}

#[test]
fn hops_of_one_nanosecond_are_ordered_by_what_can_follow_what() {
    for first in 0..11 {
        for reversed in [false, true] {
            let mut tied = task5();
            tied[first + 1].sighting.time = tied[first].sighting.time;
            if reversed {
                tied.swap(first, first + 1);
            }
            let path = follow(&tied);
            assert_eq!(
                told(&path),
                told(&follow(&task5())),
                "hops {first} and the next"
            );
        }
    }
}

#[test]
fn other_pings_and_other_traffic_are_passed_over() {
    let mut all = task5();
    let other = from_to(U, V, 64, ICMP, &echo(8, 2, DATA));
    let stranger = from_to(
        U,
        V,
        64,
        ICMP,
        &echo(8, 1, b"of another program, another id"),
    );
    all.push(seen(15, "u.tun0 out", RAW, &other));
    all.push(seen(16, "u.tun0 out", RAW, &stranger));
    all.push(seen(17, "u.tun0 out", RAW, b"\x45"));
    all.push(seen(18, "u.eth0 out", LinkType::ETHERNET, b""));
    assert_eq!(follow(&all).hops, follow(&task5()).hops);
}

#[test]
fn a_packet_that_dies_was_last_seen_somewhere() {
    let path = follow(&task5()[..4]);
    assert!(!path.delivered && !path.answered);
    let path = follow(&task5()[..9]);
    assert!(path.delivered && !path.answered);
}

#[test]
fn an_error_is_followed_by_what_it_quotes() {
    let mut all = task5();
    all.truncate(4);
    let error = [&[11, 0, 0, 0, 0, 0, 0, 0], &request(1)[..28]].concat();
    let error = from_to("192.168.53.5", U, 64, ICMP, &error);
    all.push(seen(50, "s.tun0 out", RAW, &error));
    all.push(seen(60, "s.eth0 out", RAW, &back(&error)));
    all.push(seen(70, "u.eth0 in", RAW, &back(&error)));
    all.push(seen(80, "u.tun0 in", RAW, &error));
    let path = follow(&all);
    assert_eq!(path.hops.len(), 8);
    assert_eq!(
        words::what(&path.hops[4]),
        "ICMP error: Time to live exceeded"
    );
    assert_eq!(path.leg(Leg::Error).count(), 4);
    assert!(!path.answered);
}

#[test]
fn an_error_about_the_datagram_around_it_is_about_it() {
    let mut all = task5();
    all.truncate(3);
    let error = [&[3, 3, 0, 0, 0, 0, 0, 0], &there(&request(64))[..]].concat();
    let error = from_to("10.0.2.11", "10.0.2.8", 64, ICMP, &error);
    all.push(seen(40, "s.eth0 out", RAW, &error));
    all.push(seen(50, "u.eth0 in", RAW, &error));
    assert_eq!(follow(&all).leg(Leg::Error).count(), 2);
}

#[test]
fn a_redirect_does_not_end_the_way() {
    let mut all = task5();
    let redirect = [&[5, 1, 0, 0, 192, 168, 53, 1], &request(64)[..]].concat();
    let redirect = from_to("192.168.53.5", U, 64, ICMP, &redirect);
    all.push(seen(45, "s.tun0 out", RAW, &redirect));
    let path = follow(&all);
    assert_eq!(path.hops.len(), 13);
    let told = path.leg(Leg::Redirect).map(words::what).collect::<Vec<_>>();
    assert_eq!(told, ["ICMP redirect: use 192.168.53.1 for 192.168.70.101"]);
    assert_eq!(path.hops[5].changed, [Change::Ttl { from: 64, to: 63 }]);
    assert!(path.answered);
}

#[test]
fn a_bounce_leaves_by_the_device_it_came_in_by() {
    let mut all = task5();
    all.truncate(4);
    all.push(seen(50, "s.tun0 out", RAW, &request(63)));
    let path = follow(&all);
    assert_eq!(
        path.hops[4].changed,
        [Change::Ttl { from: 64, to: 63 }, Change::Bounced]
    );
}

#[test]
fn addresses_rewritten_by_a_router_are_told() {
    let out = |src: &str, id: u16| {
        let mut message = echo(8, 1, DATA);
        message[4..6].copy_from_slice(&id.to_be_bytes());
        from_to(src, V, 63, ICMP, &message)
    };
    let mut answer = echo(0, 1, DATA);
    answer[4..6].copy_from_slice(&7_u16.to_be_bytes());
    let all = [
        seen(10, "s.tun0 in", RAW, &request(64)),
        seen(20, "s.eth1 out", RAW, &out("192.168.70.1", 7)),
        seen(30, "v.eth0 in", RAW, &out("192.168.70.1", 7)),
        seen(
            40,
            "v.eth0 out",
            RAW,
            &from_to(V, "192.168.70.1", 64, ICMP, &answer),
        ),
        seen(
            50,
            "s.eth1 in",
            RAW,
            &from_to(V, "192.168.70.1", 64, ICMP, &answer),
        ),
        seen(60, "s.tun0 out", RAW, &reply(63)),
    ];
    let path = follow(&all);
    assert_eq!(
        told(&path),
        [
            "s.tun0 In: ",
            "s.eth1 Out: TTL 64 to 63, source 192.168.53.99 to 192.168.70.1 (NAT), identifier 4660 to 7 (NAT)",
            "v.eth0 In: ",
            "v.eth0 Out: answered: echo reply",
            "s.eth1 In: ",
            "s.tun0 Out: TTL 64 to 63, destination 192.168.70.1 to 192.168.53.99 (NAT), identifier 7 to 4660 (NAT)",
        ]
    );
    assert!(path.delivered);
}

#[test]
fn a_connection_is_followed_through_nat_and_its_retransmission_is_told() {
    const SYN: u8 = 2;
    let seed = Seed::Tcp {
        sport: 40000,
        dport: 23,
    };
    let syn = |src: &str, ttl, sport| from_to(src, V, ttl, TCP, &tcp(sport, 23, 1000, 0, SYN));
    let answer =
        |dst: &str, ttl, dport| from_to(V, dst, ttl, TCP, &tcp(23, dport, 5000, 1001, SYN | 16));
    let all = [
        seen(10, "u.tun0 out", RAW, &syn(U, 64, 40000)),
        seen(1_000_000_010, "u.tun0 out", RAW, &syn(U, 64, 40000)),
        seen(1_000_000_020, "s.tun0 in", RAW, &syn(U, 64, 40000)),
        seen(
            1_000_000_030,
            "s.eth1 out",
            RAW,
            &syn("192.168.70.1", 63, 61000),
        ),
        seen(
            1_000_000_040,
            "s.eth1 in",
            RAW,
            &answer("192.168.70.1", 64, 61000),
        ),
        seen(1_000_000_050, "s.tun0 out", RAW, &answer(U, 63, 40000)),
        seen(1_000_000_060, "u.tun0 in", RAW, &answer(U, 63, 40000)),
        // The handshake goes on: none of this journey.
        seen(
            1_000_000_070,
            "u.tun0 out",
            RAW,
            &from_to(U, V, 64, TCP, &tcp(40000, 23, 1001, 5001, 16)),
        ),
        seen(
            1_000_000_080,
            "u.tun0 in",
            RAW,
            &from_to(V, U, 63, TCP, &tcp(23, 40000, 5001, 1001, 16)),
        ),
    ];
    let path = stitch(&seed, "u", &places(), &all);
    assert_eq!(
        told(&path),
        [
            "u.tun0 Out: ",
            "u.tun0 Out: sent again after 1.00 s",
            "s.tun0 In: ",
            "s.eth1 Out: TTL 64 to 63, source 192.168.53.99:40000 to 192.168.70.1:61000 (NAT)",
            "s.eth1 In: answered: TCP 23 to 61000 SYN+ACK",
            "s.tun0 Out: TTL 64 to 63, destination 192.168.70.1:61000 to 192.168.53.99:40000 (NAT)",
            "u.tun0 In: ",
        ]
    );
    assert!(path.answered);
}

#[test]
fn fragments_are_followed_by_their_identification() {
    let piece = |offset: u16, more: bool, data: &[u8]| {
        let mut packet = from_to(U, V, 63, ICMP, data);
        let field = (offset / 8) | if more { 0x2000 } else { 0 };
        packet[6..8].copy_from_slice(&field.to_be_bytes());
        packet
    };
    let whole = echo(8, 1, &[DATA, &[0; 900]].concat());
    let all = [
        seen(10, "s.tun0 in", RAW, &from_to(U, V, 64, ICMP, &whole)),
        seen(20, "s.eth1 out", RAW, &piece(0, true, &whole[..480])),
        seen(21, "s.eth1 out", RAW, &piece(480, false, &whole[480..])),
        seen(30, "v.eth0 in", RAW, &piece(0, true, &whole[..480])),
        seen(31, "v.eth0 in", RAW, &piece(480, false, &whole[480..])),
        // Of another packet.
        seen(32, "v.eth0 in", RAW, &{
            let mut other = piece(480, false, b"x");
            other[5] = 8;
            other
        }),
    ];
    assert_eq!(
        told(&follow(&all)),
        [
            "s.tun0 In: ",
            "s.eth1 Out: TTL 64 to 63, fragmented: bytes 0 to 480",
            "s.eth1 Out: TTL 64 to 63, fragmented: bytes 480 to 937, the last one",
            "v.eth0 In: ",
            "v.eth0 In: ",
        ]
    );
}

#[test]
fn a_packet_that_waited_for_a_neighbour_says_so() {
    let ethernet = |packet: Vec<u8>| [&[0; 12][..], &[8, 0], &packet].concat();
    let frame = ethernet(from_to(
        "10.0.2.8",
        "10.0.2.11",
        64,
        ICMP,
        &echo(8, 1, DATA),
    ));
    let link = LinkType::ETHERNET;
    let all = [
        seen(
            10_000,
            "u.eth0 out",
            link,
            &arp(false, "10.0.2.8", "10.0.2.11"),
        ),
        seen(
            11_000,
            "s.eth0 in",
            link,
            &arp(false, "10.0.2.8", "10.0.2.11"),
        ),
        seen(
            12_000,
            "s.eth0 out",
            link,
            &arp(true, "10.0.2.11", "10.0.2.8"),
        ),
        seen(
            13_000,
            "u.eth0 in",
            link,
            &arp(true, "10.0.2.11", "10.0.2.8"),
        ),
        seen(14_000, "u.eth0 out", link, &frame),
        seen(15_000, "s.eth0 in", link, &frame),
    ];
    let path = follow(&all);
    assert_eq!(
        told(&path),
        [
            "u.eth0 Out: waited 3 µs for ARP: 10.0.2.11 is at 02:00:00:00:00:01",
            "s.eth0 In: "
        ]
    );
    let asked = path.questions.iter().map(Question::to_string);
    assert_eq!(
        asked.collect::<Vec<_>>(),
        [
            "ARP who has 10.0.2.11? tell 10.0.2.8",
            "ARP 10.0.2.11 is at 02:00:00:00:00:01"
        ]
    );
    let unanswered = follow(&all[..1]);
    assert_eq!((unanswered.hops.len(), unanswered.questions.len()), (0, 1));
}

#[test]
fn a_packet_in_a_segmented_datagram_is_found() {
    let mut all = task5();
    let bulk = from_to(U, V, 64, TCP, &[0; 200]);
    let bundle = there(&[&bulk[..], &bulk, &request(64)].concat());
    all[1] = seen(20, "u.eth0 out", RAW, &bundle);
    assert_eq!(told(&follow(&all)), told(&follow(&task5())));
}
