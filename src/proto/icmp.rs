//! Internet Control Message Protocol: RFC 792, with RFC 950, 1191, 4884.

use super::{icmp_extensions, icmp_words};
use super::verdict::{self, Sum};
use crate::model::{
    Computed, Context, End, Field, Layer, Names, Next, Packet, Protocol, Remarks, Text, Under, Value, Width, checksum,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&ICMP];

const ECHO_REPLY: u8 = 0;
const UNREACHABLE: u8 = 3;
/// The code of the one that tells an MTU.
const FRAGMENTATION_NEEDED: u8 = 4;
const SOURCE_QUENCH: u8 = 4;
const REDIRECT: u8 = 5;
const ECHO_REQUEST: u8 = 8;
const TIME_EXCEEDED: u8 = 11;
const PARAMETER_PROBLEM: u8 = 12;

static TYPES: Names = Names(&[
    (0, "echo-reply"),
    (3, "dest-unreach"),
    (4, "source-quench"),
    (5, "redirect"),
    (8, "echo-request"),
    (9, "router-advertisement"),
    (10, "router-solicitation"),
    (11, "time-exceeded"),
    (12, "parameter-problem"),
    (13, "timestamp-request"),
    (14, "timestamp-reply"),
    (15, "information-request"),
    (16, "information-response"),
    (17, "address-mask-request"),
    (18, "address-mask-reply"),
    (30, "traceroute"),
    (31, "datagram-conversion-error"),
    (32, "mobile-host-redirect"),
    (33, "ipv6-where-are-you"),
    (34, "ipv6-i-am-here"),
    (35, "mobile-registration-request"),
    (36, "mobile-registration-reply"),
    (37, "domain-name-request"),
    (38, "domain-name-reply"),
    (39, "skip"),
    (40, "photuris"),
]);

static UNREACHABLE_CODES: Names = Names(&[
    (0, "network-unreachable"),
    (1, "host-unreachable"),
    (2, "protocol-unreachable"),
    (3, "port-unreachable"),
    (4, "fragmentation-needed"),
    (5, "source-route-failed"),
    (6, "network-unknown"),
    (7, "host-unknown"),
    (9, "network-prohibited"),
    (10, "host-prohibited"),
    (11, "TOS-network-unreachable"),
    (12, "TOS-host-unreachable"),
    (13, "communication-prohibited"),
    (14, "host-precedence-violation"),
    (15, "precedence-cutoff"),
]);

static REDIRECT_CODES: Names = Names(&[
    (0, "network-redirect"),
    (1, "host-redirect"),
    (2, "TOS-network-redirect"),
    (3, "TOS-host-redirect"),
]);

static TIME_EXCEEDED_CODES: Names = Names(&[
    (0, "ttl-zero-during-transit"),
    (1, "ttl-zero-during-reassembly"),
]);

static PARAMETER_CODES: Names = Names(&[(0, "ip-header-bad"), (1, "required-option-missing")]);

static PHOTURIS_CODES: Names = Names(&[
    (0, "bad-spi"),
    (1, "authentication-failed"),
    (2, "decompression-failed"),
    (3, "decryption-failed"),
    (4, "need-authentification"),
    (5, "need-authorization"),
]);

