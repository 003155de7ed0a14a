//! Messages of which `line` did not say, as tshark does, that they end too early.

use super::lines::{ip, ip6, says, udp};

const MALFORMED: &str = "[Malformed Packet]";

/// Whether the line of a message of ICMPv6 ends so.
#[track_caller]
fn of_icmpv6(message: &str, wanted: &str) {
    says("86dd", &ip6(58, message), wanted);
}

fn router_solicitation(options: &str) -> String {
    format!("8500000000000000{options}")
}

#[test]
fn an_option_of_neighbour_discovery_that_is_cut_off_was_whole() {
    // The access point's address takes a byte more than the option has.
    let options = "130101000c290102034405";
    let wanted = format!("Router Solicitation{MALFORMED}");
    of_icmpv6(&router_solicitation(options), &wanted);
    let known = router_solicitation("010102000000000205");
    let wanted = format!("Router Solicitation from 02:00:00:00:00:02{MALFORMED}");
    of_icmpv6(&known, &wanted);
    of_icmpv6(&known[..32], " from 02:00:00:00:00:02");
}

#[test]
fn an_option_of_neighbour_discovery_too_short_for_its_kind_was_whole() {
    for kind in [3, 9, 11, 12, 13, 17, 23, 25, 32, 33, 35, 38] {
        let option = format!("{kind:02x}02{:028}", 0);
        let fits = matches!(kind, 13 | 33 | 38);
        let wanted = if fits { "" } else { MALFORMED };
        let wanted = format!("Router Solicitation{wanted}");
        of_icmpv6(&router_solicitation(&option), &wanted);
    }
}

#[test]
fn an_option_of_neighbour_discovery_without_a_length_was_malformed() {
    of_icmpv6(&router_solicitation("0300000000"), "Router Solicitation");
}

#[test]
fn words_of_auxiliary_data_were_taken_for_bytes() {
    let record = |data: &str| format!("8f0000000000000104010000{:032}{data}", 0);
    let report = "Multicast Listener Report Message v2";
    of_icmpv6(&record("61626364"), report);
    of_icmpv6(&record("61"), &format!("{report}{MALFORMED}"));
}

#[test]
fn sources_that_a_query_of_listeners_lacks_were_not_missed() {
    let query = format!("8200000000000000{:032}02000001", 0);
    of_icmpv6(&query, &format!("Query{MALFORMED}"));
    of_icmpv6(&format!("{query}{:032}", 0), "Query");
}

#[test]
fn agents_of_hosts_on_the_move_could_have_half_an_address() {
    of_icmpv6("91000000000000000102", &format!("Reply{MALFORMED}"));
    of_icmpv6(
        "9300000000000000010200",
        &format!("Advertisement{MALFORMED}"),
    );
}

#[test]
fn what_radio_devices_ask_was_whole_without_its_flags() {
    let kind = "RPL Control (DODAG Information Solicitation)";
    of_icmpv6("9b00000000", &format!("{kind}{MALFORMED}"));
    of_icmpv6("9b0000000000", kind);
}

#[test]
fn a_quoted_packet_shorter_than_its_length_says_was_whole() {
    let quoted = format!("01000000020000006000000000003b40{:016}", 0);
    let kind = "Destination Unreachable (no route to destination)";
    of_icmpv6(&quoted, kind);
    let shorter = &quoted[..quoted.len() - 2];
    of_icmpv6(shorter, &format!("{kind}{MALFORMED}"));
}

#[test]
fn a_tunnel_whose_list_of_routers_has_no_end_was_whole() {
    let tunnel = |routes: &str| ip("0000", 47, &format!("4000080000000000{routes}"));
    let said = "GRE 50 Encapsulated IP";
    says("0800", &tunnel("0800000000000000"), said);
    let wanted = format!("{said}{MALFORMED}");
    says("0800", &tunnel("0800000008000000"), &wanted);
}

#[test]
fn what_a_tunnel_carries_had_no_name() {
    let tunnel = ip("0000", 47, "000022eb");
    says("0800", &tunnel, "Encapsulated ERSPAN III");
}

/// A message of BOOTP in a kind that does not exist, without an address.
fn bootp(kind: &str, vendor: &str) -> String {
    let message = format!("{kind}010000{:0464}{vendor}", 0);
    ip("0000", 17, &udp([68, 67], &message))
}

#[test]
fn options_behind_a_vendors_data_could_be_cut_off() {
    let vendor = "01".repeat(64);
    let said = "Unknown BOOTP message type (3)";
    says("0800", &bootp("03", &format!("{vendor}0101aa")), said);
    let wanted = format!("{said}{MALFORMED}");
    says("0800", &bootp("03", &format!("{vendor}0102aa")), &wanted);
}

#[test]
fn a_boot_request_from_no_address_came_from_nothing() {
    let message = bootp("01", &"00".repeat(64));
    says("0800", &message, "Boot Request from <No address>");
}

/// A DNS answer of one record of this type, and a second one.
fn answer(kind: u16, data: &str) -> String {
    let length = data.len() / 2;
    let second = "0161000001000100000000000401020304";
    let record = format!("016100{kind:04x}000100000000{length:04x}{data}");
    let message = format!("000081000000000200000000{record}{second}");
    ip("0000", 17, &udp([53, 50000], &message))
}

#[test]
fn lengths_that_lead_out_of_a_dns_message_were_believed() {
    let broken = [
        (50, "0100000500ff"),    // NSEC3: a hash
        (47, "016200ffff"),      // NSEC: a list of types
        (46, "00"),              // RRSIG: the fixed part
        (16, "ff61"),            // TXT: a string
        (257, "00ff6973737565"), // CAA: a tag
        (41, "000affff"),        // OPT: an option
    ];
    for (kind, data) in broken {
        says("0800", &answer(kind, data), MALFORMED);
    }
    // Before it comes to the name's end tshark tells nothing of it.
    says("0800", &answer(2, "3f"), &format!("NS{MALFORMED}"));
    says("0800", &answer(2, "003f"), "NS <Root> A 1.2.3.4");
}

#[test]
fn a_name_in_dns_that_points_out_of_the_message_was_the_root() {
    says("0800", &answer(2, "c0ff"), &format!("NS{MALFORMED}"));
    let question = ip(
        "0000",
        17,
        &udp([50000, 53], "000000000001000000000000c0ff00010001"),
    );
    says("0800", &question, &format!("0x0000{MALFORMED}"));
}

#[test]
fn an_interface_in_an_extension_of_icmp_could_lack_its_parts() {
    let quoted = format!("{}{:0200}", ip("0000", 17, "c350c35100080000"), 0);
    let error = |object: &str| format!("0b00000000200000{quoted}20000000{object}");
    let said = "(Time to live exceeded in transit)";
    says("0800", &ip("0000", 1, &error("0008020800000003")), said);
    let wanted = format!("{said}{MALFORMED}");
    let without_mtu = ip("0000", 1, &error("0008020900000003"));
    says("0800", &without_mtu, &wanted);
}
