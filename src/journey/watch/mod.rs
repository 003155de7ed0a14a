//! Seeing packets on every host, in one of three ways that tell the same:
//!
//! - `sockets`: a packet socket on each host. Anybody can who made the hosts; but the kernel copies
//!   something of every packet that is sent for each socket, and stamps all of them.
//! - `tracepoints`: programs in the kernel that look at a packet where it passes. The traffic
//!   notices half as much of it; it takes root on the machine, and a kernel that describes itself.
//! - `devices`: the same programs, but at the devices that there are when they start, and half as
//!   much again. What a device's own queue throws away was seen before it.

mod programs;
mod sockets;

use super::path::Place;
use super::prefilter::Prefilter;
use super::read::Reader;
use super::sighting::{Seen, Sighting};
use crate::capture::{Direction, Timestamp};
use crate::model::LinkType;
use crate::sys::bpf::BpfError;
use crate::sys::netlink::{Netlink, NetlinkError};
use crate::sys::packet_socket::{PacketError, Passed};
use nix::poll::PollFd;
use programs::Programs;
pub use sockets::Post;
use sockets::Sockets;
use std::sync::Arc;

/// Why a host cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Its packets cannot be seen.
    #[error(transparent)]
    Packets(#[from] PacketError),
    /// Programs in the kernel cannot see them.
    #[error(transparent)]
    Programs(#[from] BpfError),
    /// Its addresses cannot be asked for.
    #[error(transparent)]
    Addresses(#[from] NetlinkError),
}

impl WatchError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            WatchError::Packets(error) => error.remedy(),
            WatchError::Programs(error) => error.remedy(),
            WatchError::Addresses(error) => error.remedy(),
        }
    }
}

impl Place {
    /// The host `name`, whose network namespace is the calling thread's.
    pub fn here(name: &str) -> Result<Place, WatchError> {
        let addresses = Netlink::open()?.addresses()?;
        let addresses = addresses.into_iter().map(|one| one.address);
        Ok(Place {
            name: name.into(),
            addresses: addresses.collect(),
        })
    }
}

/// What a frame of that kind of device begins with (`<net/if_arp.h>`); nothing for kinds that are
/// not read here.
fn link_type(hardware: u16) -> Option<LinkType> {
    match hardware {
        // ARPHRD_ETHER, ARPHRD_LOOPBACK
        1 | 772 => Some(LinkType::ETHERNET),
        // ARPHRD_NONE, as a TUN device; ARPHRD_TUNNEL, _TUNNEL6, _SIT, _RAWIP
        0xfffe | 768 | 769 | 776 | 519 => Some(LinkType::RAW),
        _ => None,
    }
}

/// What was seen, whoever saw it; nothing for kinds of devices that are not read here.
fn sighting(place: &Place, device: Arc<str>, passed: &Passed, bytes: &[u8]) -> Option<Sighting> {
    Some(Sighting {
        host: place.name.clone(),
        device,
        direction: if passed.outgoing {
            Direction::Out
        } else {
            Direction::In
        },
        time: passed.time.map_or_else(Timestamp::now, Timestamp),
        link: link_type(passed.hardware)?,
        bytes: bytes.to_vec(),
        wire_len: passed.wire_len as u32,
        partial: passed.partial_checksum,
    })
}

/// The time while a test plays what is seen.
#[cfg(test)]
pub(super) const PLAYED: u64 = 2_000_000;

/// All the hosts, watched.
pub struct Watch {
    source: Source,
    reader: Reader,
}

/// Who sees packets.
enum Source {
    Sockets(Sockets),
    Programs(Programs),
    /// What each look is to find.
    #[cfg(test)]
    Played(Vec<Place>, std::collections::VecDeque<Vec<Sighting>>),
}

/// How soon what is seen is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As soon as it is seen.
    AtOnce,
    /// When one comes round to it, every few milliseconds: nobody is woken.
    NowAndThen,
}

/// What the capture itself missed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    /// Packets of a host that there was no room for.
    pub lost: Vec<(Arc<str>, u64)>,
    /// Packets whose time was not taken as they passed.
    pub unstamped: u64,
}

