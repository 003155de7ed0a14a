//! Offsets, bytes and characters as `tcpdump -XX` prints them, each layer in its colour.

use super::{Paint, Role, View};
use crate::model::{Packet, Text};

/// Bytes a row.
const ROW: usize = 16;

pub(super) fn packet(view: &View, paint: &Paint, text: &mut Text) {
    for (index, row) in view.packet.bytes.chunks(ROW).enumerate() {
        let offset = ROW * index;
        text.str("\t0x");
        text.hex_bytes(&(offset as u16).to_be_bytes()).str(":  ");
        let start = text.len();
        let mut printed = 0;
        runs(view.packet, offset, row, &mut |depth, run, first| {
            paint.with(Role::Depth(depth), text, |text| {
                for (place, byte) in run.iter().enumerate() {
                    let column = first + place;
                    if column > 0 && column.is_multiple_of(2) {
                        text.str(" ");
                        printed += 1;
                    }
                    text.hex_bytes(&[*byte]);
                    printed += 2;
                }
            });
        });
        debug_assert!(text.len() >= start + printed);
        text.spaces(ROW * 5 / 2 - 1 - printed + 2);
        runs(view.packet, offset, row, &mut |depth, run, _| {
            paint.with(Role::Depth(depth), text, |text| {
                for byte in run {
                    text.ascii(if byte.is_ascii_graphic() { *byte } else { b'.' });
                }
            });
        });
        text.str("\n");
    }
}

/// Cuts a row where one layer's header ends and the next begins: the depth, the bytes, and the
/// column of the first.
fn runs(packet: &Packet, offset: usize, row: &[u8], each: &mut dyn FnMut(usize, &[u8], usize)) {
    let end = offset + row.len();
    for (depth, layer) in packet.layers.iter().enumerate() {
        let (from, to) = (layer.start.max(offset), layer.end.min(end));
        if from < to {
            each(depth, &row[from - offset..to - offset], from - offset);
        }
    }
}
