//! Verdicts over evidence written down by hand. The five wrong conclusions of a real report are
//! among the tests, each named after what was concluded.

use super::*;
use crate::task::evidence::{Answer, Query, Reading, Rise, Sighting, StepRecord};
use crate::task::load::load;
use pnet_packet::util::checksum;
use std::net::Ipv4Addr;

const SECOND: u64 = 1_000_000_000;

/// A run of ten seconds on three hosts: a tunnel that is started, then a ping.
fn run() -> Evidence {
    let step = |name: &str, from: u64, to: u64, output: &str| StepRecord {
        name: Some(name.to_owned()),
        started: from * SECOND,
        ended: to * SECOND,
        output: output.to_owned(),
        code: Some(0),
        failed: None,
    };
    let mut evidence = Evidence::default();
    evidence.run.started = 100 * SECOND;
    evidence.run.ended = 110 * SECOND;
    for (host, netns) in [("u", 1), ("s", 2), ("v", 3)] {
        evidence.run.hosts.insert(host.to_owned(), netns);
    }
    evidence.steps = vec![
        step("tunnel", 100, 101, "Interface Name: tun0\n"),
        step(
            "ping",
            102,
            105,
            "64 bytes from 192.168.70.101: icmp_seq=1\n",
        ),
    ];
    evidence
}

/// An ICMP message in an IPv4 packet, its checksums right.
fn icmp(kind: u8, from: &str, to: &str, id: u16, seq: u16, ttl: u8) -> Vec<u8> {
    let mut message = vec![kind, 0, 0, 0];
    message.extend(id.to_be_bytes());
    message.extend(seq.to_be_bytes());
    message.extend(b"are you there?");
    let sum = checksum(&message, 1);
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    ip(1, from, to, ttl, &message)
}

fn ip(protocol: u8, from: &str, to: &str, ttl: u8, payload: &[u8]) -> Vec<u8> {
    let total = 20 + payload.len() as u16;
    let mut packet = vec![0x45, 0];
    packet.extend(total.to_be_bytes());
    packet.extend([0, 1, 0, 0, ttl, protocol, 0, 0]);
    for address in [from, to] {
        packet.extend(address.parse::<Ipv4Addr>().unwrap().octets());
    }
    let sum = checksum(&packet, 5);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet.extend(payload);
    packet
}

