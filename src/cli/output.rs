//! Packets to stdout and to `-w`.

use super::args::{PacketArgs, When, paint, stdout_is_terminal};
use super::failure::Failure;
use crate::capture::{Frame, PcapWriter, Sink};
use crate::model::Text;
use crate::packet::dissect;
use crate::render::{Renderer, View};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// Bytes collected before they go to a file or pipe.
const BLOCK: usize = 64 * 1024;

/// Prints packets, keeps them with `-w`, and counts them.
pub(super) struct Output {
    renderer: Renderer,
    text: Text,
    /// Past std's own buffer: whole blocks are collected here.
    stdout: File,
    sink: Option<Box<dyn Sink>>,
    at_once: bool,
    quiet: bool,
}

impl Output {
    pub(super) fn new(args: &PacketArgs, color: When) -> Result<Output, Failure> {
        let to_stdout = args.write.as_deref().is_some_and(|path| path == "-");
        let sink: Option<Box<dyn Sink>> = match &args.write {
            Some(path) => Some(Box::new(PcapWriter::create(path)?)),
            None => None,
        };
        Ok(Output {
            renderer: Renderer::new(args.options(), paint(color)),
            text: Text::with_capacity(2 * BLOCK),
            stdout: File::from(io::stdout().as_fd().try_clone_to_owned()?),
            sink,
            at_once: args.line_buffered || stdout_is_terminal(),
            // A capture on stdout leaves no room for text.
            quiet: args.quiet || to_stdout,
        })
    }

    /// Prints and keeps one packet; `notes` are remarks that only the caller can make.
    pub(super) fn packet(&mut self, frame: Frame, notes: &[&str]) -> Result<(), Failure> {
        if let Some(sink) = &mut self.sink {
            sink.write(&frame)?;
        }
        if self.quiet {
            return Ok(());
        }
        let packet = dissect(frame.link, frame.bytes);
        let view = View {
            frame,
            packet: &packet,
            notes,
        };
        self.renderer.packet(&view, &mut self.text);
        if self.at_once || self.text.len() >= BLOCK {
            self.flush_text()?;
        }
        Ok(())
    }

    /// Hands over everything so far: nothing more is coming at the moment.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        if let Some(sink) = &mut self.sink {
            sink.flush()?;
        }
        self.flush_text()
    }

    /// Completes what was written.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.flush_text()?;
        if let Some(mut sink) = self.sink.take() {
            sink.finish()?;
        }
        Ok(())
    }

    fn flush_text(&mut self) -> Result<(), Failure> {
        let written = self.stdout.write_all(self.text.as_bytes());
        self.text.clear();
        Ok(written?)
    }
}
