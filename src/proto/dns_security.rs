//! Signatures in DNS: RFC 4034 (DNSSEC), RFC 5155 (NSEC3), RFC 8945 (TSIG).

use super::dates;
use super::dns::{name, name_width};
use super::dns_numbers::{ALGORITHMS, DIGESTS, RECORD_TYPES};
use super::dns_records::{CLASS, FLUSH, NAME, RDLEN, TTL, TYPE, WHOLE_CLASS, after_length, skip};
use crate::model::{
    DomainName, Field, Flag, FlagSet, Kind, Layer, ListOf, Protocol, Value, Width,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[
    &DS, &RRSIG, &NSEC, &DNSKEY, &NSEC3, &NSEC3PARAM, &TSIG, &DLV,
];

/// Which table a record type has, and whether its data can be read with it.
#[allow(clippy::type_complexity)]
pub(super) fn form(kind: u16) -> Option<(&'static Protocol, fn(&[u8]) -> bool)> {
    Some(match kind {
        43 => (&DS, |data| data.len() >= 4),
        46 => (&RRSIG, |data| data.len() >= 18),
        47 => (&NSEC, |_| true),
        48 => (&DNSKEY, |data| data.len() >= 4),
        50 => (&NSEC3, |data| {
            data.len() > 4 && data.len() > 5 + usize::from(data[4])
        }),
        51 => (&NSEC3PARAM, |data| data.len() >= 5),
        250 => (&TSIG, |data| {
            let data = skip(data, DomainName::measure(data));
            let mac = u16_at(data, 8);
            data.len() >= 10 && skip(data, 10 + mac).len() >= 6
        }),
        32769 => (&DLV, |data| data.len() >= 4),
        _ => return None,
    })
}

fn u16_at(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..at + 2) {
        Some(pair) => usize::from(u16::from_be_bytes([pair[0], pair[1]])),
        None => 0,
    }
}

const ALGORITHM: Field = Field::uint("algorithm", 8)
    .names(&ALGORITHMS)
    .doc("How the zone signs (RFC 4034).");

const DELEGATION: &[Field] = &[
    NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
    Field::uint("keytag", 16).doc("Number that helps to find the key (RFC 4034)."),
    ALGORITHM,
    Field::uint("digesttype", 8)
        .names(&DIGESTS)
        .doc("How the key was digested (RFC 4034)."),
    Field::bytes("digest", Width::Rest).doc("The key's digest (RFC 4034)."),
];

static DS: Protocol = Protocol::new("DNSRRDS", "DNS DS Resource Record")
    .spills(3)
    .reference("RFC 4034")
    .about("The digest of a zone's key, held by the zone above: the chain of trust.")
    .fields(DELEGATION);

static DLV: Protocol = Protocol::new("DNSRRDLV", "DNS DLV Resource Record")
    .spills(3)
    .reference("RFC 4431")
    .about("The digest of a zone's key, held by a third party.")
    .fields(DELEGATION);

static RRSIG: Protocol = Protocol::new("DNSRRRSIG", "DNS RRSIG Resource Record")
    .spills(3)
    .reference("RFC 4034")
    .about("The signature over all records of one type of a name.")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        Field::uint("typecovered", 16)
            .names(&RECORD_TYPES)
            .doc("Which records are signed (RFC 4034)."),
        ALGORITHM,
        Field::uint("labels", 8)
            .doc("Labels of the name that was signed; fewer than shown, it was a wildcard (RFC 4034)."),
        Field::uint("originalttl", 32).doc("The ttl that was signed (RFC 4034)."),
        Field::custom("expiration", 32, dates::with_number)
            .doc("From when on the signature is void (RFC 4034)."),
        Field::custom("inception", 32, dates::with_number)
            .doc("Since when the signature is valid (RFC 4034)."),
        Field::uint("keytag", 16).doc("Number that helps to find the key (RFC 4034)."),
        name("signersname").doc("The zone that signed (RFC 4034)."),
        Field::bytes("signature", Width::Rest).doc("The signature (RFC 4034)."),
    ]);

static NSEC: Protocol = Protocol::new("DNSRRNSEC", "DNS NSEC Resource Record")
    .spills(3)
    .reference("RFC 4034")
    .about("Proves that nothing exists between two names, and which types this one has.")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        name("nextname").doc("The next name that exists (RFC 4034)."),
        TYPES,
        BROKEN_TYPES,
    ]);

static KEY_FLAGS: FlagSet = FlagSet {
    flags: &[
        Flag { mark: "S", meaning: "the key signs keys (RFC 4034)" },
        UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,
        Flag { mark: "Z", meaning: "the key signs the zone (RFC 4034)" },
        UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,
    ],
    joiner: "",
};

const UNKNOWN: Flag = Flag { mark: "?", meaning: "not defined" };

static DNSKEY: Protocol = Protocol::new("DNSRRDNSKEY", "DNS DNSKEY Resource Record")
    .spills(3)
    .reference("RFC 4034")
    .about("A public key of the zone.")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        Field::flags("flags", 16, &KEY_FLAGS).doc("What the key is for (RFC 4034)."),
        Field::uint("protocol", 8).doc("Always 3 (RFC 4034)."),
        ALGORITHM,
        Field::bytes("publickey", Width::Rest).doc("The key (RFC 4034)."),
    ]);

