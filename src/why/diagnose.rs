//! From evidence to causes: a pure function.
//!
//! 1. An answer came back: all is well, unless a connection waits.
//! 2. The kernel threw this very packet away: its reason and its function name the cause; where
//!    several share both, the host's set-up tells them apart.
//! 3. Else the packet got lost after the place where it was seen last. Every cause that can be met
//!    there is checked: refuted, supported by clues, or left as a candidate.
//! 4. Where nothing supports any of them the verdict is `unknown`, and never that nothing died.

use super::check::check;
use super::clues::Clues;
use super::diagnosis::{Basis, Command, Diagnosis, Finding, Verdict};
use super::evidence::{Drop, Evidence, Rule};
use super::met::can_be;
use super::places::Places;
use super::point::{Phase, Point};
use super::reset;
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
        is_passing: false,
    };
    if !evidence.answered {
        lost(evidence, &mut diagnosis);
    } else if evidence.reset {
        reset::refused(evidence, &mut diagnosis);
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

/// Whether what was found means that there was no packet.
fn is_unsent(findings: &[Finding]) -> bool {
    let likeliest = findings.first().map(|finding| finding.cause.stage);
    likeliest == Some(causes::Stage::Sending)
}

/// The causes that the kernel's own reason means.
pub(super) fn by_kernel(drop: &Drop, evidence: &Evidence) -> Vec<Finding> {
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
    let mut rules: Vec<(&str, Rule)> = Vec::new();
    for point in points {
        for cause in causes::ALL {
            if !can_be(cause, point.phase) {
                continue;
            }
            let Some(clues) = check(cause, point, evidence) else {
                continue;
            };
            // One drop by a rule is one, wherever else it would fit.
            if let Some(rule) = &clues.rule {
                let rule = (point.host.name.as_str(), rule.clone());
                if rules.contains(&rule) {
                    continue;
                }
                rules.push(rule);
            }
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
    // device any more, and only a kernel with reasons tells.
    let heard = *cause != causes::UDP_CHECKSUM;
    // A word that nobody here understands may mean any of them.
    let nothing = evidence.drops.as_ref().is_some_and(Vec::is_empty);
    let asked = nothing && !cause.reasons.is_empty() && heard;
    counted || asked
}

pub(super) fn finding(
    cause: &'static Cause,
    point: &Point,
    clues: Clues,
    evidence: &Evidence,
) -> Finding {
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
