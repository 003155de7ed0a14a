//! The narration of a run: each step with the reason for it, the command as one would type it,
//! what it said, the packets that matter. At most 80 columns, and no flood.

use super::show::{wrapped, wrapped_to};
use crate::capture::{Direction, Frame, Interface, Timestamp};
use crate::model::{LinkType, Text};
use crate::packet::dissect_captured;
use crate::render::{Format, Options, Paint, Renderer, Role, View};
use crate::task::evidence::{Sighting, StepRecord};
use crate::task::{Action, Case, Step, Task};

/// Lines that are shown of what a command says.
const SAID: usize = 7;

/// Columns there are.
const WIDTH: usize = 80;

/// Opens a task: its title and message.
pub(super) fn open_task(task: &Task, paint: &Paint, text: &mut Text) {
    text.str("\n");
    let title = format!("== {}: {} ", task.id, task.title);
    let rule = "=".repeat(WIDTH.saturating_sub(title.chars().count()));
    paint.with(Role::Note, text, |text| _ = text.tame(&title).str(&rule));
    text.str("\n");
    prose(&task.message, 0, text);
}

/// Opens a case.
pub(super) fn open_case(task: &Task, case: &Case, paint: &Paint, text: &mut Text) {
    text.str("\n");
    let title = format!("-- {} ", case.name);
    let rule = "-".repeat(WIDTH.saturating_sub(title.chars().count()));
    paint.with(Role::Name, text, |text| _ = text.tame(&title).str(&rule));
    text.str("\n");
    prose(&case.about, 0, text);
    text.str("lab: ")
        .str(task.topology(case).get_ref())
        .str("\n");
}

/// A step that begins.
pub(super) fn begin_step(step: &Step, paint: &Paint, text: &mut Text) {
    if !step.say.is_empty() {
        text.str("\n");
        prose(&step.say, 0, text);
    }
    let line = format!("  {}", typed(step));
    let lines = wrapped_to(&line, 6, WIDTH - 2);
    let mut lines = lines
        .lines()
        .filter(|line| !line.trim().is_empty())
        .peekable();
    while let Some(line) = lines.next() {
        paint.with(Role::Value, text, |text| _ = text.tame(line));
        // A command that goes on is marked as for a shell.
        text.str(if lines.peek().is_some() {
            " \\\n"
        } else {
            "\n"
        });
    }
}

/// What is typed, or done with the keyboard, in a step.
pub(super) fn typed(step: &Step) -> String {
    match &step.action {
        Action::Run(prompt) => prompt.to_string(),
        Action::Start(start) => format!("{} &", start.command),
        Action::Stop(of) => format!("(Ctrl-C in {})", of.get_ref()),
        Action::Kill(of) => format!("(kill -9 {})", of.get_ref()),
        Action::Enter(enter) => format!("(in {}) {}", enter.into.get_ref(), enter.text),
        Action::Wait(_) => String::new(),
        Action::Pause(seconds) => format!("({seconds} s go by)"),
    }
}

/// What a step has shown.
pub(super) fn end_step(
    step: &Step,
    record: &StepRecord,
    packets: &[Sighting],
    paint: &Paint,
    text: &mut Text,
) {
    let said: Vec<&str> = record
        .output
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    for line in said.iter().take(SAID) {
        text.str("    ");
        short(line, WIDTH - 4, text);
        text.str("\n");
    }
    more(said.len(), SAID, "lines", text);
    if let Some(why) = &record.failed {
        paint.with(Role::Error, text, |text| _ = text.str("    ! ").tame(why));
        text.str("\n");
    }
    let Some(show) = &step.show else { return };
    let place = format!(
        "{} {}",
        show.on.get_ref(),
        show.dev.as_deref().unwrap_or("(all devices)")
    );
    if packets.is_empty() {
        text.str("    on ").tame(&place).str(": no packet\n");
        return;
    }
    text.str("    on ").tame(&place).str(":\n");
    let format = if show.fields {
        Format::Show
    } else {
        Format::Line
    };
    let place = if show.dev.is_some() {
        Place::Known
    } else {
        Place::Told
    };
    lines(packets, show.most, format, place, paint, text);
}

/// Whether the reader knows on which device packets were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It has been said.
    Known,
    /// It stands with each packet.
    Told,
}

