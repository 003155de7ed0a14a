//! The vocabulary every other folder speaks.

mod link;

pub use link::LinkType;
