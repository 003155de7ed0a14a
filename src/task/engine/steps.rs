//! Does one step. What cannot be done is recorded as failed, and ends the run.

use super::Performance;
use super::background::{Background, TICK};
use super::command::{Means, folders, means};
use super::error::EngineError;
use crate::capture::Timestamp;
use crate::lab::{Plan, apply};
use crate::sys::netlink::Netlink;
use crate::task::check::Check;
use crate::task::evidence::{Evidence, Sighting, StepRecord};
use crate::task::judge;
use crate::task::model::{Action, Enter, Start, Step};
use crate::task::prompt::Prompt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long after a step its last packets may pass, before the next one begins.
const AFTERMATH: Duration = Duration::from_millis(30);

/// How a step ended: in words, why it could not be done.
type Done = Result<(), String>;

impl Performance<'_> {
    /// Does it, records how that went, and returns the packets that it shows.
    pub(super) fn step(&mut self, step: &Step) -> Result<Vec<Sighting>, EngineError> {
        self.count()?;
        let started = Timestamp::now().0;
        self.evidence.steps.push(StepRecord {
            name: step.name().map(str::to_owned),
            started,
            ..StepRecord::default()
        });
        let limit = Duration::try_from_secs_f64(step.limit).unwrap_or(Duration::MAX);
        let done = match &step.action {
            Action::Run(prompt) => self.run(prompt, limit)?,
            Action::Start(start) => self.start(start, limit)?,
            Action::Stop(of) => self.with(of.get_ref(), |one| {
                one.stop();
                Ok(())
            }),
            Action::Kill(of) => self.with(of.get_ref(), |one| {
                one.kill();
                Ok(())
            }),
            Action::Enter(Enter { into, text }) => self.with(into.get_ref(), |one| {
                one.enter(text)
                    .map_err(|error| format!("it does not listen: {error}"))
            }),
            Action::Wait(check) => self.wait(check, limit)?,
            Action::Pause(seconds) => {
                sleep(Duration::try_from_secs_f64(*seconds).unwrap_or_default());
                Ok(())
            }
        };
        let record = self.last();
        record.ended = Timestamp::now().0;
        record.failed = done.err();
        sleep(AFTERMATH);
        if let Some(name) = step.name() {
            self.ask_the_kernel(Some(name))?;
        }
        // What was waited for may have come before the waiting began.
        let before = self.evidence.steps.iter().rev().nth(1);
        let since = match (&step.action, before) {
            (Action::Wait(_), Some(before)) => before.started,
            _ => started,
        };
        Ok(self.shown(step, since))
    }

    fn last(&mut self) -> &mut StepRecord {
        let last = self.evidence.steps.last_mut();
        last.expect("a step has begun")
    }

    /// Carries a command out and waits for its end. That it ends with an error is no failure: a
    /// ping that is not answered may be what is to be shown.
    fn run(&mut self, prompt: &Prompt, limit: Duration) -> Result<Done, EngineError> {
        let host = self.lab.host(&prompt.host)?;
        let program = match means(prompt, self.own, &folders()) {
            Means::Change(op) => {
                let changed = host.run(|| {
                    let netlink = Netlink::open().map_err(|error| error.to_string())?;
                    let plan = Plan { ops: vec![*op] };
                    let applied = apply(&plan, &netlink).map_err(|error| error.to_string())?;
                    drop(applied); // undone by the end of the lab
                    Ok(())
                })?;
                return Ok(changed);
            }
            Means::Look(look) => {
                let seen = host.run(|| look.take())?;
                return Ok(match seen {
                    Ok(text) => {
                        self.last().output = text;
                        Ok(())
                    }
                    Err(error) => Err(error.to_string()),
                });
            }
            means => self.program(&means),
        };
        let mut command = match program {
            Ok(command) => command,
            Err(why) => return Ok(Err(why)),
        };
        let place = self.evidence.steps.len() - 1;
        let mut running = Background::start(host, &mut command, place, None)?;
        let ended = running.wait(limit);
        if !ended {
            running.stop();
        }
        let record = self.last();
        record.output = running.output();
        record.code = running.code();
        Ok(match ended {
            true => Ok(()),
            false => Err(format!("it did not end within {} s", limit.as_secs_f64())),
        })
    }

    fn start(&mut self, start: &Start, limit: Duration) -> Result<Done, EngineError> {
        let host = self.lab.host(&start.command.host)?;
        let means = means(&start.command, self.own, &folders());
        let mut command = match self.program(&means) {
            Ok(command) => command,
            Err(why) => return Ok(Err(why)),
        };
        let place = self.evidence.steps.len() - 1;
        let name = self.last().name.clone();
        let mut running = Background::start(host, &mut command, place, name.as_deref())?;
        let done = until(&mut running, start.until.as_deref(), limit);
        self.last().output = running.output();
        self.background.push(running);
        Ok(done)
    }

    /// The program to start.
    fn program(&mut self, means: &Means) -> Result<Command, String> {
        let (path, args): (&Path, &[String]) = match means {
            Means::Program(path, args) | Means::StandIn(path, args) => (path, args),
            Means::Missing(program) => return Err(format!("{program} is not installed")),
            Means::Change(_) | Means::Look(_) => {
                return Err(
                    "it ends at once: there is nothing to go on in the background".to_owned(),
                );
            }
        };
        let mut command = Command::new(path);
        command.args(args).current_dir("/");
        // Words are compared: they must be those of no language.
        command
            .env("LC_ALL", "C")
            .env("NO_COLOR", "1")
            .env("TERM", "dumb");
        Ok(command)
    }

    /// Does something with a command in the background.
    fn with(&mut self, name: &str, work: impl FnOnce(&mut Background) -> Done) -> Done {
        let mut all = self.background.iter_mut();
        match all.find(|one| one.name.as_deref() == Some(name)) {
            Some(one) => work(one),
            None => Err(format!("{name} does not run")),
        }
    }

    /// Waits until the check holds for what happened since the step before this one began.
    fn wait(&mut self, check: &Check, limit: Duration) -> Result<Done, EngineError> {
        let started = Instant::now();
        loop {
            let so_far = self.so_far(check)?;
            if judge::is_seen(check, &so_far) {
                return Ok(Ok(()));
            }
            if started.elapsed() > limit {
                return Ok(Err(format!("not seen within {} s", limit.as_secs_f64())));
            }
            sleep(2 * TICK);
        }
    }

    /// The evidence as it would be if the run ended now and had begun with the step before.
    fn so_far(&mut self, check: &Check) -> Result<Evidence, EngineError> {
        let from = self.evidence.steps.len().saturating_sub(2);
        let now = self.counters_now()?;
        let mut counters = self.rises(&now);
        let before = self
            .evidence
            .counters
            .iter()
            .filter(|rise| rise.step >= from);
        counters.extend(before.cloned());
        let mut steps = self.evidence.steps.clone();
        for one in &self.background {
            steps[one.step].output = one.output();
        }
        let mut run = self.evidence.run.clone();
        run.started = steps[from].started;
        run.ended = Timestamp::now().0;
        Ok(Evidence {
            packets: self.recorder.since(run.started),
            readings: self.answer(check)?.into_iter().collect(),
            run,
            steps,
            counters,
        })
    }

    /// The packets since then that the step shows.
    fn shown(&self, step: &Step, since: u64) -> Vec<Sighting> {
        let Some(show) = &step.show else {
            return Vec::new();
        };
        let mut packets = self.recorder.since(since);
        packets.retain(|seen| {
            seen.host == *show.on.get_ref()
                && show.dev.as_ref().is_none_or(|dev| *dev == seen.dev)
                && show
                    .filter
                    .as_ref()
                    .is_none_or(|filter| judge::matches(filter, seen))
        });
        packets.sort_by_key(|seen| seen.time);
        packets
    }
}

/// Waits until a program has said that it is ready.
fn until(running: &mut Background, words: Option<&str>, limit: Duration) -> Done {
    let Some(words) = words else {
        return Ok(());
    };
    let started = Instant::now();
    loop {
        let ended = running.has_ended();
        let said = running.output();
        if said.contains(words) {
            return Ok(());
        }
        if ended {
            let last = said.lines().last().unwrap_or("without a word").to_owned();
            return Err(format!("it ended: {last}"));
        }
        if started.elapsed() > limit {
            return Err(format!("it never said {words:?}"));
        }
        sleep(TICK);
    }
}
