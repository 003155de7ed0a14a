//! The tunnel between hosts, judged by ping, by TCP, and by course-style peers in Python.

mod hosts;
mod kinds;
mod many;
mod peers;
mod refused;
mod survives;

use super::Test;

/// The longest first.
pub(crate) fn tests() -> Vec<(&'static str, Test)> {
    let lists = [
        peers::TESTS,
        survives::TESTS,
        many::TESTS,
        kinds::TESTS,
        refused::TESTS,
    ];
    lists.concat()
}
