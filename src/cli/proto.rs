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

/// What people call protocols that are called differently here.
const WORDS: [(&str, &str); 12] = [
    ("bpdu", "STP"),
    ("eth2", "Ether"),
    ("icmp6", "ICMPv6DestUnreach"),
    ("ip4", "IP"),
    ("ipv4", "IP"),
    ("ip6", "IPv6"),
    ("linux-cooked", "CookedLinux"),
    ("mld", "ICMPv6MLQuery"),
    ("mldv2", "ICMPv6MLQuery2"),
    ("nd", "ICMPv6ND_NS"),
    ("ndp", "ICMPv6ND_NS"),
    ("rarp", "ARP"),
];

/// The protocol of this name; letters' case does not matter, and `show`'s title, `line`'s column,
/// Wireshark's name or another word for it will do.
fn find(name: &str) -> Result<&'static Protocol, Failure> {
    let named = |of: fn(&Protocol) -> &str| {
        proto::all().find(|protocol| of(protocol).eq_ignore_ascii_case(name))
    };
    let same = |known: &str| known.eq_ignore_ascii_case(name);
    let by_alias = || {
        proto::all().find(|protocol| {
            let faces = protocol.faces.iter().map(|(face, _)| *face);
            protocol.aliases.iter().copied().chain(faces).any(same)
        })
    };
    let by_word = || {
        let (_, meant) = WORDS.iter().find(|(word, _)| same(word))?;
        proto::all().find(|protocol| protocol.name == *meant)
    };
    named(|protocol| protocol.name)
        .or_else(|| named(|protocol| protocol.column))
        .or_else(|| named(|protocol| protocol.title))
        .or_else(by_alias)
        .or_else(by_word)
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
