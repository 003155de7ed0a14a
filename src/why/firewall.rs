//! What a firewall may have done to the packet at a place, by the traces of it.

use nix::errno::Errno;

use super::clues::Clues;
use super::evidence::{Evidence, Rule, Trace};
use super::point::{Phase, Point};

/// The clues for a firewall's drop; nothing if the packet was traced and got on.
pub(super) fn check(point: &Point, evidence: &Evidence, clues: Clues) -> Option<Clues> {
    let own = point.phase == Phase::Sending && point.dst == evidence.to;
    let clues = match evidence.refused {
        Some(Errno::EPERM) if own => {
            clues.observed(6, "sending it was answered with EPERM".to_owned())
        }
        _ => clues,
    };
    let Some(traces) = &evidence.traces else {
        return Some(clues);
    };
    let here: Vec<&Trace> = traces.iter().filter(|one| is_at(one, point)).collect();
    let dropped = here
        .iter()
        .find_map(|trace| Some((*trace, trace.dropped_by.as_ref()?)));
    match dropped {
        Some((trace, rule)) => Some(found(trace, rule, point, clues)),
        // It came in and no trace shows that: it died where nothing is traced.
        None if here.is_empty() && point.phase == Phase::In => Some(clues),
        None => None,
    }
}

/// Whether a trace is of what was at that place: a host may have to do with the packet, with its
/// answer and with datagrams around them.
fn is_at(trace: &Trace, point: &Point) -> bool {
    let outer = point.outer.map(|(_, to)| to.ip());
    trace.host == point.host.name && (trace.dst == point.dst || Some(trace.dst) == outer)
}

fn found(trace: &Trace, rule: &Rule, point: &Point, clues: Clues) -> Clues {
    let mut clues = clues.observed(8, words(trace, rule));
    clues.rule = Some(rule.clone());
    // Behind the routing it belongs to the device that it leaves through.
    if matches!(trace.hook.as_str(), "postrouting" | "egress") {
        let link = trace.oif.and_then(|index| point.host.link_by_index(index));
        clues.dev = link.map(|link| link.name.clone());
    }
    clues
}

fn words(trace: &Trace, rule: &Rule) -> String {
    let Rule {
        family,
        table,
        chain,
        ..
    } = rule;
    let what = match rule.handle {
        Some(handle) => format!("the rule with handle {handle}"),
        None => "the policy".to_owned(),
    };
    let text = rule.text.as_ref();
    let quoted = text.map_or_else(String::new, |text| format!(": {text}"));
    let hook = &trace.hook;
    format!("{what} of chain {chain} in table {family} {table} drops it, at hook {hook}{quoted}")
}
