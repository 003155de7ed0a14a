//! Entering a private network: a network and a mount namespace of our own, and for those who are
//! not root a user namespace around them, in which they are.
//!
//! 1. `unshare` the namespaces (`man 7 user_namespaces`).
//! 2. In a user namespace, become its root: `setgroups`, `uid_map`, `gid_map`.
//! 3. Make all mounts private, so that nothing mounted from here on is seen outside.
//! 4. Mount `/sys` anew: it shows the devices of the namespace that it was mounted in.
//!
//! The PID namespace is made later, by [`super::child`]: a process which has unshared its PID
//! namespace can start no more threads (kernel/fork.c).

mod handle;
mod host;
mod refusal;

use std::{fs, io};

use nix::{
    errno::Errno,
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    unistd::{Gid, Uid, getegid, geteuid},
};

use super::{errno, readings::Readings};

pub use handle::{Kind, NamespaceFd};
pub use host::enter_host;
pub use refusal::{Cause, EnterError, Step};

/// The private network that the process is now in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entered {
    /// Whether a user namespace was needed around it.
    pub user_namespace: bool,
    /// Whether `/sys` is its own; a container may refuse that, and then `/sys/class/net` goes on
    /// showing the machine's devices.
    pub own_sys: Result<(), Errno>,
}

impl Entered {
    /// The util-linux command that does the same.
    pub fn command(&self) -> &'static str {
        if self.user_namespace {
            "unshare --user --map-root-user --net --mount --pid --fork"
        } else {
            "unshare --net --mount --pid --fork"
        }
    }
}

/// Moves the process into a fresh private network. There is no way back.
///
/// Call it while the process has one thread. Who may create namespaces as they are (root) gets no
/// user namespace, so that files keep their owners.
pub fn enter() -> Result<Entered, EnterError> {
    // Read first: inside a user namespace some of these have other values.
    let readings = Readings::take();
    enter_knowing(&readings).map_err(|(step, errno)| EnterError::explain(step, errno, &readings))
}

/// Like [`enter`], with the failed step in the raw, for whoever has to pass it between processes.
pub(crate) fn enter_knowing(readings: &Readings) -> Result<Entered, (Step, Errno)> {
    let user_namespace = readings.needs_user_namespace();
    let ids = (geteuid(), getegid());
    refuse_threads(readings)?;
    let mut flags = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    if user_namespace {
        flags |= CloneFlags::CLONE_NEWUSER;
    }
    unshare(flags).map_err(|errno| (Step::Unshare, errno))?;
    if user_namespace {
        become_root(ids)?;
    }
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)
        .map_err(|errno| (Step::PrivateMounts, errno))?;
    let sealed = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let own_sys = mount(Some("sysfs"), "/sys", Some("sysfs"), sealed, None::<&str>);
    Ok(Entered {
        user_namespace,
        own_sys,
    })
}

/// Moves the process into a user namespace of its own, in which it is root.
///
/// Call it while the process has one thread.
pub(crate) fn enter_user_namespace(readings: &Readings) -> Result<(), (Step, Errno)> {
    let ids = (geteuid(), getegid());
    refuse_threads(readings)?;
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|errno| (Step::Unshare, errno))?;
    become_root(ids)
}

/// With several threads unshare would fail, or move only the calling one.
fn refuse_threads(readings: &Readings) -> Result<(), (Step, Errno)> {
    match readings.threads {
        Some(threads) if threads > 1 => Err((Step::Unshare, Errno::EINVAL)),
        _ => Ok(()),
    }
}

/// Maps who we were outside to root of the user namespace that we are now in.
fn become_root((euid, egid): (Uid, Gid)) -> Result<(), (Step, Errno)> {
    // Only who gives up setgroups(2) may write gid_map without privilege (CVE-2014-8989).
    write(Step::SetGroups, "/proc/self/setgroups", "deny")?;
    write(Step::UidMap, "/proc/self/uid_map", &format!("0 {euid} 1"))?;
    write(Step::GidMap, "/proc/self/gid_map", &format!("0 {egid} 1"))
}

fn write(step: Step, path: &str, text: &str) -> Result<(), (Step, Errno)> {
    fs::write(path, text).map_err(|error: io::Error| (step, errno::of(&error)))
}
