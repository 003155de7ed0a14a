//! Verdicts: expectations held against the evidence of one run. Pure: nothing is asked here that
//! was not recorded.
//!
//! 1. The window: the run, or the part of it that the expectation looks at (`window`).
//! 2. The check, by its kind: `packets`, `kernel`.
//! 3. Where it does not hold, the first clue that is seen says why; else the hint.

mod kernel;
mod packets;
mod seen;
mod window;

use super::check::Check;
use super::evidence::{Evidence, Sighting};
use super::model::{Case, Expect, Task};
use super::selection::Selection;
use crate::causes;
use serde::Serialize;
use toml::Spanned;
use window::Window;

/// What became of one expectation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The statement.
    pub that: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was found, in a few words.
    pub found: String,
    /// What to look at, where it does not hold.
    pub hint: Option<String>,
    /// The packets that show it, by their places in the evidence.
    pub packets: Vec<usize>,
    /// The facts about the kernel that it shows.
    pub facts: Vec<String>,
}

/// What a check finds.
#[derive(Debug, Default)]
struct Finding {
    holds: bool,
    found: String,
    packets: Vec<usize>,
}

/// Holds a case's expectations against the evidence of its run. A step that could not be done is
/// a verdict of its own, in front.
pub fn judge(task: &Task, case: &Case, evidence: &Evidence) -> Vec<Verdict> {
    let failed = evidence.steps.iter().filter_map(|step| {
        let why = step.failed.as_ref()?;
        Some(Verdict {
            that: format!(
                "the step {} can be done",
                step.name.as_deref().unwrap_or("without a name")
            ),
            holds: false,
            found: why.clone(),
            hint: None,
            packets: Vec::new(),
            facts: Vec::new(),
        })
    });
    let done = evidence.steps.len();
    let missing = (done < task.steps(case).count()).then(|| Verdict {
        that: "every step is done".to_owned(),
        holds: false,
        found: format!("the run ended after {done} of {}", task.steps(case).count()),
        hint: None,
        packets: Vec::new(),
        facts: Vec::new(),
    });
    let expected = case.expects.iter().map(|expect| verdict(expect, evidence));
    failed.chain(missing).chain(expected).collect()
}

fn verdict(expect: &Expect, evidence: &Evidence) -> Verdict {
    let window = Window::of(expect, evidence);
    let finding = look(&expect.check, evidence, &window);
    let hint = (!finding.holds).then(|| hint(expect, evidence, &window));
    Verdict {
        that: expect.that.get_ref().clone(),
        holds: finding.holds,
        found: finding.found,
        hint: hint.filter(|hint| !hint.is_empty()),
        packets: finding.packets,
        facts: expect.facts.clone(),
    }
}

/// Whether the filter selects the packet.
pub fn matches(filter: &Selection, seen: &Sighting) -> bool {
    let packet = seen::dissect(seen);
    filter.filter.selects(&packet, &seen::facts(0, seen))
}

/// Whether a check holds in what has been recorded so far, for a step that waits for it.
pub fn is_seen(check: &Check, evidence: &Evidence) -> bool {
    look(check, evidence, &Window::whole(evidence)).holds
}

fn look(check: &Check, evidence: &Evidence, window: &Window) -> Finding {
    match check {
        Check::Packets(check) => packets::packets(check, evidence, window),
        Check::Path(check) => packets::path(check, evidence, window),
        Check::Answered(check) => packets::answered(check, evidence, window),
        Check::Gaps(check) => packets::gaps(check, evidence, window),
        Check::Elapsed(check) => packets::elapsed(check, evidence, window),
        Check::Counter(check) => kernel::counter(check, evidence, window),
        Check::Words(check) => kernel::words(check, evidence),
        Check::Route(_) | Check::Neighbour(_) | Check::Tcp(_) | Check::Device(_) => {
            kernel::reading(check, evidence)
        }
    }
}

fn hint(expect: &Expect, evidence: &Evidence, window: &Window) -> String {
    let clue = expect
        .clues
        .iter()
        .find(|clue| look(&clue.seen, evidence, window).holds);
    match clue {
        Some(clue) => with_cause(&clue.hint, clue.cause.as_ref()),
        None => with_cause(&expect.hint, expect.cause.as_ref()),
    }
}

/// The hint, and the name of the cause: its page tells more.
fn with_cause(hint: &str, cause: Option<&Spanned<String>>) -> String {
    match (hint, cause.and_then(|name| causes::find(name.get_ref()))) {
        (hint, None) => hint.to_owned(),
        ("", Some(cause)) => format!("{} (cause: {})", cause.words().title, cause.name),
        (hint, Some(cause)) => format!("{hint} (cause: {})", cause.name),
    }
}

#[cfg(test)]
mod tests;
