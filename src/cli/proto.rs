//! `tunlab proto`: the reference, made from the protocols' tables.

use super::Outcome;
use super::args::{When, paint, terminal_width};
use super::commands::Runs;
use super::failure::{Failure, print};
use crate::model::{Protocol, Text};
use crate::packet::filter::distance;
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

impl Runs for Proto {
    fn run(self, color: When) -> Outcome {
        let paint = paint(color);
        let mut text = Text::default();
        match (&self.name, self.json) {
            (Some(name), false) => reference::page(find(name)?, &paint, &mut text),
            (Some(name), true) => reference::json(find(name)?, &mut text),
            (None, false) => reference::list(terminal_width(), &paint, &mut text),
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
            let hint = match nearest(name) {
                Some(nearest) => format!("did you mean {}? ", nearest.name),
                None => String::new(),
            };
            Failure::usage(format!(
                "no protocol is called {name}; {hint}`tunlab proto` lists them"
            ))
        })
}

/// The protocol whose name is nearest, if it is near: a slip in every three letters.
fn nearest(name: &str) -> Option<&'static Protocol> {
    let name = name.to_ascii_lowercase();
    let slips = |protocol: &Protocol| distance(&name, &protocol.name.to_ascii_lowercase());
    let nearest = proto::all().min_by_key(|protocol| slips(protocol))?;
    (slips(nearest) <= name.len().div_ceil(3)).then_some(nearest)
}
