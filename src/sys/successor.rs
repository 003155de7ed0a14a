#![allow(unsafe_code)]
//! A copy of this process that keeps its privileges and waits, so that this one can give up its
//! own: where privileges turn out to be needed again, the copy goes on in our place.
//!
//! While it waits it reads nothing but a pipe; it ends with us.

use std::{
    fs::File,
    io::{self, Read, Write},
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    sys::{
        prctl::set_pdeathsig,
        signal::Signal,
        wait::{WaitStatus, waitpid},
    },
    unistd::{ForkResult, Pid, fork, pipe2},
};

use super::fork::exit_at_once;

/// The copy that waits.
#[derive(Debug)]
pub struct Successor {
    /// Its turn has come when a byte is in here; closed, it ends.
    turn: Option<File>,
    process: Pid,
}

/// What a process that ends by a signal ends with, as a shell has it.
const BY_SIGNAL: i32 = 128;

impl Successor {
    /// Makes the copy; nothing in the copy itself, which returns when its turn has come.
    ///
    /// Call it while the process has one thread: the copy has only the calling one, and a lock
    /// that another thread holds would stay locked in it for ever.
    pub fn wait() -> io::Result<Option<Successor>> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        // SAFETY: the process has one thread, so the child is a complete copy of it.
        match unsafe { fork() }? {
            ForkResult::Parent { child } => Ok(Some(Successor {
                turn: Some(writer.into()),
                process: child,
            })),
            ForkResult::Child => {
                drop(writer);
                let _ = set_pdeathsig(Signal::SIGKILL);
                match File::from(reader).read_exact(&mut [0]) {
                    Ok(()) => Ok(None),
                    // Nobody needs it.
                    Err(_) => exit_at_once(0),
                }
            }
        }
    }

    /// Lets it go on, and waits for its end; the exit code to end with.
    pub fn take_over(mut self) -> io::Result<u8> {
        if let Some(mut turn) = self.turn.take() {
            turn.write_all(&[1])?;
        }
        let code = match ended(self.process)? {
            WaitStatus::Exited(_, code) => code,
            WaitStatus::Signaled(_, signal, _) => BY_SIGNAL + signal as i32,
            _ => BY_SIGNAL,
        };
        Ok(code as u8)
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        if self.turn.take().is_some() {
            let _ = ended(self.process);
        }
    }
}

fn ended(process: Pid) -> Result<WaitStatus, Errno> {
    loop {
        match waitpid(process, None) {
            Err(Errno::EINTR) => {}
            ended => return ended,
        }
    }
}
