//! Offsets, bytes and characters as `tcpdump -XX` prints them, each layer in its colour.

use super::{Paint, Role, View};
use crate::model::{Packet, Text, hex_pair};
use std::ops::Range;

/// Bytes a row.
const ROW: usize = 16;

/// Where the characters stand behind a row's digits, and what ends them.
const CHARACTERS: usize = ROW * 5 / 2 - 1 + 2;
const END: usize = CHARACTERS + ROW;

pub(super) fn packet(view: &View, paint: &Paint, text: &mut Text) {
    for (index, row) in view.packet.bytes.chunks(ROW).enumerate() {
        // The compiler unrolls the loops over a row whose length it knows.
        let line = match row.first_chunk::<ROW>() {
            Some(full) => drawn(full),
            None => drawn(row),
        };
        text.ascii(b'\t')
            .hex(ROW as u64 * index as u64, 4)
            .str(":  ");
        if !paint.is_plain() {
            coloured(view.packet, ROW * index, &line, row.len(), paint, text);
        } else if row.len() == ROW {
            text.ascii_block(&line);
        } else {
            text.all_ascii(&line[..CHARACTERS + row.len()]).str("\n");
        }
    }
}

/// The text of a row. What a shorter one lacks is blank.
#[inline(always)]
fn drawn(row: &[u8]) -> [u8; END + 1] {
    let mut line = [b' '; END + 1];
    for (column, byte) in row.iter().enumerate() {
        let place = place(column);
        line[place..place + 2].copy_from_slice(&hex_pair(*byte));
        line[CHARACTERS + column] = CHARACTER[usize::from(*byte)];
    }
    line[END] = b'\n';
    line
}

/// Where the digits of a row's byte stand: a blank follows every second byte.
const fn place(column: usize) -> usize {
    5 * (column / 2) + 2 * (column % 2)
}

/// Each byte as the character that is shown for it.
const CHARACTER: [u8; 256] = {
    let mut table = [b'.'; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = byte;
        byte += 1;
    }
    table
};

fn coloured(
    packet: &Packet,
    offset: usize,
    line: &[u8; END + 1],
    len: usize,
    paint: &Paint,
    text: &mut Text,
) {
    let run = |run: Range<usize>, places: Range<usize>, text: &mut Text| {
        let piece = &line[places];
        match owner(packet, offset + run.start) {
            Some(depth) => paint.with(Role::Depth(depth), text, |text| _ = text.all_ascii(piece)),
            None => _ = text.all_ascii(piece),
        }
    };
    for columns in runs(packet, offset, len) {
        // The blank before a column belongs to it, unless it is the row's first.
        let blank = usize::from(columns.start > 0 && columns.start % 2 == 0);
        let places = place(columns.start) - blank..place(columns.end - 1) + 2;
        run(columns, places, text);
    }
    text.all_ascii(&line[place(len - 1) + 2..CHARACTERS]);
    for columns in runs(packet, offset, len) {
        let places = CHARACTERS + columns.start..CHARACTERS + columns.end;
        run(columns, places, text);
    }
    text.str("\n");
}

/// Cuts a row of `len` bytes where the bytes of one layer end and those of another begin.
fn runs(packet: &Packet, offset: usize, len: usize) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let owner_of = |column| owner(packet, offset + column);
        let mut end = start + 1;
        while end < len && owner_of(end) == owner_of(start) {
            end += 1;
        }
        let run = start..end;
        start = end;
        (run.start < len).then_some(run)
    })
}

/// The depth of the layer in whose header, or behind whose payload, a byte stands.
fn owner(packet: &Packet, byte: usize) -> Option<usize> {
    let owns = |range: Range<usize>| range.contains(&byte);
    let mut layers = packet.layers.iter();
    layers.position(|layer| owns(layer.start..layer.end) || owns(layer.limit..layer.tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Frame, Timestamp};
    use crate::model::LinkType;
    use crate::packet::dissect;

    fn printed(bytes: &[u8], paint: &Paint) -> String {
        let packet = dissect(LinkType::RAW, bytes);
        let frame = Frame {
            number: 1,
            time: Timestamp(0),
            link: LinkType::RAW,
            wire_len: bytes.len() as u32,
            bytes,
            interface: None,
            direction: None,
        };
        let view = View {
            frame: &frame,
            packet: &packet,
            notes: &[],
        };
        let mut text = Text::default();
        super::packet(&view, paint, &mut text);
        text.as_str().to_owned()
    }

    /// An ICMP error that quotes 128 bytes and adds an extension (RFC 4884).
    fn extended_error() -> Vec<u8> {
        let mut bytes = vec![0x45, 0, 0, 164, 0, 0, 0, 0, 64, 1, 0, 0];
        bytes.extend([192, 0, 2, 1, 192, 0, 2, 2, 11, 0, 0, 0, 0, 32, 0, 0]);
        bytes.extend([0x45, 0, 0, 128, 0, 0, 0, 0, 1, 17, 0, 0]);
        bytes.resize(28 + 128, 0);
        bytes.extend([0x20, 0, 0xdf, 0xff, 0, 4, 1, 1]);
        bytes
    }

    #[test]
    fn bytes_behind_a_payload_are_printed_too() {
        let bytes = extended_error();
        let packet = dissect(LinkType::RAW, &bytes);
        assert!(
            packet
                .layers
                .iter()
                .any(|layer| !layer.trailer().is_empty())
        );
        let plain = printed(&bytes, &Paint::new(false));
        assert!(plain.contains("\t0x0090:  0000 0000 0000 0000 0000 0000 2000 dfff"));
        assert!(plain.ends_with("\t0x00a0:  0004 0101                                ....\n"));
    }

    #[test]
    fn offsets_beyond_64_kilobytes_get_a_fifth_digit() {
        let text = printed(&[0; 0x10010], &Paint::new(false));
        assert!(text.contains("\t0xfff0:  0000"));
        assert!(text.contains("\t0x10000:  0000"));
    }

    #[test]
    fn colour_changes_no_word() {
        let mut bytes = extended_error();
        for _ in 0..ROW {
            bytes.push(b'~');
            let mut words = String::new();
            for piece in printed(&bytes, &Paint::new(true)).split('\x1b') {
                words += piece.split_once('m').map_or(piece, |(_, rest)| rest);
            }
            assert_eq!(words, printed(&bytes, &Paint::new(false)));
        }
    }
}
