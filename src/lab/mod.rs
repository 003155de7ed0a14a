//! A network as data: topology, plan, apply and undo. The private network of `-- CMD` is the
//! one-host plan.
//!
//! ```text
//!   device_plan, private::plan ──▶ Plan ──apply──▶ the kernel
//!                                   │                 │
//!                              command()          Applied ──undo──▶ as it was
//! ```
//!
//! - [`cidr`]: an address with its network
//! - [`plan`]: operations as data, each with its `ip` command and its inverse
//! - [`apply`](mod@apply): the only file that carries operations out
//! - [`private`]: entering a private network, and running CMD in it
//! - [`conflict`]: a network that this machine already routes
//! - [`counters`]: what the kernel counted, before and after
//! - [`probe`]: what on this machine would refuse all this

pub mod apply;
pub mod cidr;
pub mod conflict;
pub mod counters;
pub mod plan;
pub mod private;
pub mod probe;

pub use apply::{Applied, ApplyError, apply};
pub use cidr::{Cidr, CidrError};
pub use plan::{Op, Plan, device_plan};
