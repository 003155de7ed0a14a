//! A student's own task, as CONTRIBUTING.md shows it; and what the demonstration prints.

use super::super::run::Bench;
use super::super::user::Start;
use super::super::{Problem, Test, wrong};
use super::folder;
use nix::sys::signal::{Signal, kill};
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("tasks::own_task", own_task),
    ("tasks::story_ends_with_the_verdicts", story),
    ("tasks::step_waits_for_enter", step),
    ("tasks::report", report),
    ("tasks::a_machine_that_refuses", refused),
    ("tasks::killed_leaves_nothing", killed),
];

/// Only root can hide programs from a run.
pub(crate) const ROOT: &[(&str, Test)] = &[("tasks::nothing_installed", nothing_installed)];

/// The usual programs lie under `/dev/null`, which cannot be executed: tunlab's stand in.
fn nothing_installed(bench: &Bench) -> Result<(), Problem> {
    let script = "for one in ping telnet arping ip sysctl; do
                      path=$(command -v $one) && mount --bind /dev/null \"$(readlink -f $path)\"
                  done
                  for one in 2a 5 9; do tunlab task demo $one || exit; done";
    let ended = bench.shell(Start::Plain, script)?;
    ended.exits(0)?.prints(&[
        "Connected to 192.168.70.101.\n",
        "Unicast reply from 192.168.53.1 [AA:BB:CC:DD:EE:FF]",
        "    tun0     DOWN\n",
    ])?;
    Ok(())
}

/// The example in CONTRIBUTING.md.
fn example() -> Result<String, Problem> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/CONTRIBUTING.md");
    let page = std::fs::read_to_string(path).map_err(|error| Problem::Wrong(error.to_string()))?;
    let begun = page.split("```toml\n").nth(1);
    match begun.and_then(|rest| rest.split("```").next()) {
        // It stands within a list.
        Some(example) => Ok(example.replace("\n   ", "\n").trim_start().to_owned()),
        None => wrong("CONTRIBUTING.md shows no task.toml"),
    }
}

fn own_task(bench: &Bench) -> Result<(), Problem> {
    let example = example()?;
    let tasks = folder(bench, "my-task", &example, "# Mine\n\nTry it.\n")?;
    let tasks = tasks.display().to_string();
    let own = ["--tasks", &tasks];
    bench
        .tunlab_with("task list", &own)?
        .exits(0)?
        .prints(&["my-task"])?;
    bench
        .tunlab_with("task show my", &own)?
        .exits(0)?
        .prints(&["# Mine\n\nTry it.\n"])?;
    bench
        .tunlab_with("task demo my", &own)?
        .exits(0)?
        .prints(&["expectations hold."])?;

    let wrong_key = example.replacen("[[case.expect]]\nthat", "[[case.expect]]\ntaht", 1);
    let broken = folder(bench, "my-task", &wrong_key, "# Mine\n")?;
    let broken = broken.display().to_string();
    let ended = bench.tunlab_with("task list", &["--tasks", &broken])?;
    ended
        .exits(2)?
        .says(&["my-task/task.toml:", "unknown field `taht`", "^"])?;
    Ok(())
}

fn story(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab("task demo 5 --case ping --quick")?;
    ended.exits(0)?.prints(&[
        "== 5-both-directions: Traffic in both directions =",
        "-- ping -----",
        "  s# tunlab forward --listen 0.0.0.0:9090 &\n",
        "  u# ping -c 3 -i 0.2 -W 1 192.168.70.101\n",
        "64 bytes from 192.168.70.101: icmp_seq=1 ttl=63",
        " ok  every reply reaches U with ttl 63",
        "3 of 3 questions answered",
    ])?;
    if !ended.stdout.ends_with("\nAll 6 expectations hold.\n") {
        return wrong(format!("the verdicts do not come last:\n{}", ended.stdout));
    }
    if let Some(long) = ended.stdout.lines().find(|line| line.chars().count() > 80) {
        return wrong(format!("more than 80 columns: {long}"));
    }
    Ok(())
}

fn step(bench: &Bench) -> Result<(), Problem> {
    // The end of stdin is nobody's Enter, and everybody's: it must not wait for ever.
    let ended = bench.tunlab("task demo 2c --step")?;
    ended.exits(0)?.prints(&["All 6 expectations hold.\n"])?;
    let script = "mkfifo $T/keys; tunlab task demo 2c --step < $T/keys > $T/out & \
                  exec 3> $T/keys; until_said 'Interface Name\\|tunlab read' $T/out; sleep 0.3; \
                  grep -c 'Interface Name' $T/out; printf '\\n\\n\\n\\n\\n\\n' >&3; exec 3>&-; wait; \
                  tail -1 $T/out";
    let ended = bench.lab(script)?;
    ended.prints(&["0\n", "All 6 expectations hold.\n"])?;
    Ok(())
}

/// A machine without the driver is no wrong answer: exit 3, and the next step.
fn refused(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.start(Start::NoDriver, "task demo 2a", &[])?.wait()?;
    ended.exits(3)?.says(&["/dev/net/tun", "modprobe tun"])?;
    if ended.stdout.contains("expectations") {
        return wrong(format!("it was judged nevertheless:\n{}", ended.stdout));
    }
    Ok(())
}

/// The demonstration's own process is killed in the middle of a case; `wait` looks for what is left.
fn killed(bench: &Bench) -> Result<(), Problem> {
    let running = bench.start(Start::Plain, "task demo 6", &[])?;
    let started = Instant::now();
    // The demonstration, its cases, and on each lab's hosts a server and a client at least.
    while running.processes().len() < 9 {
        if started.elapsed() > Duration::from_secs(10) {
            return wrong("the labs do not stand");
        }
        sleep(Duration::from_millis(20));
    }
    kill(running.pid(), Signal::SIGKILL).map_err(|errno| Problem::Wrong(errno.to_string()))?;
    running.wait()?;
    Ok(())
}

fn report(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab("task demo 7 --report md")?;
    ended.exits(0)?.prints(&[
        "# 7-routing-on-v: V's way back\n",
        "### Topology\n",
        "### Commands\n",
        "v# ip route add 192.168.53.0/24 via 192.168.70.1\n",
        "### Evidence\n",
        "- ok: V sends a reply for each request: Icmp.OutEchoReps +2\n",
        "## Questions\n",
        "## Conclusion\n",
    ])?;
    Ok(())
}
