//! Transmission Control Protocol: RFC 9293.

use super::transport;
use super::verdict;
use crate::model::{
    Computed, Field, Flag, FlagSet, InOption, Item, ItemName, ItemValue, Kind, Layer, MALFORMED, Packet,
    Protocol, Remarks, Text, Under, Width,
};

pub(super) static PROTOCOLS: &[&Protocol] = &[&TCP];

const SHORTEST: usize = 20;

static FLAGS: FlagSet = FlagSet {
    flags: &[
        Flag { mark: "F", meaning: "FIN: the sender has no more data" },
        Flag { mark: "S", meaning: "SYN: opens a connection, seq is the start value" },
        Flag { mark: "R", meaning: "RST: the connection is refused or broken off" },
        Flag { mark: "P", meaning: "PSH: hand the data to the program at once" },
        Flag { mark: "A", meaning: "ACK: the ack field counts" },
        Flag { mark: "U", meaning: "URG: the urgptr field counts; telnet uses it to interrupt" },
        Flag { mark: "E", meaning: "ECE: a router reported congestion (RFC 3168)" },
        Flag { mark: "C", meaning: "CWR: the sender has slowed down (RFC 3168)" },
        Flag { mark: "N", meaning: "NS: an experiment that was given up (RFC 8311)" },
    ],
    joiner: "",
};

static TCP: Protocol = Protocol::new("TCP", "TCP")
    .quoted("TCP in ICMP", transport::QUOTED_OVER)
    .reference("RFC 9293")
    .about("Carries a stream of bytes each way, in order and repaired: lost segments are sent again until they are acknowledged.")
    .under(&[
        Under::field("IP", "proto", 6),
        Under::field("IPv6", "nh", 6),
    ])
    .header_from(SHORTEST, |bytes| 4 * usize::from(bytes.get(12).unwrap_or(&0) >> 4))
    .quoted_cut(8)
    .computed(&[
        Computed::new(&["tcp.checksum.status"], "Whether chksum is right; bad, too, where a network card is still to compute it.", |packet, index| {
            let whole = packet.layers[index].header().len() >= SHORTEST;
            let sum = || transport::sum(packet, index, 6, 16);
            Some(verdict::status(whole.then(sum).flatten()))
        })
        .values(&verdict::STATUS),
    ])
    .fields(&[
        Field::uint("sport", 16)
            .aliases(&["tcp.srcport", "tcp.port"])
            .doc("Port of the sender (RFC 9293).")
            .says(transport::says_port),
        Field::uint("dport", 16)
            .aliases(&["tcp.dstport", "tcp.port"])
            .doc("Port of the receiver (RFC 9293).")
            .says(transport::says_port),
        // Wireshark's tcp.seq counts from the start of the connection, unless told otherwise.
        Field::uint("seq", 32)
            .aliases(&["tcp.seq_raw"])
            .doc("Number of this segment's first byte in the sender's stream; it starts at random, and Wireshark shows it counted from there (RFC 9293)."),
        Field::uint("ack", 32)
            .aliases(&["tcp.ack_raw"])
            .doc("Number of the next byte that the sender of this segment waits for (RFC 9293).")
            .says(|tcp, _, text| {
                if tcp.u8(13) & 0x10 == 0 {
                    text.str("not valid: the ACK flag is not set");
                }
            }),
        Field::uint("dataofs", 4)
            .derived(&[("tcp.hdr_len", |words| 4 * words)])
            .absent("None")
            .doc("Length of this header in words of 4 bytes (RFC 9293).")
            .says(|_, words, text| {
                text.dec(4 * words.number()).str(" bytes");
                match words.number() {
                    0..5 => text.str(", less than the 20 that every header has"),
                    5 => text.str(": no options"),
                    _ => text.str(": options follow"),
                };
            }),
        Field::uint("reserved", 3)
            .aliases(&["tcp.flags.res"])
            .doc("Kept for later, zero (RFC 9293)."),
        Field::flags("flags", 9, &FLAGS)
            .bit_names(&["fin", "syn", "reset", "push", "ack", "urg", "ece", "cwr", "ae"])
            .absent("S")
            .doc("What this segment does to the connection (RFC 9293)."),
        Field::uint("window", 16)
            .aliases(&["tcp.window_size_value"])
            .absent("8192")
            .doc("How many more bytes the sender of this segment can take, times the window scale agreed in the SYNs (RFC 9293, RFC 7323).")
            .says(|_, window, text| {
                if window.number() == 0 {
                    text.str("zero: send nothing more until I say so");
                }
            }),
        Field::hex("chksum", 16)
            .aliases(&["tcp.checksum"])
            .absent("None")
            .doc("Sum over addresses, header and data (RFC 9293)."),
        Field::uint("urgptr", 16)
            .aliases(&["tcp.urgent_pointer"])
            .doc("Where urgent data ends, if URG is set (RFC 9293)."),
        Field::of("options", Width::Rest, Kind::Items(split))
            .in_options(IN_OPTIONS)
            .absent("''")
            .doc("Agreements made when the connection opens, and timestamps (RFC 9293, RFC 7323)."),
    ])
    .info(info)
    .bogus(|packet, index| {
        let tcp = &packet.layers[index];
        // What a reset carries is its reason in words (RFC 9293 section 3.5.2), and no protocol's.
        tcp.u8(12) >> 4 < 5 || tcp.u8(13) & RST != 0
    })
    .cut(4, cut)
    .check(check);

