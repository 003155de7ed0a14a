//! Task 2.d's garbage: what to write to a device, and what the kernel's answer means.
//!
//! - [`mod@attempts`]: the list of things to write, as data
//! - [`verdict`]: from errno and counters to the cause, a pure function

pub mod attempts;
pub mod verdict;

pub use attempts::{Attempt, Setting, attempts};
pub use verdict::{Verdict, judge};
