//! Every way of printing, and what every text must be: UTF-8, no control characters of the
//! packet's own, one line where one is promised, JSON that parses.

use tunlab::capture::Frame;
use tunlab::model::Text;
use tunlab::packet::dissect_captured;
use tunlab::render::{Format, Options, Paint, Renderer, View};

pub struct Printers {
    all: Vec<(&'static str, bool, Renderer)>,
    text: Text,
}

impl Printers {
    pub fn new() -> Printers {
        let ways = [
            ("show", Format::Show, false, false),
            ("show, coloured", Format::Show, true, true),
            ("line", Format::Line, false, false),
            ("json", Format::Json, false, false),
            ("hex", Format::Hex, true, true),
            ("bits", Format::Bits, true, true),
            ("table", Format::Table, false, false),
        ];
        let all = ways.map(|(name, format, more, colour)| {
            let options = Options {
                format,
                explain: more,
                remarks: more,
            };
            (name, colour, Renderer::new(options, Paint::new(colour)))
        });
        Printers {
            all: all.into(),
            text: Text::default(),
        }
    }

    pub fn try_all(&mut self, frame: Frame) {
        let packet = dissect_captured(frame.link, frame.bytes, frame.wire_len as usize);
        let view = View {
            frame: &frame,
            packet: &packet,
            notes: &[],
        };
        for (name, colour, renderer) in &mut self.all {
            self.text.clear();
            renderer.packet(&view, &mut self.text);
            renderer.flush(&mut self.text);
            check(name, *colour, self.text.as_bytes());
        }
    }
}

pub fn check(what: &str, coloured: bool, text: &[u8]) {
    let text = std::str::from_utf8(text).expect(what);
    for character in text.chars().filter(|character| character.is_control()) {
        let own = match character {
            '\n' => true,
            '\t' => what == "hex",
            '\x1b' => coloured,
            _ => false,
        };
        assert!(own, "{what}: raw {character:?}");
    }
    if matches!(what, "line" | "json") {
        assert_eq!(text.matches('\n').count(), 1, "{what}: {text}");
    }
    if what == "json" {
        serde_json::from_str::<serde_json::Value>(text).expect(text);
    }
}
