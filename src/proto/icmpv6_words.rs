//! How tshark words ICMPv6's kinds of message and their reasons, for `line`; and the messages of
//! which tunlab knows no more than that.

use super::icmpv6::{check, message};
use super::icmpv6_end;
use crate::model::{Field, Names, Packet, Protocol, Text, Under, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[&OTHER];

// Behind all the messages in the registry; `show` calls it Raw, as scapy does.
static OTHER: Protocol = message("ICMPv6Unknown", "Raw")
    .about("A message of which only the kind is known, or one that is too short for its kind.")
    .under(&[Under::field("IPv6", "nh", 58)])
    .header_rest(1)
    .fields(&[Field::bytes("load", Width::Rest).doc("The message: kind, code, sum, data (RFC 4443).")])
    .cut(0, |_, _, _| true)
    .check(|packet, index, remarks| {
        if packet.layers[index].header().len() >= 4 {
            check(packet, index, remarks);
        }
    });

/// Kind and reason of a message, and whether it is whole.
pub(super) fn info(packet: &Packet, index: usize, text: &mut Text) {
    reason(packet, index, text);
    icmpv6_end::info(packet, index, text);
}

/// Kind and reason of a message.
pub(super) fn reason(packet: &Packet, index: usize, text: &mut Text) {
    let message = packet.layers[index].header();
    let [kind, rest @ ..] = message else { return };
    let unknown = |number: u8, text: &mut Text| {
        text.str("Unknown (").dec(number.into()).str(")");
    };
    match KINDS.get((*kind).into()) {
        Some(name) => _ = text.str(name),
        None => unknown(*kind, text),
    }
    let (Some(reasons), Some(code)) = (reasons(*kind), rest.first()) else { return };
    text.str(" (");
    match reasons.get((*code).into()) {
        Some(reason) => _ = text.str(reason),
        None if *kind == 1 => _ = text.str("Unknown"),
        None => unknown(*code, text),
    }
    text.str(")");
}

static KINDS: Names = Names(&[
    (1, "Destination Unreachable"),
    (2, "Packet Too Big"),
    (3, "Time Exceeded"),
    (4, "Parameter Problem"),
    (100, "Private experimentation"),
    (101, "Private experimentation"),
    (127, "Reserved for expansion of ICMPv6 error messages"),
    (128, "Echo (ping) request"),
    (129, "Echo (ping) reply"),
    (130, "Multicast Listener Query"),
    (131, "Multicast Listener Report"),
    (132, "Multicast Listener Done"),
    (133, "Router Solicitation"),
    (134, "Router Advertisement"),
    (135, "Neighbor Solicitation"),
    (136, "Neighbor Advertisement"),
    (137, "Redirect"),
    (138, "Router Renumbering"),
    (139, "Node Information Query"),
    (140, "Node Information Reply"),
    (141, "Inverse Neighbor Discovery Solicitation"),
    (142, "Inverse Neighbor Discovery Advertisement"),
    (143, "Multicast Listener Report Message v2"),
    (144, "Home Agent Address Discovery Request"),
    (145, "Home Agent Address Discovery Reply"),
    (146, "Mobile Prefix Solicitation"),
    (147, "Mobile Prefix Advertisement"),
    (148, "Certification Path Solicitation"),
    (149, "Certification Path Advertisement"),
    (150, "Experimental Mobility"),
    (151, "Multicast Router Advertisement"),
    (152, "Multicast Router Solicitation"),
    (153, "Multicast Router Termination"),
    (154, "FMIPv6"),
    (155, "RPL Control"),
    (156, "Locator Update"),
    (157, "Duplicate Address Request"),
    (158, "Duplicate Address Confirmation"),
    (159, "MPL Control Message"),
    (160, "Extended Echo request"),
    (161, "Extended Echo reply"),
    (200, "Private experimentation"),
    (201, "Private experimentation"),
    (255, "Reserved for expansion of ICMPv6 informational messages"),
]);

/// The reasons that a kind of message can have.
fn reasons(kind: u8) -> Option<&'static Names> {
    Some(match kind {
        1 => &UNREACHABLE,
        3 => &Names(&[
            (0, "hop limit exceeded in transit"),
            (1, "fragment reassembly time exceeded"),
        ]),
        4 => &PARAMETER_PROBLEM,
        138 => &Names(&[(0, "Command"), (1, "Result"), (255, "Sequence Number Reset")]),
        139 => &Names(&[
            (0, "Query subject = IPv6 addresses"),
            (1, "Query subject = DNS name or empty"),
            (2, "Query subject = IPv4 addresses"),
        ]),
        140 => &Names(&[(0, "Successful"), (1, "Refused"), (2, "Unknown query type")]),
        150 | 154 => &Names(&[]),
        155 => &ROUTING,
        160 => &Names(&[(0, "No error")]),
        161 => &EXTENDED_ECHO_REPLY,
        _ => return None,
    })
}

static UNREACHABLE: Names = Names(&[
    (0, "no route to destination"),
    (1, "Administratively prohibited"),
    (2, "Beyond scope of source address"),
    (3, "Address unreachable"),
    (4, "Port unreachable"),
    (5, "Source address failed ingress/egress policy"),
    (6, "Reject route to destination"),
    (7, "Error in Source Routing Header"),
]);

static PARAMETER_PROBLEM: Names = Names(&[
    (0, "erroneous header field encountered"),
    (1, "unrecognized Next Header type encountered"),
    (2, "unrecognized IPv6 option encountered"),
    (3, "IPv6 First Fragment has incomplete IPv6 Header Chain"),
]);

static ROUTING: Names = Names(&[
    (0, "DODAG Information Solicitation"),
    (1, "DODAG Information Object"),
    (2, "Destination Advertisement Object"),
    (3, "Destination Advertisement Object Acknowledgment"),
    (4, "P2P Discovery Reply Object"),
    (5, "P2P Discovery Reply Object Acknowledgement"),
    (128, "Secure DODAG Information Solicitation"),
    (129, "Secure DODAG Information Object"),
    (130, "Secure Destination Advertisement Object"),
    (131, "Secure Destination Advertisement Object Acknowledgment"),
    (132, "P2P Secure Discovery Reply Object"),
    (133, "P2P Secure Discovery Reply Object Acknowledgement"),
    (138, "Consistency Check"),
]);

static EXTENDED_ECHO_REPLY: Names = Names(&[
    (0, "No error"),
    (1, "Malformed Query"),
    (2, "No Such Interface"),
    (3, "No Such Table Entry"),
    (4, "Multiple Interfaces Satisfy Query"),
]);
