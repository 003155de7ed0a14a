//! Ctrl-C as something to poll: a live run ends between two packets, never within one.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

use nix::sys::{
    signal::{SigSet, Signal},
    signalfd::{SfdFlags, SignalFd},
};

/// The signals that ask a run to end, readable when one has come (`man 2 signalfd`).
#[derive(Debug)]
pub struct Signals(SignalFd);

impl Signals {
    /// Takes SIGINT and SIGTERM out of the usual course, for good. Call it before any thread is
    /// started; [`super::child`] gives its command the usual course back.
    pub fn take_over() -> io::Result<Self> {
        Signals::take_over_with(&[])
    }

    /// The same with further signals.
    pub fn take_over_with(further: &[Signal]) -> io::Result<Self> {
        let mut mask = SigSet::empty();
        for &signal in [Signal::SIGINT, Signal::SIGTERM].iter().chain(further) {
            mask.add(signal);
        }
        mask.thread_block()?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        Ok(Signals(SignalFd::with_flags(&mask, flags)?))
    }

    /// The next signal that has come, if any; never waits.
    pub fn next(&self) -> io::Result<Option<Signal>> {
        let Some(info) = self.0.read_signal()? else {
            return Ok(None);
        };
        Ok(Signal::try_from(info.ssi_signo as i32).ok())
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
