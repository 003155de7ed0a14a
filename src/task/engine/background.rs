//! Programs that run on a host: started with their words in one place, ended in three ways.

use super::error::EngineError;
use crate::lab::LabHost;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{self, PipeReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

/// How long a program may take to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is looked whether something has happened.
pub(super) const TICK: Duration = Duration::from_millis(5);

/// Bytes of a program's words that are kept.
const KEPT: usize = 1 << 20;

/// A program, and what it says.
pub(super) struct Background {
    /// The place of the step that started it.
    pub(super) step: usize,
    /// What that step is called.
    pub(super) name: Option<String>,
    child: Child,
    stdin: Option<ChildStdin>,
    said: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
    code: Option<i32>,
}

impl Background {
    /// Starts the program on the host; stdout and stderr go to one place.
    pub(super) fn start(
        host: &LabHost,
        command: &mut Command,
        step: usize,
        name: Option<&str>,
    ) -> Result<Background, EngineError> {
        let (from, to) = io::pipe().map_err(|error| EngineError::pipe(&error))?;
        let also = to.try_clone().map_err(|error| EngineError::pipe(&error))?;
        command.stdin(Stdio::piped()).stdout(to).stderr(also);
        let mut child = host.spawn(command)?;
        // The command holds our ends of the pipe, which would keep it open for ever.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let said = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&said);
        let reader = thread::spawn(move || listen(from, &into));
        Ok(Background {
            step,
            name: name.map(str::to_owned),
            stdin: child.stdin.take(),
            child,
            said,
            reader: Some(reader),
            code: None,
        })
    }

    /// What it has said so far.
    pub(super) fn output(&self) -> String {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Its exit code, once it has ended by itself.
    pub(super) fn code(&self) -> Option<i32> {
        self.code
    }

    /// Whether it has ended; then all that it said is there.
    pub(super) fn has_ended(&mut self) -> bool {
        match self.child.try_wait() {
            Ok(None) => false,
            Ok(Some(status)) => {
                self.code = status.code();
                self.hear_all();
                true
            }
            Err(_) => true,
        }
    }

    /// Waits until it has ended, for so long; whether it has.
    pub(super) fn wait(&mut self, limit: Duration) -> bool {
        let started = Instant::now();
        while !self.has_ended() {
            if started.elapsed() > limit {
                return false;
            }
            sleep(TICK);
        }
        true
    }

    /// Types a line.
    pub(super) fn enter(&mut self, line: &str) -> io::Result<()> {
        match &mut self.stdin {
            Some(stdin) => {
                stdin.write_all(format!("{line}\n").as_bytes())?;
                stdin.flush()
            }
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends it as Ctrl-C does; by force if that does not help.
    pub(super) fn stop(&mut self) {
        self.signal(Signal::SIGINT);
        if !self.wait(PATIENCE) {
            self.kill();
        }
    }

    /// Kills it.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        self.wait(PATIENCE);
    }

    fn signal(&mut self, signal: Signal) {
        // Until it is waited for, the number is no other process's.
        if !self.has_ended() {
            let _ = kill(Pid::from_raw(self.child.id() as i32), signal);
        }
    }

    /// Its end of the pipe is closed with it, unless it has left a program behind.
    fn hear_all(&mut self) {
        let started = Instant::now();
        while self
            .reader
            .as_ref()
            .is_some_and(|reader| !reader.is_finished())
        {
            if started.elapsed() > PATIENCE {
                return;
            }
            sleep(TICK);
        }
        self.reader = None;
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

fn listen(mut from: PipeReader, into: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                let mut said = into.lock().unwrap_or_else(PoisonError::into_inner);
                if said.len() < KEPT {
                    said.extend_from_slice(&buffer[..count]);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}
