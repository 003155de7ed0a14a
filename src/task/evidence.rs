//! What was seen in one run of one case: all that a verdict may rest on.
//!
//! The run records (`engine`), the judge reads (`judge`); between them is only this, which can be
//! written down and read back. A packet carries the namespace it was seen in and its time, so that
//! what an earlier run left behind cannot pass for this run's.

use super::check::{Check, Timer};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// Everything recorded in a run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// Which run this is.
    pub run: Run,
    /// What was done, in order.
    pub steps: Vec<StepRecord>,
    /// Packets, in the order of their times.
    pub packets: Vec<Sighting>,
    /// What the kernel counted from the start of each step to the start of the next.
    pub counters: Vec<Rise>,
    /// What the kernel answered when asked.
    pub readings: Vec<Reading>,
}

/// The marks of a run. Times are nanoseconds since 1970.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Run {
    /// When it began.
    pub started: u64,
    /// When it ended.
    pub ended: u64,
    /// Its hosts, with the inode of each one's network namespace.
    pub hosts: BTreeMap<String, u64>,
}

/// A step that was done.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct StepRecord {
    /// What others call it.
    pub name: Option<String>,
    /// When it began.
    pub started: u64,
    /// When it was done; a command in the background goes on.
    pub ended: u64,
    /// What was said, of a command in the background until the end of the run.
    pub output: String,
    /// The exit code of a command that has ended.
    pub code: Option<i32>,
    /// Why it could not be done.
    pub failed: Option<String>,
}

/// A packet seen on a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// The kernel's time, in nanoseconds since 1970.
    pub time: u64,
    /// The host.
    pub host: String,
    /// The inode of the network namespace it was seen in.
    pub netns: u64,
    /// The device.
    pub dev: String,
    /// Whether the host sent it.
    pub sent: bool,
    /// What its first byte belongs to: a LINKTYPE number.
    pub link: u16,
    /// Length on the wire, in bytes.
    pub len: u32,
    /// Its bytes.
    #[serde(with = "hex")]
    pub bytes: Vec<u8>,
}

/// What a host's counters did during a step and until the next.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Rise {
    /// The step's place among the steps.
    pub step: usize,
    /// The host.
    pub host: String,
    /// By name: those that changed, and by how much.
    pub moved: BTreeMap<String, i64>,
}

/// A question to the kernel and its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reading {
    /// The question.
    pub query: Query,
    /// The step after which it was asked; else at the end.
    pub after: Option<String>,
    /// The answer.
    pub answer: Answer,
}

/// A question to a host's kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Query {
    /// Where a packet would be sent.
    Route {
        /// The host.
        on: String,
        /// The destination.
        to: IpAddr,
        /// The source.
        from: Option<IpAddr>,
        /// The device it comes in by.
        iif: Option<String>,
    },
    /// What is known of an address on a link.
    Neighbour {
        /// The host.
        on: String,
        /// The device.
        dev: String,
        /// The address.
        address: IpAddr,
    },
    /// Connections to a peer.
    Tcp {
        /// The host.
        on: String,
        /// The peer's address.
        peer: IpAddr,
        /// The peer's port.
        port: u16,
    },
    /// The state of a device.
    Device {
        /// The host.
        on: String,
        /// The device.
        name: String,
    },
}

/// The kernel's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A route.
    Route {
        /// The device.
        dev: Option<String>,
        /// The router.
        via: Option<IpAddr>,
    },
    /// An error, by its name: `EINVAL`.
    Refused(String),
    /// A neighbour's state; `none` where nothing is known.
    Neighbour {
        /// As ip(8) has it: `REACHABLE`.
        state: String,
        /// The hardware address.
        mac: Option<String>,
    },
    /// The connections.
    Tcp(Vec<Connection>),
    /// No such device.
    NoDevice,
    /// A device.
    Device {
        /// Whether it is up.
        up: bool,
        /// Its link layer: `ether`, `none`.
        link: String,
        /// Its IPv4 addresses, with their networks.
        addresses: Vec<String>,
    },
    /// It could not be asked.
    Unreadable(String),
}

/// The state of a TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// As ss(8) has it: `ESTAB`.
    pub state: String,
    /// What it waits for.
    pub timer: Timer,
    /// Unanswered retransmissions.
    pub retransmits: u64,
}

impl Query {
    /// What a check asks the kernel, and after which step, if it is a question to the kernel.
    pub fn of(check: &Check) -> Option<(Query, Option<&str>)> {
        let (query, after) = match check {
            Check::Route(route) => (
                Query::Route {
                    on: route.on.get_ref().clone(),
                    to: route.to,
                    from: route.from,
                    iif: route.iif.clone(),
                },
                &route.after,
            ),
            Check::Neighbour(neighbour) => (
                Query::Neighbour {
                    on: neighbour.on.get_ref().clone(),
                    dev: neighbour.dev.clone(),
                    address: neighbour.address,
                },
                &neighbour.after,
            ),
            Check::Tcp(tcp) => (
                Query::Tcp {
                    on: tcp.on.get_ref().clone(),
                    peer: tcp.peer,
                    port: tcp.port,
                },
                &tcp.after,
            ),
            Check::Device(device) => (
                Query::Device {
                    on: device.on.get_ref().clone(),
                    name: device.name.clone(),
                },
                &device.after,
            ),
            _ => return None,
        };
        let after = after.as_ref().map(|step| step.get_ref().as_str());
        Some((query, after))
    }

    /// The host that is asked.
    pub fn on(&self) -> &str {
        match self {
            Query::Route { on, .. }
            | Query::Neighbour { on, .. }
            | Query::Tcp { on, .. }
            | Query::Device { on, .. } => on,
        }
    }
}

impl Evidence {
    /// The place of the step of that name.
    pub fn step(&self, name: &str) -> Option<usize> {
        self.steps
            .iter()
            .position(|step| step.name.as_deref() == Some(name))
    }
}

/// Bytes as hexadecimal digits.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        to.serialize_str(&digits)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Vec<u8>, D::Error> {
        let digits = String::deserialize(from)?;
        let pair = |place| digits.get(place..place + 2);
        (0..digits.len())
            .step_by(2)
            .map(|place| u8::from_str_radix(pair(place).unwrap_or("?"), 16))
            .collect::<Result<_, _>>()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_can_be_written_down_and_read_back() {
        let seen = Sighting {
            time: 1,
            host: "u".to_owned(),
            netns: 4_026_531_840,
            dev: "tun0".to_owned(),
            sent: true,
            link: 101,
            len: 3,
            bytes: vec![0x45, 0, 0xff],
        };
        let text = serde_json::to_string(&seen).unwrap();
        assert!(text.contains("\"4500ff\""), "{text}");
        assert_eq!(serde_json::from_str::<Sighting>(&text).unwrap(), seen);
        assert!(serde_json::from_str::<Sighting>(&text.replace("4500ff", "4500f")).is_err());
    }
}