impl Watch {
    /// Watches by these packet sockets.
    pub fn new(posts: Vec<Post>, reader: Reader) -> Watch {
        Watch {
            source: Source::Sockets(Sockets::new(posts)),
            reader,
        }
    }

    /// Watches hosts, known by their network namespaces' inodes, at the kernel's tracepoints, for
    /// what `filter` accepts; `pace` is how soon that is to be read.
    pub fn at_tracepoints(
        hosts: Vec<(Place, u64)>,
        filter: &Prefilter,
        pace: Pace,
        reader: Reader,
    ) -> Result<Watch, WatchError> {
        let source = Source::Programs(Programs::at_tracepoints(hosts, filter, pace)?);
        Ok(Watch { source, reader })
    }

    /// The same at devices, of which [`Watch::join`] adds those of one host.
    pub fn at_devices(
        hosts: Vec<(Place, u64)>,
        filter: &Prefilter,
        pace: Pace,
        reader: Reader,
    ) -> Result<Watch, WatchError> {
        let source = Source::Programs(Programs::at_devices(hosts, filter, pace)?);
        Ok(Watch { source, reader })
    }

    /// Watches all devices that there are now in the calling thread's network namespace, which is a
    /// host's.
    pub fn join(&mut self) -> Result<(), WatchError> {
        if let Source::Programs(programs) = &mut self.source {
            for link in Netlink::open()?.links()? {
                programs.join(link.index)?;
            }
        }
        Ok(())
    }

    /// Sees on these hosts what is given, with each look a part of it.
    #[cfg(test)]
    pub(super) fn played(places: Vec<Place>, looks: Vec<Vec<Sighting>>) -> Watch {
        Watch {
            source: Source::Played(places, looks.into()),
            reader: Reader::new(None),
        }
    }

    /// The hosts.
    pub fn places(&self) -> Vec<Place> {
        match &self.source {
            Source::Sockets(sockets) => sockets.places().cloned().collect(),
            Source::Programs(programs) => programs.places().cloned().collect(),
            #[cfg(test)]
            Source::Played(places, _) => places.clone(),
        }
    }

    /// How bytes are read.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The time by the clock of what is seen.
    pub fn now(&self) -> Timestamp {
        match &self.source {
            Source::Sockets(_) => Timestamp::now(),
            Source::Programs(programs) => programs.now(),
            #[cfg(test)]
            Source::Played(..) => Timestamp(PLAYED),
        }
    }

    /// Whether one is woken when something was seen.
    pub fn pace(&self) -> Pace {
        match &self.source {
            Source::Sockets(_) => Pace::AtOnce,
            Source::Programs(programs) => programs.pace(),
            #[cfg(test)]
            Source::Played(..) => Pace::NowAndThen,
        }
    }

    /// Readable when something was seen, or, at a pace of [`Pace::NowAndThen`], when much was.
    pub fn poll_fds(&self) -> Vec<PollFd<'_>> {
        match &self.source {
            Source::Sockets(sockets) => sockets.poll_fds().collect(),
            Source::Programs(programs) => programs.poll_fds().collect(),
            #[cfg(test)]
            Source::Played(..) => Vec::new(),
        }
    }

    /// All that was seen and not read yet, in order of time.
    ///
    /// A packet is queued on a host before it leaves it. So when it has been seen where its journey
    /// ends, a further call yields all that is missing from the hosts before.
    pub fn drain(&mut self) -> Result<Vec<Seen>, WatchError> {
        let mut all = Vec::new();
        let reader = &self.reader;
        let keep = |sighting: Sighting| all.push(sighting.read(reader));
        match &mut self.source {
            Source::Sockets(sockets) => sockets.drain(keep)?,
            Source::Programs(programs) => programs.drain(keep),
            #[cfg(test)]
            Source::Played(_, looks) => {
                looks.pop_front().into_iter().flatten().for_each(keep);
            }
        }
        all.sort_by_key(|seen: &Seen| seen.sighting.time);
        Ok(all)
    }

    /// What was missed so far.
    pub fn losses(&mut self) -> Result<Losses, WatchError> {
        match &mut self.source {
            Source::Sockets(sockets) => sockets.losses(),
            Source::Programs(programs) => Ok(programs.losses()),
            #[cfg(test)]
            Source::Played(..) => Ok(Losses::default()),
        }
    }
}
