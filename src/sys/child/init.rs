#![allow(unsafe_code)]
//! PID 1 of a command's namespace: it starts the command, reaps whoever is left to it, reports,
//! and takes all down with it when it goes.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    panic::{AssertUnwindSafe, catch_unwind},
    process::{Command, Stdio},
};

use nix::{
    errno::Errno,
    libc,
    mount::{MsFlags, mount},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        prctl,
        signal::{SigHandler, SigSet, Signal, kill, signal},
        signalfd::{SfdFlags, SignalFd},
        socket::{MsgFlags, recv, send},
    },
    unistd::Pid,
};

use super::{
    CommandSpec,
    report::{Report, TERMINATE},
};
use crate::sys::{errno, fork::exit_at_once};

/// Runs as PID 1 from beginning to end.
pub(super) fn run(command: &CommandSpec, control: RawFd) -> isize {
    let body = || {
        let control = settle(control)?;
        let pid = start(command, &control)?;
        watch(pid, &control)
    };
    // A panic must not unwind into the frames of the parent, of which this process is a copy.
    let code = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => 0,
        Ok(Err(_)) | Err(_) => 1,
    };
    exit_at_once(code)
}

/// Becomes a process that dies with its parent, cannot be interrupted, and holds nothing.
fn settle(control: RawFd) -> Result<OwnedFd, Errno> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    let _ = prctl::set_name(c"tunlab-init");
    SigSet::all().thread_set_mask()?;
    for inherited in [
        Signal::SIGCHLD,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTERM,
    ] {
        // An ignored SIGCHLD, inherited from whoever started us, would hide the command's end;
        // an ignored SIGTERM would make it deaf. SAFETY: the default action runs no code of ours.
        unsafe { signal(inherited, SigHandler::SigDfl) }?;
    }
    let control = let_go(control)?;
    // The command sees the processes of its own namespace. Refused where /proc is partly hidden,
    // as in containers: then it goes on seeing the old one.
    let sealed = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let _ = mount(Some("proc"), "/proc", Some("proc"), sealed, None::<&str>);
    Ok(control)
}

/// Closes the copies of our parent's files: a copy of its TUN device would keep that alive, a copy
/// of its stdout would keep a reader waiting. Only stdin, stderr and the control socket remain.
fn let_go(control: RawFd) -> Result<OwnedFd, Errno> {
    const CONTROL: RawFd = 3;
    // SAFETY: this process owns its whole table of descriptors, and nothing in it refers to a
    // descriptor by an object any more but for the control socket, which is made anew below.
    unsafe {
        Errno::result(libc::dup2(libc::STDERR_FILENO, libc::STDOUT_FILENO))?;
        if control != CONTROL {
            Errno::result(libc::dup3(control, CONTROL, libc::O_CLOEXEC))?;
        }
        // Linux 5.9; before that, one by one.
        if libc::syscall(libc::SYS_close_range, CONTROL + 1, libc::c_uint::MAX, 0) != 0 {
            for descriptor in CONTROL + 1..libc::sysconf(libc::_SC_OPEN_MAX).min(65_536) as RawFd {
                libc::close(descriptor);
            }
        }
        Ok(OwnedFd::from_raw_fd(CONTROL))
    }
}

/// Starts the command, and says whether that worked.
fn start(command: &CommandSpec, control: &OwnedFd) -> Result<Pid, Errno> {
    let stderr = io::stderr()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|e| errno::of(&e))?;
    let mut prepared = Command::new(&command.program);
    prepared
        .args(&command.args)
        .envs(command.env.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::from(File::from(stderr)));
    // SAFETY: between fork and exec the closure makes one system call and allocates nothing.
    unsafe { prepared.pre_exec(unblock_signals) };
    let spawned = prepared.spawn();
    match spawned {
        Ok(child) => {
            tell(control, Report::Started)?;
            Ok(Pid::from_raw(child.id() as i32))
        }
        Err(error) => {
            let errno = errno::of(&error);
            tell(control, Report::NotStarted(errno))?;
            Err(errno)
        }
    }
}

/// What we block would stay blocked across exec (`man 7 signal`), and Ctrl-C would do nothing.
fn unblock_signals() -> io::Result<()> {
    Ok(SigSet::empty().thread_set_mask()?)
}

/// Waits for the command's end, a request, or our parent's end, whichever comes first.
fn watch(command: Pid, control: &OwnedFd) -> Result<(), Errno> {
    let mut child_ended = SigSet::empty();
    child_ended.add(Signal::SIGCHLD);
    // The signal is blocked since `settle`: one that came before this line is waiting.
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let signals = SignalFd::with_flags(&child_ended, flags)?;
    loop {
        let mut ready = [
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
            PollFd::new(control.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut ready, PollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            outcome => outcome?,
        };
        let [ended, asked] = ready.map(|one| one.any().unwrap_or(false));
        if ended {
            while signals.read_signal()?.is_some() {}
            if let Some(report) = reap(command) {
                return tell(control, report);
            }
        }
        if asked && !obey(command, control)? {
            return Ok(());
        }
    }
}

/// Reaps all that have ended; the command's own end is the report.
fn reap(command: Pid) -> Option<Report> {
    loop {
        let mut status = 0;
        // Not nix's waitpid: that reaps a process killed by a real-time signal, and forgets whose
        // end it was. SAFETY: `status` lives through the call.
        let pid = unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) };
        if pid <= 0 {
            return None;
        }
        if pid == command.as_raw() {
            return Some(if libc::WIFSIGNALED(status) {
                Report::Killed(libc::WTERMSIG(status))
            } else {
                Report::Exited(libc::WEXITSTATUS(status))
            });
        }
    }
}

/// Does what our parent asks; false when it is gone.
fn obey(command: Pid, control: &OwnedFd) -> Result<bool, Errno> {
    let mut request = [0; 1];
    let len = recv(control.as_raw_fd(), &mut request, MsgFlags::empty())?;
    if request[..len] == *TERMINATE {
        let _ = kill(command, Signal::SIGTERM);
    }
    Ok(len > 0)
}

fn tell(control: &OwnedFd, report: Report) -> Result<(), Errno> {
    send(
        control.as_raw_fd(),
        &report.encode(),
        MsgFlags::MSG_NOSIGNAL,
    )
    .map(drop)
}
