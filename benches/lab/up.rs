//! `tunlab lab up` beside mininet.

use super::{median, tunlab};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use nix::time::ClockId;
use nix::unistd::Pid;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Three hosts at one switch: mininet's smallest network that is as large as seed1.
const MININET: &str = "mn --topo single,3 --switch lxbr --controller none --test none";

/// Seconds on the clock, and of processor time.
type Times = (Vec<f64>, Vec<f64>);

pub(crate) fn compare(runs: usize) {
    let has_mininet = Command::new("mn").arg("--version").output().is_ok();
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    build(); // once for the page cache
    for _ in 0..runs {
        let (wall, cpu) = build();
        ours.0.push(wall);
        ours.1.push(cpu);
        if has_mininet {
            let (wall, cpu) = mininet();
            theirs.0.push(wall);
            theirs.1.push(cpu);
        }
    }
    let show = |name: &str, (wall, cpu): &Times| {
        let (wall, cpu) = (median(wall.clone()), median(cpu.clone()));
        println!(
            "{name:<16} {:>9.2} ms   processor {:>9.2} ms",
            wall * 1e3,
            cpu * 1e3
        );
        (wall, cpu)
    };
    let ours = show("tunlab lab up", &ours);
    if !has_mininet {
        println!("mininet is not installed: left out");
        return;
    }
    let theirs = show("mininet", &theirs);
    println!(
        "ratio {:.1} on the clock, {:.1} of processor time; medians of {runs} runs in turn",
        theirs.0 / ours.0,
        theirs.1 / ours.1
    );
}

/// Until the lab stands; its end is not counted.
fn build() -> (f64, f64) {
    let before = children();
    let started = Instant::now();
    tunlab("lab up");
    let wall = started.elapsed().as_secs_f64();
    let mut cpu = children() - before;
    // The builder goes on as the lab's holder, and is nobody's child that has ended.
    let record = fs::read_to_string("/run/tunlab/lab").expect("the lab has a record");
    for line in record.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if let ["holder" | "reaper", pid, _] = words[..] {
            cpu += clock(Pid::from_raw(pid.parse().expect("a number")));
        }
    }
    tunlab("lab down");
    (wall, cpu.as_secs_f64())
}

/// Builds, and takes down: it has no other way.
fn mininet() -> (f64, f64) {
    let before = children();
    let started = Instant::now();
    let words: Vec<&str> = MININET.split(' ').collect();
    let status = Command::new(words[0])
        .args(&words[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.is_ok_and(|status| status.success()), "{MININET}");
    let wall = started.elapsed().as_secs_f64();
    (wall, (children() - before).as_secs_f64())
}

/// Processor time of all children that have ended.
fn children() -> Duration {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).expect("its usage is known");
    let micros = (used.user_time() + used.system_time()).num_microseconds();
    Duration::from_micros(micros as u64)
}

/// Processor time of a process that runs, threads that have ended included.
fn clock(pid: Pid) -> Duration {
    let clock = ClockId::pid_cpu_clock_id(pid).expect("it runs");
    Duration::from(clock.now().expect("it has a clock"))
}
