//! Domain Name System: the message and its questions: RFC 1035 section 4. Multicast DNS
//! (RFC 6762) has the same messages on another port.
//!
//! A message is a header and four lists. Nothing says where a list ends but its records' own
//! lengths, so they are walked once to find the end, and again when somebody reads them.

use super::dns_numbers::{CLASSES, QUESTION_TYPES};
use super::{dns_data, dns_records, dns_summary};
use crate::model::{
    Computed,
    DomainName, Field, Kind, Layer, Names, Packet, Piece, Protocol, Remarks, Text, Trouble, Under,
    Value, Width,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&DNS, &DNSQR];

/// Bytes before the first list.
const HEADER: usize = 12;

static OPCODES: Names = Names(&[(0, "QUERY"), (1, "IQUERY"), (2, "STATUS")]);

pub(super) static RCODES: Names = Names(&[
    (0, "ok"),
    (1, "format-error"),
    (2, "server-failure"),
    (3, "name-error"),
    (4, "not-implemented"),
    (5, "refused"),
]);

static DNS: Protocol = Protocol::new("DNS", "DNS")
    .faces(&[
        ("dns", |packet, index| !multicast(packet, index)),
        ("mdns", multicast),
    ])
    .reference("RFC 1035")
    .about("Asks servers what belongs to a name, mostly its address. The answer repeats the question; names that occur twice are written once and pointed to.")
    .under(&[
        Under::field("UDP", "dport", 5353),
        Under::field("UDP", "sport", 5353),
        Under::field("UDP", "dport", 53),
        Under::field("UDP", "sport", 53),
        Under::field("TCP", "dport", 53).accept(whole),
        Under::field("TCP", "sport", 53).accept(whole),
    ])
    .header_walked(HEADER, end)
    .computed(&[Computed::new(
        &["dns.flags"],
        "qr to rcode as one number of 16 bits.",
        |packet, index| {
            let dns = &packet.layers[index];
            Some(dns.u16(prefix(dns) + 2).into())
        },
    )
    .most(0xffff)])
    .fields(&[
        Field::uint("length", 16)
            .when(|dns| prefix(dns) > 0)
            .doc("Bytes of the message: TCP is a stream and does not say where messages end (RFC 1035)."),
        Field::uint("id", 16)
            .aliases(&["dns.id"])
            .doc("Number that the answer repeats, so that it finds its question; random, against forged answers (RFC 1035, RFC 5452)."),
        Field::uint("qr", 1)
            .aliases(&["dns.flags.response"])
            .doc("0: a question, 1: an answer (RFC 1035)."),
        Field::uint("opcode", 4)
            .aliases(&["dns.flags.opcode"])
            .names(&OPCODES)
            .also_called(&OPERATIONS)
            .doc("What is wanted; 0 is an ordinary question (RFC 1035).")
            .says(|_, code, text| match OPERATIONS.get(code.number()) {
                Some(meaning) => _ = text.str(meaning),
                None => _ = text.str("not defined"),
            }),
        Field::uint("aa", 1)
            .aliases_where(&[("dns.flags.authoritative", is_answer)])
            .doc("Authoritative: this server itself is in charge of the name (RFC 1035)."),
        Field::uint("tc", 1)
            .aliases(&["dns.flags.truncated"])
            .doc("Truncated: the answer did not fit; the client asks again over TCP (RFC 1035)."),
        Field::uint("rd", 1)
            .aliases(&["dns.flags.recdesired"])
            .doc("Recursion desired: the server shall ask on until it has the answer (RFC 1035)."),
        Field::uint("ra", 1)
            .aliases_where(&[("dns.flags.recavail", is_answer)])
            .doc("Recursion available: this server would ask on (RFC 1035)."),
        Field::uint("z", 1)
            .aliases(&["dns.flags.z"])
            .doc("Kept for later, zero (RFC 1035)."),
        Field::uint("ad", 1)
            .aliases(&["dns.flags.authenticated"])
            .doc("Authentic data: the server checked the signatures (RFC 4035)."),
        Field::uint("cd", 1)
            .aliases(&["dns.flags.checkdisable"])
            .doc("Checking disabled: the client checks the signatures itself (RFC 4035)."),
        RCODE,
        Field::uint("qdcount", 16)
            .aliases(&["dns.count.queries"])
            .doc("How many questions follow (RFC 1035)."),
        Field::uint("ancount", 16)
            .aliases(&["dns.count.answers"])
            .doc("How many answers follow (RFC 1035)."),
        Field::uint("nscount", 16)
            .aliases(&["dns.count.auth_rr"])
            .doc("How many records follow that name the servers in charge (RFC 1035)."),
        Field::uint("arcount", 16)
            .aliases(&["dns.count.add_rr"])
            .doc("How many records follow that spare the client a question (RFC 1035)."),
        QUESTIONS,
        ANSWERS,
        SERVERS,
        ADDITIONAL,
    ])
    .column_by(|packet, index| if multicast(packet, index) { "MDNS" } else { "DNS" })
    .info(info)
    .cut(1, cut)
    .check(check);