static ICMP: Protocol = Protocol::new("ICMP", "ICMP")
    .quoted("ICMP in ICMP", &["IP"])
    .reference("RFC 792")
    .about("IP's own messages: ping's question and answer, and reports that a packet could not be delivered, with the start of that packet.")
    .under(&[Under::field("IP", "proto", 1)])
    .header_whole(|bytes| match bytes.first() {
        Some(13 | 14) => 20,
        Some(17 | 18 | 37 | 38) => 12,
        _ => 8,
    })
    .computed(&[
        Computed::new(&["icmp.checksum.status"], "Whether chksum is right.", |packet, index| {
            Some(verdict::status(sum(packet, index)))
        })
        .values(&verdict::STATUS),
    ])
    .fields(&[
        Field::uint("type", 8)
            .names(&TYPES)
            .doc("Kind of message (RFC 792).")
            .says(says_type),
        Field::uint("code", 8)
            .names_by(codes)
            .doc("The reason, within the kind (RFC 792)."),
        Field::hex("chksum", 16)
            .aliases(&["icmp.checksum"])
            .doc("Sum over the whole ICMP message, data included, but no addresses (RFC 792)."),
        Field::hex("id", 16)
            .aliases(&["icmp.ident"])
            .when(has_id)
            .doc("Tells one ping program from another; the answer repeats it (RFC 792)."),
        Field::hex("seq", 16)
            .derived(&[("icmp.seq_le", |number| (number as u16).swap_bytes().into())])
            .when(has_id)
            .doc("Number of this question; the answer repeats it (RFC 792).")
            .says(|_, number, text| {
                text.str("number ").dec(number.number()).str(" of this ping");
            }),
        Field::custom("ts_ori", 32, time_of_day)
            .aliases(&["icmp.originate_timestamp"])
            .when(has_times)
            .doc("When the question was sent, universal time (RFC 792)."),
        Field::custom("ts_rx", 32, time_of_day)
            .aliases(&["icmp.receive_timestamp"])
            .when(has_times)
            .doc("When the question arrived, universal time (RFC 792)."),
        Field::custom("ts_tx", 32, time_of_day)
            .aliases(&["icmp.transmit_timestamp"])
            .when(has_times)
            .doc("When the answer was sent, universal time (RFC 792)."),
        Field::ipv4("gw")
            .aliases(&["icmp.redir_gw"])
            .when(|icmp| icmp.u8(0) == REDIRECT)
            .doc("The router to use instead for this destination (RFC 792)."),
        Field::uint("ptr", 8)
            .aliases(&["icmp.pointer"])
            .when(|icmp| icmp.u8(0) == PARAMETER_PROBLEM)
            .doc("Byte of the quoted packet where the trouble is (RFC 792)."),
        Field::uint("reserved", 8)
            .when(|icmp| matches!(icmp.u8(0), UNREACHABLE | TIME_EXCEEDED))
            .doc("Unused, zero (RFC 792)."),
        Field::uint("length", 8)
            .when(is_extended)
            .doc("Words of 4 bytes of the quoted packet, when extensions follow it; else zero (RFC 4884)."),
        Field::ipv4("addr_mask")
            .aliases(&["icmp.address_mask"])
            .when(|icmp| matches!(icmp.u8(0), 17 | 18))
            .doc("The network's mask (RFC 950)."),
        Field::uint("nexthopmtu", 16)
            .aliases_where(&[("icmp.mtu", |icmp| icmp.u8(1) == FRAGMENTATION_NEEDED)])
            .when(|icmp| icmp.u8(0) == UNREACHABLE)
            .doc("With `fragmentation-needed`: the largest packet that fits (RFC 1191)."),
        Field::uint("unused", 16)
            .when(|icmp| matches!(icmp.u8(0), TIME_EXCEEDED | PARAMETER_PROBLEM))
            .doc("Unused, zero (RFC 792)."),
        Field::uint("unused", 32)
            .when(|icmp| !matches!(icmp.u8(0), 0 | 3 | 5 | 8 | 11..=18))
            .doc("Unused, zero (RFC 792)."),
        Field::bytes("unused", Width::Bytes(0))
            .when(|icmp| matches!(icmp.u8(0), 0 | 3 | 5 | 8 | 13..=18))
            .doc("Nothing: scapy lists it for every kind of message."),
        icmp_extensions::EXTPAD.when(is_extended),
        icmp_extensions::EXT.when(is_extended),
    ])
    .next(|icmp| match icmp.u8(0) {
        UNREACHABLE | SOURCE_QUENCH | REDIRECT | TIME_EXCEEDED | PARAMETER_PROBLEM => {
            Next::Quoted(&super::ipv4::IP)
        }
        _ => Next::Raw,
    })
    .trailer(|icmp| if is_extended(icmp) { icmp_extensions::length(icmp, 2) } else { 0 })
    .leaves(icmp_extensions::left_behind)
    .info(info)
    .cut(0, cut)
    .check(check);

fn has_id(icmp: &Layer) -> bool {
    matches!(icmp.u8(0), 0 | 8 | 13..=18 | 37 | 38)
}

fn has_times(icmp: &Layer) -> bool {
    matches!(icmp.u8(0), 13 | 14)
}

fn is_extended(icmp: &Layer) -> bool {
    matches!(icmp.u8(0), UNREACHABLE | TIME_EXCEEDED | PARAMETER_PROBLEM)
}

fn codes(icmp: &Layer) -> Option<&'static Names> {
    Some(match icmp.u8(0) {
        UNREACHABLE => &UNREACHABLE_CODES,
        REDIRECT => &REDIRECT_CODES,
        TIME_EXCEEDED => &TIME_EXCEEDED_CODES,
        PARAMETER_PROBLEM => &PARAMETER_CODES,
        40 => &PHOTURIS_CODES,
        _ => return None,
    })
}

/// Milliseconds since midnight, as hours:minutes:seconds.milliseconds without padding.
fn time_of_day(milliseconds: u64, text: &mut Text) {
    let seconds = milliseconds / 1000;
    text.dec(seconds / 3600)
        .str(":")
        .dec(seconds / 60 % 60)
        .str(":")
        .dec(seconds % 60)
        .str(".")
        .dec(milliseconds % 1000);
}

