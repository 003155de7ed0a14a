//! Offsets, bytes and characters as `tcpdump -XX` prints them, each layer in its colour.

use super::{Paint, Role, View};
use crate::model::{Packet, Text, hex_pair};
use std::ops::Range;

/// Bytes a row.
const ROW: usize = 16;

/// Characters of a full row's digits.
const DIGITS: usize = ROW * 5 / 2 - 1;

pub(super) fn packet(view: &View, paint: &Paint, text: &mut Text) {
    for (index, row) in view.packet.bytes.chunks(ROW).enumerate() {
        let offset = ROW * index;
        text.str("\t0x");
        text.hex_bytes(&(offset as u16).to_be_bytes()).str(":  ");
        let (digits, characters) = (digits(row), characters(row));
        let mut printed = 0;
        runs(view.packet, offset, row.len(), &mut |depth, run| {
            let start = place(run.start) - usize::from(run.start > 0 && run.start % 2 == 0);
            let digits = &digits[start..place(run.end - 1) + 2];
            printed += digits.len();
            paint.with(Role::Depth(depth), text, |text| _ = text.all_ascii(digits));
        });
        text.spaces(DIGITS - printed + 2);
        runs(view.packet, offset, row.len(), &mut |depth, run| {
            let characters = &characters[run];
            paint.with(Role::Depth(depth), text, |text| {
                _ = text.all_ascii(characters)
            });
        });
        text.str("\n");
    }
}

/// Where the digits of a row's byte stand: a blank follows every second byte.
fn place(column: usize) -> usize {
    5 * (column / 2) + 2 * (column % 2)
}

fn digits(row: &[u8]) -> [u8; DIGITS] {
    let mut digits = [b' '; DIGITS];
    for (column, byte) in row.iter().enumerate() {
        let place = place(column);
        digits[place..place + 2].copy_from_slice(&hex_pair(*byte));
    }
    digits
}

fn characters(row: &[u8]) -> [u8; ROW] {
    let mut characters = [b'.'; ROW];
    for (place, byte) in characters.iter_mut().zip(row) {
        if byte.is_ascii_graphic() {
            *place = *byte;
        }
    }
    characters
}

/// Cuts a row where one layer's header ends and the next begins: the depth and the columns.
fn runs(packet: &Packet, offset: usize, len: usize, each: &mut dyn FnMut(usize, Range<usize>)) {
    let end = offset + len;
    for (depth, layer) in packet.layers.iter().enumerate() {
        let (from, to) = (layer.start.max(offset), layer.end.min(end));
        if from < to {
            each(depth, from - offset..to - offset);
        }
    }
}
