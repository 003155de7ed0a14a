//! What on this machine would refuse tunlab's work, found out without doing any of it here: the
//! questions of `tunlab doctor`.

use std::{io, path::PathBuf};

use nix::{
    errno::Errno,
    sched::{CloneFlags, unshare},
};

use super::error::LabError;
use super::folder::Folder;
use crate::capture::driver::{self, DriverError};
use crate::sys::{
    errno, fork,
    namespace::{self, EnterError, Step},
    readings::{Capabilities, Readings, set_sysctl},
};

/// Everything that was found out.
#[derive(Debug)]
pub struct Findings {
    /// The settings and privileges that bear on the rest.
    pub readings: Readings,
    /// Whether a private network can be entered; an I/O error if it could not be tried.
    pub private_network: io::Result<Result<(), EnterError>>,
    /// Whether a device can be had.
    pub tun_device: Result<(), DriverError>,
    /// Where the records of labs would go.
    pub lab_folder: Result<PathBuf, LabError>,
}

impl Findings {
    /// Tries everything. Call it while the process has one thread.
    pub fn gather() -> Self {
        Findings {
            readings: Readings::take(),
            private_network: private_network(),
            tun_device: driver::check(),
            lab_folder: Folder::check().map(|folder| folder.path().to_owned()),
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
    let refused = |error: io::Error| (Step::Settings, errno::of(&error));
    set_sysctl("net.ipv4.ip_forward", "0").map_err(refused)?;
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
}
