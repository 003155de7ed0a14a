//! A namespace that somebody holds: finding it, telling it from others, going into it.

use std::{
    fs::File,
    io,
    os::{fd::AsFd, unix::fs::MetadataExt},
    path::Path,
    process::{Child, Command},
    thread,
};

use nix::{
    errno::Errno,
    sched::{CloneFlags, setns, unshare},
};

use crate::sys::errno;

/// An open namespace; it lives as long as this does.
#[derive(Debug)]
pub struct NamespaceFd(File);

/// A kind of namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Devices, addresses, routes.
    Network,
    /// Process numbers.
    Pid,
    /// Users and privileges.
    User,
}

impl Kind {
    /// Its name under `/proc/PID/ns`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Network => "net",
            Kind::Pid => "pid",
            Kind::User => "user",
        }
    }

    fn flag(self) -> CloneFlags {
        match self {
            Kind::Network => CloneFlags::CLONE_NEWNET,
            Kind::Pid => CloneFlags::CLONE_NEWPID,
            Kind::User => CloneFlags::CLONE_NEWUSER,
        }
    }
}

impl NamespaceFd {
    /// The calling thread's own.
    pub fn own(kind: Kind) -> io::Result<Self> {
        Self::open(Path::new("/proc/thread-self/ns").join(kind.name()))
    }

    /// The one behind a file of `/proc/PID/ns`, `/proc/PID/fd` or `/run/netns`.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(NamespaceFd(File::open(path)?))
    }

    /// Moves the calling thread into a new network namespace, with nothing in it but a `lo` that is
    /// down.
    pub fn enter_new_network() -> Result<Self, Errno> {
        unshare(CloneFlags::CLONE_NEWNET)?;
        Self::own(Kind::Network).map_err(|error| errno::of(&error))
    }

    /// Its number, which is another namespace's only after this one is gone.
    pub fn inode(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.ino())
    }

    /// Moves the calling thread into it. A PID namespace is entered by the children that the
    /// thread starts from now on; a user namespace only by a process with one thread.
    pub fn enter(&self, kind: Kind) -> Result<(), Errno> {
        setns(&self.0, kind.flag())
    }

    /// Starts a program in this PID namespace. The choice of a PID namespace for one's children
    /// cannot always be taken back, so a thread makes it that ends with it.
    pub fn spawn(&self, command: &mut Command) -> Result<io::Result<Child>, Errno> {
        on_a_thread(|| {
            self.enter(Kind::Pid)?;
            Ok(command.spawn())
        })?
    }

    /// Does `work` on a thread inside this network namespace. Sockets and devices that are opened
    /// there stay there.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T, Errno> {
        on_a_thread(|| {
            self.enter(Kind::Network)?;
            Ok(work())
        })?
    }
}

impl AsFd for NamespaceFd {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What a thread does to its namespaces ends with it.
fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Errno> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .stack_size(256 * 1024)
            .spawn_scoped(scope, work)
            .map_err(|error| errno::of(&error))?;
        match thread.join() {
            Ok(outcome) => Ok(outcome),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
