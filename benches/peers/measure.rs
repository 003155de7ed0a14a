//! One program run from start to end: how long, how much processor time, how much memory.
//!
//! Linux tells the memory of children only as the most of any, so each run has a parent of its
//! own: this program once more, started with [`FLAG`].

use nix::sys::resource::{Usage as Used, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Starts the parent of one run; the command follows.
pub(crate) const FLAG: &str = "--measure";

/// What one run took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Seconds on the clock.
    pub(crate) wall: f64,
    /// Seconds of processor time, the kernel's on its behalf included.
    pub(crate) cpu: f64,
    /// Most memory, in kilobytes.
    pub(crate) peak: u64,
}

/// Runs a command with its output going nowhere, or through a pipe to `cat` and then nowhere.
pub(crate) fn run(command: &[String], piped: bool) -> Usage {
    let this = std::env::current_exe().expect("a running program has a path");
    let mut parent = Command::new(this);
    parent.arg(FLAG).arg(if piped { "piped" } else { "plain" });
    let output = parent.args(command).output().expect("it can run itself");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = said.split(' ').flat_map(str::parse).collect();
    let [wall, cpu, peak] = numbers[..] else {
        panic!(
            "{command:?} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    Usage {
        wall,
        cpu,
        peak: peak as u64,
    }
}

/// The parent's part: runs the command and says what it took.
pub(crate) fn as_parent(mut arguments: impl Iterator<Item = String>) {
    let piped = arguments.next().is_some_and(|how| how == "piped");
    let program = arguments.next().expect("a command follows");
    let mut command = Command::new(program);
    command.args(arguments).stderr(Stdio::null());
    command.stdout(if piped { Stdio::piped() } else { Stdio::null() });
    // What a parent pays for its first child is no child's: something else goes first.
    let first = Command::new("true").status();
    first.expect("the smallest of programs can be started");
    let before = used_by_children();
    let started = Instant::now();
    let mut child = command.spawn().expect("it can be started");
    let cat = child.stdout.take().map(|pipe| {
        let mut cat = Command::new("cat");
        let cat = cat.stdin(pipe).stdout(Stdio::null()).spawn();
        cat.expect("cat can be started")
    });
    let status = child.wait().expect("it can be waited for");
    let used = used_by_children();
    if let Some(mut cat) = cat {
        cat.wait().expect("cat can be waited for");
    }
    let wall = started.elapsed().as_secs_f64();
    assert!(status.success(), "{status}");
    let cpu = seconds(&used) - seconds(&before);
    print!("{wall} {cpu} {}", used.max_rss());
}

fn used_by_children() -> Used {
    getrusage(UsageWho::RUSAGE_CHILDREN).expect("their usage is known")
}

/// Seconds of processor time.
fn seconds(used: &Used) -> f64 {
    (used.user_time() + used.system_time()).num_microseconds() as f64 / 1e6
}
