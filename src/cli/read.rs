//! `tunlab read`: dissect a capture, an interface's packets, or those of a TUN device.

use super::Outcome;
use super::args::{DeviceArgs, PacketArgs, PrivateArgs, When};
use super::commands::Runs;
use super::failure::{Failure, status};
use super::number;
use super::output::Output;
use super::parallel;
use super::progress::Progress;
use super::station::{Defaults, Station, Wanted};
use super::watch::{Flow, Handler, watch};
use crate::capture::{Frame, Input, LiveInterface, Mode, Source};
use crate::render::Format;
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

    /// Dissect and print a capture file with N threads, in the order of the file
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "line_buffered",
        value_parser = number::whole::<u8>(1..=16))]
    threads: u8,

    #[command(flatten)]
    packets: PacketArgs,
    #[command(flatten)]
    device: DeviceArgs,
    #[command(flatten)]
    private: PrivateArgs,
}

impl Runs for Read {
    fn reads_a_file(&self) -> bool {
        self.file.is_some()
    }

    fn run(self, color: When) -> Outcome {
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
        if self.threads > 1 && self.file.is_none() {
            return Err(Failure::usage(
                "--threads is for a capture FILE: live packets are printed as they come",
            ));
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
            private: Some(&self.private),
            defaults: Defaults::course(),
        })?;
        let mut printer = Printer::new(&self.packets, color, station.device.name())?;
        let code = station.run(&self.private, &mut printer)?;
        printer.finish()?;
        station.close()?;
        Ok(code)
    }
}

impl Read {
    fn read_file(&self, file: &Path, color: When) -> Outcome {
        let input = Input::open(file)?;
        if let Some(write) = &self.packets.write
            && input.is(write)
        {
            return Err(Failure::usage(format!(
                "-w {}: this is the file that is read, and would be lost; choose another",
                write.display()
            )));
        }
        let length = input.length();
        if self.threads > 1 {
            if length.is_none() {
                return Err(Failure::usage(
                    "--threads is for a capture FILE: packets of a pipe are printed as they come",
                ));
            }
            if self.packets.options().format == Format::Table {
                return Err(Failure::usage(
                    "--threads does not go with -o table: its columns fit a page of packets",
                ));
            }
        }
        let progress = Progress::new(length);
        // Whatever is no capture is refused before -w creates a file.
        let mut source = input.read(progress.watch())?;
        let mut output = Output::new(&self.packets, color)?;
        output.as_precise_as(&*source);
        let printed = match self.threads {
            1 => print_all(&mut *source, &mut output, length.is_none()),
            threads => parallel::print_all(
                &mut *source,
                &mut output,
                &self.packets,
                color,
                threads.into(),
            ),
        };
        // What came before the damage, or before a packet that -w cannot hold, is not lost.
        let finished = output.finish();
        printed.and(finished)?;
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

/// Prints packets to the end or until there are enough. Those of a stream are shown before more
/// are waited for.
fn print_all(source: &mut dyn Source, output: &mut Output, is_stream: bool) -> Result<(), Failure> {
    while !output.has_enough() {
        let next = source.next();
        // The frame is lent, not moved: to move it takes longer than to read it.
        match &next {
            Ok(Some(frame)) => output.packet(frame, &[])?,
            Ok(None) => return Ok(()),
            Err(_) => return Ok(next.map(drop)?),
        }
        if is_stream && source.is_drained() {
            output.flush()?;
        }
    }
    Ok(())
}

/// Prints packets until there are enough.
pub(super) struct Printer {
    output: Output,
    name: String,
}

impl Printer {
    pub(super) fn new(args: &PacketArgs, color: When, name: &str) -> Result<Printer, Failure> {
        Ok(Printer {
            output: Output::new(args, color)?,
            name: name.to_owned(),
        })
    }

    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.output.finish()?;
        status(&self.output.summary(&self.name));
        Ok(())
    }
}

impl Handler for Printer {
    fn packet(&mut self, frame: Frame) -> Result<Flow, Failure> {
        self.output.packet(&frame, &[])?;
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
