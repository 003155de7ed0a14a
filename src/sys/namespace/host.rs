#![allow(unsafe_code)]
//! A program on one of several hosts: in its network, seeing its devices and its processes.

use std::{
    io,
    os::{fd::AsFd, unix::process::CommandExt},
    process::Command,
};

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, setns, unshare},
};

use super::NamespaceFd;

/// Prepares `command` to start in the network namespace `network`, with mounts of its own: a `/sys`
/// that shows the devices of that network, and a `/proc` that shows the processes of the PID
/// namespace it is started in.
pub fn enter_host(command: &mut Command, network: &NamespaceFd) -> io::Result<()> {
    let network = network.as_fd().try_clone_to_owned()?;
    let enter = move || {
        setns(&network, CloneFlags::CLONE_NEWNET)?;
        unshare(CloneFlags::CLONE_NEWNS)?;
        let none = None::<&str>;
        // What the machine mounts later is seen here, but not the other way round.
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_SLAVE, none)?;
        let sealed = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        for (kind, path) in [("sysfs", "/sys"), ("proc", "/proc")] {
            // Containers may refuse these; then the machine's stay in view.
            let _ = mount(Some(kind), path, Some(kind), sealed, none);
        }
        Ok(())
    };
    // SAFETY: between fork and exec the closure makes system calls and allocates nothing: the
    // paths are short enough for nix's buffer on the stack.
    unsafe { command.pre_exec(enter) };
    Ok(())
}
