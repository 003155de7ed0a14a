//! What `spoof` and `tap-dump` have in common: read a packet, print it, write an answer, print
//! that. A packet that is not selected is passed over; an answer is never left out.

use super::args::{PacketArgs, When};
use super::failure::{Failure, status};
use super::output::Output;
use super::watch::{Flow, Handler};
use crate::answer::ip::{Answer, Silence};
use crate::capture::{Direction, Frame, TunDevice};
use crate::sys::errno;

/// Makes the answer to a packet or frame.
type Respond<'r> = Box<dyn Fn(&[u8]) -> Result<Answer, Silence> + 'r>;

/// Prints every selected packet and answers it.
pub(super) struct TwoWay<'t> {
    output: Output,
    device: &'t TunDevice,
    respond: Respond<'t>,
    quiet: bool,
    /// Packets so far, in both directions.
    count: u64,
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
            count: 0,
            written: 0,
        })
    }

    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.output.finish()?;
        status(&format!(
            "{}, {} written to it",
            self.output.summary(self.device.name()),
            self.written
        ));
        Ok(())
    }

    /// Prints the answer and then writes it: what CMD says of it comes after it on a terminal.
    fn answer(&mut self, answer: &Answer) -> Result<(), Failure> {
        let name = self.device.name();
        self.say(&format!("wrote to {name}"))?;
        self.count += 1;
        let frame = self.device.frame(self.count, &answer.bytes, Direction::In);
        self.output.print(&frame, answer.caveat.as_slice())?;
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
        self.count += 1;
        let frame = Frame {
            number: self.count,
            ..frame
        };
        if !self.output.wants(&frame) {
            return Ok(Flow::Continue);
        }
        self.say(&format!("read from {}", self.device.name()))?;
        match (self.respond)(frame.bytes) {
            Ok(answer) => {
                self.output.print(&frame, &[])?;
                self.answer(&answer)?;
            }
            Err(silence) => {
                let note = format!("not answered: {silence}");
                self.output.print(&frame, &[&note])?;
            }
        }
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
