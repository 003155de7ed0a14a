//! The path of task 5: told in every format, the same in a thousand echoes, also under load.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::{KNOWN, UP, journey, journeys};

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("journey::a_thousand_echoes_take_one_way_under_load", loaded),
    ("journey::a_thousand_echoes_take_one_way", thousand),
    ("journey::twelve_hops_there_and_back", twelve),
    ("journey::a_ladder_and_a_list_tell_it", told),
    (
        "journey::the_frames_are_kept_with_each_hosts_devices_named",
        kept,
    ),
    ("journey::a_ladder_was_wider_than_the_terminal", wide),
    ("journey::a_demo_leaves_nothing", demo),
    ("journey::a_demo_s_tunnel_has_another_port", another_port),
    ("journey::a_demo_watches_without_privileges", unprivileged),
    ("journey::it_is_printed_at_once", at_once),
];

fn twelve(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab journey u v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 0"])?;
    let told = journey(&ended)?;
    told.goes(&KNOWN)?.ends(true, true)?.changed(&[
        "wrapped in UDP 10.0.2.8:",
        " to 10.0.2.11:9090",
        "unwrapped",
        "TTL 64 to 63",
        "answered: echo reply",
    ])?;
    let value = &told.0;
    let head = ["from", "to", "probe", "drop"].map(|key| value[key].to_string());
    if head != ["\"u\"", "\"192.168.70.101\"", "\"icmp\"", "null"] {
        return wrong(format!("{head:?}"));
    }
    let times = told.hops().iter().map(|hop| hop["t_us"].as_f64());
    let times: Vec<f64> = times.flatten().collect();
    let numbers = told.hops().iter().map(|hop| hop["n"].as_u64());
    let ordered = times.len() == 12 && times[0] == 0.0 && times.is_sorted();
    if !ordered || !numbers.eq((1..=12).map(Some)) {
        return wrong(format!("times {times:?}"));
    }
    let inside = &told.hops()[1];
    let facts = ["src", "dst", "ttl"].map(|key| inside[key].to_string());
    if facts != ["\"192.168.53.99\"", "\"192.168.70.101\"", "64"] {
        return wrong(format!("the second hop: {inside}"));
    }
    Ok(())
}

/// The words that text has where JSON has keys.
fn told(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} for format in ladder list; do tunlab journey v -o $format || exit; done
         tunlab journey v | cmp -s - /dev/null && echo nothing; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        "u                s             v",
        "tun0  eth0    eth0  tun0  eth1    eth0",
        "  3    │     ╞═══════▶",
        " 12    ◀─────┤",
        "═ in UDP 10.0.2.8:",
        "12 hops",
        "delivered and answered",
        "u tun0 out  192.168.53.99 → 192.168.70.101 echo request, TTL 64",
        "→ 10.0.2.11:9090 | 192.168.53.99 → 192.168.70.101 echo request, TTL 64",
        "                 wrapped in UDP 10.0.2.8:",
        "                 TTL 64 to 63",
    ])?;
    let wide = ended.stdout.lines().filter(|line| line.contains('│'));
    match wide.map(|line| line.chars().count()).max() {
        Some(..=80) => Ok(()),
        width => wrong(format!("the ladder has {width:?} columns")),
    }
}

/// The way from site to site has eight devices.
fn wide(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(
        "tunlab lab up --tunnel site2site || exit
         for columns in 80 70; do COLUMNS=$columns tunlab journey v -o ladder; done; tunlab lab down",
    )?;
    ended
        .exits(0)?
        .prints(&["eth0  eth1 tun0 eth0  eth0 tun0 eth1  eth0", "u eth0 out  "])?
        .says(&["the ladder takes 80 columns, and here are 70: a list instead"])?;
    let lanes = ended.stdout.lines().filter(|line| line.contains('│'));
    match lanes.map(|line| line.chars().count()).max() {
        Some(..=80) => Ok(()),
        width => wrong(format!(
            "the ladder has {width:?} columns: {}",
            ended.stdout
        )),
    }
}

/// How long an echo may be out of sight: no machine is so busy that one that arrives takes longer.
const PATIENCE: &str = "-W 10";

fn thousand(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab journey -c 1000 -i 5ms {PATIENCE} v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 0"])?.says_not(&["lost"])?;
    all_known(&ended, 1000)
}

