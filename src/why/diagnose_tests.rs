//! From evidence to causes, case by case.

use super::evidence::Trace;
use super::samples::{asked, course, drop_on_s, moved, ping, rule, seen, set, traced};
use super::{Basis, Diagnosis, Evidence, Verdict, diagnose};
use nix::errno::Errno;

fn names(diagnosis: &Diagnosis) -> Vec<&str> {
    let causes = diagnosis.causes.iter();
    causes.map(|finding| finding.cause.name).collect()
}

/// Task 8: u's TUN has another network than s expects.
fn filtered() -> Evidence {
    let mut hosts = course();
    set(&mut hosts[1], "net.ipv4.conf.all.rp_filter", "1");
    let s = &mut hosts[1];
    s.addresses.retain(|address| address.index != 4);
    s.routes.retain(|route| route.index != Some(4));
    let mut evidence = ping(hosts);
    evidence.seen = seen(4);
    evidence.lookups = vec![asked("s", Some("tun0"), Err(Errno::EINVAL))];
    evidence
}

#[test]
fn an_answer_means_that_all_is_well() {
    let mut evidence = filtered();
    evidence.answered = true;
    let diagnosis = diagnose(&evidence);
    assert_eq!(diagnosis.verdict, Verdict::Healthy);
    assert!(diagnosis.causes.is_empty() && diagnosis.candidates.is_empty());
}

#[test]
fn the_kernel_s_own_word_is_observed() {
    let mut evidence = filtered();
    evidence.drops = Some(vec![drop_on_s(Some("IP_RPFILTER"), "ip_rcv_finish_core")]);
    let diagnosis = diagnose(&evidence);
    assert_eq!(
        (diagnosis.verdict, names(&diagnosis)),
        (Verdict::Dropped, vec!["rp_filter"])
    );
    let finding = &diagnosis.causes[0];
    assert_eq!(
        (finding.host.as_str(), finding.dev.as_deref()),
        ("s", Some("tun0"))
    );
    assert_eq!(finding.basis, Basis::Observed);
    assert_eq!(finding.reason.as_deref(), Some("IP_RPFILTER"));
    assert_eq!(
        finding.counter.as_deref(),
        Some("TcpExt.IPReversePathFilter")
    );
    let cures: Vec<_> = finding
        .cures
        .iter()
        .map(|cure| cure.words.as_str())
        .collect();
    assert_eq!(cures, ["ip route add 192.168.53.0/24 dev tun0"]);
}

#[test]
fn counters_alone_are_inferred_from() {
    let mut evidence = filtered();
    evidence.drops = None;
    evidence.moved = Some(vec![moved("s", "TcpExt.IPReversePathFilter")]);
    let diagnosis = diagnose(&evidence);
    assert_eq!(names(&diagnosis), ["rp_filter"]);
    assert_eq!(diagnosis.causes[0].basis, Basis::Inferred);
    assert_eq!(diagnosis.causes[0].reason, None);
}

/// Linux 5.15: the function is all there is, and several causes share it.
#[test]
fn a_kernel_without_reasons_leaves_it_to_the_set_up() {
    let mut evidence = filtered();
    evidence.drops = Some(vec![drop_on_s(None, "ip_rcv_finish_core")]);
    let diagnosis = diagnose(&evidence);
    assert_eq!(names(&diagnosis), ["rp_filter"]);
    assert_eq!(diagnosis.causes[0].reason, None);
    assert_eq!(
        diagnosis.causes[0].function.as_deref(),
        Some("ip_rcv_finish_core")
    );
}

/// Linux 6.8 says NOT_SPECIFIED where newer kernels say more.
#[test]
fn an_unspecified_reason_goes_by_the_function() {
    let mut evidence = ping(course());
    set(&mut evidence.hosts[1], "net.ipv4.ip_forward", "0");
    evidence.seen = seen(4);
    evidence.lookups = vec![asked("s", Some("tun0"), Err(Errno::EHOSTUNREACH))];
    evidence.drops = Some(vec![drop_on_s(Some("NOT_SPECIFIED"), "ip_error")]);
    let diagnosis = diagnose(&evidence);
    assert_eq!(names(&diagnosis), ["ip_forward"]);
    assert_eq!(
        diagnosis.causes[0].cures[0].words,
        "sysctl -w net.ipv4.ip_forward=1"
    );
}

/// The candidates of what nobody can tell.
fn left_open(evidence: &Evidence) -> Vec<&'static str> {
    let diagnosis = diagnose(evidence);
    assert_eq!(diagnosis.verdict, Verdict::Unknown);
    let candidates = diagnosis.candidates.iter();
    candidates.map(|cause| cause.name).collect()
}

#[test]
fn a_firewall_that_nobody_traced_is_a_candidate_and_never_no_drop() {
    let mut evidence = ping(course());
    evidence.drops = None;
    evidence.seen = seen(4);
    evidence.lookups = vec![asked("s", Some("tun0"), Ok(3))];
    let candidates = left_open(&evidence);
    assert!(candidates.contains(&"nft_drop"), "{candidates:?}");
    assert!(!candidates.contains(&"rp_filter"), "{candidates:?}");
    assert!(
        !candidates.contains(&"ip_checksum"),
        "its counter is silent"
    );
}

#[test]
fn without_counters_what_they_would_tell_stays_possible() {
    let mut evidence = ping(course());
    (evidence.drops, evidence.moved) = (None, None);
    evidence.traces = Some(vec![traced("s", "forward")]);
    evidence.seen = seen(4);
    evidence.lookups = vec![asked("s", Some("tun0"), Ok(3))];
    let candidates = left_open(&evidence);
    assert!(candidates.contains(&"ip_checksum"), "{candidates:?}");
    assert!(!candidates.contains(&"nft_drop"), "the trace shows no drop");
}