// What LLMNR's messages share.

pub(super) const RCODE: Field = Field::uint("rcode", 4)
    .aliases_where(&[("dns.flags.rcode", is_answer)])
    .names(&RCODES)
    .also_called(&FAILURES)
    .doc("How it went: 0 well, 3 the name does not exist (RFC 1035).")
    .says(|dns, code, text| {
        if code.number() != 0 {
            text.str(FAILURES.get(code.number()).unwrap_or("not defined"));
        } else if !is_answer(dns) {
            text.str("a question: nothing has gone wrong yet");
        }
    });

pub(super) const QUESTIONS: Field = Field::of(
    "qd",
    Width::At(|dns, at| walk(dns, at, 0)),
    Kind::Packets(|_, _, bytes| Some(question(bytes))),
)
.doc("What is asked (RFC 1035).");

pub(super) const ANSWERS: Field = records("an", |dns, at| walk(dns, at, 1))
    .doc("The answer (RFC 1035).");

pub(super) const SERVERS: Field = records("ns", |dns, at| walk(dns, at, 2))
    .doc("Who is in charge of the name, or of the zone where it would be (RFC 1035).");

pub(super) const ADDITIONAL: Field = records("ar", |dns, at| walk(dns, at, 3))
    .doc("What the client would ask next, and extensions of the protocol (RFC 1035, RFC 6891).");

const fn records(name: &'static str, width: fn(&Layer, usize) -> usize) -> Field {
    Field::of(
        name,
        Width::At(width),
        Kind::Packets(|_, _, bytes| Some(dns_records::split(bytes))),
    )
}

/// How many bytes a name has that starts at byte `at` of a header.
pub(super) fn name_width(layer: &Layer, at: usize) -> usize {
    DomainName::measure(layer.header().get(at..).unwrap_or_default())
}

/// A name that starts after the fields before it.
pub(super) const fn name(name: &'static str) -> Field {
    Field::of(name, Width::At(name_width), Kind::Name(prefix))
}

/// Bytes before the message proper: TCP's length, which pointers do not count.
pub(super) fn prefix(dns: &Layer) -> usize {
    if dns.rides_on("TCP") { 2 } else { 0 }
}

/// Wireshark knows some flags in answers only.
fn is_answer(dns: &Layer) -> bool {
    dns.u8(prefix(dns) + 2) & 0x80 != 0
}

/// Whether a TCP segment holds all of the message that it starts with.
fn whole(bytes: &[u8]) -> bool {
    let length = match bytes {
        [high, low, ..] => usize::from(u16::from_be_bytes([*high, *low])),
        _ => 0,
    };
    length >= HEADER && bytes.len() >= length
}

static DNSQR: Protocol = Protocol::new("DNSQR", "DNS Question Record")
    .reference("RFC 1035")
    .about("One question: a name, and what is wanted of it.")
    .fields(&[
        name("qname")
            .aliases(&["dns.qry.name"])
            .worked_out(&[("dns.qry.name.len", letters), ("dns.count.labels", labels)])
            .doc("The name, label by label; the dot at its end is the root (RFC 1035)."),
        Field::uint("qtype", 16)
            .aliases(&["dns.qry.type"])
            .names(&QUESTION_TYPES)
            .doc("What is wanted: A an IPv4 address, AAAA an IPv6 address, PTR a name (RFC 1035).")
            .says(|_, kind, text| {
                text.str(dns_records::meaning(kind.number()));
            }),
        Field::uint("unicastresponse", 1)
            .aliases(&["dns.qry.qu"])
            .doc("Multicast DNS: answer to me alone (RFC 6762). Elsewhere the class's highest bit."),
        Field::uint("qclass", 15)
            .aliases(&["dns.qry.class"])
            .names(&CLASSES)
            .doc("To which network the name belongs; IN is the Internet (RFC 1035)."),
    ]);

fn letters(name: Value) -> Option<u64> {
    extent(name).map(|(letters, _)| letters)
}

fn labels(name: Value) -> Option<u64> {
    extent(name).map(|(_, labels)| labels)
}

