//! A lab that stands: who reaches whom, what runs on its hosts, what status tells, what is left
//! of it.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use serde_json::{Value, json};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("lab::up_returns_and_down_leaves_nothing", up_and_down),
    ("lab::hosts_reach_whom_the_course_says", reach),
    ("lab::status_as_text_and_json", status),
    ("lab::exec_passes_code_and_streams", exec),
    ("lab::a_host_has_its_own_sys_and_processes", own_view),
    ("lab::a_shell_has_the_host_s_prompt", shell),
    ("lab::telnet_through_the_tunnel", telnet),
    ("lab::tunlab_works_on_a_host", read),
    ("lab::a_program_that_dies_leaves_the_lab", program_dies),
    ("lab::other_topologies", topologies),
    ("lab::ipv6_only_when_asked_for", ipv6),
];

/// What only root has: names under /run/netns.
pub(crate) const ROOT: &[(&str, Test)] = &[("lab::ip_netns_and_tcpdump_find_the_hosts", named)];

/// Prints what of a lab can be seen.
const LEFT: &str = "left() { pgrep -x 'tunlab|tunlab-lab|tunlab-reaper|tunlab-lines' | while read p; \
     do grep -qz TUNLAB_TEST_RUN=$TUNLAB_TEST_RUN$ /proc/$p/environ 2> /dev/null && echo process $p; done; \
     ls /run/netns 2> /dev/null; lab_mounts; true; }\n";

