//! Every capture in `fixtures/` against the exact text beside it, in every format.
//! `TUNLAB_BLESS=1 cargo test --test fixtures` writes the texts anew; read the difference.

mod common;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use tunlab::model::Text;
use tunlab::packet::dissect_captured;
use tunlab::render::{Format, Options, Paint, Renderer, View};

#[test]
fn every_fixture_prints_as_written_beside_it() {
    let bless = std::env::var_os("TUNLAB_BLESS").is_some();
    let mut wrong = String::new();
    for folder in common::fixtures() {
        for (name, options) in formats() {
            let file = folder.join(name);
            let printed = print(&folder.join("capture.pcap"), options);
            if bless {
                fs::write(&file, &printed).unwrap();
            }
            let expected = fs::read_to_string(&file).unwrap_or_default();
            if printed != expected {
                writeln!(wrong, "{}", first_difference(&file, &expected, &printed)).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn formats() -> [(&'static str, Options); 7] {
    let options = |format, explain, remarks| Options {
        format,
        explain,
        remarks,
    };
    [
        ("show.txt", options(Format::Show, false, false)),
        ("explain.txt", options(Format::Show, true, true)),
        ("line.txt", options(Format::Line, false, true)),
        ("json.txt", options(Format::Json, false, false)),
        ("hex.txt", options(Format::Hex, false, false)),
        ("bits.txt", options(Format::Bits, false, false)),
        ("table.txt", options(Format::Table, false, false)),
    ]
}

fn print(capture: &Path, options: Options) -> String {
    let mut source = tunlab::capture::open(capture).unwrap();
    let mut renderer = Renderer::new(options, Paint::new(false));
    let mut text = Text::default();
    while let Some(frame) = source.next().unwrap() {
        let packet = dissect_captured(frame.link, frame.bytes, frame.wire_len as usize);
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

fn first_difference(file: &Path, expected: &str, printed: &str) -> String {
    let mut lines = expected.lines().zip(printed.lines()).enumerate();
    match lines.find(|(_, (expected, printed))| expected != printed) {
        Some((number, (expected, printed))) => format!(
            "{}:{}\n  expected: {expected}\n   printed: {printed}",
            file.display(),
            number + 1
        ),
        None => format!(
            "{}: {} lines expected, {} printed",
            file.display(),
            expected.lines().count(),
            printed.lines().count()
        ),
    }
}
