//! The `tunlab` command.
use std::io::Write;
use tunlab::{capture::Source, model::Text, packet::dissect, render::*};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let format = match args[2].as_str() {
        "show" => Format::Show,
        "line" => Format::Line,
        "json" => Format::Json,
        _ => Format::Hex,
    };
    let mut source: Box<dyn Source> = tunlab::capture::open(args[1].as_ref()).unwrap();
    let mut r = Renderer::new(
        Options {
            format,
            explain: args.len() > 3,
            remarks: args.len() > 3,
        },
        Paint::new(args.len() > 4),
    );
    let mut text = Text::default();
    while let Ok(Some(frame)) = source.next() {
        let packet = dissect(frame.link, frame.bytes);
        if std::env::var("SEP").is_ok() {
            use std::fmt::Write;
            write!(text, "=== {}\n", frame.number).unwrap();
        }
        r.packet(
            &View {
                frame,
                packet: &packet,
                notes: &[],
            },
            &mut text,
        );
        if text.len() > 60000 {
            std::io::stdout().write_all(text.as_bytes()).unwrap();
            text.clear();
        }
    }
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}
