//! How a checksum stands, for remarks and for filters.

use crate::model::Names;

/// How the checksum of a layer stands, and what would be right.
#[derive(Clone, Copy)]
pub(super) enum Sum {
    Right,
    /// The sum of the pseudo-header alone.
    Partial(u16),
    Wrong(u16),
}

impl Sum {
    /// For what was found beside what is right: 0 and 0xffff are the same number in one's complement.
    pub(super) fn of(found: u16, right: u16) -> Sum {
        match found == right || (found == 0xffff && right == 0) {
            true => Sum::Right,
            false => Sum::Wrong(right),
        }
    }
}

/// What filters call it (Wireshark's `PROTO_CHECKSUM_E_`).
pub(super) static STATUS: Names = Names(&[
    (0, "Bad"),
    (1, "Good"),
    (2, "Unverified"),
    (3, "Not present"),
    (4, "Illegal"),
]);

/// The number for a sum that was looked at, or could not be. As in Wireshark one that a network card
/// is to complete is bad as it stands.
pub(super) fn status(sum: Option<Sum>) -> u64 {
    match sum {
        Some(Sum::Wrong(_) | Sum::Partial(_)) => 0,
        Some(Sum::Right) => 1,
        None => 2,
    }
}
