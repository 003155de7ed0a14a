//! A network as data: topology, plan, apply and undo. The private network of `-- CMD` is the
//! one-host plan.
//!
//! ```text
//!   device_plan, private::plan ──▶ Plan ──apply──▶ the kernel
//!                                   │                 │
//!                              command()          Applied ──undo──▶ as it was
//!
//!   Topology ──▶ Blueprint ──▶ Steps ──holder──▶ a lab ──▶ Lab, LabHost: run, spawn
//!                                                  │
//!                                               record ──collect──▶ nothing of it is left
//! ```
//!
//! - [`cidr`]: an address with its network
//! - [`plan`]: operations as data, each with its `ip` command and its inverse
//! - [`apply`](mod@apply): the only file that carries operations out
//! - [`parse`]: commands as operations
//! - [`topology`], [`blueprint`]: the networks of the course, and the plans they become
//! - [`running`]: a lab that stands: its hosts, programs on them, its end
//! - [`survey`]: what a lab looks like at this moment
//! - [`tunnel`], `line_service`: what runs on its hosts
//! - `holder`, `building`, `mounted`: the processes that hold a lab, how the last of them builds it, and
//!   the names under `/run/netns`
//! - `record`, `folder`, `collect`: what is ours, where that is written, and taking it away
//! - [`private`]: entering a private network, and running CMD in it
//! - [`conflict`]: a network that this machine already routes
//! - [`counters`]: what the kernel counted, before and after
//! - [`probe`]: what on this machine would refuse all this

pub mod apply;
pub mod blueprint;
mod building;
pub mod cidr;
mod collect;
pub mod conflict;
pub mod counters;
mod error;
mod folder;
mod holder;
mod line_service;
mod mounted;
mod name;
pub mod parse;
pub mod plan;
pub mod private;
pub mod probe;
mod record;
pub mod running;
pub mod survey;
pub mod topology;
pub mod tunnel;

pub use apply::{Applied, ApplyError, apply};
pub use cidr::{Cidr, CidrError};
pub use collect::collect;
pub use error::LabError;
pub use name::{LabName, LabNameError};
pub use plan::{Op, Plan, Step, device_plan};
pub use running::{Lab, LabHost, UpOptions};
pub use topology::Topology;
