//! Task 2.d outside of a private network: spoof says beforehand that the kernel will lose its
//! answers, and the cure that it names works.

use super::ended::Ended;
use super::run::{Bench, needs};
use super::{Problem, Test, wrong};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("warning::strict_filter_and_its_cure", strict),
    ("warning::loose_filter_and_its_cure", loose),
    ("warning::none_where_the_answer_is_taken", none),
];

fn strict(bench: &Bench) -> Result<(), Problem> {
    let ended = before_and_after_the_cure(bench, 1)?;
    ended.prints(&[
        "does not lead through tun0",
        "sysctl -w net.ipv4.conf.all.rp_filter=0",
    ])?;
    cured(&ended)
}

fn loose(bench: &Bench) -> Result<(), Problem> {
    let ended = before_and_after_the_cure(bench, 2)?;
    ended.prints(&[
        "there is no route to 1.2.3.4 at all",
        "ip route add 1.2.3.4/32 dev tun0",
    ])?;
    cured(&ended)
}

fn none(bench: &Bench) -> Result<(), Problem> {
    for (filter, args) in [
        (0, "--src 1.2.3.4"),
        (1, "--src same"),
        (2, "--src 192.168.53.7"),
    ] {
        let ended = bench.script(&format!(
            "echo {filter} > /proc/sys/net/ipv4/conf/all/rp_filter
             tunlab spoof {args} 2> $T/err & pid=$!
             until_said 'Interface Name' $T/err; sleep 0.2
             kill $pid; wait $pid; cat $T/err >&2"
        ))?;
        ended.exits(0)?.says_not(&["warning"])?;
    }
    Ok(())
}

/// Pings, does what the warning says, and pings again.
fn before_and_after_the_cure(bench: &Bench, filter: u8) -> Result<Ended, Problem> {
    needs(&["ping", "ip", "sysctl"])?;
    let ended = bench.script(&format!(
        "echo {filter} > /proc/sys/net/ipv4/conf/all/rp_filter
         tunlab spoof --src 1.2.3.4 -q 2> $T/err & pid=$!
         until_said 'to let them in' $T/err
         cat $T/err
         ping -c 1 -W 1 192.168.53.1
         echo ==== the cure
         sed -n 's/^  to let them in: //p' $T/err > $T/cure; sh -e $T/cure || exit 1
         ping -c 1 -W 1 192.168.53.1
         kill $pid; wait $pid"
    ))?;
    ended.exits(0)?;
    Ok(ended)
}

fn cured(ended: &Ended) -> Result<(), Problem> {
    ended.prints(&[
        "warning: the answers will be lost",
        "TcpExt.IPReversePathFilter",
    ])?;
    let Some((before, after)) = ended.stdout.split_once("==== the cure") else {
        return wrong(ended.stdout.clone());
    };
    if before.contains("64 bytes from") {
        return wrong(format!("the warning is wrong: {before}"));
    }
    if !after.contains("64 bytes from 1.2.3.4: icmp_seq=1 ") {
        return wrong(format!("the cure does not help: {after}"));
    }
    Ok(())
}
