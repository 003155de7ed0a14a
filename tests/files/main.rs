//! Capture files: what tunlab writes is read by tshark, tcpdump and scapy; what they, editcap and
//! mergecap write is read by tunlab; and how the command line deals with files.
//!
//! A peer that is missing makes its tests ignored, with the reason; with `TUNLAB_REQUIRE_ORACLE=1`
//! that is a failure.

mod command;
#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod damaged;
mod packets;
mod peers;
mod streams;
mod theirs;
mod threads;
mod written;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// Why a test did not pass.
#[derive(Debug)]
enum Problem {
    /// A peer or the captures are missing: the test says nothing about tunlab.
    Missing(String),
    /// What happened is not what should.
    Wrong(String),
}

type Outcome = Result<(), Problem>;

/// A test and its name.
type Test = (&'static str, fn() -> Outcome);

fn main() {
    let lists = [
        ("written", written::TESTS),
        ("theirs", theirs::TESTS),
        ("corpus", corpus::TESTS),
        ("damaged", damaged::TESTS),
        ("streams", streams::TESTS),
        ("command", command::TESTS),
        ("threads", threads::TESTS),
    ];
    let trials = lists.into_iter().flat_map(|(group, tests)| {
        tests.iter().map(move |(name, test)| {
            Trial::ignorable_test(format!("{group}::{name}"), || judge(test()))
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit();
}

fn judge(outcome: Outcome) -> Result<Completion, Failed> {
    let required = std::env::var_os("TUNLAB_REQUIRE_ORACLE").is_some();
    match outcome {
        Ok(()) => Ok(Completion::Completed),
        Err(Problem::Missing(why)) if !required => Ok(Completion::ignored_with(why)),
        Err(Problem::Missing(why) | Problem::Wrong(why)) => Err(why.into()),
    }
}

/// A failure, in words.
fn wrong<T>(why: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Wrong(why.into()))
}

/// Fails with both sides unless they are equal; of lists the first difference is shown.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, theirs: &[T], ours: &[T]) -> Outcome {
    let differs = theirs.iter().zip(ours).position(|(a, b)| a != b);
    if let Some(at) = differs {
        let (theirs, ours) = (&theirs[at], &ours[at]);
        return wrong(format!(
            "{what}: number {}: {theirs:?} became {ours:?}",
            at + 1
        ));
    }
    if theirs.len() != ours.len() {
        return wrong(format!(
            "{what}: {} became {} in number",
            theirs.len(),
            ours.len()
        ));
    }
    Ok(())
}
