//! The columns of `line` as a table, in pages as the packets arrive.

mod layout;

use super::{View, line, value};
use crate::capture::Timestamp;
use crate::model::{Summary, Text};
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, presets};
use layout::Layout;

/// Number, time, source, destination, protocol, length, info.
type Cells = [String; 7];

/// Packets a page at most; a quiet moment ends a page, too.
const PAGE: usize = 100;

/// The rows of a page that is not yet full.
#[derive(Default)]
pub(super) struct Page {
    /// Columns of the terminal; without one a row is as wide as it needs.
    pub(super) width: Option<u16>,
    rows: Vec<Cells>,
}

impl Page {
    /// Adds a packet; a full page is written.
    pub(super) fn packet(&mut self, view: &View, started: Timestamp, text: &mut Text) {
        let (source, destination) = line::endpoints(view.packet, 0);
        let summary = Summary::of(view.packet);
        self.rows.push([
            view.frame.number.to_string(),
            written(|text| line::seconds(started, view.frame.time, text)),
            written(|text| value::plain_address(source, text)),
            written(|text| value::plain_address(destination, text)),
            summary.column(view.packet).to_owned(),
            view.frame.wire_len.to_string(),
            written(|text| line::info(summary, view.packet, text)),
        ]);
        if self.rows.len() == PAGE {
            self.flush(text);
        }
    }

    /// Writes what there is.
    pub(super) fn flush(&mut self, text: &mut Text) {
        if self.rows.is_empty() {
            return;
        }
        let layout = match self.width {
            Some(width) => Layout::fitting(&self.rows, width.into()),
            None => Layout::full(),
        };
        let mut table = Table::new();
        table
            .load_style(presets::UTF8_FULL_CONDENSED)
            .set_truncation_indicator("…")
            .set_header(layout.header())
            .add_rows(self.rows.drain(..).map(|cells| {
                let mut row = Row::from(layout.row(cells));
                if let Some(lines) = layout.lines {
                    row.max_height(lines);
                }
                row
            }));
        match self.width {
            Some(width) => table
                .set_width(width.max(layout.width))
                .set_content_arrangement(ContentArrangement::Dynamic),
            None => table.force_no_tty(),
        };
        // Only the info is wrapped: half an address says nothing.
        let columns = table.column_count();
        for column in table.column_iter_mut().take(columns - 1) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        for line in table.lines() {
            text.str(&line).str("\n");
        }
    }
}

fn written(write: impl FnOnce(&mut Text)) -> String {
    let mut text = Text::default();
    write(&mut text);
    text.as_str().trim().to_owned()
}
