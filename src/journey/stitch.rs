//! From sightings to the path, as a pure function.
//!
//! 1. Sort by the kernel's time; where two times are equal, by what can follow what.
//! 2. Find the packet, then recognise it in each sighting from there on.
//! 3. Compare each hop with the one before it of the same leg.
//! 4. Say whether it arrived, and whether an answer did.

use super::changes;
use super::identity::{Identity, Leg, Match, Outer, Seed};
use super::ip_packet::IpPacket;
use super::lineage;
use super::path::{Hop, Path, Place, Question};
use super::pieces::Pieces;
use super::read::Content;
use super::sighting::{Seen, Sighting};
use crate::capture::Direction;
use crate::model::LinkType;

/// Follows the packet that `seed` describes, which `origin` sent, through all that was seen.
/// Sightings of other packets are passed over, and the order of `seen` does not matter.
pub fn stitch<'s>(
    seed: &Seed,
    origin: &str,
    places: &[Place],
    seen: impl IntoIterator<Item = &'s Seen>,
) -> Path {
    let mut seen: Vec<&Seen> = seen.into_iter().collect();
    seen.sort_by_key(|seen| (seen.sighting.time, seen.sighting.direction == Direction::In));
    let mut identity: Option<Identity> = None;
    let mut hops = Vec::new();
    for seen in &seen {
        let Content::Ip(packet) = &seen.content else {
            continue;
        };
        let identity = match &mut identity {
            Some(identity) => identity,
            None => match seed.find(packet) {
                Some(found) => identity.insert(Identity::new(found.clone())),
                None => continue,
            },
        };
        if let Some(found) = identity.recognise(packet) {
            hops.push(hop(seen, found));
        }
    }
    settle_ties(&mut hops);
    let questions = questions(&seen, &hops);
    changes::note(&mut hops, &questions);
    lineage::note_copies(&mut hops, |hop| arrives(hop, places));
    Path {
        delivered: is_delivered(&hops, places),
        answered: is_whole(hops.iter().filter(|hop| is_home(hop, origin, places))),
        hops,
        questions,
    }
}

/// Whether the hop ends a journey: an answer or an error is back where the packet came from, out
/// of the tunnel.
pub(super) fn is_end(hop: &Hop, origin: &str, places: &[Place]) -> bool {
    let back = matches!(hop.leg, Leg::Answer | Leg::Error);
    back && arrives(hop, places) && &*hop.host == origin
}

/// Who answers has received; else all of the packet must have come in where its destination lives.
fn is_delivered(hops: &[Hop], places: &[Place]) -> bool {
    let there = |hop: &&Hop| hop.leg == Leg::Request && arrives(hop, places);
    let answered = hops.iter().any(|hop| hop.leg == Leg::Answer);
    answered || is_whole(hops.iter().filter(there))
}

/// Whether these hops are of all pieces of a packet.
fn is_whole<'h>(hops: impl Iterator<Item = &'h Hop>) -> bool {
    Pieces::all(hops.map(|hop| hop.packet.piece)).whole
}

fn is_home(hop: &Hop, origin: &str, places: &[Place]) -> bool {
    hop.leg == Leg::Answer && is_end(hop, origin, places)
}

/// Whether the host at `hop` is the one that the packet is for.
fn arrives(hop: &Hop, places: &[Place]) -> bool {
    let mut here = places.iter().filter(|place| place.name == hop.host);
    hop.direction == Direction::In
        && hop.outer.is_none()
        && here.any(|place| place.addresses.contains(&hop.packet.dst))
}

