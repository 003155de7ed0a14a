//! Extensions of DNS: RFC 6891. A record that is none carries sizes, flags and options.

use super::dns_numbers::{
    ALGORITHMS, CLASSES, DIGESTS, EXTENDED_ERRORS, NSEC3_HASHES, OPTIONS,
};
use super::dns_records::{NAME, RDLEN, TYPE};
use crate::model::{Field, Kind, ListOf, Protocol, Text, Value, Width};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &OPT, &OTHER, &OWNER, &SIGNATURES, &DIGEST, &HASH, &SUBNET, &COOKIE, &PADDING, &ERROR,
];

pub(super) static OPT: Protocol = Protocol::new("DNSRROPT", "DNS OPT Resource Record")
    .spills(3)
    .reference("RFC 6891")
    .about("Extends the protocol: larger messages over UDP, flags, options.")
    .fields(&[
        NAME,
        TYPE,
        Field::uint("rclass", 16)
            .aliases(&["dns.rr.udp_payload_size"])
            .names(&CLASSES)
            .doc("Not a class: the largest message that the sender takes over UDP (RFC 6891).")
            .says(|_, size, text| {
                text.dec(size.number()).str(" bytes");
            }),
        Field::uint("extrcode", 8)
            .doc("Upper bits of the message's rcode (RFC 6891)."),
        Field::uint("version", 8).doc("Version of the extensions, 0 (RFC 6891)."),
        Field::custom("z", 16, |flags, text| match flags {
            0x8000 => _ = text.str("D0"),
            flags => _ = text.dec(flags),
        })
        .doc("The highest bit, DO, asks for signatures; the others are zero (RFC 3225).")
        .says(|_, flags, text| {
            if flags.number() & 0x8000 != 0 {
                text.str("send the DNSSEC records too");
            }
        }),
        RDLEN,
        Field::of("rdata", Width::Rest, Kind::Packets(|_, _, bytes| Some(split(bytes))))
            .doc("The options (RFC 6891)."),
    ]);

/// The option that `bytes` start with, or all of them when it cannot be read.
fn split(bytes: &[u8]) -> (&'static Protocol, usize) {
    let &[high, low, long, short, ref data @ ..] = bytes else {
        return (super::raw(), bytes.len());
    };
    let length = usize::from(u16::from_be_bytes([long, short]));
    let (protocol, used, least) = match u16::from_be_bytes([high, low]) {
        // These have the length of their fields, whatever they say.
        4 => {
            let wakeup = if length >= 14 { 6 } else { 0 };
            let password = if length >= 18 { length - 14 } else { 0 };
            (&OWNER, 8 + wakeup + password, 8 + wakeup)
        }
        8 => {
            let &[_, family, source, ..] = data else {
                return (super::raw(), bytes.len());
            };
            let (most, bits) = match (data[0], family) {
                (0, 2) => (16, 128),
                _ => (4, 32),
            };
            let address = usize::from(source).div_ceil(8).min(most);
            // What is left out must be whole bytes of zeros for the address to be complete.
            let there = address.min(data.len().saturating_sub(4));
            let zeros = (bits - usize::from(source).min(bits)) / 8;
            let least = if there + zeros < most { data.len() + 1 } else { 4 };
            (&SUBNET, 4 + address, least)
        }
        5 => (&SIGNATURES, length, 0),
        6 => (&DIGEST, length, 0),
        7 => (&HASH, length, 0),
        10 => (&COOKIE, length.max(8), 0),
        12 => (&PADDING, length, 0),
        15 => (&ERROR, length.max(2), 2),
        _ => (&OTHER, length, 0),
    };
    if data.len() < least {
        return (super::raw(), bytes.len());
    }
    (protocol, 4 + used.min(data.len()))
}

const CODE: Field = Field::uint("optcode", 16)
    .aliases(&["dns.opt.code"])
    .names(&OPTIONS)
    .doc("Which option it is (RFC 6891).");
const LENGTH: Field = Field::uint("optlen", 16).doc("Bytes of the option's data (RFC 6891).");

const fn option(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .reference("RFC 6891")
        .about("An option of a DNS message.")
}

static OTHER: Protocol = option("EDNS0TLV", "DNS EDNS0 TLV").fields(&[
    CODE,
    LENGTH,
    Field::bytes("optdata", Width::Rest).doc("The option's data (RFC 6891)."),
]);

