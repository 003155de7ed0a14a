//! Where a packet got lost: the place after which nothing was seen of it any more.

use std::net::{IpAddr, SocketAddr};

use super::decide::Decision;
use super::evidence::{Drop, Evidence, Glimpse, Leg};
use super::last;
use super::state::{HostState, is_tun};
use crate::sys::netlink::Route;

/// A place on a packet's way.
#[derive(Debug, Clone)]
pub(super) struct Point<'e> {
    /// The host.
    pub(super) host: &'e HostState,
    /// The device it came in through, or should leave through.
    pub(super) dev: Option<String>,
    pub(super) phase: Phase,
    pub(super) src: IpAddr,
    pub(super) dst: IpAddr,
    pub(super) ttl: u8,
    /// Its length, or that of a piece of it, in bytes; 0 where it was not seen.
    pub(super) length: u32,
    /// The datagram it travels in: from, to.
    pub(super) outer: Option<(SocketAddr, SocketAddr)>,
}

/// What the host was doing with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Looking for a route for a packet of its own.
    Sending,
    /// It came in through the device.
    In,
    /// It left through the device.
    Out,
    /// It came in inside the tunnel's datagram.
    Unwrapping,
    /// It left for the tunnel's program.
    Wrapping,
    /// It left the host before through a cable, and did not come in through the device.
    Entering,
    /// It came out of the program as something that cannot be recognised.
    Garbled,
}

/// The functions that throw away what is to leave through a device. A queueing discipline's drops
/// were freed as a list, by a function of its own, before Linux 6.3.
const LEAVING: [&str; 4] = [
    "__dev_queue_xmit",
    "tun_net_xmit",
    "kfree_skb_list",
    "kfree_skb_list_reason",
];

