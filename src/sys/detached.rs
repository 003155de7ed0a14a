#![allow(unsafe_code)]
//! Processes that outlive whoever started them, and hold nothing of it.

use std::{
    fs::OpenOptions,
    io,
    os::{
        fd::{AsRawFd, BorrowedFd, IntoRawFd, RawFd},
        unix::process::CommandExt,
    },
    panic::{AssertUnwindSafe, catch_unwind},
    process::Command,
};

use nix::{
    errno::Errno,
    libc,
    sys::{
        signal::{SigHandler, SigSet, Signal, signal},
        wait::waitpid,
    },
    unistd::{ForkResult, Pid, chdir, fork, setsid},
};

use super::fork::exit_at_once;

/// Forks, and runs `body` in the child, which ends with it. What `body` owns is dropped here: the
/// child has its own copies.
///
/// Call it while the process has one thread: the child has only the calling one, and a lock that
/// another thread holds would stay locked in it for ever.
pub fn start(body: impl FnOnce()) -> Result<Pid, Errno> {
    // SAFETY: the process has one thread, so the child is a complete copy of it; it never returns
    // into the caller's code, and leaves by _exit.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let code = match catch_unwind(AssertUnwindSafe(body)) {
                Ok(()) => 0,
                Err(_) => 101,
            };
            exit_at_once(code)
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Waits for a child to end.
pub fn wait(child: Pid) {
    while waitpid(child, None) == Err(Errno::EINTR) {}
}

/// Leaves the session, the folder, the descriptors and the signal settings of whoever started us;
/// of the descriptors only `keep` stay, and the standard ones lead nowhere. Children are reaped by
/// the kernel.
pub fn let_go(keep: &[BorrowedFd]) -> io::Result<()> {
    setsid()?;
    chdir("/")?;
    SigSet::empty().thread_set_mask()?;
    for inherited in [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGHUP,
    ] {
        // SAFETY: ignoring runs no code of ours.
        unsafe { signal(inherited, SigHandler::SigIgn) }?;
    }
    // SAFETY: as above; POSIX lets the children of who ignores this signal leave no zombies.
    unsafe { signal(Signal::SIGCHLD, SigHandler::SigIgn) }?;
    keep_only(keep)
}

/// Prepares a command to start as a grandchild, in a session and a folder of its own, with no
/// descriptors of ours but the standard ones that it is given. What is started is a process that
/// ends at once: wait for it. The grandchild is left to PID 1 of its namespace.
pub fn leave(command: &mut Command) {
    command.current_dir("/");
    let leave = || {
        // SAFETY: this is the only thread of a process that was forked to exec; the parent goes,
        // without running anything that is meant for the end of the program.
        if let ForkResult::Parent { .. } = unsafe { fork() }? {
            exit_at_once(0);
        }
        setsid()?;
        // On exec only: the library tells us through one of them that exec failed. Linux 5.11;
        // before that, one by one.
        const FIRST: RawFd = libc::STDERR_FILENO + 1;
        // SAFETY: marking descriptors takes nothing from anybody before exec.
        unsafe {
            let flags = libc::CLOSE_RANGE_CLOEXEC;
            if libc::syscall(libc::SYS_close_range, FIRST, RawFd::MAX, flags) != 0 {
                for descriptor in FIRST..1_024 {
                    libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
                }
            }
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls and allocates nothing.
    unsafe { command.pre_exec(leave) };
}

/// Closes all descriptors but `keep`, and opens the standard ones anew on `/dev/null`.
pub fn keep_only(keep: &[BorrowedFd]) -> io::Result<()> {
    let nowhere = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?
        .into_raw_fd(); // a standard one already, or closed below
    for standard in 0..=2 {
        // SAFETY: this process owns its whole table of descriptors.
        Errno::result(unsafe { libc::dup2(nowhere, standard) })?;
    }
    let mut kept: Vec<RawFd> = keep.iter().map(AsRawFd::as_raw_fd).collect();
    kept.sort_unstable();
    let mut first = 3;
    for fd in kept {
        if fd >= first {
            close_range(first, fd - 1);
            first = fd + 1;
        }
    }
    close_range(first, RawFd::MAX);
    Ok(())
}

/// Closes the descriptors from `first` to `last`, both included.
fn close_range(first: RawFd, last: RawFd) {
    if first > last {
        return;
    }
    // SAFETY: this process owns its whole table of descriptors, and the caller keeps every one
    // that it goes on using.
    unsafe {
        // Linux 5.9; before that, one by one.
        if libc::syscall(libc::SYS_close_range, first, last, 0) != 0 {
            let end = libc::sysconf(libc::_SC_OPEN_MAX).clamp(0, 65_536) as RawFd;
            for descriptor in first..=last.min(end) {
                libc::close(descriptor);
            }
        }
    }
}
