//! What speaks for a cause at a place.

use super::evidence::{Evidence, Rule};
use super::point::Point;
use super::state::is_tun;
use crate::causes::{self, Cause};

/// What speaks for a cause at a place.
#[derive(Debug, Default)]
pub(super) struct Clues {
    /// Each marked as observed or inferred.
    pub(super) words: Vec<String>,
    /// How much they weigh; nothing speaks for it at 0.
    pub(super) weight: u32,
    /// The counter that told.
    pub(super) counter: Option<String>,
    /// The rule of the firewall that told.
    pub(super) rule: Option<Rule>,
    /// The device concerned, where it is not the point's own.
    pub(super) dev: Option<String>,
}

impl Clues {
    /// Something that was observed speaks for it.
    pub(super) fn observed(mut self, weight: u32, words: String) -> Clues {
        self.words.push(format!("observed: {words}"));
        self.weight += weight;
        self
    }

    /// Something that was inferred does.
    pub(super) fn inferred(mut self, weight: u32, words: String) -> Clues {
        self.words.push(format!("inferred: {words}"));
        self.weight += weight;
        self
    }
}

/// The counters of a cause that rose on the host. One that counts much else besides weighs less.
pub(super) fn counters(cause: &Cause, point: &Point, evidence: &Evidence) -> Clues {
    let mut clues = Clues::default();
    let tun = point.host.links.iter().find(|link| is_tun(link));
    let written = cause.stage == causes::Stage::Writing;
    let dev = match tun {
        Some(tun) if written => tun.name.as_str(),
        _ => point.dev.as_deref().unwrap_or_default(),
    };
    // What a delivered ping moves is no clue that it was not delivered.
    if cause.name == "echo_ignored" {
        return clues;
    }
    // Either tells of a header that is none; elsewhere what follows the first one counts much else.
    // A sender and a router each count a missing route by a name of their own.
    let either = [causes::IPV6_HEADER.name, causes::DEVICE_DOWN_SEND.name];
    let telling = if either.contains(&cause.name) { 2 } else { 1 };
    let risen = cause
        .counters_for(point.dst, dev)
        .take(telling)
        .find_map(|name| {
            let delta = evidence.rose(&point.host.name, &name)?;
            Some((name, delta))
        });
    if let Some((name, delta)) = risen {
        let whose = evidence.company.caveat();
        clues = clues.observed(3, format!("{name} +{delta} on {}{whose}", point.host.name));
        clues.counter = Some(name);
    }
    clues
}
