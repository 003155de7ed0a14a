//! Packets to stdout and to `-w`.

use super::args::{PacketArgs, When, paint, stdout_is_terminal, terminal_width};
use super::failure::Failure;
use crate::capture::{self, Frame, Sink, Source, Timestamp};
use crate::model::{Packet, Text};
use crate::packet::Dissector;
use crate::packet::filter::{Facts, Filter};
use crate::render::{Renderer, View};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

/// Bytes collected before they go to a file or pipe.
const BLOCK: usize = 64 * 1024;

/// Selects packets, prints them, and keeps them with `-w`.
pub(super) struct Output {
    dissector: Dissector,
    filter: Option<Filter>,
    /// Packets still to be left out.
    skip: u64,
    /// Packets still wanted.
    left: u64,
    /// Packets offered so far, and those of them that were wanted.
    read: u64,
    selected: u64,
    started: Option<Timestamp>,
    renderer: Renderer,
    text: Text,
    /// Past std's own buffer: whole blocks are collected here.
    stdout: File,
    sink: Option<Box<dyn Sink>>,
    text_at_once: bool,
    sink_at_once: bool,
    quiet: bool,
}

impl Output {
    pub(super) fn new(args: &PacketArgs, color: When) -> Result<Output, Failure> {
        // Before a file is created: a mistyped filter must not empty one.
        let filter = args.filter()?;
        let to_stdout = args.write.as_deref().is_some_and(|path| path == "-");
        if to_stdout && stdout_is_terminal() {
            return Err(Failure::usage(
                "-w -: a capture is not for a terminal; write to a file or a pipe, \
                 such as `tunlab read -w - | wireshark -k -i -`",
            ));
        }
        let mut sink: Option<Box<dyn Sink>> = match &args.write {
            Some(path) => Some(capture::create(path)?),
            None => None,
        };
        if let Some(sink) = &mut sink {
            // Whoever reads the stream waits for its start.
            sink.flush()?;
        }
        Ok(Output {
            dissector: args.dissector(),
            filter,
            skip: args.skip,
            left: args.count.unwrap_or(u64::MAX),
            read: 0,
            selected: 0,
            started: None,
            renderer: Renderer::new(args.options(), paint(color)).fit(terminal_width()),
            text: Text::default(),
            stdout: File::from(io::stdout().as_fd().try_clone_to_owned()?),
            sink,
            text_at_once: args.line_buffered || stdout_is_terminal(),
            sink_at_once: args.line_buffered,
            quiet: args.prints_nothing(),
        })
    }

    /// Keeps times as coarse as the file has them from which the packets come.
    pub(super) fn as_precise_as(&mut self, source: &dyn Source) {
        if let Some(sink) = &mut self.sink
            && source.is_in_microseconds()
        {
            sink.expect_microseconds();
        }
    }

    /// Prints and keeps a packet that was read, if it is wanted; `notes` are remarks that only the
    /// caller can make.
    pub(super) fn packet(&mut self, frame: &Frame, notes: &[&str]) -> Result<(), Failure> {
        let mut packet = Packet::new(frame.link, frame.bytes, frame.wire_len as usize);
        self.dissector.find_layers(&mut packet);
        if self.selects(frame, &packet) {
            self.write(frame, &packet, notes)?;
        }
        Ok(())
    }

    /// Whether a packet that was read is wanted, for a caller that says or does something before
    /// it is printed with [`Output::print`].
    pub(super) fn wants(&mut self, frame: &Frame) -> bool {
        let mut packet = Packet::new(frame.link, frame.bytes, frame.wire_len as usize);
        self.dissector.find_layers(&mut packet);
        self.selects(frame, &packet)
    }

    /// Prints and keeps a packet, whatever was asked for.
    pub(super) fn print(&mut self, frame: &Frame, notes: &[&str]) -> Result<(), Failure> {
        let mut packet = Packet::new(frame.link, frame.bytes, frame.wire_len as usize);
        self.dissector.find_layers(&mut packet);
        self.write(frame, &packet, notes)
    }

    fn write(&mut self, frame: &Frame, packet: &Packet, notes: &[&str]) -> Result<(), Failure> {
        if let Some(sink) = &mut self.sink {
            sink.write(frame)?;
            if self.sink_at_once {
                sink.flush()?;
            }
        }
        if self.quiet {
            return Ok(());
        }
        let view = View {
            frame,
            packet,
            notes,
        };
        self.renderer.packet(&view, &mut self.text);
        if self.text_at_once || self.text.len() >= BLOCK {
            self.flush_text()?;
        }
        Ok(())
    }

    /// Whether there have been as many packets as were wanted.
    pub(super) fn has_enough(&self) -> bool {
        self.left == 0
    }

    /// How many packets were read from `device`, in words.
    pub(super) fn summary(&self, device: &str) -> String {
        let packets = match self.read {
            1 => "1 packet".to_owned(),
            count => format!("{count} packets"),
        };
        let selected = match self.selected {
            all if all == self.read => String::new(),
            some => format!(", {some} of them selected"),
        };
        format!("{packets} read from {device}{selected}")
    }

    /// Applies `--skip`, `-f` and `-c`.
    fn selects(&mut self, frame: &Frame, packet: &Packet) -> bool {
        let selected = self.left > 0 && self.matches(frame, packet);
        self.read += 1;
        self.selected += u64::from(selected);
        self.left -= u64::from(selected);
        selected
    }

    fn matches(&mut self, frame: &Frame, packet: &Packet) -> bool {
        let started = *self.started.get_or_insert(frame.time);
        self.renderer.begin(started);
        if self.skips() {
            return false;
        }
        self.filter
            .as_ref()
            .is_none_or(|filter| filter.selects(packet, &facts(frame, started)))
    }

    /// Whether the next packet is one of those that `--skip` leaves out.
    pub(super) fn skips(&mut self) -> bool {
        let skips = self.skip > 0;
        self.skip -= u64::from(skips);
        skips
    }

    /// Keeps and prints packets that were selected and rendered elsewhere: each comes with the
    /// place in `text` where its own ends.
    pub(super) fn block<'a>(
        &mut self,
        selected: impl Iterator<Item = (Frame<'a>, usize)>,
        text: &[u8],
    ) -> Result<(), Failure> {
        let mut end = 0;
        let mut kept = Ok(());
        for (frame, its_end) in selected.take(usize::try_from(self.left).unwrap_or(usize::MAX)) {
            if let Some(sink) = &mut self.sink {
                kept = sink.write(&frame);
                if kept.is_err() {
                    break;
                }
            }
            self.left -= 1;
            end = its_end;
        }
        self.stdout.write_all(&text[..end])?;
        Ok(kept?)
    }

    /// Hands over everything so far: nothing more is coming at the moment.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.renderer.flush(&mut self.text);
        if let Some(sink) = &mut self.sink {
            sink.flush()?;
        }
        self.flush_text()
    }

    /// Completes what was written.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        self.renderer.flush(&mut self.text);
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

/// What a filter can ask of a packet beside its bytes.
pub(super) fn facts<'a>(frame: &Frame<'a>, started: Timestamp) -> Facts<'a> {
    Facts {
        number: frame.number,
        wire_len: frame.wire_len,
        time: frame.time.0,
        started: started.0,
        interface: frame.interface.and_then(|interface| interface.name),
    }
}
