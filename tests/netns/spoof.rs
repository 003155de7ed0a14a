//! Task 2.d, the forged answers: when the kernel and ping accept them.

use super::ended::{Ended, counter};
use super::run::{Bench, needs};
use super::{Problem, Test, wrong};
use serde_json::json;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("spoof::reply_from_1_2_3_4", forged_reply),
    ("spoof::rp_filter_1_loses_it", strict_filter),
    ("spoof::rp_filter_2_loses_it_without_a_route", loose_filter),
    (
        "spoof::rp_filter_2_takes_it_with_a_default_route",
        loose_filter_with_route,
    ),
    ("spoof::same_is_taken_in_every_setting", same),
    ("spoof::verbatim_keeps_ping_silent", verbatim),
    (
        "spoof::verbatim_is_answered_where_a_default_route_is",
        verbatim_with_route,
    ),
    ("spoof::what_is_no_ping", other_packets),
];

const PING: &str = "ping -c 2 -i 0.2 -W 1 192.168.53.1";

fn forged_reply(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    for command in ["spoof", "spoof --src 1.2.3.4", "spoof-reply"] {
        let ended = bench.tunlab(&format!("{command} -o json -- {PING}"))?;
        ended.exits(0)?.says(&[
            "read from tun0\nwrote to tun0\n",
            "64 bytes from 1.2.3.4: icmp_seq=1 ttl=64 time=",
            "ms (DIFFERENT ADDRESS!)\n",
            "2 packets transmitted, 2 received, 0% packet loss",
            "ping exited with code 0\n",
            "2 packets read from tun0, 2 written to it\n",
        ])?;
        let packets = ended.packets_are(4)?;
        for pair in packets.chunks(2) {
            let [question, answer] = pair else { break };
            question.holds(&[("/dir", json!("out")), ("/layers/1/fields/type", json!(8))])?;
            answer.holds(&[
                ("/dir", json!("in")),
                ("/src", json!("1.2.3.4")),
                ("/dst", json!("192.168.53.99")),
                ("/layers/1/fields/type", json!(0)),
                ("/layers/1/fields/id", question.field("ICMP", "id").clone()),
                (
                    "/layers/1/fields/seq",
                    question.field("ICMP", "seq").clone(),
                ),
                (
                    "/layers/2/fields/load",
                    question.field("Raw", "load").clone(),
                ),
                // No remark: both checksums are right.
                ("/remarks", json!([])),
            ])?;
        }
    }
    let other = bench.tunlab(&format!("spoof -q --src 9.8.7.6 -- {PING}"))?;
    other
        .says(&["64 bytes from 9.8.7.6: "])?
        .says_not(&["read from tun0\n"])?;
    Ok(())
}

fn strict_filter(bench: &Bench) -> Result<(), Problem> {
    let ended = filtered(bench, "spoof", 1, "true")?;
    ended.says(&["2 packets transmitted, 0 received"])?;
    dropped(&ended, 2)
}

fn loose_filter(bench: &Bench) -> Result<(), Problem> {
    let ended = filtered(bench, "spoof", 2, "true")?;
    ended.says(&["2 packets transmitted, 0 received"])?;
    dropped(&ended, 2)
}

fn loose_filter_with_route(bench: &Bench) -> Result<(), Problem> {
    let ended = filtered(bench, "spoof", 2, "ip route add default dev lo")?;
    ended.says(&["2 packets transmitted, 2 received", "(DIFFERENT ADDRESS!)"])?;
    dropped(&ended, 0)
}

fn same(bench: &Bench) -> Result<(), Problem> {
    for filter in 0..=2 {
        let ended = filtered(bench, "spoof --src same", filter, "true")?;
        ended.says(&[
            "64 bytes from 192.168.53.1: ",
            "2 packets transmitted, 2 received",
        ])?;
        ended.says_not(&["DIFFERENT"])?;
        dropped(&ended, 0)?;
    }
    Ok(())
}

