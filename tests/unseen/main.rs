//! Packets that no capture at hand held and on which tunlab once said something else than scapy's
//! `show()` or tshark's columns: each test is named after what went wrong, and expects what those
//! two print.

mod checksums;
#[path = "../common/mod.rs"]
mod common;
mod lines;
mod malformed;

use common::{ETHERNET, framed, print_hex};
use tunlab::model::LinkType;
use tunlab::packet::dissect_captured;
use tunlab::packet::filter::{Facts, Filter};
use tunlab::render::Format;

fn show(link: u16, hex: &str) -> String {
    print_hex(Format::Show, false, link, hex, None)
}

/// `line` of an Ethernet frame of which only the given bytes were captured.
fn line(hex: &str, wire_len: usize) -> String {
    let line = print_hex(Format::Line, false, ETHERNET, hex, Some(wire_len));
    line.trim_end().to_owned()
}

const NULL: u16 = 0;
const RAW: u16 = 101;

#[track_caller]
fn holds(shown: &str, wanted: &[&str]) {
    let mut rest = shown;
    for line in wanted {
        let Some(at) = rest.find(line) else {
            panic!("no {line:?} there in\n{shown}");
        };
        rest = &rest[at + line.len()..];
    }
}

#[test]
fn zeros_at_the_end_of_a_foreign_arp_address_were_shown() {
    let shown = show(
        ETHERNET,
        &framed("0806", "000686dd020200010100000007080900"),
    );
    holds(
        &shown,
        &[
            "hwsrc     = b'\\x01'\n",
            "psrc      = b''\n",
            "hwdst     = b'\\x07\\x08'\n",
            "pdst      = b'\\t'\n",
        ],
    );
}

#[test]
fn an_arp_message_whose_ipv4_address_is_cut_off_was_read() {
    let message = format!("0001080087040008{}", "00".repeat(20));
    let shown = show(ETHERNET, &framed("0806", &message));
    assert!(!shown.contains("###[ ARP ]###"), "{shown}");
}

#[test]
fn an_arp_operation_without_addresses_was_not_said_of_a_cut_message() {
    let cut = framed("0806", "000108000604000a0f9ea6cc25fa0a");
    let said = line(&cut, 42);
    assert!(
        said.ends_with("ARP 42 ARP NAK[Packet size limited during capture]"),
        "{said}"
    );
}

#[test]
fn an_arp_message_longer_than_its_frame_was_called_cut_by_the_capture() {
    let cut = framed("0806", "9d0986dd140400029a6c765475");
    let said = line(&cut, 33);
    assert!(said.ends_with("ARP 33 [Malformed Packet]"), "{said}");
}

#[test]
fn a_frame_captured_into_its_filling_was_not_called_cut() {
    let arp = "0001080006040001020000000001010203040000000000000102030500";
    let said = line(&framed("0806", arp), 60);
    assert!(
        said.ends_with("[Packet size limited during capture]"),
        "{said}"
    );
    let said = line(&framed("0806", arp), 49);
    assert!(said.ends_with("Who has 1.2.3.5? Tell 1.2.3.4"), "{said}");
}

#[test]
fn a_short_datagram_cut_by_the_capture_was_called_cut() {
    // Three bytes of payload, too few for tshark to guess from, two of them captured.
    let udp = "4500001f0001000040116\
               2bb0a0002080a00020bc350c351000b00006162";
    let said = line(&framed("0800", udp), 45);
    assert!(said.ends_with("Len=3"), "{said}");
}

#[test]
fn options_of_a_header_that_claims_less_than_twenty_bytes_were_not_shown() {
    let packet = "4200002800010000401100000a0002080a00020b\
                  0194040000000000c350c350c350c350c350c350";
    let shown = show(RAW, packet);
    holds(
        &shown,
        &[
            "ihl       = 2\n",
            "|###[ IP Option No Operation ]###\n",
            "|###[ IP Option Router Alert ]###\n",
            "|###[ IP Option End of Options List ]###\n",
            "###[ UDP ]###\n     sport     = 50000\n",
        ],
    );
}

#[test]
fn the_router_alert_that_scapy_lists_in_igmp_was_missing() {
    let packet = "4500001c000100000102a1cd0a0002080a00020b1200000ae0000001";
    let shown = show(RAW, packet);
    holds(
        &shown,
        &[
            "  \\options   \\\n   |###[ IP Option Router Alert ]###\n",
            "   |  length    = 4\n   |  alert     = router_shall_examine_packet\n",
            "###[ IGMPv1 Membership Report ]###\n",
        ],
    );
    let remarked = print_hex(Format::Show, true, RAW, packet, None);
    holds(
        &remarked,
        &["  ! options: empty: the router alert is not in the packet"],
    );
}

#[test]
fn a_later_fragment_of_igmp_was_raw() {
    let packet = "4500001c000100030102a1ca0a0002080a00020b16000000e0000001";
    holds(
        &show(RAW, packet),
        &["###[ IGMPv2 Membership Report ]###\n"],
    );
    let said = line(&framed("0800", packet), 42);
    assert!(said.contains("IPv4 42 Fragmented IP protocol"), "{said}");
}

/// A DNS answer from port 53 to VXLAN's port: an A record with two bytes too many, an MX record
/// with one.
const ANSWER: &str = "4500004e000100004011628c0a0002080a00020b003512b5003a241f\
                      0001810000000002000000000161000001000100000000000601020304aabb\
                      016200000f00010000000000060005016300cc";

#[test]
fn a_dns_answer_to_the_port_of_vxlan_was_vxlan() {
    holds(&show(RAW, ANSWER), &["###[ DNS ]###\n"]);
}

