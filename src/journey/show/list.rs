//! A hop a line: number, microseconds since the first, where, what; and below what changed.

use super::{Story, micros, painted, role, tame};
use crate::capture::Direction;
use crate::journey::path::{Hop, Question};
use crate::journey::words;
use crate::model::Text;
use crate::render::{Paint, Role};

/// Columns before a packet; what changed is indented as much.
const INDENT: usize = 17;

/// Appends the journey to `text`.
pub fn list(story: &Story, paint: &Paint, text: &mut Text) {
    let hosts = story.path.hops.iter().map(|hop| tame(&hop.host).len());
    let devices = story.path.hops.iter().map(|hop| tame(&hop.device).len());
    let widths = (hosts.max().unwrap_or(1), devices.max().unwrap_or(4));
    let mut questions = story.path.questions.iter().peekable();
    for (hop, number) in story.path.hops.iter().zip(1..) {
        while let Some(question) = questions.next_if(|one| one.time <= hop.time) {
            self::question(story, question, widths, paint, text);
        }
        self::hop(story, hop, number, widths, paint, text);
    }
    for question in questions {
        self::question(story, question, widths, paint, text);
    }
    text.str(&story.verdict()).str("\n");
}

fn hop(
    story: &Story,
    hop: &Hop,
    number: u64,
    widths: (usize, usize),
    paint: &Paint,
    text: &mut Text,
) {
    text.dec_padded(number, 3, b' ').str(" ");
    time(story.path.since_start(hop.time), text);
    place(&hop.host, &hop.device, hop.direction, widths, text);
    if let Some(outer) = hop.outer {
        painted(
            paint,
            Role::Depth(2),
            &format!("UDP {} → {}", outer.src, outer.dst),
            text,
        );
        text.str(" | ");
    }
    let packet = &hop.packet;
    let what = words::what(hop);
    let words = format!("{} → {} {what}, TTL {}", packet.src, packet.dst, packet.ttl);
    painted(paint, role(hop), &words, text);
    text.str(&remarks(hop)).str("\n");
    for change in &hop.changed {
        text.spaces(INDENT);
        painted(paint, Role::Note, &change.to_string(), text);
        text.str("\n");
    }
}

/// What looks odd about a frame and is not.
fn remarks(hop: &Hop) -> String {
    let mut remarks = String::new();
    if hop.beside > 0 {
        remarks += &format!(", with {} more in a datagram still to be cut", hop.beside);
    }
    if hop.partial {
        remarks += ", checksum partial: a device will complete it";
    }
    remarks
}

fn question(
    story: &Story,
    question: &Question,
    widths: (usize, usize),
    paint: &Paint,
    text: &mut Text,
) {
    text.str("  - ");
    time(story.path.since_start(question.time), text);
    place(
        &question.host,
        &question.device,
        question.direction,
        widths,
        text,
    );
    painted(paint, Role::Warning, &question.to_string(), text);
    text.str("\n");
}

fn time(since: f64, text: &mut Text) {
    // µ counts for one column and two bytes.
    text.str(&format!("{:>11}  ", micros(since)));
}

fn place(
    host: &str,
    device: &str,
    direction: Direction,
    (host_width, device_width): (usize, usize),
    text: &mut Text,
) {
    let way = match direction {
        Direction::In => "in ",
        Direction::Out => "out",
    };
    let (host, device) = (tame(host), tame(device));
    text.str(&format!(
        "{host:<host_width$} {device:<device_width$} {way}  "
    ));
}
