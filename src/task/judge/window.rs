//! The part of a run that an expectation looks at.

use crate::task::evidence::{Evidence, Sighting};
use crate::task::model::Expect;
use std::ops::Range;

/// A stretch of the run.
pub(super) struct Window {
    /// Times, in nanoseconds since 1970.
    times: Range<u64>,
    /// The steps, by their places.
    pub(super) steps: Range<usize>,
}

impl Window {
    /// The whole run.
    pub(super) fn whole(evidence: &Evidence) -> Window {
        Window {
            times: evidence.run.started..evidence.run.ended.saturating_add(1),
            steps: 0..evidence.steps.len(),
        }
    }

    /// What the expectation looks at. Of a step that was never begun there is nothing to see.
    pub(super) fn of(expect: &Expect, evidence: &Evidence) -> Window {
        let whole = Window::whole(evidence);
        let (name, alone) = match (&expect.during, &expect.since) {
            (Some(during), _) => (during, true),
            (None, Some(since)) => (since, false),
            (None, None) => return whole,
        };
        let Some(place) = evidence.step(name.get_ref()) else {
            return Window {
                times: 0..0,
                steps: 0..0,
            };
        };
        let start = evidence.steps[place].started;
        let next = evidence.steps.get(place + 1).filter(|_| alone);
        Window {
            times: start..next.map_or(whole.times.end, |next| next.started),
            steps: place..if alone { place + 1 } else { whole.steps.end },
        }
    }

    /// Whether the packet was seen then, and in a host of this run.
    pub(super) fn holds(&self, packet: &Sighting, evidence: &Evidence) -> bool {
        self.times.contains(&packet.time) && is_of(packet, evidence)
    }
}

/// Whether the packet belongs to this run at all: another run has other namespaces, or another
/// time.
pub(super) fn is_of(packet: &Sighting, evidence: &Evidence) -> bool {
    let run = &evidence.run;
    run.hosts.get(&packet.host) == Some(&packet.netns)
        && (run.started..=run.ended).contains(&packet.time)
}
