//! A task as data: what `task.toml` holds.
//!
//! ```text
//! Task ── Case ── Step (what is typed, started, killed, waited for)
//!             └── Expect (what must be seen) ── Check, one of a closed set
//! ```
//!
//! Every struct refuses keys that it does not know, so that a mistyped one is an error and never
//! silently means nothing.

use super::check::Check;
use super::prompt::Prompt;
use serde::Deserialize;
use toml::Spanned;

/// One task of the course, or of somebody's own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The folder's name: `8-tun-address`. Not in the file.
    #[serde(skip)]
    pub id: String,
    /// The walk-through, in Markdown. Not in the file.
    #[serde(skip)]
    pub walkthrough: String,
    /// A few words, for the list.
    pub title: String,
    /// What is to be understood, in one sentence.
    pub message: String,
    /// The name of the lab's topology, unless a case has its own.
    pub topology: Spanned<String>,
    /// What the demonstration has shown, in a few sentences.
    pub answer: String,
    /// What the course asks.
    #[serde(default, rename = "question")]
    pub questions: Vec<Question>,
    /// What every case starts with.
    #[serde(default, rename = "first")]
    pub first: Vec<Step>,
    /// The ways in which the task can look, each in a lab of its own.
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
}

/// A question of the course, with its answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// As a lecturer would put it.
    pub ask: String,
    /// What is right.
    pub answer: String,
    /// The expectations whose evidence shows it, by what they say (`that`).
    pub shown_by: Vec<Spanned<String>>,
}

/// One way in which the task can look.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// A few words, unique in the task.
    pub name: String,
    /// What is special about it.
    #[serde(default)]
    pub about: String,
    /// A topology of its own.
    #[serde(default)]
    pub topology: Option<Spanned<String>>,
    /// Leaves out the task's common steps.
    #[serde(default)]
    pub alone: bool,
    /// Leaves IPv6 on in the lab, which is quiet without it.
    #[serde(default)]
    pub ipv6: bool,
    /// What is done, in order.
    #[serde(rename = "step")]
    pub steps: Vec<Step>,
    /// What must be seen.
    #[serde(rename = "expect")]
    pub expects: Vec<Expect>,
}

/// One thing that is done.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What others call it.
    #[serde(default)]
    pub name: Option<Spanned<String>>,
    /// Why it is done, in a sentence or two.
    #[serde(default)]
    pub say: String,
    /// What is done.
    #[serde(rename = "do")]
    pub action: Action,
    /// Seconds after which it is given up.
    #[serde(default = "ten_seconds")]
    pub limit: f64,
    /// Which packets of it are shown.
    #[serde(default)]
    pub show: Option<Show>,
}

/// What is done in a step. Commands carry the prompt of the host they are typed at: `u# ping ...`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// A command, and its end waited for.
    Run(Prompt),
    /// A command that goes on in the background.
    Start(Start),
    /// Ends a command in the background, as Ctrl-C does.
    Stop(Spanned<String>),
    /// Kills it, as `kill -9` does: it can put nothing in order.
    Kill(Spanned<String>),
    /// Types a line into a command in the background.
    Enter(Enter),
    /// Waits until something is seen; that it is not seen is a failure of the demonstration.
    Wait(Check),
    /// Waits so many seconds.
    Pause(f64),
}

/// A command in the background.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The command.
    pub command: Prompt,
    /// Words in its output that tell that it is ready.
    #[serde(default)]
    pub until: Option<String>,
}

/// A line typed into a command in the background.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enter {
    /// The step that started it.
    pub into: Spanned<String>,
    /// The line, without its end.
    pub text: String,
}

/// Which packets a step shows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The host they are seen on.
    pub on: Spanned<String>,
    /// The device, or all.
    #[serde(default)]
    pub dev: Option<String>,
    /// Which of them.
    #[serde(rename = "match", default)]
    pub filter: Option<super::selection::Selection>,
    /// How many at most; the rest is counted.
    #[serde(default = "six")]
    pub most: usize,
    /// Field by field, where a packet is the point.
    #[serde(default)]
    pub fields: bool,
}

/// Something that must be seen.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What it says, as a statement that holds or does not.
    pub that: Spanned<String>,
    /// How it is checked.
    pub check: Check,
    /// The place in the evidence it looks at: from the start of that step to the start of the
    /// next. Without it, the whole run.
    #[serde(default)]
    pub during: Option<Spanned<String>>,
    /// The same, to the end of the run.
    #[serde(default)]
    pub since: Option<Spanned<String>>,
    /// What to look at when it does not hold.
    #[serde(default)]
    pub hint: String,
    /// The cause that loses the packets when it does not hold, by its name.
    #[serde(default)]
    pub cause: Option<Spanned<String>>,
    /// What else may be seen instead, and what that means; the first that is seen is told.
    #[serde(default, rename = "clue")]
    pub clues: Vec<Clue>,
    /// The known facts about the kernel that it shows, as `task/evidence`.
    #[serde(default)]
    pub facts: Vec<String>,
}

/// What is seen when an expectation does not hold, and what that means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clue {
    /// What is seen.
    pub seen: Check,
    /// What it means, and what to do.
    #[serde(default)]
    pub hint: String,
    /// The cause that it tells of, by its name.
    #[serde(default)]
    pub cause: Option<Spanned<String>>,
}

impl Task {
    /// The steps of a case, with those that every case starts with.
    pub fn steps<'t>(&'t self, case: &'t Case) -> impl Iterator<Item = &'t Step> {
        let first = if case.alone { &[][..] } else { &self.first };
        first.iter().chain(&case.steps)
    }

    /// The topology of a case.
    pub fn topology<'t>(&'t self, case: &'t Case) -> &'t Spanned<String> {
        case.topology.as_ref().unwrap_or(&self.topology)
    }
}

impl Step {
    /// What others call it, if they do.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| name.get_ref().as_str())
    }
}

fn ten_seconds() -> f64 {
    10.0
}

fn six() -> usize {
    6
}
