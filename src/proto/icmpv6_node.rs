//! Questions to a host about its own names and addresses: RFC 4620.

use super::icmpv6::{CKSUM, CODE, TYPE, message};
use crate::model::{
    Field, Flag, FlagSet, Kind, Names, Next, Protocol, Text, Under, Width,
};
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &QUERY_NOOP,
    &QUERY_NAME,
    &QUERY_IPV6,
    &QUERY_IPV4,
    &REPLY_NAME,
    &REPLY_IPV6,
    &REPLY_IPV4,
    &REPLY_REFUSED,
    &REPLY_UNKNOWN,
    &REPLY_NOOP,
];

/// Bytes before the data.
const HEADER: usize = 16;

const QUERY: u8 = 139;
const REPLY: u8 = 140;

const NOOP: u16 = 0;
const NAME: u16 = 2;
const IPV6: u16 = 3;
const IPV4: u16 = 4;

/// Any question; used where the code alone decides.
const ANY: u16 = u16::MAX;

static QUESTIONS: Names = Names(&[
    (0, "NOOP"),
    (2, "Node Name"),
    (3, "IPv6 Address"),
    (4, "IPv4 Address"),
]);

static SUBJECTS: Names = Names(&[(0, "IPv6 Query"), (1, "Name Query"), (2, "IPv4 Query")]);

static OUTCOMES: Names = Names(&[
    (0, "Successful Reply"),
    (1, "Response Refusal"),
    (3, "Unknown query type"),
]);

static FLAGS: FlagSet = FlagSet {
    flags: &[
        Flag { mark: "T", meaning: "the list of addresses is cut short" },
        Flag { mark: "A", meaning: "addresses of all interfaces" },
        Flag { mark: "C", meaning: "IPv4-compatible and IPv4-mapped addresses" },
        Flag { mark: "L", meaning: "link-local addresses" },
        Flag { mark: "S", meaning: "site-local addresses" },
        Flag { mark: "G", meaning: "global addresses" },
    ],
    joiner: "",
};

const QUESTION: Field = Field::uint("qtype", 16)
    .names(&QUESTIONS)
    .doc("What is asked: a name, or addresses (RFC 4620).");
const UNUSED: Field = Field::uint("unused", 10).doc("Kept for later, zero (RFC 4620).");
const KINDS: Field =
    Field::flags("flags", 6, &FLAGS).doc("Which kinds of addresses are wanted (RFC 4620).");
const NONCE: Field = Field::of(
    "nonce",
    Width::Bytes(8),
    Kind::CustomBytes(|nonce, text| _ = text.repr_filled(nonce)),
)
.doc("A random number that the answer repeats (RFC 4620).");

/// A field for the data, written by `show`.
const fn data(show: fn(&[u8], &mut Text)) -> Field {
    Field::of("data", Width::Rest, Kind::CustomBytes(show))
        .doc("Whom the question is about, or the answer (RFC 4620).")
}

const QUERY_CODE: Field = CODE.names(&SUBJECTS);
const REPLY_CODE: Field = CODE.names(&OUTCOMES);

const fn node(name: &'static str, title: &'static str) -> Protocol {
    message(name, title).reference("RFC 4620").next(|_| Next::Raw)
}

const fn query(name: &'static str, title: &'static str) -> Protocol {
    node(name, title)
}

const fn reply(name: &'static str, title: &'static str) -> Protocol {
    node(name, title)
}

/// Rides on IPv6 as a question of type `ASKED`.
const fn asks<const ASKED: u16>() -> Under {
    Under::field("IPv6", "nh", 58).accept(|bytes| {
        let least = HEADER + if ASKED == NOOP { 0 } else { subject(bytes) };
        starts(bytes, QUERY, ASKED) && bytes.len() >= least
    })
}

/// Rides on IPv6 as an answer with `CODE` to a question of type `ASKED`.
const fn answers<const CODE: u8, const ASKED: u16>() -> Under {
    Under::field("IPv6", "nh", 58).accept(|bytes| {
        starts(bytes, REPLY, ASKED) && bytes.get(1) == Some(&CODE) && bytes.len() >= HEADER
    })
}

