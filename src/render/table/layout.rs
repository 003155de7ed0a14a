//! Which columns a table has: on a narrow terminal the addresses stand one above the other, and
//! what is needed least is left out, so that the info keeps room for words.

use super::Cells;
use unicode_width::UnicodeWidthStr;

/// Columns for the info, unless it is shorter anyway: with fewer, the next layout is tried.
const WANTED: usize = 32;

/// Columns that the info has at least, be the terminal narrower than the table.
const LEAST: usize = 24;

/// Columns down to which addresses are broken to make room: an IPv4 address with its arrow.
const BROKEN: usize = 17;

/// Lines of a row where the info is narrow: some names alone would fill a screen.
const LINES: usize = 6;

const ARROW: &str = "→ ";

/// How the seven cells of a packet become columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    shape: Shape,
    /// Columns of the addresses, one above the other.
    addresses: usize,
    /// Columns of the whole table, which a narrower terminal breaks.
    pub(super) width: u16,
    /// Lines that a row has at most.
    pub(super) lines: Option<usize>,
}

/// Each needs less room than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// All seven columns.
    Full,
    /// No length.
    NoLength,
    /// Milliseconds, and a short word above the protocols.
    Brief,
    /// The same with the destination below the source.
    Stacked,
    /// The same with the protocol at the start of the info.
    Joined,
    /// The same without time.
    Timeless,
}

impl Layout {
    /// All columns, as wide as they need be.
    pub(super) fn full() -> Layout {
        Layout {
            shape: Shape::Full,
            addresses: 0,
            width: 0,
            lines: None,
        }
    }

    /// The first that leaves the info enough of a terminal's columns.
    pub(super) fn fitting(rows: &[Cells], width: usize) -> Layout {
        let widths = Widths::of(rows);
        let beside = [Shape::Full, Shape::NoLength, Shape::Brief];
        let wanted = widths.0[6].clamp("info".len(), WANTED);
        for shape in beside {
            if widths.around(shape) + wanted <= width {
                return Layout {
                    shape,
                    ..Layout::full()
                };
            }
        }
        let above = [Shape::Stacked, Shape::Joined, Shape::Timeless].map(|shape| {
            let room = width.saturating_sub(widths.around(shape) + LEAST);
            let addresses = widths.0[2].max(widths.0[3] + ARROW.width());
            let addresses = addresses.min(room.max(BROKEN));
            let width = widths.around(shape) + addresses + LEAST;
            Layout {
                shape,
                addresses,
                width: u16::try_from(width).unwrap_or(u16::MAX),
                lines: Some(LINES),
            }
        });
        let fits = |layout: &&Layout| usize::from(layout.width) <= width;
        *above.iter().find(fits).unwrap_or(&above[2])
    }

    /// What stands above the columns.
    pub(super) fn header(&self) -> Vec<String> {
        let names = [
            "no",
            "time",
            "source",
            "destination",
            self.shape.protocol(),
            "length",
            "info",
        ];
        self.shape.columns(names.map(str::to_owned), |pair| {
            format!("{}\n{ARROW}{}", pair[0], pair[1])
        })
    }

    /// A packet's row.
    pub(super) fn row(&self, mut cells: Cells) -> Vec<String> {
        if self.shape.is_brief() {
            let micros = cells[1].len().saturating_sub(3);
            cells[1].truncate(micros);
        }
        if self.shape.is_joined() {
            cells[6] = format!("{} {}", cells[4], cells[6]);
        }
        self.shape.columns(cells, |[source, destination]| {
            let mut lines = broken(&source, self.addresses);
            let room = self.addresses - ARROW.width();
            for (index, part) in broken(&destination, room).into_iter().enumerate() {
                let before = if index == 0 { ARROW } else { "  " };
                lines.push(format!("{before}{part}"));
            }
            lines.join("\n")
        })
    }
}

impl Shape {
    fn is_brief(self) -> bool {
        !matches!(self, Shape::Full | Shape::NoLength)
    }

    fn is_stacked(self) -> bool {
        matches!(self, Shape::Stacked) || self.is_joined()
    }

    fn is_joined(self) -> bool {
        matches!(self, Shape::Joined | Shape::Timeless)
    }

    /// What stands above the protocols.
    fn protocol(self) -> &'static str {
        if self.is_brief() { "proto" } else { "protocol" }
    }

    /// The cells that are left, source and destination put together by `stack`.
    fn columns(self, cells: Cells, stack: impl FnOnce([String; 2]) -> String) -> Vec<String> {
        let [number, time, source, destination, protocol, length, info] = cells;
        let mut columns = vec![number];
        if self != Shape::Timeless {
            columns.push(time);
        }
        if self.is_stacked() {
            columns.push(stack([source, destination]));
        } else {
            columns.extend([source, destination]);
        }
        if !self.is_joined() {
            columns.push(protocol);
        }
        if self == Shape::Full {
            columns.push(length);
        }
        columns.push(info);
        columns
    }
}

/// How wide each of the seven cells gets on a page, its header left out.
struct Widths([usize; 7]);

impl Widths {
    fn of(rows: &[Cells]) -> Widths {
        let mut widths = [0; 7];
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        Widths(widths)
    }

    /// Columns of everything but the info and addresses one above the other.
    fn around(&self, shape: Shape) -> usize {
        let [number, mut time, source, destination, protocol, length, _] = self.0;
        if shape.is_brief() {
            time = time.saturating_sub(3);
        }
        let mut columns = vec![number.max("no".len())];
        if shape != Shape::Timeless {
            columns.push(time.max("time".len()));
        }
        if shape.is_stacked() {
            columns.push(0);
        } else {
            columns.push(source.max("source".len()));
            columns.push(destination.max("destination".len()));
        }
        if !shape.is_joined() {
            columns.push(protocol.max(shape.protocol().len()));
        }
        if shape == Shape::Full {
            columns.push(length.max("length".len()));
        }
        // Each column, the info too, has a blank on either side and a line before it.
        let lines = 3 * (columns.len() + 1) + 1;
        columns.iter().sum::<usize>() + lines
    }
}

/// An address in lines of at most `room` columns, broken behind colons.
fn broken(address: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for part in address.split_inclusive(':') {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].width() + part.width() > room {
            lines.push(part.to_owned());
        } else {
            lines[last] += part;
        }
    }
    lines
}