const IN_OPTIONS: &[InOption] = &[
    InOption::kinds("tcp.option_kind", 0),
    InOption::bytes("tcp.options.eol", "EOL"),
    InOption::bytes("tcp.options.nop", "NOP"),
    InOption::bytes("tcp.options.mss", "MSS"),
    InOption::number("tcp.options.mss_val", "MSS", 0, 2),
    InOption::bytes("tcp.options.wscale", "WScale"),
    InOption::number("tcp.options.wscale.shift", "WScale", 0, 1),
    InOption::worked_out("tcp.options.wscale.multiplier", "WScale", |data| {
        Some(1 << (*data.first()?).min(14))
    }),
    InOption::bytes("tcp.options.sack_perm", "SAckOK"),
    InOption::bytes("tcp.options.sack", "SAck"),
    InOption::worked_out("tcp.options.sack.count", "SAck", |data| Some(data.len() as u64 / 8)),
    InOption::numbers("tcp.options.sack_le", "SAck", 0, 4, 8),
    InOption::numbers("tcp.options.sack_re", "SAck", 4, 4, 8),
    InOption::bytes("tcp.options.timestamp", "Timestamp"),
    InOption::number("tcp.options.timestamp.tsval", "Timestamp", 0, 4),
    InOption::number("tcp.options.timestamp.tsecr", "Timestamp", 4, 4),
    InOption::bytes("tcp.options.md5", "MD5"),
    InOption::bytes("tcp.options.user_to", "UTO"),
    InOption::bytes("tcp.options.tfo", "TFO"),
];

