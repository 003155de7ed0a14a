#![allow(unsafe_code)]
//! Whole-file locks (`man 2 flock`). Such a lock belongs to the open file: a forked child has it,
//! too, and it is free when the last of them has closed the file, however they ended.
//!
//! nix's own wrapper unlocks when it is dropped, for all who share the open file.

use std::{fs::File, os::fd::AsRawFd};

use nix::{errno::Errno, libc};

/// Waits until the lock is ours.
pub fn lock(file: &File) -> Result<(), Errno> {
    loop {
        match flock(file, libc::LOCK_EX) {
            Err(Errno::EINTR) => {}
            outcome => return outcome,
        }
    }
}

/// Takes the lock if nobody has it; false if somebody has.
pub fn try_lock(file: &File) -> Result<bool, Errno> {
    match flock(file, libc::LOCK_EX | libc::LOCK_NB) {
        Ok(()) => Ok(true),
        Err(Errno::EWOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno),
    }
}

fn flock(file: &File, operation: i32) -> Result<(), Errno> {
    // SAFETY: the descriptor is open as long as the file is borrowed.
    Errno::result(unsafe { libc::flock(file.as_raw_fd(), operation) }).map(drop)
}
