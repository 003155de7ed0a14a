//! What PID 1 and tunlab tell each other: five bytes, a kind and a number.

use nix::errno::Errno;

/// The length of a report.
pub(super) const LEN: usize = 5;

/// tunlab's only message: pass SIGTERM on to the command.
pub(super) const TERMINATE: &[u8] = b"T";

/// What PID 1 reports about the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// Exec succeeded.
    Started,
    /// Exec failed.
    NotStarted(Errno),
    /// It ended with this code.
    Exited(i32),
    /// It was killed by this signal.
    Killed(i32),
}

impl Report {
    pub(super) fn encode(self) -> [u8; LEN] {
        let (kind, number) = match self {
            Report::Started => (b'S', 0),
            Report::NotStarted(errno) => (b'N', errno as i32),
            Report::Exited(code) => (b'E', code),
            Report::Killed(signal) => (b'K', signal),
        };
        let [a, b, c, d] = number.to_ne_bytes();
        [kind, a, b, c, d]
    }

    /// `None` for what is no report, above all for the end of the stream.
    pub(super) fn decode(bytes: &[u8]) -> Option<Report> {
        let &[kind, a, b, c, d] = bytes else {
            return None;
        };
        let number = i32::from_ne_bytes([a, b, c, d]);
        match kind {
            b'S' => Some(Report::Started),
            b'N' => Some(Report::NotStarted(Errno::from_raw(number))),
            b'E' => Some(Report::Exited(number)),
            b'K' => Some(Report::Killed(number)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_survive_the_socket() {
        let reports = [
            Report::Started,
            Report::NotStarted(Errno::ENOENT),
            Report::Exited(-1),
            Report::Killed(9),
        ];
        for report in reports {
            assert_eq!(Report::decode(&report.encode()), Some(report));
        }
        assert_eq!(Report::decode(&[]), None);
        assert_eq!(Report::decode(b"?1234"), None);
    }
}
