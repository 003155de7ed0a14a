//! The list of commands, and which of them was typed.
//!
//! To describe all commands takes longer than to print a packet: where a command's name comes
//! first, only that command is described.

use super::args::When;
use super::{
    Outcome, doctor, forward, journey, lab, ping, proto, read, spoof, stand_in, tap_dump, task,
    why, write_garbage,
};
use clap::builder::Resettable;
use clap::{ArgMatches, Args, Command, CommandFactory, Error, FromArgMatches, Parser};
use std::ffi::OsString;
use std::mem;

/// What one of the commands does, once its arguments are understood.
pub(super) trait Runs: Args {
    /// Whether a capture file is all that it works with: to look for dead labs then takes a part of
    /// the time that its first packet takes.
    fn reads_a_file(&self) -> bool {
        false
    }

    fn run(self, color: When) -> Outcome;
}

/// In the order of `tunlab --help`. Adding a command is one file and one line here.
const COMMANDS: [Entry; 14] = [
    entry::<read::Read>(
        "read",
        "Dissect a capture, or live packets of a TUN device that it creates",
    ),
    entry::<spoof::Spoof>("spoof", "Answer each packet read with a forged one")
        .alias("spoof-reply"),
    entry::<write_garbage::WriteGarbage>(
        "write-garbage",
        "Write what is no IP packet; show and explain the kernel's verdict",
    ),
    entry::<tap_dump::TapDump>(
        "tap-dump",
        "Dissect the frames of a TAP device: Ethernet and ARP",
    ),
    entry::<forward::Forward>(
        "forward",
        "The tunnel: its client (--server A:P) or its server (--listen A:P)",
    ),
    entry::<journey::Journey>("journey", "Follow a packet hop by hop through a lab"),
    entry::<task::TaskArgs>(
        "task",
        "The tasks of the course: listed, shown, demonstrated",
    ),
    entry::<proto::Proto>(
        "proto",
        "Reference: fields, meanings, diagram and filter names of a protocol",
    ),
    entry::<ping::Ping>("ping", "A small ping, for machines without one"),
    entry::<stand_in::Telnet>("telnet", "A small telnet, for machines without one").hidden(),
    entry::<stand_in::Arping>("arping", "A small arping, for machines without one").hidden(),
    entry::<why::Why>(
        "why",
        "Where and why packets die, and the command that cures it",
    ),
    entry::<lab::LabArgs>(
        "lab",
        "Hosts made of namespaces: build them, look at them, run programs on them",
    ),
    entry::<doctor::Doctor>(
        "doctor",
        "What on this machine would stop tunlab, each with its remedy",
    ),
];

/// A command: what it is called, what it takes, what it does.
struct Entry {
    name: &'static str,
    about: &'static str,
    alias: Option<&'static str>,
    is_hidden: bool,
    augment: fn(Command) -> Command,
    run: fn(ArgMatches) -> Result<Outcome, Error>,
}

const fn entry<T: Runs>(name: &'static str, about: &'static str) -> Entry {
    Entry {
        name,
        about,
        alias: None,
        is_hidden: false,
        augment: T::augment_args,
        run: run::<T>,
    }
}

fn run<T: Runs>(mut matches: ArgMatches) -> Result<Outcome, Error> {
    let common = Common::from_arg_matches_mut(&mut matches)?;
    let command = T::from_arg_matches_mut(&mut matches)?;
    if !command.reads_a_file() {
        // Labs whose processes were killed, the reaper with them.
        crate::lab::collect();
    }
    Ok(command.run(common.color))
}

impl Entry {
    const fn alias(self, alias: &'static str) -> Entry {
        Entry {
            alias: Some(alias),
            ..self
        }
    }

    const fn hidden(self) -> Entry {
        Entry {
            is_hidden: true,
            ..self
        }
    }

    fn is_called(&self, name: &OsString) -> bool {
        name == self.name || self.alias.is_some_and(|alias| name == alias)
    }

    /// Its description. What a group of arguments says of itself is not said of the command.
    fn command(&self) -> Command {
        (self.augment)(Common::augment_args(Command::new(self.name)))
            .about(self.about)
            .long_about(Resettable::Reset)
            .visible_alias(self.alias)
            .hide(self.is_hidden)
    }
}

// What every command takes.
#[derive(Args)]
struct Common {
    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: When,
}

/// A packet-inspection teaching tool for TUN/TAP and VPN tunnelling.
#[derive(Parser)]
#[command(name = NAME, version, about)]
#[command(
    after_help = "Exit codes: 0 done, 1 a verdict is negative, 2 bad usage or input, 3 this machine refuses."
)]
struct Cli {
    #[command(flatten)]
    common: Common,
}

const NAME: &str = "tunlab";

/// Columns of help at most.
const WIDTH: usize = 100;

/// The command line with all commands.
pub(super) fn all() -> Command {
    Cli::command()
        .max_term_width(WIDTH)
        .subcommands(COMMANDS.iter().map(Entry::command))
}

/// The command line with one command, whose name has been read.
fn alone(entry: &Entry) -> Command {
    entry
        .command()
        .bin_name(format!("{NAME} {}", entry.name))
        .max_term_width(WIDTH)
}

/// Runs the command that was typed; `otherwise`, where none was.
pub(super) fn run_typed(
    words: Vec<OsString>,
    otherwise: fn() -> Outcome,
) -> Result<Outcome, Error> {
    let typed = words.get(1);
    if let Some(entry) = typed.and_then(|name| COMMANDS.iter().find(|e| e.is_called(name))) {
        return parse_and_run(alone(entry), &words[1..], entry.run);
    }
    parse_and_run(all(), &words, |mut matches| {
        let Some((name, matches)) = matches.remove_subcommand() else {
            return Ok(otherwise());
        };
        match COMMANDS.iter().find(|entry| entry.name == name) {
            Some(entry) => (entry.run)(matches),
            None => Ok(otherwise()),
        }
    })
}

/// Parses the words, and does what they mean.
fn parse_and_run(
    mut command: Command,
    words: &[OsString],
    run: impl FnOnce(ArgMatches) -> Result<Outcome, Error>,
) -> Result<Outcome, Error> {
    let matches = command.try_get_matches_from_mut(words)?;
    let outcome = run(matches).map_err(|error| error.format(&mut command));
    // To take it apart takes longer than to read a packet, and gains nothing.
    mem::forget(command);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_by_itself_is_the_one_among_all() {
        let mut all = all();
        all.build();
        for entry in &COMMANDS {
            let mut alone = alone(entry);
            alone.build();
            let among = all.find_subcommand_mut(entry.name).unwrap();
            let [alone, among] = [&mut alone, among]
                .map(|command| (command.render_long_help(), command.render_usage()));
            assert_eq!(alone.0.to_string(), among.0.to_string());
            assert_eq!(alone.1.to_string(), among.1.to_string());
        }
    }

    #[test]
    fn no_two_commands_answer_to_one_name() {
        all().debug_assert();
    }
}
