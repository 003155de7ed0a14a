//! Why packets died: each of several, and somebody else's.

use super::super::run::{Bench, needs};
use super::super::{Problem, Test, wrong};
use super::{KNOWN, UP, journey, journeys};
use serde_json::Value;

pub(crate) const TESTS: &[(&str, Test)] = &[
    ("journey::each_of_several_has_its_own_death", several),
    ("journey::counters_of_several_are_not_one_s_own", together),
    ("journey::some_of_several_die", some),
    (
        "journey::the_firewall_s_rule_was_not_named_nor_where_to_ask",
        firewall,
    ),
    ("journey::somebody_elses_packet_dies", attached),
    ("journey::what_the_kernel_s_witness_did_not_hear", unheard),
    ("journey::the_bulk_thrown_away_left_no_room", bulk),
    ("journey::a_lost_piece_went_unexplained", piece),
    ("journey::three_pieces_were_taken_for_a_loop", pieces),
    ("journey::the_dead_were_waited_for_in_vain", at_once),
    (
        "journey::an_answer_of_several_counted_before_it_was_taken_in",
        at_the_door,
    ),
];

/// The evidence of a death in one text.
fn evidence(drop: &Value) -> String {
    drop["evidence"].to_string()
}

/// The first dies on S, the second one on V, which is set up so only after it was asked first.
fn several(bench: &Bench) -> Result<(), Problem> {
    needs(&["sysctl"])?;
    let change = "sleep 1.5; tunlab lab exec s -- sysctl -qw net.ipv4.ip_forward=1
         tunlab lab exec v -- sysctl -qw net.ipv4.icmp_echo_ignore_all=1";
    let ended = bench.lab(&format!(
        "{UP} for format in json list; do
         tunlab lab exec s -- sysctl -qw net.ipv4.ip_forward=0
         tunlab lab exec v -- sysctl -qw net.ipv4.icmp_echo_ignore_all=0
         ({change}) & tunlab journey -c 2 -i 3 -W 0.3 v -o $format; echo code $?; wait
         done; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&[
        "code 1",
        "1 of 2 packets went this way",
        "ip_forward on s, tun0",
        "echo_ignored on v, eth0",
    ])?;
    let [first, second] = &journeys(&ended)[..] else {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    };
    let drop = first.died("ip_forward", "s", "tun0")?;
    let observed = bench.user.is_root();
    if (drop["basis"] == "observed") != observed
        || (drop["reason"] == "IP_INADDRERRORS") != observed
    {
        return wrong(format!("the kernel's word: {drop}"));
    }
    // One was over when the other began: what was counted for one was not counted for both.
    let both = evidence(drop) + &evidence(second.died("echo_ignored", "v", "eth0")?);
    match both.contains("packets under way together") {
        false => Ok(()),
        true => wrong(both),
    }
}

fn together(bench: &Bench) -> Result<(), Problem> {
    needs(&["sysctl"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- sysctl -qw net.ipv4.ip_forward=0
         tunlab journey -c 3 -i 20ms -W 0.4 v -o json; tunlab journey -W 0.4 v -o json; tunlab lab down"
    ))?;
    ended.exits(0)?;
    let all = journeys(&ended);
    let [together @ .., alone] = &all[..] else {
        return wrong(ended.stderr.clone());
    };
    for told in together {
        let drop = told.died("ip_forward", "s", "tun0")?;
        let said = "Ip.InAddrErrors +3 on s, by any of 3 packets under way together";
        if !evidence(drop).contains(said) {
            return wrong(format!("{drop}"));
        }
    }
    let drop = alone.died("ip_forward", "s", "tun0")?;
    match evidence(drop).contains("Ip.InAddrErrors +1 on s\"") && together.len() == 3 {
        true => Ok(()),
        false => wrong(format!("{drop}")),
    }
}

/// A firewall that drops every other packet. Nobody but the kernel itself can tell that it did.
fn some(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- nft 'add table t; add chain t f {{ type filter hook forward \
         priority 0; }}; add rule t f icmp type echo-request numgen inc mod 2 0 drop' || exit
         tunlab journey -c 4 -i 20ms -W 0.4 v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let all = journeys(&ended);
    let (home, dead): (Vec<_>, Vec<_>) = all.iter().partition(|told| told.way() == KNOWN);
    if (home.len(), dead.len()) != (2, 2) || home.iter().any(|told| !told.0["drop"].is_null()) {
        return wrong(format!("{}{}", ended.stdout, ended.stderr));
    }
    for told in dead {
        if !bench.user.is_root() {
            ended.says(&["no witness tells why it died; still possible: ", "nft_drop"])?;
            continue;
        }
        let drop = told.died("nft_drop", "s", "tun0")?;
        if drop["basis"] != "observed" || drop["reason"] != "NETFILTER_DROP" {
            return wrong(format!("{drop}"));
        }
    }
    Ok(())
}

/// A trace of the firewall, which alone knows the rule, is left to `tunlab why`.
fn firewall(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- nft 'add table t; add chain t f {{ type filter hook forward \
         priority 0; }}; add rule t f udp dport 9 drop' || exit
         tunlab journey --udp 9 v -o list; echo code $?
         tunlab journey --udp 9 v -o json; tunlab lab down"
    ))?;
    ended
        .exits(0)?
        .prints(&["`tunlab why u v --udp 9` ", "code 1"])?;
    let drop = &journey(&ended)?.0["drop"];
    match bench.user.is_root() {
        true if !evidence(drop).contains("`tunlab why u v --udp 9` tells") => {
            wrong(drop.to_string())
        }
        true => Ok(()),
        false => ended.says(&["`tunlab why u v --udp 9` asks"]).map(|_| ()),
    }
}

