//! Which hop a hop continues, and which hops are those of a second copy.
//!
//! Time alone does not tell: pieces of a packet, and copies of it, are under way together. What a
//! host sends it had before; what comes in was sent by somebody, in the same frame where the link
//! has frames.

use super::identity::{Leg, Outer};
use super::ip_packet::Piece;
use super::path::{Change, Hop};
use crate::capture::Direction;

/// Nobody waits so little, in nanoseconds, before sending something again that got lost.
const IMPATIENT: u64 = 100_000_000;

/// How well a hop can continue another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// That would take hops which nobody has seen.
    Poor,
    /// It can, by way of something that does not show.
    Fair,
    /// As packets travel.
    Good,
}

/// The hop that `hop` continues, among those before it. Of several that fit alike, one that nothing
/// else has continued yet, and the latest of them.
pub(super) fn previous(before: &[Hop], hop: &Hop) -> Option<usize> {
    let holds = |one: &Hop| {
        one.leg == hop.leg
            && covers(one.packet.piece, hop.packet.piece)
            && covers(one.outer_piece, hop.outer_piece)
    };
    let fitting = (0..before.len()).filter(|&at| holds(&before[at]));
    let judged = fitting.map(|at| (fit(&before[at], hop), at));
    let possible = judged.filter(|(fit, _)| *fit > Fit::Poor);
    let is_free = |at: usize| {
        !before
            .iter()
            .any(|one| one.after == Some(at) && one.is_same_piece(hop))
    };
    let best = possible.max_by_key(|&(fit, at)| (fit, is_free(at), at));
    best.map(|(_, at)| at)
}

/// Whether a piece can have been cut from the other one; what is whole can be made of any.
fn covers(one: Option<Piece>, piece: Option<Piece>) -> bool {
    let end = |piece: Piece| piece.offset + piece.len;
    match (one, piece) {
        (Some(one), Some(piece)) => one.offset <= piece.offset && end(one) >= end(piece),
        _ => true,
    }
}

fn fit(before: &Hop, hop: &Hop) -> Fit {
    let here = before.host == hop.host;
    let elsewhere = !before.is_where(hop);
    let wrapped = |outer: &Option<Outer>| outer.is_some();
    let (was, is) = (wrapped(&before.outer), wrapped(&hop.outer));
    // Devices that stand upon others pass frames on; so do cables.
    let same_frame = before.ends.is_some() && before.ends == hop.ends;
    let (good, fair) = match (before.direction, hop.direction) {
        // Forwarded.
        (Direction::In, Direction::Out) => (here && was == is, here),
        // Out of a TUN device, and wrapped.
        (Direction::Out, Direction::Out) => {
            let down = elsewhere && (!was && is || was == is && same_frame);
            (here && down, false)
        }
        // Over a cable, or without any.
        (Direction::Out, Direction::In) => {
            let bare = before.ends.is_none() && hop.ends.is_none() && !here;
            let whole = was == is && before.packet.ttl == hop.packet.ttl;
            (whole && (same_frame || bare), !here || same_frame)
        }
        // Unwrapped, and written to a TUN device.
        (Direction::In, Direction::In) => {
            let up = elsewhere && (was && !is || was == is && same_frame);
            (here && up, here && elsewhere)
        }
    };
    match (good, fair) {
        (true, _) => Fit::Good,
        (_, true) => Fit::Fair,
        _ => Fit::Poor,
    }
}

/// Notes where there are two packets of what was one: the one that arrives is the packet, the other
/// a copy; of two that do, or do not, the first.
pub(super) fn note_copies(hops: &mut [Hop], arrives: impl Fn(&Hop) -> bool) {
    let arriving = lines_of(hops, arrives);
    for at in 1..hops.len() {
        let Some(first) = (0..at).find(|&one| is_twin(hops, one, at)) else {
            continue;
        };
        let (packet, copy) = match (arriving[first], arriving[at]) {
            (false, true) => (at, first),
            _ => (first, at),
        };
        let number = packet + 1;
        let changed = &mut hops[copy].changed;
        changed.retain(|change| !matches!(change, Change::SentAgain { .. } | Change::Copy { .. }));
        changed.insert(0, Change::Copy { number });
    }
    note_answers(hops);
}

/// Of each hop, whether it is on a line that ends where it should.
fn lines_of(hops: &[Hop], arrives: impl Fn(&Hop) -> bool) -> Vec<bool> {
    let mut arriving: Vec<bool> = hops.iter().map(arrives).collect();
    for at in (0..hops.len()).rev() {
        if let Some(after) = hops[at].after.filter(|_| arriving[at]) {
            arriving[after] = true;
        }
    }
    arriving
}

/// Whether two hops go on from the same one, or begin alike, as the same packet.
fn is_twin(hops: &[Hop], first: usize, second: usize) -> bool {
    let (one, other) = (&hops[first], &hops[second]);
    if one.leg != other.leg || !one.is_same_piece(other) {
        return false;
    }
    match (one.after, other.after) {
        (Some(after), Some(other_after)) => {
            after == other_after && [one, other].map(|hop| fit(&hops[after], hop)) == [Fit::Good; 2]
        }
        // What is sent again for want of an answer has a number of its own, or comes much later.
        (None, None) => {
            let soon = other.time.0 - one.time.0 < IMPATIENT;
            let sent = (one.direction, other.direction) == (Direction::Out, Direction::Out);
            let alike = one.host == other.host && one.packet.id == other.packet.id;
            let answers = one.leg != Leg::Request && is_asked_twice(hops);
            soon && sent && alike && !answers
        }
        _ => false,
    }
}

/// Whether there is a copy of what is to be answered.
fn is_asked_twice(hops: &[Hop]) -> bool {
    let is_copy = |change: &Change| matches!(change, Change::Copy { .. });
    hops.iter()
        .any(|hop| hop.leg == Leg::Request && hop.changed.iter().any(is_copy))
}

/// Who gets a packet twice answers twice, rather than again.
fn note_answers(hops: &mut [Hop]) {
    if !is_asked_twice(hops) {
        return;
    }
    for hop in hops.iter_mut().filter(|hop| hop.leg != Leg::Request) {
        for change in &mut hop.changed {
            if matches!(change, Change::SentAgain { after } if *after < IMPATIENT) {
                *change = Change::AnsweredTwice;
            }
        }
    }
}