fn says_type(_: &Layer, kind: Value, text: &mut Text) {
    let meaning = match kind.number() as u8 {
        ECHO_REPLY => "the answer that ping waits for",
        UNREACHABLE => "a packet of yours could not be delivered; its start is quoted below",
        REDIRECT => "there is a shorter way; the packet was delivered all the same",
        ECHO_REQUEST => "ping's question: whoever owns dst sends everything back",
        TIME_EXCEEDED => "ttl ran out on the way; its start is quoted below",
        PARAMETER_PROBLEM => "a header makes no sense to somebody on the way",
        _ => return,
    };
    text.str(meaning);
}

/// Width that tshark pads the kind of message to.
const KIND: usize = 20;

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let icmp = &packet.layers[index];
    let here = icmp.bytes().len();
    // Without its first six bytes nothing is said of it.
    if here < 6 {
        text.str(packet.ran_out(index));
        return;
    }
    heading(icmp, text);
    let kind = icmp.u8(0);
    if has_number(kind) && here >= 8 {
        number(packet, index, text);
    }
    if here < needed(icmp) || is_quote_cut(packet, index) || are_extensions_cut(packet, index) {
        text.str(packet.ran_out(index));
    }
}

/// What is said of a message that is cut off.
fn cut(packet: &Packet, index: usize, text: &mut Text) -> bool {
    let icmp = &packet.layers[index];
    match icmp.header().len() {
        ..6 => {}
        6 | 7 => heading(icmp, text),
        _ => {
            heading(icmp, text);
            if has_number(icmp.u8(0)) {
                number(packet, index, text);
            }
        }
    }
    icmp.header().len() < needed(icmp)
}

/// Kind and reason.
fn heading(icmp: &Layer, text: &mut Text) {
    let (kind, code) = (icmp.u8(0), icmp.u8(1));
    let name = icmp_words::kind(kind, code);
    text.str(name).spaces(KIND.saturating_sub(name.len()));
    if let Some(reasons) = icmp_words::reasons(kind) {
        text.str(" (");
        match reasons.get(code.into()) {
            Some(reason) => _ = text.str(reason),
            None => _ = text.str("Unknown code: ").dec(code.into()),
        }
        text.str(")");
    }
}

/// Bytes without which tshark complains.
fn needed(icmp: &Layer) -> usize {
    match icmp.u8(0) {
        // The quoted packet must at least begin.
        REDIRECT => 9,
        // Addresses of two words each (RFC 1256 section 3).
        9 if icmp.u8(5) == 2 => 8 + 8 * usize::from(icmp.u8(4)),
        13 | 14 => 20,
        17 | 18 => 12,
        1 | 2 | 6 | 7 | 10 | 19..=41 | 44.. => 6,
        _ => 8,
    }
}

/// Whether the capture ends within a header of the quoted packet.
fn is_quote_cut(packet: &Packet, index: usize) -> bool {
    packet.is_captured_short(index) && matches!(packet.end, End::Truncated { .. })
}

/// Whether the bytes end before or within the extensions behind the 128 bytes of a quoted packet
/// that was shorter (RFC 4884); of a longer one tshark does not look for them there.
fn are_extensions_cut(packet: &Packet, index: usize) -> bool {
    let icmp = &packet.layers[index];
    let room = packet.wire_end(index) - icmp.start > 8 + 128;
    let quoted = icmp.bytes().get(10..12);
    let filled = quoted.is_some_and(|total| total <= [0, 128].as_slice());
    let extended = matches!(icmp.u8(0), 3 | 11 | 12) && room && filled;
    extended && (packet.is_captured_short(index) || icmp_extensions::are_short(icmp.bytes()))
}

/// Whether tshark shows number and sequence of such a message.
fn has_number(kind: u8) -> bool {
    matches!(kind, ECHO_REPLY | ECHO_REQUEST | 13..=18)
}

/// ` id=0x159f, seq=1/256, ttl=64`: seq as the network and as a little-endian machine reads it.
fn number(packet: &Packet, index: usize, text: &mut Text) {
    let icmp = &packet.layers[index];
    let seq = icmp.u16(6);
    text.str(" id=").hex(icmp.u16(4).into(), 4);
    text.str(", seq=").dec(seq.into());
    text.str("/").dec(seq.swap_bytes().into());
    if let Some(ip) = packet.network_below(index) {
        text.str(", ttl=").dec(ip.u8(8).into());
    }
}

/// How the message's checksum stands; nothing where it is not all there, and as in Wireshark nothing
/// of a quoted message, of which there is mostly a part.
fn sum(packet: &Packet, index: usize) -> Option<Sum> {
    let icmp = &packet.layers[index];
    if icmp.context != Context::Plain {
        return None;
    }
    packet.pseudo_below(index)?;
    Some(Sum::of(icmp.u16(2), checksum::right(0, icmp.bytes(), 2)))
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    if let Some(Sum::Wrong(right)) = sum(packet, index) {
        let icmp = &packet.layers[index];
        let then = "the kernel drops the message (Icmp.InCsumErrors), though ping may still print it";
        verdict::wrong(icmp, "chksum", (icmp.u16(2), right), then, remarks);
    }
}
