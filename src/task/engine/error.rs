//! Why a case cannot be performed at all. That something is not seen is no error.

use crate::lab::LabError;
use crate::sys::errno;
use crate::sys::packet_socket::PacketError;
use nix::errno::Errno;

/// What stops a run.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is no such topology.
    #[error("there is no topology called {0:?}")]
    Topology(String),
    /// The lab.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// Listening on a host.
    #[error(transparent)]
    Listen(#[from] PacketError),
    /// Packets were lost on the way to the recorder: there was no room for them.
    #[error("{lost} packets on {host} came faster than they could be recorded")]
    Lost {
        /// The host.
        host: String,
        /// How many.
        lost: u64,
    },
    /// A pipe to a program.
    #[error("make a pipe: {}", errno::text(*errno))]
    Pipe {
        /// Why not.
        errno: Errno,
    },
    /// A host's counters.
    #[error("read the counters of {host}: {}", errno::text(*errno))]
    Counters {
        /// The host.
        host: String,
        /// Why not.
        errno: Errno,
    },
}

impl EngineError {
    pub(super) fn pipe(error: &std::io::Error) -> EngineError {
        EngineError::Pipe {
            errno: errno::of(error),
        }
    }

    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            EngineError::Lab(error) => error.remedy(),
            EngineError::Listen(error) => error.remedy(),
            EngineError::Lost { .. } => Some("try again on a machine that is less busy".to_owned()),
            EngineError::Topology(_) | EngineError::Pipe { .. } | EngineError::Counters { .. } => {
                None
            }
        }
    }
}
