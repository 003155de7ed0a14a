//! Dynamic Host Configuration Protocol: RFC 2131, on top of BOOTP's header: RFC 951. The options
//! are a layer of their own: RFC 2132 and <https://www.iana.org/assignments/bootp-dhcp-parameters>.

use super::dhcp_options::{self, Form, form};
use super::dhcp_words;
use super::numbers::HARDWARE_TYPES;
use crate::model::{
    Field, Flag, FlagSet, Item, ItemName, ItemValue, Kind, Layer, List, ListOf, Names, Next, Packet,
    Protocol, Remarks, Text, Under, Value, Width, 
};
use std::net::Ipv4Addr;

pub(super) static PROTOCOLS: &[&Protocol] = &[&BOOTP, &DHCP];

/// Bytes before the options, without the names that a short message may leave out.
pub(super) const SHORTEST: usize = 28;
/// Bytes before the options.
pub(super) const FIXED: usize = 236;
/// What the options of DHCP start with (RFC 1497).
const MAGIC: &[u8] = &[99, 130, 83, 99];
/// The option that tells what a message is.
const MESSAGE_TYPE: u8 = 53;

static OPERATIONS: Names = Names(&[(1, "BOOTREQUEST"), (2, "BOOTREPLY")]);

const UNKNOWN: Flag = Flag { mark: "?", meaning: "must be zero" };

static FLAGS: FlagSet = FlagSet {
    flags: &[
        UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,
        UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN,
        Flag { mark: "B", meaning: "broadcast the answer: I cannot take packets to my address yet" },
    ],
    joiner: "",
};

static BOOTP: Protocol = Protocol::new("BOOTP", "BOOTP")
    .aliases(&["dhcp"])
    .column_by(dhcp_words::column)
    .reference("RFC 951")
    .about("Gives a host that has just started its address. DHCP writes its options behind this header.")
    .under(&[
        Under::field("UDP", "dport", 67).and("sport", 68),
        Under::field("UDP", "dport", 68).and("sport", 67),
        Under::field("UDP", "dport", 67).and("sport", 67),
    ])
    .header_from(SHORTEST, |bytes| {
        if bytes.get(FIXED..).is_some_and(|options| options.starts_with(MAGIC)) {
            FIXED + MAGIC.len()
        } else {
            bytes.len()
        }
    })
    .fields(&[
        Field::uint("op", 8)
            .aliases(&["dhcp.type"])
            .names(&OPERATIONS)
            .doc("Whether a client asks or a server answers (RFC 951)."),
        Field::uint("htype", 8)
            .aliases(&["dhcp.hw.type"])
            .names(&HARDWARE_TYPES)
            .doc("Kind of hardware address, as in ARP (RFC 951)."),
        Field::uint("hlen", 8)
            .aliases(&["dhcp.hw.len"])
            .doc("Bytes of the hardware address (RFC 951)."),
        Field::uint("hops", 8).doc("Relays that passed the message on (RFC 1542)."),
        Field::hex("xid", 32)
            .aliases(&["dhcp.id"])
            .doc("Random number that the answer repeats, so that the client knows it is meant (RFC 951)."),
        Field::uint("secs", 16).doc("Seconds since the client began to ask (RFC 2131)."),
        Field::flags("flags", 16, &FLAGS)
            .derived(&[("dhcp.flags.bc", |flags| flags >> 15)])
            .doc("How the answer shall be sent (RFC 2131)."),
        Field::ipv4("ciaddr")
            .aliases(&["dhcp.ip.client"])
            .doc("The client's address, when it has one already (RFC 2131)."),
        Field::ipv4("yiaddr")
            .aliases(&["dhcp.ip.your"])
            .doc("`Your` address: what the server gives the client (RFC 2131)."),
        Field::ipv4("siaddr")
            .aliases(&["dhcp.ip.server"])
            .doc("The server to start from next (RFC 2131)."),
        Field::ipv4("giaddr")
            .aliases(&["dhcp.ip.relay"])
            .doc("The relay between client and server (RFC 1542)."),
        Field::of("chaddr", Width::From(|_| 16), Kind::CustomBytes(hardware))
            .macs(&[("dhcp.hw.mac_addr", |bootp| bootp.u8(2) == 6)])
            .when(|bootp| bootp.u8(1) == 1)
            .doc("The client's hardware address, filled up to 16 bytes (RFC 951)."),
        Field::of("chaddr", Width::From(|_| 16), Kind::CustomBytes(filled))
            .when(|bootp| bootp.u8(1) != 1)
            .doc("The client's hardware address, filled up to 16 bytes (RFC 951)."),
        Field::of("sname", Width::From(|_| 64), Kind::CustomBytes(filled))
            .doc("The server's name (RFC 951)."),
        Field::of("file", Width::From(|_| 128), Kind::CustomBytes(filled))
            .doc("The file to start from (RFC 951)."),
        Field::of("options", Width::Rest, Kind::CustomBytes(|bytes, text| {
            filled(bytes, text);
            if bytes == MAGIC {
                text.str(" (DHCP magic)");
            }
        }))
        .doc("The number that says that DHCP's options follow; else a vendor's data (RFC 1497)."),
    ])
    .next(|bootp| if is_dhcp(bootp) { Next::Is(&DHCP) } else { Next::Raw })
    .info(dhcp_words::info)
    .cut(1, dhcp_words::cut);

