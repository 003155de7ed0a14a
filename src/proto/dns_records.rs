//! Resource records of DNS: RFC 1035 section 3.2.1, and the types that have fields of their own.

use super::dns::{name, name_width};
use super::dns_numbers::{CLASSES, RECORD_TYPES, SERVICE_KEYS};
use super::{dns_edns, dns_security};
use crate::model::{
    DomainName, Field, Kind, Layer, ListOf, Protocol, Value, Width,
};
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &RECORD, &SOA, &HINFO, &MX, &SRV, &NAPTR, &SVCB, &HTTPS, &PARAMETER,
];

const A: u16 = 1;
const AAAA: u16 = 28;
const TXT: u16 = 16;

/// The record that `bytes` start with, or all of them when it cannot be read.
pub(super) fn split(bytes: &[u8]) -> (&'static Protocol, usize) {
    let (protocol, end) = measure(bytes);
    let end = end.min(bytes.len());
    let data = DomainName::measure(bytes) + 10;
    let kind = bytes.get(data - 10..data - 8).unwrap_or(&[0, 0]);
    let (_, fits) = form(u16::from_be_bytes([kind[0], kind[1]]));
    if !fits(bytes.get(data..end).unwrap_or_default()) {
        return (super::raw(), bytes.len());
    }
    (protocol, end)
}

/// The record that `bytes` start with, whatever its data, and the length it has or
/// should have; all of them when even that is cut.
pub(super) fn measure(bytes: &[u8]) -> (&'static Protocol, usize) {
    let name = DomainName::measure(bytes);
    let Some(&[high, low, .., long, short]) = bytes.get(name..name + 10) else {
        return (super::raw(), bytes.len());
    };
    let end = name + 10 + usize::from(u16::from_be_bytes([long, short]));
    let (protocol, _) = form(u16::from_be_bytes([high, low]));
    (protocol, end)
}

/// Which table a record type has, and whether its data can be read with it.
fn form(kind: u16) -> (&'static Protocol, fn(&[u8]) -> bool) {
    match kind {
        A => (&RECORD, |data| data.len() >= 4),
        AAAA => (&RECORD, |data| data.len() >= 16),
        6 => (&SOA, |data| {
            let names = skip(data, DomainName::measure(data));
            skip(names, DomainName::measure(names)).len() >= 20
        }),
        13 => (&HINFO, |data| !data.is_empty() && strings_fit(data, 1)),
        15 => (&MX, |data| data.len() >= 2),
        33 => (&SRV, |data| data.len() >= 6),
        35 => (&NAPTR, |data| data.len() > 4 && strings_fit(&data[4..], 2)),
        41 => (&dns_edns::OPT, |_| true),
        64 => (&SVCB, |data| data.len() >= 2),
        65 => (&HTTPS, |data| data.len() >= 2),
        kind => dns_security::form(kind).unwrap_or((&RECORD, |_| true)),
    }
}

