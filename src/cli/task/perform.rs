//! One case, in a process of its own: a user namespace is entered once and for all, and a lab
//! needs a process with one thread. Events go to stdout, one JSON object a line.

use super::super::Outcome;
use super::super::failure::{Failure, print};
use super::Library;
use crate::capture::{TunError, driver};
use crate::task::engine::{EngineError, Event, perform};
use clap::Args;
use nix::sys::signal::Signal;
use std::io;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Perform {
    /// The task
    id: String,

    /// The case
    case: String,

    /// Wait for a line on stdin before each step
    #[arg(long)]
    step: bool,

    #[command(flatten)]
    library: Library,
}

impl Perform {
    pub(super) fn run(&self) -> Outcome {
        let tasks = self.library.all()?;
        let task = tasks.iter().find(|task| task.id == self.id);
        let case = task.and_then(|task| task.cases.iter().find(|case| case.name == self.case));
        let (Some(task), Some(case)) = (task, case) else {
            return Err(Failure::usage(format!(
                "{}: no such case: {}",
                self.id, self.case
            )));
        };
        // Asked first: a step that cannot create its device would read as a wrong answer.
        driver::check().map_err(|error| Failure::from(TunError::from(error)))?;
        let own = std::env::current_exe().map_err(|error| {
            Failure::refused(format!("find tunlab's own executable: {error}"), None)
        })?;
        let mut tell = |event: Event| {
            if let Event::Begins(0) = event {
                end_with_parent();
            }
            if let Err(failure) = emit(&event) {
                // Nobody listens any more. The lab is tied to this process and ends with it.
                exit(failure);
            }
            if self.step && matches!(event, Event::Begins(_)) {
                // At the end of stdin there is nobody to wait for.
                let _ = io::stdin().read_line(&mut String::new());
            }
        };
        let evidence = perform(task, case, &own, &mut tell)?;
        emit(&Event::Over(Box::new(evidence)))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Makes this process end when the demonstration does, however that ends. To be asked for in the
/// lab: entering a user namespace clears it (`man 2 PR_SET_PDEATHSIG`).
fn end_with_parent() {
    // Without it the end is noticed at the next event.
    let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
}

fn exit(failure: Failure) -> ! {
    let _ = failure.report();
    std::process::exit(3)
}

fn emit(event: &Event) -> Result<(), Failure> {
    // All of it is text and numbers: there is nothing in it that JSON could not hold.
    let line = serde_json::to_string(event).unwrap_or_default();
    print(&(line + "\n"))
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        Failure::refused(&error, error.remedy())
    }
}
