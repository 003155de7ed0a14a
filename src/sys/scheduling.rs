#![allow(unsafe_code)]
//! When the kernel lets this process run, beside others that want to.

use nix::errno::Errno;
use nix::libc;

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
    fn it_is_a_thread_that_gives_way() {
        let policy = std::thread::spawn(|| {
            never_preempt().unwrap();
            // SAFETY: no memory is touched.
            unsafe { libc::sched_getscheduler(0) }
        });
        assert_eq!(policy.join().unwrap(), libc::SCHED_BATCH);
    }
}
