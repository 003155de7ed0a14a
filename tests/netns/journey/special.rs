//! What happens to packets on the way, shown as what it is.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::{KNOWN, Told, UP, journey, journeys};
use serde_json::{Value, json};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("journey::a_neighbour_that_does_not_answer", nobody_there),
    ("journey::a_retransmission", retransmitted),
    ("journey::losses_of_the_capture_are_said", lost),
    ("journey::fragments", fragments),
    (
        "journey::fragments_of_the_datagram_around_it",
        outer_fragments,
    ),
    ("journey::copies_ran_to_and_fro", copies),
    ("journey::a_redirect_and_a_bounce", redirected),
    ("journey::addresses_rewritten_by_nft", rewritten),
    ("journey::arp_before_the_first_hop", waited),
    ("journey::a_packet_that_cannot_be_sent", unsent),
    ("journey::no_server_behind_the_tunnel", no_server),
    (
        "journey::segments_of_64_kb_have_partial_checksums",
        segments,
    ),
    ("journey::killed_it_leaves_nothing", killed),
];

fn waited(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab journey u s -o json && tunlab journey u s -o list && tunlab lab down"
    ))?;
    ended.exits(0)?;
    journey(&ended)?
        .goes(&["u eth0 out", "s eth0 in", "s eth0 out", "u eth0 in"])?
        .changed(&["for ARP: 10.0.2.11 is at "])?;
    // The second one knows its neighbour.
    match ended.stdout.contains("u eth0 out  10.0.2.8") && !ended.stdout.contains("who has") {
        true => Ok(()),
        false => wrong(ended.stdout.clone()),
    }
}

fn nobody_there(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab journey 192.168.70.7 -o list; echo code $?
         tunlab journey 10.0.2.77 -o list; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let (far, near) = ended.stdout.split_once("code 1\n").unwrap_or_default();
    let asks = "s eth1 out  ARP who has 192.168.70.7? tell 192.168.70.1";
    if far.matches(asks).count() != 3
        || !far.contains("192.168.53.5 reports an ICMP error: Destination Host Unreachable")
    {
        return wrong(far);
    }
    match near.contains("u eth0 out  ARP who has 10.0.2.77? tell 10.0.2.8") {
        true => Ok(()),
        false => wrong(near),
    }
}

fn retransmitted(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- nft 'add table t; add chain t f {{ type filter hook forward \
         priority 0; }}; add rule t f tcp dport 24 drop' || exit
         tunlab journey --tcp 24 v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let told = journey(&ended)?;
    told.goes(&[&KNOWN[..4], &KNOWN[..4]].concat())?
        .ends(false, false)?
        .changed(&["sent again after 1.0"])?;
    Ok(())
}

fn fragments(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab journey --size 2000 v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 0"])?;
    let told = journey(&ended)?;
    told.ends(true, true)?.changed(&[
        "fragmented: bytes 0 to 1448",
        "fragmented: bytes 1448 to 1980, the last one",
    ])?;
    for place in KNOWN {
        let pieces = told.way().iter().filter(|hop| *hop == place).count();
        if pieces < 2 {
            return wrong(format!("{pieces} pieces at {place}: {:#?}", told.way()));
        }
    }
    let [first, second] = [0, 1].map(|at| &told.hops()[at]["fragment"]);
    if first != &json!({"offset": 0, "len": 1448, "more": true})
        || second != &json!({"offset": 1448, "len": 532, "more": false})
    {
        return wrong(format!("the pieces: {first}, {second}"));
    }
    legs(&told, &["there", "back"])
}

/// Requires that the journey has these legs, in this order.
fn legs(told: &Told, expected: &[&str]) -> Result<(), Problem> {
    let legs = told.hops().iter().map(|hop| hop["leg"].as_str());
    let mut legs: Vec<&str> = legs.flatten().collect();
    legs.dedup();
    match legs == expected {
        true => Ok(()),
        false => wrong(format!("the legs are {legs:?}")),
    }
}

