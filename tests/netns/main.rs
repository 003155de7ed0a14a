//! Real devices in private networks, judged by real peers: ping, arping, ip, tcpdump.
//!
//! Every test runs twice, as root and as an ordinary user ([`user`]), and every process of it is
//! bounded in time and must be gone afterwards ([`run`]). What this machine cannot do is reported
//! as ignored, with the reason; `TUNLAB_REQUIRE_NETNS=1` makes that a failure.
//!
//! No test touches the machine's own network: a run as root, and one that starts as root and
//! becomes an ordinary user, begins in a namespace that the test has made. [`untouched`] looks after
//! every test whether that is so.

mod arp;
mod command;
mod create;
mod doctor;
mod ended;
mod ending;
mod garbage;
mod journey;
mod kill;
mod lab;
mod ping;
mod processes;
mod read;
mod refused;
mod run;
mod selection;
mod spoof;
mod taken;
mod tasks;
mod tunnel;
mod untouched;
mod user;
mod warning;
mod why;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use run::Bench;
use std::sync::Arc;
use user::User;

/// What a test is given, and what it answers with: an error is a failure unless it is
/// [`Missing`].
type Test = fn(&Bench) -> Result<(), Problem>;

/// Why a test did not pass.
pub(crate) enum Problem {
    /// The machine lacks something: the test says nothing about tunlab.
    Missing(String),
    /// What happened is not what should.
    Wrong(String),
}

/// A failure, in words.
pub(crate) fn wrong<T>(why: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Wrong(why.into()))
}

/// A lack of this machine, in words.
pub(crate) fn missing<T>(why: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Missing(why.into()))
}

fn main() -> std::process::ExitCode {
    let mut args = Arguments::from_args();
    // The tests mostly wait, for pings and for time to pass.
    args.test_threads.get_or_insert(6);
    let bench_folder = run::Folder::make();
    let before = Arc::new(untouched::Machine::look());
    let mut trials = why::law::trials();
    for user in User::candidates() {
        let readiness = if args.list {
            Ok(())
        } else {
            Bench::new(user, &bench_folder).ready()
        };
        for (name, test) in tests(user) {
            let bench = Bench::new(user, &bench_folder);
            let readiness = readiness.clone();
            let before = Arc::clone(&before);
            let runner = move || {
                let outcome = readiness.and_then_run(test, &bench);
                judge(outcome.and_then(|()| before.is_untouched()))
            };
            trials.push(Trial::ignorable_test(format!("{user}::{name}"), runner));
        }
    }
    let conclusion = libtest_mimic::run(&args, trials);
    drop(bench_folder);
    conclusion.exit_code()
}

/// The tests for this user; the longest come first.
fn tests(user: User) -> Vec<(&'static str, Test)> {
    let mut lists = vec![
        tasks::all::TESTS,
        kill::TESTS,
        lab::kill::TESTS,
        journey::path::TESTS,
        journey::special::TESTS,
        journey::watches::TESTS,
        journey::deaths::TESTS,
        journey::ipv6::TESTS,
        arp::TESTS,
        warning::TESTS,
        why::routing::TESTS,
        why::devices::TESTS,
        why::spoiled::TESTS,
        why::programs::TESTS,
        why::healthy::TESTS,
        why::undone::TESTS,
        why::outside::TESTS,
        why::privileges::TESTS,
        create::TESTS,
        read::TESTS,
        spoof::TESTS,
        selection::TESTS,
        garbage::TESTS,
        ping::TESTS,
        command::TESTS,
        ending::TESTS,
        taken::TESTS,
        refused::TESTS,
        doctor::TESTS,
        lab::standing::TESTS,
        lab::ownership::TESTS,
        lab::typed::TESTS,
        lab::refused::TESTS,
        tasks::own::TESTS,
        journey::probes::TESTS,
        journey::refused::TESTS,
    ];
    let tunnel = tunnel::tests();
    lists.push(&tunnel);
    if !user.is_root() {
        lists.extend([refused::ORDINARY, doctor::ORDINARY]);
    }
    // Who runs it makes no difference to what a sabotaged task shows.
    if user != User::Nobody {
        lists.push(tasks::sabotage::TESTS);
    }
    if user.is_root() {
        lists.extend([lab::standing::ROOT, lab::ownership::ROOT, lab::typed::ROOT]);
        lists.push(tasks::own::ROOT);
    }
    if user != User::Own {
        lists.push(lab::refused::ROOT_PREPARES);
    }
    if user == User::Nobody {
        lists.extend([refused::NOBODY, doctor::NOBODY]);
    }
    lists.concat()
}

fn judge(outcome: Result<(), Problem>) -> Result<Completion, Failed> {
    let required = std::env::var_os("TUNLAB_REQUIRE_NETNS").is_some_and(|value| value == "1");
    match outcome {
        Ok(()) => Ok(Completion::Completed),
        Err(Problem::Missing(why)) if !required => Ok(Completion::ignored_with(why)),
        Err(Problem::Missing(why)) => Err(format!("this machine lacks something: {why}").into()),
        Err(Problem::Wrong(why)) => Err(why.into()),
    }
}

/// Runs the test on a bench that is ready.
trait Readiness {
    fn and_then_run(self, test: Test, bench: &Bench) -> Result<(), Problem>;
}

impl Readiness for Result<(), String> {
    fn and_then_run(self, test: Test, bench: &Bench) -> Result<(), Problem> {
        self.map_err(Problem::Missing)?;
        test(bench)
    }
}