/// The same packet inside the tunnel's UDP, without the checksum that IPv4 allows to leave out.
fn tunnelled(from: &str, to: &str, port: u16, inner: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    datagram.extend(40_000u16.to_be_bytes());
    datagram.extend(port.to_be_bytes());
    datagram.extend((8 + inner.len() as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(inner);
    ip(17, from, to, 64, &datagram)
}

impl Evidence {
    /// Adds a packet seen `millis` after the run's beginning.
    fn saw(&mut self, millis: u64, host: &str, dev: &str, bytes: Vec<u8>) -> &mut Sighting {
        self.packets.push(Sighting {
            time: self.run.started + millis * 1_000_000,
            host: host.to_owned(),
            netns: self.run.hosts[host],
            dev: dev.to_owned(),
            sent: false,
            link: 101,
            len: bytes.len() as u32,
            bytes,
        });
        self.packets.last_mut().unwrap()
    }

    fn counted(&mut self, step: usize, host: &str, moved: &[(&str, i64)]) {
        self.counters.push(Rise {
            step,
            host: host.to_owned(),
            moved: moved
                .iter()
                .map(|(name, by)| ((*name).to_owned(), *by))
                .collect(),
        });
    }
}

/// The verdict on one expectation: its keys in TOML, apart from `that`.
fn verdict_on(evidence: &Evidence, expect: &str) -> Verdict {
    let text = format!(
        r#"
        title = "x"
        message = "x"
        topology = "seed1"
        answer = "x"
        [[case]]
        name = "x"
        [[case.step]]
        name = "tunnel"
        do.run = "u# true"
        [[case.step]]
        name = "ping"
        do.run = "u# true"
        [[case.expect]]
        that = "it is so"
        {expect}"#
    );
    let task = load("x", "x", &text, "").unwrap_or_else(|error| panic!("{error}"));
    let verdicts = judge(&task, &task.cases[0], evidence);
    assert_eq!(verdicts.len(), 1, "{verdicts:?}");
    verdicts.into_iter().next().unwrap()
}

fn request(seq: u16) -> Vec<u8> {
    icmp(8, "192.168.53.99", "192.168.70.101", 7, seq, 64)
}

fn reply(seq: u16) -> Vec<u8> {
    icmp(0, "192.168.70.101", "192.168.53.99", 7, seq, 63)
}

const REPLIES: &str = r#"check.packets = { on = "u", dev = "tun0", match = "icmp.type == 0 && ip.ttl == 63", at_least = 2 }"#;

#[test]
fn packets_are_counted_on_their_host_and_device() {
    let mut evidence = run();
    evidence.saw(2100, "u", "tun0", reply(1));
    evidence.saw(2200, "s", "tun0", reply(2));
    evidence.saw(2300, "u", "eth0", reply(2));
    let verdict = verdict_on(&evidence, REPLIES);
    assert!(!verdict.holds);
    assert_eq!(verdict.found, "1 packet");
    evidence.saw(2400, "u", "tun0", reply(2));
    let verdict = verdict_on(&evidence, REPLIES);
    assert!(verdict.holds);
    assert_eq!(verdict.packets, [0, 3]);
}

#[test]
fn packets_of_another_run_prove_nothing() {
    let mut evidence = run();
    evidence.saw(2100, "u", "tun0", reply(1)).time = 99 * SECOND;
    evidence.saw(2200, "u", "tun0", reply(2)).netns = 77;
    let verdict = verdict_on(&evidence, REPLIES);
    assert!(!verdict.holds);
    assert_eq!(verdict.found, "no packet (not counted: 2 of another run)");
}

#[test]
fn a_reply_with_a_wrong_checksum_proves_nothing_though_ping_prints_it() {
    let mut evidence = run();
    let mut wrong = reply(1);
    wrong[22] ^= 0xff;
    evidence.saw(2100, "u", "tun0", wrong);
    evidence.saw(2200, "u", "tun0", reply(2));
    let verdict = verdict_on(&evidence, REPLIES);
    assert!(!verdict.holds);
    assert_eq!(
        verdict.found,
        "1 packet (not counted: 1 with wrong checksums)"
    );
    // What must not be there must not be there damaged, either.
    let none = REPLIES.replace("at_least = 2", "exactly = 1");
    assert!(verdict_on(&evidence, &none).holds);
    let none = REPLIES.replace("at_least = 2", "at_most = 1");
    assert!(!verdict_on(&evidence, &none).holds);
}

#[test]
fn a_step_has_its_own_part_of_the_run() {
    let mut evidence = run();
    evidence.saw(500, "u", "tun0", reply(1));
    evidence.saw(2500, "u", "tun0", reply(2));
    evidence.counted(0, "s", &[("Ip.ForwDatagrams", 5)]);
    evidence.counted(1, "s", &[("Ip.ForwDatagrams", 4)]);
    for (during, packets, counter) in [("tunnel", 1, "+5"), ("ping", 1, "+4")] {
        let during = format!("during = \"{during}\"");
        let verdict = verdict_on(&evidence, &format!("{REPLIES}\n{during}"));
        assert_eq!(verdict.packets.len(), packets);
        let check = r#"check.counter = { on = "s", name = "Ip.ForwDatagrams", at_least = 9 }"#;
        let verdict = verdict_on(&evidence, &format!("{check}\n{during}"));
        assert_eq!(verdict.found, format!("Ip.ForwDatagrams {counter}"));
        assert!(!verdict.holds);
        assert!(verdict_on(&evidence, check).holds);
    }
}

#[test]
fn a_counter_that_was_not_read_did_not_stand_still() {
    let check = r#"check.counter = { on = "s", name = "Udp.NoPorts", exactly = 0 }"#;
    let mut evidence = run();
    assert!(!verdict_on(&evidence, check).holds);
    evidence.counted(1, "s", &[]);
    assert!(verdict_on(&evidence, check).holds);
    evidence.counted(0, "s", &[("Udp.NoPorts", 1)]);
    assert!(!verdict_on(&evidence, check).holds);
}

const PATH: &str = r#"check.path = { places = [
    { on = "u", dev = "tun0", match = "icmp.type == 8" },
    { on = "s", dev = "eth0", match = "udp.dstport == 9090 && icmp.type == 8" },
    { on = "v", match = "icmp.type == 8 && !udp" },
] }"#;

