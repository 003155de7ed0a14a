//! Task 9: ARP on a TAP device, unanswered and answered.

use super::run::{Bench, needs};
use super::{Problem, Test, wrong};
use serde_json::json;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("arp::unanswered_at_0_1_and_2_seconds", unanswered),
    ("arp::a_forged_answer_convinces_arping", arping),
    ("arp::after_the_answer_ip_frames_follow", frames_follow),
    ("arp::with_echo_ping_succeeds", echo),
];

const MAC: &str = "aa:bb:cc:dd:ee:ff";

fn unanswered(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping", "ip"])?;
    let script = "ping -c 1 -W 4 192.168.53.1; ip neigh show dev tap0";
    let ended = bench.tunlab_with("tap-dump -o json -- sh -c", &[script])?;
    ended.exits(0)?.says(&[
        "From 192.168.53.99 icmp_seq=1 Destination Host Unreachable",
        "192.168.53.1 FAILED",
    ])?;
    let mut first = None;
    for (index, packet) in ended.packets_are(3)?.iter().enumerate() {
        packet.holds(&[
            ("/link", json!("ETHERNET")),
            ("/len", json!(42)),
            ("/layers/0/fields/dst", json!("ff:ff:ff:ff:ff:ff")),
            ("/layers/1/name", json!("ARP")),
            ("/layers/1/fields/op", json!(1)),
            ("/layers/1/fields/psrc", json!("192.168.53.99")),
            ("/layers/1/fields/pdst", json!("192.168.53.1")),
            ("/info", json!("Who has 192.168.53.1? Tell 192.168.53.99")),
        ])?;
        let time: f64 = packet
            .at("/time")
            .as_str()
            .unwrap_or("")
            .parse()
            .unwrap_or(0.0);
        let since = time - *first.get_or_insert(time);
        if (since - index as f64).abs() > 0.5 {
            return wrong(format!("request {index} comes after {since} s"));
        }
    }
    Ok(())
}

fn arping(bench: &Bench) -> Result<(), Problem> {
    needs(&["arping"])?;
    let line =
        format!("tap-dump --arp-reply {MAC} -o json -- arping -c 1 -w 2 -I tap0 192.168.53.1");
    let ended = bench.tunlab(&line)?;
    if ended.stderr.contains("Usage:") {
        return super::missing("this arping is not that of iputils");
    }
    ended.exits(0)?.says(&[
        "Unicast reply from 192.168.53.1 [AA:BB:CC:DD:EE:FF]",
        "Received 1 response(s)",
        "arping exited with code 0",
        "1 packet read from tap0, 1 written to it",
    ])?;
    let packets = ended.packets_are(2)?;
    packets[1].holds(&[
        ("/dir", json!("in")),
        ("/layers/0/fields/src", json!(MAC)),
        ("/layers/1/fields/op", json!(2)),
        ("/layers/1/fields/hwsrc", json!(MAC)),
        ("/layers/1/fields/psrc", json!("192.168.53.1")),
        (
            "/layers/1/fields/hwdst",
            packets[0].field("ARP", "hwsrc").clone(),
        ),
    ])?;
    Ok(())
}

fn frames_follow(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping", "ip"])?;
    let script = "ping -c 2 -i 0.2 -W 1 192.168.53.1; ip neigh show dev tap0";
    let line = format!("tap-dump --arp-reply {MAC} -o json --remarks always -- sh -c");
    let ended = bench.tunlab_with(&line, &[script])?;
    ended.exits(0)?.says(&[
        "2 packets transmitted, 0 received",
        &format!("192.168.53.1 lladdr {MAC} REACHABLE"),
    ])?;
    let packets = ended.packets_are(4)?;
    packets[2].holds(&[
        ("/len", json!(98)),
        ("/layers/0/fields/dst", json!(MAC)),
        ("/protocol", json!("ICMP")),
    ])?;
    if !packets[2].remarks().contains("--echo") {
        return wrong(format!("no remark on --echo: {}", packets[2].0));
    }
    Ok(())
}

fn echo(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ping = "ping -c 2 -i 0.2 -W 1 192.168.53.1";
    let line = format!("tap-dump --arp-reply {MAC} --echo -o json -- {ping}");
    let ended = bench.tunlab(&line)?;
    ended.exits(0)?.says(&[
        "64 bytes from 192.168.53.1: icmp_seq=1 ttl=64",
        "2 packets transmitted, 2 received",
    ])?;
    ended.says_not(&["DIFFERENT"])?;
    let packets = ended.packets_are(6)?;
    packets[3].holds(&[
        ("/len", json!(98)),
        ("/layers/0/fields/src", json!(MAC)),
        ("/layers/2/fields/type", json!(0)),
        ("/remarks", json!([])),
    ])?;
    Ok(())
}
