//! Performs one case of a task in a lab of its own, and records what is seen.
//!
//! 1. A lab goes up that ends with this process; it is joined, and every host is listened to
//!    (`recorder`).
//! 2. The steps are done in order (`steps`): commands run on their hosts as typed
//!    (`command`), with the kernel's counters read before each.
//! 3. The questions to the kernel are asked after the steps they name, or at the end
//!    (`readings`).
//! 4. The commands in the background are ended, and the lab goes down.
//!
//! Nothing is judged here: what comes out is [`Evidence`].

mod background;
mod command;
mod error;
mod look;
mod readings;
mod recorder;
mod steps;

pub use error::EngineError;

use super::evidence::{Evidence, Rise, Sighting, StepRecord};
use super::model::{Case, Task};
use crate::capture::Timestamp;
use crate::lab::counters::Counters;
use crate::lab::topology;
use crate::lab::{Lab, LabName, UpOptions};
use recorder::Recorder;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

/// How long stray packets of the last step may take.
const SETTLE: Duration = Duration::from_millis(150);

/// What happens in a run, as it happens.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A step begins, by its place among the steps.
    Begins(usize),
    /// A step is done.
    Done {
        /// Its place among the steps.
        step: usize,
        /// What was said.
        record: StepRecord,
        /// The packets that were seen meanwhile, of those that the step shows.
        packets: Vec<Sighting>,
    },
    /// The run is over.
    Over(Box<Evidence>),
}

/// Performs the case and returns what was seen. `own` is tunlab's executable; `tell` hears of each
/// event before the next thing is done, so that it can make the run wait.
///
/// Call it while the process has one thread; as an ordinary user the process cannot leave the
/// lab's user namespace again.
pub fn perform(
    task: &Task,
    case: &Case,
    own: &Path,
    tell: &mut dyn FnMut(Event),
) -> Result<Evidence, EngineError> {
    let name = task.topology(case).get_ref();
    let topology = topology::find(name).ok_or_else(|| EngineError::Topology(name.clone()))?;
    let lab = Lab::up(&UpOptions {
        name: Some(unique_name()?),
        topology,
        ipv6: case.ipv6,
        tied: true,
    })?;
    let outcome = in_lab(&lab, task, case, own, tell);
    // Also after a failure: it would end with this process, but not before.
    let down = lab.down();
    let evidence = outcome?;
    down?;
    Ok(evidence)
}

fn in_lab(
    lab: &Lab,
    task: &Task,
    case: &Case,
    own: &Path,
    tell: &mut dyn FnMut(Event),
) -> Result<Evidence, EngineError> {
    lab.join()?;
    let mut run = Performance {
        lab,
        case,
        own,
        recorder: Recorder::start(lab)?,
        evidence: Evidence::default(),
        counters: Vec::new(),
        background: Vec::new(),
    };
    run.evidence.run.started = Timestamp::now().0;
    for host in lab.hosts() {
        let inode = host.inode();
        run.evidence.run.hosts.insert(host.name().to_owned(), inode);
    }
    for (place, step) in task.steps(case).enumerate() {
        tell(Event::Begins(place));
        let packets = run.step(step)?;
        let record = run.evidence.steps[place].clone();
        let failed = record.failed.is_some();
        tell(Event::Done {
            step: place,
            record,
            packets,
        });
        if failed {
            break; // what follows would be about something else
        }
    }
    run.finish()
}

/// A run in progress.
struct Performance<'r> {
    lab: &'r Lab,
    case: &'r Case,
    own: &'r Path,
    recorder: Recorder,
    evidence: Evidence,
    /// Each host's counters before the step at hand.
    counters: Vec<Counters>,
    background: Vec<background::Background>,
}

impl Performance<'_> {
    /// Reads all counters; what changed since the last time is the step's before this.
    fn count(&mut self) -> Result<(), EngineError> {
        let now = self.counters_now()?;
        let rises = self.rises(&now);
        self.evidence.counters.extend(rises);
        self.counters = now;
        Ok(())
    }

    fn counters_now(&self) -> Result<Vec<Counters>, EngineError> {
        let hosts = self.lab.hosts().iter();
        hosts
            .map(|host| {
                host.run(Counters::read)?
                    .map_err(|error| EngineError::Counters {
                        host: host.name().to_owned(),
                        errno: crate::sys::errno::of(&error),
                    })
            })
            .collect()
    }

    /// What changed up to now since the counters were last kept.
    fn rises(&self, now: &[Counters]) -> Vec<Rise> {
        let Some(step) = self.evidence.steps.len().checked_sub(1) else {
            return Vec::new();
        };
        let hosts = self.lab.hosts().iter();
        let changes = hosts.zip(self.counters.iter().zip(now));
        changes
            .map(|(host, (before, after))| Rise {
                step,
                host: host.name().to_owned(),
                moved: before.moved(after).into_iter().collect(),
            })
            .collect()
    }

    fn finish(mut self) -> Result<Evidence, EngineError> {
        sleep(SETTLE);
        self.ask_the_kernel(None)?;
        self.count()?;
        self.evidence.run.ended = Timestamp::now().0;
        self.evidence.packets = self.recorder.stop()?;
        self.evidence.packets.sort_by_key(|packet| packet.time);
        for mut one in std::mem::take(&mut self.background) {
            one.stop();
            self.evidence.steps[one.step].output = one.output();
            self.evidence.steps[one.step].code = one.code();
        }
        Ok(self.evidence)
    }
}

/// A name that no other lab has while this process lives.
fn unique_name() -> Result<LabName, EngineError> {
    let name = format!("demo{}", std::process::id());
    name.parse().map_err(|_| EngineError::Topology(name))
}
