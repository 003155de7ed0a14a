//! How a live run ends: Ctrl-C, SIGTERM, a reader that goes away.

use super::run::{Bench, Running, needs};
use super::user::Start;
use super::{Problem, Test, wrong};
use nix::sys::signal::{Signal, kill};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("ending::signals_end_a_run_with_its_counts", signals),
    ("ending::signals_during_a_command", signals_during_a_command),
    ("ending::ctrl_c_reaches_everyone_at_once", ctrl_c),
    ("ending::a_closed_pipe_ends_quietly", closed_pipe),
];

fn signals(bench: &Bench) -> Result<(), Problem> {
    for command in ["read", "spoof", "tap-dump"] {
        for signal in ["INT", "TERM"] {
            let ended = bench.script(&format!(
                "trap - INT
                 tunlab {command} 2> $T/err & pid=$!
                 until_said 'Interface Name' $T/err
                 kill -{signal} $pid; wait $pid; echo code $?; cat $T/err
                 ls /sys/class/net > /dev/null; ip link 2> /dev/null | grep -c 't[ua][np]0'"
            ))?;
            ended.prints(&["code 0\n", " read from t", "\n0\n"])?;
        }
    }
    Ok(())
}

fn signals_during_a_command(bench: &Bench) -> Result<(), Problem> {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        for command in ["read", "spoof --src same", "tap-dump"] {
            let line = format!("{command} -o json -- sh -c");
            let script = "echo started >&2; exec sleep 15";
            let running = bench.start(Start::Plain, &line, &[script])?;
            settle(&running)?;
            kill(running.pid(), signal).map_err(|errno| Problem::Wrong(errno.to_string()))?;
            let ended = running.wait()?;
            ended.exits(0)?.says(&["0 packets read from t"])?;
            if ended.took > Duration::from_secs(1) {
                return wrong(format!("it took {:?}", ended.took));
            }
        }
    }
    Ok(())
}

/// The terminal sends Ctrl-C to tunlab and to CMD: ping still prints its statistics.
fn ctrl_c(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let running = bench.start(Start::Plain, "spoof -q -- ping -i 0.2 192.168.53.1", &[])?;
    settle(&running)?;
    sleep(Duration::from_millis(300));
    nix::sys::signal::killpg(running.pid(), Signal::SIGINT)
        .map_err(|errno| Problem::Wrong(errno.to_string()))?;
    let ended = running.wait()?;
    ended.exits(0)?.says(&[
        "(DIFFERENT ADDRESS!)",
        "--- 192.168.53.1 ping statistics ---",
        "ping exited with code 0\n",
        " written to it\n",
    ])?;
    Ok(())
}

fn closed_pipe(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ended = bench.script(
        "{ tunlab spoof --line-buffered -- ping -i 0.2 192.168.53.1 2> $T/err; echo code $? > $T/code; } | head -1
         cat $T/code; cat $T/err >&2",
    )?;
    ended.exits(0)?.prints(&["###[ IP ]###\n", "code 0\n"])?;
    ended.says_not(&["tunlab:", "panicked", "Broken pipe"])?;
    Ok(())
}

/// Waits until CMD runs: tunlab, its watcher and CMD.
fn settle(running: &Running) -> Result<(), Problem> {
    let started = Instant::now();
    while running.processes().len() < 3 {
        if started.elapsed() > Duration::from_secs(5) {
            return wrong("CMD does not start");
        }
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(50));
    Ok(())
}
