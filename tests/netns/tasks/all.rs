//! Every demonstration, side by side, as root and as an ordinary user; and what its evidence is
//! worth when it is not what it seems.

use super::super::run::Bench;
use super::super::user::Start;
use super::super::{Problem, Test, wrong};
use super::evidence::{each_is_needed, no_other_run, right_checksums};
use super::{cases, failures};
use serde_json::Value;
use std::time::Duration;

pub(crate) const TESTS: &[(&str, Test)] = &[("tasks::demo_all", demo_all)];

/// What a lecturer is promised.
const LIMIT: Duration = Duration::from_secs(120);

fn demo_all(bench: &Bench) -> Result<(), Problem> {
    let running = bench.start(Start::Plain, "task demo all -o json", &[])?;
    let ended = running.wait_at_most(LIMIT)?;
    let cases = cases(&ended)?;
    for case in &cases {
        let failed = failures(case);
        if !failed.is_empty() {
            return wrong(format!("{}: {}: {failed:#?}", case["task"], case["case"]));
        }
    }
    ended.exits(0)?;
    let tasks =
        tunlab::task::library::tasks(None).map_err(|error| Problem::Wrong(error.to_string()))?;
    let wanted = tasks.iter().map(|task| task.cases.len()).sum::<usize>();
    if cases.len() != wanted {
        return wrong(format!("{} cases were performed, of {wanted}", cases.len()));
    }
    for task in &tasks {
        let own: Vec<&Value> = cases
            .iter()
            .filter(|case| case["task"] == task.id.as_str())
            .collect();
        for (case, told) in task.cases.iter().zip(own) {
            no_other_run(task, case, told)?;
            right_checksums(task, case, told)?;
            each_is_needed(task, case, told)?;
        }
    }
    Ok(())
}
