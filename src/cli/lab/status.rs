//! `tunlab lab status`.

use crate::cli::Outcome;
use crate::cli::args::When;
use crate::cli::failure::print;
use crate::lab::{Lab, LabName, survey::Survey};
use clap::{Args, ValueEnum};
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Status {
    /// How it is printed
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "text"
    )]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A drawing
    Text,
    /// One JSON object
    Json,
}

impl Status {
    pub(super) fn run(self, lab: Option<&LabName>, _color: When) -> Outcome {
        let lab = Lab::find(lab)?;
        lab.join()?;
        let survey = Survey::take(&lab)?;
        print(&match self.format {
            Format::Text => survey.drawing(),
            Format::Json => survey.json(),
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
