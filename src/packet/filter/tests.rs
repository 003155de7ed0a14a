//! What filters select, and what is said of those that cannot be read.

use super::*;
use crate::model::LinkType;
use crate::packet::dissect;

/// The echo request of task 2.c.
fn selects(filter: &str) -> bool {
    let file = include_bytes!("../../../fixtures/course-2c-read/capture.pcap");
    let packet = dissect(LinkType::RAW, &file[40..]);
    let filter = Filter::compile(filter).unwrap_or_else(|error| panic!("{error}"));
    let facts = Facts {
        number: 1,
        wire_len: 84,
        seconds: 0.0,
        interface: None,
    };
    filter.selects(&packet, &facts)
}

#[test]
fn comparisons() {
    for filter in [
        "icmp",
        "ip && icmp",
        "not arp",
        "icmp.type == 8",
        "icmp.type==8 and ip.ttl >= 64",
        "ip.src == 192.168.53.99",
        "ip.src == 192.168.53.0/24",
        "ip.src != 192.168.53.1",
        "ip.src != ip.dst",
        "ip.ttl in {1, 60..70}",
        "ip.src in {10.0.0.0/8, 192.168.53.99}",
        "ip.id == 0xa4e3",
        "ip.flags.df == 1",
        "ip.flags == 2",
        "ip.chksum == 43536",
        "icmp.type & 8",
        "icmp.payload contains 95:93:69",
        "icmp.payload contains \"4567\"",
        "frame contains \"#$%\"",
        "ip[0] == 45",
        "ip[8:2] == 40:01",
        "ip[-2:] == 36:37",
        "ip.src[0:2] == c0:a8",
        "len(icmp.payload) == 56",
        "frame.len == 84",
        "frame.number == 1",
        "ip.src > 192.168.53.98",
        "(arp || icmp) && !tcp",
        "icmp.payload matches \"^.{8}\\x08\\x09\"",
    ] {
        assert!(selects(filter), "{filter}");
    }
    for filter in [
        "arp",
        "!icmp",
        "icmp.type == 0",
        "ip.src == 10.0.0.0/8",
        "ip.src != 192.168.53.0/24",
        "tcp.dport != 23",
        "icmp xor ip",
        "ip.ttl in {1, 2}",
        "icmp.type & 7",
        "frame contains \"telnet\"",
    ] {
        assert!(!selects(filter), "{filter}");
    }
}

#[test]
fn errors_point_at_the_place() {
    for (filter, at, words) in [
        ("icmp.typ == 8", 0, "did you mean icmp.type?"),
        ("icmp.type == ", 13, "ends"),
        ("icmp.type == 8 && (ip", 21, "`)`"),
        ("ip.src == 300.1.1.1", 10, "300.1.1.1"),
        ("icmp.type == 8 ip", 15, "expected"),
        ("ip.ttl == \"x", 10, "quote"),
        ("", 0, "empty"),
    ] {
        let error = Filter::compile(filter).map(|_| ()).unwrap_err();
        assert_eq!(error.at, at, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn any_text_compiles_or_explains() {
    let pieces = [
        "ip", ".", "src", "==", "(", ")", "{", "..", "\"", "8", "&", "[", "]", "/", "!", "é", ":",
    ];
    let mut state = 7u32;
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..state % 9 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text += pieces[(state >> 16) as usize % pieces.len()];
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if let Err(error) = Filter::compile(&text) {
            assert!(error.at <= text.len());
            let _ = error.to_string();
        }
    }
    let deep = "(".repeat(100_000);
    assert!(Filter::compile(&deep).is_err());
}