/// The tunnel as full as iperf3 gets it, and 64 KB segments on the cable between U and S. A full
/// queue throws echoes away: they go the known way as far as they get, and the kernel counted them.
fn loaded(bench: &Bench) -> Result<(), Problem> {
    needs(&["iperf3"])?;
    let ended = bench.lab(&format!(
        "{UP} for host in s v; do
           tunlab lab exec $host -- iperf3 -s -1 --forceflush > $T/$host & until_said listening $T/$host
         done
         sent() {{ tunlab lab exec u -- cat /sys/class/net/$1/statistics/tx_packets; }}
         tunlab lab exec u -- iperf3 -c 192.168.70.101 -t 9 > $T/tunnel & tunnel=$!
         tunlab lab exec u -- iperf3 -c 10.0.2.11 -b 300M -t 9 > $T/cable & cable=$!
         for try in $(seq 300); do
           [ $(sent tun0) -gt 1000 ] && [ $(sent eth0) -gt 2000 ] && break; sleep 0.05; done
         tunlab journey -c 1000 -i 5ms {PATIENCE} v -o json
         wait $tunnel $cable; cat $T/tunnel $T/cable >&2
         for host in u s; do tunlab lab exec $host -- sh -c \
           'grep ^Udp: /proc/net/snmp | cut -d\" \" -f6 | tail -n 1; cat /sys/class/net/tun0/statistics/tx_dropped'
         done; tunlab lab down"
    ))?;
    ended
        .exits(0)?
        .says(&["receiver"])?
        .says_not(&["the capture itself lost"])?;
    let counted: usize = ended
        .stdout
        .lines()
        .filter_map(|line| line.parse::<usize>().ok())
        .sum();
    let all = journeys(&ended);
    let (whole, lost): (Vec<_>, Vec<_>) = all.iter().partition(|told| told.way() == KNOWN);
    for told in &lost {
        let way = told.way();
        if !KNOWN.iter().zip(&way).all(|(known, hop)| known == hop) {
            return wrong(format!("another way: {way:#?}"));
        }
    }
    // What the device's queue had no room for was not even sent.
    let unsent = lost.iter().filter(|told| told.way().is_empty()).count();
    if unsent
        > ended
            .stderr
            .matches("no buffer space available (ENOBUFS)")
            .count()
    {
        return wrong(format!("{unsent} were not sent: {}", ended.stderr));
    }
    match all.len() == 1000 && whole.len() >= 500 && lost.len() - unsent <= counted {
        true => Ok(()),
        false => wrong(format!(
            "of {} echoes {} came home and {} died; the kernel counted {counted}",
            all.len(),
            whole.len(),
            lost.len()
        )),
    }
}

fn all_known(ended: &super::Ended, count: usize) -> Result<(), Problem> {
    let all = journeys(ended);
    let others: Vec<_> = all
        .iter()
        .map(|told| told.way())
        .filter(|way| way != &KNOWN)
        .collect();
    match (all.len(), others.first()) {
        (found, None) if found == count => Ok(()),
        (found, None) => wrong(format!("{found} journeys: {}", ended.stderr)),
        (found, Some(other)) => wrong(format!(
            "{} of {found} went another way: {other:#?}{}",
            others.len(),
            ended.stderr
        )),
    }
}

fn kept(bench: &Bench) -> Result<(), Problem> {
    needs(&["tshark"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab journey -w $T/way.pcapng v > /dev/null || exit
         HOME=$T tshark -n -r $T/way.pcapng -T fields -e frame.interface_name -e ip.ttl 2> /dev/null
         echo own; tunlab read -f 'icmp.type == 8' -o json $T/way.pcapng; tunlab lab down"
    ))?;
    let (names, own) = ended
        .exits(0)?
        .stdout
        .split_once("own\n")
        .unwrap_or_default();
    let names = names.lines().filter(|line| line.contains('\t'));
    let names: Vec<&str> = names.collect();
    let path = [
        "u.tun0\t64",
        "u.eth0\t64",
        "s.eth0\t64",
        "s.tun0\t64",
        "s.eth1\t63",
        "v.eth0\t63",
        "v.eth0\t64",
        "s.eth1\t64",
        "s.tun0\t63",
        "s.eth0\t64",
        "u.eth0\t64",
        "u.tun0\t63",
    ];
    // What was asked about neighbours meanwhile is kept, too; it has no TTL.
    let packets = names.iter().copied().filter(|name| !name.ends_with('\t'));
    if !packets.eq(path) {
        return wrong(format!("tshark reads {names:?}"));
    }
    match own.matches("\"link\":\"RAW\"").count() >= 2 && own.contains("\"link\":\"ETHERNET\"") {
        true => Ok(()),
        false => wrong(format!("tunlab reads {own}")),
    }
}

fn demo(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab("tunlab journey --demo -o json; echo code $?; lab_mounts; true")?;
    ended.exits(0)?;
    journey(&ended)?.goes(&KNOWN)?;
    match ended.stdout.lines().nth(1) == Some("code 0") && ended.stdout.lines().count() == 2 {
        true => Ok(()),
        false => wrong(format!("{}{}", ended.stdout, ended.stderr)),
    }
}

fn another_port(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab("tunlab journey --demo --tunnel-port 5555 -o json")?;
    journey(ended.exits(0)?)?
        .goes(&KNOWN)?
        .changed(&[" to 10.0.2.11:5555", "unwrapped"])?;
    Ok(())
}

/// Its lab ends although it could not end it itself any more.
fn unprivileged(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(
        "tunlab journey --demo -c 50 -i 20ms > $T/said & demo=$!
         while cap=$(grep ^CapEff /proc/$demo/status) && [ \"${cap%0000000000000000}\" = \"$cap\" ]; do :; done
         echo \"$cap\"; wait $demo; echo code $?; cat $T/said
         lab_mounts; tunlab lab status",
    )?;
    ended.prints(&["CapEff:\t0000000000000000\ncode 0\n50 of 50 packets went this way"])?;
    match ended.stdout.contains("tunlab-j") {
        true => wrong(ended.stdout),
        false => Ok(()),
    }
}

/// It ends with the answer, and each line is there when its packet's answer is: what it would wait
/// for otherwise is half an hour away.
fn at_once(bench: &Bench) -> Result<(), Problem> {
    needs(&["timeout"])?;
    let ended = bench.lab(&format!(
        "{UP} timeout 60 tunlab journey -W 1800 v -o json; echo code $?
         tunlab journey -c 2 -i 1800 v -o json > $T/first & journey=$!
         until_said answered $T/first; kill -INT $journey; wait $journey; echo code $?; cat $T/first
         tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 0\ncode 0\n"])?;
    all_known(&ended, 2)
}