/// How long a name is, written with a dot between two labels, and how many labels it has. The words
/// that stand for a broken one count as one.
fn extent(name: Value) -> Option<(u64, u64)> {
    let Value::Name(name) = name else {
        return None;
    };
    let words = |text: &str| Some((text.len() as u64, 1));
    let (mut letters, mut labels) = (0, 0);
    for piece in name.pieces() {
        match piece {
            Piece::Label(label) => {
                letters += label.len() as u64 + 1;
                labels += 1;
            }
            Piece::Broken(Trouble::Cut) => {}
            Piece::Broken(Trouble::TooLong) => return words(TOO_LONG),
            Piece::Broken(Trouble::Loop | Trouble::TooManyJumps) => return words(LOOPS),
        }
    }
    match labels {
        0 => Some((ROOT.len() as u64, 0)),
        _ => Some((letters - 1, labels)),
    }
}

// What stands for a name that cannot be written.
const ROOT: &str = "<Root>";
const TOO_LONG: &str = "<Name too long>";
const LOOPS: &str = "<Name contains a pointer that loops>";

/// The question that `bytes` start with, or all of them when there is none.
fn question(bytes: &[u8]) -> (&'static Protocol, usize) {
    let length = DomainName::measure(bytes) + 4;
    if length > bytes.len() {
        return (super::raw(), bytes.len());
    }
    (&DNSQR, length)
}

/// How many bytes the list number `list` has, from byte `at` of the message on.
fn walk(dns: &Layer, at: usize, list: usize) -> usize {
    let count = dns.u16(prefix(dns) + 4 + 2 * list);
    let bytes = dns.header().get(at..).unwrap_or_default();
    let mut used = 0;
    for _ in 0..count {
        let rest = &bytes[used..];
        if rest.is_empty() {
            break;
        }
        let (_, length) = match list {
            0 => question(rest),
            _ => dns_records::split(rest),
        };
        used += length;
    }
    used
}

/// Where the message ends.
pub(super) fn end(dns: &Layer) -> usize {
    (0..4).fold(prefix(dns) + HEADER, |at, list| at + walk(dns, at, list))
}

/// Whether the message goes to or comes from the port of multicast DNS.
fn multicast(packet: &Packet, index: usize) -> bool {
    const PORT: u16 = 5353;
    packet
        .below(index)
        .is_some_and(|udp| udp.u16(0) == PORT || udp.u16(2) == PORT)
}

/// `Standard query response 0x1234 A example.com A 192.0.2.1`
pub(super) fn info(packet: &Packet, index: usize, text: &mut Text) {
    let dns = &packet.layers[index];
    purpose(dns.u16(prefix(dns)), dns.u16(prefix(dns) + 2), text);
    let multicast = multicast(packet, index);
    // A record whose data is empty or odd ends the lists of `show`; here only its data is left out.
    let mut start = dns.start + prefix(dns) + HEADER;
    for list in 0..4 {
        for _ in 0..dns.u16(prefix(dns) + 4 + 2 * list) {
            let rest = packet.bytes.get(start..dns.limit).unwrap_or_default();
            let (protocol, length) = match list {
                0 => question(rest),
                _ => dns_records::measure(rest),
            };
            let name = dns_summary::name_in(dns, rest);
            if protocol.opaque || dns_data::name_length(name).is_none() {
                text.str(packet.ran_out(index));
                return;
            }
            let end = start + length;
            let record = Layer { protocol, start, end: end.min(dns.limit), ..*dns };
            match list {
                0 => asked(&record, multicast, text),
                _ if length > rest.len() => {
                    dns_summary::heading(&record, multicast, text);
                    text.str(packet.ran_out(index));
                    return;
                }
                _ => {
                    if !dns_summary::summary(&record, multicast, text) {
                        text.str(packet.ran_out(index));
                        return;
                    }
                }
            }
            start = end;
        }
    }
}

/// `Standard query response 0x1234 No such name`
fn purpose(id: u16, flags: u16, text: &mut Text) {
    let code = u64::from(flags >> 11 & 0xf);
    match OPERATIONS.get(code) {
        Some(name) => _ = text.str(name),
        None => _ = text.str("Unknown operation (").dec(code).str(")"),
    }
    if flags & 0x8000 != 0 {
        text.str(" response");
    }
    text.str(" ").hex(id.into(), 4);
    let code = u64::from(flags & 0xf);
    if flags & 0x8000 != 0 && code != 0 {
        match FAILURES.get(code) {
            Some(name) => _ = text.str(" ").str(name),
            None => _ = text.str(" Unknown error (").dec(code).str(")"),
        }
    }
}

/// What the first bytes of a message tell.
pub(super) fn cut(packet: &Packet, index: usize, text: &mut Text) -> bool {
    let dns = &packet.layers[index];
    if dns.header().len() >= 4 {
        purpose(dns.u16(0), dns.u16(2), text);
    }
    true
}