static OWNER: Protocol = option("EDNS0OWN", "EDNS0 Owner (OWN)")
    .about("Wakes a sleeping machine: who answers for it, and what wakes it.")
    .fields(&[
        CODE,
        LENGTH,
        Field::uint("v", 8).doc("Version (draft-cheshire-edns0-owner-option)."),
        Field::uint("s", 8).doc("Grows each time the machine sleeps (draft-cheshire-edns0-owner-option)."),
        Field::mac("primary_mac").doc("Hardware address of the machine (draft-cheshire-edns0-owner-option)."),
        Field::mac("wakeup_mac")
            .when(|option| option.u16(2) >= 14)
            .doc("Hardware address to wake it by (draft-cheshire-edns0-owner-option)."),
        Field::bytes("password", Width::Rest)
            .when(|option| option.u16(2) >= 18)
            .doc("Password to wake it with (draft-cheshire-edns0-owner-option)."),
    ]);

static SIGNATURES: Protocol = option("EDNS0DAU", "DNSSEC Algorithm Understood (DAU)")
    .reference("RFC 6975")
    .about("Signatures that the client can check.")
    .fields(&[CODE, LENGTH, codes(&SIGNATURE_CODES)]);

static DIGEST: Protocol = option("EDNS0DHU", "DS Hash Understood (DHU)")
    .reference("RFC 6975")
    .about("Digests of keys that the client can check.")
    .fields(&[CODE, LENGTH, codes(&DIGEST_CODES)]);

static HASH: Protocol = option("EDNS0N3U", "NSEC3 Hash Understood (N3U)")
    .reference("RFC 6975")
    .about("Hashes of names that the client can check.")
    .fields(&[CODE, LENGTH, codes(&HASH_CODES)]);

const fn codes(list: &'static ListOf) -> Field {
    Field::of("alg_code", Width::Rest, Kind::List(list)).doc("What is understood (RFC 6975).")
}

static SIGNATURE_CODES: ListOf = ListOf {
    next: |bytes, at| named(bytes, at, |code| ALGORITHMS.get(code)),
    quote: "",
};
static DIGEST_CODES: ListOf = ListOf {
    next: |bytes, at| named(bytes, at, |code| DIGESTS.get(code)),
    quote: "",
};
static HASH_CODES: ListOf = ListOf {
    next: |bytes, at| named(bytes, at, |code| NSEC3_HASHES.get(code)),
    quote: "",
};

/// The next byte by its name.
fn named<'a>(
    bytes: &[u8],
    at: &mut usize,
    name: fn(u64) -> Option<&'static str>,
) -> Option<Value<'a>> {
    let code = u64::from(*bytes.get(*at)?);
    *at += 1;
    Some(name(code).map_or(Value::Uint(code), Value::Word))
}

static SUBNET: Protocol = option("EDNS0ClientSubnet", "DNS EDNS0 Client Subnet")
    .reference("RFC 7871")
    .about("The network of the client that asks, so that the server can answer with something near it.")
    .fields(&[
        CODE,
        LENGTH,
        Field::uint("family", 16).doc("1: IPv4, 2: IPv6 (RFC 7871)."),
        Field::uint("source_plen", 8).doc("Bits of the address that are told (RFC 7871)."),
        Field::uint("scope_plen", 8).doc("Bits for which the answer holds (RFC 7871)."),
        Field::of("address", Width::Rest, Kind::Quoted(&Kind::Ipv4Prefix))
            .when(|option| option.u16(4) != 2)
            .doc("The client's network (RFC 7871)."),
        Field::of("address", Width::Rest, Kind::Quoted(&Kind::Ipv6Prefix))
            .when(|option| option.u16(4) == 2)
            .doc("The client's network (RFC 7871)."),
    ]);

static COOKIE: Protocol = option("EDNS0COOKIE", "DNS EDNS0 COOKIE")
    .reference("RFC 7873")
    .about("Numbers that client and server repeat, so that neither takes forged messages.")
    .fields(&[
        CODE,
        LENGTH,
        Field::of("client_cookie", Width::From(|_| 8), Kind::CustomBytes(hex))
            .doc("The client's number (RFC 7873)."),
        Field::of("server_cookie", Width::Rest, Kind::CustomBytes(hex))
            .doc("The server's number; empty until it is known (RFC 7873)."),
    ]);

fn hex(bytes: &[u8], text: &mut Text) {
    text.hex_bytes(bytes);
}

static PADDING: Protocol = option("EDNS0PADDING", "DNS EDNS0 Padding")
    .reference("RFC 7830")
    .about("Makes encrypted messages equally long, so that their lengths tell nothing.")
    .fields(&[
        CODE,
        LENGTH,
        Field::bytes("padding", Width::Rest).doc("Nothing (RFC 7830)."),
    ]);

static ERROR: Protocol = option("EDNS0ExtendedDNSError", "DNS EDNS0 Extended DNS Error")
    .reference("RFC 8914")
    .about("What went wrong, in detail.")
    .fields(&[
        CODE,
        LENGTH,
        Field::uint("info_code", 16)
            .names(&EXTENDED_ERRORS)
            .doc("The reason (RFC 8914)."),
        Field::bytes("extra_text", Width::Rest).doc("The reason in words (RFC 8914)."),
    ]);