#[test]
fn one_packet_is_followed_through_the_tunnel() {
    let mut evidence = run();
    evidence.saw(2100, "u", "tun0", request(1));
    evidence.saw(
        2101,
        "s",
        "eth0",
        tunnelled("10.0.2.8", "10.0.2.11", 9090, &request(1)),
    );
    evidence.saw(2102, "v", "eth0", request(1));
    let verdict = verdict_on(&evidence, PATH);
    assert!(verdict.holds, "{}", verdict.found);
    assert_eq!(verdict.packets, [0, 1, 2]);
    // The same packets in another order are no path.
    evidence.packets[2].time = evidence.packets[0].time - 1;
    let verdict = verdict_on(&evidence, PATH);
    assert_eq!(verdict.found, "the path breaks at place 3 of 3, on v");
}

#[test]
fn traffic_that_bypasses_the_tunnel_is_no_path_through_it() {
    let mut evidence = run();
    evidence.saw(2100, "u", "tun0", request(1));
    evidence.saw(2101, "s", "eth0", request(1));
    evidence.saw(2102, "v", "eth0", request(1));
    let verdict = verdict_on(&evidence, PATH);
    assert!(!verdict.holds);
    assert_eq!(verdict.found, "the path breaks at place 2 of 3, on s");
}

const ANSWERED: &str = r#"check.answered = { on = "u", dev = "tun0", ask = "icmp.type == 8", by = "icmp.type == 0 && ip.src == 1.2.3.4" }"#;

#[test]
fn an_answer_has_the_questions_key_and_comes_later() {
    let forged = |seq| icmp(0, "1.2.3.4", "192.168.53.99", 7, seq, 64);
    let mut evidence = run();
    evidence.saw(2000, "u", "tun0", forged(1));
    evidence.saw(2100, "u", "tun0", request(1));
    evidence.saw(2200, "u", "tun0", forged(2));
    let verdict = verdict_on(&evidence, ANSWERED);
    assert!(!verdict.holds);
    assert_eq!(
        verdict.found,
        "0 of 1 question answered, 2 seen that answer none of them"
    );
    evidence.saw(2300, "u", "tun0", forged(1));
    let verdict = verdict_on(&evidence, ANSWERED);
    assert!(verdict.holds);
    assert_eq!(verdict.packets, [1, 3]);
    evidence.saw(2400, "u", "tun0", request(3));
    assert!(
        !verdict_on(&evidence, ANSWERED).holds,
        "one of two is not all"
    );
}

#[test]
fn wrong_conclusion_1_a_forged_request_is_no_reply() {
    let mut evidence = run();
    evidence.saw(2100, "u", "tun0", request(1));
    evidence.saw(
        2200,
        "u",
        "tun0",
        icmp(8, "1.2.3.4", "192.168.53.99", 7, 1, 64),
    );
    let clue = r#"
        hint = "nothing came back"
        [[case.expect.clue]]
        seen.packets = { on = "u", dev = "tun0", match = "icmp.type == 8 && ip.src == 1.2.3.4", at_least = 1 }
        hint = "what came is an echo request""#;
    let verdict = verdict_on(&evidence, &format!("{ANSWERED}\n{clue}"));
    assert!(!verdict.holds);
    assert_eq!(
        verdict.hint.as_deref(),
        Some("what came is an echo request")
    );
    evidence.packets.pop();
    let verdict = verdict_on(&evidence, &format!("{ANSWERED}\n{clue}"));
    assert_eq!(verdict.hint.as_deref(), Some("nothing came back"));
}

