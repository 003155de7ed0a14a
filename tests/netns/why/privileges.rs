//! Privileges are given up when all that needs them is open.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("why::privileges_are_given_up_while_it_watches", watching),
    ("why::who_takes_over_gives_up_privileges_too", taking_over),
];

/// For a shell script: `watched PID` prints each set of capabilities that the process had.
const WATCHED: &str = r#"
watched() {
    while cap=$(grep ^CapEff "/proc/$1/status" 2> /dev/null) && [ -n "$cap" ]; do
        echo "$2 $cap"
    done | sort -u
}
"#;

const NONE: &str = "CapEff:\t0000000000000000";

/// A neighbour that does not answer is waited for.
fn watching(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{WATCHED} tunlab lab up --tunnel || exit
         tunlab why 10.0.2.77 > $T/said & asking=$!
         watched $asking own; wait $asking; echo code $?; cat $T/said
         tunlab lab down"
    ))?;
    ended
        .exits(0)?
        .prints(&["code 1", "neighbour on u, eth0"])?;
    match ended.stdout.contains(&format!("own {NONE}\n")) {
        true => Ok(()),
        false => wrong(ended.stdout.clone()),
    }
}

/// Which rule of the firewall it was, a copy that kept its privileges finds out.
fn taking_over(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(&format!(
        "{WATCHED} tunlab lab up --tunnel || exit
         tunlab lab exec s -- nft 'add table t; add chain t f {{ type filter hook forward \
         priority 0; }}; add rule t f icmp type echo-request drop' || exit
         for try in 1 2 3; do tunlab why v > $T/said & asking=$!
         until other=$(cat /proc/$asking/task/$asking/children) && [ -n \"$other\" ]; do
           kill -0 $asking || exit; done
         watched $other other & watched $asking own
         wait $asking; echo code $?; grep -q nft_drop $T/said && break; done
         cat $T/said; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        "code 1",
        "nft_drop on s, tun0 (observed)",
        "nft delete rule ip t f handle",
    ])?;
    for process in ["own", "other"] {
        let none = format!("{process} {NONE}");
        if !ended.stdout.lines().any(|line| line == none) {
            return wrong(format!("{process} keeps its privileges: {}", ended.stdout));
        }
    }
    Ok(())
}
