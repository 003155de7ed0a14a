//! The loops over the tables.

mod dissect;
pub mod filter;

pub use dissect::{dissect, dissect_captured};
