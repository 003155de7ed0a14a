//! Tables on terminals of several widths.

use super::run::captures;
use std::path::Path;
use tunlab::model::Text;
use tunlab::packet::dissect;
use tunlab::render::{Format, Options, Paint, Renderer, View};

/// A capture as a table on a terminal of so many columns.
fn table(capture: &str, width: Option<u16>) -> String {
    let options = Options {
        format: Format::Table,
        explain: false,
        remarks: false,
    };
    let mut renderer = Renderer::new(options, Paint::new(false)).fit(width);
    let mut text = Text::default();
    let mut source = tunlab::capture::open(Path::new(capture)).unwrap();
    while let Some(frame) = source.next().unwrap() {
        let packet = dissect(frame.link, frame.bytes);
        let view = View {
            frame: &frame,
            packet: &packet,
            notes: &[],
        };
        renderer.packet(&view, &mut text);
    }
    renderer.flush(&mut text);
    text.as_str().to_owned()
}

/// How wide the columns are, blanks included.
fn columns(table: &str) -> Vec<usize> {
    let top = table.lines().next().unwrap_or_default();
    let inner = top.trim_matches(['┌', '┐']);
    inner.split('┬').map(|part| part.chars().count()).collect()
}

#[test]
fn the_info_of_a_table_was_a_letter_wide() {
    for (folder, capture) in captures() {
        for width in [60, 80, 100, 120, 200] {
            let table = table(&capture, Some(width));
            let place = format!("{} at {width}\n{table}", folder.display());
            let widest = table.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(width.into()), "{place}");
            let info = columns(&table).last().copied().unwrap_or_default();
            let longest = longest_info(&capture);
            assert!(info >= longest.min(24), "{place}");
        }
    }
}

fn longest_info(capture: &str) -> usize {
    columns(&table(capture, None))
        .last()
        .copied()
        .unwrap_or_default()
}

#[test]
fn no_terminal_has_all_columns() {
    for (_, capture) in captures() {
        let table = table(&capture, None);
        assert_eq!(columns(&table).len(), 7, "{table}");
        assert_eq!(table, self::table(&capture, Some(2000)), "{capture}");
    }
}

#[test]
fn a_narrow_table_loses_no_address() {
    let capture = super::run::capture("icmpv6");
    let narrow = table(&capture, Some(60));
    let addresses = narrow.lines().map(|line| {
        let cells: Vec<&str> = line.split(['│', '┆']).collect();
        cells
            .get(cells.len().saturating_sub(3))
            .map_or("", |cell| cell.trim())
    });
    let joined: String = addresses
        .map(|part| part.trim_start_matches("→ "))
        .collect();
    let whole = table(&capture, None);
    for line in whole.lines().filter(|line| line.starts_with('│')).skip(1) {
        let cells: Vec<&str> = line.split(['│', '┆']).collect();
        for address in [cells[3].trim(), cells[4].trim()] {
            assert!(joined.contains(address), "{address}\n{narrow}");
        }
    }
}
