#![allow(unsafe_code)]
//! Trying something in a process that can be thrown away.

use std::{
    fs::File,
    io::{self, Read, Write},
    panic::{AssertUnwindSafe, catch_unwind},
};

use nix::{
    fcntl::OFlag,
    sys::wait::waitpid,
    unistd::{ForkResult, fork, pipe2},
};

/// Runs `attempt` in a forked child and gives back the bytes it returned; whatever it did to its
/// process (namespaces, mounts) is gone. Empty if it died on the way.
///
/// Call it while the process has one thread: the child has only the calling one, and a lock that
/// another thread holds would stay locked in it for ever.
pub fn run(attempt: impl FnOnce() -> Vec<u8>) -> io::Result<Vec<u8>> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
    // SAFETY: the process has one thread, so the child is a complete copy of it; it never returns
    // into the caller's code, and leaves by _exit.
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(reader);
            let bytes = catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_default();
            let _ = File::from(writer).write_all(&bytes);
            exit_at_once(0)
        }
        ForkResult::Parent { child } => {
            drop(writer);
            let mut bytes = Vec::new();
            let outcome = File::from(reader).read_to_end(&mut bytes);
            let _ = waitpid(child, None);
            outcome.map(|_| bytes)
        }
    }
}

/// Ends the process without flushing or unwinding anything: buffers and handlers are copies of the
/// parent's, who will see to them.
pub(super) fn exit_at_once(code: i32) -> ! {
    // SAFETY: _exit has no preconditions.
    unsafe { nix::libc::_exit(code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_a_panic_does_not() {
        assert_eq!(run(|| b"answer".to_vec()).unwrap(), b"answer");
        assert_eq!(
            run(|| std::panic::resume_unwind(Box::new(()))).unwrap(),
            b""
        );
    }
}
