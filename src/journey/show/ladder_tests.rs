//! Ladders in few columns.

use super::*;
use crate::journey::samples::{ICMP, echo, from_to, seen};
use crate::journey::{Data, Seed, stitch};
use crate::model::LinkType;

const U: &str = "192.168.60.2";
const V: &str = "192.168.70.101";
const DATA: &[u8] = b"something that tells it apart";

/// The way of a ping through devices with these names, each written as `u.eth0 out`.
fn told(places: &[&str], width: usize) -> (usize, String) {
    let request = from_to(U, V, 64, ICMP, &echo(8, 1, DATA));
    let sighting = |(at, place): (u64, &&str)| seen(10 * at, place, LinkType::RAW, &request);
    let seen: Vec<_> = (1..).zip(places).map(sighting).collect();
    let (id, seq, data) = (0x1234, 1, Data::of(DATA));
    let path = stitch(&Seed::Echo { id, seq, data }, "u", &[], &seen);
    let story = Story {
        from: "u",
        to: V.parse().unwrap(),
        probe: "icmp",
        path: &path,
    };
    let mut text = Text::default();
    ladder(&story, &Paint::new(false), width, &mut text);
    (ladder_width(&story), text.as_str().to_owned())
}

fn widest(text: &str) -> usize {
    let lines = text.lines().map(|line| line.chars().count());
    lines.max().unwrap_or(0)
}

/// U behind its router C, which has the tunnel, as in `site2site`.
const SITES: [&str; 8] = [
    "u.eth0 out",
    "c.eth0 in",
    "c.tun0 out",
    "c.eth1 out",
    "s.eth0 in",
    "s.tun0 in",
    "s.eth1 out",
    "v.eth0 in",
];

#[test]
fn the_way_from_site_to_site_took_91_columns_of_80() {
    let (least, text) = told(&SITES, 80);
    assert!(least <= 80 && widest(&text) <= 80, "{least}\n{text}");
    let head = "    eth0  eth0 tun0 eth1  eth0 tun0 eth1  eth0\n";
    assert!(text.contains(head), "{text}");
    // There is room for more.
    let (_, text) = told(&SITES, 120);
    assert!(text.contains("eth0    eth0  tun0"), "{text}");
}

#[test]
fn a_way_that_fits_nowhere_says_how_much_it_takes() {
    let names = ["u.a_long_device_0 out", "s.a_long_device_1 in"];
    let more = ["s.a_long_device_2 out", "v.a_long_device_3 in"];
    let (least, text) = told(&[names, more].concat(), 80);
    assert!(least > 80, "{least}");
    assert!(widest(&text) <= least, "{text}");
}
