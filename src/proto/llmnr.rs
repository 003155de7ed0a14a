//! Link-Local Multicast Name Resolution: RFC 4795. DNS's messages with flags of its own.

use super::dns::{self, ADDITIONAL, ANSWERS, QUESTIONS, RCODE, SERVERS};
use crate::model::{Field, Names, Protocol, Under};

pub(super) static PROTOCOLS: &[&Protocol] = &[&QUERY, &RESPONSE];

const HEADER: usize = 12;

static OPCODES: Names = Names(&[(0, "QUERY")]);

const fn message(name: &'static str, title: &'static str) -> Protocol {
    Protocol::new(name, title)
        .column("LLMNR")
        .reference("RFC 4795")
        .header_walked(HEADER, dns::end)
        .fields(FIELDS)
        .info(dns::info)
        .cut(1, dns::cut)
        .check(dns::check)
}

static QUERY: Protocol = message(
    "LLMNRQuery",
    "Link Local Multicast Node Resolution - Query",
)
.about("Asks all hosts on the link who has a name; Windows does, where no DNS server answers.")
.under(&[
    Under::field("UDP", "dport", 5355).accept(|bytes| !answers(bytes)),
    Under::field("UDP", "sport", 5355).accept(|bytes| !answers(bytes)),
]);

static RESPONSE: Protocol = message(
    "LLMNRResponse",
    "Link Local Multicast Node Resolution - Response",
)
.about("The answer of the host that has the name. Anybody on the link can forge it.")
.under(&[
    Under::field("UDP", "dport", 5355).accept(answers),
    Under::field("UDP", "sport", 5355).accept(answers),
]);

/// Whether the message is an answer.
fn answers(bytes: &[u8]) -> bool {
    bytes.get(2).is_some_and(|flags| flags & 0x80 != 0)
}

const FIELDS: &[Field] = &[
    Field::uint("id", 16)
        .aliases(&["dns.id"])
        .doc("Number that the answer repeats (RFC 4795)."),
    Field::uint("qr", 1)
        .aliases(&["dns.flags.response"])
        .doc("0: a question, 1: an answer (RFC 4795)."),
    Field::uint("opcode", 4)
        .aliases(&["dns.flags.opcode"])
        .names(&OPCODES)
        .doc("What is wanted; 0 is an ordinary question (RFC 4795)."),
    Field::uint("c", 1)
        .aliases(&["dns.flags.conflict"])
        .doc("Conflict: several hosts say that the name is theirs (RFC 4795)."),
    Field::uint("tc", 1)
        .aliases(&["dns.flags.truncated"])
        .doc("Truncated: the answer did not fit (RFC 4795)."),
    Field::uint("t", 1)
        .aliases(&["dns.flags.tentative"])
        .doc("Tentative: the host has not made sure yet that the name is free (RFC 4795)."),
    Field::uint("z", 4).doc("Kept for later, zero (RFC 4795)."),
    RCODE,
    Field::uint("qdcount", 16)
        .aliases(&["dns.count.queries"])
        .doc("How many questions follow (RFC 4795)."),
    Field::uint("ancount", 16)
        .aliases(&["dns.count.answers"])
        .doc("How many answers follow (RFC 4795)."),
    Field::uint("nscount", 16)
        .aliases(&["dns.count.auth_rr"])
        .doc("Zero (RFC 4795)."),
    Field::uint("arcount", 16)
        .aliases(&["dns.count.add_rr"])
        .doc("How many further records follow (RFC 4795)."),
    QUESTIONS,
    ANSWERS,
    SERVERS,
    ADDITIONAL,
];