impl<'e> Point<'e> {
    /// Where the packet of a glimpse is.
    pub(super) fn at(evidence: &'e Evidence, glimpse: &Glimpse) -> Option<Point<'e>> {
        let host = evidence.host(&glimpse.host)?;
        let tun = host.link(&glimpse.dev).is_some_and(is_tun);
        let phase = match (glimpse.out, glimpse.outer.is_some()) {
            (true, false) if tun => Phase::Wrapping,
            (true, _) => Phase::Out,
            (false, true) => Phase::Unwrapping,
            (false, false) => Phase::In,
        };
        Some(Point {
            host,
            dev: Some(glimpse.dev.clone()),
            phase,
            src: glimpse.src,
            dst: glimpse.dst,
            ttl: glimpse.ttl,
            length: glimpse.length,
            outer: glimpse.outer,
        })
    }

    /// A host with a packet of its own to send.
    pub(super) fn sending(host: &'e HostState, src: IpAddr, dst: IpAddr) -> Point<'e> {
        Point {
            host,
            dev: None,
            phase: Phase::Sending,
            src,
            dst,
            ttl: 0,
            length: 0,
            outer: None,
        }
    }

    /// Where the kernel threw it away. What cannot be read of the packet any more is taken from
    /// where it was seen last.
    pub(super) fn of_drop(evidence: &'e Evidence, drop: &Drop) -> Option<Point<'e>> {
        let host = evidence.host(&drop.host)?;
        let last = evidence
            .seen
            .iter()
            .rfind(|glimpse| glimpse.leg != Leg::Error);
        let mut point = match (drop.packet, last) {
            (Some(packet), _) => {
                // What was thrown away is the datagram, with its own addresses.
                let outer = packet.outer.map(|(from, to)| (from.ip(), to.ip()));
                let (src, dst) = outer.unwrap_or((packet.src, packet.dst));
                Point {
                    ttl: packet.ttl,
                    outer: packet.outer,
                    ..Point::sending(host, src, dst)
                }
            }
            (None, Some(last)) => Point::sending(host, last.src, last.dst),
            (None, None) => Point::sending(host, evidence.to, evidence.to),
        };
        // Written to a TUN device that is not known yet: there is hardly more than one.
        let tun = || host.links.iter().find(|link| is_tun(link));
        let written = drop.function == "tun_get_user";
        point.dev = match (&drop.dev, written) {
            (None, true) => tun().map(|link| link.name.clone()),
            // What waits in a socket is of no device any more: it came in by the last one.
            (None, false) => last
                .filter(|last| last.host == drop.host && !last.out)
                .map(|last| last.dev.clone()),
            (dev, _) => dev.clone(),
        };
        let leaves = LEAVING.contains(&drop.function.as_str());
        point.phase = match (&point.dev, leaves) {
            (None, _) => Phase::Sending,
            (Some(_), true) => Phase::Out,
            // Before anybody was asked to take it.
            (Some(_), false) if drop.function == "__netif_receive_skb_core" => Phase::Garbled,
            (Some(_), false) => Phase::In,
        };
        Some(point)
    }

    /// The places to look at when the kernel was not asked, or does not know: where it was seen
    /// last; and if that is where it was to go, what that host had to do next.
    pub(super) fn last(evidence: &'e Evidence) -> Vec<Point<'e>> {
        let Some(last) = last::glimpse(&evidence.seen) else {
            let Some(host) = evidence.host(&evidence.from) else {
                return Vec::new();
            };
            let src = evidence.source().unwrap_or(evidence.to);
            return vec![Point::sending(host, src, evidence.to)];
        };
        let Some(point) = Point::at(evidence, last) else {
            return Vec::new();
        };
        let next = match point.phase {
            // The program may have written something that is the packet no more; and the datagram
            // itself came in, and was for this host.
            Phase::Unwrapping => {
                let tun = point.host.links.iter().find(|link| is_tun(link));
                let written = tun.map(|tun| Point {
                    phase: Phase::Garbled,
                    dev: Some(tun.name.clone()),
                    outer: None,
                    ..point.clone()
                });
                let datagram = point.outer.map(|(from, to)| Point {
                    phase: Phase::In,
                    src: from.ip(),
                    dst: to.ip(),
                    ..point.clone()
                });
                let turned = Point::of_bounce(evidence);
                return [Some(point), turned, written, datagram]
                    .into_iter()
                    .flatten()
                    .collect();
            }
            // The program has a datagram to send.
            Phase::Wrapping => evidence
                .other_end(&point.host.name)
                .map(|to| Point::sending(point.host, to, to)),
            // Whoever is next did not take it.
            Phase::Out => evidence.next(&point),
            // The answer is due.
            Phase::In if last.leg == Leg::Request && point.host.owner(point.dst).is_some() => {
                Some(Point::sending(point.host, point.dst, point.src))
            }
            // It may have come to whoever is next as something else.
            Phase::In if point.host.owner(point.dst).is_none() => {
                evidence.next(&point).map(|next| Point {
                    phase: Phase::Garbled,
                    ..next
                })
            }
            _ => None,
        };
        std::iter::once(point).chain(next).collect()
    }

    /// The place where it was turned back, if it was.
    fn of_bounce(evidence: &'e Evidence) -> Option<Point<'e>> {
        let (came, _) = evidence.bounce()?;
        Point::at(evidence, came)
    }

    /// The questions to ask its host: the device it came in through, source, destination.
    pub(super) fn question(&self) -> (Option<&str>, IpAddr, IpAddr) {
        let iif = self.dev.as_deref().filter(|_| self.phase == Phase::In);
        (iif, self.src, self.dst)
    }

    /// What its host's rules and routes say of it.
    pub(super) fn decision(&self) -> Decision<'e> {
        let (iif, src, dst) = self.question();
        // The source of a packet that was not sent is not known: it stands for the destination.
        let iif = iif.or(self
            .dev
            .as_deref()
            .filter(|_| self.phase == Phase::Unwrapping));
        self.host
            .decide(dst, Some(src).filter(|&src| src != dst), iif)
    }

    /// The route that it takes there.
    pub(super) fn route(&self) -> Option<&'e Route> {
        match self.decision() {
            Decision::Route(route) => Some(route),
            Decision::Rule(_) | Decision::Nothing => None,
        }
    }

    /// In words, as in `s, coming in through tun0`.
    pub(super) fn words(&self) -> String {
        let host = &self.host.name;
        let dev = self.dev.as_deref().unwrap_or("a device");
        match self.phase {
            Phase::Sending => format!("nowhere: {host} had it to send, and no device saw it"),
            Phase::In => format!("on {host}, coming in through {dev}"),
            Phase::Out => format!("on {host}, leaving through {dev}"),
            Phase::Unwrapping => {
                format!("on {host}, coming in through {dev} in the tunnel's datagram")
            }
            Phase::Entering => format!("on the way into {dev} of {host}"),
            Phase::Garbled => format!("on {host}, coming in through {dev}, unrecognisable"),
            Phase::Wrapping => format!("on {host}, leaving through {dev} for the tunnel's program"),
        }
    }
}

impl Evidence {
    /// Where a router has sent the packet back through the device by which it had come in: how it
    /// came, and how it left.
    pub(super) fn bounce(&self) -> Option<(&Glimpse, &Glimpse)> {
        let plain = |seen: &&Glimpse| seen.outer.is_none() && seen.leg != Leg::Error;
        let seen: Vec<&Glimpse> = self.seen.iter().filter(plain).collect();
        let turned = seen.windows(2).rfind(|pair| {
            let same = (&pair[0].host, &pair[0].dev) == (&pair[1].host, &pair[1].dev);
            same && !pair[0].out && pair[1].out && pair[0].leg == pair[1].leg
        })?;
        Some((turned[0], turned[1]))
    }

    /// The other end of the cable that a packet has left through.
    pub(super) fn next<'e>(&'e self, point: &Point<'e>) -> Option<Point<'e>> {
        let dst = point.outer.map_or(point.dst, |(_, to)| to.ip());
        let route = match point.outer {
            Some(_) => point.host.route_to(dst, None, None)?,
            None => point.route()?,
        };
        let next = route.gateway.unwrap_or(dst);
        let mut hosts = self.hosts.iter();
        let (host, link) = hosts.find_map(|host| Some((host, host.owner(next)?.0)))?;
        Some(Point {
            host,
            dev: Some(link.name.clone()),
            phase: Phase::Entering,
            ..point.clone()
        })
    }

    /// Where a host's tunnel program sends its datagrams: as was seen before, or as the tunnel
    /// was laid.
    fn other_end(&self, host: &str) -> Option<IpAddr> {
        let outers = self.seen.iter().rev().filter_map(|glimpse| glimpse.outer);
        let own = |address: IpAddr| {
            self.host(host)
                .is_some_and(|host| host.owner(address).is_some())
        };
        let mut ends = outers.flat_map(|(from, to)| [from.ip(), to.ip()]);
        let seen = ends.find(|&end| !own(end));
        let laid = self.tunnel.as_ref().filter(|(server, _)| server != host);
        seen.or_else(|| laid.map(|(_, address)| address.ip()))
    }

    /// The probe's own source: as it was seen, or as its sender would choose it.
    pub(super) fn source(&self) -> Option<IpAddr> {
        let seen = self.seen.iter().find(|glimpse| glimpse.leg == Leg::Request);
        let chosen = || {
            let asked = self.lookups.iter().find(|asked| {
                asked.host == self.from && asked.iif.is_none() && asked.dst == self.to
            })?;
            asked.answer.as_ref().ok()?.source
        };
        seen.map(|glimpse| glimpse.src).or_else(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::super::losses::datagram;
    use super::super::samples::{course, drop_on_s, ping, seen};
    use super::*;

    /// Its source was asked for as if it came in through the cable, and its host was not its own.
    #[test]
    fn the_tunnel_s_datagram_was_judged_by_what_it_carries() {
        let mut evidence = ping(course());
        evidence.seen = seen(3);
        let mut drop = drop_on_s(Some("IP_RPFILTER"), "ip_rcv_finish_core");
        drop.dev = Some("eth0".to_owned());
        if let Some(packet) = &mut drop.packet {
            packet.outer = Some(datagram());
        }
        let point = Point::of_drop(&evidence, &drop).unwrap();
        let (from, to) = datagram();
        assert_eq!(point.question(), (Some("eth0"), from.ip(), to.ip()));
    }
}