/// How an option's data is laid out.
enum Form {
    /// Nothing after the kind.
    Single,
    /// Numbers of these widths; of any other length it is plain bytes.
    Numbers(&'static [u8], usize),
    /// As many 32-bit numbers as there are.
    Words,
    /// The numbers of two keys, and a signature (RFC 5925).
    Keys,
    /// A string with its length before it.
    String,
    Bytes,
}

fn form(kind: u8) -> Option<(&'static str, Form)> {
    Some(match kind {
        0 => ("EOL", Form::Single),
        1 => ("NOP", Form::Single),
        2 => ("MSS", Form::Numbers(&[2], 2)),
        3 => ("WScale", Form::Numbers(&[1], 1)),
        4 => ("SAckOK", Form::Bytes),
        5 => ("SAck", Form::Words),
        8 => ("Timestamp", Form::Numbers(&[4, 4], 8)),
        14 => ("AltChkSum", Form::Numbers(&[1, 2], 3)),
        15 => ("AltChkSumOpt", Form::Bytes),
        19 => ("MD5", Form::Bytes),
        25 => ("Mood", Form::String),
        28 => ("UTO", Form::Numbers(&[2], 2)),
        29 => ("AO", Form::Keys),
        34 => ("TFO", Form::Numbers(&[4, 4], 8)),
        _ => return None,
    })
}

/// Takes the first option off (RFC 9293 section 3.1); after the end of the list nothing counts.
fn split(bytes: &[u8]) -> Option<(Item<'_>, usize)> {
    let kind = *bytes.first()?;
    let (name, form) = match form(kind) {
        Some((name, form)) => (ItemName::Known(name), form),
        None => (ItemName::Number(kind), Form::Bytes),
    };
    if let Form::Single = form {
        let used = if kind == 0 { bytes.len() } else { 1 };
        let value = ItemValue::Nothing;
        return Some((Item { name, value }, used));
    }
    // A length below 2 cannot be: it covers itself and the kind.
    let length = usize::from(*bytes.get(1).unwrap_or(&0)).max(2);
    let data = bytes.get(2..length.min(bytes.len())).unwrap_or_default();
    let value = match form {
        Form::Numbers(widths, total) if data.len() == total => ItemValue::Numbers(data, widths),
        Form::Words if data.len().is_multiple_of(4) => ItemValue::Numbers(data, &[4]),
        Form::Keys => ItemValue::Written(data, keys),
        // Of a single byte scapy says what is left of the string.
        Form::String if data.len() == 1 => ItemValue::Bytes(&[]),
        _ => ItemValue::Bytes(data),
    };
    Some((Item { name, value }, length))
}

/// The TCP Authentication Option as scapy writes it.
fn keys(data: &[u8], text: &mut Text) {
    text.str("<TCPAOValue  ");
    if let [key, next, signature @ ..] = data {
        text.str("keyid=").dec((*key).into());
        text.str(" rnextkeyid=").dec((*next).into());
        text.str(" mac=").repr(signature).str(" ");
    }
    text.str("|>");
}

const RST: u8 = 0x04;
const ACK: u8 = 0x10;
const URG: u8 = 0x20;

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let tcp = &packet.layers[index];
    start(tcp, text);
    let header = 4 * usize::from(tcp.u8(12) >> 4);
    if header < SHORTEST {
        text.str(", bogus TCP header length (").dec(header as u64);
        text.str(", must be at least 20)");
        return;
    }
    urgent(tcp, text);
    let segment = packet.wire_end(index) - tcp.start;
    // The first piece of a segment does not tell how long the whole is.
    if let Some(length) = segment.checked_sub(header)
        && !packet.is_piece(index)
    {
        text.str(" Len=").dec(length as u64);
    }
    let whole = tcp.header().len() == header;
    let contained = options(tcp, header, text);
    match packet.ran_out(index) {
        _ if whole && contained.is_ok() && !transport::is_unguessable(packet, index, 8) => {}
        MALFORMED if contained == Err(Cut::Data) => {
            text.str("[Malformed Packet: length of contained item exceeds length of containing item]");
        }
        mark => _ = text.str(mark),
    }
}

/// From the ports to the window.
fn start(tcp: &Layer, text: &mut Text) {
    const NAMES: [(u8, &str); 8] = [
        (0x01, "FIN"), (0x02, "SYN"), (RST, "RST"), (0x08, "PSH"),
        (ACK, "ACK"), (URG, "URG"), (0x40, "ECE"), (0x80, "CWR"),
    ];
    let flags = tcp.u8(13);
    transport::ports(tcp, text);
    text.str(" [");
    let mut separator = "";
    let mut name = |name| {
        text.str(separator).str(name);
        separator = ", ";
    };
    for (bit, flag) in NAMES {
        if flags & bit != 0 {
            name(flag);
        }
    }
    if tcp.u8(12) & 0x01 != 0 {
        name("AE");
    }
    if tcp.u8(12) & 0x0e != 0 {
        name("Reserved");
    }
    text.str(if separator.is_empty() { "<None>] Seq=" } else { "] Seq=" });
    text.dec(tcp.u32(4).into());
    if flags & ACK != 0 {
        text.str(" Ack=").dec(tcp.u32(8).into());
    }
    text.str(" Win=").dec(tcp.u16(14).into());
}

fn urgent(tcp: &Layer, text: &mut Text) {
    if tcp.u8(13) & URG != 0 {
        text.str(" Urg=").dec(tcp.u16(18).into());
    }
}

/// Where an option runs out of bytes.
#[derive(PartialEq)]
enum Cut {
    /// Before its length.
    Start,
    Data,
}

