//! The tasks of the course: what is done, what must be seen, and whether it was.
//!
//! ```text
//! tasks/ID/task.toml ──load──▶ Task ──engine──▶ Evidence ──judge──▶ verdicts ──▶ cli, report
//!                                │      in a lab of its own           ▲
//!                                └────────── expectations ────────────┘
//! ```
//!
//! - [`model`], [`check`], [`prompt`], [`selection`]: what a task file holds
//! - [`load`](mod@load): from text to a task, or what is wrong where
//! - [`library`]: the tasks compiled in, and those of a folder
//! - [`evidence`]: what is recorded in a run
//! - [`engine`]: performs a case in a lab, and records
//! - [`judge`](mod@judge): expectations held against evidence; pure

pub mod check;
pub mod engine;
pub mod evidence;
pub mod judge;
pub mod library;
pub mod load;
pub mod model;
pub mod prompt;
pub mod selection;

pub use load::{LoadError, load};
pub use model::{Action, Case, Expect, Step, Task};
