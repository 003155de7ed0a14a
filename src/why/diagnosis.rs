//! What a diagnosis says: a verdict, and the causes in order of likelihood.

use std::net::IpAddr;

use crate::causes::Cause;

/// The answer to "why does it not arrive?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// In one word.
    pub verdict: Verdict,
    /// The host that sends.
    pub host: String,
    /// The destination.
    pub to: IpAddr,
    /// What was found, the likeliest first.
    pub causes: Vec<Finding>,
    /// What is still possible where nothing was found.
    pub candidates: Vec<&'static Cause>,
    /// Witnesses that were wanted and not to be had, each with the reason.
    pub not_available: Vec<String>,
    /// Where the packet was seen last, in words; nothing for one that arrived.
    pub last_seen: Option<String>,
    /// Whether a host is still asking for a neighbour: a second later it may look different.
    pub is_pending: bool,
    /// Whether probes before or after it got through: not every packet is lost.
    pub is_passing: bool,
}

/// A diagnosis in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The packet arrived, and so did its answer.
    Healthy,
    /// It was sent, and died.
    Dropped,
    /// It was never sent.
    NoPacket,
    /// It arrives, but a connection waits.
    Stalled,
    /// It did not arrive, and no witness tells why.
    Unknown,
}

/// A cause that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub cause: &'static Cause,
    /// The host that drops.
    pub host: String,
    /// The device concerned, if any.
    pub dev: Option<String>,
    /// How it is known.
    pub basis: Basis,
    /// The kernel's own reason for this very packet.
    pub reason: Option<String>,
    /// The function that dropped it.
    pub function: Option<String>,
    /// The counter that tells.
    pub counter: Option<String>,
    /// The cause in a sentence.
    pub text: String,
    /// What it rests on, each marked as observed or inferred.
    pub evidence: Vec<String>,
    /// Commands to be run in order, each for a shell on the host named with it.
    pub cures: Vec<Command>,
}

/// A command for a shell on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The host.
    pub host: String,
    /// The command.
    pub words: String,
}

/// How something is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// It was seen happening to this very packet.
    Observed,
    /// It follows from what was seen.
    Inferred,
}

impl Verdict {
    /// As in `-o json`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Healthy => "healthy",
            Verdict::Dropped => "dropped",
            Verdict::NoPacket => "no-packet",
            Verdict::Stalled => "stalled",
            Verdict::Unknown => "unknown",
        }
    }
}

impl Basis {
    /// As in `-o json`.
    pub fn name(self) -> &'static str {
        match self {
            Basis::Observed => "observed",
            Basis::Inferred => "inferred",
        }
    }
}