/// It is looked up with its own source and the device that it came in by.
fn attached(bench: &Bench) -> Result<(), Problem> {
    needs(&["ip", "ping", "sysctl"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec u -- ip addr add 192.168.30.99/24 dev tun0
         tunlab lab exec s -- sysctl -qw net.ipv4.conf.all.rp_filter=1
         (until_said waiting $T/said
           tunlab lab exec u -- ping -c 1 -W 1 192.168.70.101
           tunlab lab exec u -- ping -c 1 -W 1 -I 192.168.30.99 192.168.70.101) > /dev/null &
         tunlab journey --attach 'icmp.type == 8 && ip.src == 192.168.30.99' -o json 2> $T/said
         echo code $?; wait $!; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let told = journey(&ended)?;
    told.goes(&KNOWN[..4])?.ends(false, false)?;
    let drop = told.died("rp_filter", "s", "tun0")?;
    let cure = match bench.user.is_root() {
        true => "ip -n tunlab-s route add 192.168.30.0/24 dev tun0",
        false => "tunlab lab exec s -- ip route add 192.168.30.0/24 dev tun0",
    };
    let said = evidence(drop);
    let observed = drop["basis"] == "observed" && drop["reason"] == "IP_RPFILTER";
    if drop["cures"] != Value::from(vec![cure]) || observed != bench.user.is_root() {
        return wrong(format!("{drop}"));
    }
    let parts = [
        "a route lookup on s for this packet answers EINVAL",
        "TcpExt.IPReversePathFilter +1 on s, by this or any other packet",
    ];
    match parts.iter().find(|part| !said.contains(**part)) {
        None => Ok(()),
        Some(part) => wrong(format!("{part}: {said}")),
    }
}

/// So much is thrown away while the journey sleeps that there is no room for its own packet: what
/// was not heard is counted, and silence is not taken for an answer.
fn unheard(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping", "python3", "sysctl"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- sysctl -qw net.ipv4.ip_forward=0
         tunlab journey --attach 'icmp.type == 8' -W 0.5 u -o list > $T/told 2> $T/said & journey=$!
         until_said waiting $T/said; kill -STOP $journey
         tunlab lab exec s -- python3 -c '
import socket
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(2000): sender.sendto(bytes(8), (\"10.0.2.11\", 7))'
         tunlab lab exec u -- ping -c 1 -W 1 192.168.70.101 > /dev/null
         kill -CONT $journey; wait $journey; echo code $?; cat $T/told; tunlab lab down"
    ))?;
    ended
        .exits(0)?
        .prints(&["code 1", "ip_forward on s, tun0 (inferred)"])?;
    let line = ended
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("not available: kernel: "));
    let count = line
        .and_then(|line| {
            line.strip_suffix(" packets that it threw away went unheard: there was no room")
        })
        .and_then(|count| count.parse::<u64>().ok());
    match (bench.user.is_root(), line, count) {
        (true, _, Some(1..)) | (false, Some(_), None) => Ok(()),
        _ => wrong(ended.stdout.clone()),
    }
}

/// As much is thrown away while probes die, of other ports: the kernel does not even note it.
fn bulk(bench: &Bench) -> Result<(), Problem> {
    needs(&["python3", "sysctl"])?;
    if !bench.user.is_root() {
        return Ok(());
    }
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- sysctl -qw net.ipv4.ip_forward=0
         tunlab lab exec s -- python3 -c '
import socket, time
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + 2
while time.monotonic() < end:
    for number in range(100): sender.sendto(bytes(8), (\"10.0.2.11\", 7))' & flood=$!
         sleep 0.3; tunlab journey -c 20 -i 5ms v -o list; echo code $?
         wait $flood; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1", "ip_forward on s"])?;
    match ended.stdout.contains("went unheard") {
        false => Ok(()),
        true => wrong(ended.stdout.clone()),
    }
}

/// The kernel has said that they died; half an hour of patience is for those of whom it has not.
fn at_once(bench: &Bench) -> Result<(), Problem> {
    needs(&["ping", "sysctl", "timeout"])?;
    if !bench.user.is_root() {
        return Ok(());
    }
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- sysctl -qw net.ipv4.ip_forward=0
         for way in sockets tracepoints devices; do
           timeout 60 tunlab journey --watch $way -c 3 -i 20ms -W 1800 v -o json; echo code $?; done
         (until_said waiting $T/said
           tunlab lab exec u -- ping -c 1 -W 1 192.168.70.101) > /dev/null &
         timeout 60 tunlab journey --attach 'icmp.type == 8' -W 1800 -o json 2> $T/said; echo code $?
         wait $!; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let all = journeys(&ended);
    for told in &all {
        told.died("ip_forward", "s", "tun0")?;
    }
    match all.len() {
        10 => Ok(()),
        other => wrong(format!("{other} journeys: {}", ended.stderr)),
    }
}

/// The answers come as far as U's device; of those to the first and the third probe its firewall
/// lets none in. One alone is told of in the same way.
fn at_the_door(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec u -- nft 'add table t; add chain t i {{ type filter hook input \
         priority 0; }}; add rule t i icmp type echo-reply numgen inc mod 2 0 drop' || exit
         tunlab journey -c 4 -i 5ms v -o json; echo code $?
         tunlab journey v -o json; echo code $?; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let all = journeys(&ended);
    let mut outcomes = [0, 0];
    for told in &all {
        told.goes(&KNOWN)?;
        let (delivered, answered) = told.outcome();
        if !delivered || answered != told.0["drop"].is_null() && bench.user.is_root() {
            return wrong(told.0.to_string());
        }
        outcomes[usize::from(answered)] += 1;
    }
    match outcomes == [3, 2] {
        true => Ok(()),
        false => wrong(format!("{outcomes:?}: {}{}", ended.stdout, ended.stderr)),
    }
}

/// S's firewall drops the later pieces; the first one gets as far as V.
fn piece(bench: &Bench) -> Result<(), Problem> {
    needs(&["nft"])?;
    let ended = bench.lab(&format!(
        "{UP} tunlab lab exec s -- nft 'add table ip t; add chain ip t f {{ type filter hook forward \
         priority 0; }}; add rule ip t f ip frag-off & 0x1fff != 0 drop' || exit
         tunlab journey --size 3000 -W 0.4 v -o json; echo code $?
         tunlab journey --size 3000 -W 0.4 v -o list; tunlab lab down"
    ))?;
    ended.exits(0)?.prints(&["code 1"])?;
    let told = journey(&ended)?;
    told.ends(false, false)?;
    if bench.user.is_root() {
        let drop = told.died("nft_drop", "s", "tun0")?;
        return match drop["basis"] == "observed" {
            true => Ok(()),
            false => wrong(drop.to_string()),
        };
    }
    // Only a firewall can have told one from the other, and it was not asked.
    ended
        .says(&["still possible: ", "nft_drop"])?
        .prints(&["on s, coming in through tun0"])?;
    Ok(())
}

fn pieces(bench: &Bench) -> Result<(), Problem> {
    let ended = bench.lab(&format!(
        "{UP} tunlab journey --size 4000 --ttl 1 -W 0.4 v -o json; tunlab lab down"
    ))?;
    let told = journey(ended.exits(0)?)?;
    told.died("ttl", "s", "tun0")?;
    Ok(())
}
