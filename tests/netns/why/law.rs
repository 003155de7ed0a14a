//! The law of the causes: each of them is made in a lab.
//!
//! A case asks every witness and follows a journey to its end, and a case with cures runs them
//! (`play`), so that a cause needs no more than a case.

use super::{Case, devices, programs, routing, spoiled};
use libtest_mimic::{Failed, Trial};
use tunlab::causes::{self, Cause};

/// Causes that no lab shows, each with why not.
const NOT_IN_A_LAB: &[(&str, &str)] = &[
    (
        "no_packet_information",
        "the program that writes is told (EINVAL) before there is a packet, and nobody else: no \
         counter, no word of the kernel; to others its silence is all there is (tunnel_silent). \
         write-garbage, which is that program, names it (netns::garbage)",
    ),
    ("short_frame", "as no_packet_information, on a TAP device"),
];

/// The laws, as tests that need no network.
pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name, law: fn() -> Result<(), Failed>| Trial::test(name, law);
    vec![
        trial("why::law::every_cause_is_made_in_a_lab", every_cause),
        trial("why::law::every_cure_is_run_in_a_lab", every_cure),
    ]
}

fn cases(cause: &Cause) -> impl Iterator<Item = &'static Case> {
    let lists = [
        routing::CASES,
        devices::CASES,
        spoiled::CASES,
        programs::CASES,
    ];
    let all = lists.into_iter().flatten().copied().flatten();
    all.filter(|case| case.cause == cause.name)
}

fn every_cause() -> Result<(), Failed> {
    for cause in causes::ALL {
        let excused = NOT_IN_A_LAB.iter().any(|(name, _)| *name == cause.name);
        match (cases(cause).next().is_some(), excused) {
            (false, false) => return Err(format!("{} is made in no lab", cause.name).into()),
            (true, true) => return Err(format!("{} is excused in vain", cause.name).into()),
            _ => {}
        }
    }
    let unknown = NOT_IN_A_LAB
        .iter()
        .find(|(name, _)| causes::find(name).is_none());
    match unknown {
        Some((name, _)) => Err(format!("no cause is called {name}").into()),
        None => Ok(()),
    }
}

fn every_cure() -> Result<(), Failed> {
    let curable = causes::ALL.iter().filter(|cause| !cause.cures.is_empty());
    for cause in curable {
        if !cases(cause).any(|case| !case.cures.is_empty()) {
            return Err(format!("no lab runs a cure of {}", cause.name).into());
        }
    }
    Ok(())
}
