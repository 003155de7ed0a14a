//! Remarks on checksums beside what tshark says of them.

use super::common::print_hex;
use tunlab::render::Format;

const RAW: u16 = 101;

/// The remarks on a packet without a link's header.
fn remarks(packet: &str) -> String {
    let shown = print_hex(Format::Show, true, RAW, packet, None);
    let remarks = shown.lines().filter(|line| line.contains("  ! "));
    remarks.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn is_right(packet: &str) {
    let said = remarks(packet);
    assert!(!said.contains("the receiver drops it"), "{said}");
}

/// An IPv6 packet whose last header is this one, which is over the rest.
fn behind(next: &str, headers: &str) -> String {
    let length = headers.len() / 2;
    let [source, destination] = [8, 0xb].map(|host| format!("20010db8{host:024x}"));
    format!("60000000{length:04x}{next}40{source}{destination}{headers}")
}

#[test]
fn of_two_routing_headers_both_counted() {
    let station = |host: u8| format!("20010db8{host:024x}");
    let (first, last) = (station(1), station(2));
    let datagram = "c350c351000abc596162";
    for kind in ["00010000", "04010000"] {
        let second = format!("1102{kind}0000{last}{datagram}");
        is_right(&behind("2b", &format!("2b02000100000000{first}{second}")));
    }
}

#[test]
fn of_two_home_addresses_both_counted() {
    let option = |next: &str, host: u8| format!("{next}0201020000c91020010db8{host:024x}");
    let datagram = "c350c351000abc566162";
    let headers = format!("{}{}{datagram}", option("3c", 1), option("11", 2));
    is_right(&behind("3c", &headers));
}

#[test]
fn a_source_route_was_followed_behind_one_that_is_used_up() {
    let datagram = "c350c351000affc26162";
    let packet =
        |routes: &str| format!("4900002e000100004011c6110a0002080a00020b{routes}{datagram}");
    is_right(&packet("83070801010101890704020202020000"));
    is_right(&packet("83070501010101890704020202020000"));
}

#[test]
fn bytes_behind_a_message_of_multicast_routers_were_not_summed() {
    is_right(&behind("3a", "9800477161626364"));
}

#[test]
fn a_receiver_dropped_a_packet_that_is_only_quoted() {
    let quoted = "4500001e00010000401112340a0002080a00020bc350c351000a12346162";
    let error = format!("0303000000000000{quoted}");
    let said = remarks(&format!("4500003a0001000040019e9f0a00020b0a000208{error}"));
    let quotes = said.matches("is right: the packet that is quoted had it so");
    assert_eq!(quotes.count(), 2, "{said}");
}

#[test]
fn a_quoted_message_of_icmp_was_judged() {
    let quoted = "4500001c00010000400162ce0a0002080a00020b0800123400010001";
    let error = format!("0301e5c900000000{quoted}");
    let said = remarks(&format!("4500003800010000400162b20a00020b0a000208{error}"));
    assert!(!said.contains("0x1234 is wrong"), "{said}");
}
