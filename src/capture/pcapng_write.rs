//! pcapng, written: one little-endian section, times in nanoseconds, an interface block for each
//! interface just before its first packet, and each packet's direction where it is known.
//! <https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html>

use super::output::OutputFile;
use super::pcapng::{
    BYTE_ORDER_MAGIC, ENHANCED_PACKET, EPB_FLAGS, IF_NAME, IF_TSRESOL, INBOUND, INTERFACE,
    MAX_INTERFACES, OUTBOUND, SECTION_HEADER,
};
use super::{CaptureError, Direction, Frame, Interface, MAX_FRAME, Sink};
use crate::model::LinkType;
use arrayvec::ArrayVec;
use std::io::Write;

/// Option that names the program which wrote the file.
const SHB_USERAPPL: u16 = 4;
/// if_tsresol: times count in units of ten to the power of minus this.
const NANOSECONDS: u8 = 9;

/// A packet's block before the packet.
const PACKET_HEADER: usize = 28;
/// The most that follows the packet: padding, the flags, the end of options, the length again.
const MAX_TRAILER: usize = 3 + 8 + 4 + 4;

/// A pcapng file or stream being written.
pub struct PcapngWriter {
    output: OutputFile,
    started: bool,
    /// Interfaces of the section, by their number in it.
    interfaces: Vec<Described>,
    /// Number of the latest packet's interface: most often the next one's, too.
    latest: usize,
}

/// An interface that has its block.
struct Described {
    link: LinkType,
    number: u32,
    name: Option<Box<str>>,
    snap_len: u32,
}

impl PcapngWriter {
    pub(super) fn new(output: OutputFile) -> PcapngWriter {
        PcapngWriter {
            output,
            started: false,
            interfaces: Vec::new(),
            latest: 0,
        }
    }

    /// Writes to any stream; `file` is what errors call it.
    pub fn to_writer(file: String, output: impl Write + Send + 'static) -> PcapngWriter {
        PcapngWriter::new(OutputFile::new(file, output, false))
    }

    /// Sees to it that the section has begun, so that whoever reads the stream knows the format
    /// while no packet has come.
    fn start(&mut self) -> Result<(), CaptureError> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        self.section()
    }

    fn section(&mut self) -> Result<(), CaptureError> {
        self.interfaces.clear();
        let mut body = BYTE_ORDER_MAGIC.to_le_bytes().to_vec();
        body.extend([1_u16, 0].map(u16::to_le_bytes).concat());
        // How long the section will be is not known.
        body.extend(u64::MAX.to_le_bytes());
        let program = concat!("tunlab ", env!("CARGO_PKG_VERSION"));
        option(&mut body, SHB_USERAPPL, program.as_bytes());
        self.block(SECTION_HEADER, body)
    }

    /// Number in the section of the interface that `frame` was seen on, which gets its block now
    /// if it has none.
    #[inline]
    fn interface(&mut self, frame: &Frame) -> Result<usize, CaptureError> {
        let seen = frame.interface.unwrap_or(Interface {
            number: 0,
            name: None,
            snap_len: MAX_FRAME as u32,
        });
        let is_same = |kept: &Described| {
            kept.link == frame.link
                && kept.number == seen.number
                && kept.snap_len == seen.snap_len
                && kept.name.as_deref() == seen.name
        };
        if !self.interfaces.get(self.latest).is_some_and(is_same) {
            self.latest = match self.interfaces.iter().position(is_same) {
                Some(place) => place,
                None => self.describe(frame.link, seen)?,
            };
        }
        Ok(self.latest)
    }

    #[cold]
    fn describe(&mut self, link: LinkType, seen: Interface) -> Result<usize, CaptureError> {
        if self.interfaces.len() == MAX_INTERFACES {
            // What readers must remember is bounded by a section.
            self.section()?;
        }
        let mut body = [link.0, 0].map(u16::to_le_bytes).concat();
        body.extend(seen.snap_len.to_le_bytes());
        if let Some(name) = seen.name {
            option(&mut body, IF_NAME, name.as_bytes());
        }
        option(&mut body, IF_TSRESOL, &[NANOSECONDS]);
        self.block(INTERFACE, body)?;
        self.interfaces.push(Described {
            link,
            number: seen.number,
            name: seen.name.map(Box::from),
            snap_len: seen.snap_len,
        });
        Ok(self.interfaces.len() - 1)
    }

    /// Writes a block whose body ends in options, and the end of these.
    fn block(&mut self, kind: u32, mut body: Vec<u8>) -> Result<(), CaptureError> {
        body.extend([0; 4]);
        let length = (body.len() as u32 + 12).to_le_bytes();
        let block = [&kind.to_le_bytes(), &length, &body[..], &length].concat();
        self.output.write(&block)
    }
}

