//! What `/proc` says about another process.

use std::fs;

use nix::unistd::Pid;

/// A process that cannot be mistaken for a later one of the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessId {
    /// Its number.
    pub pid: Pid,
    /// When it started, in clock ticks since the machine did (`starttime` of `man 5 proc`).
    pub started: u64,
}

impl ProcessId {
    /// The calling process, numbered as in the PID namespace that `/proc` shows, which may be an
    /// outer one.
    pub fn own() -> Option<Self> {
        let pid = fs::read_link("/proc/self").ok()?.to_str()?.parse().ok()?;
        Self::of(Pid::from_raw(pid))
    }

    /// The process that now has this number, zombies included.
    pub fn of(pid: Pid) -> Option<Self> {
        let (_, started) = stat(pid)?;
        Some(ProcessId { pid, started })
    }

    /// Whether it still runs. A zombie does not.
    pub fn is_alive(self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| started == self.started && state != 'Z')
    }
}

/// State and start time.
fn stat(pid: Pid) -> Option<(char, u64)> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The second field is the program's name in parentheses, and may hold anything.
fn parse(stat: &str) -> Option<(char, u64)> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?.chars().next()?;
    // The state is field 3, the start time field 22.
    Some((state, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_anything() {
        let stat = "12 (a) Z (b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20";
        assert_eq!(parse(stat), Some(('S', 777)));
        assert_eq!(parse("12 (a"), None);
    }

    #[test]
    fn this_process_is_alive() {
        let own = ProcessId::own().unwrap();
        assert!(own.is_alive());
        let other = ProcessId {
            started: own.started + 1,
            ..own
        };
        assert!(!other.is_alive());
    }
}
