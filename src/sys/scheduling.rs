#![allow(unsafe_code)]
//! When the kernel lets this thread run, beside others that want to.

use nix::errno::Errno;
use nix::libc;

/// What `nice -n -10` gives: the kernel weighs such a thread nine times (`sched_prio_to_weight`).
const EARLY: libc::c_int = -10;

/// From now on runs as soon as there is something to do. Whoever is done in a tenth of a millisecond
/// keeps others waiting for no longer.
///
/// # Errors
/// That of setpriority(2): EACCES without the capability CAP_SYS_NICE.
pub fn run_at_once() -> Result<(), Errno> {
    const CALLER: libc::id_t = 0;
    // SAFETY: no memory is touched.
    let set = unsafe { libc::setpriority(libc::PRIO_PROCESS, CALLER, EARLY) };
    Errno::result(set).map(drop)
}

/// Never again takes a CPU from another process that is using it: this one waits until that pauses
/// or its turn is over, a few milliseconds at most (`SCHED_BATCH`, `man 7 sched`). It takes no
/// privilege.
///
/// # Errors
/// That of sched_setscheduler(2): EPERM for a process that has asked for real time.
pub fn never_preempt() -> Result<(), Errno> {
    const CALLER: libc::pid_t = 0;
    let parameter = libc::sched_param { sched_priority: 0 };
    // SAFETY: the kernel reads the parameter, which lives on.
    let set = unsafe { libc::sched_setscheduler(CALLER, libc::SCHED_BATCH, &raw const parameter) };
    Errno::result(set).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_runs_at_once_if_it_may() {
        let nice = std::thread::spawn(|| {
            let may = run_at_once();
            // SAFETY: no memory is touched.
            (may, unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) })
        });
        match nice.join().unwrap() {
            (Ok(()), nice) => assert_eq!(nice, EARLY),
            (Err(errno), nice) => assert!(errno == Errno::EACCES && nice > EARLY, "{errno}"),
        }
    }

    #[test]
    fn it_is_a_thread_that_gives_way() {
        let policy = std::thread::spawn(|| {
            never_preempt().unwrap();
            // SAFETY: no memory is touched.
            unsafe { libc::sched_getscheduler(0) }
        });
        assert_eq!(policy.join().unwrap(), libc::SCHED_BATCH);
    }
}
