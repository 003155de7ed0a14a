//! Following packets while they travel.
//!
//! 1. A probe is announced before it is sent, or a filter waits for somebody else's packet.
//! 2. Each sighting is compared with the packets under way.
//! 3. A journey ends when its answer is home, when nothing was seen for a while, or when the probe
//!    could not be sent; then all that was seen meanwhile is stitched.

use super::active::{Active, What};
use super::identity::Seed;
use super::ip_packet::IpPacket;
use super::path::{Path, Place};
use super::probe::SendError;
use super::read::Content;
use super::sighting::Seen;
use super::stitch::stitch;
use super::watch::{Losses, Pace, Watch, WatchError};
use crate::capture::Timestamp;
use crate::packet::filter::{Facts, Filter};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sightings that are kept while nobody knows yet which packet will be followed.
const BACKLOG: usize = 4_096;

/// A packet is seen a dozen times on its way. When there is something else to do so soon, as with
/// many probes in a row, it is not worth waking up for each: the traffic that passes beside them
/// would have to wait.
pub const SOON: Duration = Duration::from_millis(10);

/// How much a packet may seem older than the moment in which it was sent, in nanoseconds. The clock
/// that programs in the kernel read (`ktime_get_mono_fast_ns`, kernel/time/timekeeping.c) is the one
/// that we read, but may be a little behind it while that is being set right.
const BEHIND: u64 = 1_000_000;

/// A journey that has ended.
#[derive(Debug)]
pub struct Journey {
    /// The probe's number, from 1.
    pub number: u16,
    /// The host that sent it.
    pub origin: String,
    /// Where it went.
    pub path: Path,
    /// The frames of its path.
    pub frames: Vec<Arc<Seen>>,
    /// By what it was known; nothing for one that was waited for and never came.
    pub seed: Option<Seed>,
    /// When it was sent, on the sightings' clock.
    pub sent: Timestamp,
    /// When something of it was last seen.
    pub last: Instant,
    /// Why it could not even be sent.
    pub refused: Option<SendError>,
}

impl Journey {
    /// Whether the packet came to nothing, or was not even sent.
    pub fn is_dead(&self) -> bool {
        self.refused.is_some() || self.path.is_dead()
    }
}

/// Packets under way, and what was seen meanwhile.
pub struct Follower {
    watch: Watch,
    places: Vec<Place>,
    window: VecDeque<Arc<Seen>>,
    active: Vec<Active>,
    patience: Duration,
    offered: u64,
}

impl Follower {
    /// Follows packets until nothing was seen of them for `patience`.
    pub fn new(watch: Watch, patience: Duration) -> Follower {
        Follower {
            places: watch.places(),
            watch,
            window: VecDeque::new(),
            active: Vec::new(),
            patience,
            offered: 0,
        }
    }

    /// The hosts.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Announces the probe `number`, that `origin` is about to send. `send` sends it.
    pub fn probe(
        &mut self,
        number: u16,
        origin: &str,
        seed: Seed,
        send: impl FnOnce() -> Result<(), SendError>,
    ) {
        let mut active = Active::new(number, origin, What::Wanted(seed), self.watch.now());
        active.refused = send().err();
        self.active.push(active);
    }

    /// Waits for a packet that `filter` selects, of the host `origin` or of any, and follows it.
    pub fn attach(&mut self, filter: Filter, origin: Option<&str>) {
        let origin = origin.unwrap_or_default();
        let active = Active::new(1, origin, What::Any(filter), self.watch.now());
        self.active.push(active);
    }

    /// Whether no packet is under way.
    pub fn is_idle(&self) -> bool {
        self.active.is_empty()
    }

    /// Whether a packet is waited for that nobody has sent yet.
    pub fn is_waiting(&self) -> bool {
        let mut active = self.active.iter();
        active.any(|one| matches!(one.what, What::Any(_)))
    }

    /// The packets under way that may still arrive: their numbers, and by what they are known.
    pub fn hopes(&self) -> impl Iterator<Item = (u16, &Seed)> {
        let alive = self.active.iter().filter(|one| one.doom.is_none());
        alive.filter_map(|one| match &one.what {
            What::Any(_) => None,
            What::Wanted(seed) | What::Seen(seed, _) => Some((one.number, seed)),
        })
    }

    /// The packet of that number has died: its journey ends then at the latest.
    pub fn doom(&mut self, number: u16, end: Instant) {
        let mut active = self.active.iter_mut();
        if let Some(one) = active.find(|one| one.number == number) {
            one.doom = Some(end);
        }
    }

    /// Whether one is woken for each sighting, and may be for other things.
    pub fn pace(&self) -> Pace {
        self.watch.pace()
    }

    /// Waits for something to be seen, until `deadline` or until `other` is readable, and returns
    /// the journeys that have ended.
    pub fn step(
        &mut self,
        deadline: Option<Instant>,
        other: BorrowedFd,
    ) -> Result<Vec<Journey>, WatchError> {
        let ends = self
            .active
            .iter()
            .filter_map(|one| one.deadline(self.patience));
        let deadline = ends.chain(deadline).min();
        wait(&self.watch, other, deadline);
        // What came home was seen before on every other host, maybe after we looked there: after the
        // last one has, we look once more.
        let mut home = 0;
        loop {
            let before = std::mem::replace(&mut home, self.take()?);
            if home == before {
                break;
            }
        }
        let ended = self.active.extract_if(.., |one| one.home.whole);
        let mut journeys: Vec<Active> = ended.collect();
        let now = Instant::now();
        let patience = self.patience;
        let late = |one: &mut Active| one.deadline(patience).is_some_and(|at| at <= now);
        journeys.extend(self.active.extract_if(.., late).collect::<Vec<_>>());
        let journeys = journeys.into_iter().map(|one| self.end(one)).collect();
        self.forget();
        Ok(journeys)
    }