fn up_and_down(bench: &Bench) -> Result<(), Problem> {
    // In `$(...)` up's stdout is a pipe: the shell would wait for whoever holds it.
    let script = "cd $T; out=$(tunlab lab up 9> $T/held) && echo \"said: $out\"; \
         tunlab lab exec u -- sleep 60 & until tunlab lab status | grep -q 'sleep 60'; do :; done; \
         for p in $(tunlab lab status -o json | sed 's/.*\"pids\":\\[\\([0-9,]*\\)].*/\\1/; s/,/ /g'); \
         do ls -l /proc/$p/fd /proc/$p/cwd | grep -c -e held -e pipe -e \"$T$\"; done; \
         tunlab lab down; echo \"down: $?\"; wait $!; echo \"sleep: $?\"; left; \
         ls $XDG_RUNTIME_DIR/tunlab /run/tunlab 2> /dev/null | grep lab$";
    let ended = bench.lab(&format!("{LEFT}{script}"))?;
    let none_held = if bench.user.is_root() {
        "0\n0\n"
    } else {
        "0\n"
    };
    let expected = format!("said: \n{none_held}down: 0\nsleep: 137\n");
    if ended.stdout.replace("/run/tunlab:\n", "") != expected {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    Ok(())
}

fn reach(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ended = bench.lab(
        "tunlab lab up || exit; \
         tunlab lab exec u -- ping -c 1 -W 1 10.0.2.11; echo us $?; \
         tunlab lab exec v -- ping -c 1 -W 1 10.0.2.11; echo vs $?; \
         tunlab lab exec v -- ping -q -c 1 -W 0.2 10.0.2.8; echo vu $?; \
         tunlab lab exec u -- ping -c 1 192.168.70.101 2>&1; echo uv $?; tunlab lab down",
    )?;
    ended.exits(0)?.prints(&[
        "64 bytes from 10.0.2.11: icmp_seq=1 ttl=64",
        "us 0\n",
        "vs 0\n",
        // V's way to U leads through S, and U has no way back: silent loss.
        "100% packet loss",
        "vu 1\n",
        "Network is unreachable",
        "uv 2\n",
    ])?;
    Ok(())
}

fn status(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(
        "tunlab lab up || exit; tunlab lab status >&2; tunlab lab status -o json; tunlab lab down",
    )?;
    let mut found: Value = match serde_json::from_str(&ended.exits(0)?.stdout) {
        Ok(value) => value,
        Err(error) => return wrong(format!("{error}: {}", ended.stdout)),
    };
    let pids = found["pids"].as_array().map_or(0, Vec::len);
    let holders = if bench.user.is_root() { 2 } else { 1 };
    if pids != holders
        || !ended
            .stdout
            .starts_with(r#"{"lab":null,"topology":"seed1","pids":["#)
    {
        return wrong(ended.stdout);
    }
    found["pids"] = json!([]);
    let device = |name: &str, addr: &str| json!({"name": name, "addrs": [addr]});
    let expected = json!({"lab": null, "topology": "seed1", "pids": [], "hosts": [
        {"name": "u", "netns": "tunlab-u", "devices": [device("eth0", "10.0.2.8/24")]},
        {"name": "s", "netns": "tunlab-s", "devices": [
            device("eth0", "10.0.2.11/24"), device("eth1", "192.168.70.1/24")]},
        {"name": "v", "netns": "tunlab-v", "devices": [device("eth0", "192.168.70.101/24")]},
    ]});
    if found != expected {
        return wrong(ended.stdout);
    }
    ended.says(&[
        "lab seed1, held by ",
        "  u (tunlab-u), the VPN client\n  │ eth0   10.0.2.8/24        ──────── s eth0\n",
        "  │ eth1   192.168.70.1/24    ──────── v eth0\n",
        "  │ runs   tunlab's line service, port 23\n",
    ])?;
    Ok(())
}

fn exec(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(
        "tunlab lab up || exit; cd $T; \
         echo typed | tunlab lab exec u -- sh -c 'cat; pwd; echo oops >&2; exit 7'; echo code $?; \
         tunlab lab exec u -- sh -c 'kill -9 $$'; echo killed $?; \
         tunlab lab exec u -- sh -c 'trap \"exit 5\" TERM; echo ready > ready; \
             while :; do sleep 0.01; done' & \
         until [ -e ready ]; do sleep 0.01; done; kill $!; wait $!; echo asked $?; tunlab lab down",
    )?;
    let lines: Vec<&str> = ended.exits(0)?.stdout.lines().collect();
    match lines[..] {
        ["typed", folder, "code 7", "killed 137", "asked 5"] if folder.starts_with('/') => {}
        _ => return wrong(format!("{}{}", ended.stdout, ended.stderr)),
    }
    ended.says(&["oops\n"])?;
    Ok(())
}

fn own_view(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(
        "tunlab lab up || exit; \
         tunlab lab exec s -- sh -c 'ls /sys/class/net; echo $$; cat /proc/$$/comm; command -v tunlab; \
             echo $TUNLAB_LAB'; \
         tunlab lab down; command -v tunlab",
    )?;
    let lines: Vec<&str> = ended.exits(0)?.stdout.lines().collect();
    match lines[..] {
        ["eth0", "eth1", "lo", pid, "sh", inside, "tunlab-s", outside]
            if inside == outside && pid.len() <= 3 =>
        {
            Ok(())
        }
        _ => wrong(format!("{}{}", ended.stdout, ended.stderr)),
    }
}

fn shell(bench: &Bench) -> Result<(), Problem> {
    needs(&["script"])?;
    let ended = bench.lab(
        "tunlab lab up || exit; \
         echo 'ls /sys/class/net; exit 9' | script -qec 'tunlab lab shell s' /dev/null; \
         echo code $?; tunlab lab down",
    )?;
    ended.exits(0)?.prints(&["s(lab)# ", "eth1", "code 9\n"])?;
    Ok(())
}

fn telnet(bench: &Bench) -> Result<(), Problem> {
    needs(&["telnet", "ping"])?;
    let ended = bench.lab(
        "tunlab lab up --tunnel || exit; tunlab lab status; \
         tunlab lab exec u -- ping -c 1 -W 1 192.168.70.101; \
         { until_said '^v> ' $T/out; echo hello there; until_said 'v> hello' $T/out; echo exit; \
           until_said foreign $T/err; } | \
         tunlab lab exec u -- telnet 192.168.70.101 > $T/out 2> $T/err; cat $T/out; tunlab lab down",
    )?;
    ended.exits(0)?.prints(&[
        "  │ tun0   192.168.53.99/24\n",
        "  │ runs   tunlab forward --listen 0.0.0.0:9090",
        // One hop, and no more: S.
        "64 bytes from 192.168.70.101: icmp_seq=1 ttl=63",
        "Connected to 192.168.70.101.",
        "tunlab's line service: what you type comes back",
        "v> hello there\r\nv> exit",
    ])?;
    Ok(())
}

/// Task 2 on U, as on a machine of its own.
fn read(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping", "ip"])?;
    let ended = bench.lab(
        "tunlab lab up || exit; \
         tunlab lab exec u -- tunlab read --name yujie -c 1 -o line 2> $T/err & \
         until_said 'Interface Name: yujie0' $T/err; \
         until tunlab lab status | grep -q yujie0.*53.99; do :; done; \
         tunlab lab exec u -- ping -q -c 1 -W 0.1 192.168.53.1; wait $!; echo code $?; \
         tunlab lab exec u -- ip link show dev yujie0; tunlab lab down",
    )?;
    ended
        .exits(0)?
        .prints(&["Echo (ping) request", "code 0\n"])?;
    ended.says(&["yujie0"])?; // which is gone
    Ok(())
}

fn program_dies(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(
        "tunlab lab up || exit; \
         for p in $(pgrep -x tunlab-lines); do \
         grep -qz TUNLAB_TEST_RUN=$TUNLAB_TEST_RUN$ /proc/$p/environ 2> /dev/null && kill -9 $p; done; \
         tunlab lab exec v -- sh -c 'kill -9 $$'; echo code $?; \
         tunlab lab exec u -- sleep 30 & until tunlab lab status | grep -q 'sleep 30'; do :; done; \
         kill -9 $!; tunlab lab status; tunlab lab exec u -- echo stands; tunlab lab down",
    )?;
    ended
        .exits(0)?
        .prints(&["code 137\n", "lab seed1", "stands\n"])?;
    if ended.stdout.contains("line service") {
        return wrong("the line service was not killed");
    }
    Ok(())
}

fn topologies(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ended = bench.lab(
        "tunlab lab up seed2 && \
         tunlab lab exec v -- ping -q -c 1 -W 1 10.9.0.11 && \
         tunlab lab exec s -- ping -q -c 1 -W 1 192.168.60.6 && tunlab lab down && \
         tunlab lab up site2site --tunnel && tunlab lab status && \
         tunlab lab exec u -- ping -c 1 -W 1 192.168.60.5 && tunlab lab down",
    )?;
    ended.exits(0)?.prints(&[
        "  c (tunlab-c), the VPN client, U's router\n",
        // Two routers.
        "64 bytes from 192.168.60.5: icmp_seq=1 ttl=62",
    ])?;
    Ok(())
}

fn ipv6(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    let ended = bench.lab(
        "look() { for h in u s v; do tunlab lab exec $h -- ip -6 addr | grep -c inet6; done; }; \
         tunlab lab up && look; tunlab lab down; tunlab lab up --ipv6 && look; tunlab lab down",
    )?;
    // lo's and eth0's own; on S eth1's, too.
    if ended.exits(0)?.stdout != "0\n0\n0\n2\n3\n2\n" {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    Ok(())
}

fn named(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "tcpdump", "ping"])?;
    let ended = bench.lab(
        "tunlab lab up || exit; ip netns list | sort; \
         ip netns exec tunlab-s tcpdump -n -c 1 -i eth0 icmp 2> $T/err & \
         until_said listening $T/err; ip netns exec tunlab-u ping -q -c 1 -W 1 10.0.2.11; \
         wait $!; tunlab lab down",
    )?;
    ended.exits(0)?.prints(&[
        "tunlab-s\ntunlab-u\ntunlab-v\n",
        "IP 10.0.2.8 > 10.0.2.11: ICMP echo request",
    ])?;
    Ok(())
}
