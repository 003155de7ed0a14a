//! Programs in the kernel that see packets of all hosts.

use super::{Losses, Pace, Sighting, sighting};
use crate::capture::Timestamp;
use crate::journey::path::Place;
use crate::journey::prefilter::Prefilter;
use crate::sys::bpf::BpfError;
use crate::sys::bpf::passing::{PassingWatch, Wish};
use nix::poll::PollFd;
use std::collections::HashSet;
use std::sync::Arc;

/// The programs, and whom they watch.
pub(super) struct Programs {
    watch: PassingWatch,
    /// The hosts, with the inodes of their network namespaces.
    hosts: Vec<(Place, u64)>,
    pace: Pace,
    /// Every device's name once, however often it is seen.
    devices: HashSet<Arc<str>>,
}

impl Programs {
    /// Watches all devices of the hosts, at the kernel's tracepoints.
    pub(super) fn at_tracepoints(
        hosts: Vec<(Place, u64)>,
        filter: &Prefilter,
        pace: Pace,
    ) -> Result<Programs, BpfError> {
        Programs::start(hosts, filter, pace, PassingWatch::at_tracepoints)
    }

    /// Watches those devices of the hosts that [`Programs::join`] is told of.
    pub(super) fn at_devices(
        hosts: Vec<(Place, u64)>,
        filter: &Prefilter,
        pace: Pace,
    ) -> Result<Programs, BpfError> {
        Programs::start(hosts, filter, pace, PassingWatch::at_devices)
    }

    fn start(
        hosts: Vec<(Place, u64)>,
        filter: &Prefilter,
        pace: Pace,
        start: impl Fn(&Wish) -> Result<PassingWatch, BpfError>,
    ) -> Result<Programs, BpfError> {
        let inodes: Vec<u64> = hosts.iter().map(|(_, inode)| *inode).collect();
        Ok(Programs {
            watch: start(&Wish {
                inodes: &inodes,
                filter: &filter.program,
                longest: filter.longest,
                wake: pace == Pace::AtOnce,
            })?,
            hosts,
            pace,
            devices: HashSet::new(),
        })
    }

    /// Watches a device of the calling thread's network namespace, too.
    pub(super) fn join(&mut self, device: u32) -> Result<(), BpfError> {
        self.watch.join(device)
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.hosts.iter().map(|(place, _)| place)
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.watch.now())
    }

    pub(super) fn poll_fds(&self) -> impl Iterator<Item = PollFd<'_>> {
        self.watch.poll_fds()
    }

    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    /// Hands over what waits, one CPU after the other.
    pub(super) fn drain(&mut self, mut keep: impl FnMut(Sighting)) {
        let (hosts, devices) = (&self.hosts, &mut self.devices);
        self.watch.drain(|seen| {
            let host = hosts.iter().find(|(_, inode)| *inode == seen.inode);
            let Some((place, _)) = host else {
                return;
            };
            let device = match devices.get(seen.device) {
                Some(known) => known.clone(),
                None => {
                    let name: Arc<str> = seen.device.into();
                    devices.insert(name.clone());
                    name
                }
            };
            sighting(place, device, &seen.passed, seen.bytes).map(&mut keep);
        });
    }

    pub(super) fn losses(&self) -> Losses {
        let lost = self.watch.lost();
        let lost = self.hosts.iter().zip(lost).filter(|(_, count)| *count > 0);
        Losses {
            lost: lost
                .map(|((place, _), count)| (place.name.clone(), count))
                .collect(),
            unstamped: 0,
        }
    }
}
