//! What on this machine would refuse tunlab's work, found out without doing any of it here: the
//! questions of `tunlab doctor`.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::Path,
};

use nix::{
    errno::Errno,
    sched::{CloneFlags, unshare},
};

use crate::sys::{
    errno, fork,
    namespace::{self, EnterError, Step},
    readings::{Capabilities, Readings},
};

/// Where the kernel gives TUN and TAP devices out (Documentation/networking/tuntap.rst).
pub const TUN_DEVICE: &str = "/dev/net/tun";

/// Everything that was found out.
#[derive(Debug)]
pub struct Findings {
    /// The settings and privileges that bear on the rest.
    pub readings: Readings,
    /// Whether a private network can be entered; an I/O error if it could not be tried.
    pub private_network: io::Result<Result<(), EnterError>>,
    /// Whether a device can be had.
    pub tun_device: Result<(), TunDeviceError>,
}

impl Findings {
    /// Tries everything. Call it while the process has one thread.
    pub fn gather() -> Self {
        Findings {
            readings: Readings::take(),
            private_network: private_network(),
            tun_device: tun_device(),
        }
    }

    /// Whether devices can be configured outside of a private network.
    pub fn may_configure(&self) -> bool {
        self.readings.capabilities.has(Capabilities::NET_ADMIN)
    }
}

/// Tries to enter a private network, in a process that is thrown away afterwards. Call it while
/// the process has one thread.
pub fn private_network() -> io::Result<Result<(), EnterError>> {
    let readings = Readings::take();
    let bytes = fork::run(|| encode(attempt(&readings)))?;
    let outcome = decode(&bytes).ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(outcome.map_err(|(step, errno)| EnterError::explain(step, errno, &readings)))
}

fn attempt(readings: &Readings) -> Result<(), (Step, Errno)> {
    namespace::enter_knowing(readings)?;
    unshare(CloneFlags::CLONE_NEWPID).map_err(|errno| (Step::PidNamespace, errno))
}

/// From the child to us: nothing but a zero, or the step's place and the error number.
fn encode(outcome: Result<(), (Step, Errno)>) -> Vec<u8> {
    let Err((step, errno)) = outcome else {
        return vec![0];
    };
    let place = Step::ALL.iter().position(|&one| one == step).unwrap_or(0);
    let mut bytes = vec![1, place as u8];
    bytes.extend((errno as i32).to_ne_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Result<(), (Step, Errno)>> {
    match *bytes {
        [0] => Some(Ok(())),
        [1, place, a, b, c, d] => {
            let step = *Step::ALL.get(usize::from(place))?;
            let errno = Errno::from_raw(i32::from_ne_bytes([a, b, c, d]));
            Some(Err((step, errno)))
        }
        _ => None,
    }
}

/// Why no TUN or TAP device can be had. Reads
/// `open /dev/net/tun: permission denied (EACCES); its mode is 0600, its owner 0`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TunDeviceError {
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

impl TunDeviceError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            TunDeviceError::Missing(_) => {
                "load the module: `sudo modprobe tun`; in a container, start that with \
                 `--device /dev/net/tun`"
            }
            TunDeviceError::Impostor => {
                "as root: `rm /dev/net/tun && mknod -m 666 /dev/net/tun c 10 200`"
            }
            TunDeviceError::Refused {
                errno: Errno::EACCES,
                ..
            } => {
                "run it as root (`sudo`), or open the device to everyone, as most distributions \
                 do: `sudo chmod 666 /dev/net/tun`"
            }
            // The node is there, and no driver behind it; or a container's device policy.
            TunDeviceError::Refused {
                errno: Errno::ENODEV | Errno::ENXIO,
                ..
            } => "load the module: `sudo modprobe tun`",
            TunDeviceError::Refused { .. } => {
                "in a container, start that with `--device /dev/net/tun`"
            }
        };
        Some(text.to_owned())
    }
}

/// Opens [`TUN_DEVICE`] and closes it again, which creates nothing.
pub fn tun_device() -> Result<(), TunDeviceError> {
    open_device(Path::new(TUN_DEVICE))
}

fn open_device(path: &Path) -> Result<(), TunDeviceError> {
    let found = fs::metadata(path).map_err(|error| TunDeviceError::Missing(errno::of(&error)))?;
    if !found.file_type().is_char_device() {
        return Err(TunDeviceError::Impostor);
    }
    match fs::OpenOptions::new().read(true).write(true).open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(TunDeviceError::Refused {
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
    fn an_outcome_survives_the_pipe() {
        for step in Step::ALL {
            let outcome = Err((step, Errno::EACCES));
            assert_eq!(decode(&encode(outcome)), Some(outcome));
        }
        assert_eq!(decode(&encode(Ok(()))), Some(Ok(())));
        assert_eq!(decode(b""), None);
        assert_eq!(decode(&[1, 99, 0, 0, 0, 0]), None);
    }

    #[test]
    fn missing_and_impostor() {
        let missing = open_device(Path::new("/nonexistent/tun")).unwrap_err();
        assert_eq!(missing, TunDeviceError::Missing(Errno::ENOENT));
        assert_eq!(
            open_device(Path::new("/proc/version")),
            Err(TunDeviceError::Impostor)
        );
        assert_eq!(open_device(Path::new("/dev/null")), Ok(()));
    }

    #[test]
    fn a_refusal_shows_the_mode() {
        let error = TunDeviceError::Refused {
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
