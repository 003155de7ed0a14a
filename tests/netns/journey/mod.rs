//! Journeys: one packet, followed through every host of a lab.
//!
//! Each test is a shell script that builds a lab of its own ([`super::run::Bench::lab`]) and
//! follows packets in it with `-o json`; [`journeys`] reads that back.

pub(crate) mod deaths;
pub(crate) mod ipv6;
pub(crate) mod path;
pub(crate) mod probes;
pub(crate) mod refused;
pub(crate) mod special;
pub(crate) mod watches;

use super::ended::Ended;
use super::{Problem, wrong};
use serde_json::Value;

/// The path of task 5: U's packet to V through the tunnel, and back.
const KNOWN: [&str; 12] = [
    "u tun0 out",
    "u eth0 out wrapped",
    "s eth0 in wrapped",
    "s tun0 in",
    "s eth1 out",
    "v eth0 in",
    "v eth0 out",
    "s eth1 in",
    "s tun0 out",
    "s eth0 out wrapped",
    "u eth0 in wrapped",
    "u tun0 in",
];

/// Builds the course's network with its tunnel; what follows ends it by `tunlab lab down`.
const UP: &str = "tunlab lab up --tunnel || exit\n";

/// A journey as its JSON tells it.
struct Told(Value);

/// The journeys that a run printed, one a line; other lines are left out.
fn journeys(ended: &Ended) -> Vec<Told> {
    let values = ended.stdout.lines().map(serde_json::from_str::<Value>);
    values
        .filter_map(|value| value.ok().filter(Value::is_object).map(Told))
        .collect()
}

/// The only journey that a run printed.
fn journey(ended: &Ended) -> Result<Told, Problem> {
    let mut all = journeys(ended);
    match (all.pop(), all.len()) {
        (Some(only), 0) => Ok(only),
        _ => wrong(format!("not one journey: {}{}", ended.stdout, ended.stderr)),
    }
}

impl Told {
    fn hops(&self) -> &[Value] {
        self.0["hops"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The devices it passed, as [`KNOWN`] writes them.
    fn way(&self) -> Vec<String> {
        let word = |hop: &Value, key: &str| hop[key].as_str().unwrap_or_default().to_owned();
        let line = |hop: &Value| {
            let wrapped = if hop["outer"].is_null() {
                ""
            } else {
                " wrapped"
            };
            let [host, dev, dir] = ["host", "dev", "dir"].map(|key| word(hop, key));
            format!("{host} {dev} {dir}{wrapped}")
        };
        self.hops().iter().map(line).collect()
    }

    /// What changed on the way, all hops together.
    fn changes(&self) -> String {
        let lists = self
            .hops()
            .iter()
            .filter_map(|hop| hop["changed"].as_array());
        let all = lists.flatten().filter_map(Value::as_str);
        all.collect::<Vec<_>>().join("\n")
    }

    /// `(delivered, answered)`.
    fn outcome(&self) -> (bool, bool) {
        let says = |key: &str| self.0[key] == true;
        (says("delivered"), says("answered"))
    }

    /// Requires that the way is this one.
    fn goes(&self, way: &[&str]) -> Result<&Self, Problem> {
        match self.way() == way {
            true => Ok(self),
            false => wrong(format!("{:#?} is not {way:#?}", self.way())),
        }
    }

    /// Requires that all of this changed on the way.
    fn changed(&self, parts: &[&str]) -> Result<&Self, Problem> {
        let changes = self.changes();
        match parts.iter().find(|part| !changes.contains(**part)) {
            Some(part) => wrong(format!("{part} did not change: {changes}")),
            None => Ok(self),
        }
    }

    /// Requires whether it was delivered and answered.
    fn ends(&self, delivered: bool, answered: bool) -> Result<&Self, Problem> {
        match self.outcome() == (delivered, answered) {
            true => Ok(self),
            false => wrong(format!("(delivered, answered) are {:?}", self.outcome())),
        }
    }

    /// Requires that it died of this, there.
    fn died(&self, cause: &str, host: &str, dev: &str) -> Result<&Value, Problem> {
        let drop = &self.0["drop"];
        match (&drop["cause"], &drop["host"], &drop["dev"])
            == (&cause.into(), &host.into(), &dev.into())
        {
            true => Ok(drop),
            false => wrong(format!(
                "it did not die of {cause} on {host}, {dev}: {drop}"
            )),
        }
    }
}