fn starts(bytes: &[u8], kind: u8, asked: u16) -> bool {
    let question = bytes.get(4..6);
    bytes.first() == Some(&kind) && (asked == ANY || question == Some(&asked.to_be_bytes()))
}

/// Bytes of whom a question is about: an address has a fixed length.
fn subject(bytes: &[u8]) -> usize {
    match bytes.get(1) {
        Some(0) => 16,
        Some(2) => 4,
        _ => 0,
    }
}

static QUERY_NOOP: Protocol = query(
    "ICMPv6NIQueryNOOP",
    "ICMPv6 Node Information Query - NOOP Query",
)
.about("Asks a host whether it answers such questions at all.")
.under(&[asks::<NOOP>()])
.header(HEADER)
.fields(&[TYPE, QUERY_CODE, CKSUM, QUESTION, UNUSED, KINDS, NONCE, data(nothing)]);

const ABOUT: &[Field] = &[TYPE, QUERY_CODE, CKSUM, QUESTION, UNUSED, KINDS, NONCE, SUBJECT_IPV6, SUBJECT_IPV4, SUBJECT_NAME];

const SUBJECT_IPV6: Field = data(|address, text| {
    if let Ok(octets) = <[u8; 16]>::try_from(address) {
        text.str("'").ipv6(Ipv6Addr::from(octets)).str("'");
    }
})
.when(|query| query.u8(1) == 0);
const SUBJECT_IPV4: Field = data(|address, text| {
    if let Ok(octets) = <[u8; 4]>::try_from(address) {
        text.str("'").ipv4(Ipv4Addr::from(octets)).str("'");
    }
})
.when(|query| query.u8(1) == 2);
const SUBJECT_NAME: Field = data(|name, text| _ = labels(name, text)).when(|query| !matches!(query.u8(1), 0 | 2));

/// The question ends with whom it is about.
fn question_length(bytes: &[u8]) -> usize {
    match subject(bytes) {
        0 => bytes.len(),
        length => HEADER + length,
    }
}

static QUERY_NAME: Protocol = query(
    "ICMPv6NIQueryName",
    "ICMPv6 Node Information Query - IPv6 Name Query",
)
.about("Asks a host for its name.")
.under(&[asks::<NAME>()])
.header_from(HEADER, question_length)
.fields(ABOUT);

static QUERY_IPV6: Protocol = query(
    "ICMPv6NIQueryIPv6",
    "ICMPv6 Node Information Query - IPv6 Address Query",
)
.about("Asks a host for its IPv6 addresses.")
.under(&[asks::<IPV6>()])
.header_from(HEADER, question_length)
.fields(ABOUT);

static QUERY_IPV4: Protocol = query(
    "ICMPv6NIQueryIPv4",
    "ICMPv6 Node Information Query - IPv4 Address Query",
)
.about("Asks a host for its IPv4 addresses.")
.under(&[asks::<IPV4>()])
.header_from(HEADER, question_length)
.fields(ABOUT);

fn nothing(_: &[u8], text: &mut Text) {
    text.str("b''");
}

/// The labels of the first name, joined by dots; what is left after it.
fn labels<'b>(mut name: &'b [u8], text: &mut Text) -> &'b [u8] {
    let mut first = true;
    while let Some((length, rest)) = name.split_first() {
        name = rest;
        if *length == 0 {
            break;
        }
        let (label, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        text.str(if first { "" } else { "." });
        first = false;
        for byte in label {
            // What is no printable character must not reach a terminal.
            match byte {
                0x20..0x7f => _ = text.ascii(*byte),
                _ => _ = text.str("\\x").hex_bytes(&[*byte]),
            }
        }
        name = rest;
    }
    name
}