#[test]
fn what_a_dns_record_does_not_use_was_left_out() {
    holds(
        &show(RAW, ANSWER),
        &[
            "|  rdata     = 1.2.3.4\n         |###[ Padding ]###\n         |  load      = b'\\xaa\\xbb'\n",
            "|  exchange  = b'c.'\n         |###[ Padding ]###\n         |     load      = b'\\xcc'\n",
        ],
    );
}

/// `time exceeded` with an extension of two objects, as long as its IP header says.
fn extended() -> String {
    let quote = "45000020000100004011\
                 62ba0a0002080a00020bc350829a000cdd1161626364";
    let gap = "00".repeat(96);
    let objects = "0008020800000003000c0202046c6f0000";
    format!("450000b100010000400162390a0002080a00020b0b00000000200000{quote}{gap}20000001{objects}")
}

#[test]
fn the_second_object_of_an_icmp_extension_was_left_out() {
    holds(
        &show(RAW, &extended()),
        &[
            "extpad    = b'' (96 octets)\n",
            "|  ifindex   = 3\n      |###[ Raw ]###\n      |  load      = b'\\x00\\x0c\\x02\\x02\\x04lo\\x00\\x00'\n",
            "###[ UDP in ICMP ]###\n",
        ],
    );
}

#[test]
fn padding_behind_an_icmp_extension_was_not_moved_into_it() {
    let shown = show(RAW, &(extended() + "0000000000"));
    holds(
        &shown,
        &[
            "extpad    = b'' (5 octets)\n",
            "###[ UDP in ICMP ]###\n",
            "###[ Padding ]###\n",
        ],
    );
    assert_eq!(shown.matches("###[ Padding ]###").count(), 1, "{shown}");
}

#[test]
fn a_frame_bridged_in_snap_was_raw() {
    let frame = "0200000000020200000000010032aaaa030080c20001\
                 0200000000020200000000010806\
                 00010800060400010200000000010102030400000000000001020305";
    let shown = show(ETHERNET, frame);
    holds(
        &shown,
        &[
            "###[ SNAP ]###\n",
            "###[ Ethernet ]###\n",
            "###[ ARP ]###\n",
        ],
    );
}

#[test]
fn a_topology_change_with_all_fields_lost_them() {
    let frame = "0180c2000000020000000001002642420300000080\
                 00000700000000000000000000000000000000000000000100140002000f00";
    holds(
        &show(ETHERNET, frame),
        &["bpdutype  = 128\n", "rootid    = 7\n", "fwddelay  = 15.0\n"],
    );
}

#[test]
fn loopback_families_that_only_scapy_knows_were_raw() {
    let packet = "4500001c000100004011\
                  62be0a0002080a00020bc350c35100080000";
    let shown = show(NULL, &format!("00000000{packet}"));
    holds(&shown, &["type      = 0\n", "###[ UDP ]###\n"]);
    let said = print_hex(
        Format::Line,
        false,
        NULL,
        &format!("00000000{packet}"),
        None,
    );
    assert!(said.contains("Unknown family 0"), "{said}");
}

#[test]
fn a_jumbogram_without_its_length_had_a_payload() {
    let packet = "60000000000000400000000000000000000000000000000100000000000000000000000000000002\
                  1100010400000000c350c3510008000000";
    let shown = show(RAW, packet);
    holds(
        &shown,
        &["Hop-by-Hop Options Header ]###\n", "###[ Padding ]###\n"],
    );
    assert!(!shown.contains("###[ UDP ]###"), "{shown}");
}

#[test]
fn one_byte_of_tcps_mood_was_shown() {
    let packet =
        "4500002c00010000400662bf0a0002080a00020bc350c3510000000000000000600220000000000019030000";
    holds(&show(RAW, packet), &["[('Mood', b''), ('EOL', None)]"]);
}

/// Whether a filter selects a packet without a link's header.
fn selects(filter: &str, hex: &str) -> bool {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let facts = Facts {
        number: 1,
        wire_len: bytes.len() as u32,
        time: 0,
        started: 0,
        interface: None,
    };
    let packet = dissect_captured(LinkType(RAW), &bytes, bytes.len());
    Filter::compile(filter).unwrap().selects(&packet, &facts)
}

#[test]
fn a_question_of_dns_had_a_result() {
    let dns = |flags: &str| {
        let header = "4500002800000000401100000a0000010a000002";
        format!("{header}00350035001400001234{flags}0000000000000000")
    };
    let [question, answer] = [dns("0100"), dns("8580")];
    for name in ["rcode", "authoritative", "recavail"] {
        let filter = format!("dns.flags.{name}");
        assert!(!selects(&filter, &question), "{filter}");
        assert!(selects(&filter, &answer), "{filter}");
    }
    assert!(selects("dns.flags.checkdisable == 0", &question));
    // In a question this one asks for the check (RFC 6840 section 5.7).
    assert!(selects("dns.flags.authenticated == 0", &question));
    assert!(selects("dns.flags.authoritative == 1", &answer));
}

#[test]
fn every_unreachable_had_an_mtu() {
    let error = |code: &str| {
        let header = "4500003800000000400100000a0000010a000002";
        let quoted = "4500001c00010000401100000a0000020a0000010035003500080000";
        format!("{header}03{code}00000000057c{quoted}")
    };
    assert!(selects("icmp.mtu == 1404", &error("04")));
    assert!(!selects("icmp.mtu", &error("01")));
    assert!(!selects("icmp.mtu", &error("03")));
}
