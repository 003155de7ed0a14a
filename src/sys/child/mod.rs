#![allow(unsafe_code)]
//! A command in a PID namespace of its own, so that nothing of it can stay behind.
//!
//! ```text
//! tunlab ──clone(NEWPID)──▶ init, PID 1 of the namespace ──spawn──▶ CMD and its offspring
//!    ▲         control socket        │ reaps, reports, passes SIGTERM on
//!    └────────────────────────────────┘
//! ```
//!
//! When PID 1 dies, the kernel kills everything in its namespace (`man 7 pid_namespaces`). PID 1
//! dies with tunlab: by its parent-death signal, and by the end of the control socket for the
//! moment before that signal is set. It is a copy of tunlab and never calls exec, which could
//! clear the parent-death signal.

mod init;
mod report;

use std::{
    ffi::{OsStr, OsString},
    fmt, io,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::Path,
};

use nix::{
    errno::Errno,
    sched::{CloneFlags, clone},
    sys::{
        signal::{Signal, kill},
        socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair},
        wait::waitpid,
    },
    unistd::Pid,
};

use super::{errno, readings::Readings};
use report::Report;

/// A command to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandSpec {
    /// Its name, looked up in the `PATH` it is given, or its path.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// What its environment has that ours has not.
    pub env: Vec<(OsString, OsString)>,
}

/// A command that runs, or has ended. Dropping it kills what is left of it.
#[derive(Debug)]
pub struct Child {
    init: Pid,
    control: OwnedFd,
    end: Option<CommandEnd>,
}

/// How a command ended. Reads `exited with code 1`, `was killed by signal 9 (SIGKILL)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandEnd {
    /// By itself, with this code.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// Together with the process that watched over it: someone killed that.
    Lost,
}

/// Why a command did not start. Reads `start pong: no such file or directory (ENOENT)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpawnError {
    /// The program itself.
    #[error("start {}: {}", program.display(), errno::text(*errno))]
    Program {
        /// As it was typed.
        program: OsString,
        /// What exec said.
        errno: Errno,
    },
    /// The PID namespace around it.
    #[error("create a PID namespace for {}: {}", program.display(), errno::text(*errno))]
    Namespace {
        /// As it was typed.
        program: OsString,
        /// What clone said.
        errno: Errno,
    },
    /// The process that was to start it died first.
    #[error("start {}: the process that was to start it was killed", program.display())]
    Lost {
        /// As it was typed.
        program: OsString,
    },
}

impl CommandSpec {
    fn why_not_started(&self, errno: Errno) -> Errno {
        let own_path = self.env.iter().find(|(name, _)| name == "PATH");
        why_not_started(
            &self.program,
            own_path.map(|(_, path)| path.as_os_str()),
            errno,
        )
    }
}

/// What to say of a program that did not start: exec says `EACCES` when a folder of `PATH` may not
/// be searched, even where no folder has the program (`man 3 exec`); a shell says that it is not
/// found. `path` is the program's `PATH` where it is not ours.
pub fn why_not_started(program: &OsStr, path: Option<&OsStr>, errno: Errno) -> Errno {
    let searched = !program.as_bytes().contains(&b'/');
    let path = path
        .map(OsStr::to_owned)
        .or_else(|| std::env::var_os("PATH"));
    let path = path.unwrap_or_default();
    let exists = || std::env::split_paths(&path).any(|one| one.join(program).exists());
    if errno == Errno::EACCES && searched && !exists() {
        Errno::ENOENT
    } else {
        errno
    }
}

impl SpawnError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        let (program, errno) = match self {
            SpawnError::Program { program, errno } => (program.display(), *errno),
            SpawnError::Namespace { .. } => {
                return Some("`tunlab doctor` tells what this machine allows".to_owned());
            }
            SpawnError::Lost { .. } => return None,
        };
        match errno {
            Errno::ENOENT => Some(format!("check the spelling of {program}, or install it")),
            Errno::EACCES => Some(format!("make it executable: `chmod +x {program}`")),
            _ => None,
        }
    }
}

impl CommandEnd {
    /// The exit code a shell would show: a signal is 128 and its number.
    pub fn code(self) -> i32 {
        match self {
            CommandEnd::Exited(code) => code,
            CommandEnd::Killed(signal) => 128 + signal,
            CommandEnd::Lost => 128 + Signal::SIGKILL as i32,
        }
    }
}

impl fmt::Display for CommandEnd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CommandEnd::Exited(code) => write!(out, "exited with code {code}"),
            CommandEnd::Killed(number) => match Signal::try_from(*number) {
                Ok(signal) => write!(out, "was killed by signal {number} ({signal})"),
                Err(_) => write!(out, "was killed by signal {number}"),
            },
            CommandEnd::Lost => out.write_str("was killed with the process that watched over it"),
        }
    }
}

