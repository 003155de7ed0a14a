//! `line` beside tshark's columns, of packets that are built here header by header.

use super::common::framed;
use super::line;

/// A header of IPv4 with these flags and offset, and what it carries.
fn ip(flags: &str, protocol: u8, payload: &str) -> String {
    let length = 20 + payload.len() / 2;
    format!("4500{length:04x}0001{flags}40{protocol:02x}00000a0002080a00020b{payload}")
}

fn udp(ports: [u16; 2], payload: &str) -> String {
    let [source, destination] = ports;
    let length = 8 + payload.len() / 2;
    format!("{source:04x}{destination:04x}{length:04x}0000{payload}")
}

/// A SYN with these options, which are a multiple of four bytes.
fn tcp(options: &str) -> String {
    let words = 5 + options.len() / 8;
    format!("c350c3510000000000000000{words:x}002200000000000{options}")
}

/// Whether the line of a whole Ethernet frame with this payload ends so.
#[track_caller]
fn says(ether_type: &str, payload: &str, wanted: &str) {
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