fn verbatim(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let script = format!("cat /proc/net/snmp; {PING}; cat /proc/net/snmp");
    let line = "spoof --verbatim -o json --remarks always -- sh -c";
    let ended = bench.tunlab_with(line, &[&script])?;
    ended
        .says(&["2 packets transmitted, 0 received"])?
        .says_not(&["64 bytes from"])?;
    let rose = |protocol, name| -> Result<u64, Problem> {
        let before = counter(&ended.stderr, protocol, name, 0)?;
        Ok(counter(&ended.stderr, protocol, name, 1)? - before)
    };
    let counters = [
        ("Icmp", "InEchos", 2),
        ("Icmp", "InErrors", 0),
        ("Ip", "InHdrErrors", 0),
    ];
    for (protocol, name, expected) in counters {
        let rose = rose(protocol, name)?;
        if rose != expected {
            return wrong(format!(
                "{protocol}.{name} rose by {rose}, expected {expected}"
            ));
        }
    }
    let packets = ended.packets_are(4)?;
    packets[1].holds(&[
        ("/src", json!("1.2.3.4")),
        ("/layers/1/fields/type", json!(8)),
        (
            "/layers/1/fields/chksum",
            packets[0].field("ICMP", "chksum").clone(),
        ),
    ])?;
    for part in ["still an echo request", "silent", "Icmp.InEchos"] {
        if !packets[1].remarks().contains(part) {
            return wrong(format!(
                "the remark lacks {part:?}: {}",
                packets[1].remarks()
            ));
        }
    }
    Ok(())
}

/// The host that was sent a request answers it, towards an address that it has never heard of.
fn verbatim_with_route(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let line = "spoof --verbatim -c 2 -o json --route 1.2.3.4/32 -- ping -c 1 -W 1 192.168.53.1";
    let ended = bench.tunlab(line)?;
    let packets = ended.exits(0)?.packets()?;
    let answer = packets
        .iter()
        .find(|packet| *packet.at("/dst") == "1.2.3.4");
    let Some(answer) = answer else {
        return wrong(format!("the kernel does not answer:\n{}", ended.stdout));
    };
    answer.holds(&[
        ("/src", json!("192.168.53.99")),
        ("/dir", json!("out")),
        ("/layers/1/fields/type", json!(0)),
    ])?;
    Ok(())
}

fn other_packets(bench: &Bench) -> Result<(), Problem> {
    needs(&["python3"])?;
    let send = "python3 -c 'import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b\"hello\", (\"192.168.53.1\", 53))'";
    let ended = bench.tunlab_with("spoof -o json --remarks always -- sh -c", &[send])?;
    let packets = ended.exits(0)?.packets_are(2)?;
    packets[1].holds(&[
        ("/src", json!("1.2.3.4")),
        ("/layers/1/name", json!("UDP")),
        ("/layers/1/fields/dport", json!(53)),
    ])?;
    if !packets[1].remarks().contains("payload untouched") {
        return wrong(format!("no remark: {}", packets[1].0));
    }
    Ok(())
}

/// Pings with the filter set to `filter` for all devices, after `before`.
fn filtered(bench: &Bench, command: &str, filter: u8, before: &str) -> Result<Ended, Problem> {
    needs(&["ping", "ip"])?;
    let script = format!(
        "cd /proc/sys/net/ipv4/conf; echo {filter} > all/rp_filter; echo {filter} > tun0/rp_filter
         {before}; cat /proc/net/netstat; {PING}; cat /proc/net/netstat"
    );
    let ended = bench.tunlab_with(&format!("{command} -o json -- sh -c"), &[&script])?;
    ended.exits(0)?.packets_are(4)?;
    Ok(ended)
}

fn dropped(ended: &Ended, expected: u64) -> Result<(), Problem> {
    let read = |which| counter(&ended.stderr, "TcpExt", "IPReversePathFilter", which);
    let rose = read(1)? - read(0)?;
    if rose != expected {
        return wrong(format!(
            "IPReversePathFilter rose by {rose}, expected {expected}"
        ));
    }
    Ok(())
}
