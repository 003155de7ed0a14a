//! From the text of a `task.toml` to a [`Task`]: what is mistyped is told with its place.
//!
//! 1. The text is TOML, with the keys and types of [`model`](super::model), or an error.
//! 2. What one part calls another by (a step, a host, a cause) must be there.

use super::check::{Check, Moment, Place, amount};
use super::model::{Action, Expect, Show, Step, Task};
use crate::causes;
use crate::lab::topology;
use std::collections::BTreeSet;
use std::ops::Range;
use toml::Spanned;

/// A task that cannot be read. Reads `8-tun/task.toml:12:5: unknown field ...`.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The text is wrong at this place.
    #[error("{file}:{line}:{column}: {message}")]
    Text {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, in characters from 1.
        column: usize,
        /// What is wrong.
        message: String,
        /// That line, with a caret below the place.
        picture: String,
    },
    /// A file or folder cannot be read.
    #[error("read {path}: {}", crate::sys::errno::text(*errno))]
    File {
        /// Which.
        path: String,
        /// Why.
        errno: nix::errno::Errno,
    },
    /// A folder without a single task.
    #[error("{path}: no folder in it has a task.toml")]
    Empty {
        /// Which.
        path: String,
    },
}

impl LoadError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            LoadError::Text { .. } => None,
            LoadError::File { .. } => Some("check the spelling of the folder".to_owned()),
            LoadError::Empty { .. } => {
                Some("a task is a folder with task.toml and README.md in it".to_owned())
            }
        }
    }

    /// The line that is wrong, with a caret; empty where there is none.
    pub fn picture(&self) -> &str {
        match self {
            LoadError::Text { picture, .. } => picture,
            _ => "",
        }
    }
}

/// Reads a task. `id` is its folder's name, `file` what errors call the text.
///
/// # Errors
/// [`LoadError::Text`] with the place of what is wrong.
pub fn load(id: &str, file: &str, text: &str, walkthrough: &str) -> Result<Task, LoadError> {
    let at = |span: Range<usize>, message: String| located(file, text, span, message);
    let mut task: Task = toml::from_str(text).map_err(|error| {
        let message = error.message().lines().next().unwrap_or_default();
        at(error.span().unwrap_or_default(), message.to_owned())
    })?;
    task.id = id.to_owned();
    task.walkthrough = walkthrough.to_owned();
    match references(&task) {
        Ok(()) => Ok(task),
        Err(wrong) => Err(at(wrong.span, wrong.message)),
    }
}

fn located(file: &str, text: &str, span: Range<usize>, message: String) -> LoadError {
    let before = text.get(..span.start).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let row = text[start..].lines().next().unwrap_or_default();
    let column = before[start..].chars().count();
    LoadError::Text {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: column + 1,
        message,
        picture: format!("  {row}\n  {:column$}^", ""),
    }
}

/// A name that stands for nothing, or a value that makes no sense.
struct Wrong {
    span: Range<usize>,
    message: String,
}

fn wrong<T>(place: &Spanned<String>, message: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong {
        span: place.span(),
        message: message.into(),
    })
}

/// What is there to be referred to, in one case.
struct Names<'t> {
    steps: BTreeSet<&'t str>,
    hosts: Vec<&'static str>,
}

fn references(task: &Task) -> Result<(), Wrong> {
    let mut said = BTreeSet::new();
    for case in &task.cases {
        let topology = task.topology(case);
        let Some(found) = topology::find(topology.get_ref()) else {
            return wrong(
                topology,
                format!("there is no topology called {:?}", topology.get_ref()),
            );
        };
        let mut names = Names {
            steps: BTreeSet::new(),
            hosts: found.hosts.iter().map(|host| host.name).collect(),
        };
        for step in task.steps(case) {
            names.step(step)?;
        }
        for expect in &case.expects {
            names.expect(expect)?;
            said.insert(expect.that.get_ref().as_str());
        }
    }
    for place in task
        .questions
        .iter()
        .flat_map(|question| &question.shown_by)
    {
        if !said.contains(place.get_ref().as_str()) {
            return wrong(place, "no expectation of this task says so");
        }
    }
    Ok(())
}