/// The datagram around the packet is longer than the cable takes; and an error comes back.
fn outer_fragments(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec u -- ip link set dev eth0 mtu 900
         tunlab journey --size 1200 --ttl 1 v -o json; tunlab lab down"
    ))?;
    ended.exits(0)?;
    let told = journey(&ended)?;
    legs(&told, &["there", "error"])?;
    let pieces = told.hops().iter().filter(|hop| hop["host"] == "u");
    let pieces: Vec<&Value> = pieces.map(|hop| &hop["outer_fragment"]).collect();
    let expected = [
        json!(null),
        json!({"offset": 0, "len": 880, "more": true}),
        json!({"offset": 880, "len": 328, "more": false}),
    ];
    if !pieces
        .iter()
        .zip(&expected)
        .all(|(one, wanted)| *one == wanted)
    {
        return wrong(format!("the pieces of the datagram: {pieces:?}"));
    }
    let whole = told.hops().iter().all(|hop| hop["fragment"].is_null());
    match whole && pieces.len() > expected.len() {
        true => Ok(()),
        false => wrong(format!("the packet itself: {}", told.0)),
    }
}

/// S sends a copy of the packet back to U, then one of the datagram around it to V; and the ladder
/// has arrows only from who sent to who got. Fragments of the datagram were drawn wrong, too.
fn copies(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "nft"])?;
    let ended = bench.lab(&format!(
        "{UP} s='tunlab lab exec s --'; tunlab journey v > /dev/null
         $s nft 'add table ip t; add chain ip t p {{ type filter hook prerouting priority 0; }}; \
           add rule ip t p iifname tun0 icmp type echo-request dup to 10.0.2.8 device eth0' || exit
         tunlab journey v -o json; $s nft delete table ip t
         $s nft 'add table netdev t; add chain netdev t p {{ type filter hook ingress device eth0 \
           priority 0; }}; add rule netdev t p ip protocol udp dup to eth1' || exit
         tunlab journey v -o json; $s nft delete table netdev t
         for host in u s; do tunlab lab exec $host -- ip link set dev eth0 mtu 100; done
         tunlab journey v -o ladder; tunlab lab down"
    ))?;
    ended.exits(0)?;
    let (there, back) = KNOWN.split_at(4);
    let [packet, datagram] = &journeys(&ended)[..] else {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    };
    let copy = ["s eth0 out", "u eth0 in"];
    packet
        .goes(&[there, &copy, back].concat())?
        .changed(&["duplicate: a second copy of the packet at hop 7"])?;
    let copy = ["s eth1 out wrapped", "v eth0 in wrapped"];
    datagram
        .goes(&[&there[..3], &copy, &there[3..], back].concat())?
        .changed(&["duplicate: a second copy of the packet at hop 6"])?;
    // Time may change the order of pieces, but not who sends them.
    let (ways, turned) = ended.stdout.split_once("  back: ").unwrap_or_default();
    match (
        ways.matches("╞═══════▶").count(),
        turned.matches("◀═══════╡").count(),
    ) {
        (2, 2) if !ways.contains('◀') && !turned.contains('▶') => Ok(()),
        _ => wrong(ended.stdout.clone()),
    }
}

/// S has the whole network on its side of the tunnel: what nobody there has goes back.
fn redirected(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- sysctl -qw net.ipv4.conf.all.send_redirects=1 \
           net.ipv4.conf.tun0.send_redirects=1 || exit
         tunlab journey -W 0.3 192.168.53.77 -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let told = journey(&ended)?;
    told.ends(false, false)?.changed(&[
        "bounced: leaves by the device it came in by",
        "reported: ICMP redirect: use 192.168.53.77 for 192.168.53.77",
    ])?;
    Ok(())
}

fn rewritten(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- nft 'add table ip t; add chain ip t post {{ type nat hook postrouting \
         priority 100; }}; add rule ip t post oifname eth1 masquerade; add chain ip t pre {{ type nat hook \
         prerouting priority -100; }}; add rule ip t pre tcp dport 2323 redirect to :23; add rule ip t pre \
         tcp dport 2424 dnat to 192.168.70.101:23' || exit
         for probe in '' '--tcp 23' '--udp 9' '--tcp 2424'; do
           tunlab journey $probe v -o json; done; tunlab lab down"
    ))?;
    ended.exits(0)?;
    let [echo, tcp, udp, forwarded] = &journeys(&ended)[..] else {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    };
    for told in [echo, tcp, udp, forwarded] {
        told.goes(&KNOWN)?;
    }
    echo.ends(true, true)?.changed(&[
        "source 192.168.53.99 to 192.168.70.1 (NAT)",
        "destination 192.168.70.1 to 192.168.53.99 (NAT)",
    ])?;
    tcp.ends(true, true)?
        .changed(&["source 192.168.53.99:", " to 192.168.70.1:"])?;
    udp.ends(true, false)?
        .changed(&["reported: ICMP error: Destination Port Unreachable"])?;
    forwarded.ends(true, true)?.changed(&[
        "destination 192.168.70.101:2424 to 192.168.70.101:23 (NAT)",
        "source 192.168.70.101:23 to 192.168.70.101:2424 (NAT)",
    ])?;
    Ok(())
}