/// ` A example.com`, and for multicast DNS where the answer shall go.
fn asked(question: &Layer, multicast: bool, text: &mut Text) {
    let at = name_width(question, 0);
    text.str(" ");
    type_name(question.u16(at), text);
    text.str(" ");
    if let Some(Value::Name(name)) = question.get("qname") {
        readable(name, text);
    }
    if multicast {
        text.str(match question.u16(at + 2) & 0x8000 {
            0 => ", \"QM\" question",
            _ => ", \"QU\" question",
        });
    }
}

/// A record type's usual name.
pub(super) fn type_name(number: u16, text: &mut Text) {
    let name = match number {
        0 => "Unused",
        // Who wrote the table that people are used to swapped these two.
        253 => "MAILA",
        254 => "MAILB",
        255 => "ANY",
        65281 => "WINS",
        65422 => "XPF",
        53 | 56 | 258..=260 | 65535 => "",
        _ => QUESTION_TYPES.get(number.into()).unwrap_or_default(),
    };
    match name {
        "" => _ = text.str("Unknown (").dec(number.into()).str(")"),
        name => _ = text.str(name),
    }
}

/// A name for the info column: no dot at its end, control characters escaped.
pub(super) fn readable(name: DomainName, text: &mut Text) {
    let start = text.len();
    for (index, piece) in name.pieces().enumerate() {
        match piece {
            Piece::Label(label) => {
                text.str(if index > 0 { "." } else { "" });
                printable(label, text);
            }
            Piece::Broken(Trouble::Loop | Trouble::TooManyJumps) => {
                text.truncate(start);
                text.str(LOOPS);
                return;
            }
            Piece::Broken(Trouble::TooLong) => {
                text.truncate(start);
                text.str(TOO_LONG);
                return;
            }
            Piece::Broken(Trouble::Cut) => {}
        }
    }
    if text.len() == start {
        text.str(ROOT);
    }
}

/// Bytes as UTF-8 where they are, control characters in C's notation.
pub(super) fn printable(bytes: &[u8], text: &mut Text) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => _ = text.str("\\n"),
                '\r' => _ = text.str("\\r"),
                '\t' => _ = text.str("\\t"),
                '\x07' => _ = text.str("\\a"),
                '\x08' => _ = text.str("\\b"),
                '\x0b' => _ = text.str("\\v"),
                '\x0c' => _ = text.str("\\f"),
                control if control.is_control() => {
                    let byte = control as u64;
                    text.str("\\").dec_padded(byte >> 6, 1, b'0');
                    text.dec(byte >> 3 & 7).dec(byte & 7);
                }
                character => _ = text.str(character.encode_utf8(&mut [0; 4])),
            }
        }
        for _ in chunk.invalid() {
            text.str("\u{fffd}");
        }
    }
}

/// What opcodes are called in words.
static OPERATIONS: Names = Names(&[
    (0, "Standard query"),
    (1, "Inverse query"),
    (2, "Server status request"),
    (4, "Zone change notification"),
    (5, "Dynamic update"),
    (6, "DNS Stateful operations (DSO)"),
]);

/// The same of rcodes.
static FAILURES: Names = Names(&[
    (1, "Format error"),
    (2, "Server failure"),
    (3, "No such name"),
    (4, "Not implemented"),
    (5, "Refused"),
    (6, "Name exists"),
    (7, "RRset exists"),
    (8, "RRset does not exist"),
    (9, "Not authoritative"),
    (10, "Name out of zone"),
    (11, "DSO-Type not implemented"),
]);

pub(super) fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let dns = &packet.layers[index];
    for (list, present) in dns
        .fields()
        .filter(|present| matches!(present.value, Value::Packets(_)))
        .enumerate()
    {
        let Value::Packets(records) = present.value else {
            continue;
        };
        let (field, mut found) = (present.field.name, 0);
        for record in records.of(dns) {
            if record.protocol.opaque {
                let left = record.header().len();
                remarks.error(field, format_args!("{left} bytes cannot be read as a record: cut off, no data, or wrong counts"));
                continue;
            }
            found += 1;
            for inner in record.fields() {
                if let Value::Name(name) = inner.value {
                    trouble(inner.field.name, name, remarks);
                }
            }
        }
        let count = dns.u16(prefix(dns) + 4 + 2 * list);
        if found < usize::from(count) {
            remarks.warn(field, format_args!("{count} announced, {found} there"));
        }
    }
}

fn trouble(field: &str, name: DomainName, remarks: &mut Remarks) {
    let Some(trouble) = name.trouble() else {
        return;
    };
    let why = match trouble {
        Trouble::Loop => "its pointers lead round in a circle",
        Trouble::TooManyJumps => "it jumps from pointer to pointer more than 20 times",
        Trouble::TooLong => "it is longer than the 255 bytes that a name may have",
        Trouble::Cut => "the message ends before the name does",
    };
    remarks.error(field, format_args!("the name is shown up to here: {why} (RFC 1035)"));
}
