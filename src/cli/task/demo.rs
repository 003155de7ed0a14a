//! `tunlab task demo`: tasks performed on the real kernel, narrated and judged.
//!
//! 1. Each case of each task is performed by a process of its own ([`super::runs`]).
//! 2. Its events are narrated as they come ([`super::story`]).
//! 3. Its evidence is judged; the answers and the verdicts come last ([`super::table`]).

use super::super::Outcome;
use super::super::args::{When, paint, stdout_is_terminal};
use super::super::failure::{Failure, print};
use super::runs::{GoOn, Line, Runs};
use super::table::{Judged, verdicts};
use super::{Library, report, story};
use crate::model::Text;
use crate::render::Paint;
use crate::task::engine::Event;
use crate::task::judge::judge;
use crate::task::{Case, Step, Task};
use clap::{Args, ValueEnum};
use std::io;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

/// How long somebody gets to read a step.
const READING: Duration = Duration::from_millis(700);

#[derive(Args)]
pub(super) struct Demo {
    /// The task, or how its name starts; several run in order; `all` runs all
    #[arg(value_name = "ID")]
    id: String,

    /// Only cases whose name starts so
    #[arg(long, value_name = "NAME")]
    case: Option<String>,

    /// Wait for Enter before each step
    #[arg(long, conflicts_with_all = ["output", "report"])]
    step: bool,

    /// Leave out the waits that only a human needs
    #[arg(long)]
    quick: bool,

    /// The same as data: one JSON object a case
    #[arg(short, long, value_name = "FORMAT", conflicts_with = "report")]
    output: Option<Data>,

    /// Write the lecturer's model report instead
    #[arg(long, value_name = "FORMAT")]
    report: Option<Report>,

    #[command(flatten)]
    library: Library,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Data {
    /// JSON
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Report {
    /// Markdown
    Md,
}

/// What a demonstration is told with.
struct Teller<'d> {
    demo: &'d Demo,
    paint: Paint,
    /// Whether the reader gets time to read.
    slow: bool,
}

impl Demo {
    pub(super) fn run(&self, color: When) -> Outcome {
        let tasks = self.library.select(&self.id)?;
        let cases: Vec<(&Task, &Case)> = tasks
            .iter()
            .flat_map(|task| task.cases.iter().map(move |case| (task, case)))
            .filter(|(_, case)| self.wants(case))
            .collect();
        if cases.is_empty() {
            let case = self.case.as_deref().unwrap_or_default();
            let known = tasks.iter().flat_map(|task| &task.cases);
            let known: Vec<&str> = known.map(|case| case.name.as_str()).collect();
            let (id, known) = (&self.id, known.join(", "));
            let message = format!("no case of {id} starts with {case:?}; there are: {known}");
            return Err(Failure::usage(message));
        }
        let lines = cases.iter().map(|(task, case)| self.line(task, case));
        let mut runs = Runs::start(lines.collect(), self.step);
        let teller = Teller {
            demo: self,
            paint: paint(color),
            slow: stdout_is_terminal() && !self.quick && !self.step && tasks.len() == 1,
        };
        let mut judged = Vec::new();
        for (place, (task, case)) in cases.iter().enumerate() {
            let is_first = place == 0 || !std::ptr::eq(cases[place - 1].0, *task);
            let one = teller.case(&mut runs, place, task, case, is_first)?;
            judged.push(one);
            let is_last = cases
                .get(place + 1)
                .is_none_or(|next| !std::ptr::eq(next.0, *task));
            if is_last {
                teller.answer(task, &judged)?;
            }
        }
        teller.verdicts(&judged)?;
        let holds = |one: &Judged| one.verdicts.iter().all(|verdict| verdict.holds);
        Ok(ExitCode::from(u8::from(!judged.iter().all(holds))))
    }

    fn wants(&self, case: &Case) -> bool {
        self.case
            .as_ref()
            .is_none_or(|start| case.name.starts_with(start))
    }

    /// Whether it is told as a story.
    fn narrates(&self) -> bool {
        self.output.is_none() && self.report.is_none()
    }

    /// The arguments of tunlab that perform the case.
    fn line(&self, task: &Task, case: &Case) -> Line {
        let mut line: Line = ["task", "perform"].map(Into::into).to_vec();
        if self.step {
            line.push("--step".into());
        }
        if let Some(folder) = &self.library.folder {
            line.extend(["--tasks".into(), folder.into()]);
        }
        line.extend(["--", &task.id, &case.name].map(Into::into));
        line
    }
}

impl Teller<'_> {
    /// Follows a case to its end and judges it.
    fn case<'t>(
        &self,
        runs: &mut Runs,
        place: usize,
        task: &'t Task,
        case: &'t Case,
        is_first: bool,
    ) -> Result<Judged<'t>, Failure> {
        let mut text = Text::default();
        if is_first {
            story::open_task(task, &self.paint, &mut text);
        }
        story::open_case(task, case, &self.paint, &mut text);
        self.say(&text)?;
        let steps: Vec<&Step> = task.steps(case).collect();
        let go_on = runs.going_on();
        let evidence = runs.follow(place, |event| self.event(event, &steps, &go_on))?;
        let verdicts = judge(task, case, &evidence);
        if self.demo.output.is_some() {
            print(&(report::json(task, case, &evidence, &verdicts) + "\n"))?;
        }
        Ok(Judged {
            task,
            case,
            evidence,
            verdicts,
        })
    }

    fn event(&self, event: &Event, steps: &[&Step], go_on: &GoOn) -> Result<(), Failure> {
        let mut text = Text::default();
        match event {
            Event::Begins(place) => {
                if let Some(step) = steps.get(*place) {
                    story::begin_step(step, &self.paint, &mut text);
                }
                self.say(&text)?;
                if self.demo.step {
                    // At the end of stdin there is nobody to wait for.
                    let _ = io::stdin().read_line(&mut String::new());
                    go_on.next_step();
                }
            }
            Event::Done {
                step,
                record,
                packets,
            } => {
                if let Some(step) = steps.get(*step) {
                    story::end_step(step, record, packets, &self.paint, &mut text);
                }
                self.say(&text)?;
                if self.slow {
                    sleep(READING);
                }
            }
            Event::Over(_) => {}
        }
        Ok(())
    }

    fn say(&self, text: &Text) -> Result<(), Failure> {
        match self.demo.narrates() {
            true => print(text.as_str()),
            false => Ok(()),
        }
    }

    /// Ends a task: what has been shown, if it has; or its report.
    fn answer(&self, task: &Task, judged: &[Judged]) -> Result<(), Failure> {
        let own: Vec<&Judged> = judged
            .iter()
            .filter(|one| std::ptr::eq(one.task, task))
            .collect();
        if self.demo.report.is_some() {
            return print(&report::markdown(task, &own));
        }
        let mut text = Text::default();
        let all_hold = own
            .iter()
            .flat_map(|one| &one.verdicts)
            .all(|verdict| verdict.holds);
        if all_hold && self.demo.case.is_none() {
            text.str("\n");
            story::prose(&task.answer, 0, &mut text);
        }
        self.say(&text)
    }

    fn verdicts(&self, judged: &[Judged]) -> Result<(), Failure> {
        let mut text = Text::default();
        verdicts(judged, &self.paint, &mut text);
        self.say(&text)
    }
}
