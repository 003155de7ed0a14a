//! How a checksum stands, for remarks and for filters.

use crate::model::{Context, Layer, Names, Remarks};

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

/// Says that what was found in a field is wrong, what would be right, and what comes of it; nothing
/// comes of it in a packet that is only quoted.
pub(super) fn wrong(
    layer: &Layer,
    field: &str,
    (found, right): (u16, u16),
    then: &str,
    remarks: &mut Remarks,
) {
    let then = match layer.context {
        Context::Plain => then,
        Context::Quoted | Context::Carried => "the packet that is quoted had it so",
    };
    remarks.error(
        field,
        format_args!("{found:#x} is wrong, {right:#x} is right: {then}"),
    );
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
