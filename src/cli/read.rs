//! `tunlab read`: dissect a capture, an interface's packets, or those of a TUN device.

use super::Outcome;
use super::args::{DeviceArgs, PacketArgs, PrivateArgs, When};
use super::failure::{Failure, status};
use super::output::Output;
use super::station::{Station, Wanted};
use super::watch::{Flow, Handler, watch};
use crate::capture::{self, Frame, LiveInterface, Mode};
use crate::sys::signals::Signals;
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

#[derive(Args)]
pub(super) struct Read {
    /// A capture file to read instead of a device; `-` is stdin
    file: Option<PathBuf>,

    /// Capture on an interface that exists
    #[arg(short, long, value_name = "IFACE", conflicts_with_all = ["file", "cmd"])]
    interface: Option<String>,

    #[command(flatten)]
    packets: PacketArgs,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    private: PrivateArgs,
}

impl Read {
    pub(super) fn run(&self, color: When) -> Outcome {
        if self.file.is_some() || self.interface.is_some() {
            let instead = if self.file.is_some() { "a FILE" } else { "-i" };
            if self.device.any() {
                return Err(Failure::usage(format!(
                    "{instead} is read as it is: the device flags do not go with it"
                )));
            }
            if !self.private.cmd.is_empty() {
                return Err(Failure::usage(format!(
                    "{instead} and `-- CMD` exclude each other"
                )));
            }
        }
        if let Some(file) = &self.file {
            return self.read_file(file, color);
        }
        if let Some(interface) = &self.interface {
            return self.read_interface(interface, color);
        }
        let station = Station::open(&Wanted {
            mode: Mode::Tun,
            packet_information: false,
            device: &self.device,
            private: &self.private,
        })?;
        let mut printer = Printer::new(&self.packets, color, station.device.name())?;
        let code = station.run(&self.private, &mut printer)?;
        printer.finish()?;
        station.close()?;
        Ok(code)
    }

    fn read_file(&self, file: &Path, color: When) -> Outcome {
        if let Some(write) = &self.packets.write
            && is_same_file(file, write)
        {
            return Err(Failure::usage(format!(
                "{} would be overwritten while it is read; choose another -w",
                write.display()
            )));
        }
        let mut source = capture::open(file)?;
        let mut output = Output::new(&self.packets, color)?.limited(self.packets.count);
        while !output.has_enough() {
            match source.next() {
                Ok(Some(frame)) => output.packet(frame, &[])?,
                Ok(None) => break,
                Err(error) => {
                    // What came before the damage is printed all the same.
                    output.finish()?;
                    return Err(error.into());
                }
            }
        }
        output.finish()?;
        Ok(ExitCode::SUCCESS)
    }

    fn read_interface(&self, name: &str, color: When) -> Outcome {
        let signals = Signals::take_over()?;
        let mut interface = LiveInterface::open(name, Some(Duration::ZERO))?;
        let mut printer = Printer::new(&self.packets, color, name)?;
        watch(&mut interface, &signals, None, &mut printer)?;
        printer.finish()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Prints packets until there are enough.
pub(super) struct Printer {
    output: Output,
    name: String,
    count: u64,
}

impl Printer {
    pub(super) fn new(args: &PacketArgs, color: When, name: &str) -> Result<Printer, Failure> {
        Ok(Printer {
            output: Output::new(args, color)?.limited(args.count),
            name: name.to_owned(),
            count: 0,
        })
    }

    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.output.finish()?;
        status(&format!("{} read from {}", packets(self.count), self.name));
        Ok(())
    }
}

impl Handler for Printer {
    fn packet(&mut self, frame: Frame) -> Result<Flow, Failure> {
        self.output.packet(frame, &[])?;
        self.count += 1;
        Ok(if self.output.has_enough() {
            Flow::Enough
        } else {
            Flow::Continue
        })
    }

    fn idle(&mut self) -> Result<(), Failure> {
        self.output.flush()
    }
}

/// `1 packet`, `2 packets`.
pub(super) fn packets(count: u64) -> String {
    match count {
        1 => "1 packet".to_owned(),
        count => format!("{count} packets"),
    }
}
