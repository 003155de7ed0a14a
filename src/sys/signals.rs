#![allow(unsafe_code)]
//! Ctrl-C as something to poll: a live run ends between two packets, never within one.

use std::{
    io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, ExitStatus},
};

use nix::{
    sys::{
        signal::{SigHandler, SigSet, SigmaskHow, Signal, kill, signal},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::Pid,
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

/// Passing signals on to a command that stands in for us, until it ends.
#[derive(Debug)]
pub struct Forwarding(SignalFd);

impl Forwarding {
    /// Takes the signals out of their usual course, which `command` gets back. Call it before any
    /// thread is started.
    pub fn prepare(command: &mut Command) -> io::Result<Self> {
        let mut mask = SigSet::empty();
        for one in [
            Signal::SIGINT,
            Signal::SIGQUIT,
            Signal::SIGTERM,
            Signal::SIGHUP,
            Signal::SIGCHLD,
        ] {
            mask.add(one);
        }
        // Inherited from a parent that ignores it, this one would hide the command's end.
        // SAFETY: the default action runs no code of ours.
        unsafe { signal(Signal::SIGCHLD, SigHandler::SigDfl) }?;
        let before = mask.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        // SAFETY: between fork and exec the closure makes one system call and allocates nothing.
        unsafe { command.pre_exec(move || Ok(before.thread_set_mask()?)) };
        Ok(Forwarding(SignalFd::with_flags(
            &mask,
            SfdFlags::SFD_CLOEXEC,
        )?))
    }

    /// Waits for the command's end.
    pub fn wait(self, command: &mut Child) -> io::Result<ExitStatus> {
        loop {
            if let Some(status) = command.try_wait()? {
                return Ok(status);
            }
            let Some(info) = self.0.read_signal()? else {
                continue;
            };
            // What the terminal sends (SI_KERNEL) has reached the command already.
            let is_for_us_alone = info.ssi_code <= 0;
            match Signal::try_from(info.ssi_signo as i32) {
                Ok(Signal::SIGCHLD) | Err(_) => {}
                Ok(other) if is_for_us_alone => {
                    // That it has just ended is seen in the next round.
                    let _ = kill(Pid::from_raw(command.id() as i32), other);
                }
                Ok(_) => {}
            }
        }
    }
}
