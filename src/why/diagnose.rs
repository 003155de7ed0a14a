//! From evidence to causes: a pure function.
//!
//! 1. An answer came back: all is well, unless a connection waits.
//! 2. The kernel threw this very packet away: its reason and its function name the cause; where
//!    several share both, the host's set-up tells them apart.
//! 3. Else the packet got lost after the place where it was seen last. Every cause that can be met
//!    there is checked: refuted, supported by clues, or left as a candidate.
//! 4. Where nothing supports any of them the verdict is `unknown`, and never that nothing died.

use super::check::{self, Clues, check};
use super::diagnosis::{Basis, Command, Diagnosis, Finding, Verdict};
use super::evidence::{Drop, Evidence, Leg};
use super::places::Places;
use super::point::{Phase, Point};
use crate::causes::{self, Cause, Fit};
use crate::sys::netlink::NeighbourState;

/// Says why the packet did not arrive, or that it did.
pub fn diagnose(evidence: &Evidence) -> Diagnosis {
    let mut diagnosis = Diagnosis {
        verdict: Verdict::Healthy,
        host: evidence.from.clone(),
        to: evidence.to,
        causes: Vec::new(),
        candidates: Vec::new(),
        not_available: evidence.not_available.clone(),
        last_seen: None,
        is_pending: false,
    };
    if !evidence.answered {
        lost(evidence, &mut diagnosis);
    } else if evidence.reset {
        refused(evidence, &mut diagnosis);
    }
    let waiting = waiting(evidence);
    if diagnosis.verdict == Verdict::Healthy && !waiting.is_empty() {
        diagnosis.verdict = Verdict::Stalled;
    }
    diagnosis.causes.extend(waiting);
    diagnosis
}

fn lost(evidence: &Evidence, diagnosis: &mut Diagnosis) {
    let points = Point::last(evidence);
    diagnosis.last_seen = points.first().map(Point::words);
    let dropped = evidence.drops.iter().flatten().rev();
    let observed = dropped
        .map(|drop| by_kernel(drop, evidence))
        .find(|findings| !findings.is_empty());
    diagnosis.causes = match observed {
        Some(findings) => findings,
        None => {
            let (findings, candidates) = by_clues(&points, evidence);
            diagnosis.candidates = candidates;
            findings
        }
    };
    diagnosis.is_pending = is_pending(&diagnosis.causes, evidence);
    let never = points
        .iter()
        .all(|point| point.phase == Phase::Sending && point.host.name == evidence.from);
    diagnosis.verdict = match (
        diagnosis.causes.is_empty(),
        never && evidence.seen.is_empty(),
    ) {
        (true, _) => Verdict::Unknown,
        (false, true) if is_unsent(&diagnosis.causes) => Verdict::NoPacket,
        (false, _) => Verdict::Dropped,
    };
}

/// Nobody listens on the TCP port: the packet arrived, and its answer was a reset.
fn refused(evidence: &Evidence, diagnosis: &mut Diagnosis) {
    let arrived = evidence
        .seen
        .iter()
        .rfind(|seen| seen.leg == Leg::Request && !seen.out);
    if let Some(point) = arrived.and_then(|seen| Point::at(evidence, seen)) {
        let clues = Clues::observed_answer();
        let mut finding = finding(&causes::TCP_PORT_CLOSED, &point, clues, evidence);
        finding.basis = Basis::Observed;
        diagnosis.causes.push(finding);
        diagnosis.verdict = Verdict::Dropped;
        diagnosis.last_seen = Some(point.words());
    }
}

/// Whether what was found means that there was no packet.
fn is_unsent(findings: &[Finding]) -> bool {
    let likeliest = findings.first().map(|finding| finding.cause.stage);
    likeliest == Some(causes::Stage::Sending)
}

