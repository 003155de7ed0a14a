//! The loops over the tables.

mod dissect;
pub mod filter;

pub use dissect::{Dissector, dissect, dissect_captured};