/// An Ethernet address and what fills the field up.
fn hardware(bytes: &[u8], text: &mut Text) {
    let (mac, rest) = bytes.split_at(bytes.len().min(6));
    for (index, byte) in mac.iter().enumerate() {
        text.str(if index > 0 { ":" } else { "" }).hex_bytes(&[*byte]);
    }
    if rest == [0; 10] {
        text.str(" (+ 10 nul pad)");
    } else {
        text.str(" (pad: ").repr(rest).str(")");
    }
}

/// Bytes without the zeros that fill the field up.
fn filled(bytes: &[u8], text: &mut Text) {
    let length = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    text.repr(&bytes[..length]);
}

pub(super) fn is_dhcp(bootp: &Layer) -> bool {
    bootp.header().get(FIXED..) == Some(MAGIC)
}

pub(super) static DHCP: Protocol = Protocol::new("DHCP", "DHCP options")
    .column_by(dhcp_words::column)
    .reference("RFC 2131")
    .about("Gives a host its address and all else it must know of the network: discover, offer, request, ack.")
    .fields(&[Field::of("options", Width::Rest, Kind::Assignments(split))
        .in_options(dhcp_options::IN_OPTIONS)
        .doc("What is asked for, and what is given (RFC 2132).")
        .says(|dhcp, _, text| {
            text.str(match message_type(dhcp) {
                Some(1) => "a client looks for servers",
                Some(2) => "a server offers an address",
                Some(3) => "the client takes an offer, or asks to keep what it has",
                Some(4) => "the client found that somebody has the address already",
                Some(5) => "the server gives the address: from now on it is the client's",
                Some(6) => "the server refuses: start over",
                Some(7) => "the client gives the address back",
                Some(8) => "the client has an address and wants to know the rest",
                _ => "",
            });
        })])
    .info(dhcp_words::info)
    .check(check);

/// Takes the first option off (RFC 2132 section 2); what cannot be read is the last.
fn split(bytes: &[u8]) -> Option<(Item<'_>, usize)> {
    let code = *bytes.first()?;
    let single = |name| {
        let name = ItemName::Known(name);
        Some((Item { name, value: ItemValue::Nothing }, 1))
    };
    match code {
        0 => return single("pad"),
        255 => return single("end"),
        _ => {}
    }
    let broken = Item {
        name: ItemName::Nothing,
        value: ItemValue::Bytes(bytes),
    };
    let Some(&length) = bytes.get(1) else {
        return Some((broken, bytes.len()));
    };
    let used = 2 + usize::from(length);
    let Some(data) = bytes.get(2..used) else {
        return Some((broken, bytes.len()));
    };
    let Some((name, form)) = form(code) else {
        let name = ItemName::Number(code);
        return Some((Item { name, value: ItemValue::Bytes(data) }, used));
    };
    let list = |of| List { bytes: data, at: 0, of };
    let value = match form {
        Form::Text => ItemValue::Bytes(data),
        Form::Numbers(widths) if fits(data, usize::from(widths[0])) => {
            ItemValue::Numbers(data, widths)
        }
        Form::Values(of) if std::ptr::eq(of, &ADDRESSES) && !fits(data, 4) => {
            return Some((broken, bytes.len()));
        }
        Form::Values(of) if !data.is_empty() => ItemValue::Values(list(of)),
        Form::List(of) if !std::ptr::eq(of, &ROUTES) || routes_fit(data) => {
            ItemValue::List(list(of))
        }
        _ => return Some((broken, bytes.len())),
    };
    let name = ItemName::Known(name);
    Some((Item { name, value }, used))
}

