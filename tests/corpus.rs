//! What fuzzing came upon, kept: every input by which a fuzz target reached code that no other
//! input reached (`fixtures/fuzz`, packed by `fuzz/keep`). None may make tunlab panic or print
//! what a terminal would obey; with each change of the code they reach as deep again.

mod common;

use common::Printers;
use flate2::read::GzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor};
use std::path::Path;
use tunlab::model::LinkType;
use tunlab::packet::dissect;
use tunlab::packet::filter::{Facts, Filter};

/// The inputs of a fuzz target: one a line, in hexadecimal.
fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
    let file = File::open(folder.join(format!("{target}.gz"))).unwrap();
    let lines = BufReader::new(GzDecoder::new(file)).lines();
    let inputs: Vec<_> = lines.map(|line| unhex(&line.unwrap())).collect();
    assert!(inputs.len() > 100, "{target}: {} inputs", inputs.len());
    inputs
}

fn unhex(line: &str) -> Vec<u8> {
    let digit = |byte: &u8| (*byte as char).to_digit(16).unwrap() as u8;
    let pairs = line.as_bytes().chunks(2);
    pairs
        .map(|pair| digit(&pair[0]) << 4 | digit(&pair[1]))
        .collect()
}

/// Two bytes of link type, then the packet.
fn packet(input: &[u8]) -> Option<(LinkType, &[u8])> {
    let (link, bytes) = input.split_first_chunk()?;
    Some((LinkType(u16::from_be_bytes(*link)), bytes))
}

#[test]
fn packets_in_every_format() {
    let mut printers = Printers::new();
    for input in inputs("dissect") {
        if let Some((link, bytes)) = packet(&input) {
            printers.try_all(link, bytes);
        }
    }
}

#[test]
fn capture_files_to_their_end_or_their_damage() {
    let mut printers = Printers::new();
    let (mut packets, mut damaged) = (0, 0);
    for input in inputs("capture") {
        let error = match tunlab::capture::from_reader("corpus".to_owned(), Cursor::new(input)) {
            Err(error) => Some(error),
            Ok(mut source) => loop {
                match source.next() {
                    Ok(Some(frame)) => printers.try_all(frame.link, frame.bytes),
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
                packets += 1;
            },
        };
        if let Some(error) = error {
            damaged += 1;
            common::fit("error", false, error.to_string().as_bytes()).unwrap();
        }
    }
    assert!(packets > 100 && damaged > 100, "{packets}, {damaged}");
}

#[test]
fn filters_are_asked_or_explained() {
    let (mut asked, mut explained) = (0, 0);
    for input in inputs("filter") {
        let mut parts = input.splitn(2, |byte| *byte == 0);
        let Some(Ok(text)) = parts.next().map(std::str::from_utf8) else {
            continue;
        };
        match Filter::compile(text) {
            Ok(filter) => {
                let Some((link, bytes)) = parts.next().and_then(packet) else {
                    continue;
                };
                let facts = Facts {
                    number: 1,
                    wire_len: bytes.len() as u32,
                    time: 0,
                    started: 0,
                    interface: None,
                };
                filter.selects(&dissect(link, bytes), &facts);
                asked += 1;
            }
            Err(error) => {
                assert!(text.is_char_boundary(error.at), "{text:?}");
                assert!(error.to_string().contains('^'), "{text:?}");
                explained += 1;
            }
        }
    }
    assert!(asked > 100 && explained > 100, "{asked}, {explained}");
}