#[test]
fn wrong_conclusion_2_a_packet_in_udp_to_v_has_not_been_forwarded() {
    // The server sent what it read from its device to V's port 9090.
    let mut evidence = run();
    let inner = request(1);
    evidence.saw(2100, "u", "tun0", inner.clone());
    evidence.saw(
        2101,
        "s",
        "eth0",
        tunnelled("10.0.2.8", "10.0.2.11", 9090, &inner),
    );
    let strayed = tunnelled("192.168.70.1", "192.168.70.101", 9090, &inner);
    evidence.saw(2102, "v", "eth0", strayed.clone());
    let mut unreachable = vec![3, 3, 0, 0, 0, 0, 0, 0];
    unreachable.extend(&strayed[..28]);
    let sum = checksum(&unreachable, 1);
    unreachable[2..4].copy_from_slice(&sum.to_be_bytes());
    let answer = ip(1, "192.168.70.101", "192.168.70.1", 64, &unreachable);
    evidence.saw(2103, "v", "eth0", answer);
    let verdict = verdict_on(&evidence, PATH);
    assert!(!verdict.holds);
    assert_eq!(verdict.found, "the path breaks at place 3 of 3, on v");
}

#[test]
fn wrong_conclusion_3_resets_on_loopback_are_no_broken_tunnel() {
    // A reset on 127.0.0.1:5037, while the connection to V's port 23 has no packet at all.
    let mut segment = Vec::new();
    segment.extend(5037u16.to_be_bytes());
    segment.extend(50_000u16.to_be_bytes());
    segment.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x14, 0, 0, 0, 0, 0, 0]);
    let mut pseudo = vec![127, 0, 0, 1, 127, 0, 0, 1, 0, 6, 0, 20];
    pseudo.extend(&segment);
    let sum = checksum(&pseudo, 14);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    let mut evidence = run();
    evidence.saw(
        2100,
        "u",
        "lo",
        ip(6, "127.0.0.1", "127.0.0.1", 64, &segment),
    );
    let check = |filter: &str| {
        let check = format!("check.packets = {{ on = \"u\", match = \"{filter}\", at_least = 1 }}");
        verdict_on(&evidence, &check).holds
    };
    assert!(check("tcp.flags.reset == 1"), "it is there");
    assert!(!check("ip.dst == 192.168.70.101 && tcp.dstport == 23"));
}

#[test]
fn wrong_conclusion_4_the_packets_of_task_5_are_no_proof_for_task_8() {
    let mut evidence = run();
    evidence.saw(2100, "v", "eth0", request(1));
    evidence.saw(2101, "v", "eth0", reply(1));
    let check = r#"check.answered = { on = "v", ask = "icmp.type == 8 && ip.src == 192.168.30.99", by = "icmp.type == 0" }
        hint = "no packet has the new address""#;
    let verdict = verdict_on(&evidence, check);
    assert!(!verdict.holds);
    assert_eq!(
        verdict.hint.as_deref(),
        Some("no packet has the new address")
    );
}

#[test]
fn wrong_conclusion_5_questions_alone_are_no_arp_reply() {
    let arp = |operation: u8, source: [u8; 4], target: [u8; 4]| {
        let mut frame = vec![0xff; 6];
        frame.extend([2, 0, 0, 0, 0, 1, 8, 6, 0, 1, 8, 0, 6, 4, 0, operation]);
        frame.extend([2, 0, 0, 0, 0, 1]);
        frame.extend(source);
        frame.extend([0; 6]);
        frame.extend(target);
        frame
    };
    let (own, other) = ([192, 168, 53, 99], [192, 168, 53, 1]);
    let mut evidence = run();
    evidence.saw(2100, "u", "tap0", arp(1, own, other)).link = 1;
    let check = r#"check.answered = { on = "u", dev = "tap0", ask = "arp.opcode == 1", by = "arp.opcode == 2" }"#;
    assert!(!verdict_on(&evidence, check).holds);
    // An answer about another address answers nothing.
    evidence
        .saw(2200, "u", "tap0", arp(2, [192, 168, 53, 2], own))
        .link = 1;
    assert!(!verdict_on(&evidence, check).holds);
    evidence.saw(2300, "u", "tap0", arp(2, other, own)).link = 1;
    assert!(verdict_on(&evidence, check).holds);
}

