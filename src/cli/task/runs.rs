//! Cases performed side by side, each by a process of its own, their events told in the order of
//! the cases.

use super::super::failure::Failure;
use crate::task::engine::Event;
use crate::task::evidence::Evidence;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Labs at a time: mostly they wait.
const SIDE_BY_SIDE: usize = 6;

/// A case to perform: the arguments of tunlab that do it.
pub(super) type Line = Vec<OsString>;

/// What comes from a run.
enum Message {
    Event(Event),
    /// It ended without evidence: the exit code, and what it said.
    Failed(i32, String),
}

/// Runs in progress.
pub(super) struct Runs {
    from: Receiver<(usize, Message)>,
    waiting: Vec<VecDeque<Message>>,
    /// Where a run that waits before each step listens.
    stdin: Arc<Mutex<Option<ChildStdin>>>,
}

/// The stdin of the run that waits before each step.
pub(super) struct GoOn(Arc<Mutex<Option<ChildStdin>>>);

impl GoOn {
    /// Lets it go on with its next step.
    pub(super) fn next_step(&self) {
        let mut stdin = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stdin) = &mut *stdin {
            // Whether it has ended meanwhile is told by its last message.
            let _ = stdin.write_all(b"\n");
        }
    }
}

impl Runs {
    /// Starts them; with `step` one after the other, each waiting before every step.
    pub(super) fn start(lines: Vec<Line>, step: bool) -> Runs {
        let (to, from) = channel();
        let stdin = Arc::new(Mutex::new(None));
        let waiting = lines.iter().map(|_| VecDeque::new()).collect();
        let next = Arc::new(AtomicUsize::new(0));
        let lines = Arc::new(lines);
        for _ in 0..if step { 1 } else { SIDE_BY_SIDE } {
            let (to, next, lines) = (to.clone(), Arc::clone(&next), Arc::clone(&lines));
            let stdin = Arc::clone(&stdin);
            thread::spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(line) = lines.get(place) else { break };
                    run(line, step, &stdin, |message| _ = to.send((place, message)));
                }
            });
        }
        Runs {
            from,
            waiting,
            stdin,
        }
    }

    /// Tells the events of one run as they come, and returns its evidence.
    pub(super) fn follow(
        &mut self,
        place: usize,
        mut tell: impl FnMut(&Event) -> Result<(), Failure>,
    ) -> Result<Evidence, Failure> {
        loop {
            match self.next(place)? {
                Message::Event(Event::Over(evidence)) => return Ok(*evidence),
                Message::Event(event) => tell(&event)?,
                Message::Failed(2, why) => return Err(Failure::usage(why)),
                Message::Failed(_, why) => return Err(Failure::refused(why, None)),
            }
        }
    }

    /// The means to let a run that waits go on.
    pub(super) fn going_on(&self) -> GoOn {
        GoOn(Arc::clone(&self.stdin))
    }

    fn next(&mut self, place: usize) -> Result<Message, Failure> {
        loop {
            if let Some(message) = self.waiting[place].pop_front() {
                return Ok(message);
            }
            match self.from.recv() {
                Ok((from, message)) => self.waiting[from].push_back(message),
                Err(_) => return Err(Failure::refused("a run ended without a word", None)),
            }
        }
    }
}

/// Performs one case from its start to its end.
fn run(line: &Line, step: bool, stdin: &Mutex<Option<ChildStdin>>, tell: impl Fn(Message)) {
    match performed(line, step, stdin, &tell) {
        Ok(()) => {}
        Err(error) => tell(Message::Failed(
            3,
            format!("start tunlab once more: {error}"),
        )),
    }
}

fn performed(
    line: &Line,
    step: bool,
    stdin: &Mutex<Option<ChildStdin>>,
    tell: &impl Fn(Message),
) -> std::io::Result<()> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(line)
        .stdin(if step { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    *stdin.lock().unwrap_or_else(PoisonError::into_inner) = child.stdin.take();
    let stderr = child.stderr.take();
    let words = thread::spawn(move || {
        let mut words = String::new();
        if let Some(mut stderr) = stderr {
            let _ = stderr.read_to_string(&mut words);
        }
        words
    });
    let mut over = false;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            if let Ok(event) = serde_json::from_str::<Event>(&line?) {
                over |= matches!(event, Event::Over(_));
                tell(Message::Event(event));
            }
        }
    }
    let status = child.wait()?;
    let words = words.join().unwrap_or_default();
    if !over {
        let words = words.trim();
        let why = words.strip_prefix("tunlab: ").unwrap_or(words);
        tell(Message::Failed(status.code().unwrap_or(3), why.to_owned()));
    }
    Ok(())
}