impl<'t> Names<'t> {
    /// A step may refer to those before it.
    fn step(&mut self, step: &'t Step) -> Result<(), Wrong> {
        match &step.action {
            Action::Run(prompt) => self.prompt(&prompt.host, step)?,
            Action::Start(start) => self.prompt(&start.command.host, step)?,
            Action::Stop(of) | Action::Kill(of) => self.has_step(of)?,
            Action::Enter(enter) => self.has_step(&enter.into)?,
            Action::Wait(check) => self.check(check, step.name.as_ref())?,
            Action::Pause(_) => {}
        }
        if let Some(Show { on, .. }) = &step.show {
            self.has_host(on)?;
        }
        if let Some(name) = &step.name
            && !self.steps.insert(name.get_ref())
        {
            return wrong(name, "another step is called so");
        }
        Ok(())
    }

    fn prompt(&self, host: &str, step: &Step) -> Result<(), Wrong> {
        if self.hosts.contains(&host) {
            return Ok(());
        }
        Err(Wrong {
            // The prompt itself has no place of its own; the step's name is the nearest.
            span: step.name.as_ref().map(Spanned::span).unwrap_or_default(),
            message: format!("a step is typed at {host}#: {}", self.no_host(host)),
        })
    }

    fn expect(&self, expect: &Expect) -> Result<(), Wrong> {
        for place in expect.during.iter().chain(&expect.since) {
            self.has_step(place)?;
        }
        self.check(&expect.check, Some(&expect.that))?;
        for clue in &expect.clues {
            self.check(&clue.seen, Some(&expect.that))?;
        }
        let causes = expect.clues.iter().filter_map(|clue| clue.cause.as_ref());
        for cause in causes.chain(&expect.cause) {
            if causes::find(cause.get_ref()).is_none() {
                return wrong(
                    cause,
                    format!("there is no cause called {:?}", cause.get_ref()),
                );
            }
        }
        Ok(())
    }

    /// `near` is what an error points at where the check itself has no place.
    fn check(&self, check: &Check, near: Option<&Spanned<String>>) -> Result<(), Wrong> {
        let amounts = |at_least, at_most, exactly| {
            amount(at_least, at_most, exactly).map_err(|message| Wrong {
                span: near.map(Spanned::span).unwrap_or_default(),
                message: message.to_owned(),
            })
        };
        match check {
            Check::Packets(packets) => {
                self.has_host(&packets.on)?;
                amounts(packets.at_least, packets.at_most, packets.exactly).map(drop)
            }
            Check::Path(path) => path.places.iter().try_for_each(|place| self.place(place)),
            Check::Answered(answered) => self.has_host(&answered.on),
            Check::Gaps(gaps) => self.has_host(&gaps.on),
            Check::Elapsed(elapsed) => {
                self.moment(&elapsed.from)?;
                self.moment(&elapsed.to)
            }
            Check::Counter(counter) => {
                self.has_host(&counter.on)?;
                amounts(counter.at_least, counter.at_most, counter.exactly).map(drop)
            }
            Check::Words(words) => self.has_step(&words.of),
            Check::Route(route) => self.reading(&route.on, &route.after),
            Check::Neighbour(neighbour) => self.reading(&neighbour.on, &neighbour.after),
            Check::Tcp(tcp) => self.reading(&tcp.on, &tcp.after),
            Check::Device(device) => self.reading(&device.on, &device.after),
        }
    }

    fn reading(&self, on: &Spanned<String>, after: &Option<Spanned<String>>) -> Result<(), Wrong> {
        self.has_host(on)?;
        after.iter().try_for_each(|step| self.has_step(step))
    }

    fn moment(&self, moment: &Moment) -> Result<(), Wrong> {
        match moment {
            Moment::Start(step) | Moment::End(step) => self.has_step(step),
            Moment::Packet(place) => self.place(place),
        }
    }