/// The causes that the kernel's own reason means.
fn by_kernel(drop: &Drop, evidence: &Evidence) -> Vec<Finding> {
    let Some(point) = Point::of_drop(evidence, drop) else {
        return Vec::new();
    };
    let fit = |cause: &Cause| cause.fits(drop.reason.as_deref(), &drop.function);
    let best = causes::ALL.iter().map(|cause| fit(cause)).max();
    let Some(best) = best.filter(|&best| best > Fit::None) else {
        return Vec::new();
    };
    let fitting = causes::ALL.iter().filter(|cause| fit(cause) == best);
    let mut checked: Vec<(&Cause, Clues)> = fitting
        .clone()
        .filter_map(|cause| Some((*cause, check(cause, &point, evidence)?)))
        .collect();
    if checked.is_empty() {
        // A function alone drops for many reasons, of which some are no cause of ours.
        if best == Fit::Function {
            return Vec::new();
        }
        // The set-up may have changed since; the kernel's word stands.
        checked = fitting.map(|cause| (*cause, Clues::default())).collect();
    }
    checked.sort_by_key(|(_, clues)| std::cmp::Reverse(clues.weight));
    let one = checked.len() == 1 || checked[0].1.weight > checked[1].1.weight;
    // A function alone does not say why.
    let sure = best > Fit::Function || checked[0].1.weight > 0;
    let reason = drop.reason.as_deref().unwrap_or("gives no reason");
    let words = match &drop.dev {
        Some(dev) => format!(
            "{}, {dev}: the kernel threw it away: {reason}",
            point.host.name
        ),
        None => format!("{}: the kernel threw it away: {reason}", point.host.name),
    };
    // What cannot be read any more can be any of those that were under way.
    let whose = match drop.packet {
        Some(_) => String::new(),
        None => evidence.company.caveat(),
    };
    let words = format!("observed: {words}, {}(){whose}", drop.function);
    let mut findings: Vec<Finding> = checked
        .into_iter()
        .map(|(cause, clues)| {
            let mut finding = finding(cause, &point, clues, evidence);
            finding.basis = if one && whose.is_empty() && sure {
                Basis::Observed
            } else {
                Basis::Inferred
            };
            finding.reason = drop.reason.clone();
            finding.function = Some(drop.function.clone());
            finding.evidence.insert(0, words.clone());
            finding
        })
        .collect();
    if one {
        findings.truncate(1);
    }
    findings
}

/// The causes that clues speak for at any of the places; and those that are left where none does.
fn by_clues(points: &[Point], evidence: &Evidence) -> (Vec<Finding>, Vec<&'static Cause>) {
    let mut found: Vec<(u32, Finding)> = Vec::new();
    let mut candidates: Vec<&'static Cause> = Vec::new();
    for point in points {
        for cause in causes::ALL {
            if !check::can_be(cause, point.phase) {
                continue;
            }
            let Some(clues) = check(cause, point, evidence) else {
                continue;
            };
            if clues.weight > 0 && **cause != causes::TUNNEL_SILENT {
                found.push((clues.weight, finding(cause, point, clues, evidence)));
            } else if !is_silent(cause, evidence) && !candidates.contains(cause) {
                candidates.push(cause);
            }
        }
    }
    found.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    if !found.is_empty() {
        // The counter of one cause moves with another, too: what is far behind says nothing.
        let best = found[0].0;
        found.retain(|(weight, _)| weight + 2 >= best);
        let more: Vec<&str> = found
            .iter()
            .flat_map(|(_, finding)| finding.cause.counters.iter().skip(1).copied())
            .collect();
        found.retain(|(_, finding)| {
            let own = finding.cause.counters.first();
            own.is_none_or(|own| !more.contains(own))
        });
        return (
            found.into_iter().map(|(_, finding)| finding).collect(),
            Vec::new(),
        );
    }
    // When everything else is ruled out it is the program.
    if let [only] = candidates[..]
        && *only == causes::TUNNEL_SILENT
        && let Some(point) = points.first()
        && let Some(clues) = check(only, point, evidence)
    {
        return (vec![finding(only, point, clues, evidence)], Vec::new());
    }
    (Vec::new(), candidates)
}

/// Whether the likeliest cause is a neighbour that may still answer.
fn is_pending(findings: &[Finding], evidence: &Evidence) -> bool {
    let neighbour = findings
        .first()
        .filter(|finding| *finding.cause == causes::NEIGHBOUR && finding.reason.is_none());
    let host = neighbour.and_then(|finding| evidence.host(&finding.host));
    host.is_some_and(|host| {
        let mut neighbours = host.neighbours.iter();
        neighbours.any(|one| one.state == NeighbourState::Incomplete)
    })
}

