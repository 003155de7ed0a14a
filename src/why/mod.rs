//! Where and why a packet died.
//!
//! ```text
//!   Watch::start ── the packet travels ── Watch::hear ────▶ Evidence ──diagnose──▶ Diagnosis
//!     counters,      (journey)              counters,                               causes, cures
//!     nft, BPF                              nft, BPF, set-up, route lookups
//! ```
//!
//! - [`host`]: a host that is looked at, of a lab or this machine
//! - [`mod@examine`]: a probe is sent, and all witnesses are heard
//! - [`watch`]: the witnesses, opened before the packet and heard after it; `look` is what is open
//!   on a host
//! - [`mark`]: the packet that is asked about, and how it is known again
//! - [`state`]: how a host is set up
//! - `firewall`: what a firewall has done to it; `ruleset` is how its rules read
//! - [`evidence`]: all of that as data
//! - [`mod@diagnose`]: from evidence to causes, a pure function; `point` is where the packet got lost,
//!   `last` where it was seen last, `met` which causes can be met there, `check` whether one fits,
//!   by which `clues`, `decide` what rules and routes say, `places` what stands in its cure; `reset`
//!   what it means that the answer is one
//! - [`way`]: the route that a host should have
//! - [`diagnosis`]: what is said in the end; [`report`] prints it
//! - [`cure`]: running a cure, and how to take it back

mod check;
mod clues;
pub mod cure;
mod decide;
pub mod diagnose;
#[cfg(test)]
mod diagnose_tests;
pub mod diagnosis;
pub mod evidence;
pub mod examine;
mod firewall;
pub mod host;
#[cfg(test)]
mod kernels;
mod last;
mod look;
#[cfg(test)]
mod losses;
pub mod mark;
mod met;
mod places;
mod point;
pub mod report;
mod reset;
mod ruleset;
#[cfg(test)]
mod samples;
pub mod state;
pub mod watch;
pub mod way;

pub use diagnose::diagnose;
pub use diagnosis::{Basis, Command, Diagnosis, Finding, Verdict};
pub use evidence::{Company, Evidence};
pub use examine::{Examination, ExamineError, Question};
pub use host::Host;
pub use mark::{Mark, Subject};
pub use watch::{Watch, WatchError, Witness};
