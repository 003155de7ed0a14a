//! Task 2.c: what a device carries is read as it is, and nothing else is.

use super::run::{Bench, needs};
use super::user::Start;
use super::{Problem, Test, wrong};
use serde_json::json;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("read::ping_is_84_bytes", ping_is_84_bytes),
    ("read::without_a_route_nothing_arrives", without_a_route),
    ("read::stops_after_as_many_as_asked", stops_after_count),
    ("read::writes_what_tcpdump_reads", writes_a_capture),
    ("read::an_existing_interface", interface),
    (
        "read::router_solicitation_of_a_fresh_tun",
        router_solicitation,
    ),
    ("read::listener_report_of_a_joined_group", listener_report),
    ("read::noise_of_a_fresh_tap", tap_noise),
    ("read::ipv6_is_off_unless_asked_for", no_ipv6),
];

fn ping_is_84_bytes(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ended = bench.tunlab("read -o json -- ping -c 2 -i 0.2 -W 1 192.168.53.1")?;
    ended.exits(0)?.says(&[
        "2 packets transmitted, 0 received",
        "ping exited with code 1\n",
        "2 packets read from tun0\n",
    ])?;
    for (index, packet) in ended.packets_are(2)?.iter().enumerate() {
        packet.holds(&[
            ("/n", json!(index + 1)),
            ("/link", json!("RAW")),
            ("/iface", json!("tun0")),
            ("/dir", json!("out")),
            ("/len", json!(84)),
            ("/src", json!("192.168.53.99")),
            ("/dst", json!("192.168.53.1")),
            ("/layers/0/fields/len", json!(84)),
            ("/layers/0/fields/flags", json!("DF")),
            ("/layers/1/fields/type", json!(8)),
            ("/layers/1/fields/seq", json!(index + 1)),
            ("/remarks", json!([])),
        ])?;
    }
    Ok(())
}

fn without_a_route(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping", "ip"])?;
    let script = "ping -c 1 -W 1 192.168.70.101; ip route get 192.168.70.101";
    let ended = bench.tunlab_with("read -o json -- sh -c", &[script])?;
    ended.exits(0)?.says(&[
        "Network is unreachable",
        "RTNETLINK answers: Network is unreachable",
        "0 packets read from tun0",
    ])?;
    ended.packets_are(0)?;
    let line = "read -o json --route 192.168.70.0/24 -- ping -c 1 -W 1 192.168.70.101";
    let routed = bench.tunlab(line)?;
    routed.packets_are(1)?[0].holds(&[("/dst", json!("192.168.70.101"))])?;
    Ok(())
}

fn stops_after_count(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    let ended = bench.tunlab("read -c 2 -o json -- ping -i 0.2 192.168.53.1")?;
    ended.exits(0)?.says(&["2 packets read from tun0"])?;
    ended.packets_are(2)?;
    Ok(())
}

fn writes_a_capture(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping", "tcpdump"])?;
    let file = bench.file("capture.pcap");
    let file = file.display();
    for (command, link, what) in [
        (
            "read",
            "link-type RAW",
            "IP 192.168.53.99 > 192.168.53.1: ICMP echo request",
        ),
        (
            "tap-dump",
            "link-type EN10MB",
            "ARP, Request who-has 192.168.53.1 tell 192.168.53.99",
        ),
    ] {
        let line = format!("{command} -c 1 -q -w {file} -- ping -c 1 -W 1 192.168.53.1");
        let ended = bench.tunlab(&line)?;
        ended.exits(0)?;
        let dump = bench.shell(Start::Plain, &format!("tcpdump -nn -r {file} 2>&1"))?;
        dump.exits(0)?.prints(&[link, what])?;
        let back = bench.tunlab(&format!("read -o json {file}"))?;
        back.exits(0)?.packets_are(1)?;
        if !ended.stdout.is_empty() {
            return wrong(format!("-q prints: {}", ended.stdout));
        }
    }
    let stream = bench.shell(
        Start::Plain,
        "tunlab read -c 1 -w - -- ping -c 1 -W 1 192.168.53.1 2>/dev/null | tcpdump -nn -r - 2>&1",
    )?;
    stream.exits(0)?.prints(&["ICMP echo request, id"])?;
    Ok(())
}

fn interface(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping", "ip"])?;
    let ended = bench.script(
        "ip link set dev lo up
         tunlab read -i lo -c 2 -o json 2> $T/err & pid=$!
         for try in 1 2 3 4 5 6 7 8; do ping -c 1 -W 1 127.0.0.1 > /dev/null
         kill -0 $pid 2>/dev/null || break; sleep 0.05; done
         wait $pid || exit 1
         cat $T/err >&2",
    )?;
    ended.exits(0)?.says(&["2 packets read from lo"])?;
    let packets = ended.packets_are(2)?;
    packets[0].holds(&[("/iface", json!("lo")), ("/src", json!("127.0.0.1"))])?;
    packets[1].holds(&[("/protocol", json!("ICMP"))])?;
    Ok(())
}

/// The course's report prints this packet as `0.0.0.0 --> 222.178.26.124`.
fn router_solicitation(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab("read --ipv6 -c 1 -o json -- sleep 6")?;
    ended.exits(0)?;
    let packets = ended.packets_are(1)?;
    packets[0].holds(&[
        ("/dst", json!("ff02::2")),
        ("/protocol", json!("ICMPv6")),
        ("/layers/0/fields/version", json!(6)),
        ("/layers/1/fields/type", json!(133)),
    ])?;
    if !packets[0].remarks().contains("fresh TUN") {
        return wrong(format!("no remark: {}", packets[0].0));
    }
    Ok(())
}

fn listener_report(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip"])?;
    // A TUN has no link-layer multicast, so the kernel reports only what somebody joins.
    let script = "ip -6 addr add ff15::123 dev tun0 autojoin 2>&1; sleep 1.5";
    let ended = bench.tunlab_with("read --ipv6 -o json -- sh -c", &[script])?;
    ended.exits(0)?;
    let packets = ended.packets()?;
    let Some(report) = packets
        .iter()
        .find(|packet| *packet.at("/dst") == "ff02::16")
    else {
        return wrong(format!("no report:\n{}{}", ended.stdout, ended.stderr));
    };
    report.holds(&[("/layers/0/fields/version", json!(6))])?;
    Ok(())
}

fn tap_noise(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab("tap-dump --ipv6 -c 3 -o json -- sleep 4")?;
    ended.exits(0)?;
    let packets = ended.packets()?;
    let to = |address: &str| packets.iter().find(|packet| *packet.at("/dst") == address);
    let Some(report) = to("ff02::16") else {
        return wrong(format!("no report:\n{}", ended.stdout));
    };
    report.holds(&[
        ("/layers/0/fields/dst", json!("33:33:00:00:00:16")),
        ("/layers/0/fields/type", json!(0x86dd)),
    ])?;
    Ok(())
}

fn no_ipv6(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.tunlab("tap-dump -o json -- sleep 1.5")?;
    ended.exits(0)?.packets_are(0)?;
    Ok(())
}