fn unsent(bench: &Bench) -> Result<(), Problem> {
    let ended = bench
        .lab("tunlab lab up || exit; tunlab journey v -o list; echo code $?; tunlab lab down")?;
    ended.exits(0)?.prints(&[
        "no packet left u",
        "send to 192.168.70.101: network is unreachable (ENETUNREACH)",
        "code 1",
    ])?;
    Ok(())
}

/// The error is about the datagram around the packet.
fn no_server(bench: &Bench) -> Result<(), Problem> {
    needs(&["pkill"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- sh -c 'for p in /proc/[0-9]*; do \
           tr \"\\0\" \" \" < $p/cmdline | grep -q -e --listen && kill ${{p#/proc/}}; done; true'
         # Its port, 9090, is closed.
         while tunlab lab exec s -- grep -q :2382 /proc/net/udp; do sleep 0.01; done
         tunlab journey -W 0.5 v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let told = journey(&ended)?;
    told.goes(&[&KNOWN[..3], &["s eth0 out", "u eth0 in"]].concat())?
        .ends(false, false)?
        .changed(&["reported: ICMP error: Destination Port Unreachable"])?;
    Ok(())
}

/// Bulk over the cable: what is seen of it is longer than any wire allows, and its checksum is not
/// there yet.
fn segments(bench: &Bench) -> Result<(), Problem> {
    needs(&["iperf3", "tshark"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- iperf3 -s -1 --forceflush > $T/server &
         until_said listening $T/server
         (until_said waiting $T/said; tunlab lab exec u -- iperf3 -c 10.0.2.11 -n 20M) > /dev/null &
         tunlab journey --attach 'tcp.dstport == 5201 && frame.len > 20000' u -o list -w $T/bulk.pcapng 2> $T/said
         HOME=$T tshark -n -r $T/bulk.pcapng -T fields -e frame.len 2> /dev/null; wait; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        "checksum partial: a device will complete it",
        " bytes, TTL 64",
    ])?;
    let longest = ended
        .stdout
        .lines()
        .filter_map(|line| line.parse::<u32>().ok())
        .max();
    match longest {
        Some(20_000..) => Ok(()),
        other => wrong(format!(
            "the longest frame has {other:?} bytes: {}",
            ended.stdout
        )),
    }
}

/// A journey that is stopped while packets pass has no room for all of them.
fn lost(bench: &Bench) -> Result<(), Problem> {
    needs(&["iperf3"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- iperf3 -s -1 --forceflush > $T/server &
         until_said listening $T/server
         tunlab journey --attach 'icmp.type == 8' u -o json 2> $T/said & journey=$!
         until_said waiting $T/said; kill -STOP $journey
         tunlab lab exec u -- iperf3 -c 10.0.2.11 -n 100M > /dev/null; kill -CONT $journey
         # Until one finds room again.
         tunlab lab exec u -- ping -i 0.2 -w 30 192.168.70.101 > /dev/null & ping=$!
         wait $journey; echo code $?; kill $ping; cat $T/said; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        "the capture itself lost ",
        " packets on u: hops may be missing",
    ])?;
    Ok(())
}

fn killed(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab journey --watch sockets -c 1000 -i 5ms v > /dev/null & sleep 0.3; kill -9 $!; wait $! 2> /dev/null
         for host in u s v; do tunlab lab exec $host -- sh -c 'tail -n +2 /proc/net/packet' ; done
         tunlab journey v -o json; tunlab lab down
         tunlab journey --demo -c 1000 -i 5ms v > /dev/null & sleep 0.5; kill -9 $!; wait $! 2> /dev/null
         for try in $(seq 500); do [ -z \"$(lab_mounts)\" ] && break; sleep 0.02; done; lab_mounts; true"
    ))?;
    ended.exits(0)?;
    journey(&ended)?.goes(&KNOWN)?;
    match ended.stdout.lines().count() {
        1 => Ok(()),
        _ => wrong(format!("left behind: {}", ended.stdout)),
    }
}