/// Whether a witness that would have told of this cause was there, and did not.
fn is_silent(cause: &Cause, evidence: &Evidence) -> bool {
    // While we listen to all protocols each is handled: a frame is neither dropped nor counted.
    if *cause == causes::UNKNOWN_PROTOCOL {
        return false;
    }
    let counted = evidence.moved.is_some() && !cause.counters.is_empty();
    // A datagram's sum is mostly checked when the program reads it; then the packet belongs to no
    // device any more by which the kernel's word could be heard.
    let heard = *cause != causes::UDP_CHECKSUM;
    // A word that nobody here understands may mean any of them.
    let nothing = evidence.drops.as_ref().is_some_and(Vec::is_empty);
    let asked = nothing && !cause.reasons.is_empty() && heard;
    counted || asked
}

fn finding(cause: &'static Cause, point: &Point, clues: Clues, evidence: &Evidence) -> Finding {
    let dev = clues.dev.clone().or_else(|| point.dev.clone());
    let places = Places::of(cause, point, dev.as_deref(), &clues, evidence);
    let pairs = places.pairs();
    let told = dev.as_deref().unwrap_or_default();
    let host = &point.host.name;
    // A route that could not be used, a refusal: both were answers to this very packet.
    let refused = evidence.refused.is_some() && point.phase == Phase::Sending;
    Finding {
        cause,
        host: point.host.name.clone(),
        basis: if refused || clues.rule.is_some() {
            Basis::Observed
        } else {
            Basis::Inferred
        },
        reason: None,
        function: None,
        counter: clues
            .counter
            .or_else(|| cause.counters_for(point.dst, told).next()),
        text: cause.sentence(&pairs),
        cures: cause
            .cure(&pairs)
            .unwrap_or_default()
            .into_iter()
            .map(|words| Command {
                host: places.elsewhere.as_ref().unwrap_or(host).clone(),
                words,
            })
            .collect(),
        evidence: clues.words,
        dev,
    }
}

/// Connections that wait, as findings of their own.
fn waiting(evidence: &Evidence) -> Vec<Finding> {
    let found = evidence.waiting.iter().map(|waiting| {
        let cause = match waiting.persisting {
            true => &causes::TCP_PERSISTING,
            false => &causes::TCP_RETRANSMITTING,
        };
        let peer = waiting.peer.ip().to_string();
        let timer = match waiting.persisting {
            true => "persist",
            false => "on",
        };
        Finding {
            cause,
            host: waiting.host.clone(),
            dev: None,
            basis: Basis::Observed,
            reason: None,
            function: None,
            counter: cause.counters_of("").next(),
            text: cause.sentence(&[("dst", &peer)]),
            evidence: vec![format!(
                "observed: {}: a connection to {} has timer:({timer} and {} tries in vain",
                waiting.host, waiting.peer, waiting.tries
            )],
            cures: Vec::new(),
        }
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{asked, course, drop_on_s, moved, ping, seen, set};
    use super::*;
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

    #[test]
    fn a_firewall_that_nobody_traced_is_a_candidate_and_never_no_drop() {
        let mut evidence = ping(course());
        evidence.drops = None;
        evidence.seen = seen(4);
        evidence.lookups = vec![asked("s", Some("tun0"), Ok(3))];
        let diagnosis = diagnose(&evidence);
        assert_eq!(diagnosis.verdict, Verdict::Unknown);
        let candidates: Vec<_> = diagnosis
            .candidates
            .iter()
            .map(|cause| cause.name)
            .collect();
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
        (evidence.drops, evidence.moved, evidence.traces) = (None, None, Some(Vec::new()));
        evidence.seen = seen(4);
        evidence.lookups = vec![asked("s", Some("tun0"), Ok(3))];
        let diagnosis = diagnose(&evidence);
        assert_eq!(diagnosis.verdict, Verdict::Unknown);
        let candidates: Vec<_> = diagnosis
            .candidates
            .iter()
            .map(|cause| cause.name)
            .collect();
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
        evidence.waiting = vec![super::super::evidence::Waiting {
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
        evidence.lookups = vec![super::super::evidence::Asked {
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
}