impl Sink for PcapngWriter {
    fn write(&mut self, frame: &Frame<'_>) -> Result<(), CaptureError> {
        self.start()?;
        let interface = self.interface(frame)? as u32;
        // Readers take a longer packet for damage.
        let bytes = &frame.bytes[..frame.bytes.len().min(MAX_FRAME)];
        let mut trailer = ArrayVec::<u8, MAX_TRAILER>::new();
        trailer.extend((bytes.len()..bytes.len().next_multiple_of(4)).map(|_| 0));
        if let Some(direction) = frame.direction {
            let flags = match direction {
                Direction::In => INBOUND,
                Direction::Out => OUTBOUND,
            };
            trailer.extend(EPB_FLAGS.to_le_bytes());
            trailer.extend(4_u16.to_le_bytes());
            trailer.extend(flags.to_le_bytes());
            trailer.extend([0; 4]);
        }
        let length = (PACKET_HEADER + bytes.len() + trailer.len() + 4) as u32;
        trailer.extend(length.to_le_bytes());
        let fields = [
            ENHANCED_PACKET,
            length,
            interface,
            (frame.time.0 >> 32) as u32,
            frame.time.0 as u32,
            bytes.len() as u32,
            frame.wire_len,
        ];
        let mut header = [0; PACKET_HEADER];
        for (place, field) in header.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        self.output.write(&header)?;
        self.output.write(bytes)?;
        self.output.write(&trailer)
    }

    fn flush(&mut self) -> Result<(), CaptureError> {
        self.start()?;
        self.output.flush()
    }

    fn finish(&mut self) -> Result<(), CaptureError> {
        self.start()?;
        self.output.finish()
    }
}

/// Appends an option, padded to four bytes.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::super::output::tests::Memory;
    use super::*;
    use crate::capture::{Timestamp, from_reader};

    fn frame<'a>(number: u64, link: LinkType, interface: Option<Interface<'a>>) -> Frame<'a> {
        Frame {
            number,
            time: Timestamp::new(1_600_754_581, 123_456_789),
            link,
            wire_len: 84,
            bytes: &b"\x45\x00\x00\x54\x01"[..number as usize % 6],
            interface,
            direction: [None, Some(Direction::In), Some(Direction::Out)][number as usize % 3],
        }
    }

    fn written(frames: &[Frame]) -> Vec<u8> {
        let memory = Memory::default();
        let mut writer = PcapngWriter::to_writer("x".into(), memory.clone());
        for frame in frames {
            writer.write(frame).unwrap();
        }
        writer.finish().unwrap();
        memory.bytes()
    }

    fn reads_back(bytes: Vec<u8>, frames: &[Frame]) {
        let input = std::io::Cursor::new(bytes);
        let mut source = from_reader("x".into(), input).ok().unwrap();
        for frame in frames {
            assert_eq!(source.next().unwrap().as_ref(), Some(frame));
        }
        assert_eq!(source.next().unwrap(), None);
    }

    #[test]
    fn interfaces_directions_and_nanoseconds_read_back() {
        let seen = |number, name, snap_len| {
            Some(Interface {
                number,
                name,
                snap_len,
            })
        };
        let frames: Vec<Frame> = [
            (LinkType::RAW, seen(0, Some("tun0"), 262_144)),
            (LinkType::ETHERNET, seen(1, Some("eth0"), 96)),
            (LinkType::RAW, seen(0, Some("tun0"), 262_144)),
            (LinkType(113), seen(2, None, 0)),
            (LinkType(113), seen(3, None, 0)),
            (LinkType::ETHERNET, seen(1, Some("eth0"), 96)),
        ]
        .into_iter()
        .enumerate()
        .map(|(index, (link, interface))| frame(index as u64 + 1, link, interface))
        .collect();
        reads_back(written(&frames), &frames);
    }

    #[test]
    fn a_capture_without_packets_is_a_capture() {
        reads_back(written(&[]), &[]);
    }

    #[test]
    fn a_stream_announces_itself_before_any_packet() {
        let memory = Memory::default();
        let mut writer = PcapngWriter::to_writer("x".into(), memory.clone());
        writer.flush().unwrap();
        assert!(memory.bytes().starts_with(b"\x0a\x0d\x0d\x0a"));
        writer.write(&frame(5, LinkType::RAW, None)).unwrap();
        let before = memory.bytes().len();
        writer.flush().unwrap();
        assert!(memory.bytes().len() > before, "gathered until flushed");
    }

    #[test]
    fn more_interfaces_than_readers_remember_begin_a_new_section() {
        let names: Vec<String> = (0..=MAX_INTERFACES).map(|n| format!("tun{n}")).collect();
        let frames: Vec<Frame> = names
            .iter()
            .zip(1..)
            .map(|(name, number)| frame(number, LinkType::RAW, Some(Interface::named(name))))
            .collect();
        let bytes = written(&frames);
        let input = std::io::Cursor::new(bytes);
        let mut source = from_reader("x".into(), input).ok().unwrap();
        for name in &names {
            let seen = source.next().unwrap().unwrap().interface.unwrap();
            assert_eq!(seen.name, Some(name.as_str()));
        }
    }
}
