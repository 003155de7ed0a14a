//! The command line: what was typed, what it means, what is printed, the exit code. Only this
//! folder prints and only this folder exits.
//!
//! - `args`: flags that several commands share
//! - `deferred`: arguments that are described only when their command was typed
//! - `read`, `spoof`, `tap_dump`, `write_garbage`, `forward`, `proto`, `ping`, `why`, `doctor`: one
//!   file a command
//! - `task`: the tasks of the course
//! - `stand_in`: small programs for machines that lack the usual ones
//! - `lab`: the commands about hosts made of namespaces
//! - `station`: the device, the private network and CMD that a live command works with
//! - `watch`: the loop over packets, signals and CMD
//! - `two_way`: what spoof and tap-dump have in common: read, answer, write
//! - `output`: packets to stdout and to `-w`
//! - `progress`: how far a long read has come
//! - `failure`: errors become words and exit codes

mod args;
mod deferred;
mod doctor;
mod failure;
mod forward;
mod journey;
mod lab;
mod output;
mod parallel;
mod ping;
mod places;
mod privileges;
mod progress;
mod proto;
mod read;
mod spoof;
mod stand_in;
mod station;
mod tap_dump;
mod task;
mod two_way;
mod watch;
mod why;
mod write_garbage;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use deferred::Deferred;
use failure::Failure;
use std::process::ExitCode;
use std::{env, mem};

/// What a run of the program ends with.
type Outcome = Result<ExitCode, Failure>;

/// A packet-inspection teaching tool for TUN/TAP and VPN tunnelling.
#[derive(Parser)]
#[command(name = "tunlab", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 a verdict is negative, 2 bad usage or input, 3 this machine refuses."
)]
struct Cli {
    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: args::When,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Dissect a capture, or live packets of a TUN device that it creates
    Read(Deferred<read::Read>),
    /// Answer each packet read with a forged one
    #[command(visible_alias = "spoof-reply")]
    Spoof(Deferred<spoof::Spoof>),
    /// Write what is no IP packet; show and explain the kernel's verdict
    WriteGarbage(Deferred<write_garbage::WriteGarbage>),
    /// Dissect the frames of a TAP device: Ethernet and ARP
    TapDump(Deferred<tap_dump::TapDump>),
    /// The tunnel: its client (--server A:P) or its server (--listen A:P)
    Forward(Deferred<forward::Forward>),
    /// Follow a packet hop by hop through a lab
    Journey(Deferred<journey::Journey>),
    /// The tasks of the course: listed, shown, demonstrated
    Task(Deferred<task::TaskArgs>),
    /// Reference: fields, meanings, diagram and filter names of a protocol
    Proto(Deferred<proto::Proto>),
    /// A small ping, for machines without one
    Ping(Deferred<ping::Ping>),
    /// A small telnet, for machines without one
    #[command(hide = true)]
    Telnet(Deferred<stand_in::Telnet>),
    /// A small arping, for machines without one
    #[command(hide = true)]
    Arping(Deferred<stand_in::Arping>),
    /// Where and why packets die, and the command that cures it
    Why(Deferred<why::Why>),
    /// Hosts made of namespaces: build them, look at them, run programs on them
    Lab(Deferred<lab::LabArgs>),
    /// What on this machine would stop tunlab, each with its remedy
    Doctor(Deferred<doctor::Doctor>),
}

/// Parses the command line, runs the command, and says how it ended.
pub fn main() -> ExitCode {
    let cli = match parse() {
        Ok(cli) => cli,
        Err(error) => return failure::bad_usage(&error),
    };
    if !cli.command.as_ref().is_some_and(Command::reads_a_file) {
        // Labs whose processes were killed, the reaper with them.
        crate::lab::collect();
    }
    let outcome = match cli.command {
        None => greet(),
        Some(Command::Read(Deferred(read))) => read.run(cli.color),
        Some(Command::Spoof(Deferred(spoof))) => spoof.run(cli.color),
        Some(Command::WriteGarbage(Deferred(garbage))) => garbage.run(cli.color),
        Some(Command::TapDump(Deferred(dump))) => dump.run(cli.color),
        Some(Command::Forward(Deferred(forward))) => forward.run(),
        Some(Command::Journey(Deferred(journey))) => journey.run(cli.color),
        Some(Command::Task(Deferred(task))) => task.run(cli.color),
        Some(Command::Proto(Deferred(proto))) => proto.run(cli.color),
        Some(Command::Ping(Deferred(ping))) => ping.run(),
        Some(Command::Telnet(Deferred(telnet))) => telnet.run(),
        Some(Command::Arping(Deferred(arping))) => arping.run(),
        Some(Command::Why(Deferred(why))) => why.run(cli.color),
        Some(Command::Lab(Deferred(lab))) => lab.run(cli.color),
        Some(Command::Doctor(Deferred(doctor))) => doctor.run(cli.color),
    };
    outcome.unwrap_or_else(|failure| failure.report())
}

/// What was typed.
fn parse() -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let mut matches = command.try_get_matches_from_mut(env::args_os())?;
    let cli = Cli::from_arg_matches_mut(&mut matches);
    let cli = cli.map_err(|error| error.format(&mut command));
    // To take it apart takes longer than to read a packet, and gains nothing.
    mem::forget(command);
    cli
}

impl Command {
    /// Whether a capture file is all that it works with: to look for labs then takes a part of the
    /// time that its first packet takes.
    fn reads_a_file(&self) -> bool {
        matches!(self, Command::Read(Deferred(read)) if read.is_of_a_file())
    }
}

/// `tunlab` alone: five commands to try first.
fn greet() -> Outcome {
    let greeting = "\
tunlab dissects, forges and explains the packets of TUN and TAP devices.
Five commands to try, none of which needs a second terminal:

  tunlab read -- ping -c 2 -W 1 192.168.53.1
      see a ping arrive on a TUN device
  tunlab spoof --src 1.2.3.4 -- ping -c 3 192.168.53.1
      answer it from an address that is not yours
  tunlab read --explain -c 1 -- ping -c 1 192.168.53.1
      the same packet, every field explained
  tunlab write-garbage -- sleep 1
      what the kernel takes, and what it refuses
  tunlab tap-dump --arp-reply aa:bb:cc:dd:ee:ff --echo -- ping -c 2 192.168.53.1
      Ethernet and ARP, answered

`tunlab doctor` tells what this machine allows; `tunlab --help` lists the rest.
";
    failure::print(greeting)?;
    Ok(ExitCode::SUCCESS)
}

/// The command line as data, for tests and documentation.
pub fn command() -> clap::Command {
    Cli::command()
}
