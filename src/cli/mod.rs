//! The command line: what was typed, what it means, what is printed, the exit code. Only this
//! folder prints and only this folder exits.
//!
//! - `args`: flags that several commands share
//! - `commands`: the list of commands, and which of them was typed
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
mod commands;
mod doctor;
mod failure;
mod forward;
mod journey;
mod lab;
mod number;
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

use failure::Failure;
use std::env;
use std::process::ExitCode;

/// What a run of the program ends with.
type Outcome = Result<ExitCode, Failure>;

/// Parses the command line, runs the command, and says how it ended.
pub fn main() -> ExitCode {
    match commands::run_typed(env::args_os().collect(), greet) {
        Ok(outcome) => outcome.unwrap_or_else(|failure| failure.report()),
        Err(error) => failure::bad_usage(&error),
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
    commands::all()
}