impl Child {
    /// Starts a command. It keeps our stdin; its stdout and stderr both go to our stderr; the
    /// signals that we have taken over have their usual effect on it.
    ///
    /// Call it while the process has one thread; returns when exec has succeeded or failed.
    pub fn spawn(command: &CommandSpec) -> Result<Child, SpawnError> {
        let namespace = |errno| SpawnError::Namespace {
            program: command.program.clone(),
            errno,
        };
        // A copy of a process whose other threads hold locks would wait for them for ever.
        if Readings::take().threads.is_some_and(|threads| threads > 1) {
            return Err(namespace(Errno::EINVAL));
        }
        let (control, theirs) = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket, // keeps messages apart, and tells the end
            None,
            SockFlag::SOCK_CLOEXEC,
        )
        .map_err(namespace)?;

        let mut stack = vec![0; STACK_LEN];
        let body = Box::new(|| init::run(command, theirs.as_raw_fd()));
        let flags = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS;
        // SAFETY: without CLONE_VM the child runs on its own copy of the memory, and of the stack,
        // which is large enough for `init::run`; there is one thread, so no lock is held; `run`
        // never returns.
        let init = unsafe { clone(body, &mut stack, flags, Some(Signal::SIGCHLD as i32)) }
            .map_err(namespace)?;
        drop(theirs);

        let child = Child {
            init,
            control,
            end: None,
        };
        match child.hear(MsgFlags::empty()) {
            Ok(Some(Report::Started)) => Ok(child),
            Ok(Some(Report::NotStarted(errno))) => Err(SpawnError::Program {
                program: command.program.clone(),
                errno: command.why_not_started(errno),
            }),
            _ => Err(SpawnError::Lost {
                program: command.program.clone(),
            }),
        }
    }

    /// How it ended, if it has; never waits.
    pub fn try_status(&mut self) -> io::Result<Option<CommandEnd>> {
        if self.end.is_none() {
            self.end = match self.hear(MsgFlags::MSG_DONTWAIT) {
                Ok(Some(Report::Exited(code))) => Some(CommandEnd::Exited(code)),
                Ok(Some(Report::Killed(signal))) => Some(CommandEnd::Killed(signal)),
                Ok(_) => Some(CommandEnd::Lost),
                Err(Errno::EAGAIN) => None,
                Err(errno) => return Err(errno.into()),
            };
        }
        Ok(self.end)
    }

    /// Asks it to end: SIGTERM.
    pub fn terminate(&self) -> io::Result<()> {
        match send(
            self.control.as_raw_fd(),
            report::TERMINATE,
            MsgFlags::MSG_NOSIGNAL,
        ) {
            // It has ended by itself in the meantime.
            Ok(_) | Err(Errno::EPIPE | Errno::ECONNRESET) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Makes it end, with all its offspring, and waits until they have. What is known about its
    /// end stays known.
    pub fn kill(&mut self) {
        let _ = self.try_status();
        self.end
            .get_or_insert(CommandEnd::Killed(Signal::SIGKILL as i32));
        // Until it is waited for the number cannot be another process's; afterwards it is 0.
        if self.init.as_raw() > 0 {
            let _ = kill(self.init, Signal::SIGKILL);
            while waitpid(self.init, None) == Err(Errno::EINTR) {}
            self.init = Pid::from_raw(0);
        }
    }

    /// One report; `None` at the end of the control socket.
    fn hear(&self, flags: MsgFlags) -> Result<Option<Report>, Errno> {
        let mut bytes = [0; report::LEN];
        loop {
            match recv(self.control.as_raw_fd(), &mut bytes, flags) {
                Err(Errno::EINTR) => {}
                Err(Errno::ECONNRESET) => return Ok(None),
                outcome => return Ok(Report::decode(&bytes[..outcome?])),
            }
        }
    }
}

/// Readable when the command has ended: then [`Child::try_status`] knows how.
impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.control.as_fd()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Room for `init::run`, whose deepest part is the library's spawn.
const STACK_LEN: usize = 512 * 1024;

/// Whether `path` is a file that may be executed, for who looks for a program in `PATH`.
pub fn is_executable(path: &Path) -> bool {
    path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_read_as_words_and_codes() {
        assert_eq!(CommandEnd::Exited(1).to_string(), "exited with code 1");
        assert_eq!(
            CommandEnd::Killed(9).to_string(),
            "was killed by signal 9 (SIGKILL)"
        );
        assert_eq!(
            CommandEnd::Killed(40).to_string(),
            "was killed by signal 40"
        );
        assert_eq!(CommandEnd::Killed(15).code(), 143);
    }

    #[test]
    fn a_closed_folder_does_not_hide_that_a_program_is_missing() {
        let spec = |program: &str| CommandSpec {
            program: program.into(),
            env: vec![("PATH".into(), "/nonexistent:/bin".into())],
            ..CommandSpec::default()
        };
        let why = |program| spec(program).why_not_started(Errno::EACCES);
        assert_eq!(why("no-such-program"), Errno::ENOENT);
        assert_eq!(why("sh"), Errno::EACCES);
        assert_eq!(why("./no-such-program"), Errno::EACCES);
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = SpawnError::Program {
            program: "pong".into(),
            errno: Errno::ENOENT,
        };
        assert_eq!(
            error.to_string(),
            "start pong: no such file or directory (ENOENT)"
        );
        assert_eq!(
            error.remedy().unwrap(),
            "check the spelling of pong, or install it"
        );
    }
}
