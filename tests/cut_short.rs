//! Frames that the capture cut off, and messages that end too early, on which `line` once said
//! something else than tshark: each test is named after what went wrong, and expects what tshark
//! prints.

mod common;

use common::{ETHERNET, framed, print_hex};
use tunlab::render::Format;

/// `line` of an Ethernet frame of which only the given bytes were captured, behind its addresses.
fn says(kind: &str, packet: &str, wire_len: usize, wanted: &str) {
    let frame = framed(kind, packet);
    let line = print_hex(Format::Line, false, ETHERNET, &frame, Some(wire_len));
    let (_, addressed) = line.trim_end().split_once(" → ").unwrap();
    let (_, said) = addressed.split_once(' ').unwrap();
    assert_eq!(said.trim_start(), wanted, "{line}");
}

#[test]
fn a_routing_header_cut_by_the_capture_was_left_out() {
    let packet = "600760d6002c2b40fd000001000000000000000000000005fe8000000000000000420aff\
         fe0002040602040000000000fe80";
    says(
        "86dd",
        packet,
        98,
        "IPv6 98 IPv6 routing[Packet size limited during capture]",
    );
}

#[test]
fn a_header_behind_one_of_ipv6_that_is_cut_off_took_its_name_away() {
    let packet = "6000e18f001000402a0014504001082a000000000000200e20010db80053000000000000\
         0000000111000104000000001388";
    says(
        "86dd",
        packet,
        70,
        "IPv6 70 IPv6 hop-by-hop options[Packet size limited during capture]",
    );
}

#[test]
fn a_cut_header_took_the_name_of_the_fragment_before_it_away() {
    let packet = "6000000000302c3ffe8000000000000000420afffe00020220010db80053000000000000\
         0000000111000000000039161388";
    says(
        "86dd",
        packet,
        102,
        "IPv6 102 IPv6 fragment (off=0 more=n ident=0x00003916 nxt=17)[Packet size limited during capture]",
    );
}

#[test]
fn a_cut_message_of_multicast_dns_was_plain_dns() {
    let packet = "6000000000ec11ff20010db8005300000000000000000001ff0200000000000000000000\
         000000fb14e914e900ec157c0000";
    says(
        "86dd",
        packet,
        290,
        "MDNS 290 [Packet size limited during capture]",
    );
}

#[test]
fn what_follows_cut_options_of_ipv4_was_named() {
    let packet = "4fb800a881ba00003f01dc9c0a000208c0a835630727080a000201000000000000000000\
         0000000000000000000000000000";
    says(
        "0800",
        packet,
        182,
        "IPv4 182 [Packet size limited during capture]",
    );
}

#[test]
fn the_blocks_of_a_cut_option_of_tcp_were_left_out() {
    let packet = "4500004875fa40003f06bca0c0a83c650a000208008fad222a1aed0e0d28b55dd0197210\
         fa7700000101080a00000001000000020101051200000064000007d00000";
    says(
        "0800",
        packet,
        86,
        "TCP 86 143 → 44322 [FIN, PSH, ACK] Seq=706407694 Ack=220771677 Win=29200 Len=0 TSval=1 TSecr=2 SLE=100 SRE=2000[Packet size limited during capture]",
    );
}

#[test]
fn a_router_advertisement_cut_in_its_options_seemed_whole() {
    let packet = "600d7af500183afffe8000000000000000420afffe000203ff0200000000000000000000\
         0000000186008945408023280000";
    says(
        "86dd",
        packet,
        78,
        "ICMPv6 78 Router Advertisement[Packet size limited during capture]",
    );
}

#[test]
fn icmp_extensions_cut_by_the_capture_went_unnoticed() {
    let packet = "45c000a8348500003f015b5c0a000205c0a81e070300313c002000004500003c05814000\
         000666385db8d8228efa4a2eee1e01bbef45ec8300000000000000000000";
    says(
        "0800",
        packet,
        182,
        "ICMP 182 Destination unreachable (Network unreachable)[Packet size limited during capture]",
    );
}

#[test]
fn telnet_cut_by_the_capture_seemed_whole() {
    let packet = "450000406187400001067311ac100304c0a83563d33d0017000000050000000050182000\
         baeb0000fffb03fffb18fffb1fff";
    says(
        "0800",
        packet,
        78,
        "TELNET 78 Telnet Data ...[Packet size limited during capture]",
    );
}

#[test]
fn an_unfinished_command_of_telnet_seemed_whole() {
    let packet = "4516002c000100000106961bffffffff0a0118ca0017c4290000000000000001501273fa\
         53fc0000fffffffb";
    says(
        "0800",
        packet,
        58,
        "TELNET 58 Telnet Data ...[BoundErrorUnreassembled Packet]",
    );
}

#[test]
fn the_reason_in_a_reset_was_taken_for_telnet() {
    let packet = "45ff012d464e00000006f8f9b9ade036e00000a00017c64f000000006a1cc0df56040000\
         a9f90000fffcfffd04";
    says(
        "0800",
        packet,
        59,
        "TCP 59 23 → 50767 [RST, Reserved] Seq=0 Win=0 Len=5",
    );
}

/// The sum at the end of a frame, and the time that a probe notes there.
#[test]
fn a_frame_cut_behind_its_filling_seemed_whole() {
    let arp = "000108000604000102000000000101020305000000000000010203040000";
    let said = "Who has 1.2.3.4? Tell 1.2.3.5";
    let limited = format!("{said}[Packet size limited during capture]");
    let filled = |bytes: usize| format!("{arp:0<0$}", 2 * bytes);
    let plain = |there: usize, sent: usize, info: &str| {
        says(
            "0806",
            &filled(there - 14),
            sent,
            &format!("ARP {sent} {info}"),
        );
    };
    let tagged = |there: usize, sent: usize, info: &str| {
        let packet = format!("00050806{}", filled(there - 18));
        says("8100", &packet, sent, &format!("ARP {sent} {info}"));
    };
    plain(61, 63, said);
    plain(61, 64, &limited);
    plain(61, 80, &limited);
    plain(44, 49, said);
    plain(44, 50, &limited);
    tagged(61, 64, said);
    tagged(61, 68, &limited);
    tagged(61, 70, said);
    tagged(69, 72, said);
}

#[test]
fn the_reserved_byte_of_a_fragment_was_taken_for_a_length() {
    let ends = "fd000000000000000000000000000008fd000000000000000000000000000011";
    let packet = format!("6000000000102c40{ends}fd050001000000076162636465666768");
    says(
        "86dd",
        &packet,
        70,
        "IPv6 70 Unknown IP Protocol: Unknown (253)",
    );
    let packet = format!("6000000000082c40{ends}1105000100000007");
    let said = "IPv6 fragment (off=0 more=y ident=0x00000007 nxt=17)[Malformed Packet]";
    says("86dd", &packet, 62, &format!("IPv6 62 {said}"));
}

#[test]
fn a_header_of_ipv6_with_nothing_behind_it_lost_its_name() {
    let ends = "fd000000000000000000000000000008fd000000000000000000000000000011";
    let packet = format!("6000000000080040{ends}1100010400000000");
    let said = "IPv6 hop-by-hop options[Malformed Packet]";
    says("86dd", &packet, 62, &format!("IPv6 62 {said}"));
}
