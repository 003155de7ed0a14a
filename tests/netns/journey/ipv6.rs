//! IPv6 through the tunnel, to whose hosts addresses and routes are added: followed, and its deaths
//! explained.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::{KNOWN, UP, journey, journeys};
use serde_json::Value;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("journey::ipv6_through_the_tunnel", followed),
    ("journey::ipv6_waits_for_its_neighbour", waited),
    ("journey::an_answer_of_which_a_piece_is_lost", half),
    ("why::ipv6_dies_of_the_same_causes", broken),
];

/// `$u`, `$s` and `$v` run a command on a host; all have addresses, and know their ways.
const IPV6: &str = "
u='tunlab lab exec u --'; s='tunlab lab exec s --'; v='tunlab lab exec v --'
for host in u s v; do
    tunlab lab exec $host -- sysctl -qw net.ipv6.conf.all.disable_ipv6=0 || exit
done
$u ip addr add fd53::99/64 dev tun0 nodad && $u ip route add fd70::/64 dev tun0 || exit
$s ip addr add fd53::5/64 dev tun0 nodad && $s ip addr add fd70::1/64 dev eth1 nodad || exit
$v ip addr add fd70::101/64 dev eth0 nodad && $v ip route add fd53::/64 via fd70::1 || exit
$s sysctl -qw net.ipv6.conf.all.forwarding=1
until $s ip -6 addr show dev eth1 scope link | grep -q fe80 && ! $s ip addr | grep -q tentative &&
    ! $v ip addr | grep -q tentative; do sleep 0.05; done
";

fn followed(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let ended = bench.lab(&format!(
        "{UP}{IPV6} for probe in '' '--tcp 24' '--udp 9' '--ttl 1'; do
           tunlab journey $probe fd70::101 -o json; done; tunlab lab down"
    ))?;
    ended.exits(0)?;
    let [echo, tcp, udp, ttl] = &journeys(&ended)[..] else {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    };
    for told in [echo, tcp, udp] {
        told.goes(&KNOWN)?
            .changed(&["TTL 64 to 63", "wrapped in UDP"])?;
    }
    echo.ends(true, true)?.changed(&["answered: echo reply"])?;
    tcp.ends(true, true)?.changed(&["RST+ACK"])?;
    udp.ends(true, false)?
        .changed(&["reported: ICMP error: Destination unreachable: Port unreachable"])?;
    ttl.ends(false, false)?
        .changed(&["reported: ICMP error: Time exceeded: Hop limit"])?;
    udp.died("udp_port_closed", "v", "eth0")?;
    ttl.died("ttl", "s", "tun0")?;
    Ok(())
}

fn waited(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let ended = bench.lab(&format!(
        "{UP}{IPV6} $s ip -6 neigh flush dev eth1; $v ip -6 neigh flush dev eth0
         tunlab journey s fd70::101 -o json; tunlab journey fd70::77 -o list; tunlab lab down"
    ))?;
    // That nobody answers for the other address is said, too.
    ended.exits(0)?.prints(&[
        "s eth1 out  neighbour discovery who has fd70::77? tell ",
        "neighbour on s, eth1",
    ])?;
    journey(&ended)?
        .goes(&["s eth1 out", "v eth0 in", "v eth0 out", "s eth1 in"])?
        .changed(&["for neighbour discovery: fd70::101 is at "])?;
    Ok(())
}

/// V cuts its answer up, and one piece is too long for the tunnel.
fn half(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let ended = bench.lab(&format!(
        "{UP}{IPV6} tunlab journey --size 2000 fd70::101 -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let told = journey(&ended)?;
    told.ends(true, false)?
        .changed(&["reported: ICMP error: Packet too big"])?;
    // What was seen last is the other piece, which came home.
    let drop = told.died("too_big", "s", "tun0")?;
    match (drop["basis"] == "observed") == bench.user.is_root() {
        true => Ok(()),
        false => wrong(drop.to_string()),
    }
}

/// What is broken and mended again, and what is said of it.
const BROKEN: [(&str, &str, &str, &str, &str, &str); 5] = [
    (
        "$s sysctl -qw net.ipv6.conf.all.forwarding=0",
        "ip_forward",
        "s",
        "tun0",
        "sysctl -w net.ipv6.conf.all.forwarding=1",
        "IP_INADDRERRORS",
    ),
    (
        "$s ip route del fd70::/64 dev eth1",
        "no_route_forwarding",
        "s",
        "tun0",
        "ip route add fd70::/64 dev eth1",
        "IP_INNOROUTES",
    ),
    (
        "$v ip route del fd53::/64",
        "no_route",
        "v",
        "",
        "ip route add fd53::/64 via fd70::1 dev eth0",
        "",
    ),
    (
        "$u ip route del fd70::/64",
        "no_route",
        "u",
        "",
        "ip route add fd70::/64 dev tun0",
        "",
    ),
    (
        "$u sysctl -qw net.ipv6.conf.tun0.hop_limit=1",
        "ttl",
        "s",
        "tun0",
        "sysctl -w net.ipv6.conf.tun0.hop_limit=64",
        "IP_INHDR",
    ),
];

fn broken(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let mut script = format!("{UP}{IPV6}");
    for (broken, ..) in BROKEN {
        script += &format!(
            "{broken}; tunlab why fd70::101 -o json; tunlab why fd70::101 --evidence counters -o json
             tunlab why fd70::101 --fix -o json > $T/fixed 2>&1; tail -n 1 $T/fixed\n"
        );
    }
    let ended = bench.lab(&format!("{script} tunlab lab down"))?;
    let answers = ended.exits(0)?.stdout.lines().map(serde_json::from_str);
    let answers: Result<Vec<Value>, _> = answers.collect();
    let answers = answers.map_err(|why| Problem::Wrong(format!("{why}: {}", ended.stdout)))?;
    for ((_, cause, host, dev, cure, reason), said) in BROKEN.iter().zip(answers.chunks(3)) {
        for answer in &said[..2] {
            let found = &answer["causes"][0];
            let dev = Some(*dev).filter(|dev| !dev.is_empty());
            if (&found["cause"], &found["host"]) != (&(*cause).into(), &(*host).into())
                || dev.is_some_and(|dev| found["dev"] != dev)
            {
                return wrong(format!("not {cause} on {host}, {dev:?}: {answer}"));
            }
            // Who sends sets the hop limit.
            let there = if *cause == "ttl" { "u" } else { host };
            let full = match (cure.strip_prefix("ip "), bench.user.is_root()) {
                (Some(rest), true) => format!("ip -n tunlab-{there} {rest}"),
                (None, true) => format!("ip netns exec tunlab-{there} {cure}"),
                (_, false) => format!("tunlab lab exec {there} -- {cure}"),
            };
            if found["cures"] != Value::from(vec![full.clone()]) {
                return wrong(format!("not cured by {full}: {answer}"));
            }
        }
        let told = said[0]["causes"][0]["reason"].as_str().unwrap_or_default();
        if bench.user.is_root() && told != *reason {
            return wrong(format!("the kernel says {reason}: {}", said[0]));
        }
        if said
            .get(2)
            .is_none_or(|answer| answer["verdict"] != "healthy")
        {
            return wrong(format!("{cause} is not mended: {said:?}"));
        }
    }
    match answers.len() == 3 * BROKEN.len() {
        true => Ok(()),
        false => wrong(format!("{} answers", answers.len())),
    }
}