/// The hop that a sighting of the packet is.
pub(super) fn hop(seen: &Seen, found: Match) -> Hop {
    let sighting = &seen.sighting;
    let mut hop = Hop {
        host: sighting.host.clone(),
        device: sighting.device.clone(),
        direction: sighting.direction,
        time: sighting.time,
        leg: found.leg,
        packet: found.packet,
        outer: found.outer,
        outer_piece: None,
        ends: (sighting.link == LinkType::ETHERNET)
            .then(|| sighting.bytes.first_chunk().copied())
            .flatten(),
        wire_len: sighting.wire_len,
        partial: sighting.partial,
        beside: match &seen.content {
            Content::Ip(packet) => packet.inside().len().saturating_sub(1),
            _ => 0,
        },
        after: None,
        changed: Vec::new(),
    };
    if hop.outer.is_some()
        && let Content::Ip(IpPacket { piece, .. }) = seen.content
    {
        hop.outer_piece = piece;
    }
    hop
}

/// Puts hops of the same nanosecond into an order that a packet can take.
fn settle_ties(hops: &mut [Hop]) {
    let mut start = 0;
    while start < hops.len() {
        let time = hops[start].time;
        let tied = hops[start..].iter().take_while(|hop| hop.time == time);
        let end = start + tied.count();
        for place in start..end.saturating_sub(1) {
            let before = place.checked_sub(1).map(|before| &hops[before]);
            let continues = |at: &usize| before.is_some_and(|one| can_follow(one, &hops[*at]));
            let follows_none = |at: &usize| {
                let mut others = hops[place..end].iter();
                !others.any(|other| can_follow(other, &hops[*at]))
            };
            // What continues the hop before comes next; else what nothing else leads to.
            let next = (place..end).find(continues);
            if let Some(next) = next.or_else(|| (place..end).find(follows_none)) {
                hops[place..=next].rotate_right(1);
            }
        }
        start = end;
    }
}

/// Whether a packet seen at `before` can be seen at `hop` next.
fn can_follow(before: &Hop, hop: &Hop) -> bool {
    let here = before.host == hop.host;
    let deeper = |outer: &Option<Outer>| u8::from(outer.is_some());
    let (was, is) = (deeper(&before.outer), deeper(&hop.outer));
    match (before.direction, hop.direction) {
        // Over a cable; or out of a TUN device to the program that wraps it.
        (Direction::Out, Direction::In) => !here && was == is,
        (Direction::Out, Direction::Out) => here && is > was,
        // Forwarded, or answered; or unwrapped and written to a TUN device.
        (Direction::In, Direction::Out) => here && was == is,
        (Direction::In, Direction::In) => here && is < was,
    }
}

/// The ARP messages that have to do with the packet: of hosts on its path, or, when it is seen
/// nowhere, of all; each question once, and its answer.
fn questions(seen: &[&Seen], hops: &[Hop]) -> Vec<Question> {
    let mut questions: Vec<Question> = Vec::new();
    for seen in seen {
        let (sighting, Content::Arp(arp)) = (&seen.sighting, &seen.content) else {
            continue;
        };
        let asks = match (arp.reply, sighting.direction) {
            (false, Direction::Out) => true,
            (true, Direction::In) => questions.iter().any(|asked| {
                (&asked.host, &asked.device) == (&sighting.host, &sighting.device)
                    && asked.arp.target == arp.sender
            }),
            _ => false,
        };
        if asks && concerns(sighting, hops) {
            questions.push(Question {
                host: sighting.host.clone(),
                device: sighting.device.clone(),
                direction: sighting.direction,
                time: sighting.time,
                arp: *arp,
            });
        }
    }
    questions
}

/// Whether a host asks because of the packet: it has it, or will send it there next.
fn concerns(question: &Sighting, hops: &[Hop]) -> bool {
    let at = hops.partition_point(|hop| hop.time <= question.time);
    match (at.checked_sub(1).map(|last| &hops[last]), hops.get(at)) {
        (Some(last), _) => last.host == question.host && !is_back(last),
        (None, Some(next)) => next.host == question.host,
        (None, None) => true,
    }
}

/// Whether nothing is to come after this hop: an answer's or error's last one.
fn is_back(hop: &Hop) -> bool {
    hop.leg != Leg::Request && hop.direction == Direction::In && hop.outer.is_none()
}