fn fits(data: &[u8], width: usize) -> bool {
    !data.is_empty() && data.len().is_multiple_of(width)
}

static MESSAGE_NAMES: Names = Names(&[
    (1, "discover"),
    (2, "offer"),
    (3, "request"),
    (4, "decline"),
    (5, "ack"),
    (6, "nak"),
    (7, "release"),
    (8, "inform"),
    (9, "force_renew"),
    (10, "lease_query"),
    (11, "lease_unassigned"),
    (12, "lease_unknown"),
    (13, "lease_active"),
]);

pub(super) static MESSAGE_TYPES: ListOf = ListOf {
    next: |bytes, at| code(bytes, at, |code| MESSAGE_NAMES.get(code)),
    quote: "",
};

pub(super) static CODES: ListOf = ListOf {
    next: |bytes, at| code(bytes, at, |_| None),
    quote: "",
};

pub(super) static NONCES: ListOf = ListOf {
    next: |bytes, at| code(bytes, at, |code| (code == 1).then_some("HMAC-MD5")),
    quote: "",
};

/// The next byte, by its name if it has one.
fn code<'a>(
    bytes: &[u8],
    at: &mut usize,
    name: fn(u64) -> Option<&'static str>,
) -> Option<Value<'a>> {
    let code = u64::from(*bytes.get(*at)?);
    *at += 1;
    Some(name(code).map_or(Value::Uint(code), Value::Word))
}

pub(super) static ADDRESSES: ListOf = ListOf {
    next: |bytes, at| {
        let octets: [u8; 4] = bytes.get(*at..*at + 4)?.try_into().ok()?;
        *at += 4;
        Some(Value::Ipv4(Ipv4Addr::from(octets)))
    },
    quote: "",
};

/// Networks and the routers to them (RFC 3442): bits of the prefix, the prefix's bytes, the router.
pub(super) static ROUTES: ListOf = ListOf {
    next: |bytes, at| {
        let length = route(bytes.get(*at..)?)?;
        let route = bytes.get(*at..*at + length)?;
        *at += length;
        Some(Value::Written(route, |route, text| {
            let (prefix, router) = route.split_at(route.len().saturating_sub(4));
            for index in 0..4 {
                text.str(if index > 0 { "." } else { "" });
                text.dec(u64::from(*prefix.get(1 + index).unwrap_or(&0)));
            }
            text.str("/").dec(u64::from(*prefix.first().unwrap_or(&0))).str(":");
            for (index, byte) in router.iter().enumerate() {
                text.str(if index > 0 { "." } else { "" }).dec(u64::from(*byte));
            }
        }))
    },
    quote: "'",
};

/// How many bytes the first route has.
fn route(bytes: &[u8]) -> Option<usize> {
    let octets = usize::from(*bytes.first()?).div_ceil(8);
    let length = 5 + octets;
    (octets <= 4 && length <= bytes.len()).then_some(length)
}

fn routes_fit(mut data: &[u8]) -> bool {
    while let Some(length) = route(data) {
        data = &data[length..];
    }
    data.is_empty()
}

/// What the message is, if the options say.
pub(super) fn message_type(dhcp: &Layer) -> Option<u8> {
    let (mut rest, mut found) = (dhcp.header(), None);
    while let Some((_, used)) = split(rest) {
        if let [MESSAGE_TYPE, length, kind, ..] = rest
            && *length > 0
        {
            found = Some(*kind);
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    found
}

fn check(packet: &Packet, index: usize, remarks: &mut Remarks) {
    let mut rest = packet.layers[index].header();
    while let Some((item, used)) = split(rest) {
        if let ItemName::Nothing = item.name {
            let left = rest.len();
            remarks.error("options", format_args!("the last {left} bytes are no option: a length is wrong, or they are cut off"));
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    if message_type(&packet.layers[index]).is_none() {
        remarks.warn("options", format_args!("no message-type: servers take this for plain BOOTP"));
    }
}
