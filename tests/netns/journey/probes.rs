//! Every kind of probe, and somebody else's packets.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::{KNOWN, UP, journey, journeys};
use std::time::{Duration, Instant};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("journey::by_tcp_and_udp", transports),
    (
        "journey::a_refused_connection_was_delivered_and_answered_and_no_more",
        closed,
    ),
    ("journey::the_ttl_runs_out", ttl),
    ("journey::between_any_two_hosts", any_two),
    ("journey::somebody_elses_packet", attached),
    ("journey::ctrl_c_while_it_waits", interrupted),
];

fn transports(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} for probe in '--tcp 23' '--tcp 24' '--udp 24'; do
           tunlab journey $probe v -o json; echo code $?; done; tunlab lab down"
    ))?;
    ended.exits(0)?;
    let codes: Vec<&str> = ended
        .stdout
        .lines()
        .filter(|line| line.starts_with("code"))
        .collect();
    if codes != ["code 0", "code 0", "code 1"] {
        return wrong(format!("{codes:?}"));
    }
    let [open, closed, udp] = &journeys(&ended)[..] else {
        return wrong(ended.stdout.clone());
    };
    open.goes(&KNOWN)?.ends(true, true)?.changed(&["SYN+ACK"])?;
    closed
        .goes(&KNOWN)?
        .ends(true, true)?
        .changed(&["RST+ACK"])?;
    udp.goes(&KNOWN)?
        .ends(true, false)?
        .changed(&["reported: ICMP error: Destination Port Unreachable"])?;
    let probes = [open, closed, udp].map(|told| told.0["probe"].clone());
    match probes == ["tcp", "tcp", "udp"] {
        true => Ok(()),
        false => wrong(format!("{probes:?}")),
    }
}

/// The packet came and went as all do; that nobody listens is said all the same.
fn closed(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} for probe in '--tcp 81' '--udp 81' '--tcp 23'; do
           tunlab journey $probe v -o list; tunlab journey $probe v -o json; done; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        "delivered, but v refuses it with a reset (RST), as it does when nobody listens on its TCP \
         port 81\n`tunlab why u v --tcp 81` tells more.\n",
        "delivered, but v refuses it with an ICMP error: Destination Port Unreachable, as it does \
         when nobody listens on its UDP port 81\n",
        "delivered and answered\n",
    ])?;
    let told = journeys(&ended);
    let refused: Vec<bool> = told.iter().map(|told| told.0["refused"] == true).collect();
    match refused == [true, true, false] {
        true => Ok(()),
        false => wrong(ended.stdout),
    }
}

/// An ICMP error on its way back, known by what it quotes, in the tunnel and out of it.
fn ttl(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab journey --ttl 1 v -o json; echo code $?
         tunlab journey --ttl 2 v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1", "code 0"])?;
    let [dead, alive] = &journeys(&ended)[..] else {
        return wrong(ended.stdout.clone());
    };
    let way = [
        &KNOWN[..4],
        &[
            "s tun0 out",
            "s eth0 out wrapped",
            "u eth0 in wrapped",
            "u tun0 in",
        ],
    ];
    dead.goes(&way.concat())?
        .ends(false, false)?
        .changed(&["reported: ICMP error: Time to live exceeded"])?;
    let from = &dead.hops()[4]["src"];
    if from != "192.168.53.5" {
        return wrong(format!("the error comes from {from}"));
    }
    alive
        .goes(&KNOWN)?
        .ends(true, true)?
        .changed(&["TTL 2 to 1"])?;
    Ok(())
}

fn any_two(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} for pair in 'v s' 'u s' 'u u'; do tunlab journey $pair -o json || exit; done
         tunlab lab down"
    ))?;
    ended.exits(0)?;
    let [near, far, own] = &journeys(&ended)[..] else {
        return wrong(ended.stdout.clone());
    };
    near.goes(&["v eth0 out", "s eth1 in", "s eth1 out", "v eth0 in"])?;
    far.goes(&["u eth0 out", "s eth0 in", "s eth0 out", "u eth0 in"])?;
    own.goes(&["u lo out", "u lo in", "u lo out", "u lo in"])?;
    Ok(())
}

fn attached(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ended = bench.lab(&format!(
        "{UP} (until_said waiting $T/said; tunlab lab exec v -- ping -c 1 -W 1 10.0.2.11 > /dev/null
           tunlab lab exec u -- ping -c 1 -W 1 192.168.70.101) > /dev/null &
         tunlab journey --attach 'icmp.type == 8 && ip.dst == 192.168.70.0/24' -o json 2> $T/said
         echo code $?; wait $!; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 0"])?;
    let told = journey(&ended)?;
    told.goes(&KNOWN)?.ends(true, true)?;
    match told.0["from"] == "u" && told.0["to"] == "192.168.70.101" {
        true => Ok(()),
        false => wrong(told.0.to_string()),
    }
}

fn interrupted(bench: &Bench) -> Result<(), Problem> {
    let started = Instant::now();
    let script = format!(
        "{UP} tunlab journey --attach 'tcp.port == 1' u 2> $T/said & until_said waiting $T/said
         grep ^CapEff /proc/$!/status; kill -INT $!; wait $!; echo code $?; cat $T/said
         tunlab lab down"
    );
    let ended = bench.lab(&script)?;
    // All sockets are open: nothing is left to be done that needs a privilege.
    ended.exits(0)?.prints(&[
        "CapEff:\t0000000000000000",
        "code 0",
        "no packet was followed",
    ])?;
    match started.elapsed() < Duration::from_secs(10) {
        true => Ok(()),
        false => wrong("it took long to end"),
    }
}