    /// What the capture missed so far.
    pub fn losses(&mut self) -> Result<Losses, WatchError> {
        self.watch.losses()
    }

    /// Ends every journey now.
    pub fn give_up(&mut self) -> Vec<Journey> {
        let active = std::mem::take(&mut self.active);
        active.into_iter().map(|one| self.end(one)).collect()
    }

    /// Reads what was seen; how many have come home so far.
    fn take(&mut self) -> Result<usize, WatchError> {
        let batch: Vec<Arc<Seen>> = self.watch.drain()?.into_iter().map(Arc::new).collect();
        let now = Instant::now();
        for active in &mut self.active {
            if let What::Any(filter) = &active.what {
                let offered = self.offered;
                let first = batch.iter().zip(offered..).find_map(|(seen, number)| {
                    selected(filter, seen, number, &active.origin, &self.watch)
                });
                if let Some(packet) = first {
                    active.found(
                        packet,
                        self.window.iter().chain(&batch).map(|seen| &**seen),
                        now,
                    );
                }
            }
            for seen in &batch {
                active.look(seen, &self.places, now);
            }
        }
        self.offered += batch.len() as u64;
        self.window.extend(batch);
        Ok(self.active.iter().filter(|one| one.home.whole).count())
    }

    fn end(&self, active: Active) -> Journey {
        let seed = match active.what {
            What::Any(_) => None,
            What::Wanted(seed) | What::Seen(seed, _) => Some(seed),
        };
        // While a lost packet is waited for, most of the window is older than this one.
        let window = self.window.iter();
        let since = since(active.sent);
        let seen = window.filter(|seen| seen.sighting.time >= since);
        let seen: Vec<&Arc<Seen>> = seen.collect();
        let path = seed.as_ref().map(|seed| {
            let seen = seen.iter().map(|seen| &***seen);
            stitch(seed, &active.origin, &self.places, seen)
        });
        let path = path.unwrap_or_default();
        let frames = seen.into_iter();
        let frames = frames.filter(|seen| path.includes(&seen.sighting));
        Journey {
            number: active.number,
            frames: frames.cloned().collect(),
            origin: active.origin,
            path,
            seed,
            sent: active.sent,
            last: active.last,
            refused: active.refused,
        }
    }

    /// Forgets what was seen before the oldest packet under way was sent.
    fn forget(&mut self) {
        if self.is_waiting() {
            let surplus = self.window.len().saturating_sub(BACKLOG);
            self.window.drain(..surplus);
            return;
        }
        match self.active.iter().map(|one| since(one.sent)).min() {
            None => self.window.clear(),
            Some(since) => {
                let old = |seen: &Arc<Seen>| seen.sighting.time < since;
                while self.window.front().is_some_and(old) {
                    self.window.pop_front();
                }
            }
        }
    }
}

/// From when on a packet that was sent then may have been seen.
fn since(sent: Timestamp) -> Timestamp {
    Timestamp(sent.0.saturating_sub(BEHIND))
}

/// The packet in a sighting that a filter selects: what travels in a tunnel rather than what
/// carries it.
fn selected(
    filter: &Filter,
    seen: &Seen,
    number: u64,
    origin: &str,
    watch: &Watch,
) -> Option<IpPacket> {
    let sighting = &seen.sighting;
    let Content::Ip(packet) = &seen.content else {
        return None;
    };
    if !origin.is_empty() && origin != &*sighting.host {
        return None;
    }
    let dissected = watch
        .reader()
        .dissector()
        .dissect(sighting.link, &sighting.bytes);
    let name = sighting.interface_name();
    let facts = Facts {
        number: number + 1,
        wire_len: sighting.wire_len,
        time: sighting.time.0,
        started: sighting.time.0,
        interface: Some(&name),
    };
    filter.selects(&dissected, &facts).then(|| {
        let mut packet = packet;
        while let [inside, ..] = packet.inside() {
            packet = inside;
        }
        packet.clone()
    })
}

/// Waits until something is seen, or `other` is readable, or the time has come; if that is soon,
/// whatever is seen can wait, too. Where nobody is woken for it, it is looked for soon. Being woken
/// for nothing does no harm.
fn wait(watch: &Watch, other: BorrowedFd, deadline: Option<Instant>) {
    let mut left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
    let mut ready = vec![PollFd::new(other, PollFlags::POLLIN)];
    if left.is_none_or(|left| left > SOON) {
        match watch.pace() {
            Pace::AtOnce => ready.extend(watch.poll_fds()),
            Pace::NowAndThen => left = Some(SOON),
        }
    }
    let timeout = left.map(TimeSpec::from_duration);
    let _: Result<_, Errno> = ppoll(&mut ready, timeout, None);
}
