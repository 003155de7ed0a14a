//! `line` beside tshark's columns, of packets that are built here header by header.

use super::common::framed;
use super::line;

/// A header of IPv4 with these flags and offset, and what it carries.
pub(super) fn ip(flags: &str, protocol: u8, payload: &str) -> String {
    let length = 20 + payload.len() / 2;
    format!("4500{length:04x}0001{flags}40{protocol:02x}00000a0002080a00020b{payload}")
}

pub(super) fn udp(ports: [u16; 2], payload: &str) -> String {
    let [source, destination] = ports;
    let length = 8 + payload.len() / 2;
    format!("{source:04x}{destination:04x}{length:04x}0000{payload}")
}

/// A SYN with these options, which are a multiple of four bytes.
fn tcp(options: &str) -> String {
    let words = 5 + options.len() / 8;
    format!("c350c3510000000000000000{words:x}002200000000000{options}")
}

pub(super) fn ip6(next: u8, payload: &str) -> String {
    let length = payload.len() / 2;
    let [source, destination] = [8, 0xb].map(|host| format!("20010db8{host:024x}"));
    format!("60000000{length:04x}{next:02x}40{source}{destination}{payload}")
}

/// Whether the line of a whole Ethernet frame with this payload ends so.
#[track_caller]
pub(super) fn says(ether_type: &str, payload: &str, wanted: &str) {
    let frame = framed(ether_type, payload);
    let said = line(&frame, frame.len() / 2);
    assert!(said.ends_with(wanted), "{said}");
}

#[test]
fn the_numbers_of_transactions_over_tcp_were_left_out() {
    for kind in ["0b", "0c", "0d"] {
        let segment = tcp(&format!("{kind}06000000010000"));
        says("0800", &ip("0000", 6, &segment), " Win=8192 Len=0 CC=1");
    }
}

#[test]
fn fast_open_as_an_experiment_was_a_bare_number() {
    let cookie = tcp("fe08f98961626364");
    says("0800", &ip("0000", 6, &cookie), " Len=0 TFO=C");
    let request = tcp("fd04f989");
    says("0800", &ip("0000", 6, &request), " Len=0 TFO=R");
}

#[test]
fn a_segment_that_travels_whole_in_a_fragment_had_no_length() {
    let whole = ip("0000", 6, &tcp(""));
    says("0800", &ip("2000", 4, &whole), " Win=8192 Len=0");
    let piece = ip("2000", 6, &tcp(""));
    says("0800", &ip("0000", 4, &piece), " Win=8192");
}

/// A DNS answer of one record of this type.
fn answer(kind: u16, data: &str) -> String {
    let length = data.len() / 2;
    let message = format!("000081000000000100000000016100{kind:04x}000100000000{length:04x}{data}");
    ip("0000", 17, &udp([53, 50000], &message))
}

#[test]
fn the_data_of_some_dns_records_was_left_out() {
    says("0800", &answer(11, "01020304060102"), " WKS 1.2.3.4");
    says("0800", &answer(36, "0001016200"), " KX 1 b");
    says(
        "0800",
        &answer(38, "40000000000000000b016200"),
        " A6 64 ::b b",
    );
}

#[test]
fn a_later_fragment_without_a_byte_said_nothing() {
    let wanted = "Fragmented IP protocol (proto=UDP 17, off=8, ID=0001)";
    says("0800", &ip("0001", 17, ""), wanted);
    says("0800", &ip("2000", 17, ""), " IPv4 34");
}

#[test]
fn a_header_that_ends_within_its_options_was_not_malformed() {
    let packet = "4f0003e80001000040110000\
                  0a0002080a00020b0101";
    says("0800", packet, "IPv4 36 [Malformed Packet]");
    let later = packet.replacen("00010000", "00010001", 1);
    says("0800", &later, "IPv4 36 [Malformed Packet]");
}

#[test]
fn another_version_was_read_as_ipv6() {
    let packet = ip6(17, &udp([50000, 50001], "")).replacen('6', "5", 1);
    says("0800", &ip("0000", 41, &packet), "IPv6 82 IPv6 (41)");
    says("86dd", &ip6(41, &packet), "Unknown IP Protocol: IPv6 (41)");
    let tunnelled = format!("000086dd{packet}");
    says(
        "0800",
        &ip("0000", 47, &tunnelled),
        "Bogus IPv6 version (5, must be 6)",
    );
}

#[test]
fn another_version_was_not_said_of_a_header_that_is_cut_off() {
    says("0800", "a0a0a0", "Bogus IPv4 version (10, must be 4)");
    says("0800", "45a0a0", "IPv4 17 [Malformed Packet]");
}

#[test]
fn a_frame_that_ends_where_its_packet_should_start_was_whole() {
    says("0800", "", "IPv4 14 [Malformed Packet]");
    says("86dd", "", "IPv6 14 [Malformed Packet]");
    says("8100", "00010806", "ARP 18 [Malformed Packet]");
    says("0008", "aaaa030000000800", "IPv4 22 [Malformed Packet]");
    let vxlan = udp([50000, 4789], "0800000000000300");
    says(
        "0800",
        &ip("0000", 17, &vxlan),
        "Ethernet 50 [Malformed Packet]",
    );
}

#[test]
fn some_kinds_and_partners_of_llc_had_no_name() {
    says(
        "0004",
        "0c30ef00",
        "U, func=BCN; DSAP SNA Individual, SSAP 0x30 Command",
    );
    says(
        "0004",
        "ff304f00",
        "U, func=SARME; DSAP ISO Network Layer Group, SSAP 0x30 Command",
    );
}

#[test]
fn a_frame_of_a_connection_without_its_second_number_was_whole() {
    says("0003", "123000", "LLC 17 [Malformed Packet]");
}
