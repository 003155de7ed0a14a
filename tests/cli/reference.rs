//! `proto`: the list, a protocol's page, the same as JSON.

use super::run::{Ended, on_terminal, tunlab};
use serde_json::Value;
use tunlab::proto;

#[test]
fn the_list_is_aligned() {
    let list = tunlab(&["proto"]);
    assert_eq!((list.code, list.stderr.as_str()), (Some(0), ""));
    assert_eq!(list.stdout.lines().count(), proto::all().count());
    let references: Vec<usize> = list
        .stdout
        .lines()
        .zip(proto::all())
        .map(|(line, protocol)| {
            assert!(line.starts_with(protocol.name), "{line}");
            line.find(&format!("  {}", protocol.reference)).unwrap()
        })
        .collect();
    let widest = proto::all().map(|protocol| protocol.name.len()).max();
    assert!(
        references.iter().all(|at| Some(*at) <= widest),
        "{references:?}"
    );
}

#[test]
fn on_a_terminal_the_list_is_wrapped() {
    let seen = on_terminal(&["proto", "--color", "never"], &[]);
    let width = 80; // of a terminal that does not say
    for line in seen.lines() {
        assert!(line.chars().count() <= width, "{line}");
    }
    assert!(seen.lines().count() > proto::all().count());
}

#[test]
fn every_protocol_has_a_page_and_an_object() {
    let all = tunlab(&["proto", "--json"]);
    assert_eq!(all.stdout.lines().count(), proto::all().count());
    for (line, protocol) in all.stdout.lines().zip(proto::all()) {
        let object: Value = serde_json::from_str(line).unwrap();
        assert_eq!(object["name"], protocol.name);
        assert_eq!(
            object["fields"].as_array().unwrap().len(),
            protocol.fields.len()
        );
    }
    for name in ["IP", "ip", "icmp", "TCP", "Ether", "ethernet"] {
        let Ended {
            code,
            stdout,
            stderr,
        } = tunlab(&["proto", name]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{name}");
        assert!(stdout.contains("\nFields\n"), "{name}: {stdout}");
        let one = tunlab(&["proto", name, "--json"]);
        assert!(all.stdout.contains(&one.stdout), "{name}");
    }
}

#[test]
fn what_only_filters_know_is_told() {
    let Ended { stdout, .. } = tunlab(&["proto", "UDP"]);
    let told = "\nFor filters alone\n  udp.checksum.status\n      Whether chksum is right;";
    assert!(stdout.contains(told), "{stdout}");
    assert!(stdout.contains("      0 Bad, 1 Good, 2 Unverified, 3 Not present, 4 Illegal\n"));
    let object: Value = serde_json::from_str(&tunlab(&["proto", "ARP", "--json"]).stdout).unwrap();
    assert_eq!(object["computed"][1]["filters"][0], "arp.isprobe");
}

#[test]
fn a_wrong_name_gives_the_nearest() {
    for (wrong, right) in [
        ("tpc", "TCP"),
        ("ICPM", "ICMP"),
        ("ethr", "Ether"),
        ("dsn", "DNS"),
    ] {
        let ended = tunlab(&["proto", wrong]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
        let expected = format!(
            "tunlab: no protocol is called {wrong}; did you mean {right}? `tunlab proto` lists them\n"
        );
        assert_eq!(ended.stderr, expected);
    }
    let far = tunlab(&["proto", "qqqqqqqq"]);
    let expected = "tunlab: no protocol is called qqqqqqqq; `tunlab proto` lists them\n";
    assert_eq!((far.code, far.stderr.as_str()), (Some(2), expected));
}