/// `bytes` without the first `count`.
pub(super) fn skip(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

/// Whether `count` strings are followed by a byte, the length of one more.
fn strings_fit(mut data: &[u8], count: usize) -> bool {
    for _ in 0..count {
        let length = usize::from(*data.first().unwrap_or(&0));
        data = skip(data, 1 + length);
    }
    !data.is_empty()
}

// Fields that all records have.

pub(super) const NAME: Field =
    name("rrname")
        .aliases(&["dns.resp.name"])
        .doc("The name that the record is about (RFC 1035).");
pub(super) const TYPE: Field = Field::uint("type", 16)
    .aliases(&["dns.resp.type"])
    .names(&RECORD_TYPES)
    .doc("What the record holds (RFC 1035).")
    .says(|_, kind, text| {
        text.str(meaning(kind.number()));
    });
pub(super) const FLUSH: Field = Field::uint("cacheflush", 1)
    .aliases(&["dns.resp.cache_flush"])
    .doc("Multicast DNS: forget what you knew of the name (RFC 6762). Elsewhere the class's highest bit.");
pub(super) const CLASS: Field = Field::uint("rclass", 15)
    .aliases(&["dns.resp.class"])
    .names(&CLASSES)
    .doc("To which network the name belongs; IN is the Internet (RFC 1035).");
pub(super) const WHOLE_CLASS: Field = Field::uint("rclass", 16)
    .aliases(&["dns.resp.class"])
    .names(&CLASSES)
    .doc("To which network the name belongs; IN is the Internet (RFC 1035).");
pub(super) const TTL: Field = Field::uint("ttl", 32)
    .aliases(&["dns.resp.ttl"])
    .doc("Seconds that the record may be kept and used again (RFC 1035).")
    .says(|_, ttl, text| {
        match ttl.number() {
            0 => text.str("use it once, do not keep it"),
            seconds @ 0..60 => text.dec(seconds).str(" seconds"),
            seconds @ 60..7200 => text.dec(seconds / 60).str(" minutes"),
            seconds @ 7200..172_800 => text.dec(seconds / 3600).str(" hours"),
            seconds => text.dec(seconds / 86_400).str(" days"),
        };
    });
/// scapy computes the length anew when it sends the record, so it shows none.
pub(super) const RDLEN: Field = Field::custom("rdlen", 16, |_, text| _ = text.str("None"))
    .aliases(&["dns.resp.len"])
    .doc("Bytes of the data that follows; `None` because a rebuilt record may compress its names otherwise (RFC 1035).")
    .says(|_, length, text| {
        text.dec(length.number()).str(" bytes");
    });

/// What a record type is for, where a student will meet it.
pub(super) fn meaning(kind: u64) -> &'static str {
    match kind {
        1 => "an IPv4 address",
        2 => "a server in charge of the name",
        5 => "another name: look there",
        6 => "who runs the zone, and how long answers live",
        12 => "the name of an address: the way back",
        15 => "who takes mail for the name",
        16 => "text, for programs rather than people",
        28 => "an IPv6 address",
        33 => "host and port of a service",
        41 => "not a record at all: extensions of the protocol (RFC 6891)",
        43 => "the digest of a key, held by the zone above",
        46 => "a signature",
        47 | 50 => "proof that a name does not exist",
        48 => "a public key",
        64 | 65 => "how to reach a service",
        255 => "everything there is",
        _ => "",
    }
}

fn kind(record: &Layer) -> u16 {
    record.u16(name_width(record, 0))
}

static RECORD: Protocol = Protocol::new("DNSRR", "DNS Resource Record")
    .spills(0)
    .reference("RFC 1035")
    .about("One thing that is known of a name.")
    .fields(&[
        NAME,
        TYPE,
        FLUSH,
        CLASS,
        TTL,
        RDLEN,
        Field::ipv4("rdata")
            .aliases(&["dns.a"])
            .when(|record| kind(record) == A)
            .doc("The address (RFC 1035)."),
        Field::ipv6("rdata")
            .aliases(&["dns.aaaa"])
            .when(|record| kind(record) == AAAA)
            .doc("The address (RFC 3596)."),
        name("rdata")
            .aliases(&["dns.ns"])
            .when(|record| kind(record) == 2)
            .doc("A server in charge of the name (RFC 1035)."),
        name("rdata")
            .aliases(&["dns.cname"])
            .when(|record| kind(record) == 5)
            .doc("The name proper, of which this one is an alias (RFC 1035)."),
        name("rdata")
            .aliases(&["dns.ptr.domain_name"])
            .when(|record| kind(record) == 12)
            .doc("The name that belongs to the address (RFC 1035)."),
        name("rdata")
            .when(|record| matches!(kind(record), 3 | 4 | 39))
            .doc("The other name (RFC 1035)."),
        Field::of("rdata", Width::Rest, Kind::List(&STRINGS))
            .aliases(&["dns.txt"])
            .when(|record| kind(record) == TXT)
            .doc("Strings of at most 255 bytes each; programs read them as one (RFC 1035)."),
        Field::bytes("rdata", Width::Rest)
            .when(|record| !matches!(kind(record), A | AAAA | TXT | 2..=5 | 12 | 39))
            .doc("The record's data (RFC 3597)."),
    ]);

/// Strings with a byte for the length before each.
static STRINGS: ListOf = ListOf {
    next: |bytes, at| {
        let length = usize::from(*bytes.get(*at)?);
        let start = *at + 1;
        let end = (start + length).min(bytes.len());
        *at = end;
        Some(Value::Bytes(bytes.get(start..end)?))
    },
    quote: "",
};