static REPLY_NAME: Protocol = reply(
    "ICMPv6NIReplyName",
    "ICMPv6 Node Information Reply - Node Names",
)
.about("A host tells its name.")
.under(&[answers::<0, NAME>()])
.header_rest(HEADER)
.fields(&[
    TYPE,
    REPLY_CODE,
    CKSUM,
    QUESTION,
    UNUSED,
    KINDS,
    NONCE,
    data(|answer, text| {
        let Some((ttl, mut names)) = answer.split_first_chunk::<4>() else {
            return nothing(answer, text);
        };
        text.str("ttl:").dec(u32::from_be_bytes(*ttl).into()).str(" ");
        let mut first = true;
        while !names.is_empty() {
            text.str(if first { "" } else { "," });
            first = false;
            names = labels(names, text);
            // A name of a single label ends with two zeros.
            names = names.strip_prefix(&[0]).unwrap_or(names);
        }
    }),
]);

/// Addresses, each with the seconds it stays valid.
fn addresses<const SIZE: usize>(answer: &[u8], text: &mut Text) {
    text.str("[ ");
    for (index, entry) in answer.chunks_exact(4 + SIZE).enumerate() {
        let (ttl, address) = entry.split_at(4);
        text.str(if index > 0 { ", (" } else { "(" });
        text.dec(ttl.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        text.str(", ");
        if let Ok(octets) = <[u8; 16]>::try_from(address) {
            text.ipv6(Ipv6Addr::from(octets));
        } else if let Ok(octets) = <[u8; 4]>::try_from(address) {
            text.ipv4(Ipv4Addr::from(octets));
        }
        text.str(")");
    }
    text.str(" ]");
}

/// The header of an answer with addresses ends behind the last whole one.
fn answer_length<const SIZE: usize>(bytes: &[u8]) -> usize {
    let entry = 4 + SIZE;
    HEADER + bytes.len().saturating_sub(HEADER) / entry * entry
}

static REPLY_IPV6: Protocol = reply(
    "ICMPv6NIReplyIPv6",
    "ICMPv6 Node Information Reply - IPv6 addresses",
)
.about("A host tells its IPv6 addresses.")
.under(&[answers::<0, IPV6>()])
.header_from(HEADER, answer_length::<16>)
.fields(&[TYPE, REPLY_CODE, CKSUM, QUESTION, UNUSED, KINDS, NONCE, data(addresses::<16>)]);

static REPLY_IPV4: Protocol = reply(
    "ICMPv6NIReplyIPv4",
    "ICMPv6 Node Information Reply - IPv4 addresses",
)
.about("A host tells its IPv4 addresses.")
.under(&[answers::<0, IPV4>()])
.header_from(HEADER, answer_length::<4>)
.fields(&[TYPE, REPLY_CODE, CKSUM, QUESTION, UNUSED, KINDS, NONCE, data(addresses::<4>)]);

const EMPTY: &[Field] = &[TYPE, REPLY_CODE, CKSUM, QUESTION, UNUSED, KINDS, NONCE, data(nothing)];

static REPLY_REFUSED: Protocol = reply(
    "ICMPv6NIReplyRefuse",
    "ICMPv6 Node Information Reply - Responder refuses to supply answer",
)
.about("A host does not want to answer.")
.under(&[answers::<1, ANY>()])
.header(HEADER)
.fields(EMPTY);

static REPLY_UNKNOWN: Protocol = reply(
    "ICMPv6NIReplyUnknown",
    "ICMPv6 Node Information Reply - Qtype unknown to the responder",
)
.about("A host does not know what it is asked for.")
.under(&[answers::<2, ANY>()])
.header(HEADER)
.fields(EMPTY);

// After the answers that say something, so that they go first.
static REPLY_NOOP: Protocol = reply(
    "ICMPv6NIReplyNOOP",
    "ICMPv6 Node Information Reply - NOOP Reply",
)
.about("A host says that it answers such questions.")
.under(&[answers::<0, ANY>()])
.header_from(HEADER, |bytes| match bytes.get(4..6) {
    Some([0, 0]) => HEADER,
    _ => bytes.len(),
})
.fields(&[
    TYPE,
    REPLY_CODE,
    CKSUM,
    QUESTION,
    UNUSED,
    KINDS,
    NONCE,
    Field::bytes("data", Width::Rest).doc("The answer (RFC 4620)."),
]);
