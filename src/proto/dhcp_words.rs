//! How tshark words a message of BOOTP or DHCP, for `line`.

use super::dhcp::{self, DHCP, FIXED, SHORTEST};
use crate::model::{Layer, Names, Packet, Text};

/// What a message needs that has none of DHCP's options: RFC 951's area for the vendor.
const VENDOR: usize = 64;
/// Bytes of an address that are shown.
const LONGEST: usize = 36;
/// What the options of DHCP start with.
const MAGIC: usize = 4;

pub(super) static KINDS: Names = Names(&[
    (1, "Discover"),
    (2, "Offer"),
    (3, "Request"),
    (4, "Decline"),
    (5, "ACK"),
    (6, "NAK"),
    (7, "Release"),
    (8, "Inform"),
    (9, "Force Renew"),
    (10, "Lease query"),
    (11, "Lease Unassigned"),
    (12, "Lease Unknown"),
    (13, "Lease Active"),
    (14, "Bulk Lease Query"),
    (15, "Lease Query Done"),
    (16, "Active LeaseQuery"),
    (17, "Lease Query Status"),
    (18, "TLS"),
]);

/// BOOTP's layer, and the options', given either.
fn message<'p, 'a>(packet: &'p Packet<'a>, index: usize) -> (&'p Layer<'a>, Option<&'p Layer<'a>>) {
    let layer = &packet.layers[index];
    match packet.below(index) {
        Some(below) if std::ptr::eq(layer.protocol, &DHCP) => (below, Some(layer)),
        _ => (layer, None),
    }
}

/// DHCP is what says its kind.
pub(super) fn column(packet: &Packet, index: usize) -> &'static str {
    let (_, options) = message(packet, index);
    match options.and_then(dhcp::message_type) {
        Some(_) => "DHCP",
        None => "BOOTP",
    }
}

pub(super) fn info(packet: &Packet, index: usize, text: &mut Text) {
    let (bootp, options) = message(packet, index);
    match options.and_then(dhcp::message_type) {
        Some(kind) => transaction(kind, bootp, text),
        None => purpose(bootp, text),
    }
    let complete = match options {
        Some(options) => are_whole(options.header()),
        None => match bootp.bytes().get(FIXED + VENDOR..) {
            // Behind the vendor's data tshark looks for options all the same.
            Some(rest) => are_whole(rest),
            None => dhcp::is_dhcp(bootp) && bootp.header().len() == FIXED + MAGIC,
        },
    };
    if !complete {
        text.str(packet.ran_out(index));
    }
}

/// `DHCP Offer    - Transaction ID 0x3d1d`
fn transaction(kind: u8, bootp: &Layer, text: &mut Text) {
    let start = text.str("DHCP ").len();
    match KINDS.get(kind.into()) {
        Some(name) => _ = text.str(name),
        None => {
            _ = text
                .str("Unknown Message Type (")
                .hex(kind.into(), 2)
                .str(")")
        }
    }
    let written = text.len() - start;
    text.spaces(8usize.saturating_sub(written));
    text.str(" - Transaction ID ").hex(bootp.u32(4).into(), 1);
}

/// `Boot Request from 08:00:27:b3:98:6a (08:00:27:b3:98:6a)`
fn purpose(bootp: &Layer, text: &mut Text) {
    match bootp.u8(0) {
        1 => {
            let address = bootp.header().get(SHORTEST..).unwrap_or_default();
            let Some(address) = address.get(..usize::from(bootp.u8(2))) else {
                return;
            };
            text.str("Boot Request from ");
            match <[u8; 6]>::try_from(address) {
                Ok(mac) if matches!(bootp.u8(1), 1 | 6) => {
                    text.mac(mac).str(" (").mac(mac).str(")");
                }
                _ if address.is_empty() => _ = text.str("<No address>"),
                _ => {
                    text.hex_bytes(&address[..address.len().min(LONGEST)]);
                    text.str(if address.len() > LONGEST { "…" } else { "" });
                }
            }
        }
        2 => _ = text.str("Boot Reply"),
        other => {
            _ = text
                .str("Unknown BOOTP message type (")
                .dec(other.into())
                .str(")")
        }
    }
}

/// What the first bytes tell.
pub(super) fn cut(packet: &Packet, index: usize, text: &mut Text) -> bool {
    let bootp = &packet.layers[index];
    if bootp.header().len() > 2 {
        purpose(bootp, text);
    }
    true
}

/// Whether no option runs beyond the end.
fn are_whole(mut options: &[u8]) -> bool {
    loop {
        options = match options {
            [] | [255, ..] => return true,
            [0, rest @ ..] => rest,
            [_, length, rest @ ..] if rest.len() >= usize::from(*length) => {
                &rest[usize::from(*length)..]
            }
            _ => return false,
        };
    }
}