static SOA: Protocol = Protocol::new("DNSRRSOA", "DNS SOA Resource Record")
    .spills(3)
    .reference("RFC 1035")
    .about("Start of authority: who runs a zone. It comes with the answer that a name does not exist.")
    .fields(&[
        NAME,
        TYPE,
        WHOLE_CLASS,
        TTL,
        RDLEN,
        name("mname")
            .aliases(&["dns.soa.mname"])
            .doc("The zone's first server (RFC 1035)."),
        name("rname")
            .aliases(&["dns.soa.rname"])
            .doc("Mail address of who runs the zone; the first dot stands for `@` (RFC 1035)."),
        Field::uint("serial", 32)
            .aliases(&["dns.soa.serial_number"])
            .doc("Version of the zone; it grows with each change (RFC 1035)."),
        Field::uint("refresh", 32)
            .aliases(&["dns.soa.refresh_interval"])
            .doc("Seconds after which other servers ask for a new version (RFC 1035)."),
        Field::uint("retry", 32)
            .aliases(&["dns.soa.retry_interval"])
            .doc("Seconds to wait when that failed (RFC 1035)."),
        Field::uint("expire", 32)
            .aliases(&["dns.soa.expire_limit"])
            .doc("Seconds after which they give the zone up (RFC 1035)."),
        Field::uint("minimum", 32)
            .aliases(&["dns.soa.minimum_ttl"])
            .doc("Seconds that `does not exist` may be kept (RFC 2308)."),
    ]);

/// A string after the field with its length in one byte.
pub(super) const fn after_length(name: &'static str) -> Field {
    Field::bytes(name, Width::At(|record, at| usize::from(record.u8(at - 1))))
}

static HINFO: Protocol = Protocol::new("DNSRRHINFO", "DNS HINFO Resource Record")
    .spills(3)
    .reference("RFC 1035")
    .about("What machine it is; today the answer to `everything there is` (RFC 8482).")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        Field::uint("cpulen", 8).doc("Bytes of the text that follows (RFC 1035)."),
        after_length("cpu").doc("The processor (RFC 1035)."),
        Field::uint("oslen", 8).doc("Bytes of the text that follows (RFC 1035)."),
        after_length("os").doc("The operating system (RFC 1035)."),
    ]);

static MX: Protocol = Protocol::new("DNSRRMX", "DNS MX Resource Record")
    .spills(3)
    .reference("RFC 1035")
    .about("Who takes mail for a name.")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        Field::uint("preference", 16)
            .aliases(&["dns.mx.preference"])
            .doc("The lowest is tried first (RFC 1035)."),
        name("exchange")
            .aliases(&["dns.mx.mail_exchange"])
            .doc("The host that takes the mail (RFC 1035)."),
    ]);

static SRV: Protocol = Protocol::new("DNSRRSRV", "DNS SRV Resource Record")
    .spills(3)
    .reference("RFC 2782")
    .about("Where a service runs.")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        Field::uint("priority", 16)
            .aliases(&["dns.srv.priority"])
            .doc("The lowest is tried first (RFC 2782)."),
        Field::uint("weight", 16)
            .aliases(&["dns.srv.weight"])
            .doc("Share of the clients among equal priorities (RFC 2782)."),
        Field::uint("port", 16)
            .aliases(&["dns.srv.port"])
            .doc("Port of the service (RFC 2782)."),
        name("target")
            .aliases(&["dns.srv.target"])
            .doc("Host of the service (RFC 2782)."),
    ]);

static NAPTR: Protocol = Protocol::new("DNSRRNAPTR", "DNS NAPTR Resource Record")
    .spills(3)
    .reference("RFC 3403")
    .about("A rule to rewrite a name; telephony over IP finds its servers so.")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        Field::uint("order", 16).doc("The lowest is applied first (RFC 3403)."),
        Field::uint("preference", 16).doc("The lowest is tried first among equal orders (RFC 3403)."),
        Field::uint("flags_len", 8).doc("Bytes of the flags (RFC 3403)."),
        after_length("flags").doc("What the result is: `S` a service, `A` an address, `U` a URI (RFC 3404)."),
        Field::uint("services_len", 8).doc("Bytes of the services (RFC 3403)."),
        after_length("services").doc("The services that the rule leads to (RFC 3403)."),
        Field::uint("regexp_len", 8).doc("Bytes of the expression (RFC 3403)."),
        after_length("regexp").doc("How the name is rewritten (RFC 3403)."),
        name("replacement").doc("Or the name to go on with (RFC 3403)."),
    ]);

