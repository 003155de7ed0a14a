//! What is open on a host, to be asked before and after a packet; and what all hosts say.

use std::time::{Duration, Instant};

use super::evidence::Moved;
use super::host::Host;
use super::ruleset::Ruleset;
use super::state::{HostState, Settings};
use super::watch::WatchError;
use crate::journey::Journey;
use crate::lab::counters::{CounterFiles, Counters};
use crate::sys::netlink::Netlink;
use crate::sys::nftables::TraceWatch;
use crate::sys::tcp_table::{self, TcpConnection};

/// What is open on a host.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) name: String,
    pub(super) inode: Option<u64>,
    pub(super) netlink: Netlink,
    pub(super) settings: Settings,
    counters: CounterFiles,
    pub(super) before: Counters,
    pub(super) trace: Option<TraceWatch>,
    /// The firewall's rules, where it is traced.
    pub(super) rules: Option<Ruleset>,
    /// The host's connections, as they were before the packet; nothing where they cannot be read.
    pub(super) connections: Option<Vec<TcpConnection>>,
}

impl Look {
    /// Opens what is wanted in the calling thread's network namespace; says what is not to be had.
    pub(super) fn open(
        host: &Host,
        trace: Option<u32>,
    ) -> Result<(Look, Option<String>), WatchError> {
        let netlink = Netlink::open()?;
        let failed = |source| WatchError::Counters {
            host: host.name().to_owned(),
            source,
        };
        let counters = CounterFiles::open().map_err(failed)?;
        let mut missing = None;
        let rules = trace.and_then(|_| Ruleset::list());
        let links = netlink.links()?;
        let devices: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
        // The packet itself, and the datagram that carries it: IPv4 and UDP add 28 bytes.
        let lengths = |length| [length, length + 28];
        let trace = trace.and_then(
            |length| match TraceWatch::start(&lengths(length), &devices) {
                Ok(trace) => Some(trace),
                Err(error) => {
                    let remedy = error
                        .remedy()
                        .map_or(String::new(), |what| format!("; {what}"));
                    missing = Some(format!("nft: {}: {error}{remedy}", host.name()));
                    None
                }
            },
        );
        let mut look = Look {
            name: host.name().to_owned(),
            inode: host.inode(),
            settings: Settings::open(&links),
            before: Counters::default(),
            netlink,
            counters,
            trace,
            rules,
            connections: tcp_table::connections().ok(),
        };
        look.before = look.count()?;
        Ok((look, missing))
    }

    /// What the host has counted until now.
    pub(super) fn count(&mut self) -> Result<Counters, WatchError> {
        self.counters.read().map_err(|source| WatchError::Counters {
            host: self.name.clone(),
            source,
        })
    }
}

/// How all hosts were set up at a moment, and what they had counted until then.
#[derive(Debug)]
pub(super) struct State {
    at: Instant,
    pub(super) hosts: Vec<HostState>,
    pub(super) moved: Vec<Moved>,
}

/// A look at the hosts serves for packets that die at the same time...
const LASTS: Duration = Duration::from_millis(100);
/// ...if nothing more was seen of the packet for so long before it.
const OVER: Duration = Duration::from_millis(50);

impl State {
    /// Looks how the hosts are set up, and what they have counted.
    pub(super) fn take(looks: &mut [Look]) -> Result<State, WatchError> {
        let mut state = State {
            at: Instant::now(),
            hosts: Vec::new(),
            moved: Vec::new(),
        };
        for look in looks {
            let now = look.count()?;
            state.moved.push(Moved {
                host: look.name.clone(),
                counters: look.before.moved(&now),
            });
            let settings = look.settings.read();
            let host = HostState::take(&look.name, &look.netlink, settings)?;
            state.hosts.push(host);
        }
        Ok(state)
    }

    /// Whether it was taken when all that could become of the packet had.
    pub(super) fn serves(&self, journey: &Journey) -> bool {
        self.at.elapsed() < LASTS && self.at > journey.last + OVER
    }
}
