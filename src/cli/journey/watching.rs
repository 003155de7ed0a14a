//! In which way packets are seen on every host: the one that is asked for, or the one that suits.

use super::super::failure::Failure;
use super::args::{Journey, WatchArg};
use crate::journey::{Pace, Place, Post, Prefilter, Reader, Watch};
use crate::lab::Lab;
use crate::sys::bpf::passing::LONGEST;
use crate::sys::netlink::Netlink;
use crate::sys::packet_socket::await_stamps;
use std::time::Duration;

/// How long the kernel may take until it stamps packets as they pass.
const STAMPS: Duration = Duration::from_millis(50);

/// How long a row of probes takes at least that is worth watching at devices: to begin and to end
/// that takes the kernel some 20 ms a device (`tcx_link_attach`, which waits for all CPUs).
const LONG: Duration = Duration::from_secs(4);

impl Journey {
    /// Watches every host; `from` is the one that sends.
    pub(super) fn watch(
        &self,
        lab: &Lab,
        from: &str,
        filter: Option<&Prefilter>,
    ) -> Result<Watch, Failure> {
        if let Some(way) = self.watch {
            return self.watch_by(way, lab, from, filter);
        }
        let suits: &[WatchArg] = match filter {
            Some(_) if self.size() > LONGEST || self.count < 2 || has_stacked(lab)? => &[],
            Some(_) if self.is_row() && self.interval * self.count.into() >= LONG => {
                &[WatchArg::Devices, WatchArg::Tracepoints]
            }
            Some(_) => &[WatchArg::Tracepoints],
            None => &[],
        };
        // Where one is refused, the next does.
        let mut tried = suits
            .iter()
            .map(|&way| self.watch_by(way, lab, from, filter));
        match tried.find_map(Result::ok) {
            Some(watch) => Ok(watch),
            None => self.watch_by(WatchArg::Sockets, lab, from, filter),
        }
    }

    fn watch_by(
        &self,
        way: WatchArg,
        lab: &Lab,
        from: &str,
        filter: Option<&Prefilter>,
    ) -> Result<Watch, Failure> {
        let reader = Reader::new(self.tunnel_port);
        // A single one is to be told of at once.
        let pace = match self.is_row() {
            true => Pace::NowAndThen,
            false => Pace::AtOnce,
        };
        let fitting = || match filter.filter(|_| self.size() <= LONGEST) {
            Some(filter) => Ok(filter),
            None => Err(Failure::usage(format!(
                "--watch {} is for probes of at most {LONGEST} bytes; use --watch sockets",
                way.name()
            ))),
        };
        match way {
            WatchArg::Sockets => {
                let program = filter.map(|one| &*one.program);
                let mut posts = Vec::new();
                for host in lab.hosts() {
                    posts.push(host.run(|| Post::open(host.name(), program))??);
                }
                lab.host(from)?.run(|| await_stamps(STAMPS))?;
                Ok(Watch::new(posts, reader))
            }
            WatchArg::Tracepoints => {
                let filter = fitting()?;
                Ok(Watch::at_tracepoints(places(lab)?, filter, pace, reader)?)
            }
            WatchArg::Devices => {
                let filter = fitting()?;
                let mut watch = Watch::at_devices(places(lab)?, filter, pace, reader)?;
                for host in lab.hosts() {
                    host.run(|| watch.join())??;
                }
                Ok(watch)
            }
        }
    }
}

/// The hosts, with the inodes of their network namespaces.
fn places(lab: &Lab) -> Result<Vec<(Place, u64)>, Failure> {
    let mut places = Vec::new();
    for host in lab.hosts() {
        places.push((host.run(|| Place::here(host.name()))??, host.inode()));
    }
    Ok(places)
}

/// Devices that stand upon others and take packets from them after the tracepoint, which they pass
/// once, with the lower device's name: the users of `rx_handler` that answer `RX_HANDLER_ANOTHER`,
/// and VLANs.
const STACKED: [&str; 6] = ["vlan", "macvlan", "macvtap", "ipvlan", "bond", "team"];

/// Whether a host of the lab has such a device.
fn has_stacked(lab: &Lab) -> Result<bool, Failure> {
    for host in lab.hosts() {
        let links = host.run(|| Netlink::open()?.links())??;
        let mut kinds = links.iter().filter_map(|link| link.kind.as_deref());
        if kinds.any(|kind| STACKED.contains(&kind)) {
            return Ok(true);
        }
    }
    Ok(false)
}