const SERVICE: &[Field] = &[
    NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
    Field::uint("svc_priority", 16)
        .doc("0: another name stands for this one; else the lowest is tried first (RFC 9460)."),
    name("target_name").doc("The host; the root is the name itself (RFC 9460)."),
    Field::of("svc_params", Width::Rest, Kind::Packets(|_, _, bytes| Some(parameter(bytes))))
        .doc("What a client should know before it connects (RFC 9460)."),
];

static SVCB: Protocol = Protocol::new("DNSRRSVCB", "DNS SVCB Resource Record")
    .spills(3)
    .reference("RFC 9460")
    .about("How to reach a service.")
    .fields(SERVICE);

static HTTPS: Protocol = Protocol::new("DNSRRHTTPS", "DNS HTTPS Resource Record")
    .spills(3)
    .reference("RFC 9460")
    .about("How to reach a web server: protocol, port, addresses, keys, before the first connection.")
    .fields(SERVICE);

static PARAMETER: Protocol = Protocol::new("SvcParam", "SvcParam")
    .reference("RFC 9460")
    .about("One thing that a client should know of a service.")
    .fields(&[
        Field::uint("key", 16).names(&SERVICE_KEYS).doc("What it is about (RFC 9460)."),
        Field::uint("len", 16).doc("Bytes of the value (RFC 9460)."),
        Field::of("value", Width::Rest, Kind::List(&KEYS))
            .when(|parameter| parameter.u16(0) == 0)
            .doc("Parameters that a client must understand (RFC 9460)."),
        Field::of("value", Width::Rest, Kind::List(&STRINGS))
            .when(|parameter| matches!(parameter.u16(0), 1 | 2))
            .doc("Protocols that the server speaks (RFC 9460)."),
        Field::uint("value", 16)
            .when(|parameter| parameter.u16(0) == 3)
            .doc("Port of the service (RFC 9460)."),
        Field::of("value", Width::Rest, Kind::List(&ADDRESSES4))
            .when(|parameter| parameter.u16(0) == 4)
            .doc("Addresses to try before the answer to A is there (RFC 9460)."),
        Field::of("value", Width::Rest, Kind::List(&ADDRESSES6))
            .when(|parameter| parameter.u16(0) == 6)
            .doc("Addresses to try before the answer to AAAA is there (RFC 9460)."),
        Field::bytes("value", Width::Rest)
            .when(|parameter| !matches!(parameter.u16(0), 0..=4 | 6))
            .doc("The value (RFC 9460)."),
    ]);

/// The parameter that `bytes` start with.
fn parameter(bytes: &[u8]) -> (&'static Protocol, usize) {
    let &[_, key, high, low, ..] = bytes else {
        return (super::raw(), bytes.len());
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let data = &bytes[4..(4 + length).min(bytes.len())];
    match (bytes[0], key) {
        (0, 3) if bytes.len() < 6 => (super::raw(), bytes.len()),
        (0, 3) => (&PARAMETER, 6),
        (0, 0) if !data.len().is_multiple_of(2) => (super::raw(), bytes.len()),
        (0, 4) if !data.len().is_multiple_of(4) => (super::raw(), bytes.len()),
        (0, 6) if !data.len().is_multiple_of(16) => (super::raw(), bytes.len()),
        _ => (&PARAMETER, 4 + data.len()),
    }
}

static KEYS: ListOf = ListOf {
    next: |bytes, at| {
        let key = bytes.get(*at..*at + 2)?;
        *at += 2;
        let number = u64::from(u16::from_be_bytes([key[0], key[1]]));
        Some(SERVICE_KEYS.get(number).map_or(Value::Uint(number), Value::Word))
    },
    quote: "",
};

static ADDRESSES4: ListOf = ListOf {
    next: |bytes, at| {
        let octets: [u8; 4] = bytes.get(*at..*at + 4)?.try_into().ok()?;
        *at += 4;
        Some(Value::Ipv4(Ipv4Addr::from(octets)))
    },
    quote: "",
};

static ADDRESSES6: ListOf = ListOf {
    next: |bytes, at| {
        let octets: [u8; 16] = bytes.get(*at..*at + 16)?.try_into().ok()?;
        *at += 16;
        Some(Value::Ipv6(Ipv6Addr::from(octets)))
    },
    quote: "",
};
