//! What several tests share: the fixtures, every way of printing, and repeatable randomness.
#![allow(dead_code, unreachable_pub)] // every test takes what it needs

use std::fs;
use std::path::{Path, PathBuf};
use tunlab::capture::{Frame, Interface, Timestamp};
use tunlab::model::{LinkType, Text};
use tunlab::packet::dissect_captured;
use tunlab::render::{Format, Options, Paint, Renderer, View};

/// The folders in `fixtures/`, in order.
pub fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("capture.pcap").exists())
        .collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

/// A captured packet that a test keeps.
#[derive(Clone)]
pub struct Sample {
    pub name: String,
    pub link: LinkType,
    pub bytes: Vec<u8>,
}

/// Every packet of every fixture.
pub fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for folder in fixtures() {
        let mut source = tunlab::capture::open(&folder.join("capture.pcap")).unwrap();
        while let Some(frame) = source.next().unwrap() {
            samples.push(Sample {
                name: format!("{} packet {}", folder.display(), frame.number),
                link: frame.link,
                bytes: frame.bytes.to_vec(),
            });
        }
    }
    samples
}

/// Link types that frames are tried as: all that have names, and one that has none.
pub const LINKS: [LinkType; 8] = [
    LinkType(0),
    LinkType(1),
    LinkType(101),
    LinkType(113),
    LinkType(228),
    LinkType(229),
    LinkType(276),
    LinkType(147),
];

/// Every way of printing but tables, which are drawn by the page: name, options, coloured.
pub fn formats() -> Vec<(&'static str, Options, bool)> {
    let options = |format, explain, remarks| Options {
        format,
        explain,
        remarks,
    };
    vec![
        ("show", options(Format::Show, false, false), false),
        ("show, explained", options(Format::Show, true, true), false),
        ("show, coloured", options(Format::Show, true, true), true),
        ("line", options(Format::Line, false, false), false),
        ("line, remarks", options(Format::Line, false, true), true),
        ("json", options(Format::Json, false, false), false),
        ("hex", options(Format::Hex, false, true), false),
        ("hex, coloured", options(Format::Hex, false, true), true),
        ("bits", options(Format::Bits, false, false), false),
        ("bits, coloured", options(Format::Bits, false, true), true),
    ]
}

/// Appends `bytes`, printed, to `text`.
pub fn print(renderer: &mut Renderer, link: LinkType, bytes: &[u8], text: &mut Text) {
    print_captured(renderer, link, bytes, bytes.len(), text);
}

/// The same of a packet that was longer on the wire.
fn print_captured(
    renderer: &mut Renderer,
    link: LinkType,
    bytes: &[u8],
    wire_len: usize,
    text: &mut Text,
) {
    let packet = dissect_captured(link, bytes, wire_len);
    let frame = Frame {
        number: 1,
        time: Timestamp(1_600_754_581_123_456_789),
        link,
        wire_len: wire_len as u32,
        bytes,
        interface: Some(Interface::named("tun0")),
        direction: None,
    };
    let view = View {
        frame: &frame,
        packet: &packet,
        notes: &[],
    };
    renderer.packet(&view, text);
}

/// Prints packets in every format and says what is wrong with the text.
pub struct Printers {
    all: Vec<(&'static str, bool, Renderer)>,
    text: Text,
}

impl Printers {
    pub fn new() -> Printers {
        let table = Options {
            format: Format::Table,
            explain: false,
            remarks: false,
        };
        let all = formats()
            .into_iter()
            .chain([("table", table, false)])
            .map(|(name, options, colour)| {
                (name, colour, Renderer::new(options, Paint::new(colour)))
            })
            .collect();
        Printers {
            all,
            text: Text::with_capacity(1 << 20),
        }
    }

    /// Prints in every format; panics with the reason when a text is not fit for a terminal.
    pub fn try_all(&mut self, link: LinkType, bytes: &[u8]) {
        for (name, colour, renderer) in &mut self.all {
            self.text.clear();
            print(renderer, link, bytes, &mut self.text);
            renderer.flush(&mut self.text);
            if let Err(why) = fit(name, *colour, self.text.as_bytes()) {
                panic!("{name}: {why}: link type {}, bytes {bytes:02x?}", link.0);
            }
        }
    }
}

/// Whether a text is UTF-8 without control characters other than its format's own.
pub fn fit(format: &str, coloured: bool, text: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    let own = |character| match character {
        '\n' => true,
        '\t' => format.starts_with("hex"),
        '\x1b' => coloured,
        _ => false,
    };
    if let Some(bad) = text.chars().find(|c| c.is_control() && !own(*c)) {
        return Err(format!("raw {bad:?}"));
    }
    let lines = text.matches('\n').count();
    match format {
        "line" if lines != 1 => Err(format!("{lines} lines")),
        "json" => {
            if lines != 1 {
                return Err(format!("{lines} lines"));
            }
            serde_json::from_str::<serde_json::Value>(text)
                .map(|_| ())
                .map_err(|error| format!("{error} in {text}"))
        }
        _ => Ok(()),
    }
}

/// Numbers that look random and are the same in every run: xorshift64* (Vigna 2016).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit
    }

    pub fn byte(&mut self) -> u8 {
        (self.next() >> 56) as u8
    }

    /// `length` random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.byte()).collect()
    }

    /// Changes `bytes` in one of the ways that break parsers.
    pub fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const EDGES: [u8; 8] = [0, 1, 4, 0x3f, 0x40, 0x7f, 0x80, 0xff];
        if bytes.is_empty() {
            bytes.push(self.byte());
            return;
        }
        let at = self.below(bytes.len());
        match self.below(6) {
            0 => bytes[at] = self.byte(),
            1 => bytes[at] ^= 1 << self.below(8),
            2 => bytes[at] = EDGES[self.below(EDGES.len())],
            3 => bytes.truncate(at),
            4 => {
                let length = 1 + self.below(8);
                let inserted = self.bytes(length);
                bytes.splice(at..at, inserted);
            }
            _ => {
                let end = (at + 1 + self.below(16)).min(bytes.len());
                let copied = bytes[at..end].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, copied);
            }
        }
    }
}

/// The folder of real captures, or why there is none.
pub fn captures() -> Result<PathBuf, String> {
    match std::env::var_os("TUNLAB_CAPTURES") {
        Some(folder) => Ok(PathBuf::from(folder)),
        None => Err("TUNLAB_CAPTURES names no folder of captures".to_owned()),
    }
}

/// The files of a folder, in order.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    Ok(files)
}

/// DLT_EN10MB.
pub const ETHERNET: u16 = 1;

/// An Ethernet header with this type behind it.
pub fn framed(kind: &str, rest: &str) -> String {
    format!("020000000002020000000001{kind}{rest}")
}

/// A packet of `link` that starts with the bytes given in hexadecimal, in one format.
pub fn print_hex(
    format: Format,
    remarks: bool,
    link: u16,
    hex: &str,
    wire_len: Option<usize>,
) -> String {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let wire_len = wire_len.unwrap_or(bytes.len());
    let options = Options {
        format,
        explain: false,
        remarks,
    };
    let (mut renderer, mut text) = (Renderer::new(options, Paint::new(false)), Text::default());
    print_captured(&mut renderer, LinkType(link), &bytes, wire_len, &mut text);
    text.as_str().to_owned()
}
