//! Giving up privileges once all that needs them is open.

use super::failure::Failure;
use crate::sys::{errno, privileges};

/// Gives up all of them, for good. Call it while the process has one thread.
pub(super) fn give_up() -> Result<(), Failure> {
    privileges::drop_all().map_err(|errno| {
        Failure::refused(format!("give up privileges: {}", errno::text(errno)), None)
    })
}
