//! The ways of seeing packets: by packet sockets, at the kernel's tracepoints and at devices.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::{KNOWN, UP, journeys};
use serde_json::Value;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("journey::all_watches_tell_the_same", same),
    ("journey::all_watches_keep_the_same_frames", frames),
    ("journey::programs_are_for_root", for_root),
    ("journey::losses_of_programs_are_said", lost),
    ("journey::loopback_at_all_watches", loopback),
    (
        "journey::a_row_of_probes_waited_in_the_tunnel_s_way",
        at_once,
    ),
    ("journey::devices_upon_others_were_left_out", stacked),
];

/// Pings, whole and in pieces, a handshake, a datagram to a closed port, and a TTL that runs out.
const PROBES: [&str; 5] = ["", "--size 3000", "--tcp 23", "--udp 24", "--ttl 1"];

fn same(bench: &Bench) -> Result<(), Problem> {
    if !bench.user.is_root() {
        return Ok(());
    }
    for probe in PROBES {
        let ended = bench.lab(&format!(
            "{UP} tunlab journey v > /dev/null # so that nobody asks for a neighbour later
             for way in sockets tracepoints devices; do
               tunlab journey {probe} --watch $way -c 2 -i 400ms v -o json; done; tunlab lab down"
        ))?;
        ended.exits(0)?;
        let told: Vec<Vec<String>> = journeys(&ended)
            .iter()
            .map(|told| timeless(&told.0))
            .collect();
        // Three lines about the whole, and one for each hop.
        let whole = told.first().is_some_and(|first| first.len() >= 3 + 8);
        if told.len() != 6 || !whole || told.iter().any(|one| *one != told[0]) {
            return wrong(format!("{probe}: {told:#?}{}", ended.stderr));
        }
    }
    Ok(())
}

/// Who may comes first, nice -10; who may not steps back, `SCHED_BATCH` (3) rather than `SCHED_OTHER`
/// (0): fields 19 and 41 of `man 5 proc_pid_stat`.
fn at_once(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} policy() {{ sed 's/.*) //' /proc/$1/stat | cut -d ' ' -f 17,39 | tr ' ' /; }}
         tunlab journey v -c 400 -i 5ms -o json > /dev/null &
         for try in $(seq 100); do [ $(policy $!) != 0/0 ] && break; sleep 0.02; done
         echo a row: $(policy $!); wait $!
         tunlab journey v -c 2 -i 1s -o json > /dev/null & sleep 0.7
         echo a few: $(policy $!); wait $!; tunlab lab down"
    ))?;
    let row = match bench.user.is_root() {
        true => "a row: -10/0\n",
        false => "a row: 0/3\n",
    };
    ended.exits(0)?.prints(&[row, "a few: 0/0\n"])?;
    Ok(())
}

/// What a journey says without the times and the probe's own port, its hops in an order that does not depend on which piece
/// of a packet was faster.
fn timeless(told: &Value) -> Vec<String> {
    let mut lines: Vec<String> = ["delivered", "answered", "drop"]
        .iter()
        .map(|key| format!("{key} {}", told[key]))
        .collect();
    for hop in told["hops"].as_array().into_iter().flatten() {
        let mut hop = hop.clone();
        if let Some(parts) = hop.as_object_mut() {
            parts.retain(|key, _| key != "t_us" && key != "n");
        }
        // A probe's port is one that the kernel chose, of 32768 and above.
        let text = hop.to_string();
        let is_chosen = |word: &&str| word.parse().is_ok_and(|port: u16| port >= 32_768);
        let words = text.split(' ').filter(|word| !is_chosen(word));
        lines.push(words.collect::<Vec<_>>().join(" "));
    }
    lines.sort();
    lines
}

fn frames(bench: &Bench) -> Result<(), Problem> {
    if !bench.user.is_root() {
        return Ok(());
    }
    let ended = bench.lab(&format!(
        "{UP} tunlab journey v > /dev/null
         for way in sockets tracepoints devices; do
           tunlab journey --size 3000 --watch $way -w $T/$way.pcapng v > /dev/null
           tunlab read -o json $T/$way.pcapng; done; tunlab lab down"
    ))?;
    ended.exits(0)?;
    let frames: Vec<String> = ended.stdout.lines().filter_map(outline).collect();
    let sorted = |some: &[String]| {
        let mut some = some.to_vec();
        some.sort();
        some
    };
    let ways: Vec<Vec<String>> = frames.chunks(44).map(sorted).collect();
    match ways.len() == 3 && ways.iter().all(|way| *way == ways[0]) {
        true => Ok(()),
        false => wrong(format!("{ways:#?}")),
    }
}

/// Where a frame was seen, what it begins with, its length on the wire and in the file.
fn outline(line: &str) -> Option<String> {
    let frame: Value = serde_json::from_str(line).ok()?;
    let keys = [
        "iface", "dir", "link", "len", "caplen", "src", "dst", "protocol",
    ];
    Some(keys.map(|key| frame[key].to_string()).join(" "))
}

