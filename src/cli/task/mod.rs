//! `tunlab task`: the tasks of the course, listed, shown, demonstrated.
//!
//! - `show`: a walk-through on a terminal, or as it is in a pipe
//! - `demo`: performs tasks, each case in a process of its own (`runs`), narrates (`story`), and
//!   ends with the verdicts (`table`); or writes data or a report (`report`) instead
//! - `perform`: that process

mod demo;
mod perform;
mod report;
mod runs;
mod show;
mod story;
mod table;

use super::Outcome;
use super::args::{When, paint};
use super::commands::Runs;
use super::failure::{Failure, print};
use crate::model::Text;
use crate::render::Role;
use crate::task::library::{select, tasks};
use crate::task::{LoadError, Task};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use unicode_width::UnicodeWidthStr;

#[derive(Args)]
pub(super) struct TaskArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A line for each task
    List(List),
    /// The walk-through of a task, to be done by hand
    Show(show::Show),
    /// Perform a task on the real kernel, and judge what is seen
    Demo(demo::Demo),
    /// One case of a demonstration, for `demo` itself
    #[command(hide = true)]
    Perform(perform::Perform),
}

/// Which tasks there are.
#[derive(Args)]
struct Library {
    /// Tasks of your own: a folder with a folder for each (CONTRIBUTING.md tells how)
    #[arg(long = "tasks", value_name = "DIR")]
    folder: Option<PathBuf>,
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    library: Library,
}

impl Runs for TaskArgs {
    fn run(self, color: When) -> Outcome {
        match &self.command {
            Command::List(list) => list.run(color),
            Command::Show(show) => show.run(color),
            Command::Demo(demo) => demo.run(color),
            Command::Perform(perform) => perform.run(),
        }
    }
}

impl Library {
    fn all(&self) -> Result<Vec<Task>, Failure> {
        Ok(tasks(self.folder.as_deref())?)
    }

    /// The tasks whose names start with `prefix`, at least one.
    fn select(&self, prefix: &str) -> Result<Vec<Task>, Failure> {
        let found = select(self.all()?, prefix);
        if found.is_empty() {
            return Err(Failure::usage(format!(
                "no task's name starts with {prefix}; `tunlab task list` lists them"
            )));
        }
        Ok(found)
    }
}

impl List {
    fn run(&self, color: When) -> Outcome {
        let (paint, mut text) = (paint(color), Text::default());
        let tasks = self.library.all()?;
        let ids = tasks.iter().map(|task| task.id.width());
        let column = ids.max().unwrap_or(0) + 2;
        for task in &tasks {
            paint.with(Role::Title, &mut text, |text| _ = text.str(&task.id));
            text.spaces(column - task.id.width());
            text.tame(&task.title).str("\n");
        }
        print(text.as_str())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Failure {
        let picture = error.picture().to_owned();
        let failure = Failure::usage(&error).with_picture(picture);
        match error.remedy() {
            Some(remedy) => failure.with_hint(remedy),
            None => failure,
        }
    }
}