/// The options up to the end that the `header`'s own length gives.
fn options(tcp: &Layer, header: usize, text: &mut Text) -> Result<(), Cut> {
    let mut rest = tcp.header().get(SHORTEST..).unwrap_or_default();
    let mut left = header - SHORTEST;
    while left > 0 {
        let (kind, length, data) = match rest {
            [0, ..] => return Ok(()),
            [1, ..] => (1, 1, &rest[1..1]),
            [_] if left == 1 => return Ok(()),
            [kind, length, data @ ..] => {
                let length = usize::from(*length);
                if length < 2 || length > left {
                    return Ok(());
                }
                let Some(whole) = data.get(..length - 2) else {
                    // Blocks are read one by one, other options as a whole.
                    if *kind == SACK {
                        option(SACK, data, text);
                    }
                    return Err(Cut::Data);
                };
                (*kind, length, whole)
            }
            _ => return Err(Cut::Start),
        };
        option(kind, data, text);
        if kind == SACK && data.len() < 8 {
            return Err(Cut::Start);
        }
        left -= length;
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

const SACK: u8 = 5;

/// What an option adds to the line.
fn option(kind: u8, data: &[u8], text: &mut Text) {
    match (kind, data) {
        (2, [a, b]) => _ = text.str(" MSS=").dec(u16::from_be_bytes([*a, *b]).into()),
        (3, [shift]) => _ = text.str(" WS=").dec(1 << (*shift).min(14)),
        (4, _) => _ = text.str(" SACK_PERM"),
        (SACK, _) => {
            for edges in data.chunks_exact(8) {
                text.str(" SLE=").dec(word(edges, 0)).str(" SRE=").dec(word(edges, 4));
            }
        }
        (6 | 7, [_, _, _, _]) => _ = text.str(" ECHO=").dec(word(data, 0)),
        // Numbers of a connection, once meant to spare short ones the handshake (RFC 1644).
        (11..=13, [_, _, _, _]) => _ = text.str(" CC=").dec(word(data, 0)),
        (8, [_, _, _, _, _, _, _, _]) => {
            text.str(" TSval=").dec(word(data, 0)).str(" TSecr=").dec(word(data, 4));
        }
        (19, _) => _ = text.str(" MD5"),
        // The first bit says minutes instead of seconds (RFC 5482); tshark leaves it out.
        (28, [a, b]) => {
            let timeout = u16::from_be_bytes([*a, *b]) & 0x7fff;
            text.str(" USER_TO=").dec(timeout.into());
        }
        (29, _) => _ = text.str("TCP AO"),
        (34, cookie) => fast_open(cookie, text),
        // An experiment tells itself by its first two bytes (RFC 6994); this one became option 34.
        (253 | 254, [0xf9, 0x89, cookie @ ..]) => fast_open(cookie, text),
        (253 | 254, [a, b, ..]) => {
            let number = u16::from_be_bytes([*a, *b]);
            let digits = (16 - number.leading_zeros() as usize).div_ceil(4).max(1);
            text.str(" ExID=").hex_upper(number.into(), digits);
        }
        _ => {}
    }
}

/// TCP Fast Open (RFC 7413): a request for a cookie, or the cookie.
fn fast_open(cookie: &[u8], text: &mut Text) {
    text.str(if cookie.is_empty() { " TFO=R" } else { " TFO=C" });
}

fn word(data: &[u8], at: usize) -> u64 {
    let bytes = data.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    u32::from_be_bytes(bytes.unwrap_or_default()).into()
}

/// What is said of a header that is cut off.
fn cut(packet: &Packet, index: usize, text: &mut Text) -> bool {
    let tcp = &packet.layers[index];
    match tcp.header().len() {
        16.. => start(tcp, text),
        _ => transport::ports(tcp, text),
    }
    true
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let tcp = &packet.layers[index];
    if tcp.header().len() < SHORTEST {
        remarks.note("", format_args!("only 8 bytes of the header are quoted: from ack on, the values are scapy's defaults, not the wire's"));
        return;
    }
    let words = tcp.u8(12) >> 4;
    if usize::from(words) * 4 < SHORTEST {
        remarks.error("dataofs", format_args!("{words} words are less than the 20 bytes of the shortest header"));
    } else if usize::from(words) * 4 > tcp.bytes().len() {
        remarks.error("dataofs", format_args!("{words} words reach beyond the end of the packet"));
    }
    if tcp.u8(13) & 0x03 == 0x03 {
        remarks.warn("flags", format_args!("SYN and FIN together: no TCP sends this, port scanners do"));
    }
    let sum = transport::sum(packet, index, 6, 16);
    transport::check_sum(tcp, sum, 16, "chksum", remarks);
}
