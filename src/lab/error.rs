//! Why there is no lab.

use std::{ffi::OsString, io, path::PathBuf};

use nix::errno::Errno;

use super::LabName;
use crate::sys::{errno, namespace::EnterError};

/// What went wrong with a lab.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// There is none.
    #[error("{} is not up", lab(name.as_ref()))]
    NotUp {
        /// The one that was asked for.
        name: Option<LabName>,
        /// Those that are.
        others: Vec<String>,
    },
    /// There is one already.
    #[error("{} is already up", lab(name.as_ref()))]
    AlreadyUp {
        /// The one that was asked for.
        name: Option<LabName>,
    },
    /// It is being built at this moment.
    #[error("{} is being built at this moment", lab(name.as_ref()))]
    Building {
        /// The one that was asked for.
        name: Option<LabName>,
    },
    /// It did not end.
    #[error("{} does not end", lab(name.as_ref()))]
    StillUp {
        /// The one that was asked for.
        name: Option<LabName>,
    },
    /// It has no such host.
    #[error("{host}: no such host in this lab; it has {hosts}")]
    UnknownHost {
        /// As it was typed.
        host: String,
        /// The hosts there are.
        hosts: String,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// A file of the record, or a folder for it.
    #[error("{operation} {}: {}", path.display(), errno::text(*errno))]
    File {
        /// What was tried: `open`.
        operation: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        errno: Errno,
    },
    /// A namespace of the lab could not be found or entered.
    #[error("{operation}: {}", errno::text(*errno))]
    Namespace {
        /// What was tried: `enter tunlab-u`.
        operation: String,
        /// Why not.
        errno: Errno,
    },
    /// The machine does not let us into namespaces at all.
    #[error(transparent)]
    Enter(#[from] EnterError),
    /// Building failed in the process that does it.
    #[error("{message}")]
    Build {
        /// What failed.
        message: String,
        /// What to try next.
        remedy: Option<String>,
        /// Whether what was typed is to blame, and not the machine.
        usage: bool,
    },
    /// The process that was building the lab is gone.
    #[error("the process that was building the lab was killed")]
    Lost,
    /// An end of the tunnel did not start.
    #[error("start the tunnel on {host}: {said}")]
    Tunnel {
        /// The host.
        host: String,
        /// What it said last.
        said: String,
    },
    /// A program did not start.
    #[error("start {} on {host}: {}", program.display(), errno::text(*errno))]
    Spawn {
        /// As it was typed.
        program: OsString,
        /// Where.
        host: String,
        /// Why not.
        errno: Errno,
    },
}

impl LabError {
    /// What to try next.
    pub fn remedy(&self) -> Option<String> {
        let option = |name: &Option<LabName>| match name {
            Some(name) => format!(" --lab {name}"),
            None => String::new(),
        };
        match self {
            LabError::NotUp { name, others } => {
                let build = format!("build it: `tunlab lab up{}`", option(name));
                Some(match others.join(", ") {
                    none if none.is_empty() => build,
                    others => format!("{build}; up are: {others}"),
                })
            }
            LabError::AlreadyUp { name } => Some(format!(
                "use it, or end it: `tunlab lab down{}`; `--lab NAME` builds another beside it",
                option(name)
            )),
            LabError::Building { .. } => Some("try again in a moment".to_owned()),
            LabError::StillUp { name } => Some(format!(
                "look at its processes: `tunlab lab status{}`",
                option(name)
            )),
            LabError::UnknownHost { nearest, .. } => {
                let nearest = nearest.as_ref()?;
                Some(format!("did you mean {nearest}?"))
            }
            LabError::File { errno, path, .. } => match errno {
                Errno::EACCES | Errno::EPERM => {
                    Some(format!("look at who owns it: `ls -ld {}`", path.display()))
                }
                Errno::ENOSPC => Some("make room on that file system".to_owned()),
                _ => None,
            },
            LabError::Namespace { errno, .. } => match errno {
                Errno::EPERM | Errno::EACCES => {
                    Some("the lab is another user's: use that user, or `sudo`".to_owned())
                }
                Errno::EINVAL => Some("this is a bug in tunlab, please report it".to_owned()),
                _ => None,
            },
            LabError::Enter(error) => error.remedy(),
            LabError::Build { remedy, .. } => remedy.clone(),
            LabError::Tunnel { .. } => None, // what it said ends with the next step
            LabError::Lost => Some("try again".to_owned()),
            LabError::Spawn { program, errno, .. } => match errno {
                Errno::ENOENT => Some(format!(
                    "check the spelling of {0}, or install {0}",
                    program.display()
                )),
                Errno::EACCES => Some(format!(
                    "make it executable: `chmod +x {}`",
                    program.display()
                )),
                _ => None,
            },
        }
    }

    /// Whether what was typed is to blame, and not the machine.
    pub fn is_usage(&self) -> bool {
        match self {
            LabError::NotUp { .. }
            | LabError::AlreadyUp { .. }
            | LabError::Building { .. }
            | LabError::UnknownHost { .. }
            | LabError::Spawn { .. } => true,
            LabError::Build { usage, .. } => *usage,
            LabError::File { .. }
            | LabError::Namespace { .. }
            | LabError::StillUp { .. }
            | LabError::Enter(_)
            | LabError::Tunnel { .. }
            | LabError::Lost => false,
        }
    }
}

/// An I/O error about a file, for `map_err`.
pub(super) fn file(
    operation: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(io::Error) -> LabError {
    let path = path.into();
    move |error| LabError::File {
        operation,
        path,
        errno: errno::of(&error),
    }
}

fn lab(name: Option<&LabName>) -> String {
    match name {
        Some(name) => format!("the lab {name}"),
        None => "the lab".to_owned(),
    }
}