    fn place(&self, place: &Place) -> Result<(), Wrong> {
        self.has_host(&place.on)
    }

    fn has_step(&self, name: &Spanned<String>) -> Result<(), Wrong> {
        if self.steps.contains(name.get_ref().as_str()) {
            return Ok(());
        }
        let message = format!("no step before this is called {:?}", name.get_ref());
        wrong(name, message)
    }

    fn has_host(&self, name: &Spanned<String>) -> Result<(), Wrong> {
        if self.hosts.contains(&name.get_ref().as_str()) {
            return Ok(());
        }
        wrong(name, self.no_host(name.get_ref()))
    }

    fn no_host(&self, name: &str) -> String {
        format!("there is no host {name:?}, only {}", self.hosts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = r#"
title = "A task"
message = "So it is."
topology = "seed1"
answer = "It is so."

[[question]]
ask = "Is it?"
answer = "It is."
shown_by = ["it is seen"]

[[case]]
name = "only"

[[case.step]]
name = "ping"
do.run = "u# ping -c 1 10.0.2.11"

[[case.expect]]
that = "it is seen"
check.packets = { on = "s", match = "icmp.type == 8", at_least = 1 }
during = "ping"
cause = "rp_filter"
"#;

    fn error(from: &str, to: &str) -> String {
        assert!(TASK.contains(from), "{from}");
        match load("x", "x/task.toml", &TASK.replace(from, to), "") {
            Ok(_) => panic!("{to} is accepted"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_task_is_read() {
        let task = load("x", "x/task.toml", TASK, "# Walk").unwrap();
        assert_eq!((task.id.as_str(), task.cases.len()), ("x", 1));
        assert_eq!(task.walkthrough, "# Walk");
    }

    #[test]
    fn what_is_mistyped_is_told_with_its_place() {
        let wrong = error("during", "durign");
        assert!(
            wrong.starts_with("x/task.toml:22:1: unknown field `durign`"),
            "{wrong}"
        );
        let wrong = error("at_least = 1", "at_least = \"one\"");
        assert!(
            wrong.starts_with("x/task.toml:21:66: invalid type: string \"one\""),
            "{wrong}"
        );
        let wrong = error("check.packets", "check.pakets");
        assert!(
            wrong.starts_with("x/task.toml:21:7: unknown variant `pakets`"),
            "{wrong}"
        );
        let wrong = error("icmp.type == 8", "icmp.typo == 8");
        assert!(wrong.starts_with("x/task.toml:21:"), "{wrong}");
        assert!(wrong.contains("icmp.typo"), "{wrong}");
        let wrong = error("[[case]]", "[[case]");
        assert!(wrong.starts_with("x/task.toml:12:"), "{wrong}");
        let wrong = error("u# ping", "ping");
        assert!(wrong.contains(":17:1: write the host's prompt"), "{wrong}");
    }

    #[test]
    fn names_that_stand_for_nothing() {
        for (from, to, told) in [
            (
                "during = \"ping\"",
                "during = \"pong\"",
                ":22:10: no step before this is called \"pong\"",
            ),
            (
                "on = \"s\"",
                "on = \"x\"",
                ":21:24: there is no host \"x\", only u, s, v",
            ),
            (
                "\"rp_filter\"",
                "\"rp\"",
                ":23:9: there is no cause called \"rp\"",
            ),
            (
                "[\"it is seen\"]",
                "[\"it was\"]",
                ":10:13: no expectation of this task says so",
            ),
            (
                "\"seed1\"",
                "\"seed9\"",
                ":4:12: there is no topology called \"seed9\"",
            ),
            (
                ", at_least = 1",
                "",
                ":20:8: give one of at_least, at_most and exactly",
            ),
            (
                "u# ping",
                "w# ping",
                ":16:8: a step is typed at w#: there is no host \"w\"",
            ),
        ] {
            let wrong = error(from, to);
            assert!(wrong.contains(told), "{to}: {wrong}");
        }
    }
}
