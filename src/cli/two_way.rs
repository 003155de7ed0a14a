//! What `spoof` and `tap-dump` have in common: read a packet, print it, write an answer, print
//! that.

use super::args::{PacketArgs, When};
use super::failure::{Failure, status};
use super::output::Output;
use super::read::packets;
use super::watch::{Flow, Handler};
use crate::answer::ip::{Answer, Silence};
use crate::capture::{Direction, Frame, TunDevice};
use crate::sys::errno;

/// Makes the answer to a packet or frame.
type Respond<'r> = Box<dyn Fn(&[u8]) -> Result<Answer, Silence> + 'r>;

/// Prints every packet and answers it.
pub(super) struct TwoWay<'t> {
    output: Output,
    device: &'t TunDevice,
    respond: Respond<'t>,
    quiet: bool,
    limit: u64,
    read: u64,
    written: u64,
}

impl<'t> TwoWay<'t> {
    pub(super) fn new(
        args: &PacketArgs,
        color: When,
        device: &'t TunDevice,
        respond: Respond<'t>,
    ) -> Result<Self, Failure> {
        Ok(TwoWay {
            output: Output::new(args, color)?,
            device,
            respond,
            quiet: args.quiet,
            limit: args.count.unwrap_or(u64::MAX),
            read: 0,
            written: 0,
        })
    }

    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.output.finish()?;
        status(&format!(
            "{} read from {}, {} written to it",
            packets(self.read),
            self.device.name(),
            self.written
        ));
        Ok(())
    }

    /// Prints the answer and then writes it: what CMD says of it comes after it on a terminal.
    fn answer(&mut self, answer: &Answer) -> Result<(), Failure> {
        let name = self.device.name();
        self.say(&format!("wrote to {name}"))?;
        let frame = self
            .device
            .frame(self.read + self.written + 1, &answer.bytes, Direction::In);
        self.output.packet(frame, answer.caveat.as_slice())?;
        match self.device.send(&answer.bytes) {
            Ok(_) => self.written += 1,
            Err(error) => {
                let why = errno::text(errno::of(&error));
                status(&format!("{name} refused it: {why}"));
            }
        }
        Ok(())
    }

    /// Says on stderr what the next packet on stdout is: the ones before it must be out.
    fn say(&mut self, line: &str) -> Result<(), Failure> {
        if !self.quiet {
            self.output.flush()?;
            status(line);
        }
        Ok(())
    }
}

impl Handler for TwoWay<'_> {
    fn packet(&mut self, frame: Frame) -> Result<Flow, Failure> {
        self.read += 1;
        self.say(&format!("read from {}", self.device.name()))?;
        let frame = Frame {
            number: self.read + self.written,
            ..frame
        };
        match (self.respond)(frame.bytes) {
            Ok(answer) => {
                self.output.packet(frame, &[])?;
                self.answer(&answer)?;
            }
            Err(silence) => {
                let note = format!("not answered: {silence}");
                self.output.packet(frame, &[&note])?;
            }
        }
        Ok(if self.read >= self.limit {
            Flow::Enough
        } else {
            Flow::Continue
        })
    }

    fn idle(&mut self) -> Result<(), Failure> {
        self.output.flush()
    }
}