static NSEC3: Protocol = Protocol::new("DNSRRNSEC3", "DNS NSEC3 Resource Record")
    .spills(3)
    .reference("RFC 5155")
    .about("Proves that a name does not exist without telling those that do: it names their hashes.")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        Field::uint("hashalg", 8).doc("How names are hashed; 1 is SHA-1 (RFC 5155)."),
        Field::custom("flags", 8, |flags, text| match flags {
            1 => _ = text.str("Opt-Out"),
            flags => _ = text.dec(flags),
        })
        .doc("1: unsigned zones may lie between the two names (RFC 5155)."),
        Field::uint("iterations", 16).doc("How many times the hash is hashed again (RFC 5155)."),
        Field::uint("saltlength", 8).doc("Bytes of the salt (RFC 5155)."),
        after_length("salt").doc("Bytes that are hashed along, against prepared tables (RFC 5155)."),
        Field::uint("hashlength", 8).doc("Bytes of the hash (RFC 5155)."),
        after_length("nexthashedownername").doc("Hash of the next name that exists (RFC 5155)."),
        TYPES,
        BROKEN_TYPES,
    ]);

static NSEC3PARAM: Protocol = Protocol::new("DNSRRNSEC3PARAM", "DNS NSEC3PARAM Resource Record")
    .spills(3)
    .reference("RFC 5155")
    .about("How the zone hashes names.")
    .fields(&[
        NAME, TYPE, FLUSH, CLASS, TTL, RDLEN,
        Field::uint("hashalg", 8).doc("How names are hashed; 1 is SHA-1 (RFC 5155)."),
        Field::uint("flags", 8).doc("Zero (RFC 5155)."),
        Field::uint("iterations", 16).doc("How many times the hash is hashed again (RFC 5155)."),
        Field::uint("saltlength", 8).doc("Bytes of the salt (RFC 5155)."),
        after_length("salt").doc("Bytes that are hashed along (RFC 5155)."),
    ]);

/// A field after the one with its length in two bytes.
const fn after_long(name: &'static str) -> Field {
    Field::bytes(name, Width::At(|record, at| usize::from(record.u16(at - 2))))
}

static TSIG: Protocol = Protocol::new("DNSRRTSIG", "DNS TSIG Resource Record")
    .spills(3)
    .reference("RFC 8945")
    .about("Proves, with a secret that both sides know, that the message is theirs.")
    .fields(&[
        NAME,
        TYPE,
        WHOLE_CLASS,
        TTL,
        RDLEN,
        name("algo_name").doc("How the message is authenticated (RFC 8945)."),
        // As scapy: the upper 16 bits are added, not put in front.
        Field::custom("time_signed", 48, |time, text| {
            dates::plain((time >> 32) + (time & 0xffff_ffff), text);
        })
        .doc("When it was signed (RFC 8945)."),
        Field::uint("fudge", 16).doc("Seconds by which clocks may differ (RFC 8945)."),
        Field::uint("mac_len", 16).doc("Bytes of the authentication code (RFC 8945)."),
        after_long("mac_data").doc("The authentication code (RFC 8945)."),
        Field::uint("original_id", 16).doc("The message's id when it was signed (RFC 8945)."),
        Field::uint("error", 16).doc("What went wrong (RFC 8945)."),
        Field::uint("other_len", 16).doc("Bytes of further data (RFC 8945)."),
        after_long("other_data").doc("The server's clock, when clocks differ (RFC 8945)."),
    ]);

const TYPES: Field = Field::of("typebitmaps", Width::At(bitmap_width), Kind::List(&BITMAP))
    .when(sound)
    .doc("The types that the name has (RFC 4034).");

/// Bits that make no list of types.
const BROKEN_TYPES: Field = Field::bytes("typebitmaps", Width::Rest)
    .when(|record| !sound(record))
    .doc("The types that the name has, which cannot be read (RFC 4034).");

fn bitmap_width(record: &Layer, at: usize) -> usize {
    record.header().len().saturating_sub(at)
}

/// Where the bitmaps start: after the fixed part and what the type puts before them.
fn bitmaps<'a>(record: &Layer<'a>) -> &'a [u8] {
    let data = name_width(record, 0) + 10;
    let start = match record.u16(data - 10) {
        47 => data + name_width(record, data),
        _ => {
            let salt = data + 5 + usize::from(record.u8(data + 4));
            salt + 1 + usize::from(record.u8(salt))
        }
    };
    skip(record.header(), start)
}

/// Whether the bitmaps can be read, and say anything; none at all are read as an empty list.
fn sound(record: &Layer) -> bool {
    let bytes = bitmaps(record);
    let (mut rest, mut set) = (bytes, false);
    while let [_, ref after @ ..] = *rest {
        let length = usize::from(*after.first().unwrap_or(&0));
        if !(1..=32).contains(&length) {
            return false;
        }
        let block = &after[1..(1 + length).min(after.len())];
        set |= block.iter().any(|byte| *byte != 0);
        rest = skip(rest, 2 + length);
    }
    set || bytes.is_empty()
}

/// Reads blocks of a number, a length and so many bytes of bits, the first bit the highest.
/// The place is a block's first byte times 512, and a bit in the block.
static BITMAP: ListOf = ListOf {
    next: |bytes, at| {
        loop {
            let (start, bit) = (*at / 512, *at % 512);
            let block = bytes.get(start..)?;
            let length = usize::from(*block.get(1)?);
            if bit >= 8 * length || bit >= 256 {
                *at = (start + 2 + length) * 512;
                continue;
            }
            *at += 1;
            let Some(byte) = block.get(2 + bit / 8) else {
                *at = (start + 2 + length) * 512;
                continue;
            };
            if byte >> (7 - bit % 8) & 1 == 1 {
                let number = 256 * u64::from(block[0]) + bit as u64;
                return Some(match RECORD_TYPES.get(number) {
                    Some(name) => Value::Word(name),
                    None => Value::Uint(number),
                });
            }
        }
    },
    quote: "'",
};
