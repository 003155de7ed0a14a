//! Telnet: RFC 854. Text, and commands in it that start with the byte 255 (IAC, interpret as
//! command). scapy shows the bytes; tunlab takes them apart.

use crate::model::{
    Field, Kind, Names, Packet, Protocol, Remarks, UNREASSEMBLED, Under, Value, Width,
};

pub(super) static PROTOCOLS: &[&Protocol] =
    &[&TELNET, &TEXT, &COMMAND, &NEGOTIATION, &SUBNEGOTIATION];

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;

static COMMANDS: Names = Names(&[
    (236, "EOF"),
    (237, "SUSP"),
    (238, "ABORT"),
    (239, "EOR"),
    (240, "SE"),
    (241, "NOP"),
    (242, "DM"),
    (243, "BRK"),
    (244, "IP"),
    (245, "AO"),
    (246, "AYT"),
    (247, "EC"),
    (248, "EL"),
    (249, "GA"),
    (250, "SB"),
    (251, "WILL"),
    (252, "WONT"),
    (253, "DO"),
    (254, "DONT"),
    (255, "IAC"),
]);

static OPTIONS: Names = Names(&[
    (0, "binary"),
    (1, "echo"),
    (3, "suppress_go_ahead"),
    (5, "status"),
    (6, "timing_mark"),
    (24, "terminal_type"),
    (25, "end_of_record"),
    (31, "window_size"),
    (32, "terminal_speed"),
    (33, "remote_flow_control"),
    (34, "linemode"),
    (35, "x_display_location"),
    (36, "environment"),
    (37, "authentication"),
    (38, "encryption"),
    (39, "new_environment"),
]);

static TELNET: Protocol = Protocol::new("Telnet", "Telnet")
    .column("TELNET")
    .reference("RFC 854")
    .about("A terminal over the network. All that is typed crosses it unencrypted, one segment a key; passwords too.")
    .under(&[Under::field("TCP", "dport", 23), Under::field("TCP", "sport", 23)])
    .header_rest(1)
    .fields(&[Field::of(
        "parts",
        Width::Rest,
        Kind::Packets(|_, _, bytes| Some(split(bytes))),
    )
    .doc("Text and commands, in the order in which they were sent (RFC 854).")])
    .info(|packet, index, text| {
        text.str("Telnet Data ...");
        if packet.is_captured_short(index) {
            text.str(packet.ran_out(index));
        } else if is_unfinished(packet.layers[index].header()) {
            text.str(UNREASSEMBLED);
        }
    })
    .check(check);

/// What comes first in `bytes`, and how long it is.
fn split(bytes: &[u8]) -> (&'static Protocol, usize) {
    match bytes {
        [IAC, SB, rest @ ..] => (&SUBNEGOTIATION, 2 + end_of_subnegotiation(rest)),
        [IAC, 251..=254, _, ..] => (&NEGOTIATION, 3),
        [IAC, 236..=249, ..] => (&COMMAND, 2),
        _ => (&TEXT, end_of_text(bytes)),
    }
}

/// Whether the last command lacks its end, which may come with the next segment.
fn is_unfinished(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    let mut last = bytes;
    while !rest.is_empty() {
        (last, rest) = rest.split_at(split(rest).1.min(rest.len()));
    }
    let marks = last.iter().rev().take_while(|byte| **byte == IAC);
    matches!(last, [IAC, 251..=254]) || marks.count() % 2 == 1
}

/// Bytes up to and with IAC SE; all of them when it does not come.
fn end_of_subnegotiation(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr(IAC, bytes.get(at..).unwrap_or_default()) {
        at += found + 2;
        if bytes.get(at - 1) == Some(&SE) {
            return at;
        }
    }
    bytes.len()
}

/// Bytes up to a command. Two IACs are the byte 255 itself; at the very end one may be left over.
fn end_of_text(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = memchr::memchr(IAC, bytes.get(at..).unwrap_or_default()) {
        at += found;
        let command = matches!(bytes.get(at + 1), Some(236..=254));
        if command && at > 0 {
            return at;
        }
        at += 2;
    }
    bytes.len()
}