#[test]
fn nothing_was_sent() {
    let mut hosts = course();
    hosts[0]
        .routes
        .retain(|route| route.prefix_len == 24 && route.index != Some(3));
    let mut evidence = ping(hosts);
    evidence.refused = Some(Errno::ENETUNREACH);
    let diagnosis = diagnose(&evidence);
    assert_eq!(
        (diagnosis.verdict, names(&diagnosis)),
        (Verdict::NoPacket, vec!["no_route"])
    );
    let finding = &diagnosis.causes[0];
    assert_eq!(
        (finding.host.as_str(), finding.basis),
        ("u", Basis::Observed)
    );
    assert_eq!(
        finding.cures[0].words,
        "ip route add 192.168.70.0/24 dev tun0"
    );
}

/// Task 3: the datagram arrives, and the server only prints it.
#[test]
fn a_program_is_to_blame_when_nothing_else_can_be() {
    let mut evidence = ping(course());
    evidence.seen = seen(3);
    let diagnosis = diagnose(&evidence);
    assert_eq!(names(&diagnosis), ["tunnel_silent"]);
    // Where counters were not read it could be a closed port as well.
    (evidence.drops, evidence.moved) = (None, None);
    let diagnosis = diagnose(&evidence);
    assert_eq!(
        (diagnosis.verdict, names(&diagnosis)),
        (Verdict::Unknown, vec![])
    );
}

/// Task 6: the way is sound again, and the connection still waits for its timer.
#[test]
fn a_connection_that_waits_on_a_sound_way() {
    let mut evidence = ping(course());
    evidence.answered = true;
    evidence.waiting = vec![super::evidence::Waiting {
        host: "u".to_owned(),
        peer: "192.168.70.101:23".parse().unwrap(),
        persisting: true,
        tries: 4,
    }];
    let diagnosis = diagnose(&evidence);
    assert_eq!(diagnosis.verdict, Verdict::Stalled);
    assert_eq!(names(&diagnosis), ["tcp_persisting"]);
}

/// Task 7: v has no default route, so its answer never becomes a packet.
#[test]
fn an_answer_without_a_way_back() {
    let mut hosts = course();
    hosts[2].routes.retain(|route| route.prefix_len > 0);
    let mut evidence = ping(hosts);
    evidence.seen = seen(6);
    evidence.lookups = vec![super::evidence::Asked {
        dst: "192.168.53.99".parse().unwrap(),
        ..asked("v", None, Err(Errno::ENETUNREACH))
    }];
    let diagnosis = diagnose(&evidence);
    assert_eq!(
        (diagnosis.verdict, names(&diagnosis)),
        (Verdict::Dropped, vec!["no_route"])
    );
    assert_eq!(
        diagnosis.causes[0].cures[0].words,
        "ip route add 192.168.53.0/24 via 192.168.70.1 dev eth0"
    );
}

/// The trace of a packet that a rule drops, as the only witness.
fn by_rule(hops: usize, trace: Trace) -> Diagnosis {
    let mut evidence = ping(course());
    (evidence.drops, evidence.moved) = (None, None);
    evidence.seen = seen(hops);
    evidence.lookups = vec![asked("s", Some("tun0"), Ok(3))];
    evidence.traces = Some(vec![trace]);
    diagnose(&evidence)
}

#[test]
fn what_no_trace_shows_was_not_dropped_by_a_firewall() {
    let mut evidence = ping(course());
    (evidence.drops, evidence.moved) = (None, None);
    evidence.seen = seen(4);
    evidence.lookups = vec![asked("s", Some("tun0"), Ok(3))];
    evidence.traces = Some(vec![traced("v", "output")]);
    let candidates = left_open(&evidence);
    assert!(candidates.contains(&"nft_drop"), "{candidates:?}");
}

#[test]
fn one_drop_by_a_rule_was_two_causes() {
    for (dst, dev) in [("192.168.53.99", None), ("192.168.70.101", Some("eth0"))] {
        let trace = Trace {
            dropped_by: Some(rule("ip")),
            dst: dst.parse().unwrap(),
            ..traced("v", "output")
        };
        let diagnosis = by_rule(6, trace);
        assert_eq!(names(&diagnosis), ["nft_drop"]);
        assert_eq!(diagnosis.causes[0].dev.as_deref(), dev);
    }
}

#[test]
fn a_rule_s_handle_was_taken_for_its_place() {
    let trace = Trace {
        dropped_by: Some(rule("ip6")),
        ..traced("s", "forward")
    };
    let diagnosis = by_rule(4, trace);
    assert_eq!(
        diagnosis.causes[0].evidence,
        [
            "observed: the rule with handle 2 of chain in in table ip6 wall drops it, at hook \
             forward: icmp type echo-request drop"
        ]
    );
}

#[test]
fn a_drop_on_the_way_out_was_said_to_be_on_the_way_in() {
    let trace = Trace {
        dropped_by: Some(rule("netdev")),
        oif: Some(3),
        ..traced("s", "egress")
    };
    let diagnosis = by_rule(4, trace);
    let finding = &diagnosis.causes[0];
    assert_eq!(finding.dev.as_deref(), Some("eth1"));
    assert_eq!(
        finding.cures[0].words,
        "nft delete rule netdev wall in handle 2"
    );
}
