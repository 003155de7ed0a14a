//! `tunlab task show`: a walk-through, and the course's questions.

use super::super::Outcome;
use super::super::args::{When, paint, stdout_is_terminal};
use super::super::failure::print;
use super::Library;
use crate::model::Text;
use crate::render::{Paint, Role};
use crate::task::Task;
use clap::Args;
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Show {
    /// The task, or how its name starts
    #[arg(value_name = "ID")]
    id: String,

    /// The answers, too, each with the evidence that shows it
    #[arg(long)]
    answers: bool,

    #[command(flatten)]
    library: Library,
}

impl Show {
    pub(super) fn run(&self, color: When) -> Outcome {
        let mut text = Text::default();
        for task in self.library.select(&self.id)? {
            let page = page(&task, self.answers);
            match stdout_is_terminal() || color == When::Always {
                true => styled(&page, &paint(color), &mut text),
                // A pipe gets the Markdown itself.
                false => page.lines().for_each(|line| _ = text.tame(line).str("\n")),
            }
        }
        print(text.as_str())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The walk-through with the questions behind it, in Markdown.
fn page(task: &Task, answers: bool) -> String {
    let mut page = task.walkthrough.trim_end().to_owned() + "\n";
    if task.questions.is_empty() {
        return page;
    }
    page += "\n## Questions\n";
    for (number, question) in (1..).zip(&task.questions) {
        let _ = write!(
            page,
            "\n{}\n",
            wrapped(&format!("{number}. {}", question.ask), 3)
        );
        if answers {
            let _ = write!(
                page,
                "\n{}\n",
                wrapped(&format!("   {}", question.answer), 3)
            );
            for shown in &question.shown_by {
                let line = format!("   - seen: {}", shown.get_ref());
                let _ = write!(page, "\n{}", wrapped(&line, 5));
            }
            page.push('\n');
        }
    }
    if !answers {
        let _ = write!(
            page,
            "\nAnswers: `tunlab task show {} --answers`\n",
            task.id
        );
    }
    page
}

/// The text in lines of at most 80 columns, all but the first indented.
pub(super) fn wrapped(text: &str, indent: usize) -> String {
    wrapped_to(text, indent, 80)
}

/// The same for so many columns.
pub(super) fn wrapped_to(text: &str, indent: usize, columns: usize) -> String {
    let first = text.len() - text.trim_start().len();
    let mut lines = String::from(&text[..first]);
    let mut column = first;
    for (place, word) in text.split_whitespace().enumerate() {
        let width = unicode_width::UnicodeWidthStr::width(word);
        if place > 0 && column + 1 + width > columns {
            lines.push('\n');
            lines += &" ".repeat(indent);
            column = indent;
        } else if place > 0 {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += width;
    }
    lines
}

/// Markdown for a terminal: headings and code stand out, their marks are gone.
fn styled(page: &str, paint: &Paint, text: &mut Text) {
    let mut code = false;
    for line in page.lines() {
        if line.starts_with("```") {
            code = !code;
            continue;
        }
        if code {
            text.str("    ");
            paint.with(Role::Value, text, |text| _ = text.tame(line));
        } else if let Some(title) = line.strip_prefix('#') {
            let title = title.trim_start_matches('#').trim();
            paint.with(Role::Title, text, |text| _ = text.tame(title));
        } else {
            inline(line, paint, text);
        }
        text.str("\n");
    }
}

/// A line of prose: what stands between backquotes is code.
fn inline(line: &str, paint: &Paint, text: &mut Text) {
    for (place, part) in line.split('`').enumerate() {
        match place % 2 {
            0 => _ = text.tame(part),
            _ => paint.with(Role::Value, text, |text| _ = text.tame(part)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::load;

    const TASK: &str = r#"
        title = "x"
        message = "x"
        topology = "seed1"
        answer = "x"
        [[question]]
        ask = "Why?"
        answer = "Because."
        shown_by = ["it is so"]
        [[case]]
        name = "x"
        step = [{ do.run = "u# true" }]
        [[case.expect]]
        that = "it is so"
        check.packets = { on = "u", match = "icmp", at_least = 1 }
    "#;

    #[test]
    fn answers_are_shown_only_when_asked_for() {
        let task = load("x", "x", TASK, "# Title\n\nText.\n").unwrap();
        let shown = page(&task, false);
        assert!(
            shown.starts_with("# Title\n\nText.\n\n## Questions\n\n1. Why?\n"),
            "{shown}"
        );
        assert!(!shown.contains("Because"), "{shown}");
        let shown = page(&task, true);
        assert!(
            shown.contains("\n   Because.\n\n   - seen: it is so\n"),
            "{shown}"
        );
    }

    #[test]
    fn marks_are_for_pipes_only() {
        let mut text = Text::default();
        let page = "## A\nuse `ip`\n```sh\nip addr\n```\n";
        styled(page, &Paint::new(false), &mut text);
        assert_eq!(text.as_str(), "A\nuse ip\n    ip addr\n");
    }

    #[test]
    fn long_lines_are_broken_at_80_columns() {
        let text = wrapped(&format!("   {}", "word ".repeat(40)), 3);
        assert!(
            text.lines()
                .all(|line| line.len() <= 80 && line.starts_with("   word")),
            "{text}"
        );
        assert_eq!(text.lines().count(), 3);
    }
}
