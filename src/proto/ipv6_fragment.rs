//! A piece of an IPv6 packet that was too big: RFC 8200 section 4.5. Unlike in IPv4 only the
//! sender cuts, and an extra header says so.

use super::ipv6::payload_info;
use super::ipv6_options::{NEXT, extension};
use crate::model::{Field, Layer, Next, Packet, Protocol, Text, Under};

pub(super) static PROTOCOLS: &[&Protocol] = &[&FRAGMENT];

static FRAGMENT: Protocol = extension(
    "IPv6ExtHdrFragment",
    "IPv6 Extension Header - Fragmentation header",
)
.aliases(&["ipv6.fraghdr"])
.about("Marks a piece of a packet that its sender cut; routers of IPv6 never cut.")
.under(&[Under::field("IPv6", "nh", 44)])
.header(8)
.fields(&[
    NEXT,
    Field::uint("res1", 8).doc("Kept for later, zero (RFC 8200)."),
    Field::uint("offset", 13)
        .doc("Where this piece's data belongs, in units of 8 bytes (RFC 8200).")
        .says(|_, offset, text| {
            match offset.number() {
                0 => text.str("the start of the data"),
                offset => text.str("byte ").dec(8 * offset).str(" of the data: a later piece, without the upper header"),
            };
        }),
    Field::uint("res2", 2).doc("Kept for later, zero (RFC 8200)."),
    Field::uint("m", 1)
        .aliases(&["ipv6.fraghdr.more"])
        .doc("Whether more pieces follow (RFC 8200).")
        .says(|fragment, more, text| {
            match (more.number(), offset(fragment)) {
                (0, 0) => text.str("the only piece: the packet is whole"),
                (0, _) => text.str("the last piece"),
                _ => text.str("more pieces follow"),
            };
        }),
    Field::uint("id", 32)
        .aliases(&["ipv6.fraghdr.ident"])
        .doc("Number that the pieces of one packet have in common (RFC 8200)."),
])
.next(|fragment| {
    // A later piece starts in the middle of the upper layer.
    if offset(fragment) == 0 { Next::Bound } else { Next::Raw }
})
.pseudo(|packet, index| {
    // A sum over the whole message cannot be judged by a piece of it.
    let whole = packet.layers[index].u16(2) & 0xfff9 == 0;
    whole.then(|| packet.pseudo_below(index))?
})
.info(info)
.stays(called)
.piece(|fragment| (fragment.u16(2) & 0xfff9 != 0).then_some(true));

fn offset(fragment: &Layer) -> u16 {
    fragment.u16(2) >> 3
}

fn info(packet: &Packet, index: usize, text: &mut Text) {
    let fragment = &packet.layers[index];
    if offset(fragment) == 0 {
        payload_info(packet, index, fragment.u8(0), text);
    } else {
        called(packet, index, text);
    }
}

/// What tshark calls such a header.
fn called(packet: &Packet, index: usize, text: &mut Text) {
    let fragment = &packet.layers[index];
    text.str("IPv6 fragment (off=").dec(8 * u64::from(offset(fragment)));
    text.str(if fragment.u8(3) & 1 == 1 { " more=y" } else { " more=n" });
    text.str(" ident=").hex(fragment.u32(4).into(), 8);
    text.str(" nxt=").dec(fragment.u8(0).into()).str(")");
}
