//! Errors become words and exit codes here and nowhere else.

use crate::capture::{CaptureError, InterfaceError, NameError, TunError};
use crate::journey::{SendError, WatchError};
use crate::lab::conflict::Conflict;
use crate::lab::private::PrivateError;
use crate::lab::{ApplyError, CidrError, LabError};
use crate::packet::filter::FilterError;
use crate::sys::child::SpawnError;
use crate::sys::icmp_socket::IcmpError;
use crate::sys::netlink::NetlinkError;
use crate::sys::udp_socket::UdpError;
use crate::tunnel::TunnelError;
use crate::why::cure::CureError;
use crate::why::{ExamineError, WatchError as EvidenceError};
use nix::errno::Errno;
use std::io::{self, Write};
use std::process::ExitCode;

/// A run that did not do what was asked.
#[derive(Debug)]
pub(super) struct Failure {
    code: u8,
    message: String,
    remedy: Option<String>,
    /// Lines that show where the trouble is.
    picture: String,
    quiet: bool,
}

impl Failure {
    /// Bad usage or bad input.
    pub(super) fn usage(message: impl ToString) -> Failure {
        Failure::new(2, message, None)
    }

    /// This machine refuses.
    pub(super) fn refused(message: impl ToString, remedy: Option<String>) -> Failure {
        Failure::new(3, message, remedy)
    }

    fn new(code: u8, message: impl ToString, remedy: Option<String>) -> Failure {
        Failure {
            code,
            message: message.to_string(),
            remedy,
            picture: String::new(),
            quiet: false,
        }
    }

    /// Whoever read our output has gone: nothing is left to say.
    fn nobody_reads() -> Failure {
        Failure {
            quiet: true,
            ..Failure::new(0, "", None)
        }
    }

    /// Shows where the trouble is in lines of their own.
    pub(super) fn with_picture(mut self, picture: String) -> Failure {
        self.picture = picture;
        self
    }

    /// Adds to the next step.
    pub(super) fn with_hint(mut self, hint: String) -> Failure {
        self.remedy = Some(match self.remedy {
            Some(remedy) => format!("{remedy}; {hint}"),
            None => hint,
        });
        self
    }

    /// Whether the machine refused, rather than the user erred.
    pub(super) fn is_refusal(&self) -> bool {
        self.code == 3
    }

    /// Prints `tunlab: message; remedy` to stderr and gives the exit code.
    pub(super) fn report(self) -> ExitCode {
        if !self.quiet {
            let message = printable(&self.message);
            let remedy = self.remedy.unwrap_or_default();
            let remedy: Vec<String> = remedy.split('\n').map(printable).collect();
            let between = if remedy == [""] { "" } else { "; " };
            let mut text = format!("tunlab: {message}{between}{}\n", remedy.join("\n"));
            for line in self.picture.lines() {
                text += &printable(line);
                text += "\n";
            }
            let _ = io::stderr().write_all(text.as_bytes());
        }
        ExitCode::from(self.code)
    }
}

/// Writes a line to stderr, in one piece: CMD writes there, too. That nobody reads it is no reason
/// to stop.
pub(super) fn status(line: &str) {
    let line = printable(line) + "\n";
    let _ = io::stderr().write_all(line.as_bytes());
}

/// The text with its control characters escaped: the names of files and of CMD may hold some, and
/// a terminal would obey them.
fn printable(text: &str) -> String {
    let escape = |letter: char| match letter {
        control if control.is_control() => control.escape_default().to_string(),
        other => other.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Says what is wrong with what was typed, or gives the help that was asked for.
pub(super) fn bad_usage(error: &clap::Error) -> ExitCode {
    let typed = |arg: std::ffi::OsString| arg.to_string_lossy().contains(char::is_control);
    if error.use_stderr() && std::env::args_os().any(typed) {
        // clap quotes what was typed as it is, which a terminal would obey.
        let text = error.to_string();
        text.lines().for_each(status);
    } else if let Err(error) = error.print() {
        return Failure::from(error).report();
    }
    // 0 for help; 2 for an error, as the contract has it.
    ExitCode::from(error.exit_code() as u8)
}

/// Writes text to stdout.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::nobody_reads(),
            _ => {
                let errno = crate::sys::errno::text(crate::sys::errno::of(&error));
                let full = error.kind() == io::ErrorKind::StorageFull;
                let remedy = full.then(|| "free some space, or write elsewhere".to_owned());
                Failure::new(3, format!("write to stdout: {errno}"), remedy)
            }
        }
    }
}

impl From<CaptureError> for Failure {
    fn from(error: CaptureError) -> Failure {
        if error.is_broken_pipe() {
            return Failure::nobody_reads();
        }
        let code = match &error {
            CaptureError::Write { .. } | CaptureError::Read { .. } => 3,
            CaptureError::Open { source, .. } | CaptureError::Create { source, .. } => {
                match source.kind() {
                    io::ErrorKind::PermissionDenied
                    | io::ErrorKind::ReadOnlyFilesystem
                    | io::ErrorKind::StorageFull => 3,
                    _ => 2,
                }
            }
            _ => 2,
        };
        Failure::new(code, &error, error.remedy())
    }
}

impl From<TunError> for Failure {
    fn from(error: TunError) -> Failure {
        let code = match error {
            TunError::Busy { .. } | TunError::OtherKind { .. } => 2,
            _ => 3,
        };
        Failure::new(code, &error, error.remedy())
    }
}

impl From<InterfaceError> for Failure {
    fn from(error: InterfaceError) -> Failure {
        let code = match error {
            InterfaceError::Missing { .. } | InterfaceError::OtherHardware { .. } => 2,
            _ => 3,
        };
        Failure::new(code, &error, error.remedy())
    }
}

/// The kernel refuses what it calls invalid because of what was typed, the rest by itself.
fn code_of(errno: Option<nix::errno::Errno>) -> u8 {
    use nix::errno::Errno::{EEXIST, EINVAL, ENETUNREACH, ERANGE};
    match errno {
        Some(EINVAL | EEXIST | ENETUNREACH | ERANGE) => 2,
        _ => 3,
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Failure {
        Failure::new(code_of(error.errno()), &error, error.remedy())
    }
}

impl From<UdpError> for Failure {
    fn from(error: UdpError) -> Failure {
        let code = match error.errno {
            Errno::EADDRINUSE | Errno::EADDRNOTAVAIL => 2,
            _ => 3,
        };
        Failure::new(code, &error, error.remedy())
    }
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Failure {
        let code = if error.is_usage() { 2 } else { 3 };
        Failure::new(code, &error, error.remedy())
    }
}

impl From<TunnelError> for Failure {
    fn from(error: TunnelError) -> Failure {
        match error {
            TunnelError::Watcher(error) => error.into(),
            refused => Failure::new(3, &refused, refused.remedy()),
        }
    }
}

/// Errors that always have the same exit code.
macro_rules! failures {
    ($($error:ty => $code:literal),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Failure {
                Failure::new($code, &error, error.remedy())
            }
        })*
    };
}

failures! {
    NameError => 2,
    Conflict => 2,
    SpawnError => 2,
    PrivateError => 3,
    NetlinkError => 3,
    IcmpError => 3,
    ExamineError => 3,
    EvidenceError => 3,
    CureError => 3,
    SendError => 3,
    WatchError => 3,
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Failure {
        let message = format!("filter: {}", error.message);
        Failure::usage(message).with_picture(error.picture())
    }
}

impl From<CidrError> for Failure {
    fn from(error: CidrError) -> Failure {
        Failure::usage(error)
    }
}
