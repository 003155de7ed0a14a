//! The loops over the tables.

mod dissect;

pub use dissect::dissect;
