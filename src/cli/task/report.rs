//! A demonstration as data, and as the lecturer's model report: topology, commands, packets,
//! evidence, answers.

use super::story::{Place, lines, typed};
use super::table::Judged;
use crate::lab::topology;
use crate::model::Text;
use crate::render::{Format, Paint};
use crate::task::evidence::{Evidence, Sighting};
use crate::task::judge::Verdict;
use crate::task::{Case, Task};
use serde_json::{Value, json};
use std::fmt::Write;

/// Packets of a verdict that a report shows.
const SHOWN: usize = 4;

/// A case as one JSON object on one line.
pub(super) fn json(task: &Task, case: &Case, evidence: &Evidence, verdicts: &[Verdict]) -> String {
    let steps: Vec<Value> = task
        .steps(case)
        .zip(&evidence.steps)
        .map(|(step, record)| json!({"say": step.say, "typed": typed(step), "record": record}))
        .collect();
    json!({
        "task": task.id,
        "case": case.name,
        "about": case.about,
        "message": task.message,
        "answer": task.answer,
        "topology": task.topology(case).get_ref(),
        "holds": verdicts.iter().all(|verdict| verdict.holds),
        "steps": steps,
        "verdicts": verdicts,
        "run": evidence.run,
        "packets": evidence.packets,
        "counters": evidence.counters,
        "readings": evidence.readings,
    })
    .to_string()
}

/// A task's report in Markdown. Writing into a string cannot fail.
pub(super) fn markdown(task: &Task, cases: &[&Judged]) -> String {
    let mut page = format!("# {}: {}\n\n{}\n", task.id, task.title, task.message.trim());
    for judged in cases {
        let _ = write!(page, "\n## {}\n", judged.case.name);
        if !judged.case.about.is_empty() {
            let _ = write!(page, "\n{}\n", judged.case.about.trim());
        }
        page += &topology_of(judged);
        page += &commands_of(judged);
        page += &evidence_of(judged);
    }
    if !task.questions.is_empty() {
        page += "\n## Questions\n";
        for (number, question) in (1..).zip(&task.questions) {
            let (ask, answer) = (question.ask.trim(), question.answer.trim());
            let _ = write!(page, "\n{number}. {ask}\n\n   {answer}\n\n");
            for shown in &question.shown_by {
                let _ = writeln!(page, "   - seen: {}", shown.get_ref());
            }
        }
    }
    let _ = write!(page, "\n## Conclusion\n\n{}\n\n", task.answer.trim());
    page
}

fn topology_of(judged: &Judged) -> String {
    let name = judged.task.topology(judged.case).get_ref();
    let mut page = format!(
        "\n### Topology\n\n`{name}`\n\n| Host | Device | Addresses |\n| --- | --- | --- |\n"
    );
    for host in topology::find(name).iter().flat_map(|found| found.hosts) {
        for device in host.devices {
            let addresses = device.addrs.join(", ");
            let _ = writeln!(
                page,
                "| {} ({}) | {} | {addresses} |",
                host.name, host.role, device.name
            );
        }
    }
    page
}

fn commands_of(judged: &Judged) -> String {
    let mut page = String::from("\n### Commands\n\n```\n");
    for (step, record) in judged.task.steps(judged.case).zip(&judged.evidence.steps) {
        let typed = typed(step);
        if !typed.is_empty() {
            let _ = writeln!(page, "{typed}");
        }
        for line in record.output.lines().filter(|line| !line.trim().is_empty()) {
            let _ = writeln!(page, "    {}", fenced(line));
        }
    }
    page + "```\n"
}

fn evidence_of(judged: &Judged) -> String {
    let mut page = String::from("\n### Evidence\n");
    for verdict in &judged.verdicts {
        let mark = if verdict.holds { "ok" } else { "**NO**" };
        let _ = write!(
            page,
            "\n- {mark}: {}: {}\n",
            verdict.that,
            fenced(&verdict.found)
        );
        if let Some(hint) = &verdict.hint {
            let _ = write!(page, "\n  {hint}\n");
        }
        let packets: Vec<Sighting> = verdict
            .packets
            .iter()
            .filter_map(|place| judged.evidence.packets.get(*place).cloned())
            .collect();
        if packets.is_empty() {
            continue;
        }
        let mut text = Text::default();
        lines(
            &packets,
            SHOWN,
            Format::Line,
            Place::Told,
            &Paint::new(false),
            &mut text,
        );
        let _ = write!(page, "\n  ```\n");
        for line in text.as_str().lines() {
            let _ = writeln!(page, "  {}", line.trim_start().replace("```", "'''"));
        }
        page += "  ```\n";
    }
    page
}

/// A program's words, unable to end the block of code they stand in, or to steer a terminal.
fn fenced(words: &str) -> String {
    let mut text = Text::default();
    text.tame(words);
    text.as_str().replace("```", "'''")
}
