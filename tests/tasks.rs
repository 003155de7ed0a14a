//! The course's tasks as data: what they must show, and that somebody's own are read.

use std::collections::BTreeSet;
use tunlab::task::library::tasks;

/// What is known of the kernel's behaviour in each task, measured before they were written. Each
/// must be an expectation of some task.
const FACTS: &[&str] = &[
    "1/unreachable without a default route",
    "1/silent loss with a default route that leads nowhere",
    "1/V to U: silent loss",
    "1/2.0: both networks of the router",
    "2.0/the topology",
    "2a/names",
    "2a/down, link none, no address",
    "2a/gone when its file closes",
    "2b/route only after address and up",
    "2b/write while down",
    "2c/84 bytes",
    "2c/nothing without a route",
    "2d/reply, rp_filter 0",
    "2d/reply, rp_filter 1",
    "2d/reply, rp_filter 2, no route",
    "2d/reply, rp_filter 2, default route",
    "2d/reply from the pinged address",
    "2d/request: ping silent",
    "2d/request: answered with a default route",
    "2d/garbage: 4 or 6 accepted",
    "2d/garbage: other nibbles",
    "2d/garbage: zero bytes",
    "2d/garbage: words from a to o",
    "2d/garbage: ip.payload",
    "2d/garbage: TAP",
    "2d/garbage: packet information",
    "2d/garbage: IP checksum",
    "2d/garbage: total length",
    "2d/garbage: own source and 127/8",
    "3/no server",
    "3/outer and inner addresses",
    "3/V only after a route",
    "3/with a default route",
    "3/an absent 192.168.53.x comes back",
    "4, 5/requests on V's wire",
    "4, 5/replies with ttl=63",
    "4, 5/ForwDatagrams +2 an echo",
    "4, 5/ip_forward 0",
    "4, 5/ping -t1",
    "4, 5/OutTimeExcds",
    "6/server killed: retransmissions",
    "6/server killed: timer on",
    "6/client killed: device and routes vanish",
    "6/client killed: OutNoRoutes, no retransmission",
    "6/client killed: timer persist",
    "6/device down: routes vanish",
    "6/what was typed arrives after the tunnel is back",
    "6/down and up restores the connected route only",
    "6/a persistent device keeps address and routes",
    "6/a persistent device counts tx_dropped",
    "6/re-attaching by name restores everything",
    "7/V without a default route",
    "7/the cure: via the router",
    "7/dev eth0 alone",
    "8/rp_filter 1",
    "8/rp_filter 1, default route",
    "8/rp_filter 2",
    "8/rp_filter 2, default route",
    "8/rp_filter 0",
    "8/rp_filter 0, default route",
    "8/cured",
    "8/oracle: EINVAL where the filter drops",
    "8/oracle: EHOSTUNREACH where forwarding is off",
    "8 in 2.0/site to site, with its proof",
    "9/who-has at 0, 1, 2 s",
    "9/Destination Host Unreachable after 3.06 s",
    "9/neighbour FAILED",
    "9/arping prints the forged reply",
    "9/neighbour REACHABLE",
    "9/frames of 98 bytes",
    "9/a forged echo reply makes ping succeed",
    "IPv6/router solicitations of a fresh TUN",
];

#[test]
fn every_known_fact_is_expected_somewhere() {
    let tasks = tasks(None).unwrap();
    let cases = tasks.iter().flat_map(|task| &task.cases);
    let expects = cases.flat_map(|case| &case.expects);
    let shown: BTreeSet<&str> = expects
        .flat_map(|expect| &expect.facts)
        .map(String::as_str)
        .collect();
    let known: BTreeSet<&str> = FACTS.iter().copied().collect();
    assert_eq!(known.len(), FACTS.len(), "a fact is listed twice");
    let missing: Vec<_> = known.difference(&shown).collect();
    assert!(missing.is_empty(), "no expectation shows {missing:?}");
    let unknown: Vec<_> = shown.difference(&known).collect();
    assert!(unknown.is_empty(), "not listed here: {unknown:?}");
}

#[test]
fn what_fails_is_explained() {
    let mut silent = Vec::new();
    for task in tasks(None).unwrap() {
        assert!(!task.questions.is_empty(), "{}: no question", task.id);
        for case in &task.cases {
            let explained = case.expects.iter().any(|expect| {
                !expect.hint.is_empty() || expect.cause.is_some() || !expect.clues.is_empty()
            });
            if !explained {
                silent.push(format!("{}: {}", task.id, case.name));
            }
        }
    }
    assert!(
        silent.is_empty(),
        "no expectation says what to look at: {silent:#?}"
    );
}
