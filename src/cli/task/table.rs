//! The verdicts: a table with every expectation, the last thing on the screen.

use crate::model::Text;
use crate::render::{Paint, Role};
use crate::task::evidence::Evidence;
use crate::task::judge::Verdict;
use crate::task::{Case, Task};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

/// A case with its verdicts.
pub(super) struct Judged<'t> {
    pub(super) task: &'t Task,
    pub(super) case: &'t Case,
    pub(super) evidence: Evidence,
    pub(super) verdicts: Vec<Verdict>,
}

/// Appends the table, what to look at where something does not hold, and the sum.
pub(super) fn verdicts(cases: &[Judged], paint: &Paint, text: &mut Text) {
    for judged in cases {
        text.str("\n");
        let title = format!("{}: {}", judged.task.id, judged.case.name);
        paint.with(Role::Note, text, |text| _ = text.tame(&title));
        text.str("\n");
        rows(judged, paint, text);
    }
    let all = || cases.iter().flat_map(|judged| &judged.verdicts);
    let (total, wrong) = (
        all().count(),
        all().filter(|verdict| !verdict.holds).count(),
    );
    text.str("\n");
    match wrong {
        0 => paint.with(Role::Good, text, |text| {
            _ = text
                .str("All ")
                .dec(total as u64)
                .str(" expectations hold.");
        }),
        _ => paint.with(Role::Error, text, |text| {
            let wrong = text.dec(wrong as u64).str(" of ").dec(total as u64);
            wrong.str(" expectations do not hold.");
        }),
    }
    text.str("\n");
}

fn rows(judged: &Judged, paint: &Paint, text: &mut Text) {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(80);
    for verdict in &judged.verdicts {
        let mark = if verdict.holds { "ok" } else { "NO" };
        let mut statement = verdict.that.clone();
        if let Some(hint) = &verdict.hint {
            statement += &format!("\n> {hint}");
        }
        table.add_row([mark, &tamed(&statement), &tamed(&verdict.found)]);
    }
    let widths = [4, 46, 30];
    for (place, width) in widths.into_iter().enumerate() {
        if let Some(column) = table.column_mut(place) {
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
    }
    for line in table.lines() {
        let line = line.trim_end();
        // Marks begin a row; what follows them is its continuation.
        let role = match line.trim_start().split(' ').next() {
            Some("ok") => Some(Role::Good),
            Some("NO") => Some(Role::Error),
            _ => None,
        };
        match role {
            Some(role) if line.len() > 3 => {
                let (mark, rest) = line.split_at(line.len().min(3));
                paint.with(role, text, |text| _ = text.str(mark));
                text.str(rest);
            }
            _ => _ = text.str(line),
        }
        text.str("\n");
    }
}

/// A command's words may hold anything: control characters must not reach the terminal.
fn tamed(words: &str) -> String {
    let lines: Vec<String> = words
        .lines()
        .map(|line| {
            let mut text = Text::default();
            text.tame(line);
            text.as_str().to_owned()
        })
        .collect();
    lines.join("\n")
}
