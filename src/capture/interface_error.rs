//! Why an interface cannot be listened on, and the next step to take.

use super::without_controls;
use crate::sys::errno;
use nix::errno::Errno;

/// An interface that cannot be listened on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InterfaceError {
    /// This network namespace has no interface of that name.
    #[error("capture on {name}: {}", errno::text(Errno::ENODEV))]
    Missing {
        /// As typed.
        name: String,
        /// The interface whose name is nearest to it, if any is near.
        nearest: Option<String>,
        /// The names of all there are.
        all: Vec<String>,
    },
    /// A packet socket needs CAP_NET_RAW.
    #[error("capture on {name}: {}", errno::text(*errno))]
    NotPermitted {
        /// The interface.
        name: String,
        /// EPERM or EACCES.
        errno: Errno,
    },
    /// The interface is down, or went away.
    #[error("capture on {name}: {}", errno::text(Errno::ENETDOWN))]
    Down {
        /// The interface.
        name: String,
    },
    /// Its packets start with a header that tunlab does not know.
    #[error("capture on {name}: hardware type {hardware} is neither Ethernet nor bare IP")]
    OtherHardware {
        /// The interface.
        name: String,
        /// ARPHRD_ number, `linux/if_arp.h`.
        hardware: u16,
    },
    /// Anything else.
    #[error("capture on {name}: {}", errno::text(*errno))]
    Other {
        /// The interface.
        name: String,
        /// What the kernel said.
        errno: Errno,
    },
}

impl InterfaceError {
    /// The next step to take, where there is one.
    pub fn remedy(&self) -> Option<String> {
        match self {
            InterfaceError::Missing {
                nearest: Some(nearest),
                ..
            } => Some(format!("did you mean {nearest}?")),
            InterfaceError::Missing { all, .. } if all.is_empty() => None,
            InterfaceError::Missing { all, .. } => {
                Some(format!("the interfaces here are {}", all.join(", ")))
            }
            InterfaceError::NotPermitted { .. } => {
                Some("run as root: listening needs CAP_NET_RAW".into())
            }
            InterfaceError::Down { name } => {
                Some(format!("bring it up: ip link set dev {name} up"))
            }
            _ => None,
        }
    }

    /// Sorts what a system call on the interface said.
    pub(super) fn failed(name: &str, errno: Errno) -> InterfaceError {
        let name = name.to_owned();
        match errno {
            Errno::EPERM | Errno::EACCES => InterfaceError::NotPermitted { name, errno },
            Errno::ENETDOWN | Errno::ENXIO => InterfaceError::Down { name },
            _ => InterfaceError::Other { name, errno },
        }
    }
}

/// The error for a name that none of the interfaces has.
pub(super) fn missing(name: &str, all: impl Iterator<Item = String>) -> InterfaceError {
    let all: Vec<String> = all.map(|name| without_controls(&name)).collect();
    InterfaceError::Missing {
        name: without_controls(name),
        nearest: nearest(name, &all),
        all,
    }
}

/// The name that the fewest edits turn `typed` into, if they are at most half of it.
fn nearest(typed: &str, names: &[String]) -> Option<String> {
    let (edits, name) = names
        .iter()
        .map(|name| (edits(typed.as_bytes(), name.as_bytes()), name))
        .min()?;
    (edits <= typed.len() / 2).then(|| name.clone())
}

/// Levenshtein's distance.
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str, all: &[&str]) -> String {
        let all = all.iter().map(ToString::to_string);
        missing(name, all).remedy().unwrap_or_default()
    }

    #[test]
    fn a_missing_interface_suggests_the_nearest_or_lists_all() {
        let all = ["lo", "eth0", "yujie0"];
        assert_eq!(asked("eht0", &all), "did you mean eth0?");
        assert_eq!(asked("yuji0", &all), "did you mean yujie0?");
        assert_eq!(
            asked("wlp3s0", &all),
            "the interfaces here are lo, eth0, yujie0"
        );
        assert_eq!(asked("eth0", &[]), "");
    }

    #[test]
    fn refusals_are_told_apart() {
        let refused = |errno| InterfaceError::failed("eth0", errno);
        let denied = refused(Errno::EPERM);
        assert_eq!(
            denied.to_string(),
            "capture on eth0: operation not permitted (EPERM)"
        );
        assert!(denied.remedy().unwrap().contains("CAP_NET_RAW"));
        let down = refused(Errno::ENETDOWN);
        assert_eq!(
            down.to_string(),
            "capture on eth0: network is down (ENETDOWN)"
        );
        assert!(down.remedy().unwrap().ends_with("ip link set dev eth0 up"));
    }
}
