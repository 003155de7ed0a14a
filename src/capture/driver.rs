//! `/dev/net/tun`, the one file through which all TUN and TAP devices are made, and the ways in
//! which it is refused.
//! <https://docs.kernel.org/networking/tuntap.html>

use crate::sys::errno;
use nix::errno::Errno;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Where the kernel gives devices out.
const DRIVER: &str = "/dev/net/tun";

/// Opens the driver for a moment, which creates nothing and makes the kernel load its module.
///
/// # Errors
/// Why no device can be had.
pub fn check() -> Result<(), DriverError> {
    open(Path::new(DRIVER))
}

/// Why no TUN or TAP device can be had. Reads
/// `open /dev/net/tun: permission denied (EACCES); its mode is 0600, its owner 0`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DriverError {
    /// It is not there.
    #[error("open /dev/net/tun: {}", errno::text(*.0))]
    Missing(Errno),
    /// Something else has its name.
    #[error("open /dev/net/tun: it is no character device")]
    Impostor,
    /// It is there, and not for us.
    #[error("open /dev/net/tun: {}; its mode is {mode:04o}, its owner {owner}", errno::text(*errno))]
    Refused {
        /// Why not.
        errno: Errno,
        /// Its permission bits.
        mode: u32,
        /// The number of the user who owns it.
        owner: u32,
    },
}

impl DriverError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            DriverError::Missing(_) => {
                "load the module: `sudo modprobe tun`; in a container, start that with \
                 `--device /dev/net/tun`"
            }
            DriverError::Impostor => {
                "as root: `rm /dev/net/tun && mknod -m 666 /dev/net/tun c 10 200`"
            }
            DriverError::Refused {
                errno: Errno::EACCES,
                ..
            } => {
                "run it as root (`sudo`), or open the device to everyone, as most distributions \
                 do: `sudo chmod 666 /dev/net/tun`"
            }
            // The node is there, and no driver behind it; or a container's device policy.
            DriverError::Refused {
                errno: Errno::ENODEV | Errno::ENXIO,
                ..
            } => "load the module: `sudo modprobe tun`",
            DriverError::Refused { .. } => {
                "in a container, start that with `--device /dev/net/tun`"
            }
        };
        Some(text.to_owned())
    }
}

fn open(path: &Path) -> Result<(), DriverError> {
    let found = fs::metadata(path).map_err(|error| DriverError::Missing(errno::of(&error)))?;
    if !found.file_type().is_char_device() {
        return Err(DriverError::Impostor);
    }
    match fs::OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(DriverError::Refused {
            errno: errno::of(&error),
            mode: found.mode() & 0o7777,
            owner: found.uid(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_impostor() {
        let missing = open(Path::new("/nonexistent/tun")).unwrap_err();
        assert_eq!(missing, DriverError::Missing(Errno::ENOENT));
        assert_eq!(open(Path::new("/proc/version")), Err(DriverError::Impostor));
        assert_eq!(open(Path::new("/dev/null")), Ok(()));
    }

    #[test]
    fn a_refusal_shows_the_mode() {
        let error = DriverError::Refused {
            errno: Errno::EACCES,
            mode: 0o600,
            owner: 0,
        };
        assert_eq!(
            error.to_string(),
            "open /dev/net/tun: permission denied (EACCES); its mode is 0600, its owner 0"
        );
        assert!(error.remedy().unwrap().contains("chmod 666"));
    }
}