#[test]
fn times() {
    let mut evidence = run();
    for (millis, seq) in [(2000, 1), (3010, 2), (4020, 3)] {
        evidence.saw(millis, "u", "tun0", request(seq));
    }
    let gaps = r#"check.gaps = { on = "u", match = "icmp.type == 8", seconds = [1.0, 1.0] }"#;
    let verdict = verdict_on(&evidence, gaps);
    assert!(verdict.holds, "{}", verdict.found);
    assert_eq!(verdict.found, "3 packets, 1.01 s and 1.01 s apart");
    assert!(!verdict_on(&evidence, &gaps.replace("[1.0, 1.0]", "[1.0]")).holds);
    assert!(!verdict_on(&evidence, &gaps.replace("[1.0, 1.0]", "[1.0, 2.0]")).holds);

    let elapsed = r#"check.elapsed = { from.end = "tunnel", to.packet = { on = "u", match = "icmp.seq == 2" }, at_least = 2.0, at_most = 2.1 }"#;
    let verdict = verdict_on(&evidence, elapsed);
    assert!(verdict.holds, "{}", verdict.found);
    assert_eq!(
        (verdict.found.as_str(), verdict.packets.as_slice()),
        ("2.01 s", &[1][..])
    );
    assert!(!verdict_on(&evidence, &elapsed.replace("2.1", "2.0")).holds);
    let never = verdict_on(&evidence, &elapsed.replace("icmp.seq == 2", "arp"));
    assert_eq!(never.found, "the second moment never came");
}

#[test]
fn the_word_of_a_program() {
    let evidence = run();
    let check = |keys: &str| {
        verdict_on(
            &evidence,
            &format!("check.words = {{ of = \"ping\", {keys} }}"),
        )
    };
    let said = check("says = [\"bytes FROM\"], code = 0");
    assert!(said.holds);
    assert_eq!(said.found, "64 bytes from 192.168.70.101: icmp_seq=1");
    assert_eq!(check("says = [\"DUP\"]").found, "never said: DUP");
    assert!(!check("never = [\"icmp_seq\"]").holds);
    assert_eq!(check("code = 1").found, "the exit code is 0");
}

#[test]
fn what_the_kernel_answered() {
    let mut evidence = run();
    let check = r#"check.route = { on = "s", to = "192.168.70.101", from = "192.168.30.99", iif = "tun0", refused = ["EINVAL", "EXDEV"] }"#;
    assert_eq!(
        verdict_on(&evidence, check).found,
        "the kernel was not asked"
    );
    let mut answer = |answer| {
        evidence.readings = vec![Reading {
            query: Query::Route {
                on: "s".to_owned(),
                to: "192.168.70.101".parse().unwrap(),
                from: "192.168.30.99".parse().ok(),
                iif: Some("tun0".to_owned()),
            },
            after: None,
            answer,
        }];
        verdict_on(&evidence, check)
    };
    assert!(answer(Answer::Refused("EXDEV".to_owned())).holds);
    assert!(!answer(Answer::Refused("EHOSTUNREACH".to_owned())).holds);
    let (dev, via) = (Some("eth1".to_owned()), None);
    let verdict = answer(Answer::Route { dev, via });
    assert!(!verdict.holds);
    assert_eq!(verdict.found, "dev eth1");
}

#[test]
fn a_run_that_broke_off_does_not_pass() {
    let mut evidence = run();
    evidence.steps.truncate(1);
    evidence.steps[0].failed = Some("never said: ready".to_owned());
    let text = "title='x'\nmessage='x'\ntopology='seed1'\nanswer='x'\n[[case]]\nname='x'\nexpect=[]\n\
                [[case.step]]\ndo.run='u# true'\n[[case.step]]\ndo.run='u# true'\n";
    let task = load("x", "x", text, "").unwrap();
    let verdicts = judge(&task, &task.cases[0], &evidence);
    let found: Vec<&str> = verdicts
        .iter()
        .map(|verdict| verdict.found.as_str())
        .collect();
    assert_eq!(found, ["never said: ready", "the run ended after 1 of 2"]);
    assert!(verdicts.iter().all(|verdict| !verdict.holds));
}
