//! `tunlab why`: where and why packets die, and the command that cures it.

use super::Outcome;
use super::args::{When, paint};
use super::failure::{Failure, print};
use crate::causes::{self, page};
use crate::model::Text;
use crate::packet::filter::distance;
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Why {
    /// Explain a cause by its name; without a name, list them all
    #[arg(long, value_name = "CAUSE", num_args = 0..=1, required = true)]
    explain: Option<Option<String>>,
}

impl Why {
    pub(super) fn run(&self, color: When) -> Outcome {
        let paint = paint(color);
        let mut text = Text::default();
        match self.explain.as_ref().and_then(Option::as_ref) {
            None => page::list(&paint, &mut text),
            Some(name) => page::page(find(name)?, &paint, &mut text),
        }
        print(text.as_str())?;
        Ok(ExitCode::SUCCESS)
    }
}

fn find(name: &str) -> Result<&'static causes::Cause, Failure> {
    let slips = |known: &str| distance(&name.to_ascii_lowercase(), known);
    causes::find(name).ok_or_else(|| {
        let nearest = causes::ALL.iter().min_by_key(|cause| slips(cause.name));
        let hint = match nearest {
            Some(cause) if slips(cause.name) <= name.len().div_ceil(3) => {
                format!("did you mean {}? ", cause.name)
            }
            _ => String::new(),
        };
        Failure::usage(format!(
            "no cause is called {name}; {hint}`tunlab why --explain` lists them"
        ))
    })
}