const MARK: Field = Field::uint("iac", 8)
    .names(&COMMANDS)
    .doc("Says that a command follows: 255 (RFC 854).");

static TEXT: Protocol = Protocol::new("TelnetData", "Telnet Data")
    .reference("RFC 854")
    .about("What is typed or printed.")
    .fields(&[Field::bytes("data", Width::Rest)
        .aliases(&["telnet.data"])
        .doc("Text; a line ends with carriage return and line feed, 255 is written twice (RFC 854).")]);

static COMMAND: Protocol = Protocol::new("TelnetCommand", "Telnet Command")
    .reference("RFC 854")
    .about("An order to the other side.")
    .header(2)
    .fields(&[
        MARK,
        Field::uint("command", 8)
            .aliases(&["telnet.cmd"])
            .names(&COMMANDS)
            .doc("What shall be done (RFC 854).")
            .says(|_, command, text| {
                text.str(match command.number() {
                    241 => "nothing: shows that the connection lives",
                    242 => "data mark: drop what came before, the user has interrupted",
                    243 => "break",
                    244 => "interrupt the program, as Ctrl-C does",
                    245 => "abort the output",
                    246 => "are you there?",
                    247 => "erase the last character",
                    248 => "erase the line",
                    249 => "go ahead: your turn",
                    _ => "",
                });
            }),
    ]);

static NEGOTIATION: Protocol = Protocol::new("TelnetOption", "Telnet Option")
    .reference("RFC 855")
    .about("Asks for an option or answers: WILL and WONT are about the sender, DO and DONT about the other side.")
    .header(3)
    .fields(&[
        MARK,
        Field::uint("command", 8)
            .aliases(&["telnet.cmd"])
            .names(&COMMANDS)
            .doc("What is said about the option (RFC 854).")
            .says(|_, command, text| {
                text.str(match command.number() {
                    251 => "I want to use it, or agree to",
                    252 => "I will not use it",
                    253 => "use it, please, or go ahead",
                    _ => "do not use it",
                });
            }),
        Field::uint("option", 8)
            .aliases(&["telnet.subcmd"])
            .names(&OPTIONS)
            .doc("Which option it is about (IANA telnet options).")
            .says(|_, option, text| {
                text.str(match option.number() {
                    1 => "whoever says WILL prints what the other types; passwords are not echoed",
                    3 => "both may send at any time",
                    24 => "the name of the terminal",
                    31 => "columns and rows of the window",
                    34 => "lines are edited before they are sent",
                    _ => "",
                });
            }),
    ]);

static SUBNEGOTIATION: Protocol = Protocol::new("TelnetSuboption", "Telnet Suboption")
    .reference("RFC 855")
    .about("Details of an option that both sides agreed to use.")
    .fields(&[
        MARK,
        Field::uint("command", 8)
            .names(&COMMANDS)
            .doc("SB: details follow up to SE (RFC 854)."),
        Field::uint("option", 8)
            .names(&OPTIONS)
            .doc("Which option it is about (IANA telnet options)."),
        Field::bytes(
            "value",
            Width::At(|layer, at| {
                let left = layer.header().len().saturating_sub(at);
                if layer.header().ends_with(&[IAC, SE]) { left.saturating_sub(2) } else { left }
            }),
        )
        .doc("The details (RFC 855).")
        .says(|layer, value, text| {
            if let (31, Value::Bytes(&[a, b, c, d])) = (layer.u8(2), value) {
                text.dec(u16::from_be_bytes([a, b]).into()).str(" columns, ");
                text.dec(u16::from_be_bytes([c, d]).into()).str(" rows (RFC 1073)");
            }
        }),
        Field::hex("end", 16)
            .when(|layer| layer.header().len() > 3 && layer.header().ends_with(&[IAC, SE]))
            .doc("IAC SE: the end of the details (RFC 855)."),
    ]);

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let mut rest = packet.layers[index].header();
    while !rest.is_empty() {
        let (protocol, used) = split(rest);
        let piece = &rest[..used];
        if std::ptr::eq(protocol, &SUBNEGOTIATION) && !piece.ends_with(&[IAC, SE]) {
            remarks.note("parts", format_args!("an option's details go on in the next segment"));
        }
        rest = &rest[used..];
    }
}
