//! CMD: how it starts, how it ends, what its end does to tunlab.

use super::run::{Bench, needs};
use super::user::Start;
use super::{Problem, Test, wrong};
use std::fs;
use std::time::Duration;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("command::that_does_not_exist", does_not_exist),
    ("command::that_is_not_executable", not_executable),
    ("command::that_dies_by_a_signal", dies_by_a_signal),
    ("command::that_ignores_sigterm", ignores_sigterm),
    ("command::exit_code_only_if_asked_for", exit_code),
    ("command::leaves_no_offspring", offspring),
    ("command::output_goes_to_stderr", output),
    ("command::sees_its_own_network", own_network),
    ("command::finds_tunlab_in_its_path", path),
];

/// Less than the CMDs here would sleep by themselves, and enough for a loaded machine.
const BEFORE_ITS_END: Duration = Duration::from_secs(12);

fn does_not_exist(bench: &Bench) -> Result<(), Problem> {
    for line in [
        "read -- pong -c 1",
        "read --exit-from-cmd -- pong",
        "write-garbage -- pong",
    ] {
        let ended = bench.tunlab(line)?;
        ended
            .exits(2)?
            .says(&["tunlab: start pong: no such file or directory (ENOENT); \
             check the spelling of pong, or install it\n"])?;
    }
    Ok(())
}

fn not_executable(bench: &Bench) -> Result<(), Problem> {
    let file = bench.file("script");
    fs::write(&file, "#!/bin/sh\n").map_err(|error| Problem::Wrong(error.to_string()))?;
    let file = file.display();
    let ended = bench.tunlab(&format!("read -- {file}"))?;
    ended.exits(2)?.says(&[
        &format!("tunlab: start {file}: permission denied (EACCES)"),
        &format!("make it executable: `chmod +x {file}`"),
    ])?;
    Ok(())
}

fn dies_by_a_signal(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab_with("read -q -- sh -c", &["kill -SEGV $$"])?;
    ended
        .exits(0)?
        .says(&["sh was killed by signal 11 (SIGSEGV)\n"])?;
    let asked = bench.tunlab_with("read -q --exit-from-cmd -- sh -c", &["kill -9 $$"])?;
    asked
        .exits(137)?
        .says(&["sh was killed by signal 9 (SIGKILL)\n"])?;
    Ok(())
}

fn ignores_sigterm(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let script = "trap '' TERM; ping -c 1 -W 1 192.168.53.1; sleep 15; sleep 15";
    let ended = bench.tunlab_with("read -q -c 1 -- sh -c", &[script])?;
    ended.exits(0)?.says(&[
        "1 packet read from tun0",
        "sh did not end as asked to, and was killed (SIGKILL)\n",
    ])?;
    if ended.took > BEFORE_ITS_END {
        return wrong(format!("it took {:?}", ended.took));
    }
    let polite = bench.tunlab("write-garbage -- sleep 15")?;
    if polite.took > BEFORE_ITS_END {
        return wrong(format!("a CMD that obeys SIGTERM took {:?}", polite.took));
    }
    Ok(())
}

fn exit_code(bench: &Bench) -> Result<(), Problem> {
    for command in ["read", "spoof", "tap-dump"] {
        let plain = bench.tunlab_with(&format!("{command} -q -- sh -c"), &["exit 7"])?;
        plain.exits(0)?.says(&["sh exited with code 7\n"])?;
        let line = format!("{command} -q --exit-from-cmd -- sh -c");
        bench.tunlab_with(&line, &["exit 7"])?.exits(7)?;
    }
    Ok(())
}

/// The bench itself fails a run that leaves a process.
fn offspring(bench: &Bench) -> Result<(), Problem> {
    let script = "sleep 30 & setsid sleep 30 & (sleep 30 &) ; exit 0";
    bench.tunlab_with("read -q -- sh -c", &[script])?.exits(0)?;
    Ok(())
}

fn output(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab_with(
        "read -- sh -c",
        &["echo to stdout; echo to stderr >&2; cat"],
    )?;
    ended.exits(0)?.says(&["to stdout\n", "to stderr\n"])?;
    if !ended.stdout.is_empty() {
        return wrong(format!("stdout holds {:?}", ended.stdout));
    }
    Ok(())
}

fn own_network(bench: &Bench) -> Result<(), Problem> {
    let script = "echo devices $(ls /sys/class/net | sort)
        cd /proc/sys/net/ipv4; echo filter $(cat conf/all/rp_filter conf/tun0/rp_filter)
        echo forward $(cat ip_forward); echo six $(cat ../ipv6/conf/tun0/disable_ipv6)
        echo loopback $(cat /sys/class/net/lo/operstate); echo user $(id -u)";
    let ended = bench
        .start(Start::Plain, "read -q -- sh -c", &[script])?
        .wait()?;
    ended.exits(0)?.says(&[
        "devices lo tun0\n",
        "filter 0 0\n",
        "forward 0\n",
        "six 1\n",
        "loopback unknown\n",
        "user 0\n",
    ])?;
    Ok(())
}

fn path(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab_with("read -q -- sh -c", &["command -v tunlab; tunlab --version"])?;
    let own = format!("{}\n", bench.program().display());
    ended.exits(0)?.says(&[&own, "tunlab 0."])?;
    Ok(())
}
