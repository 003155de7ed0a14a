//! Labs: hosts made of namespaces.
//!
//! Each test is a shell script with a place for labs of its own ([`super::run::Bench::lab`]).

pub(crate) mod kill;
pub(crate) mod ownership;
pub(crate) mod refused;
pub(crate) mod standing;
pub(crate) mod typed;
