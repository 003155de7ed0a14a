//! `tunlab proto`: the reference, made from the protocols' tables.

use super::Outcome;
use super::args::{When, paint};
use super::failure::{Failure, print};
use crate::model::{Protocol, Text};
use crate::proto;
use crate::render::reference;
use clap::Args;
use std::process::ExitCode;

#[derive(Args)]
pub(super) struct Proto {
    /// A protocol's name; without one, all of them are listed
    name: Option<String>,

    /// Print JSON, one object a line
    #[arg(long)]
    json: bool,
}

impl Proto {
    pub(super) fn run(&self, color: When) -> Outcome {
        let paint = paint(color);
        let mut text = Text::default();
        match (&self.name, self.json) {
            (Some(name), false) => reference::page(find(name)?, &paint, &mut text),
            (Some(name), true) => reference::json(find(name)?, &mut text),
            (None, false) => reference::list(&paint, &mut text),
            (None, true) => {
                for protocol in proto::all() {
                    reference::json(protocol, &mut text);
                }
            }
        }
        print(text.as_str())?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The protocol of this name; letters' case does not matter, and `show`'s title or `line`'s column
/// will do.
fn find(name: &str) -> Result<&'static Protocol, Failure> {
    let named = |of: fn(&Protocol) -> &str| {
        proto::all().find(|protocol| of(protocol).eq_ignore_ascii_case(name))
    };
    named(|protocol| protocol.name)
        .or_else(|| named(|protocol| protocol.column))
        .or_else(|| named(|protocol| protocol.title))
        .ok_or_else(|| {
            Failure::usage(format!(
                "no protocol is called {}; `tunlab proto` lists them",
                name.escape_debug()
            ))
        })
}
