//! The ways in which a TUN or TAP device is refused, told apart, and the next step for each.

use super::driver::DriverError;
use super::{DeviceName, Mode};
use crate::sys::errno;
use nix::errno::Errno;
use nix::net::if_::if_nametoindex;
use std::fs;
use std::io;

/// A device that could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TunError {
    /// `/dev/net/tun` itself cannot be opened.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// The network namespace is not ours to change, or the device is another user's.
    #[error("{} {mode} device {name}: {}", verb(*attach), errno::text(Errno::EPERM))]
    NotPermitted {
        /// As asked for.
        name: String,
        /// As asked for.
        mode: Mode,
        /// Whether the device exists.
        attach: bool,
    },
    /// Another program has the device open.
    #[error("attach {mode} device {name}: {}", errno::text(Errno::EBUSY))]
    Busy {
        /// As asked for.
        name: String,
        /// As asked for.
        mode: Mode,
    },
    /// The name is taken by an interface of another kind.
    #[error(
        "attach {mode} device {name}, which is {actual}: {}",
        errno::text(Errno::EINVAL)
    )]
    OtherKind {
        /// As asked for.
        name: String,
        /// As asked for.
        mode: Mode,
        /// What it is, with its article.
        actual: &'static str,
    },
    /// Anything else.
    #[error("{} {mode} device {name}: {}", verb(*attach), errno::text(*errno))]
    Other {
        /// As asked for.
        name: String,
        /// As asked for.
        mode: Mode,
        /// Whether the device exists.
        attach: bool,
        /// What the kernel said.
        errno: Errno,
    },
}

impl TunError {
    /// The next step to take, where there is one.
    pub fn remedy(&self) -> Option<String> {
        let step = match self {
            TunError::Driver(error) => return error.remedy(),
            TunError::NotPermitted { attach: false, .. } => {
                "run as root, or add `-- CMD` to use a private network"
            }
            TunError::NotPermitted { .. } => "run as root or as the device's owner",
            TunError::Busy { .. } => "end the program that has it open, or choose another --name",
            TunError::OtherKind { .. } => "choose another --name",
            TunError::Other { .. } => return None,
        };
        Some(step.to_owned())
    }

    /// Sorts what TUNSETIFF said (`tun_set_iff()` in the kernel's `drivers/net/tun.c`).
    pub(super) fn refused(name: &DeviceName, mode: Mode, attach: bool, errno: Errno) -> TunError {
        let name = name.to_string();
        match errno {
            Errno::EPERM => TunError::NotPermitted { name, mode, attach },
            Errno::EBUSY => TunError::Busy { name, mode },
            Errno::EINVAL if attach => TunError::OtherKind {
                actual: kind_of(&name),
                name,
                mode,
            },
            _ => TunError::Other {
                name,
                mode,
                attach,
                errno,
            },
        }
    }
}

/// The errno in the tun crate's error. Its other errors, of names and numbers, cannot arise from
/// a [`DeviceName`].
pub(super) fn errno_of(error: tun::Error) -> Errno {
    match io::Error::from(error).raw_os_error() {
        Some(raw) => Errno::from_raw(raw),
        None => Errno::EINVAL,
    }
}

fn verb(attach: bool) -> &'static str {
    if attach { "attach" } else { "create" }
}

/// What an interface is, by `/sys`, with its article.
fn kind_of(name: &str) -> &'static str {
    let read = |file: &str| fs::read_to_string(format!("/sys/class/net/{name}/{file}")).ok();
    // /sys may be mounted for another network namespace than ours.
    let index = read("ifindex").and_then(|text| text.trim().parse().ok());
    if index.is_none() || index != if_nametoindex(name).ok() {
        return "of another kind";
    }
    describe_flags(read("tun_flags").as_deref())
}

/// What `/sys/class/net/NAME/tun_flags` says; a device without the file is none of ours.
fn describe_flags(flags: Option<&str>) -> &'static str {
    const IFF_TAP: u32 = 0x0002;
    const IFF_MULTI_QUEUE: u32 = 0x0100;
    let digits = flags.and_then(|text| text.trim().strip_prefix("0x"));
    match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        None => "no TUN or TAP device",
        Some(flags) if flags & IFF_MULTI_QUEUE != 0 => "a device of several queues",
        Some(flags) if flags & IFF_TAP != 0 => "a TAP device",
        Some(_) => "a TUN device",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_words_and_its_next_step() {
        let name: DeviceName = "yujie0".parse().unwrap();
        let refused = |attach, errno| TunError::refused(&name, Mode::Tun, attach, errno);
        let table = [
            (
                refused(false, Errno::EPERM),
                "create TUN device yujie0: operation not permitted (EPERM)",
                Some("-- CMD"),
            ),
            (
                refused(true, Errno::EPERM),
                "attach TUN device yujie0: operation not permitted (EPERM)",
                Some("owner"),
            ),
            (
                refused(true, Errno::EBUSY),
                "attach TUN device yujie0: device or resource busy (EBUSY)",
                Some("--name"),
            ),
            (
                refused(true, Errno::EINVAL),
                "attach TUN device yujie0, which is of another kind: invalid argument (EINVAL)",
                Some("--name"),
            ),
            (
                refused(false, Errno::ENFILE),
                "create TUN device yujie0: file table overflow (ENFILE)",
                None,
            ),
        ];
        for (error, words, step) in table {
            assert_eq!(error.to_string(), words);
            match (error.remedy(), step) {
                (Some(remedy), Some(step)) => assert!(remedy.contains(step), "{remedy}"),
                (remedy, step) => assert_eq!(remedy.as_deref(), step),
            }
        }
    }

    #[test]
    fn flags_of_a_device_name_its_kind() {
        assert_eq!(describe_flags(None), "no TUN or TAP device");
        assert_eq!(describe_flags(Some("0x1001\n")), "a TUN device");
        assert_eq!(describe_flags(Some("0x1002\n")), "a TAP device");
        assert_eq!(
            describe_flags(Some("0x1101\n")),
            "a device of several queues"
        );
    }
}