/// An ordinary user's probes are seen by sockets without a word, unless programs were asked for.
fn for_root(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} for way in tracepoints devices; do
           tunlab journey --watch $way -c 2 -i 5ms v -o json; echo code $?; done
         tunlab journey -c 2 -i 5ms v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?;
    let all = journeys(&ended);
    for told in &all {
        told.goes(&KNOWN)?.ends(true, true)?;
    }
    match bench.user.is_root() {
        true => ended.prints(&["code 0\n"])?.says_not(&["as root"])?,
        false => ended
            .prints(&["code 3\n", "code 0\n"])?
            .says(&["not permitted (EPERM); run it as root"])?,
    };
    match (all.len(), bench.user.is_root()) {
        (6, true) | (2, false) => Ok(()),
        (others, _) => wrong(format!("{others} journeys: {}", ended.stderr)),
    }
}

/// A journey that is stopped while others ping has no room for all that it is shown.
fn lost(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping"])?;
    if !bench.user.is_root() {
        return Ok(());
    }
    for way in ["tracepoints", "devices"] {
        let ended = bench.lab(&format!(
        "{UP} tunlab journey --watch {way} --size 1428 -c 2 -i 3 v -o json > $T/told 2> $T/said & journey=$!
         until [ -s $T/told ]; do sleep 0.02; done; kill -STOP $journey
         tunlab lab exec u -- ping -q -f -c 3000 -s 1400 10.0.2.11 > /dev/null; kill -CONT $journey
         wait $journey; echo code $?; cat $T/said; tunlab lab down"
    ))?;
        ended.exits(0)?.prints(&[
            "the capture itself lost ",
            " packets on u: hops may be missing",
            " packets on s: hops may be missing",
        ])?;
    }
    Ok(())
}

/// A packet that stays on its host is sent and received on one device, whole, though no cable would
/// carry it.
fn loopback(bench: &Bench) -> Result<(), Problem> {
    let ways: &[&str] = match bench.user.is_root() {
        true => &["sockets", "tracepoints", "devices"],
        false => &["sockets"],
    };
    for way in ways {
        let ended = bench.lab(&format!(
            "{UP} tunlab journey --watch {way} --size 40000 u 10.0.2.8 -o json; tunlab lab down"
        ))?;
        ended.exits(0)?;
        let all = journeys(&ended);
        let [told] = &all[..] else {
            return wrong(format!("{way}: {}{}", ended.stdout, ended.stderr));
        };
        told.goes(&["u lo out", "u lo in", "u lo out", "u lo in"])?
            .ends(true, true)?;
    }
    Ok(())
}

/// Only the lower device's reception is seen at the tracepoint; a device's own program sees each.
fn stacked(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "sysctl"])?;
    let (at_devices, expected) = match bench.user.is_root() {
        true => ("tunlab journey --watch devices 10.78.0.2 -o json", 4),
        false => ("true", 3),
    };
    let ended = bench.lab(&format!(
        "{UP} u='tunlab lab exec u --'; s='tunlab lab exec s --'; v='tunlab lab exec v --'
         $s ip link add link eth1 name mv0 type macvlan mode bridge || echo cannot
         $v ip link add link eth0 name mv0 type macvlan mode bridge || echo cannot
         # Who has an address answers for it, and nobody else.
         for host in s v; do
           tunlab lab exec $host -- sysctl -qw net.ipv4.conf.all.arp_ignore=1 || exit; done
         $s ip addr add 10.78.0.1/24 dev mv0; $s ip link set mv0 up
         $v ip addr add 10.78.0.2/24 dev mv0; $v ip link set mv0 up
         $v ip route add 192.168.53.0/24 via 10.78.0.1; $u ip route add 10.78.0.0/24 dev tun0
         tunlab journey 10.78.0.2 -o json; tunlab journey -c 2 -i 5ms 10.78.0.2 -o json
         {at_devices}; tunlab lab down"
    ))?;
    ended.exits(0)?;
    if ended.stdout.contains("cannot") {
        return Err(Problem::Missing("macvlan in this kernel".to_owned()));
    }
    let all = journeys(&ended);
    let way = [
        "u tun0 out",
        "u eth0 out wrapped",
        "s eth0 in wrapped",
        "s tun0 in",
        "s mv0 out",
        "s eth1 out",
        "v eth0 in",
        "v mv0 in",
        "v mv0 out",
        "v eth0 out",
        "s eth1 in",
        "s mv0 in",
        "s tun0 out",
        "s eth0 out wrapped",
        "u eth0 in wrapped",
        "u tun0 in",
    ];
    for told in &all {
        told.goes(&way)?.ends(true, true)?;
    }
    match all.len() == expected {
        true => Ok(()),
        false => wrong(format!("{} journeys: {}", all.len(), ended.stderr)),
    }
}
