//! What `/proc` says about this process and this machine: the facts that decide whether a private
//! network can be entered, and the settings under `/proc/sys`.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// Everything that bears on entering a namespace. A reading that this kernel does not offer is
/// `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readings {
    /// The effective user.
    pub euid: u32,
    /// What the process may do.
    pub capabilities: Capabilities,
    /// The number of threads of the process.
    pub threads: Option<u64>,
    /// `user.max_user_namespaces`: 0 forbids them (Linux 4.9).
    pub max_user_namespaces: Option<u64>,
    /// `kernel.apparmor_restrict_unprivileged_userns`: 1 makes them powerless (Ubuntu 24.04).
    pub apparmor_restrict_unprivileged_userns: Option<u64>,
    /// `kernel.unprivileged_userns_clone`: 0 forbids them to ordinary users (Debian's own).
    pub unprivileged_userns_clone: Option<u64>,
}

impl Readings {
    /// Reads them now, for the calling thread.
    pub fn take() -> Self {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
        let number = |key| sysctl(key).ok()?.parse().ok();
        Readings {
            euid: nix::unistd::geteuid().as_raw(),
            capabilities: Capabilities::parse(&status),
            threads: field(&status, "Threads:").and_then(|value| value.parse().ok()),
            max_user_namespaces: number("user.max_user_namespaces"),
            apparmor_restrict_unprivileged_userns: number(
                "kernel.apparmor_restrict_unprivileged_userns",
            ),
            unprivileged_userns_clone: number("kernel.unprivileged_userns_clone"),
        }
    }

    /// Whether namespaces, devices and mounts are out of reach without a user namespace around
    /// them: true for everyone but root, and for root in most containers.
    pub fn needs_user_namespace(&self) -> bool {
        !(self.capabilities.has(Capabilities::SYS_ADMIN)
            && self.capabilities.has(Capabilities::NET_ADMIN))
    }
}

/// The effective capability set (`man 7 capabilities`), one bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities(pub u64);

impl Capabilities {
    /// To configure devices, addresses and routes.
    pub const NET_ADMIN: Capabilities = Capabilities(1 << 12);
    /// To open raw and packet sockets.
    pub const NET_RAW: Capabilities = Capabilities(1 << 13);
    /// To create namespaces and to mount.
    pub const SYS_ADMIN: Capabilities = Capabilities(1 << 21);

    /// Whether all of `others` are among these.
    pub fn has(self, others: Capabilities) -> bool {
        self.0 & others.0 == others.0
    }

    /// Reads the line `CapEff:` of `/proc/PID/status`; without one there are none.
    fn parse(status: &str) -> Self {
        let hex = field(status, "CapEff:").unwrap_or("0");
        Capabilities(u64::from_str_radix(hex, 16).unwrap_or(0))
    }
}

/// The value of the kernel setting `key`, written as sysctl(8) does: `net.ipv4.ip_forward`.
pub fn sysctl(key: &str) -> io::Result<String> {
    Ok(fs::read_to_string(sysctl_path(key))?
        .trim_end()
        .replace('\t', " "))
}

/// Opens the kernel setting `key`, to be read whenever it is wanted; where it is one of a
/// namespace, that of the calling thread stays meant.
pub fn open_sysctl(key: &str) -> io::Result<File> {
    File::open(sysctl_path(key))
}

/// Sets the kernel setting `key`, in the calling process's own namespaces where the setting is one
/// of a namespace.
pub fn set_sysctl(key: &str, value: &str) -> io::Result<()> {
    fs::write(sysctl_path(key), value)
}

/// Whether there is a setting, or a folder of settings, called `key`.
pub fn has_sysctl(key: &str) -> bool {
    sysctl_path(key).exists()
}

/// Dots become slashes, and slashes dots: the setting `rp_filter` of the device `eth0.5` is
/// `net.ipv4.conf.eth0/5.rp_filter` (`man 8 sysctl`).
fn sysctl_path(key: &str) -> PathBuf {
    let swapped: String = key
        .chars()
        .map(|letter| match letter {
            '.' => '/',
            '/' => '.',
            other => other,
        })
        .collect();
    Path::new("/proc/sys").join(swapped)
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\ttunlab\nThreads:\t1\nCapInh:\t0000000000000000\n\
                          CapEff:\t0000000000203000\n";

    #[test]
    fn capabilities_come_from_status() {
        let capabilities = Capabilities::parse(STATUS);
        assert!(capabilities.has(Capabilities::NET_ADMIN));
        assert!(capabilities.has(Capabilities::NET_RAW));
        assert!(capabilities.has(Capabilities::SYS_ADMIN));
        assert!(!Capabilities::parse("Name:\tx\n").has(Capabilities::NET_ADMIN));
    }

    #[test]
    fn status_fields() {
        assert_eq!(field(STATUS, "Threads:"), Some("1"));
        assert_eq!(field(STATUS, "Seccomp:"), None);
    }

    #[test]
    fn dots_and_slashes_change_places() {
        let path = sysctl_path("net.ipv4.conf.eth0/5.rp_filter");
        assert_eq!(path, Path::new("/proc/sys/net/ipv4/conf/eth0.5/rp_filter"));
    }
}
