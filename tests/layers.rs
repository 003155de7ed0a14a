//! What went wrong once in reading a packet, case by case: packets as they stand on a TUN device,
//! and what `show` must say of them.

mod common;

use tunlab::model::{LinkType, Text};
use tunlab::render::{Format, Options, Paint, Renderer};

/// The text of `show`, remarks with it, of a packet in hexadecimal.
fn show(hex: &str) -> String {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let options = Options {
        format: Format::Show,
        explain: false,
        remarks: true,
    };
    let mut text = Text::default();
    let mut renderer = Renderer::new(options, Paint::new(false));
    common::print(&mut renderer, LinkType::RAW, &bytes, &mut text);
    text.as_str().to_owned()
}

/// The titles of the layers, in order.
fn titles(shown: &str) -> Vec<&str> {
    shown
        .lines()
        .filter_map(|line| line.trim_start_matches([' ', '|']).strip_prefix("###[ "))
        .filter_map(|line| line.strip_suffix(" ]###"))
        .collect()
}

#[test]
fn half_an_icmp_timestamp_was_no_raw() {
    let shown = show("4500001c00010000400174db01010101020202020d00ffff00010002");
    assert_eq!(titles(&shown), ["IP", "Raw"]);
}

#[test]
fn an_address_mask_was_read_as_zero() {
    let shown = show("4500002000010000400174d701010101020202021200eefb00010002ffffff00");
    assert!(shown.contains("addr_mask = 255.255.255.0"), "{shown}");
}

#[test]
fn ipv6_inside_a_quoted_packet_was_titled_as_quoted_itself() {
    let shown = show(
        "45000060000100004001749701010101020202020b0083d00000000045000044000100004029748b\
         02020202010101016000000000081140fd000000000000000000000000000001fd00000000000000\
         0000000000000002c3b4c41800087e0c",
    );
    assert_eq!(titles(&shown), ["IP", "ICMP", "IP in ICMP", "IPv6", "UDP"]);
}

#[test]
fn the_packet_of_a_redirect_was_bytes() {
    let shown = show(
        "6000000000603afffd000000000000000000000000000001fd000000000000000000000000000002\
         8900072a00000000000000000000000000000000000000000000000000000000000000000000000004\
         070000000000006000000000081140fd000000000000000000000000000002fd0000000000000000\
         00000000000001c3b4c41800087e0c",
    );
    assert!(
        shown.contains("|###[ UDP ]###\n         |     sport     = 50100\n"),
        "{shown}"
    );
}

#[test]
fn records_of_a_listener_report_stood_side_by_side() {
    let shown = show(
        "6000000000403a01fd000000000000000000000000000001fd000000000000000000000000000002\
         8f004c6b0000000204000000ff02000000000000000000000000000104000001ff02000000000000\
         000000000000000220020102030400000000000000000001",
    );
    assert!(shown.contains("|  dst       = ff02::1\n"), "{shown}");
    assert!(shown.contains("|     dst       = ff02::2\n"), "{shown}");
    // In a list scapy does not say which IPv4 address is inside.
    assert!(shown.contains("[ 2002:102:304::1 ]\n"), "{shown}");
}

#[test]
fn an_ip_option_of_fixed_length_believed_its_length_field() {
    let shown = show("4700001c00010000403bdc9601010101020202029409000001010100");
    let router_alert = "IP Option Router Alert";
    let (nop, end) = ("IP Option No Operation", "IP Option End of Options List");
    assert_eq!(titles(&shown), ["IP", router_alert, nop, nop, nop, end]);
}

#[test]
fn half_an_address_in_an_option_hid_the_next_option() {
    let shown = show(
        "6000000000203afffd000000000000000000000000000001fd000000000000000000000000000002\
         85004cac000000001902000000000001010203040506070805010000000005dc",
    );
    assert!(shown.contains("dns       = [  ]\n"), "{shown}");
    assert!(shown.contains("lladdr    = 03:04:05:06:07:08\n"), "{shown}");
}

#[test]
fn a_checksum_over_the_home_address_was_called_wrong() {
    let shown = show(
        "6000000000223c40fd000000000000000000000000000001fd000000000000000000000000000002\
         110201020000c910fd000000000000000000000000000099c3b4c418000a15076869",
    );
    assert!(!shown.contains("  ! chksum"), "{shown}");
}

#[test]
fn a_checksum_over_the_last_station_of_a_source_route_was_called_wrong() {
    let shown =
        show("47000026000100004011e5b301010101020202028307040303030300c3b4c418000a079c6869");
    assert!(!shown.contains("  ! chksum"), "{shown}");
}

#[test]
fn a_udp_length_below_its_header_left_all_bytes_to_the_payload() {
    let shown = show("4500002100010000401174c60101010102020202c3b4c418000600006162636465");
    assert_eq!(titles(&shown), ["IP", "UDP", "Raw", "Padding"]);
    assert!(shown.contains("load      = b'abc'"), "{shown}");
}

#[test]
fn half_a_gre_key_was_no_raw() {
    let shown = show("4500001a00010000402f74af010101010202020220000800abcd");
    assert_eq!(titles(&shown), ["IP", "Raw"]);
}
