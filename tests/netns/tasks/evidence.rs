//! The evidence of a demonstration that passed, tampered with: it must not pass any more.

use super::super::{Problem, wrong};
use serde_json::{Value, json};
use tunlab::task::check::Check;
use tunlab::task::evidence::Evidence;
use tunlab::task::judge::{Verdict, judge};
use tunlab::task::model::Expect;
use tunlab::task::{Case, Task};

/// The evidence in what `-o json` told.
fn evidence(told: &Value) -> Result<Evidence, Problem> {
    let steps = told["steps"].as_array().into_iter().flatten();
    let steps: Vec<&Value> = steps.map(|step| &step["record"]).collect();
    let whole = json!({
        "run": told["run"],
        "steps": steps,
        "packets": told["packets"],
        "counters": told["counters"],
        "readings": told["readings"],
    });
    serde_json::from_value(whole).map_err(|error| Problem::Wrong(error.to_string()))
}

/// The verdicts on the expectations that want to see packets, after a change to the evidence.
fn tampered(
    task: &Task,
    case: &Case,
    told: &Value,
    change: impl Fn(&mut Evidence),
    wants: impl Fn(&Check) -> bool,
) -> Result<Vec<Verdict>, Problem> {
    let mut evidence = evidence(told)?;
    change(&mut evidence);
    let verdicts = judge(task, case, &evidence);
    let of = |expect: &Expect| {
        let that = expect.that.get_ref();
        verdicts
            .iter()
            .find(|verdict| verdict.that == *that)
            .cloned()
    };
    let wanted = case.expects.iter().filter(|expect| wants(&expect.check));
    Ok(wanted.filter_map(of).collect())
}

fn all_fail(task: &Task, case: &Case, what: &str, verdicts: &[Verdict]) -> Result<(), Problem> {
    match verdicts.iter().find(|verdict| verdict.holds) {
        Some(one) => wrong(format!(
            "{}: {}: {what}, and yet: {one:?}",
            task.id, case.name
        )),
        None => Ok(()),
    }
}

/// Packets that must have been seen.
fn wants_packets(check: &Check) -> bool {
    match check {
        Check::Packets(packets) => {
            packets.at_least.is_some_and(|least| least > 0)
                || packets.exactly.is_some_and(|exactly| exactly > 0)
        }
        Check::Path(_) | Check::Answered(_) | Check::Gaps(_) => true,
        _ => false,
    }
}

/// Packets of other namespaces, or of another time, show nothing.
pub(super) fn no_other_run(task: &Task, case: &Case, told: &Value) -> Result<(), Problem> {
    let other_hosts = |evidence: &mut Evidence| {
        for packet in &mut evidence.packets {
            packet.netns += 1;
        }
    };
    let verdicts = tampered(task, case, told, other_hosts, wants_packets)?;
    all_fail(task, case, "the packets are of other namespaces", &verdicts)?;
    let earlier = |evidence: &mut Evidence| {
        let (from, to) = (evidence.run.started, evidence.run.ended);
        for packet in &mut evidence.packets {
            packet.time -= to - from + 1;
        }
    };
    let verdicts = tampered(task, case, told, earlier, wants_packets)?;
    all_fail(task, case, "the packets are of an earlier run", &verdicts)
}

/// Echo replies whose ICMP checksum is wrong are no replies, although ping would print them.
pub(super) fn right_checksums(task: &Task, case: &Case, told: &Value) -> Result<(), Problem> {
    let spoil = |evidence: &mut Evidence| {
        for packet in &mut evidence.packets {
            // The last byte is of the message's data, which the checksum covers.
            if let Some(last) = packet.bytes.last_mut() {
                *last ^= 0xff;
            }
        }
    };
    let wants = |check: &Check| match check {
        Check::Answered(answered) => answered.by.text.contains("icmp"),
        _ => false,
    };
    let verdicts = tampered(task, case, told, spoil, wants)?;
    all_fail(task, case, "the checksums are wrong", &verdicts)
}

/// Without a single packet, counter or answer of the kernel nothing holds but that which must not
/// be seen, and what programs have said.
pub(super) fn each_is_needed(task: &Task, case: &Case, told: &Value) -> Result<(), Problem> {
    let forget = |evidence: &mut Evidence| {
        evidence.packets.clear();
        evidence.counters.clear();
        evidence.readings.clear();
    };
    let wants = |check: &Check| match check {
        Check::Words(_) | Check::Elapsed(_) => false,
        Check::Packets(_) => wants_packets(check),
        _ => true,
    };
    let verdicts = tampered(task, case, told, forget, wants)?;
    all_fail(task, case, "nothing was recorded", &verdicts)
}
