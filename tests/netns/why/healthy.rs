//! A way on which nothing dies: no alarm, whatever else goes on.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::answer;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("why::no_false_alarm_under_load", under_load),
    ("why::several_causes_one_after_the_other", several),
    ("why::the_kernel_s_word_is_for_root", kernel_for_root),
    ("why::an_answer_dropped_at_home_was_healthy", at_home),
    ("why::nothing_is_left_of_one_that_is_killed", killed),
];

/// How often a way that is sound and busy is asked about.
const RUNS: usize = 28;

fn under_load(bench: &Bench) -> Result<(), Problem> {
    needs(&["iperf3"])?;
    let ended = bench.lab(&format!(
        "tunlab lab up --tunnel || exit
         tunlab lab exec v -- iperf3 -s -1 > /dev/null & \
         tunlab lab exec u -- sh -c 'until iperf3 -c 192.168.70.101 -t 8 > /dev/null 2>&1; do \
             sleep 0.1; done' &
         sleep 1
         for run in $(seq {RUNS}); do
             case $((run % 4)) in
                 0) set -- ;;
                 1) set -- --evidence counters ;;
                 2) set -- --evidence nft ;;
                 3) set -- --evidence kernel ;;
             esac
             tunlab why v -o json \"$@\" || echo \"exit code $?\"
         done
         tunlab lab down"
    ))?;
    let healthy =
        r#"{"verdict":"healthy","host":"u","to":"192.168.70.101","causes":[],"candidates":[],"#;
    let lines: Vec<&str> = ended.stdout.lines().collect();
    let alarm = lines.iter().find(|line| !line.starts_with(healthy));
    match alarm {
        None if lines.len() == RUNS => Ok(()),
        _ => wrong(format!("{} runs, {alarm:?}: {}", lines.len(), ended.stderr)),
    }
}

/// An answer that has come in through the device may still die on its sender's host.
fn at_home(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(
        "tunlab lab up --tunnel || exit
         u='tunlab lab exec u --'
         ask() { label=$1; shift; printf '%s ' $label; tunlab why v -o json \"$@\"; }
         ask sound; ask connected --tcp 23
         $u nft add table ip wall
         $u nft add chain ip wall in '{ type filter hook input priority 0; }'
         $u nft add rule ip wall in iif tun0 drop
         ask all; ask tcp --tcp 23; ask counters --evidence counters; ask nft --evidence nft
         tunlab lab down",
    )?;
    let said = |label| answer(&ended.stdout, label).map_err(Problem::Wrong);
    for label in ["sound", "connected"] {
        if said(label)?["verdict"] != "healthy" {
            return wrong(format!("{label}: {}", ended.stdout));
        }
    }
    for label in ["all", "tcp", "nft"] {
        let answer = said(label)?;
        let found = &answer["causes"][0];
        if (&found["cause"], &found["host"]) != (&"nft_drop".into(), &"u".into()) {
            return wrong(format!("{label}: {answer}"));
        }
    }
    let open = said("counters")?;
    let candidates = open["candidates"].as_array();
    let among = candidates.is_some_and(|all| all.contains(&"nft_drop".into()));
    match open["verdict"] == "unknown" && among {
        true => Ok(()),
        false => wrong(format!("counters cannot tell: {open}")),
    }
}

/// Who may not ask the kernel is told so, and never that nothing was dropped.
fn kernel_for_root(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(
        "tunlab lab up --tunnel || exit
         s='tunlab lab exec s --'
         $s nft add table ip filter
         $s nft add chain ip filter pass '{ type filter hook forward priority 0; policy drop; }'
         tunlab why v --evidence kernel -o json; echo $?
         tunlab lab down",
    )?;
    ended.exits(0)?.prints(&["\n1\n"])?;
    let parts: &[&str] = match bench.user.is_root() {
        true => &[
            r#""verdict":"dropped""#,
            "NETFILTER_DROP",
            r#""not_available":[]"#,
        ],
        false => &[
            r#""verdict":"unknown""#,
            r#""nft_drop""#,
            r#""not_available":["kernel: "#,
            "run it as root",
        ],
    };
    ended.prints(parts)?;
    Ok(())
}

/// The rules that trace packets are there while it asks, and gone with it, whatever ends it.
fn killed(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft", "sysctl"])?;
    let ended = bench.lab(
        "tunlab lab up --tunnel || exit
         tables() { for host in u s v; do tunlab lab exec $host -- nft list tables; done; }
         tunlab lab exec s -- sysctl -qw net.ipv4.ip_forward=0
         for try in 1 2 3 4 5; do
             tunlab why v --evidence nft > /dev/null & asking=$!
             until tables | grep -q tunlab-trace || ! kill -0 $asking 2> /dev/null; do :; done
             kill -9 $asking 2> /dev/null && echo killed; wait $asking 2> /dev/null
             sleep 0.2; tables
         done
         tunlab lab down",
    )?;
    let lines: Vec<&str> = ended.exits(0)?.stdout.lines().collect();
    if lines.is_empty() || lines.iter().any(|line| *line != "killed") {
        return wrong(format!("{lines:?}: {}", ended.stderr));
    }
    Ok(())
}

/// Forwarding is off, S has no route back, and V's default is gone: each is found when the one
/// before is cured.
fn several(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let ended = bench.lab(
        "tunlab lab up --tunnel || exit
         tunlab lab exec u -- ip link set dev tun0 down
         tunlab lab exec s -- sysctl -qw net.ipv4.ip_forward=0
         tunlab lab exec s -- ip link set dev tun0 down
         tunlab lab exec v -- ip route del default
         tunlab why v --fix; echo code $?
         tunlab lab down",
    )?;
    let order = [
        "device_down_send on u",
        "device_down on s",
        "ip_forward on s",
        "no_route on v",
    ];
    let found: Vec<Option<usize>> = order.iter().map(|part| ended.stdout.find(part)).collect();
    if found.contains(&None) || !found.is_sorted() {
        return wrong(format!("{found:?}: {}", ended.stdout));
    }
    ended.exits(0)?.prints(&["nothing was dropped", "code 0"])?;
    ended.says(&[
        "to undo it: ",
        "net.ipv4.ip_forward=0",
        "route del 192.168.53.0/24 via 192.168.70.1 dev eth0",
    ])?;
    Ok(())
}
