//! The answer is TCP's reset: nobody listens, or a firewall says so (`reject with tcp reset`). The
//! two look the same on the wire; a rule that is seen, the host's sockets and its counter of resets
//! tell them apart.

use super::check::check;
use super::clues::Clues;
use super::diagnose::{by_kernel, finding};
use super::diagnosis::{Basis, Diagnosis, Finding, Verdict};
use super::evidence::{Drop, Evidence, Leg};
use super::point::Point;
use crate::causes::{self, Cause};
use crate::journey::ProbeKind;

/// Who refused the packet, which arrived.
pub(super) fn refused(evidence: &Evidence, diagnosis: &mut Diagnosis) {
    let mut seen = evidence.seen.iter();
    let arrived = seen.rfind(|seen| seen.leg == Leg::Request && !seen.out);
    let Some(point) = arrived.and_then(|seen| Point::at(evidence, seen)) else {
        return;
    };
    diagnosis.last_seen = Some(point.words());
    diagnosis.causes = by_kernel_s_word(evidence);
    if diagnosis.causes.is_empty() {
        match by_clues(&point, evidence) {
            Some(finding) => diagnosis.causes.push(finding),
            None => diagnosis.candidates = vec![&causes::NFT_DROP, &causes::TCP_PORT_CLOSED],
        }
    }
    diagnosis.verdict = match diagnosis.causes.is_empty() {
        true => Verdict::Unknown,
        false => Verdict::Dropped,
    };
}

/// What the kernel says about the packet itself, rather than about the reset.
fn by_kernel_s_word(evidence: &Evidence) -> Vec<Finding> {
    let request = |drop: &&Drop| drop.packet.is_some_and(|packet| packet.leg == Leg::Request);
    let dropped = evidence.drops.iter().flatten().rev().filter(request);
    let found = dropped.map(|drop| by_kernel(drop, evidence));
    found
        .into_iter()
        .find(|one| !one.is_empty())
        .unwrap_or_default()
}

/// The cause that clues speak for; nothing where it may be either.
fn by_clues(point: &Point, evidence: &Evidence) -> Option<Finding> {
    let told = |cause: &'static Cause, clues: Clues, basis| {
        let clues = clues.observed(1, "the answer is a reset".to_owned());
        let finding = finding(cause, point, clues, evidence);
        Some(Finding { basis, ..finding })
    };
    let firewall = check(&causes::NFT_DROP, point, evidence);
    let closed = check(&causes::TCP_PORT_CLOSED, point, evidence);
    let open = is_open(point, evidence);
    // TCP counts the resets that it sends; a firewall's are not counted.
    let own = closed.as_ref().is_some_and(|clues| clues.counter.is_some());
    let others = evidence.moved.is_some() && !own;
    match (firewall, closed) {
        (Some(firewall), _) if firewall.rule.is_some() => {
            told(&causes::NFT_DROP, firewall, Basis::Observed)
        }
        (_, Some(closed)) if open == Some(false) && !others => {
            let words = format!("no socket of {} listens there", point.host.name);
            let closed = closed.observed(5, words);
            told(&causes::TCP_PORT_CLOSED, closed, Basis::Observed)
        }
        (_, Some(closed)) if open.is_none() && own => {
            told(&causes::TCP_PORT_CLOSED, closed, Basis::Inferred)
        }
        (Some(firewall), closed) if closed.is_none() || others || open == Some(true) && !own => {
            let firewall = not_by_tcp(firewall, point, open, others);
            told(&causes::NFT_DROP, firewall, Basis::Inferred)
        }
        _ => None,
    }
}

/// Why it was not the host's own TCP that sent the reset.
fn not_by_tcp(mut clues: Clues, point: &Point, open: Option<bool>, uncounted: bool) -> Clues {
    let host = &point.host.name;
    if open == Some(true) {
        clues = clues.observed(3, format!("a socket of {host} listens there"));
    }
    if uncounted {
        clues = clues.observed(3, format!("TCP of {host} counted no reset that it sent"));
    }
    clues
}

/// Whether a socket of the host listens where the packet was to go; nothing if that is not known.
fn is_open(point: &Point, evidence: &Evidence) -> Option<bool> {
    let Some(ProbeKind::Tcp(port)) = evidence.kind else {
        return None;
    };
    let mut listeners = evidence.listeners.as_ref()?.iter();
    Some(listeners.any(|(host, own)| {
        let takes = own.ip().is_unspecified() || own.ip() == point.dst;
        *host == point.host.name && own.port() == port && takes
    }))
}

#[cfg(test)]
mod tests {
    use super::super::diagnose;
    use super::super::samples::{course, moved, ping, rule, seen, traced};
    use super::*;

    /// A SYN that was answered with a reset, of which nobody tells more.
    fn answered() -> Evidence {
        let mut evidence = ping(course());
        evidence.kind = Some(ProbeKind::Tcp(23));
        (evidence.drops, evidence.moved) = (None, None);
        (evidence.answered, evidence.reset) = (true, true);
        evidence.seen = seen(6);
        evidence
    }

    fn listening(evidence: &mut Evidence, port: u16) {
        let own = ("v".to_owned(), ([0, 0, 0, 0], port).into());
        evidence.listeners = Some(vec![own]);
    }

    fn told(evidence: &Evidence) -> (&'static str, Basis) {
        let diagnosis = diagnose(evidence);
        assert_eq!(diagnosis.verdict, Verdict::Dropped);
        assert_eq!(diagnosis.causes.len(), 1);
        (diagnosis.causes[0].cause.name, diagnosis.causes[0].basis)
    }

    #[test]
    fn a_rule_that_rejects_was_a_closed_port() {
        let mut evidence = answered();
        let mut trace = traced("s", "input");
        (trace.host, trace.dropped_by) = ("v".to_owned(), Some(rule("ip")));
        evidence.traces = Some(vec![trace]);
        listening(&mut evidence, 23);
        assert_eq!(told(&evidence), ("nft_drop", Basis::Observed));
        let cures = &diagnose(&evidence).causes[0].cures;
        assert_eq!(cures[0].words, "nft delete rule ip wall in handle 2");
    }

    #[test]
    fn a_reset_was_taken_to_show_that_nobody_listens() {
        let mut evidence = answered();
        let diagnosis = diagnose(&evidence);
        assert_eq!(diagnosis.verdict, Verdict::Unknown);
        let candidates = diagnosis.candidates.iter().map(|cause| cause.name);
        assert!(candidates.eq(["nft_drop", "tcp_port_closed"]));
        listening(&mut evidence, 23);
        assert_eq!(told(&evidence), ("nft_drop", Basis::Inferred));
        listening(&mut evidence, 22);
        assert_eq!(told(&evidence), ("tcp_port_closed", Basis::Observed));
    }

    #[test]
    fn a_reset_that_tcp_did_not_count_is_a_firewall_s() {
        let mut evidence = answered();
        evidence.moved = Some(Vec::new());
        listening(&mut evidence, 22);
        assert_eq!(told(&evidence), ("nft_drop", Basis::Inferred));
        evidence.moved = Some(vec![moved("v", "Tcp.OutRsts")]);
        assert_eq!(told(&evidence), ("tcp_port_closed", Basis::Observed));
        // Another connection may have been reset meanwhile.
        listening(&mut evidence, 23);
        assert_eq!(diagnose(&evidence).verdict, Verdict::Unknown);
    }

    #[test]
    fn a_router_s_reset_was_its_own_closed_port() {
        let mut evidence = answered();
        evidence.seen = seen(4);
        assert_eq!(told(&evidence), ("nft_drop", Basis::Inferred));
    }
}
