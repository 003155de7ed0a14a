//! A way on which nothing dies: no alarm, whatever else goes on.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("why::no_false_alarm_under_load", under_load),
    (
        "why::a_probe_that_died_was_forgotten_over_one_that_got_through",
        sometimes,
    ),
    ("why::several_causes_one_after_the_other", several),
    ("why::the_kernel_s_word_is_for_root", kernel_for_root),
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
             for try in $(seq 300); do [ -z \"$(tables)\" ] && break; sleep 0.01; done; tables
         done
         tunlab lab down",
    )?;
    let lines: Vec<&str> = ended.exits(0)?.stdout.lines().collect();
    if lines.is_empty() || lines.iter().any(|line| *line != "killed") {
        return wrong(format!("{lines:?}: {}", ended.stderr));
    }
    Ok(())
}

/// Every other packet is dropped, then one of many: the first probe is, and another one is not. The
/// rule is told only if one of the few that are traced dies of it.
fn sometimes(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(
        "tunlab lab up --tunnel || exit
         s='tunlab lab exec s --'
         for turn in 2 9; do for how in '' --fix; do
             $s nft add table ip t
             $s nft add chain ip t f '{ type filter hook forward priority 0; }'
             $s nft add rule ip t f icmp type echo-request numgen inc mod $turn 0 drop
             printf '%s ' $turn$how; tunlab why v $how -o json; echo code $?
             $s nft delete table ip t
         done; done
         tunlab lab down",
    )?;
    ended.exits(0)?;
    let said = |label| super::answer(&ended.stdout, label).map_err(Problem::Wrong);
    for label in ["2", "2--fix", "9", "9--fix"] {
        let found = said(label)?;
        // Only the kernel sees a drop that is not traced.
        let verdict = match (bench.user.is_root(), label.starts_with('9')) {
            (false, true) => "unknown",
            _ => "dropped",
        };
        if found["verdict"] != verdict || found["passing"] != true {
            return wrong(format!("{label}: {found}"));
        }
        let cured = found["causes"][0]["cures"][0].as_str().unwrap_or_default();
        if label.starts_with('2') && !cured.ends_with("nft delete rule ip t f handle 2") {
            return wrong(format!("{label}: {found}"));
        }
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
