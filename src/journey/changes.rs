//! What is different from one hop to the next.

use super::identity::{Leg, Outer};
use super::ip_packet::{Body, IpPacket, Piece};
use super::lineage;
use super::path::{Change, End, Hop, Question};
use super::words;
use crate::capture::Direction;
use std::net::SocketAddr;

/// Notes at each hop what changed since the hop before.
pub(super) fn note(hops: &mut [Hop], questions: &[Question]) {
    for at in 0..hops.len() {
        let (before, rest) = hops.split_at_mut(at);
        let Some(hop) = rest.first_mut() else {
            return;
        };
        let mut changes = Vec::new();
        changes.extend(waited(before, hop, questions));
        let again = sent_again(before, hop);
        hop.after = lineage::previous(before, hop).filter(|_| again.is_none());
        match (again, hop.after) {
            (Some(again), _) => changes.push(again),
            (None, Some(previous)) => compare(&before[previous], hop, &mut changes),
            (None, None) => begins(before, hop, &mut changes),
        }
        changes.append(&mut hop.changed);
        hop.changed = changes;
    }
}

/// The first hop of a leg; of an answer that was cut up where it was made, the first of each piece.
fn begins(before: &[Hop], hop: &Hop, changes: &mut Vec<Change>) {
    let first = !before.iter().any(|one| one.leg == hop.leg);
    match hop.leg {
        Leg::Answer if first => changes.push(Change::Answered(words::what(hop))),
        Leg::Error | Leg::Redirect if first => changes.push(Change::Reported(words::what(hop))),
        _ => {}
    }
    changes.extend(cut(None, hop.packet.piece, false));
    changes.extend(cut(None, hop.outer_piece, true));
}

fn compare(previous: &Hop, hop: &Hop, changes: &mut Vec<Change>) {
    let (was, is) = (&previous.packet, &hop.packet);
    if was.ttl != is.ttl {
        let (from, to) = (was.ttl, is.ttl);
        changes.push(Change::Ttl { from, to });
    }
    changes.extend(wrapping(previous.outer, hop.outer));
    rewritten(was, is, changes);
    changes.extend(cut(was.piece, is.piece, false));
    changes.extend(cut(previous.outer_piece, hop.outer_piece, true));
    if was.piece.is_some() && is.piece.is_none() {
        changes.push(Change::Reassembled);
    }
    let back = previous.is_where(hop) && previous.outer == hop.outer;
    if back && (previous.direction, hop.direction) == (Direction::In, Direction::Out) {
        changes.push(Change::Bounced);
    }
}

/// Whether this is the first hop of the leg once more: sent again. One that comes by a second time
/// because it was bounced has a smaller TTL.
fn sent_again(before: &[Hop], hop: &Hop) -> Option<Change> {
    let strand = |one: &&Hop| one.leg == hop.leg && one.is_same_piece(hop);
    let first = before.iter().find(strand)?;
    let is_again = first.is_where(hop)
        && (first.direction, first.outer) == (hop.direction, hop.outer)
        && first.packet.ttl == hop.packet.ttl;
    let after = hop.time.0.saturating_sub(first.time.0);
    is_again.then_some(Change::SentAgain { after })
}

/// Which piece it is now, of itself or of the datagram around it, if that was not so before.
fn cut(was: Option<Piece>, is: Option<Piece>, outer: bool) -> Option<Change> {
    let piece = is.filter(|_| was != is)?;
    Some(Change::Fragment { piece, outer })
}

fn wrapping(was: Option<Outer>, is: Option<Outer>) -> Option<Change> {
    match (was, is) {
        (None, Some(outer)) => Some(Change::Wrapped(outer)),
        (Some(_), None) => Some(Change::Unwrapped),
        (Some(from), Some(to)) if from != to => Some(Change::OuterRewritten { from, to }),
        _ => None,
    }
}

fn rewritten(was: &IpPacket, is: &IpPacket, changes: &mut Vec<Change>) {
    let (mut from, mut to) = (was.endpoints(), is.endpoints());
    let later = |packet: &IpPacket| packet.piece.is_some_and(|piece| piece.offset > 0);
    if later(was) || later(is) {
        // A later fragment has no ports to compare.
        for end in [&mut from.0, &mut from.1, &mut to.0, &mut to.1] {
            end.set_port(0);
        }
    }
    let end = |socket: SocketAddr| End {
        address: socket.ip(),
        port: socket.port(),
    };
    if from.0 != to.0 {
        let (from, to) = (end(from.0), end(to.0));
        changes.push(Change::Source { from, to });
    }
    if from.1 != to.1 {
        let (from, to) = (end(from.1), end(to.1));
        changes.push(Change::Destination { from, to });
    }
    if let (Body::Echo { id: from, .. }, Body::Echo { id: to, .. }) = (&was.body, &is.body)
        && from != to
    {
        let (from, to) = (*from, *to);
        changes.push(Change::EchoId { from, to });
    }
}

/// The answer about a neighbour that came between the hop before and this one, here.
fn waited(before: &[Hop], hop: &Hop, questions: &[Question]) -> Option<Change> {
    let since = before.last().map(|hop| hop.time);
    let between = |question: &&Question| {
        (&question.host, &question.device) == (&hop.host, &hop.device)
            && since.is_none_or(|since| question.time >= since)
            && question.time <= hop.time
    };
    let reply = questions
        .iter()
        .rfind(|question| between(question) && question.arp.reply)?;
    let asked = questions
        .iter()
        .find(|question| !question.arp.reply && question.arp.target == reply.arp.sender)?;
    (hop.direction == Direction::Out).then_some(Change::WaitedForNeighbour {
        address: reply.arp.sender,
        mac: reply.arp.mac,
        after: reply.time.0.saturating_sub(asked.time.0),
    })
}
