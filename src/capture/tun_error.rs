//! The ways in which a TUN or TAP device is refused, told apart, and the next step for each.

use super::{DeviceName, Mode, errno_words};
use nix::errno::Errno;
use nix::net::if_::if_nametoindex;
use std::fs::{self, OpenOptions};
use std::io;

/// The one file through which all TUN and TAP devices are made.
const DRIVER: &str = "/dev/net/tun";

/// A device that could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TunError {
    /// The machine has no `/dev/net/tun`, or no driver behind it.
    #[error("open {DRIVER}: {}", errno_words(*errno))]
    NoDriver {
        /// ENOENT without the file, ENODEV or ENXIO without the driver.
        errno: Errno,
    },
    /// `/dev/net/tun` is there, and not for us.
    #[error("open {DRIVER}: {}", errno_words(*errno))]
    DriverDenied {
        /// EACCES by the file's mode, EPERM by a container's rules.
        errno: Errno,
    },
    /// The network namespace is not ours to change, or the device is another user's.
    #[error("{} {mode} device {name}: {}", verb(*attach), errno_words(Errno::EPERM))]
    NotPermitted {
        /// As asked for.
        name: String,
        /// As asked for.
        mode: Mode,
        /// Whether the device exists.
        attach: bool,
    },
    /// Another program has the device open.
    #[error("attach {mode} device {name}: {}", errno_words(Errno::EBUSY))]
    Busy {
        /// As asked for.
        name: String,
        /// As asked for.
        mode: Mode,
    },
    /// The name is taken by an interface of another kind.
    #[error(
        "attach {mode} device {name}, which is {actual}: {}",
        errno_words(Errno::EINVAL)
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
    #[error("{} {mode} device {name}: {}", verb(*attach), errno_words(*errno))]
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
            TunError::NoDriver { .. } => {
                "load the driver as root: modprobe tun; \
                 a container needs to be started with --device /dev/net/tun"
            }
            TunError::DriverDenied {
                errno: Errno::EACCES,
            } => {
                "run as root, or let every user open it as most distributions do: \
                 sudo chmod 0666 /dev/net/tun"
            }
            TunError::DriverDenied { .. } => {
                "a container needs to be started with --device /dev/net/tun"
            }
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

/// Opens the driver for a moment. The tun crate reports a refusal here and one of the device
/// alike; asking first tells them apart. It also makes the kernel load the module.
pub(super) fn check_driver() -> Result<(), TunError> {
    let opened = OpenOptions::new().read(true).write(true).open(DRIVER);
    match opened.map_err(|error| errno_of(error.into())) {
        Ok(_) => Ok(()),
        Err(errno) => Err(driver_refused(errno)),
    }
}

fn driver_refused(errno: Errno) -> TunError {
    match errno {
        Errno::EACCES | Errno::EPERM => TunError::DriverDenied { errno },
        _ => TunError::NoDriver { errno },
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
                driver_refused(Errno::ENOENT),
                "open /dev/net/tun: no such file or directory (ENOENT)",
                Some("modprobe tun"),
            ),
            (
                driver_refused(Errno::ENODEV),
                "open /dev/net/tun: no such device (ENODEV)",
                Some("modprobe tun"),
            ),
            (
                driver_refused(Errno::EACCES),
                "open /dev/net/tun: permission denied (EACCES)",
                Some("chmod 0666 /dev/net/tun"),
            ),
            (
                driver_refused(Errno::EPERM),
                "open /dev/net/tun: operation not permitted (EPERM)",
                Some("--device /dev/net/tun"),
            ),
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
