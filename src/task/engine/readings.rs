//! Asks a host's kernel: routes, neighbours, connections, devices.

use super::Performance;
use super::error::EngineError;
use crate::sys::netlink::{Netlink, NetlinkError};
use crate::sys::tcp_table::{self, TcpConnection, TcpTimer};
use crate::task::check::{Check, Timer};
use crate::task::evidence::{Answer, Connection, Query, Reading};
use nix::errno::Errno;

impl Performance<'_> {
    /// Asks everything that the case's expectations want to know after that step; `None` is the
    /// end.
    pub(super) fn ask_the_kernel(&mut self, after: Option<&str>) -> Result<(), EngineError> {
        for expect in &self.case.expects {
            let clues = expect.clues.iter().map(|clue| &clue.seen);
            for check in clues.chain([&expect.check]) {
                if let Some((_, wanted)) = Query::of(check)
                    && wanted == after
                {
                    let reading = self.answer(check)?;
                    self.evidence.readings.extend(reading);
                }
            }
        }
        Ok(())
    }

    /// The answer to what the check asks the kernel, if it asks the kernel.
    pub(super) fn answer(&self, check: &Check) -> Result<Option<Reading>, EngineError> {
        let Some((query, after)) = Query::of(check) else {
            return Ok(None);
        };
        let host = self.lab.host(query.on())?;
        let answer = host.run(|| answer(&query))?;
        Ok(Some(Reading {
            query,
            after: after.map(str::to_owned),
            answer,
        }))
    }
}

/// Asks the kernel of the calling thread's network namespace.
fn answer(query: &Query) -> Answer {
    let asked = match query {
        Query::Route { to, from, iif, .. } => Netlink::open().and_then(|netlink| {
            let iif = iif.as_ref().map(|dev| netlink.link(dev)).transpose()?;
            let lookup = netlink.route_lookup(*to, *from, iif.map(|link| link.index))?;
            let links = netlink.links()?;
            let dev = links
                .into_iter()
                .find(|link| Some(link.index) == lookup.index);
            Ok(Answer::Route {
                dev: dev.map(|link| link.name),
                via: lookup.gateway,
            })
        }),
        Query::Neighbour { dev, address, .. } => Netlink::open().and_then(|netlink| {
            let link = netlink.link(dev)?;
            let mut known = netlink.neighbours()?.into_iter();
            let found = known.find(|one| one.index == link.index && one.address == *address);
            Ok(match found {
                None => Answer::Neighbour {
                    state: "none".to_owned(),
                    mac: None,
                },
                Some(found) => Answer::Neighbour {
                    state: format!("{:?}", found.state).to_uppercase(),
                    mac: found.mac.map(|mac| mac_text(&mac)),
                },
            })
        }),
        Query::Tcp { peer, port, .. } => {
            return match tcp_table::connections() {
                Ok(all) => {
                    let theirs = all
                        .into_iter()
                        .filter(|one| one.peer.ip() == *peer && one.peer.port() == *port);
                    Answer::Tcp(theirs.map(Connection::from).collect())
                }
                Err(error) => Answer::Unreadable(error.to_string()),
            };
        }
        Query::Device { name, .. } => Netlink::open().and_then(|netlink| {
            let link = netlink.link(name)?;
            let addresses = netlink.addresses()?;
            let own = addresses
                .iter()
                .filter(|one| one.index == link.index && one.address.is_ipv4());
            Ok(Answer::Device {
                up: link.up,
                // A TUN device has no hardware address, for it has no link layer.
                link: if link.mac.is_some() { "ether" } else { "none" }.to_owned(),
                addresses: own
                    .map(|one| format!("{}/{}", one.address, one.prefix_len))
                    .collect(),
            })
        }),
    };
    asked.unwrap_or_else(|error| refusal(query, &error))
}

fn refusal(query: &Query, error: &NetlinkError) -> Answer {
    match (query, error.errno()) {
        (Query::Device { .. }, Some(Errno::ENODEV)) => Answer::NoDevice,
        (_, Some(errno)) => Answer::Refused(format!("{errno:?}")),
        (_, None) => Answer::Unreadable(error.to_string()),
    }
}

fn mac_text(mac: &[u8]) -> String {
    let bytes: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(":")
}

impl From<TcpConnection> for Connection {
    fn from(one: TcpConnection) -> Connection {
        Connection {
            state: one.state.to_owned(),
            timer: match one.timer {
                TcpTimer::Off => Timer::Off,
                TcpTimer::Retransmit => Timer::On,
                TcpTimer::ZeroWindowProbe => Timer::Persist,
                TcpTimer::Keepalive | TcpTimer::TimeWait => Timer::Keepalive,
            },
            retransmits: one.retransmits,
        }
    }
}
