//! Each header as the RFCs draw it: 32 bits a row, filled with this packet's values.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |version|  ihl  |      tos      |              len              |
//! |   4   |   5   |      0x0      |              84               |
//! ```

use super::{Paint, Role, View, value};
use crate::model::{Kind, Layer, Present, Text, Value};
use arrayvec::ArrayVec;

/// Bits a row.
const ROW: usize = 32;

/// What stands in one row for one field: its share of the row's bits.
struct Cell<'a> {
    present: Present<'a>,
    bits: usize,
    /// Whether the field starts here; its value is written here, then.
    first: bool,
}

/// What stands between name and value in the legend.
const EQUALS: &str = " = ";

/// Columns of so many bits, the lines around them left out.
fn columns(bits: usize) -> usize {
    2 * bits - 1
}

/// Draws a packet's headers one after the other.
pub(super) struct Bits<'b> {
    pub(super) paint: &'b Paint,
    /// Whether values stand under the names.
    pub(super) values: bool,
    /// Room for a value before it is centred.
    pub(super) scratch: &'b mut Text,
    pub(super) text: &'b mut Text,
}

impl Bits<'_> {
    pub(super) fn packet(&mut self, view: &View) {
        for layer in &view.packet.layers {
            self.layer(layer);
        }
        self.text.str("\n");
    }

    fn layer(&mut self, layer: &Layer) {
        self.paint.with(Role::Title, self.text, |text| {
            text.str(layer.title());
        });
        self.text.str("\n");
        self.header(layer);
    }

    /// Draws one header.
    pub(super) fn header(&mut self, layer: &Layer) {
        let drawn = || layer.fields().filter(|present| present.bits > 0);
        if drawn().next().is_none() {
            return;
        }
        if drawn().any(|present| !is_block(&present)) {
            self.ruler();
        }
        self.rule();
        let mut row: ArrayVec<Cell, ROW> = ArrayVec::new();
        let mut used = 0;
        for present in layer.fields() {
            if is_block(&present) {
                self.row(layer, &mut row, &mut used);
                self.block(layer, &present);
                continue;
            }
            let mut left = present.bits;
            while left > 0 {
                let bits = left.min(ROW - used);
                let first = left == present.bits;
                row.push(Cell {
                    present,
                    bits,
                    first,
                });
                (used, left) = (used + bits, left - bits);
                if used == ROW {
                    self.row(layer, &mut row, &mut used);
                    // As the RFCs draw an IPv6 address: whole rows that go on stay open.
                    while left >= ROW {
                        self.open_row();
                        left -= ROW;
                    }
                }
            }
        }
        self.row(layer, &mut row, &mut used);
        self.legend(layer);
    }

    /// Names, and values, that had no room in their cells.
    fn legend(&mut self, layer: &Layer) {
        let (mut used, mut column) = (0, 0);
        for present in layer.fields() {
            if is_block(&present) || present.bits == 0 {
                used *= usize::from(present.bits == 0);
                continue;
            }
            let room = columns(present.bits.min(ROW - used));
            used = (used + present.bits) % ROW;
            let width = self.entry(layer, &present);
            let value = width - present.field.name.len();
            if present.field.name.len() <= room && value <= room + EQUALS.len() {
                continue;
            }
            let goes_on = column > 0 && column + 2 + width < 2 * ROW;
            let before = match column {
                0 => "  ",
                _ if goes_on => ", ",
                _ => ",\n  ",
            };
            column = if goes_on { column } else { 0 } + 2 + width;
            self.text.str(before).str(self.scratch.as_str());
        }
        if column > 0 {
            self.text.str("\n");
        }
    }

    /// Puts what the legend says of a field into `scratch`; how many columns it takes.
    fn entry(&mut self, layer: &Layer, present: &Present) -> usize {
        self.scratch.clear();
        self.scratch.str(present.field.name);
        if self.values {
            self.scratch.str(EQUALS);
            value::write(layer, present, self.scratch);
        }
        self.scratch.as_str().chars().count()
    }

    fn ruler(&mut self) {
        self.text.str(" ");
        for ten in 0..4 {
            self.text.dec(ten).spaces(if ten < 3 { 19 } else { 0 });
        }
        self.text.str("\n");
        for bit in 0..ROW as u64 {
            self.text.str(" ").dec(bit % 10);
        }
        self.text.str("\n");
    }

    fn rule(&mut self) {
        for _ in 0..ROW {
            self.text.str("+-");
        }
        self.text.str("+\n");
    }

    /// Opens the rule above and adds a row to the same field.
    fn open_row(&mut self) {
        let rule = 2 * ROW + 2;
        self.text.truncate(self.text.len() - rule);
        for edge in ["+", "|"] {
            self.text.str(edge).spaces(2 * ROW - 1).str(edge).str("\n");
        }
        self.rule();
    }

    /// Writes the collected row: names, values, a rule.
    fn row(&mut self, layer: &Layer, row: &mut ArrayVec<Cell, ROW>, used: &mut usize) {
        if row.is_empty() {
            return;
        }
        let lines = [Line::Names, Line::Values];
        for line in &lines[..1 + usize::from(self.values)] {
            for cell in row.iter() {
                self.scratch.clear();
                let role = match line {
                    Line::Names => {
                        self.scratch.str(cell.present.field.name);
                        Role::Name
                    }
                    Line::Values => {
                        if cell.first && self.values {
                            value::write(layer, &cell.present, self.scratch);
                        }
                        Role::Value
                    }
                };
                self.text.str("|");
                self.centred(columns(cell.bits), role);
            }
            self.text.str("|\n");
        }
        self.rule();
        row.clear();
        *used = 0;
    }

    /// Writes what is in `scratch` into the middle of `width` columns, cut to fit.
    fn centred(&mut self, width: usize, role: Role) {
        let written = self.scratch.as_str();
        let length = written.chars().count();
        let (shown, cut) = if length <= width {
            (written, false)
        } else {
            // Of one column, the first letter says more than that something is left out.
            let keep = width.saturating_sub(1).max(1);
            let end = written.char_indices().nth(keep).map_or(0, |(at, _)| at);
            (&written[..end], width > 1)
        };
        let length = length.min(width);
        let before = (width - length) / 2;
        self.text.spaces(before);
        self.paint.with(role, self.text, |text| {
            text.str(shown).str(if cut { "…" } else { "" });
        });
        self.text.spaces(width - length - before);
    }

    /// A field of no fixed width: one row of its own.
    fn block(&mut self, layer: &Layer, present: &Present) {
        if present.bits == 0 {
            return;
        }
        self.scratch.clear();
        self.scratch
            .str(present.field.name)
            .str(" (")
            .dec(present.bits as u64 / 8)
            .str(" bytes)");
        self.text.str("|");
        self.centred(2 * ROW - 1, Role::Name);
        self.text.str("|\n");
        self.scratch.clear();
        match present.value {
            Value::Packets(children) => {
                for (index, child) in children.of(layer).enumerate() {
                    self.scratch
                        .str(if index > 0 { ", " } else { "" })
                        .str(child.title());
                }
            }
            _ => value::write(layer, present, self.scratch),
        }
        self.text.str("|");
        self.centred(2 * ROW - 1, Role::Value);
        self.text.str("|\n");
        self.rule();
    }
}

enum Line {
    Names,
    Values,
}

/// Whether a field has no place in the grid: its width varies, or it is long.
fn is_block(present: &Present) -> bool {
    match present.field.kind {
        Kind::Uint(_) | Kind::Flags(_) | Kind::Custom(_) | Kind::Mac | Kind::Ipv4 | Kind::Ipv6 => {
            false
        }
        _ => present.bits > 4 * ROW || !present.bits.is_multiple_of(ROW),
    }
}