/// Packets, one line each, or field by field; numbered from 1, times from the first one.
pub(super) fn lines(
    packets: &[Sighting],
    most: usize,
    format: Format,
    place: Place,
    paint: &Paint,
    text: &mut Text,
) {
    let options = Options {
        format,
        explain: false,
        // Field by field they stand with their fields; lines have no room for them.
        remarks: format == Format::Show,
    };
    // Coloured text cannot be measured: colour goes around the whole.
    let mut renderer = Renderer::new(options, Paint::new(false));
    let mut one = Text::default();
    for (number, seen) in (1..).zip(packets).take(most) {
        one.clear();
        packet(number, seen, &mut renderer, &mut one);
        for line in one.as_str().lines().filter(|line| !line.is_empty()) {
            match format {
                Format::Line if place == Place::Told => {
                    line_of(&format!("{}: {line}", seen.dev), paint, text);
                }
                Format::Line => line_of(line, paint, text),
                _ => painted(line, 4, paint, text),
            }
        }
    }
    more(packets.len(), most, "packets", text);
}

/// A packet's line, broken where it is too long; the packet inside the tunnel, which stands behind
/// a bar, begins a line of its own.
fn line_of(line: &str, paint: &Paint, text: &mut Text) {
    for (place, part) in line.splitn(2, " | ").enumerate() {
        let words: Vec<&str> = part.split_whitespace().collect();
        let start = if place == 0 { "    " } else { "      | " };
        for piece in wrapped(&format!("{start}{}", words.join(" ")), 8).lines() {
            painted(
                piece.trim_start(),
                piece.len() - piece.trim_start().len(),
                paint,
                text,
            );
        }
    }
}

fn painted(line: &str, indent: usize, paint: &Paint, text: &mut Text) {
    text.spaces(indent);
    paint.with(Role::Explain, text, |text| {
        short(line, WIDTH - indent, text)
    });
    text.str("\n");
}

fn packet(number: u64, seen: &Sighting, renderer: &mut Renderer, text: &mut Text) {
    let packet = dissect_captured(LinkType(seen.link), &seen.bytes, seen.len as usize);
    let way = if seen.sent {
        Direction::Out
    } else {
        Direction::In
    };
    let frame = Frame {
        number,
        time: Timestamp(seen.time),
        link: LinkType(seen.link),
        wire_len: seen.len,
        bytes: &seen.bytes,
        interface: Some(Interface::named(&seen.dev)),
        direction: Some(way),
    };
    let view = View {
        frame: &frame,
        packet: &packet,
        notes: &[],
    };
    renderer.packet(&view, text);
}

/// Sentences, in lines of at most 80 columns.
pub(super) fn prose(sentences: &str, indent: usize, text: &mut Text) {
    if sentences.trim().is_empty() {
        return;
    }
    let start = " ".repeat(indent) + sentences.trim();
    for line in wrapped(&start, indent).lines() {
        text.tame(line).str("\n");
    }
}

/// As much of the line as fits; escaped first, for that makes it longer.
fn short(line: &str, width: usize, text: &mut Text) {
    let mut tame = Text::default();
    tame.tame(line);
    let tame = tame.as_str();
    match tame.char_indices().nth(width) {
        None => _ = text.str(tame),
        Some(_) => {
            let end = tame.char_indices().nth(width - 1).map_or(0, |(end, _)| end);
            text.str(&tame[..end]).str("…");
        }
    }
}

fn more(there: usize, shown: usize, what: &str, text: &mut Text) {
    if there > shown {
        text.str("    … ")
            .dec((there - shown) as u64)
            .str(" more ")
            .str(what)
            .str("\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::library::tasks;

    #[test]
    fn nothing_is_wider_than_80_columns() {
        let paint = Paint::new(false);
        let mut text = Text::default();
        for task in tasks(None).unwrap() {
            open_task(&task, &paint, &mut text);
            prose(&task.answer, 0, &mut text);
            for case in &task.cases {
                open_case(&task, case, &paint, &mut text);
                for step in task.steps(case) {
                    begin_step(step, &paint, &mut text);
                }
            }
        }
        let wide = text
            .as_str()
            .lines()
            .find(|line| line.chars().count() > WIDTH);
        assert_eq!(wide, None);
        let broken = "tunlab forward --server 10.0.2.11:9090 --addr 192.168.30.99/24 --route \\\n      192.168.70.0/24 &\n";
        assert!(text.as_str().contains(broken));
    }

    #[test]
    fn what_commands_say_is_cut_short_and_tamed() {
        let toml = "do.run = 'u# true'\n";
        let step: Step = toml::from_str(toml).unwrap();
        let record = StepRecord {
            output: format!("\x1b[2J{}\n\n", "x".repeat(100)).repeat(9),
            ..StepRecord::default()
        };
        let mut text = Text::default();
        end_step(&step, &record, &[], &Paint::new(false), &mut text);
        let lines: Vec<&str> = text.as_str().lines().collect();
        assert_eq!(lines.len(), SAID + 1, "{lines:#?}");
        assert_eq!(lines[SAID], "    … 2 more lines");
        assert!(
            lines
                .iter()
                .all(|line| line.chars().count() <= WIDTH && !line.contains('\x1b'))
        );
    }
}
