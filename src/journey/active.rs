//! A packet under way: what is known of it so far, and when to give it up.

use super::identity::{Identity, Leg, Seed};
use super::ip_packet::IpPacket;
use super::path::{Hop, Place};
use super::pieces::Pieces;
use super::probe::SendError;
use super::read::{Arp, Content};
use super::sighting::Seen;
use super::stitch::{self, is_end};
use crate::capture::{Direction, Timestamp};
use crate::packet::filter::Filter;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the kernel asks for a neighbour before it gives up and says so: three questions a
/// second apart (`net.ipv4.neigh.default.mcast_solicit`), and a little.
const NEIGHBOUR: Duration = Duration::from_millis(3_400);

/// How long pieces are waited for after an error about one of them has come home: they were sent
/// before it.
const STRAGGLERS: Duration = Duration::from_millis(50);

/// A packet under way.
pub(super) struct Active {
    pub(super) number: u16,
    pub(super) origin: String,
    pub(super) what: What,
    /// When it was sent, on the sightings' clock.
    pub(super) sent: Timestamp,
    /// When something of it was last seen.
    pub(super) last: Instant,
    last_host: Option<Hop>,
    /// Where it was seen: a packet that is sent again is nothing new.
    passed: HashSet<Passage>,
    /// The neighbour that somebody asks for, and since when.
    asking: Option<(Arp, Instant)>,
    /// Whether it was cut up.
    in_pieces: bool,
    pub(super) home: Pieces,
    /// When it ends, whatever may still be seen: it is known to have died.
    pub(super) doom: Option<Instant>,
    pub(super) refused: Option<SendError>,
}

/// A device, a way through it, and what passed.
type Passage = ((Arc<str>, Arc<str>), Direction, Leg, u8);

pub(super) enum What {
    /// A packet that fits a filter, and was not seen yet.
    Any(Filter),
    /// A packet that was not seen yet.
    Wanted(Seed),
    /// One that was.
    Seen(Seed, Box<Identity>),
}

impl Active {
    /// One that is announced `now`.
    pub(super) fn new(number: u16, origin: &str, what: What, now: Timestamp) -> Active {
        Active {
            number,
            origin: origin.to_owned(),
            what,
            sent: now,
            last: Instant::now(),
            last_host: None,
            passed: HashSet::new(),
            asking: None,
            in_pieces: false,
            home: Pieces::default(),
            doom: None,
            refused: None,
        }
    }

    /// When to give up, if nothing more is seen; never while no packet was found.
    pub(super) fn deadline(&self, patience: Duration) -> Option<Instant> {
        if self.refused.is_some() {
            return Some(self.last);
        }
        let at = match self.what {
            What::Any(_) => return None,
            _ => self.last + patience,
        };
        let at = match self.asking {
            Some((_, since)) => at.max(since + NEIGHBOUR),
            None => at,
        };
        Some(self.doom.map_or(at, |doom| doom.min(at)))
    }

    /// A filter found its packet: whoever sent it first is where the journey begins.
    pub(super) fn found<'s>(
        &mut self,
        packet: IpPacket,
        window: impl Iterator<Item = &'s Seen>,
        now: Instant,
    ) {
        let seed = Seed::Packet(Box::new(packet));
        let is_it = |seen: &&Seen| match &seen.content {
            Content::Ip(packet) => seed.find(packet).is_some(),
            _ => false,
        };
        let first = window.filter(is_it).min_by_key(|seen| seen.sighting.time);
        if let Some(first) = first {
            self.origin = first.sighting.host.to_string();
            self.sent = first.sighting.time;
        }
        self.last = now;
        self.what = What::Wanted(seed);
    }

    /// Compares a sighting with the packet.
    pub(super) fn look(&mut self, seen: &Seen, places: &[Place], now: Instant) {
        match &seen.content {
            Content::Ip(packet) => self.look_at(seen, packet, places, now),
            Content::Arp(arp) => self.hear(seen, arp, now),
            Content::Other => {}
        }
    }

    fn look_at(&mut self, seen: &Seen, packet: &IpPacket, places: &[Place], now: Instant) {
        if let What::Wanted(seed) = &self.what
            && let Some(found) = seed.find(packet)
        {
            let identity = Box::new(Identity::new(found.clone()));
            self.what = What::Seen(seed.clone(), identity);
        }
        let What::Seen(_, identity) = &mut self.what else {
            return;
        };
        let Some(found) = identity.recognise(packet) else {
            return;
        };
        let hop = stitch::hop(seen, found);
        self.in_pieces |= hop.leg == Leg::Request && hop.packet.piece.is_some();
        let device = (hop.host.clone(), hop.device.clone());
        if self
            .passed
            .insert((device, hop.direction, hop.leg, hop.packet.ttl))
        {
            self.last = now;
        }
        self.asking = None;
        if is_end(&hop, &self.origin, places) {
            match (hop.leg, self.in_pieces) {
                // An error about a piece ends it; the others may still be on their way.
                (Leg::Error, true) => _ = self.doom.get_or_insert(now + STRAGGLERS),
                (Leg::Error, false) => self.home.whole = true,
                _ => self.home.add(hop.packet.piece),
            }
        }
        self.last_host = Some(hop);
    }

    /// A host asks for a neighbour: it may be for our packet, which then waits.
    fn hear(&mut self, seen: &Seen, arp: &Arp, now: Instant) {
        let here = match &self.last_host {
            Some(hop) => hop.host == seen.sighting.host,
            None => true,
        };
        match (arp.reply, seen.sighting.direction) {
            (false, Direction::Out) if here && self.asking.is_none() => {
                self.asking = Some((*arp, now));
            }
            (true, Direction::In) => {
                let answered = |(asked, _): &(Arp, Instant)| asked.target == arp.sender;
                if self.asking.as_ref().is_some_and(answered) {
                    self.asking = None;
                    self.last = now;
                }
            }
            _ => {}
        }
    }
}
