//! `proto`: the list, a protocol's page, the same as JSON.

use super::run::{Ended, capture, on_terminal, tunlab};
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

#[test]
fn what_others_call_a_protocol_was_unknown() {
    for (word, name) in [
        ("eth", "Ether:"),
        ("mld", "ICMPv6MLQuery:"),
        ("icmp6", "ICMPv6DestUnreach:"),
        ("NDP", "ICMPv6ND_NS:"),
        ("vlan", "Dot1Q:"),
        ("mdns", "DNS "),
        ("ipv4", "IP "),
    ] {
        let ended = tunlab(&["proto", word]);
        assert_eq!(ended.code, Some(0), "{word}: {}", ended.stderr);
        assert!(ended.stdout.starts_with(name), "{word}: {}", ended.stdout);
    }
}

#[test]
fn one_of_a_family_hid_the_others() {
    let page = tunlab(&["proto", "icmpv6"]).stdout;
    let (_, family) = page.split_once("\nOf the same family\n").unwrap();
    for member in ["ICMPv6EchoRequest", "ICMPv6ND_NS", "ICMPv6MLReport2"] {
        assert!(family.contains(&format!("  {member}\n      ")), "{family}");
    }
    assert!(!family.contains("ICMPv6DestUnreach"));
    assert!(!tunlab(&["proto", "udp"]).stdout.contains("family"));
    let igmp = tunlab(&["proto", "igmp"]).stdout;
    assert!(igmp.contains("\n  IGMPv3_MR\n"), "{igmp}");
}

#[test]
fn icmp_was_drawn_as_an_echo_alone() {
    let page = tunlab(&["proto", "icmp"]).stdout;
    let (drawn, _) = page.split_once("\nFields\n").unwrap();
    for (types, field) in [
        ("Type 0 echo-reply, 8 echo-request", "|              seq "),
        ("Type 3 dest-unreach", "|          nexthopmtu "),
        ("Type 5 redirect", "|                              gw "),
        ("Type 13 timestamp-request", " ts_rx "),
    ] {
        let (_, form) = drawn.split_once(types).unwrap();
        let form = form.split("\nType").next().unwrap();
        assert!(form.contains(field), "{types}: {form}");
    }
    assert!(!tunlab(&["proto", "igmp"]).stdout.contains("\nType"));
}

#[test]
fn what_had_no_room_in_its_cell_was_lost() {
    let file = capture("dns");
    let drawn = tunlab(&["read", &file, "-o", "bits", "-c", "1"]).stdout;
    assert!(
        drawn.contains("|q|opcode |a|t|r|r|z|a|c| rcode |\n"),
        "{drawn}"
    );
    assert!(drawn.contains("  qr = 0, aa = 0, tc = 0, rd = 1, ra = 0, ad = 0, cd = 0\n"));
    let page = tunlab(&["proto", "dns"]).stdout;
    assert!(page.contains("\n  qr, aa, tc, rd, ra, ad, cd\n"), "{page}");
    let file = capture("icmp-errors");
    let drawn = tunlab(&["read", &file, "-o", "bits"]).stdout;
    assert!(drawn.contains("\n  code = host-unreachable\n"), "{drawn}");
}
